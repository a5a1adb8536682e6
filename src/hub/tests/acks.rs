//! Answers in both directions.

use super::*;

#[test]
fn an_event_with_an_id_is_answered_under_that_id() {
    let (mut rig, _) = Rig::new();
    let ws = rig.joined(&["/", "/a"]);
    for (sent, got) in [
        ("427[\"ask\"]", "437[]"),
        ("42007[\"ask\",1,\"two\"]", "437[1,\"two\"]"),
        ("42/a,0[\"ask\",[]]", "43/a,0[[]]"),
    ] {
        rig.send(ws, sent);
        assert_eq!(rig.drain(ws), [got]);
    }
}

#[test]
fn ids_come_from_one_counter_per_namespace() {
    let (mut rig, log) = Rig::new();
    let (one, two) = (rig.joined(&["/", "/a"]), rig.joined(&["/"]));
    for (ws, text) in [
        (one, "42[\"ask me\"]"),
        (two, "42[\"ask me\"]"),
        (one, "42/a,[\"ask me\"]"),
        (one, "42[\"ask me\"]"),
    ] {
        rig.send(ws, text);
    }
    assert_eq!(
        rig.drain(one),
        ["420[\"well\"]", "42/a,0[\"well\"]", "422[\"well\"]"]
    );
    assert_eq!(rig.drain(two), ["421[\"well\"]"]);
    log.take();
    rig.send(two, "430[\"not mine\"]");
    rig.send(two, "431[\"yes\", 1e400]");
    rig.send(two, "431[\"again\"]");
    rig.send(one, "43/a,0[]");
    rig.send(one, "4399[]");
    assert_eq!(log.take(), ["answer 1 \"yes\"|1e400", "answer 0 "]);
}

#[test]
fn the_counter_of_the_main_namespace_goes_on_when_everybody_has_left() {
    let (mut rig, _) = Rig::new();
    for n in 0..2 {
        let ws = rig.joined(&["/"]);
        rig.send(ws, "42[\"ask me\"]");
        assert_eq!(rig.drain(ws), [format!("42{n}[\"well\"]")]);
        rig.lose(ws);
    }
}

#[test]
fn an_answer_that_does_not_come_in_time_is_told_once_and_ignored_later() {
    let (mut rig, log) = Rig::new();
    let ws = rig.joined(&["/"]);
    rig.send(ws, "42[\"ask me\",1000]");
    rig.send(ws, "42[\"ask me\",3000]");
    log.take();
    rig.pass(Duration::from_millis(999));
    assert_eq!(log.take(), [""; 0]);
    rig.pass(Duration::from_millis(1));
    assert_eq!(log.take(), ["answer 0 operation has timed out"]);
    rig.send(ws, "430[]");
    rig.send(ws, "431[]");
    rig.pass(seconds(10));
    assert_eq!(log.take(), ["answer 1 "]);
}

#[test]
fn answers_owed_by_a_socket_that_leaves_are_told_to_be_lost_before_it_is_gone() {
    let (mut rig, log) = Rig::new();
    let ws = rig.joined(&["/"]);
    rig.send(ws, "42[\"ask me\"]");
    rig.send(ws, "42[\"ask me\"]");
    log.take();
    rig.send(ws, "41");
    assert_eq!(
        log.take(),
        [
            "answer 0 socket has been disconnected",
            "answer 1 socket has been disconnected",
            "disconnect / client namespace disconnect"
        ]
    );
    rig.pass(seconds(10));
    assert_eq!(log.take(), [""; 0]);
}

#[test]
fn answers_that_one_socket_owes_are_bounded() {
    let limits = Limits {
        max_pending_acks: 1,
        ..Limits::default()
    };
    let (mut rig, log) = Rig::limited(limits);
    let ws = rig.joined(&["/"]);
    rig.send(ws, "42[\"ask me\"]");
    rig.send(ws, "42[\"ask me\"]");
    assert_eq!(rig.drain(ws), ["420[\"well\"]"]);
    let notes = log.take();
    assert!(notes[1].starts_with("not asked: "), "{notes:?}");
    rig.send(ws, "430[]");
    rig.send(ws, "42[\"ask me\"]");
    assert_eq!(rig.drain(ws), ["421[\"well\"]"]);
}

#[test]
fn a_socket_that_is_leaving_cannot_be_asked() {
    let (mut rig, log) = Rig::new();
    let ws = rig.joined(&["/"]);
    rig.send(ws, "42[\"join\",\"asks again\"]");
    rig.send(ws, "42[\"ask me\"]");
    log.take();
    rig.send(ws, "41");
    assert_eq!(
        log.take(),
        [
            "answer 0 socket has been disconnected",
            "not asked: the socket is not connected",
            "disconnect / client namespace disconnect"
        ]
    );
}

#[test]
fn an_answer_may_take_any_time_if_the_application_says_so() {
    let (mut rig, log) = Rig::new();
    let ws = rig.joined(&["/"]);
    rig.send(ws, "42[\"ask me\",\"forever\"]");
    assert_eq!(rig.drain(ws), ["420[\"well\"]"]);
    rig.send(ws, "430[1]");
    assert_eq!(rig.stats.panics.get(), 0);
    assert_eq!(log.take().last().map(String::as_str), Some("answer 0 1"));
}

#[test]
fn who_asks_again_without_giving_time_does_not_stop_the_server() {
    let (mut rig, log) = Rig::new();
    let ws = rig.joined(&["/"]);
    rig.send(ws, "42[\"join\",\"asks again\"]");
    rig.send(ws, "42[\"ask me\",0]");
    for n in 0..3 {
        log.take();
        rig.hub.tick(rig.now);
        assert_eq!(log.take(), [format!("answer {n} operation has timed out")]);
    }
}
