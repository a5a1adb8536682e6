//! Clients that send too much, or not enough of what they have begun.

use super::*;

#[test]
fn events_over_the_rate_are_dropped_and_those_who_go_on_are_closed() {
    let limits = Limits {
        max_event_rate: 1,
        ..Limits::default()
    };
    let (mut rig, _) = Rig::limited(limits);
    let ws = rig.joined(&["/"]);
    for _ in 0..20 {
        rig.send(ws, "42[\"echo\"]");
    }
    let passed = rig.drain(ws).len();
    assert!((9..=10).contains(&passed), "{passed}");
    rig.pass(seconds(2));
    for _ in 0..20 {
        rig.send(ws, "42[\"echo\"]");
    }
    assert_eq!(rig.drain(ws).len(), 2);
    for _ in 0..1000 {
        rig.send(ws, "42[\"echo\"]");
    }
    assert_eq!(rig.drain(ws), ["(close)"]);
    assert!(rig.stats.events_limited.get() > 1000);
    assert_eq!(rig.stats.floods_closed.get(), 1);
}

#[test]
fn pongs_noops_and_answers_take_of_the_same_rate_as_events() {
    for packet in ["3", "6", "0", "430[]"] {
        let limits = Limits {
            max_event_rate: 1,
            ..Limits::default()
        };
        let (mut rig, _) = Rig::limited(limits);
        let ws = rig.joined(&["/"]);
        for _ in 0..9 {
            rig.send(ws, packet);
        }
        rig.send(ws, "42[\"echo\"]");
        assert_eq!(rig.drain(ws).len(), 0, "{packet}");
        for _ in 0..1000 {
            rig.send(ws, packet);
        }
        assert_eq!(rig.drain(ws), ["(close)"], "{packet}");
        assert_eq!(rig.stats.floods_closed.get(), 1, "{packet}");
    }
}

#[test]
fn who_answers_every_heartbeat_for_years_is_never_taken_for_a_flood() {
    let limits = Limits {
        max_event_rate: 1,
        ..Limits::default()
    };
    let (mut rig, _) = Rig::limited(limits);
    let ws = rig.joined(&["/"]);
    for _ in 0..10_000 {
        rig.pass(seconds(25));
        assert_eq!(rig.drain(ws), ["2"]);
        rig.send(ws, "3");
    }
    assert_eq!(rig.stats.events_limited.get(), 0);
    rig.send(ws, "42[\"echo\"]");
    assert_eq!(rig.drain(ws).len(), 1);
}

#[test]
fn attachments_that_do_not_come_end_their_client_and_each_that_comes_gives_it_time() {
    let (mut rig, log) = Rig::new();
    let ws = rig.joined(&["/"]);
    rig.send(ws, "453-[\"echo\",{\"_placeholder\":true,\"num\":0}]");
    for _ in 0..2 {
        for _ in 0..2 {
            rig.pass(seconds(25));
            rig.send(ws, "3");
        }
        rig.send_binary(ws, &[1]);
    }
    assert!(rig.stats.buffered() > 0);
    for _ in 0..2 {
        rig.pass(seconds(25));
        rig.send(ws, "3");
    }
    rig.drain(ws);
    rig.pass(seconds(10));
    assert_eq!(rig.drain(ws), ["(close)"]);
    assert_eq!(rig.stats.attachments_timed_out.get(), 1);
    assert_eq!(
        log.take().last().map(String::as_str),
        Some("disconnect / forced close")
    );
    rig.lose(ws);
    rig.expect_empty();
}

#[test]
fn a_packet_whose_attachments_came_has_nothing_to_be_late_with() {
    let (mut rig, _) = Rig::new();
    let ws = rig.joined(&["/"]);
    rig.send(ws, "451-[\"nothing\",{\"_placeholder\":true,\"num\":0}]");
    rig.send_binary(ws, &[1]);
    for _ in 0..6 {
        rig.pass(seconds(25));
        assert_eq!(rig.drain(ws), ["2"]);
        rig.send(ws, "3");
    }
    assert_eq!(rig.stats.attachments_timed_out.get(), 0);
}

#[test]
fn connects_over_the_rate_are_refused() {
    let limits = Limits {
        max_event_rate: 1,
        ..Limits::default()
    };
    let (mut rig, log) = Rig::limited(limits);
    let ws = rig.websocket();
    for _ in 0..11 {
        rig.send(ws, "40");
        rig.send(ws, "41");
        // What is refused leaves nothing to disconnect.
        if !rig.hub.engine().is_open(ws.session) {
            break;
        }
    }
    let frames = rig.drain(ws);
    assert_eq!(log.take().len(), 10, "disconnects");
    assert_eq!(
        frames[10..],
        ["44{\"message\":\"Too many events\"}", "(close)"]
    );
}
