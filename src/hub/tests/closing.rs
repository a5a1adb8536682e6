//! The end, from either side: who is told what, what still leaves, and that nothing stays.

use super::*;

#[test]
fn a_disconnect_says_so_and_the_connection_stays() {
    let (mut rig, log) = Rig::new();
    let ws = rig.joined(&["/", "/a"]);
    rig.send(ws, "42/a,[\"disconnect me\"]");
    assert_eq!(rig.drain(ws), ["42/a,[\"last\"]", "41/a,"]);
    assert_eq!(
        log.take(),
        [
            "event disconnect me ",
            "disconnect /a server namespace disconnect"
        ]
    );
    rig.send(ws, "42[\"echo\"]");
    assert_eq!(rig.drain(ws), ["42[\"echo\"]"]);
}

#[test]
fn a_close_leaves_every_namespace_after_what_was_sent_before() {
    let (mut rig, log) = Rig::new();
    let ws = rig.joined(&["/", "/a", "/b"]);
    rig.send(ws, "42/a,[\"close me\"]");
    assert_eq!(
        rig.drain(ws),
        ["42/a,[\"last\"]", "41", "41/a,", "41/b,", "(close)"]
    );
    assert_eq!(
        log.take()[1..],
        [
            "disconnect / server namespace disconnect",
            "disconnect /a server namespace disconnect",
            "disconnect /b server namespace disconnect"
        ]
    );
    rig.send(ws, "42[\"echo\"]");
    assert_eq!(rig.drain(ws), [""; 0]);
    rig.lose(ws);
    rig.expect_empty();
}

#[test]
fn a_close_reaches_a_polling_client_as_data_and_then_the_end() {
    let (mut rig, _) = Rig::new();
    let session = rig.polling();
    rig.post(session, "40").expect("taken");
    assert!(rig.poll(session).is_ok_and(|answer| answer.is_some()));
    rig.post(session, "42[\"close me\"]").expect("taken");
    assert_eq!(
        rig.poll(session),
        Ok(Some("42[\"last\"]\u{1e}41".to_owned()))
    );
    assert_eq!(rig.poll(session), Ok(Some("6\u{1e}1".to_owned())));
    assert_eq!(rig.poll(session), Err(Reject::SessionUnknown));
    rig.expect_empty();
}

#[test]
fn a_closed_polling_client_that_never_comes_back_is_forgotten() {
    let (mut rig, _) = Rig::new();
    let session = rig.polling();
    rig.post(session, "40\u{1e}42[\"close me\"]")
        .expect("taken");
    rig.pass(Duration::from_millis(29_999));
    assert_eq!(rig.hub.engine().len(), 1);
    rig.pass(Duration::from_millis(1));
    rig.expect_empty();
    assert_eq!(rig.stats.ends_unclaimed.get(), 1);
}

type End = fn(&mut Rig, Ws);

#[test]
fn every_end_has_its_reason() {
    let ends: [(&str, End); 9] = [
        ("client namespace disconnect", |rig, ws| rig.send(ws, "41")),
        ("server namespace disconnect", |rig, ws| {
            rig.send(ws, "42[\"disconnect me\"]")
        }),
        ("transport close", |rig, ws| rig.send(ws, "1")),
        ("transport close", |rig, ws| rig.lose(ws)),
        ("transport error", |rig, ws| rig.send(ws, "2")),
        ("ping timeout", |rig, _| rig.pass(seconds(45))),
        ("forced close", |rig, ws| rig.send(ws, "42[]")),
        ("parse error", |rig, ws| rig.send(ws, "x")),
        ("server shutting down", |rig, _| rig.hub.shut_down(rig.now)),
    ];
    for (reason, end) in ends {
        let (mut rig, log) = Rig::new();
        let ws = rig.joined(&["/"]);
        log.take();
        end(&mut rig, ws);
        let notes = log.take();
        assert_eq!(
            notes.last(),
            Some(&format!("disconnect / {reason}")),
            "{notes:?}"
        );
        rig.lose(ws);
        assert_eq!(log.take(), [""; 0], "told once: {reason}");
        rig.expect_empty();
    }
}

#[test]
fn what_is_emitted_while_a_socket_leaves_reaches_the_others_and_not_itself() {
    let (mut rig, _) = Rig::new();
    let (one, two) = (rig.joined(&["/"]), rig.joined(&["/"]));
    for ws in [one, two] {
        rig.send(ws, "42[\"join\",\"r\"]");
    }
    rig.send(one, "41");
    assert_eq!(rig.drain(one), [""; 0]);
    assert_eq!(
        rig.drain(two),
        ["42[\"gone\",\"client namespace disconnect\"]"]
    );
}

#[test]
fn a_disconnect_may_lead_to_others() {
    let (mut rig, log) = Rig::new();
    let all: Vec<Ws> = (0..4).map(|_| rig.joined(&["/"])).collect();
    for ws in &all {
        rig.send(*ws, "42[\"join\",\"takes the others along\"]");
    }
    log.take();
    rig.lose(all[0]);
    let notes = log.take();
    assert_eq!(notes.len(), 4, "{notes:?}");
    for ws in &all[1..] {
        let frames = rig.drain(*ws);
        assert_eq!(frames.iter().filter(|frame| *frame == "41").count(), 1);
    }
    assert!(rig.hub.protocol().registry().is_empty());
}

#[test]
fn several_connections_may_be_closed_at_once() {
    let (mut rig, _) = Rig::new();
    let all: Vec<Ws> = (0..3).map(|_| rig.joined(&["/"])).collect();
    for ws in &all {
        rig.send(*ws, "42[\"join\",\"r\"]");
    }
    rig.send(all[0], "42[\"close room\",\"r\"]");
    for ws in all {
        let frames = rig.drain(ws);
        assert!(
            frames.ends_with(&["41".to_owned(), "(close)".to_owned()]),
            "{frames:?}"
        );
        rig.lose(ws);
    }
    rig.expect_empty();
}

#[test]
fn a_server_that_stops_sends_no_disconnects() {
    let (mut rig, _) = Rig::new();
    let ws = rig.joined(&["/", "/a"]);
    let (waits, away) = (rig.polling(), rig.polling());
    assert_eq!(rig.poll(waits), Ok(None));
    rig.hub.shut_down(rig.now);
    assert_eq!(rig.drain(ws), ["(close)"]);
    assert_eq!(rig.answer(waits).as_deref(), Some("1"));
    assert_eq!(rig.poll(away), Ok(Some("6\u{1e}1".to_owned())));
    rig.lose(ws);
    rig.expect_empty();
}

#[test]
fn a_second_poll_ends_the_session_and_releases_the_first() {
    let (mut rig, log) = Rig::new();
    let session = rig.polling();
    rig.post(session, "40").expect("taken");
    assert!(rig.poll(session).is_ok_and(|answer| answer.is_some()));
    assert_eq!(rig.poll(session), Ok(None));
    assert_eq!(rig.poll(session), Err(Reject::Conflict));
    assert_eq!(log.take(), ["disconnect / transport error"]);
    assert_eq!(rig.answer(session).as_deref(), Some("1"));
    rig.expect_empty();
}

#[test]
fn what_waits_behind_a_backlog_still_leaves_before_a_close() {
    let (mut rig, _) = Rig::new();
    let ws = rig.joined(&["/"]);
    rig.hub.engine().set_backlog(ws.session, ws.socket, true);
    rig.send(ws, "42[\"close me\"]");
    assert_eq!(rig.drain(ws), ["42[\"last\"]", "41", "(close)"]);
}

#[test]
fn a_second_post_cuts_the_first_off_whether_or_not_it_waits_already() {
    for waits in [false, true] {
        let (mut rig, _) = Rig::new();
        let session = rig.polling();
        let start = |rig: &mut Rig| rig.hub.handle(rig.now, session, Input::PostStarted);
        start(&mut rig).expect("taken");
        if waits {
            assert!(!rig.hub.engine().is_post_cut(session, Waker::noop()));
        }
        assert_eq!(start(&mut rig), Err(Reject::Conflict));
        assert!(rig.hub.engine().is_post_cut(session, Waker::noop()));
        let _ = rig.hub.handle(rig.now, session, Input::PostFinished);
        rig.expect_empty();
    }
}

#[test]
fn a_client_that_broke_the_protocol_has_the_reason_of_whether_it_could_be_told() {
    for (polls, reason) in [(true, "forced close"), (false, "forced server close")] {
        let (mut rig, log) = Rig::new();
        let session = rig.polling();
        rig.post(session, "40").expect("taken");
        assert!(rig.poll(session).is_ok_and(|answer| answer.is_some()));
        if polls {
            assert_eq!(rig.poll(session), Ok(None));
        }
        rig.post(session, "42/nowhere,[\"echo\"]").expect("taken");
        assert_eq!(log.take(), [format!("disconnect / {reason}")]);
    }
}
