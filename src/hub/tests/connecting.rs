//! Joining namespaces: what the answer is, what comes before what, and who is sent away.

use super::*;

#[test]
fn the_answer_to_a_connect_precedes_what_the_application_emits() {
    let (mut rig, _) = Rig::new();
    let ws = rig.websocket();
    rig.send(ws, "40{\"welcome\":true,\"shout\":true}");
    let frames = rig.drain(ws);
    assert!(frames[0].starts_with("40{\"sid\":\""), "{frames:?}");
    assert_eq!(frames[1..], ["42[\"welcome\",\"you\"]", "42[\"somebody\"]"]);
}

#[test]
fn a_refusal_carries_its_message_and_data_and_the_connection_stays() {
    let (mut rig, log) = Rig::new();
    let ws = rig.websocket();
    rig.send(ws, "40{\"refuse\":\"no\"}");
    rig.send(
        ws,
        "40/a,{\"refuse\":\"no \\\"way\\\"\",\"data\":{\"code\":7},\"welcome\":true}",
    );
    assert_eq!(
        rig.drain(ws),
        [
            "44{\"message\":\"no\"}",
            "44/a,{\"message\":\"no \\\"way\\\"\",\"data\":{\"code\":7}}"
        ]
    );
    rig.join(ws, "/");
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn rooms_joined_in_a_connect_that_is_refused_are_left() {
    let (mut rig, _) = Rig::new();
    let ws = rig.websocket();
    rig.send(ws, "40{\"refuse\":\"no\",\"room\":\"kitchen\"}");
    assert_eq!(rig.drain(ws), ["44{\"message\":\"no\"}"]);
    assert_eq!(rig.hub.protocol().registry().rooms_len(), 0);
    assert!(rig.hub.protocol().registry().is_empty());
    rig.hub.protocol().registry().expect_consistent();
}

#[test]
fn an_unknown_namespace_is_a_connect_error_and_the_connection_stays() {
    let (mut rig, _) = Rig::new();
    let ws = rig.websocket();
    rig.send(ws, "40/nowhere,{\"x\":1}");
    assert_eq!(
        rig.drain(ws),
        ["44/nowhere,{\"message\":\"Invalid namespace\"}"]
    );
    rig.join(ws, "/");
    rig.join(ws, "/a");
    rig.send(ws, "42/a,[\"echo\",1]");
    assert_eq!(rig.drain(ws), ["42/a,[\"echo\",1]"]);
}

#[test]
fn a_socket_that_is_disconnected_while_it_connects_gets_both_answers() {
    let (mut rig, log) = Rig::new();
    let ws = rig.websocket();
    rig.send(ws, "40{\"leave\":true}");
    let frames = rig.drain(ws);
    assert!(frames[0].starts_with("40{\"sid\":\""), "{frames:?}");
    assert_eq!(frames[1..], ["41"]);
    assert_eq!(log.take(), ["disconnect / server namespace disconnect"]);
}

#[test]
fn packets_that_have_no_place_close_the_whole_connection() {
    for text in [
        "40",
        "42/a,[\"echo\"]",
        "43/a,0[]",
        "41/a,",
        "44{\"message\":\"x\"}",
        "44/a,{}",
        "42/nowhere,[\"echo\"]",
    ] {
        let (mut rig, log) = Rig::new();
        let ws = rig.joined(&["/", "/b"]);
        rig.send(ws, text);
        assert_eq!(rig.drain(ws), ["(close)"], "{text}");
        assert_eq!(
            log.take(),
            ["disconnect / forced close", "disconnect /b forced close"],
            "{text}"
        );
        rig.lose(ws);
        rig.expect_empty();
    }
}

#[test]
fn bytes_that_are_not_the_protocol_close_the_whole_connection() {
    for text in ["47", "4abc", "42{}", "42[\"connect\"]", "40[]", "41{}", "4"] {
        let (mut rig, log) = Rig::new();
        let ws = rig.joined(&["/"]);
        rig.send(ws, text);
        assert_eq!(rig.drain(ws), ["(close)"], "{text}");
        assert_eq!(log.take(), ["disconnect / forced close"], "{text}");
        assert_eq!(rig.stats.protocol_errors.get(), 1);
    }
}

#[test]
fn who_joins_no_namespace_in_time_is_closed() {
    let (mut rig, _) = Rig::new();
    let ws = rig.websocket();
    rig.send(
        ws,
        "40{\"refuse\":\"a failed connect does not stop the clock\"}",
    );
    rig.pass(seconds(25));
    rig.send(ws, "3");
    rig.pass(Duration::from_millis(19_999));
    let frames = rig.drain(ws);
    assert!(!frames.contains(&"(close)".to_owned()), "{frames:?}");
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.drain(ws), ["(close)"]);
}

#[test]
fn who_has_joined_once_may_stay_without_a_namespace() {
    let (mut rig, _) = Rig::new();
    let ws = rig.joined(&["/"]);
    rig.send(ws, "41");
    for _ in 0..4 {
        rig.pass(seconds(25));
        assert_eq!(rig.drain(ws), ["2"]);
        rig.send(ws, "3");
    }
}

#[test]
fn namespaces_of_one_client_are_bounded() {
    let limits = Limits {
        max_namespaces: 2,
        ..Limits::default()
    };
    let (mut rig, _) = Rig::limited(limits);
    let ws = rig.joined(&["/", "/a"]);
    rig.send(ws, "40/b,");
    assert_eq!(
        rig.drain(ws),
        ["44/b,{\"message\":\"Too many namespaces\"}"]
    );
}

#[test]
fn a_namespace_goes_with_its_last_socket() {
    let (mut rig, _) = Rig::new();
    let ws = rig.joined(&["/"]);
    for n in 0..1000 {
        let name = format!("/made/{n}");
        rig.join(ws, &name);
        rig.send(ws, &format!("41{name},"));
        rig.send(ws, &format!("40{name}x,{{\"refuse\":\"no\"}}"));
        rig.drain(ws);
    }
    assert!(rig.hub.protocol().registry().namespaces_len() <= 1);
}

#[test]
fn what_a_refused_connect_says_to_others_reaches_them() {
    let (mut rig, _) = Rig::new();
    let other = rig.joined(&["/"]);
    let ws = rig.websocket();
    rig.send(ws, "40{\"refuse\":\"no\",\"early\":true}");
    assert_eq!(rig.drain(ws), ["44{\"message\":\"no\"}"]);
    assert_eq!(rig.drain(other), ["42[\"knocking\"]"]);
}
