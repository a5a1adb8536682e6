//! The rows of the session's table where the layer above ends the session.

use super::*;

#[test]
fn closing_answers_a_waiting_poll_at_once() {
    for mut rig in [Rig::polling(), Rig::probing()] {
        rig.poll();
        assert_eq!(
            rig.closed_by(Input::Close(CloseReason::ForcedClose)),
            Some(CloseReason::ForcedClose)
        );
        assert_eq!(rig.payload().as_deref(), Some("1"));
        assert!(rig.session.is_finished());
    }
}

#[test]
fn closing_without_a_poll_waits_for_the_next_ones() {
    let mut rig = Rig::probing();
    rig.send("4data");
    assert_eq!(
        rig.closed_by(Input::Close(CloseReason::ForcedClose)),
        Some(CloseReason::ForcedClose)
    );
    assert_eq!(rig.effects.close_socket, Some(socket(1)));
    rig.send("4too late");
    assert_eq!(rig.handle(Input::Posted(text("ignored"))), Step::Done);
    assert_eq!(rig.poll().as_deref(), Some("4data"));
    assert_eq!(rig.poll().as_deref(), Some("6\x1e1"));
    assert!(rig.session.is_finished());
    assert_eq!(
        rig.handle(Input::PollStarted),
        Step::Refused(Reject::SessionUnknown)
    );
    assert_eq!(
        rig.handle(Input::PostStarted),
        Step::Refused(Reject::SessionUnknown)
    );
}

#[test]
fn closing_takes_posts_without_passing_them_up_and_refuses_a_second_one() {
    let mut rig = Rig::closing();
    assert_eq!(rig.handle(Input::PostStarted), Step::Done);
    assert_eq!(rig.closed_by(Input::PostedGarbage), None);
    assert_eq!(
        rig.handle(Input::PostStarted),
        Step::Refused(Reject::Conflict)
    );
    assert!(rig.effects.cut_post);
    assert_eq!(rig.effects.closed, None);
}

#[test]
fn the_end_of_a_closing_session_cuts_off_the_post_that_is_still_read() {
    let mut rig = Rig::closing();
    rig.handle(Input::PostStarted);
    assert_eq!(rig.poll().as_deref(), Some("6\x1e1"));
    assert!(rig.effects.cut_post);
    for end in [Input::PollAborted, Input::PollStarted] {
        let mut rig = Rig::polling();
        rig.send("4data");
        rig.handle(Input::Close(CloseReason::ForcedClose));
        rig.handle(Input::PostStarted);
        rig.handle(Input::PollStarted);
        assert!(!rig.effects.cut_post);
        rig.handle(end);
        assert!(rig.effects.cut_post, "{end:?}");
    }
}

#[test]
fn a_closing_session_that_nobody_asks_for_is_forgotten_after_30_s() {
    let mut rig = Rig::closing();
    rig.wait(29_999);
    assert!(rig.session.is_known());
    rig.wait(1);
    assert!(rig.session.is_finished());
    let mut rig = Rig::closing();
    rig.send("4x");
    assert_eq!(
        rig.closed_by(Input::Discard(CloseReason::ForcedClose)),
        None
    );
    assert!(rig.session.is_finished());
}

#[test]
fn a_closing_session_whose_poll_is_aborted_is_over() {
    let mut rig = Rig::polling();
    rig.send("4x");
    rig.handle(Input::Close(CloseReason::ForcedClose));
    rig.handle(Input::PollStarted);
    rig.handle(Input::PollAborted);
    assert!(rig.session.is_finished());
}

#[test]
fn discarding_ends_at_once() {
    for mut rig in [Rig::polling(), Rig::probing()] {
        rig.send("4dropped");
        assert_eq!(
            rig.closed_by(Input::Discard(CloseReason::ServerShuttingDown)),
            Some(CloseReason::ServerShuttingDown)
        );
        assert!(rig.session.is_finished());
    }
}

#[test]
fn closing_a_websocket_sends_what_waits_first() {
    let mut rig = Rig::websocket();
    rig.send("4last");
    assert_eq!(
        rig.closed_by(Input::Close(CloseReason::ForcedClose)),
        Some(CloseReason::ForcedClose)
    );
    assert_eq!(rig.effects.close_socket, Some(socket(1)));
    assert_eq!(rig.frames(), ["4last"]);
    assert!(!rig.session.is_finished(), "until the socket is gone");
    rig.handle(Input::SocketLost(
        socket(1),
        CloseReason::TransportClose { goodbye: false },
    ));
    assert!(rig.session.is_finished());
}

#[test]
fn closing_or_discarding_twice_is_closing_once() {
    for mut rig in [Rig::closing(), Rig::closed()] {
        assert_eq!(rig.closed_by(Input::Close(CloseReason::ForcedClose)), None);
    }
    assert_eq!(
        Rig::closed().closed_by(Input::Discard(CloseReason::ForcedClose)),
        None
    );
    assert_eq!(Rig::closed().closed_by(Input::Tick), None);
    assert_eq!(Rig::closed().session.deadline(), None);
}
