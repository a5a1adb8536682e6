//! The rules of `tidy` are tested themselves, on samples that break them.

use super::{ANYWHERE, PURE, TABLE, files, promises, protocol, rules};
use crate::source::Source;

const DEPENDENCIES: &[&str] = &["tokio", "hyper", "bytes", "serde_json"];

fn found(path: &str, text: &str) -> Vec<String> {
    let source = Source::new(path, text);
    let dependencies: Vec<String> = DEPENDENCIES.iter().map(ToString::to_string).collect();
    let mut findings = Vec::new();
    rules::imports(&source, TABLE, ANYWHERE, &dependencies, &mut findings);
    rules::waiting_locks_and_clocks(&source, TABLE, &mut findings);
    rules::panics(&source, PURE, &mut findings);
    rules::unsafe_code(&source, &mut findings);
    findings.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn reported(path: &str, text: &str, line: usize, what: &str) {
    let found = found(path, text);
    let start = format!("{path}:{line}: ");
    assert!(
        found
            .iter()
            .any(|finding| finding.starts_with(&start) && finding.contains(what)),
        "no {start}...{what} in {found:#?}"
    );
    assert_eq!(found.len(), 1, "{found:#?}");
}

#[track_caller]
fn fine(path: &str, text: &str) {
    assert_eq!(found(path, text), Vec::<String>::new());
}

#[test]
fn an_import_of_a_module_above_is_reported() {
    reported("src/engineio/packet.rs", "\nuse crate::hub::Hub;", 2, "hub");
    reported(
        "src/chat/mod.rs",
        "use crate::{socketio::{Io, emit}, stats::Stats,\n    transport};",
        2,
        "transport",
    );
    fine("src/hub/mod.rs", "use crate::engineio::{Packet, Session};");
}

#[test]
fn a_path_without_use_is_an_import_too() {
    reported(
        "src/engineio/a.rs",
        "fn f() { crate::http::run() }",
        1,
        "http",
    );
}

#[test]
fn super_is_followed_out_of_the_module() {
    reported("src/chat/mod.rs", "use super::hub::Hub;", 1, "hub");
    reported("src/chat/lobby.rs", "use super::super::hub::Hub;", 1, "hub");
    reported(
        "src/engineio/session/mod.rs",
        "use super::super::http;",
        1,
        "http",
    );
    fine("src/chat/lobby.rs", "use super::event::Event;");
    fine(
        "src/chat/lobby.rs",
        "mod inner { use super::super::event::Event; }",
    );
}

#[test]
fn an_outside_crate_is_reported_where_it_is_not_allowed() {
    reported("src/engineio/a.rs", "use tokio::io::AsyncRead;", 1, "tokio");
    reported(
        "src/hub/a.rs",
        "fn f() -> ::serde_json::Value { }",
        1,
        "serde_json",
    );
    reported(
        "src/chat/a.rs",
        "use {bytes::Bytes, hyper::Request};",
        1,
        "hyper",
    );
    fine(
        "src/engineio/a.rs",
        "use bytes::Bytes; fn f(tokio: u8) -> u8 { tokio }",
    );
    fine(
        "src/transport/a.rs",
        "use tokio::net::TcpStream; async fn f() { g().await }",
    );
}

#[test]
fn comments_texts_and_fields_are_no_code() {
    fine(
        "src/engineio/a.rs",
        "// use tokio::x;\n/* crate::http /* nested */ unsafe */ fn f<'a>() { let _ = \"tokio::x\"; \
         let _ = r#\"use \"crate::http\"; \"#; let _ = b'\\''; let _ = '\"'; x.hub(); a::tokio::b(); }",
    );
}

#[test]
fn a_captured_lifetime_is_no_import() {
    fine(
        "src/chat/a.rs",
        "fn f() -> impl Sized + use<'_> { g(); h() } macro_rules! m { () => { use { a; b } } }",
    );
}

#[test]
fn waiting_is_reported_in_the_pure_core() {
    reported("src/hub/a.rs", "async fn f() {}", 1, "async");
    reported("src/socketio/a.rs", "fn f() {\n  g().await }", 2, "await");
}

#[test]
fn clocks_locks_and_threads_are_reported_in_the_pure_core() {
    reported(
        "src/engineio/a.rs",
        "fn f() { let t = Instant::now(); }",
        1,
        "Instant::now",
    );
    reported(
        "src/hub/a.rs",
        "fn f() { std::time::SystemTime::now() }",
        1,
        "SystemTime::now",
    );
    reported("src/chat/a.rs", "use std::sync::Mutex;", 1, "Mutex");
    reported("src/chat/a.rs", "use std::{fmt, thread};", 1, "std::thread");
    fine("src/hub/a.rs", "use std::sync::Mutex;");
}

#[test]
fn a_panic_on_purpose_is_reported_in_the_pure_core() {
    reported("src/chat/a.rs", "fn f() { x.unwrap() }", 1, "unwrap");
    reported(
        "src/chat/a.rs",
        "fn f() { x.expect(\"seat\") }",
        1,
        "expect",
    );
    reported("src/chat/a.rs", "fn f() { todo!() }", 1, "todo!");
    fine(
        "src/chat/a.rs",
        "fn f() { x.unwrap_or(1); self.expect(b':'); fn expect() {} }",
    );
    fine("src/process/a.rs", "fn f() { x.unwrap() }");
}

#[test]
fn tests_may_use_clocks_panics_and_outside_crates() {
    let body = "use tokio::time; fn f() { Instant::now(); x.unwrap(); }";
    fine("src/engineio/session/tests.rs", body);
    fine(
        "src/engineio/a.rs",
        &format!("fn g() {{}}\n#[cfg(test)]\nmod tests {{ {body} }}"),
    );
    reported(
        "src/engineio/a.rs",
        "#[cfg(test)]\nmod tests;\nuse tokio::time;",
        3,
        "tokio",
    );
    reported(
        "src/engineio/session/tests.rs",
        "use crate::http::X;",
        1,
        "http",
    );
}

#[test]
fn unsafe_code_is_reported_even_in_tests() {
    reported(
        "src/chat/tests.rs",
        "fn f() {\n unsafe { g() } }",
        2,
        "unsafe",
    );
}

#[test]
fn headers_lengths_and_words_are_reported() {
    use files::{File, header, length, words};
    let check = |path: &str, text: &str| {
        let file = File::new(path, text);
        let mut findings = Vec::new();
        header(&file, &mut findings);
        length(&file, &mut findings);
        words(&file, &mut findings);
        findings.len()
    };
    assert_eq!(check("src/a.rs", "//! What it is.\nfn f() {}\n"), 0);
    assert_eq!(check("src/a.rs", "fn f() {}\n"), 1);
    assert_eq!(check("static/a.css", "/* What it is. */\n"), 0);
    assert_eq!(check("static/a.css", "a { }\n"), 1);
    assert_eq!(check("scripts/a", "#!/bin/sh\n# What it does.\n"), 0);
    assert_eq!(check("scripts/a", "#!/bin/sh\necho\n"), 1);
    let long = "x\n".repeat(401);
    assert_eq!(check("src/a.rs", &format!("//! A.\n{long}")), 1);
    let reason = "//! A.\n//!\n//! Longer than 400 lines because it is one table.\n";
    assert_eq!(check("src/a.rs", &format!("{reason}{long}")), 0);
    let machine = ["", "root", "x"].join("/");
    assert_eq!(check("README.md", &format!("see {machine}\n")), 1);
    assert_eq!(check("README.md", "see src/root/x\n"), 0);
}

#[test]
fn a_test_that_the_table_names_and_nobody_wrote_is_reported() {
    let check = |rows: &str| {
        let read = |path: &str| match path {
            "a.test.mjs" => Some("script(\"one\", run); script(`of ${n}`, run)".to_owned()),
            "b.rs" => Some("fn one() {}".to_owned()),
            _ => None,
        };
        let text = format!("| 9 | not | of it |\n## The protocol, line by line\n{rows}");
        let mut findings = Vec::new();
        let lines = protocol::table(&text, read, &mut findings);
        let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
        (lines, findings.join("\n"))
    };
    let good = "| line | says | shown by |\n|---|---|---|\n| **1** | **A** | |\n\
                | 1.1 | x | `a.test.mjs` `one`, `of ${n}`<br>`b.rs` `one` |\n\
                | 1.2 | x | not shown: because |\n| **2** | **B** | |\n| 2.1 | x | `b.rs` `one` |";
    assert_eq!(check(good), (3, String::new()));
    for (bad, what) in [
        (good.replace("`one`,", "`on`,"), "\"on\""),
        (good.replace("`b.rs` `one`", "`b.rs` `on`"), "\"on\""),
        (good.replace("b.rs", "c.rs"), "there is no c.rs"),
        (good.replace("1.2", "1.3"), "line 1.2"),
        (good.replace("**2**", "**3**"), "section 2"),
        (good.replace("not shown: because", ""), "names no test"),
        (good.replace("| x | not", "| not"), "2 cells"),
    ] {
        let (_, found) = check(&bad);
        assert!(found.contains(what), "no {what} in {found:?} for {bad}");
    }
}

#[test]
fn a_promise_without_a_test_that_is_there_is_reported() {
    let check = |rows: &str| {
        let read = |path: &str| match path {
            "tests/a.test.mjs" => Some("test('one', run);".to_owned()),
            "src/b.rs" => Some("fn one() {}".to_owned()),
            _ => None,
        };
        let text = format!(
            "| other | table |\n## What is promised, and how it is tested\n\
             | promised | shown by |\n|---|---|\n{rows}"
        );
        let mut findings = Vec::new();
        let promises = promises::table(&text, read, &mut findings);
        let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
        (promises, findings.join("\n"))
    };
    let good = "| x | `tests/a.test.mjs` `one` |\n| y | `src/b.rs` `one` |";
    assert_eq!(check(good), (2, String::new()));
    for (bad, what) in [
        ("| x | `src/b.rs` `two` |", "\"two\""),
        ("| x | `src/c.rs` `one` |", "there is no src/c.rs"),
        ("| x | we hope so |", "names no test"),
        ("| x |", "one cell"),
    ] {
        let (_, found) = check(bad);
        assert!(found.contains(what), "no {what} in {found:?} for {bad}");
    }
}
