//! The rows of the session's table where a WebSocket probes, moves the session, or fails to.

use super::*;

#[test]
fn an_upgrade_moves_the_session_and_loses_nothing() {
    let mut rig = Rig::polling();
    rig.poll();
    rig.handle(Input::SocketOpened(socket(1), false));
    assert_eq!(rig.effects, Effects::default());
    rig.handle(Input::SocketReceived(socket(1), Packet::Ping("probe")));
    assert_eq!(rig.effects.probe_reply, Some(socket(1)));
    rig.send("4while probing");
    assert!(
        rig.session.socket_outbox().is_none(),
        "nothing but the probe on the new socket"
    );
    assert_eq!(rig.payload().as_deref(), Some("4while probing"));
    rig.send("4not yet fetched");
    rig.handle(Input::SocketReceived(socket(1), Packet::Upgrade));
    rig.send("4after");
    assert_eq!(rig.frames(), ["4not yet fetched", "4after"]);
}

#[test]
fn a_poll_that_waits_while_probing_is_released_every_100_ms_but_data_beats_the_noop() {
    let mut rig = Rig::probing();
    rig.poll();
    rig.wait(1000);
    assert_eq!(rig.payload(), None, "no release before the probe");
    rig.handle(Input::SocketReceived(socket(1), Packet::Ping("probe")));
    rig.wait(99);
    assert_eq!(rig.payload(), None);
    rig.wait(1);
    assert_eq!(rig.payload().as_deref(), Some("6"));
    assert_eq!(rig.poll(), None);
    rig.send("4data");
    rig.wait(100);
    assert_eq!(rig.payload().as_deref(), Some("4data"));
    assert_eq!(rig.poll(), None);
    rig.wait(100);
    assert_eq!(rig.payload().as_deref(), Some("6"));
}

#[test]
fn a_poll_that_still_waits_at_the_upgrade_is_released() {
    let mut rig = Rig::probing();
    rig.poll();
    rig.send("4x");
    rig.handle(Input::SocketReceived(socket(1), Packet::Upgrade));
    assert_eq!(rig.payload().as_deref(), Some("6"));
    assert_eq!(rig.frames(), ["4x"]);
}

#[test]
fn anything_but_a_probe_closes_only_the_probing_socket_and_it_may_be_tried_again() {
    for packet in [
        text("x"),
        Packet::Ping(""),
        Packet::Pong("probe"),
        Packet::Close,
        Packet::Noop,
        Packet::Open,
    ] {
        let mut rig = Rig::probing();
        assert_eq!(
            rig.closed_by(Input::SocketReceived(socket(1), packet)),
            None
        );
        assert_eq!(rig.effects.close_socket, Some(socket(1)));
        rig.send("4alive");
        assert_eq!(rig.poll().as_deref(), Some("4alive"));
        rig.handle(Input::SocketOpened(socket(2), false));
        rig.handle(Input::SocketReceived(socket(2), Packet::Upgrade));
        rig.send("4moved");
        assert_eq!(rig.frames(), ["4moved"]);
    }
    let mut rig = Rig::probing();
    rig.handle(Input::SocketGarbage(socket(1)));
    assert_eq!(rig.effects.close_socket, Some(socket(1)));
    assert!(rig.session.is_open());
}

#[test]
fn a_probing_socket_that_is_lost_or_too_slow_leaves_polling_alive() {
    let mut rig = Rig::probing();
    assert_eq!(
        rig.closed_by(Input::SocketLost(socket(1), CloseReason::TransportError)),
        None
    );
    rig.handle(Input::SocketOpened(socket(2), false));
    assert_eq!(rig.effects.close_socket, None);
    rig.wait(9_999);
    assert_eq!(rig.effects.close_socket, None);
    rig.wait(1);
    assert_eq!(rig.effects.close_socket, Some(socket(2)));
    assert_eq!(rig.effects.closed, None);
    rig.send("4alive");
    assert_eq!(rig.poll().as_deref(), Some("4alive"));
}

#[test]
fn a_second_socket_is_closed_and_the_first_unaffected() {
    for mut rig in [
        Rig::probing(),
        Rig::websocket(),
        Rig::closing(),
        Rig::closed(),
    ] {
        assert_eq!(rig.closed_by(Input::SocketOpened(socket(2), false)), None);
        assert_eq!(rig.effects.close_socket, Some(socket(2)));
        assert_eq!(
            rig.closed_by(Input::SocketReceived(socket(2), Packet::Upgrade)),
            None
        );
        assert_eq!(rig.closed_by(Input::SocketGarbage(socket(2))), None);
        assert_eq!(
            rig.closed_by(Input::SocketLost(
                socket(2),
                CloseReason::TransportClose { goodbye: false }
            )),
            None
        );
    }
    let mut rig = Rig::websocket();
    rig.handle(Input::SocketOpened(socket(2), false));
    rig.send("4x");
    assert_eq!(rig.frames(), ["4x"]);
}

#[test]
fn upgrades_that_are_switched_off_are_refused() {
    let mut rig = Rig::polling();
    rig.settings.allow_upgrades = false;
    rig.handle(Input::SocketOpened(socket(1), false));
    assert_eq!(rig.effects.close_socket, Some(socket(1)));
}

#[test]
fn an_upgraded_session_refuses_polls_and_posts_and_drops_what_was_posted() {
    let mut rig = Rig::websocket();
    assert_eq!(
        rig.handle(Input::PollStarted),
        Step::Refused(Reject::BadRequest)
    );
    assert_eq!(
        rig.handle(Input::PostStarted),
        Step::Refused(Reject::BadRequest)
    );
    assert_eq!(rig.handle(Input::Posted(text("late"))), Step::Done);
    assert_eq!(rig.closed_by(Input::PostedGarbage), None);
    assert_eq!(rig.closed_by(Input::PollAborted), None);
    assert_eq!(rig.closed_by(Input::PostAborted), None);
    assert_eq!(
        rig.handle(Input::SocketReceived(socket(1), text("x"))),
        Step::Message(Message::Text("x"))
    );
}

#[test]
fn a_ping_that_left_by_polling_may_be_answered_on_the_websocket() {
    let mut rig = Rig::probing();
    rig.poll();
    rig.settings.upgrade_timeout = Duration::from_secs(60);
    rig.wait(9_000);
    rig.handle(Input::SocketReceived(socket(1), Packet::Upgrade));
    rig.wait(16_000);
    assert_eq!(rig.frames(), ["2"]);
    rig.handle(Input::SocketReceived(socket(1), Packet::Pong("")));
    rig.wait(24_999);
    assert_eq!(rig.effects.closed, None);
    rig.wait(1);
    assert_eq!(rig.frames(), ["2"]);
}

#[test]
fn binary_is_what_the_socket_wants_that_the_session_has_moved_to() {
    for base64 in [true, false] {
        let mut rig = Rig::polling();
        rig.handle(Input::SocketOpened(socket(1), base64));
        assert!(!rig.session.format().base64, "not before");
        rig.handle(Input::SocketReceived(socket(1), Packet::Upgrade));
        assert_eq!(rig.session.format().base64, base64);
    }
}
