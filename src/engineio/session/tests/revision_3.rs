//! The rows of the session's table that are otherwise for a client of revision 3: its heartbeat,
//! and the form of what a poll gets.

use super::*;

impl Rig {
    /// A polling session of revision 3 whose handshake is answered.
    pub(super) fn old() -> Self {
        let mut rig = Self::speaking(Format {
            revision: Revision::V3,
            base64: false,
        });
        rig.send("0{}");
        assert_eq!(rig.payload().as_deref(), Some("3:0{}"));
        rig
    }

    fn old_probing() -> Self {
        let mut rig = Self::old();
        rig.handle(Input::SocketOpened(socket(1), false));
        rig
    }

    fn old_websocket() -> Self {
        let mut rig = Self::old_probing();
        rig.handle(Input::SocketReceived(socket(1), Packet::Ping("probe")));
        assert_eq!(rig.effects.probe_reply, Some(socket(1)));
        rig.handle(Input::SocketReceived(socket(1), Packet::Upgrade));
        rig
    }
}

#[test]
fn a_ping_is_answered_on_the_transport_that_carries_the_session() {
    for mut rig in [Rig::old(), Rig::old_probing()] {
        rig.poll();
        assert_eq!(rig.closed_by(Input::Posted(Packet::Ping(""))), None);
        assert_eq!(rig.payload().as_deref(), Some("1:3"));
    }
    let mut rig = Rig::old_websocket();
    // Whatever is behind a ping that is no probe, the reference server answers the same.
    for ping in ["", "probe"] {
        let input = Input::SocketReceived(socket(1), Packet::Ping(ping));
        assert_eq!(rig.closed_by(input), None);
        assert_eq!(rig.frames(), ["3"]);
    }
}

#[test]
fn a_pong_ends_the_session() {
    for mut rig in [Rig::old(), Rig::old_probing()] {
        assert_eq!(
            rig.closed_by(Input::Posted(Packet::Pong(""))),
            Some(CloseReason::TransportError)
        );
    }
    let input = Input::SocketReceived(socket(1), Packet::Pong(""));
    let mut rig = Rig::old_websocket();
    assert_eq!(rig.closed_by(input), Some(CloseReason::TransportError));
    assert_eq!(rig.effects.close_socket, Some(socket(1)));
    let mut rig = Rig::old_probing();
    assert_eq!(rig.closed_by(input), None, "only the probe has failed");
    assert_eq!(rig.effects.close_socket, Some(socket(1)));
}

#[test]
fn a_client_that_stops_to_ping_is_closed_and_never_pinged() {
    for mut rig in [Rig::old(), Rig::old_websocket()] {
        rig.wait(44_999);
        assert_eq!(rig.effects.closed, None);
        rig.wait(1);
        assert_eq!(rig.effects.closed, Some(CloseReason::PingTimeout));
        assert!(rig.frames().is_empty());
    }
}

#[test]
fn only_a_ping_puts_the_end_off() {
    let mut rig = Rig::old_websocket();
    rig.wait(40_000);
    rig.handle(Input::SocketReceived(socket(1), Packet::Ping("")));
    rig.wait(40_000);
    rig.handle(Input::SocketReceived(socket(1), text("x")));
    rig.wait(4_999);
    assert_eq!(rig.effects.closed, None);
    rig.wait(1);
    assert_eq!(rig.effects.closed, Some(CloseReason::PingTimeout));
}

#[test]
fn who_pings_without_reading_is_closed_when_the_outbox_is_full() {
    let mut rig = Rig::old();
    rig.limits.max_outbox_packets = 2;
    for _ in 0..2 {
        assert_eq!(rig.closed_by(Input::Posted(Packet::Ping(""))), None);
    }
    assert_eq!(
        rig.closed_by(Input::Posted(Packet::Ping(""))),
        Some(CloseReason::TransportError)
    );
}

#[test]
fn what_releases_a_poll_is_behind_its_length() {
    let mut rig = Rig::old_probing();
    rig.poll();
    rig.handle(Input::SocketReceived(socket(1), Packet::Ping("probe")));
    rig.wait(100);
    assert_eq!(rig.payload().as_deref(), Some("1:6"));

    let mut rig = Rig::old();
    rig.poll();
    rig.handle(Input::Close(CloseReason::ForcedClose));
    assert_eq!(rig.payload().as_deref(), Some("1:1"));

    let mut rig = Rig::old();
    rig.send("4last");
    rig.handle(Input::Close(CloseReason::ForcedClose));
    assert_eq!(rig.poll().as_deref(), Some("5:4last"));
    assert_eq!(rig.poll().as_deref(), Some("1:61:1"));
    assert!(rig.session.is_finished());
}
