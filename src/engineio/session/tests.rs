//! Every row of the table in the session's header: here those of one transport, in [`closing`]
//! those of the end, in [`upgrade`] those of the change from one to the other, in
//! [`revision_3`] those that are otherwise for its clients. What must hold for any order of
//! them is a property (`tests/properties`).

mod closing;
mod revision_3;
mod upgrade;

use super::*;
use crate::config::Limits;
use crate::engineio::packet::Message;
use slotmap::{Key as _, KeyData};

struct Rig {
    session: Session,
    settings: Protocol,
    limits: Limits,
    pool: Pool,
    effects: Effects,
    now: Instant,
}

fn socket(n: u64) -> ConnectionKey {
    KeyData::from_ffi(n | 1 << 32).into()
}

fn text(text: &str) -> Packet<'_> {
    Packet::Message(Message::Text(text))
}

impl Rig {
    fn new() -> Self {
        Self::speaking(Format::default())
    }

    fn speaking(format: Format) -> Self {
        let (now, settings) = (Instant::now(), Protocol::default());
        Self {
            session: Session::polling(now, &settings, format),
            settings,
            limits: Limits::default(),
            pool: Pool::default(),
            effects: Effects::default(),
            now,
        }
    }

    /// A polling session whose handshake is answered.
    fn polling() -> Self {
        let mut rig = Self::new();
        rig.send("0{}");
        assert_eq!(rig.payload().as_deref(), Some("0{}"));
        rig
    }

    fn probing() -> Self {
        let mut rig = Self::polling();
        rig.handle(Input::SocketOpened(socket(1), false));
        rig
    }

    fn websocket() -> Self {
        let mut rig = Self::probing();
        rig.handle(Input::SocketReceived(socket(1), Packet::Ping("probe")));
        rig.handle(Input::SocketReceived(socket(1), Packet::Upgrade));
        rig
    }

    fn closing() -> Self {
        let mut rig = Self::polling();
        rig.handle(Input::Close(CloseReason::ForcedClose));
        rig
    }

    fn closed() -> Self {
        let mut rig = Self::polling();
        rig.handle(Input::Discard(CloseReason::ForcedClose));
        rig
    }

    fn handle<'p>(&mut self, input: Input<'p>) -> Step<'p> {
        self.effects = Effects::default();
        self.session.handle(
            input,
            &mut Context {
                now: self.now,
                settings: &self.settings,
                limits: &self.limits,
                pool: &mut self.pool,
                effects: &mut self.effects,
            },
        )
    }

    fn closed_by(&mut self, input: Input<'_>) -> Option<CloseReason> {
        assert_eq!(self.handle(input), Step::Done);
        self.effects.closed
    }

    fn send(&mut self, packet: &str) {
        self.session
            .send(Outgoing::Text(packet), true, &self.limits, &mut self.pool)
            .expect("fits");
    }

    fn payload(&mut self) -> Option<String> {
        self.session
            .take_payload(&mut self.pool)
            .map(|payload| String::from_utf8(payload.bytes).expect("text"))
    }

    fn poll(&mut self) -> Option<String> {
        assert_eq!(self.handle(Input::PollStarted), Step::Done);
        self.payload()
    }

    fn frames(&mut self) -> Vec<String> {
        let mut frames = Vec::new();
        let pool = &mut self.pool;
        if let Some((_, outbox)) = self.session.socket_outbox() {
            outbox.drain(pool, |packet| match packet {
                Encoded::Text(bytes) => frames.push(String::from_utf8_lossy(bytes).into_owned()),
                Encoded::Binary(bytes) => frames.push(format!("{bytes:?}")),
            });
        }
        frames
    }

    fn wait(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
        self.handle(Input::Tick);
    }
}

#[test]
fn a_poll_waits_until_there_is_data_and_gets_all_of_it() {
    let mut rig = Rig::polling();
    assert_eq!(rig.poll(), None);
    rig.send("4a");
    rig.send("4b");
    assert_eq!(rig.payload().as_deref(), Some("4a\x1e4b"));
    rig.send("4c");
    assert_eq!(rig.payload(), None);
    assert_eq!(rig.poll().as_deref(), Some("4c"));
}

#[test]
fn a_second_poll_ends_the_session_and_the_first_is_told() {
    for mut rig in [Rig::polling(), Rig::probing()] {
        assert_eq!(rig.poll(), None);
        assert_eq!(
            rig.handle(Input::PollStarted),
            Step::Refused(Reject::Conflict)
        );
        assert_eq!(rig.effects.closed, Some(CloseReason::TransportError));
        assert_eq!(rig.payload().as_deref(), Some("1"));
        assert!(rig.session.is_finished());
    }
}

#[test]
fn a_second_post_ends_the_session_and_the_first_is_cut_off() {
    for mut rig in [Rig::polling(), Rig::probing()] {
        assert_eq!(rig.handle(Input::PostStarted), Step::Done);
        assert_eq!(
            rig.handle(Input::PostStarted),
            Step::Refused(Reject::Conflict)
        );
        assert!(rig.effects.cut_post);
        assert_eq!(rig.effects.closed, Some(CloseReason::TransportError));
        rig.handle(Input::PostAborted);
        assert!(rig.session.is_finished());
    }
}

#[test]
fn a_post_whose_session_ends_is_cut_off() {
    for end in [
        Input::Discard(CloseReason::ForcedClose),
        Input::PollAborted,
        Input::PollStarted,
    ] {
        let mut rig = Rig::polling();
        rig.poll();
        rig.handle(Input::PostStarted);
        rig.handle(end);
        assert!(rig.effects.cut_post, "{end:?}");
        rig.handle(Input::PostFinished);
        rig.payload();
        assert!(rig.session.is_finished());
    }
    let mut rig = Rig::polling();
    rig.handle(Input::PostStarted);
    rig.wait(25_000);
    assert!(!rig.effects.cut_post);
    rig.wait(20_000);
    assert_eq!(rig.effects.closed, Some(CloseReason::PingTimeout));
    assert!(rig.effects.cut_post);
    let mut rig = Rig::closing();
    rig.handle(Input::PostStarted);
    rig.wait(30_000);
    assert!(rig.effects.cut_post);
}

#[test]
fn posts_one_after_the_other_are_taken() {
    let mut rig = Rig::polling();
    for _ in 0..2 {
        assert_eq!(rig.handle(Input::PostStarted), Step::Done);
        assert_eq!(
            rig.handle(Input::Posted(text("a"))),
            Step::Message(Message::Text("a"))
        );
        assert_eq!(rig.handle(Input::PostFinished), Step::Done);
    }
}

#[test]
fn a_client_that_aborts_a_poll_or_a_post_is_gone() {
    for mut rig in [Rig::polling(), Rig::probing()] {
        rig.poll();
        assert_eq!(
            rig.closed_by(Input::PollAborted),
            Some(CloseReason::TransportError)
        );
        assert!(rig.session.is_finished());
    }
    for mut rig in [Rig::polling(), Rig::probing()] {
        rig.poll();
        rig.handle(Input::PostStarted);
        assert_eq!(
            rig.closed_by(Input::PostAborted),
            Some(CloseReason::TransportError)
        );
        assert_eq!(rig.payload().as_deref(), Some("1"));
    }
}

#[test]
fn a_posted_close_answers_the_poll_with_a_noop_and_drops_what_follows() {
    for mut rig in [Rig::polling(), Rig::probing()] {
        rig.poll();
        rig.handle(Input::PostStarted);
        assert_eq!(rig.closed_by(Input::Posted(Packet::Close)), Some(GOODBYE));
        assert_eq!(rig.handle(Input::Posted(text("late"))), Step::Done);
        assert_eq!(rig.payload().as_deref(), Some("6"));
        assert!(
            !rig.session.is_finished(),
            "the post has yet to be answered"
        );
        rig.handle(Input::PostFinished);
        assert!(rig.session.is_finished());
    }
}

#[test]
fn a_client_that_pings_is_closed() {
    for mut rig in [Rig::polling(), Rig::probing()] {
        assert_eq!(
            rig.closed_by(Input::Posted(Packet::Ping(""))),
            Some(CloseReason::TransportError)
        );
    }
    let mut rig = Rig::websocket();
    assert_eq!(
        rig.closed_by(Input::SocketReceived(socket(1), Packet::Ping("probe"))),
        Some(CloseReason::TransportError)
    );
    assert_eq!(rig.effects.close_socket, Some(socket(1)));
}

#[test]
fn packets_that_only_servers_send_are_ignored() {
    for packet in [
        Packet::Open,
        Packet::Upgrade,
        Packet::Noop,
        Packet::Pong(""),
    ] {
        let mut rig = Rig::polling();
        assert_eq!(rig.closed_by(Input::Posted(packet)), None);
        let mut rig = Rig::websocket();
        assert_eq!(
            rig.closed_by(Input::SocketReceived(socket(1), packet)),
            None
        );
    }
}

#[test]
fn garbage_ends_the_session_with_a_parse_error() {
    for mut rig in [Rig::polling(), Rig::probing()] {
        rig.poll();
        assert_eq!(
            rig.closed_by(Input::PostedGarbage),
            Some(CloseReason::ParseError)
        );
        assert_eq!(rig.payload().as_deref(), Some("1"));
    }
    let mut rig = Rig::websocket();
    assert_eq!(
        rig.closed_by(Input::SocketGarbage(socket(1))),
        Some(CloseReason::ParseError)
    );
    assert_eq!(rig.effects.close_socket, Some(socket(1)));
}

#[test]
fn data_sent_before_the_end_reaches_the_waiting_poll() {
    let mut rig = Rig::polling();
    rig.poll();
    rig.send("4last");
    assert_eq!(
        rig.closed_by(Input::PostedGarbage),
        Some(CloseReason::ParseError)
    );
    assert_eq!(rig.payload().as_deref(), Some("4last"));
    assert!(rig.session.is_finished());
}

#[test]
fn a_websocket_that_ends_ends_the_session_with_its_reason() {
    for reason in [
        GOODBYE,
        CloseReason::TransportClose { goodbye: false },
        CloseReason::TransportError,
    ] {
        let mut rig = Rig::websocket();
        assert_eq!(
            rig.closed_by(Input::SocketLost(socket(1), reason)),
            Some(reason)
        );
        assert_eq!(rig.effects.close_socket, None);
        assert!(rig.session.is_finished());
    }
    let mut rig = Rig::websocket();
    assert_eq!(
        rig.closed_by(Input::SocketReceived(socket(1), Packet::Close)),
        Some(GOODBYE)
    );
    assert_eq!(rig.effects.close_socket, Some(socket(1)));
}

#[test]
fn the_heartbeat_ends_a_client_that_never_polls_and_one_that_never_answers() {
    let mut rig = Rig::polling();
    rig.wait(25_000);
    rig.wait(19_999);
    assert_eq!(rig.effects.closed, None);
    rig.wait(1);
    assert_eq!(rig.effects.closed, Some(CloseReason::PingTimeout));

    let mut rig = Rig::websocket();
    rig.wait(25_000);
    assert_eq!(rig.frames(), ["2"]);
    rig.wait(20_000);
    assert_eq!(rig.effects.closed, Some(CloseReason::PingTimeout));
    assert_eq!(rig.effects.close_socket, Some(socket(1)));
}

#[test]
fn a_reader_that_stopped_fills_its_outbox_and_no_more() {
    let mut rig = Rig::polling();
    rig.limits.max_outbox_packets = 2;
    rig.send("4a");
    rig.send("4b");
    assert_eq!(
        rig.session
            .send(Outgoing::Text("4c"), true, &rig.limits, &mut rig.pool),
        Err(OutboxFull)
    );
    rig.limits = Limits {
        max_outbox_bytes: 5,
        ..Limits::default()
    };
    assert_eq!(
        rig.session
            .send(Outgoing::Text("4c"), true, &rig.limits, &mut rig.pool),
        Err(OutboxFull)
    );
    assert_eq!(rig.poll().as_deref(), Some("4a\x1e4b"));
}

#[test]
fn keys_of_sockets_differ() {
    assert!(!socket(1).is_null());
    assert_ne!(socket(1), socket(2));
}
