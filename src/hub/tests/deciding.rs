//! Decisions on connects: middlewares in order, later decisions, and what is lent for them.

use super::*;
use crate::socketio::{Admission, Refusal};
use std::sync::Mutex;

/// Two middlewares that note when they are asked; each refuses whoever says so in its auth.
fn with_middlewares() -> (Rig, Log, Arc<Mutex<Vec<String>>>) {
    let (log, asked) = (Log::default(), Arc::new(Mutex::new(Vec::new())));
    let mut protocol = SocketIo::new(Actor::new(log.clone()));
    for name in ["first", "second"] {
        let asked = Arc::clone(&asked);
        protocol = protocol.with_middleware(move |io, socket, handshake| {
            let asked_for = format!("{name} {}", handshake.namespace);
            asked.lock().expect("not poisoned").push(asked_for);
            let _ = io.join(socket, name);
            match handshake.auth.json().contains(&format!("not {name}")) {
                true => Admission::Refuse(Refusal::new(name)),
                false => Admission::Accept,
            }
        });
    }
    let settings = config::Protocol::default();
    let rig = Rig::configured(settings, Limits::default(), protocol);
    (rig, log, asked)
}

#[test]
fn middlewares_are_asked_in_order_until_one_refuses() {
    let (mut rig, _, asked) = with_middlewares();
    let ws = rig.joined(&["/", "/a"]);
    let all = std::mem::take(&mut *asked.lock().expect("not poisoned"));
    assert_eq!(all, ["first /", "second /", "first /a", "second /a"]);
    rig.send(ws, "42[\"rooms\"]");
    assert_eq!(rig.drain(ws), ["42[\"rooms\",[\"first\",\"second\"]]"]);
    let other = rig.websocket();
    rig.send(other, "40{\"x\":\"not first\"}");
    assert_eq!(rig.drain(other), ["44{\"message\":\"first\"}"]);
    rig.send(other, "40{\"x\":\"not second\"}");
    assert_eq!(rig.drain(other), ["44{\"message\":\"second\"}"]);
    assert_eq!(
        *asked.lock().expect("not poisoned"),
        ["first /", "first /", "second /"]
    );
    rig.lose(ws);
    rig.lose(other);
    rig.expect_empty();
}

#[test]
fn a_middleware_that_panics_closes_its_client_only() {
    let protocol = SocketIo::new(Actor::new(Log::default())).with_middleware(|_, _, handshake| {
        assert!(handshake.auth.json() == "{}", "asked to panic");
        Admission::Accept
    });
    let settings = config::Protocol::default();
    let mut rig = Rig::configured(settings, Limits::default(), protocol);
    let (good, bad) = (rig.joined(&["/"]), rig.websocket());
    rig.send(bad, "40{\"panic\":1}");
    assert_eq!(rig.drain(bad), ["(close)"]);
    rig.send(good, "42[\"echo\",1]");
    assert_eq!(rig.drain(good), ["42[\"echo\",1]"]);
    rig.lose(good);
    rig.lose(bad);
    rig.expect_empty();
}

#[test]
fn a_connect_can_be_decided_later() {
    let (mut rig, log) = Rig::new();
    let doorman = rig.joined(&["/"]);
    let (one, two) = (rig.websocket(), rig.websocket());
    rig.send(one, "40{\"later\":\"one\",\"welcome\":true}");
    rig.send(two, "40{\"later\":\"two\"}");
    assert!(rig.drain(one).is_empty() && rig.drain(two).is_empty());
    rig.send(doorman, "42[\"all\",1]");
    assert!(rig.drain(one).is_empty(), "nothing reaches it yet");
    rig.send(doorman, "42[\"accept\",\"one\"]");
    rig.send(doorman, "42[\"refuse\",\"two\"]");
    let frames = rig.drain(one);
    assert!(frames[0].starts_with("40{\"sid\":\""), "{frames:?}");
    assert_eq!(frames[1..], ["42[\"welcome\",\"you\"]"]);
    assert_eq!(rig.drain(two), ["44{\"message\":\"not you\"}"]);
    rig.send(doorman, "42[\"accept\",\"one\"]");
    rig.send(doorman, "42[\"refuse\",\"one\"]");
    assert!(rig.drain(one).is_empty(), "decided is decided");
    for ws in [doorman, one, two] {
        rig.lose(ws);
    }
    let told = log.take();
    let left = told.iter().filter(|line| line.starts_with("disconnect"));
    assert_eq!(left.count(), 2, "{told:?}");
    rig.expect_empty();
}

#[test]
fn a_decision_for_a_client_that_is_gone_finds_nobody() {
    let (mut rig, log) = Rig::new();
    let doorman = rig.joined(&["/"]);
    let ws = rig.websocket();
    rig.send(ws, "40{\"later\":\"one\"}");
    rig.lose(ws);
    rig.send(doorman, "42[\"accept\",\"one\"]");
    assert_eq!(log.take(), ["event accept \"one\""]);
    rig.lose(doorman);
    rig.expect_empty();
}

#[test]
fn a_packet_before_the_decision_closes_the_whole_connection() {
    for text in ["40", "42[\"echo\"]", "41", "430[]"] {
        let (mut rig, log) = Rig::new();
        let ws = rig.joined(&["/a"]);
        rig.send(ws, "40{\"later\":\"one\"}");
        rig.send(ws, text);
        assert_eq!(rig.drain(ws), ["(close)"], "{text}");
        assert_eq!(log.take(), ["disconnect /a forced close"], "{text}");
        rig.lose(ws);
        rig.expect_empty();
    }
}

#[test]
fn who_is_never_let_in_is_closed_when_its_time_to_connect_is_over() {
    let (mut rig, _) = Rig::new();
    let ws = rig.websocket();
    rig.send(ws, "40{\"later\":\"one\"}");
    rig.pass(seconds(25));
    rig.send(ws, "3");
    rig.pass(seconds(20));
    assert_eq!(rig.drain(ws), ["2", "(close)"]);
    rig.lose(ws);
    rig.expect_empty();
}

#[test]
fn the_request_is_lent_while_the_client_may_join_and_time_has_not_run_out() {
    let url = |log: &Log| log.take();
    let (mut rig, log) = Rig::new();
    let ws = rig.joined(&["/"]);
    rig.send(ws, "40/a,{\"request\":true}");
    assert_eq!(url(&log), ["request Some(\"\")"]);
    rig.pass(seconds(25));
    rig.send(ws, "3");
    rig.pass(seconds(25));
    rig.send(ws, "3");
    rig.send(ws, "40/b,{\"request\":true}");
    assert_eq!(url(&log), ["request None"]);
    let limits = Limits {
        max_namespaces: 1,
        ..Limits::default()
    };
    let (mut rig, log) = Rig::limited(limits);
    let ws = rig.websocket();
    rig.send(ws, "40{\"request\":true}");
    assert_eq!(url(&log), ["request Some(\"\")"]);
    let client = rig.hub.protocol().clients.get(ws.session);
    assert!(client.is_some_and(|client| !client.keeps_request()));
}

#[test]
fn data_stays_with_its_socket() {
    let (mut rig, _) = Rig::new();
    let (one, two) = (rig.joined(&["/"]), rig.joined(&["/"]));
    rig.send(one, "42[\"set\",1,2]");
    rig.send(one, "42[\"get\"]");
    rig.send(two, "42[\"get\"]");
    assert_eq!(rig.drain(one), ["42[\"data\",\"1,2\"]"]);
    assert_eq!(rig.drain(two), ["42[\"data\",null]"]);
}
