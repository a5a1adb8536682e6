//! What happens to a session, and what must come of it: requests, packets, WebSockets, and what is
//! sent and leaves.

use super::{Life, Sent, Socket};
use crate::targets::connection;
use crate::targets::reader::Reader;
use parlor::engineio::handshake::Transport;
use parlor::engineio::payload::{self, Payload};
use parlor::engineio::revision::Revision;
use parlor::engineio::session::{ConnectionKey, Encoded, Input, Outgoing, Step};
use parlor::engineio::{CloseReason, Message, Packet, Reject};

impl Life {
    pub(super) fn send(&mut self, what: u8) {
        self.sent += 1;
        let number = self.sent.to_string();
        let text = format!("4{number}{}", "x".repeat((what >> 4).into()));
        let shared = bytes::Bytes::from(text.clone());
        let (packet, meant) = match what & 3 {
            0 | 1 => (Outgoing::Text(&text), text.clone()),
            2 => (Outgoing::SharedText(&shared), text.clone()),
            _ if what & 4 == 0 => (Outgoing::SharedBinary(&shared), format!("binary {text}")),
            _ => (Outgoing::Binary(text.as_bytes()), format!("binary {text}")),
        };
        let bytes: usize = self.queue.iter().map(|(_, bytes)| bytes).sum();
        let fits = self.queue.len() < self.limits.max_outbox_packets
            && bytes + text.len() <= self.limits.max_outbox_bytes;
        let was_open = self.session.is_open();
        let result = self
            .session
            .send(packet, true, &self.limits, &mut self.pool);
        assert_eq!(result.is_ok(), fits || !was_open, "the limits are exact");
        if !was_open {
            return;
        }
        if fits {
            self.queue.push_back((meant, text.len()));
        } else {
            // As the hub does with who has stopped reading.
            self.handle(Input::Discard(CloseReason::TransportError));
        }
    }

    fn carried_by(&self) -> Transport {
        self.session.transport()
    }

    pub(super) fn may_poll(&self) -> bool {
        !self.polling && self.session.is_known() && self.carried_by() == Transport::Polling
    }

    pub(super) fn may_post(&self) -> bool {
        !self.reading && self.session.is_known() && self.carried_by() == Transport::Polling
    }

    /// What a request of a polling session must get that is the second one if `second`.
    fn request(&mut self, input: Input<'_>, second: bool) -> bool {
        let expected = match self.carried_by() {
            _ if !self.session.is_known() => Step::Refused(Reject::SessionUnknown),
            Transport::WebSocket => Step::Refused(Reject::BadRequest),
            Transport::Polling if second => Step::Refused(Reject::Conflict),
            Transport::Polling => Step::Done,
        };
        // A request that is let in is there while the session looks at it.
        let (polling, reading) = (self.polling, self.reading);
        if expected == Step::Done {
            self.polling |= input == Input::PollStarted;
            self.reading |= input == Input::PostStarted;
        }
        if self.reading && !reading {
            self.cut = false;
        }
        let (step, _) = self.handle(input);
        assert_eq!(step, expected, "{input:?}");
        (self.polling, self.reading) != (polling, reading)
    }

    pub(super) fn poll(&mut self) {
        self.request(Input::PollStarted, self.polling);
    }

    pub(super) fn post(&mut self) {
        self.request(Input::PostStarted, self.reading);
    }

    /// The waiting poll gets its answer, if there is one.
    pub(super) fn answer(&mut self) {
        assert_eq!(
            self.polling && self.session.has_payload(),
            self.session.has_payload()
        );
        let has = self.session.has_payload();
        let waits_for_data = self.polling && self.session.is_open();
        let polled = self.carried_by() == Transport::Polling && waits_for_data;
        assert!(
            has || !polled || self.queue.is_empty(),
            "data for a poll that waits"
        );
        let Some(body) = self.session.take_payload(&mut self.pool) else {
            assert!(!has);
            return;
        };
        assert!(has && self.polling, "an answer that nobody waits for");
        self.polling = false;
        let got = read(&body, self.revision);
        if !matches!(got.join(" ").as_str(), "1" | "6" | "6 1") {
            self.expect_all(&got);
        }
        self.expect_sound(Input::Tick);
    }

    /// The WebSocket that carries the session takes what there is.
    pub(super) fn drain(&mut self) {
        let mut got = Vec::new();
        let Some((_, outbox)) = self.session.socket_outbox() else {
            return;
        };
        outbox.drain(&mut self.pool, |packet| {
            got.push(match packet {
                Encoded::Text(text) => String::from_utf8_lossy(text).into_owned(),
                Encoded::Binary(bytes) => binary(bytes),
            });
        });
        self.expect_all(&got);
    }

    fn expect_all(&mut self, got: &[Sent]) {
        let sent: Vec<Sent> = self.queue.drain(..).map(|(packet, _)| packet).collect();
        assert_eq!(got, sent, "lost, doubled or reordered");
    }

    pub(super) fn posted(&mut self, what: u8) {
        if !self.reading {
            return;
        }
        let packet = match what % 8 {
            0..=3 => Packet::Message(Message::Text("up")),
            4 => self.heartbeat(),
            5 => Packet::Noop,
            _ if self.behaves => Packet::Message(Message::Binary(b"up")),
            6 => Packet::Close,
            _ if self.revision == Revision::V4 => Packet::Ping(""),
            _ => Packet::Pong(""),
        };
        let carries = self.session.is_open() && self.carried_by() == Transport::Polling;
        let (step, _) = self.handle(Input::Posted(packet));
        let expected = match packet {
            Packet::Message(message) if carries => Step::Message(message),
            _ => Step::Done,
        };
        assert_eq!(step, expected, "{packet:?}");
    }

    pub(super) fn post_finished(&mut self) {
        self.reading = false;
        self.handle(Input::PostFinished);
    }

    pub(super) fn abort(&mut self, poll: bool) {
        if poll && self.polling {
            self.polling = false;
            self.handle(Input::PollAborted);
        } else if !poll && self.reading {
            self.reading = false;
            self.handle(Input::PostAborted);
        }
    }

    pub(super) fn open_socket(&mut self) {
        self.opened += 1;
        let socket = connection(self.opened);
        self.sockets.insert(socket, Socket::Open);
        self.handle(Input::SocketOpened(socket, false));
    }

    /// One of the WebSockets that are there.
    fn some_socket(&self, reader: &mut Reader<'_>) -> Option<ConnectionKey> {
        let n = reader.below(self.sockets.len().max(1));
        self.sockets.keys().nth(n).copied()
    }

    pub(super) fn packet(&mut self, reader: &mut Reader<'_>, packet: Packet<'static>) {
        let Some(socket) = self.some_socket(reader) else {
            return;
        };
        let carrier = self.session.socket_outbox().map(|(carrier, _)| carrier);
        let carries = self.session.is_open() && carrier == Some(socket);
        if self.behaves && carries != matches!(packet, Packet::Message(_)) && carrier.is_some() {
            return;
        }
        let (step, _) = self.handle(Input::SocketReceived(socket, packet));
        let expected = match packet {
            Packet::Message(message) if carries => Step::Message(message),
            _ => Step::Done,
        };
        assert_eq!(step, expected, "{packet:?}");
    }

    /// What a client keeps its session alive with.
    fn heartbeat(&self) -> Packet<'static> {
        match self.revision {
            Revision::V4 => Packet::Pong(""),
            Revision::V3 => Packet::Ping(""),
        }
    }

    pub(super) fn pong(&mut self, reader: &mut Reader<'_>) {
        let beat = self.heartbeat();
        match self.session.socket_outbox().map(|(carrier, _)| carrier) {
            Some(carrier) => {
                self.handle(Input::SocketReceived(carrier, beat));
            }
            None if self.reading => {
                self.handle(Input::Posted(beat));
            }
            None if !self.behaves => self.packet(reader, beat),
            None => {}
        }
    }

    pub(super) fn garbage(&mut self, reader: &mut Reader<'_>) {
        if reader.flag() && self.reading {
            self.handle(Input::PostedGarbage);
        } else if let Some(socket) = self.some_socket(reader) {
            self.handle(Input::SocketGarbage(socket));
        }
    }

    pub(super) fn lose(&mut self, reader: &mut Reader<'_>) {
        let Some(socket) = self.some_socket(reader) else {
            return;
        };
        let carrier = self.session.socket_outbox().map(|(carrier, _)| carrier);
        if !(self.behaves && carrier == Some(socket)) {
            self.lost(socket);
        }
    }

    pub(super) fn lost(&mut self, socket: ConnectionKey) {
        self.sockets.remove(&socket);
        self.handle(Input::SocketLost(
            socket,
            CloseReason::TransportClose { goodbye: false },
        ));
    }

    pub(super) fn close(&mut self, discard: bool) {
        self.handle(match discard {
            true => Input::Discard(CloseReason::ForcedClose),
            false => Input::Close(CloseReason::ForcedClose),
        });
    }
}

fn binary(bytes: &[u8]) -> Sent {
    format!("binary {}", String::from_utf8_lossy(bytes))
}

/// The packets of a body that a poll was answered with.
fn read(body: &Payload, revision: Revision) -> Vec<Sent> {
    let mut packets = Vec::new();
    let decoded = payload::decode(&body.bytes, revision, body.binary, |packet| {
        packets.push(match packet {
            Packet::Message(Message::Binary(bytes)) => binary(bytes),
            Packet::Message(Message::Text(text)) => format!("4{text}"),
            Packet::Ping(rest) => format!("2{rest}"),
            Packet::Pong(rest) => format!("3{rest}"),
            Packet::Open => "0".to_owned(),
            Packet::Close => "1".to_owned(),
            Packet::Upgrade => "5".to_owned(),
            Packet::Noop => "6".to_owned(),
        });
    });
    decoded.expect("is a payload");
    packets
}
