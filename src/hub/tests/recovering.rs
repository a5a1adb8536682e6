//! Connection state recovery from socket to socket.

use super::*;
use crate::socketio::Admission;

fn settings() -> config::Protocol {
    config::Protocol {
        recovery_max_age: Some(seconds(120)),
        ..config::Protocol::default()
    }
}

fn rig() -> (Rig, Log) {
    limited(Limits::default())
}

fn limited(limits: Limits) -> (Rig, Log) {
    let log = Log::default();
    let protocol = SocketIo::new(Actor::new(log.clone()));
    (Rig::configured(settings(), limits, protocol), log)
}

/// The ids that a connect was answered with.
#[derive(Debug, PartialEq, Eq, Clone)]
struct Ids {
    sid: String,
    pid: String,
}

fn ids(answer: &str) -> Ids {
    let parts: Vec<&str> = answer.split('"').collect();
    let ["40{", "sid", ":", sid, ",", "pid", ":", pid, "}"] = parts.as_slice() else {
        panic!("{answer}")
    };
    Ids {
        sid: (*sid).to_owned(),
        pid: (*pid).to_owned(),
    }
}

impl Rig {
    fn fresh(&mut self) -> (Ws, Ids) {
        let ws = self.websocket();
        self.send(ws, "40");
        let frames = self.drain(ws);
        (ws, ids(&frames[0]))
    }

    fn back(&mut self, pid: &str, offset: &str) -> (Ws, Vec<String>) {
        let ws = self.websocket();
        self.send(
            ws,
            &format!("40{{\"pid\":\"{pid}\",\"offset\":\"{offset}\"}}"),
        );
        let frames = self.drain(ws);
        (ws, frames)
    }
}

/// The offset at the end of an event.
fn offset(frame: &str) -> String {
    let (_, rest) = frame.rsplit_once(",\"").expect("has a last argument");
    rest.trim_end_matches("\"]").to_owned()
}

#[test]
fn a_socket_whose_connection_was_lost_goes_on_with_what_it_missed() {
    let (mut rig, log) = rig();
    let ((ws, me), (other, _)) = (rig.fresh(), rig.fresh());
    rig.send(ws, "42[\"join\",\"a\"]");
    rig.send(ws, "42[\"set\",\"mine\"]");
    rig.send(ws, "42[\"echo\",1]");
    let frames = rig.drain(ws);
    assert_eq!(
        frames,
        [format!("42[\"echo\",1,\"{}\"]", offset(&frames[0]))]
    );
    let seen = offset(&frames[0]);
    rig.lose(ws);
    rig.send(other, "42[\"say\",\"a\",\"to the room\"]");
    rig.send(other, "42[\"say\",\"b\",\"to another\"]");
    rig.send(other, "42[\"all\",\"to all\"]");
    rig.send(other, "42[\"all but\",\"a\"]");
    rig.send(other, &format!("42[\"say\",\"{}\",\"to me\"]", me.sid));
    rig.send(other, "42[\"volatile\",\"lost for good\"]");
    log.take();
    let (ws, frames) = rig.back(&me.pid, &seen);
    let missed = frames.iter().take(3).map(|frame| {
        let (before, _) = frame.rsplit_once(',').expect("has an offset");
        before.to_owned()
    });
    assert_eq!(
        missed.collect::<Vec<_>>(),
        [
            "42[\"said\",\"to the room\"",
            "42[\"all\",\"to all\"",
            "42[\"said\",\"to me\""
        ]
    );
    assert_eq!(
        ids(&frames[3]),
        me,
        "missed packets first, then the same ids"
    );
    assert_eq!(frames.len(), 4);
    let recovered = log.take();
    assert_eq!(recovered, [format!("recovered in [\"{}\", \"a\"]", me.sid)]);
    rig.send(ws, "42[\"get\"]");
    let frames = rig.drain(ws);
    assert!(
        frames[0].starts_with("42[\"data\",\"\\\"mine\\\"\","),
        "{frames:?}"
    );
    // As good as new: lost again it comes back again.
    rig.lose(ws);
    let (_, frames) = rig.back(&me.pid, &offset(&frames[0]));
    assert_eq!(ids(&frames[0]), me);
}

#[test]
fn binary_that_was_missed_comes_with_its_attachments() {
    let (mut rig, _) = rig();
    let ((ws, me), (other, _)) = (rig.fresh(), rig.fresh());
    rig.send(ws, "42[\"echo\"]");
    let seen = offset(&rig.drain(ws)[0]);
    rig.lose(ws);
    rig.send(other, "451-[\"all\",{\"_placeholder\":true,\"num\":0}]");
    rig.send_binary(other, b"bytes");
    let (_, frames) = rig.back(&me.pid, &seen);
    assert!(
        frames[0].starts_with("451-[\"all\",{\"_placeholder\":true,\"num\":0},\""),
        "{frames:?}"
    );
    assert_eq!(frames[1], "<bytes>");
    assert_eq!(ids(&frames[2]), me);
}

#[test]
fn events_with_an_ack_id_and_answers_carry_no_offset() {
    let (mut rig, _) = rig();
    let (ws, _) = rig.fresh();
    rig.send(ws, "42[\"ask me\"]");
    rig.send(ws, "427[\"ask\",1]");
    rig.send(ws, "42[\"volatile me\"]");
    assert_eq!(
        rig.drain(ws),
        ["420[\"well\"]", "437[1]", "42[\"volatile\"]"]
    );
}

#[test]
fn who_asks_for_what_is_not_there_is_a_new_socket() {
    let (mut rig, _) = rig();
    let (ws, me) = rig.fresh();
    rig.send(ws, "42[\"echo\"]");
    let seen = offset(&rig.drain(ws)[0]);
    let (_, frames) = rig.back(&me.pid, &seen);
    assert_ne!(ids(&frames[0]).sid, me.sid, "it is still connected");
    rig.lose(ws);
    for (pid, offset) in [("x", &*seen), (&me.pid, "x"), (&me.sid, &seen)] {
        let (_, frames) = rig.back(pid, offset);
        assert_ne!(ids(&frames[0]).sid, me.sid);
    }
    let (_, frames) = rig.back(&me.pid, &seen);
    assert_eq!(ids(&frames[0]), me);
    let (_, frames) = rig.back(&me.pid, &seen);
    assert_ne!(ids(&frames[0]).sid, me.sid, "a pid is good once");
}

#[test]
fn who_said_goodbye_or_was_sent_away_or_is_late_is_a_new_socket() {
    for goodbye in ["41", "42[\"disconnect me\"]"] {
        let (mut rig, _) = rig();
        let (ws, me) = rig.fresh();
        rig.send(ws, "42[\"echo\"]");
        let seen = offset(&rig.drain(ws)[0]);
        rig.send(ws, goodbye);
        rig.lose(ws);
        let (_, frames) = rig.back(&me.pid, &seen);
        assert_ne!(ids(&frames[0]).sid, me.sid, "{goodbye}");
    }
    let (mut rig, _) = rig();
    let (ws, me) = rig.fresh();
    rig.send(ws, "42[\"echo\"]");
    let seen = offset(&rig.drain(ws)[0]);
    rig.lose(ws);
    rig.pass(seconds(121));
    let (_, frames) = rig.back(&me.pid, &seen);
    assert_ne!(ids(&frames[0]).sid, me.sid);
}

#[test]
fn packets_that_fell_out_mean_a_new_socket_and_their_bytes_are_bounded() {
    let (mut rig, _) = limited(Limits {
        max_recovery_packets: 10,
        max_recovery_bytes: 1000,
        ..Limits::default()
    });
    let ((ws, me), (other, _)) = (rig.fresh(), rig.fresh());
    rig.send(ws, "42[\"echo\"]");
    let seen = offset(&rig.drain(ws)[0]);
    rig.lose(ws);
    for _ in 0..50 {
        rig.send(other, "42[\"echo\"]");
        rig.drain(other);
    }
    assert!(rig.stats.buffered() <= 1000, "{}", rig.stats.buffered());
    let (_, frames) = rig.back(&me.pid, &seen);
    assert_ne!(ids(&frames[0]).sid, me.sid);
}

#[test]
fn what_may_be_missed_yields_to_what_is_needed_now() {
    let (mut rig, _) = limited(Limits {
        max_buffered_bytes: 2000,
        ..Limits::default()
    });
    let (ws, _) = rig.fresh();
    for _ in 0..100 {
        rig.send(ws, "42[\"echo\",\"some words that are kept\"]");
        assert_eq!(rig.drain(ws).len(), 1);
        assert!(rig.stats.buffered() <= 2000, "{}", rig.stats.buffered());
    }
}

#[test]
fn a_made_namespace_waits_for_those_who_may_come_back_and_then_goes() {
    let (mut rig, _) = rig();
    let ws = rig.websocket();
    rig.send(ws, "40/made/1,");
    rig.send(ws, "42/made/1,[\"echo\"]");
    rig.lose(ws);
    assert_eq!(rig.hub.protocol().registry().namespaces_len(), 1);
    let other = rig.websocket();
    rig.send(other, "40");
    for _ in 0..6 {
        rig.pass(seconds(25));
        rig.send(other, "3");
    }
    assert_eq!(
        rig.hub.protocol().registry().namespaces_len(),
        1,
        "only the main one"
    );
    rig.lose(other);
    rig.pass(seconds(150));
    rig.expect_empty();
}

#[test]
fn middlewares_are_passed_by_unless_the_settings_say_otherwise() {
    for (skips, refused) in [(true, false), (false, true)] {
        let settings = config::Protocol {
            recovery_skips_middlewares: skips,
            ..settings()
        };
        let mut doors = 0;
        let protocol =
            SocketIo::new(Actor::new(Log::default())).with_middleware(move |_, _, handshake| {
                doors += 1;
                assert_eq!(handshake.recovered, doors > 1);
                match doors {
                    1 => Admission::Accept,
                    _ => Admission::Refuse(crate::socketio::Refusal::new("once only")),
                }
            });
        let mut rig = Rig::configured(settings, Limits::default(), protocol);
        let (ws, me) = rig.fresh();
        rig.send(ws, "42[\"echo\"]");
        let seen = offset(&rig.drain(ws)[0]);
        rig.lose(ws);
        let (_, frames) = rig.back(&me.pid, &seen);
        match refused {
            true => assert_eq!(frames, ["44{\"message\":\"once only\"}"]),
            false => assert_eq!(ids(&frames[0]), me),
        }
    }
}
