//! Events in and out: their text is not touched, their order is kept.

use super::*;

#[test]
fn arguments_stay_the_text_that_they_came_in() {
    let (mut rig, log) = Rig::new();
    let ws = rig.joined(&["/"]);
    for (sent, got) in [
        ("42[\"echo\",1e400]", "42[\"echo\",1e400]"),
        (
            "42[\"echo\",123456789012345678901234567890,-0.0]",
            "42[\"echo\",123456789012345678901234567890,-0.0]",
        ),
        (
            "42[\"echo\",\"h\u{e9}\u{1f600}\",\"\\u00e9\\ud83d\"]",
            "42[\"echo\",\"h\u{e9}\u{1f600}\",\"\\u00e9\\ud83d\"]",
        ),
        (
            "42 [ \"echo\" , { \"a\" : [ ] } ,\t2 ] \n",
            "42[\"echo\",{ \"a\" : [ ] },2]",
        ),
        ("42[\"echo\"]", "42[\"echo\"]"),
        (
            "42[\"echo\",{\"_placeholder\":true,\"num\":0}]",
            "42[\"echo\",{\"_placeholder\":true,\"num\":0}]",
        ),
        ("42/,[\"echo\",1]", "42[\"echo\",1]"),
    ] {
        rig.send(ws, sent);
        assert_eq!(rig.drain(ws), [got]);
    }
    assert_eq!(log.take().len(), 7);
}

#[test]
fn an_event_without_a_payload_is_for_nobody_and_a_number_is_a_name() {
    let (mut rig, log) = Rig::new();
    let ws = rig.joined(&["/"]);
    rig.send(ws, "42");
    rig.send(ws, "42[7,\"x\"]");
    assert_eq!(log.take(), ["event 7 \"x\""]);
    assert_eq!(rig.drain(ws), [""; 0]);
}

#[test]
fn events_of_one_post_leave_in_their_order_by_the_waiting_poll() {
    let (mut rig, _) = Rig::new();
    let session = rig.polling();
    rig.post(session, "40").expect("taken");
    assert!(rig.poll(session).is_ok_and(|answer| answer.is_some()));
    assert_eq!(rig.poll(session), Ok(None));
    rig.post(
        session,
        "42[\"echo\",1]\u{1e}42[\"echo\",2]\u{1e}420[\"ask\",3]",
    )
    .expect("taken");
    assert_eq!(
        rig.answer(session).as_deref(),
        Some("42[\"echo\",1]\u{1e}42[\"echo\",2]\u{1e}430[3]")
    );
}

#[test]
fn what_follows_a_close_in_one_post_is_dropped() {
    let (mut rig, log) = Rig::new();
    let session = rig.polling();
    rig.post(session, "40\u{1e}42[\"echo\",1]\u{1e}1\u{1e}42[\"echo\",2]")
        .expect("taken");
    assert_eq!(log.take(), ["event echo 1", "disconnect / transport close"]);
    assert_eq!(rig.poll(session), Err(Reject::SessionUnknown));
    rig.expect_empty();
}

#[test]
fn packets_before_garbage_count() {
    let (mut rig, log) = Rig::new();
    let session = rig.polling();
    rig.post(session, "40\u{1e}42[\"echo\",1]\u{1e}\u{1e}42[\"echo\",2]")
        .expect("taken");
    assert_eq!(log.take(), ["event echo 1", "disconnect / parse error"]);
    rig.expect_empty();
}

#[test]
fn what_was_sent_before_an_upgrade_leaves_after_it_in_order() {
    let (mut rig, _) = Rig::new();
    let session = rig.polling();
    rig.post(session, "40").expect("taken");
    assert!(rig.poll(session).is_ok_and(|answer| answer.is_some()));
    assert_eq!(rig.poll(session), Ok(None));
    let socket = rig.sockets.insert(());
    let ws = Ws { socket, session };
    rig.hub
        .handle(rig.now, session, Input::SocketOpened(socket, false))
        .expect("taken");
    rig.send(ws, "2probe");
    assert_eq!(rig.drain(ws), ["3probe"]);
    rig.pass(Duration::from_millis(100));
    assert_eq!(rig.answer(session).as_deref(), Some("6"));
    rig.post(session, "42[\"echo\",1]\u{1e}42[\"echo\",2]")
        .expect("taken");
    assert_eq!(rig.drain(ws), [""; 0]);
    rig.send(ws, "5");
    rig.send(ws, "42[\"echo\",3]");
    assert_eq!(
        rig.drain(ws),
        ["42[\"echo\",1]", "42[\"echo\",2]", "42[\"echo\",3]"]
    );
    assert_eq!(rig.poll(session), Err(Reject::BadRequest));
    rig.lose(ws);
    rig.expect_empty();
}
