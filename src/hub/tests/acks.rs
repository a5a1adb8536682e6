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
    assert_eq!(rig.stats.application_limited.get(), 1);
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

fn three_in_a_room() -> (Rig, Log, [Ws; 3]) {
    let (mut rig, log) = Rig::new();
    let all = [(); 3].map(|()| rig.joined(&["/"]));
    for ws in all {
        rig.send(ws, "42[\"join\",\"r\"]");
    }
    log.take();
    (rig, log, all)
}

#[test]
fn a_broadcast_asks_all_under_one_id_and_tells_their_answers_in_the_order_they_came() {
    let (mut rig, log, [one, two, three]) = three_in_a_room();
    rig.send(one, "42[\"ask all\",\"r\"]");
    for ws in [one, two, three] {
        assert_eq!(rig.drain(ws), ["420[\"well\"]"]);
    }
    log.take();
    rig.send(two, "430[2]");
    rig.send(three, "430[\"three\",3]");
    rig.send(two, "430[\"again\"]");
    assert!(log.take().is_empty(), "one is missing");
    assert_ne!(rig.stats.buffered(), 0);
    rig.send(one, "430[]");
    assert_eq!(log.take(), ["answers 2|\"three\",3|"]);
    assert_eq!(rig.stats.buffered(), 0);
}

#[test]
fn a_broadcast_is_told_what_came_when_its_time_is_over_or_somebody_left() {
    let (mut rig, log, [one, two, three]) = three_in_a_room();
    rig.send(one, "42[\"ask all\",\"r\"]");
    rig.send(two, "430[2]");
    log.take();
    rig.pass(Duration::from_millis(4999));
    assert!(log.take().is_empty());
    rig.pass(Duration::from_millis(1));
    assert_eq!(log.take(), ["answers 2, operation has timed out"]);
    rig.send(one, "430[\"late\"]");
    assert!(log.take().is_empty());
    rig.send(one, "42[\"ask all\",\"r\"]");
    rig.send(one, "431[1]");
    rig.send(two, "431[2]");
    log.take();
    rig.lose(three);
    assert_eq!(
        log.take(),
        [
            "answers 1|2, socket has been disconnected",
            "disconnect / transport close"
        ]
    );
    rig.lose(one);
    rig.lose(two);
    rig.expect_empty();
}

#[test]
fn a_broadcast_to_nobody_is_answered_in_the_next_turn_and_one_can_be_answered_to_a_closure() {
    let (mut rig, log, [one, ..]) = three_in_a_room();
    rig.send(one, "42[\"ask all\",\"nobody\"]");
    rig.hub.run_queued(rig.now, Waker::noop());
    assert_eq!(log.take(), ["event ask all \"nobody\"", "answers "]);
    rig.send(one, "42[\"ask all then\",\"nobody\"]");
    rig.hub.run_queued(rig.now, Waker::noop());
    assert_eq!(log.take(), ["event ask all then \"nobody\"", "then "]);
}

#[test]
fn an_answer_that_does_not_fit_into_the_budget_is_missing() {
    let limits = Limits {
        max_buffered_bytes: 64,
        ..Limits::default()
    };
    let (mut rig, log) = Rig::limited(limits);
    let ws = rig.joined(&["/"]);
    rig.send(ws, "42[\"join\",\"r\"]");
    rig.send(ws, "42[\"ask all\",\"r\"]");
    rig.drain(ws);
    log.take();
    rig.send(ws, &format!("430[\"{}\"]", "x".repeat(100)));
    assert_eq!(log.take(), ["answers , too many answers are waited for"]);
    assert_eq!(rig.stats.buffered(), 0);
}
