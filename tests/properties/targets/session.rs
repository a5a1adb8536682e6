//! One Engine.IO session, of either revision, and everything that can happen to it, against a model
//! that only knows what was sent, who waits and which WebSockets are open (Engine.IO v4 "Upgrade").
//!
//! What must hold after each step:
//! * what leaves is all that was sent and has not left yet, in order, by whichever transport;
//! * bytes in the outbox are counted exactly, and the limits hold exactly;
//! * the end is told once; nobody waits for a session that is over: its poll has an answer, its
//!   post is cut off, its WebSockets have been told to close;
//! * a message goes up only from the transport that carries the session;
//! * when a tick is over the next one is due later.

mod inputs;

use super::reader::Reader;
use parlor::config::{Limits, Protocol};
use parlor::engineio::revision::{Format, Revision};
use parlor::engineio::session::{ConnectionKey, Context, Effects, Input, Pool, Step};
use parlor::engineio::{Message, Packet, Session};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

pub(crate) fn check(data: &[u8]) {
    let mut reader = Reader::new(data);
    let mut life = Life::new(&mut reader);
    while !reader.is_empty() {
        life.step(&mut reader);
    }
    life.end();
}

/// What a packet is on its way out, as text: `4...` or `binary ...`.
type Sent = String;

/// A WebSocket that has not been lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Socket {
    Open,
    /// It was told to close.
    Closing,
}

struct Life {
    session: Session,
    settings: Protocol,
    limits: Limits,
    pool: Pool,
    now: Instant,
    /// Whether the client keeps to the protocol: it lives longer.
    behaves: bool,
    revision: Revision,
    sent: u32,
    /// What has not left yet, and the bytes that each part is counted with.
    queue: VecDeque<(Sent, usize)>,
    polling: bool,
    reading: bool,
    cut: bool,
    ended: bool,
    sockets: BTreeMap<ConnectionKey, Socket>,
    opened: u32,
}

impl Life {
    fn new(reader: &mut Reader<'_>) -> Self {
        let now = Instant::now();
        let (settings, mut limits) = (Protocol::default(), Limits::default());
        let start = reader.byte();
        if start & 1 != 0 {
            (limits.max_outbox_packets, limits.max_outbox_bytes) = (6, 40);
        }
        let revision = match start & 16 {
            0 => Revision::V4,
            _ => Revision::V3,
        };
        let format = Format {
            revision,
            base64: start & 32 != 0,
        };
        let mut sockets = BTreeMap::new();
        let session = match start & 2 {
            0 => Session::polling(now, &settings, format),
            _ => {
                sockets.insert(super::connection(0), Socket::Open);
                Session::websocket(super::connection(0), now, &settings, format)
            }
        };
        Self {
            session,
            settings,
            limits,
            pool: Pool::default(),
            now,
            behaves: start & 12 != 0,
            revision,
            sent: 0,
            queue: VecDeque::new(),
            polling: start & 2 == 0,
            reading: false,
            cut: false,
            ended: false,
            sockets,
            opened: 0,
        }
    }

    fn step(&mut self, reader: &mut Reader<'_>) {
        match reader.below(32) {
            0..=4 => self.send(reader.byte()),
            5..=8 if !self.behaves || self.may_poll() => self.poll(),
            9..=11 => self.answer(),
            12..=13 => self.drain(),
            14 if self.behaves && self.reading => self.post_finished(),
            14..=15 if !self.behaves || self.may_post() => self.post(),
            16..=17 => self.posted(reader.byte()),
            18 if self.reading => self.post_finished(),
            19..=20 if !self.behaves || self.sockets.is_empty() => self.open_socket(),
            21 => self.packet(reader, Packet::Ping("probe")),
            // A client upgrades once its poll has come back and its post was answered.
            22 if !self.behaves || !(self.polling || self.reading) => {
                self.packet(reader, Packet::Upgrade);
            }
            23..=24 => self.pass(Duration::from_millis(reader.wide().into())),
            25 => self.late(Duration::from_millis(reader.wide().into())),
            26 => self.pong(reader),
            27 => self.packet(reader, Packet::Message(Message::Text("up"))),
            28 => self.lose(reader),
            29 if !self.behaves => self.abort(reader.flag()),
            30 if !self.behaves => self.garbage(reader),
            31 if !self.behaves => self.close(reader.flag()),
            _ => {}
        }
    }

    /// Handles one input, and holds what must hold after any.
    fn handle<'p>(&mut self, input: Input<'p>) -> (Step<'p>, Effects) {
        let was_open = self.session.is_open();
        let was_known = self.session.is_known();
        let before = self.session.buffered_bytes();
        let mut effects = Effects::default();
        let step = self.session.handle(
            input,
            &mut Context {
                now: self.now,
                settings: &self.settings,
                limits: &self.limits,
                pool: &mut self.pool,
                effects: &mut effects,
            },
        );
        let ends = was_open && !self.session.is_open();
        assert_eq!(
            effects.closed.is_some(),
            ends,
            "{input:?}: the end is told once"
        );
        assert!(!(ends && self.ended), "a session ends once");
        self.ended |= ends;
        assert!(
            was_known || !self.session.is_known(),
            "what is over stays over"
        );
        self.cut |= effects.cut_post;
        if let Some(socket) = effects.close_socket {
            let before = self.sockets.insert(socket, Socket::Closing);
            assert_eq!(
                before,
                Some(Socket::Open),
                "{input:?}: told to close twice, or gone"
            );
        }
        if let Some(socket) = effects.probe_reply {
            assert_eq!(self.sockets.get(&socket), Some(&Socket::Open), "{input:?}");
        }
        if let Input::Discard(_) = input {
            self.queue.clear();
        }
        if self.session.buffered_bytes() > before {
            // The heartbeat is the one thing that a session sends by itself.
            let beat = if input == Input::Tick { "2" } else { "3" };
            self.queue.push_back((beat.to_owned(), 1));
        }
        self.expect_sound(input);
        (step, effects)
    }

    fn expect_sound(&mut self, input: Input<'_>) {
        let bytes: usize = self.queue.iter().map(|(_, bytes)| bytes).sum();
        assert_eq!(
            self.session.buffered_bytes(),
            bytes,
            "{input:?}: bytes in the outbox"
        );
        let known = self.session.is_known();
        assert_eq!(
            self.session.deadline().is_some(),
            known,
            "{input:?}: due while it lives"
        );
        assert_eq!(self.session.is_open(), !self.ended);
        assert!(self.session.is_open() || !self.session.is_writable());
        let open = self
            .sockets
            .values()
            .filter(|socket| **socket == Socket::Open);
        assert!(
            open.count() <= usize::from(!self.ended),
            "{input:?}: sockets left open"
        );
        if !known {
            let answered = !self.polling || self.session.has_payload();
            assert!(
                answered,
                "{input:?}: a poll waits for a session that is over"
            );
            assert!(!self.reading || self.cut, "{input:?}: so does a post");
        }
        let carrier = self.session.socket_outbox().map(|(carrier, _)| carrier);
        assert!(carrier.is_none_or(|carrier| self.sockets.contains_key(&carrier)));
        let waits = self.polling || self.reading || known || carrier.is_some();
        assert_eq!(self.session.is_finished(), !waits, "{input:?}: finished");
    }

    /// Time passes, and each deadline is met.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.session.deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.tick();
        }
        self.now = end;
    }

    /// Time passes, and the tick comes late.
    fn late(&mut self, time: Duration) {
        self.now += time;
        self.tick();
    }

    fn tick(&mut self) {
        self.handle(Input::Tick);
        let next = self.session.deadline();
        assert!(next.is_none_or(|at| at > self.now), "due again at once");
    }

    /// Nobody says anything any more: the heartbeat ends the session, and nothing of it is left.
    fn end(mut self) {
        self.pass(Duration::from_secs(25 + 20 + 30 + 1));
        assert!(!self.session.is_known(), "time ends every session");
        self.answer();
        assert!(!self.polling);
        if self.reading {
            self.post_finished();
        }
        self.drain();
        while let Some(socket) = self.sockets.keys().next().copied() {
            self.lost(socket);
        }
        assert!(self.session.is_finished());
    }
}
