//! What is JSON and what is not, by example and against serde_json.

use super::*;
use proptest::prelude::*;
use serde_json::value::RawValue;

fn accepts(text: &str) -> bool {
    value_len(text).is_ok_and(|len| is_blank_from(text, len))
}

#[test]
fn values_of_every_kind_are_accepted_with_their_length() {
    for text in [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "12",
        "-1.5e+10",
        "1e400",
        "\"\"",
        "\"a\\u00e9\\n\"",
        "\"\\ud800\"",
        "[]",
        "[1,[2,{}],\"x\"]",
        "{\"a\":{\"b\":[]},\"c\":null}",
        " [ 1 , 2 ] ",
        "123456789012345678901234567890",
        "\"\u{e9}\u{1f600}\"",
    ] {
        assert!(accepts(text), "{text}");
    }
    assert_eq!(value_len("[1] tail"), Ok(3));
    assert_eq!(value_len("12,"), Ok(2));
}

#[test]
fn text_that_stands_for_itself_ends_at_the_first_byte_that_does_not() {
    for len in 0..40 {
        let mut text = vec![0xc3; len];
        assert_eq!(plain_len(&text), len);
        for at in (0..len).rev() {
            for special in [b'"', b'\\', 0, 0x1f] {
                text[at] = special;
                assert_eq!(plain_len(&text), at);
            }
            text[at] = [b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xa2, 0xdc, 0xff][at % 10];
            // The next is the one that was put there before.
            assert_eq!(plain_len(&text), at + 1);
            text[at] = b'"';
        }
    }
}

#[test]
fn elements_are_told_apart_by_the_commas_between_them_only() {
    let inside = " \"a,\\\",\" ,{\"b\":[1,\"]\"]},[[],{}] , 1e4\t";
    let mut rest = elements(inside);
    let all: Vec<_> = rest.clone().collect();
    assert_eq!(all, ["\"a,\\\",\"", "{\"b\":[1,\"]\"]}", "[[],{}]", "1e4"]);
    assert_eq!(rest.next(), Some(all[0]));
    assert_eq!(rest.rest(), "{\"b\":[1,\"]\"]},[[],{}] , 1e4");
    assert_eq!(elements(" ").next(), None);
}

#[test]
fn the_ends_of_the_first_elements_of_an_array_are_told() {
    for (text, ends) in [
        ("[]", [0, 0, 0]),
        ("[[1,2]]", [6, 0, 0]),
        (" [\",\" ,[1,2]]", [6, 12, 0]),
        ("[1,{\"a\":1,\"b\":[2]},[3],4]", [2, 18, 22]),
    ] {
        assert_eq!(outline(text).map(|it| it.ends), Ok(ends), "{text}");
    }
    let known = elements_of("[1,2] ,3 ,4", [6, 2]);
    assert_eq!(known.collect::<Vec<_>>(), ["[1,2]", "3", "4"]);
}

#[test]
fn ends_of_lines_in_a_session_description_are_escapes_like_others() {
    for (text, len) in [
        (r#""a\\r\\n""#, Ok(9)),
        (r#""a\r\nb\r\n""#, Ok(12)),
        (r#""\r\n"x"#, Ok(6)),
        (r#""\r\"n""#, Ok(7)),
        (r#""\r\n"#, Err(Invalid)),
        (r#""\r\m""#, Err(Invalid)),
    ] {
        assert_eq!(value_len(text), len, "{text}");
    }
}

#[test]
fn what_stands_between_two_bytes_is_text() {
    assert_eq!(between("[\u{e9}]", b'[', b']'), Some("\u{e9}"));
    assert_eq!(between("\"\"", b'"', b'"'), Some(""));
    for text in ["", "\"", "[a", "a]", "\u{e9}"] {
        assert_eq!(between(text, b'[', b']'), None, "{text}");
        assert_eq!(between(text, b'"', b'"'), None, "{text}");
    }
}

#[test]
fn what_is_not_json_is_refused() {
    for text in [
        "",
        " ",
        "nul",
        "tru",
        "01",
        "1.",
        ".5",
        "1e",
        "+1",
        "-",
        "\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\n\"",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,]",
        "]",
        "[1}",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{\"a\" 1}",
        "'a'",
        "NaN",
        "undefined",
        "[1]]",
        "1 2",
    ] {
        assert!(!accepts(text), "{text}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(accepts(&nested(MAX_DEPTH)));
    assert!(!accepts(&nested(MAX_DEPTH + 2)));
    assert!(!accepts(&"[".repeat(1_000_000)));
}

#[test]
fn elements_come_out_as_the_text_they_were() {
    let list: Vec<_> = elements(" 1e5 , \"a,b\" ,[1, 2],{\"x\":[ ]} ").collect();
    assert_eq!(list, ["1e5", "\"a,b\"", "[1, 2]", "{\"x\":[ ]}"]);
    assert_eq!(elements("  ").count(), 0);
    let mut rest = elements("\"name\" , 1, 2 ");
    rest.next();
    assert_eq!(rest.rest(), "1, 2");
}

/// Text that is nearly JSON: pieces of it in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "[", "]", "{", "}", ",", ":", "\"", "\"a\"", "\"a\":", "1", "-", "0", ".", "e", "5",
        "true", "null", "\\", "u00e9", " ", "\n", "\u{e9}", "[]", "{}", "\"\\n\"", "false",
        "1.5e3",
    ]);
    proptest::collection::vec(piece, 0..24).prop_map(|list| list.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]
    #[test]
    fn the_scan_agrees_with_serde_json(text in pieces()) {
        let theirs = serde_json::from_str::<&RawValue>(&text).is_ok();
        prop_assert_eq!(accepts(&text), theirs, "{}", text);
    }

    #[test]
    fn the_scan_never_panics(text in ".*") {
        let _ = value_len(&text);
        let _ = elements(&text).count();
    }
}
