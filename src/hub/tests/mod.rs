//! The hub without sockets: whole sessions are opened, fed and drained, and what leaves is
//! compared with the exact text of the wire. Here the rig; [`actor`] is the application.

mod acks;
mod actor;
mod binary;
mod broadcasting;
mod clock;
mod closing;
mod connecting;
mod deciding;
mod events;
mod floods;
mod handles;
mod legacy;
mod limits;
mod panics;
mod random;
mod recovering;
mod ticking;
mod worst;

use super::*;
use crate::config::Limits;
use crate::engineio::packet::Message;
use crate::engineio::{CloseReason, Packet, Request};
use crate::socketio::Application;
use actor::{Actor, Log};
use slotmap::SlotMap;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::time::Duration;

thread_local! {
    static DRAWN: Cell<u64> = const { Cell::new(0) };
    /// From which draw on the source fails.
    static NO_MORE: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// Bytes that are different each time and the same in each run.
fn counted() -> Option<[u8; 15]> {
    let drawn = DRAWN.get() + 1;
    DRAWN.set(drawn);
    let mut bytes = [7; 15];
    bytes[..8].copy_from_slice(&drawn.to_le_bytes());
    (drawn < NO_MORE.get()).then_some(bytes)
}

/// A client on a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ws {
    socket: ConnectionKey,
    session: SessionKey,
}

struct Rig<A = Actor> {
    hub: Hub<SocketIo<A>>,
    stats: Arc<Stats>,
    now: Instant,
    sockets: SlotMap<ConnectionKey, ()>,
    /// What left by each WebSocket: text as it is, binary in angle brackets, `3probe`, and
    /// `(close)`.
    frames: BTreeMap<ConnectionKey, Vec<String>>,
}

impl Rig {
    fn new() -> (Self, Log) {
        Self::limited(Limits::default())
    }

    fn limited(limits: Limits) -> (Self, Log) {
        let log = Log::default();
        (Self::of(limits, Actor::new(log.clone())), log)
    }
}

impl<A: Application> Rig<A> {
    fn of(limits: Limits, app: A) -> Self {
        Self::configured(config::Protocol::default(), limits, SocketIo::new(app))
    }

    fn configured(settings: config::Protocol, limits: Limits, protocol: SocketIo<A>) -> Self {
        let stats = Arc::new(Stats::default());
        let now = Instant::now();
        Self {
            hub: Hub::new(settings, limits, Arc::clone(&stats), counted, now, protocol),
            stats,
            now,
            sockets: SlotMap::default(),
            frames: BTreeMap::new(),
        }
    }

    fn open(&mut self, socket: Option<ConnectionKey>) -> Result<SessionKey, Reject> {
        self.hub.open(self.now, request(), socket)
    }

    /// A client on a WebSocket, its open packet read.
    fn websocket(&mut self) -> Ws {
        let socket = self.sockets.insert(());
        let session = self.open(Some(socket)).expect("a session");
        let ws = Ws { socket, session };
        let frames = self.drain(ws);
        assert!(
            matches!(frames.as_slice(), [open] if open.starts_with("0{\"sid\":\"")),
            "{frames:?}"
        );
        ws
    }

    /// A client on a WebSocket that is in these namespaces.
    fn joined(&mut self, namespaces: &[&str]) -> Ws {
        let ws = self.websocket();
        for namespace in namespaces {
            self.join(ws, namespace);
        }
        ws
    }

    /// Joins a namespace; returns the socket's id.
    fn join(&mut self, ws: Ws, namespace: &str) -> String {
        let prefix = match namespace {
            "/" => "40".to_owned(),
            other => format!("40{other},"),
        };
        self.send(ws, &prefix);
        let frames = self.drain(ws);
        let [answer] = frames.as_slice() else {
            panic!("one answer to a connect, not {frames:?}")
        };
        let sid = answer
            .strip_prefix(&prefix)
            .and_then(|rest| rest.strip_prefix("{\"sid\":\""))
            .and_then(|rest| rest.strip_suffix("\"}"));
        sid.unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// A polling client whose handshake is answered.
    fn polling(&mut self) -> SessionKey {
        let session = self.open(None).expect("a session");
        let open = self.answer(session).unwrap_or_default();
        assert!(open.starts_with("0{\"sid\":\""), "{open}");
        session
    }

    /// A text message comes in on a WebSocket.
    fn send(&mut self, ws: Ws, text: &str) {
        let mut scratch = Vec::new();
        let input = match Packet::decode(text, &mut scratch) {
            Ok(packet) => Input::SocketReceived(ws.socket, packet),
            Err(_) => Input::SocketGarbage(ws.socket),
        };
        // Refused only if the session is gone, as it is for a real socket.
        let _ = self.hub.handle(self.now, ws.session, input);
    }

    /// A binary message comes in on a WebSocket.
    fn send_binary(&mut self, ws: Ws, bytes: &[u8]) {
        let packet = Packet::Message(Message::Binary(bytes));
        let input = Input::SocketReceived(ws.socket, packet);
        let _ = self.hub.handle(self.now, ws.session, input);
    }

    /// A WebSocket ends.
    fn lose(&mut self, ws: Ws) {
        let input = Input::SocketLost(ws.socket, CloseReason::TransportClose { goodbye: false });
        let _ = self.hub.handle(self.now, ws.session, input);
    }

    /// A whole POST.
    fn post(&mut self, session: SessionKey, body: &str) -> Result<(), Reject> {
        self.hub.handle(self.now, session, Input::PostStarted)?;
        for text in body.split('\u{1e}') {
            let mut scratch = Vec::new();
            let input = match Packet::decode(text, &mut scratch) {
                Ok(packet) => Input::Posted(packet),
                Err(_) => Input::PostedGarbage,
            };
            let _ = self.hub.handle(self.now, session, input);
        }
        let _ = self.hub.handle(self.now, session, Input::PostFinished);
        Ok(())
    }

    /// A GET begins; the answer if there is one at once.
    fn poll(&mut self, session: SessionKey) -> Result<Option<String>, Reject> {
        self.hub.handle(self.now, session, Input::PollStarted)?;
        Ok(self.answer(session))
    }

    /// The answer for the GET that waits.
    fn answer(&mut self, session: SessionKey) -> Option<String> {
        let (payload, _) = self.hub.take_payload(session)?;
        Some(String::from_utf8(payload.bytes).expect("a payload is text"))
    }

    /// Flushes, and takes what left by this WebSocket.
    fn drain(&mut self, ws: Ws) -> Vec<String> {
        self.flush();
        self.frames.remove(&ws.socket).unwrap_or_default()
    }

    /// As the flusher does it.
    fn flush(&mut self) {
        let frames = &mut self.frames;
        self.hub.flush(|to, packet| {
            let (open, bytes, close) = match packet {
                Encoded::Text(text) => ("", text, ""),
                Encoded::Binary(bytes) => ("<", bytes, ">"),
            };
            let frame = format!("{open}{}{close}", String::from_utf8_lossy(bytes));
            frames.entry(to).or_default().push(frame);
        });
        for to in self.hub.engine().take_probe_replies() {
            frames.entry(to).or_default().push("3probe".to_owned());
        }
        for to in self.hub.engine().take_close_sockets() {
            frames.entry(to).or_default().push("(close)".to_owned());
        }
    }

    /// Time passes, each deadline met when it is due.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.hub.deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.hub.tick(self.now);
        }
        self.now = end;
    }

    /// Nothing of anybody is left.
    fn expect_empty(&mut self) {
        self.flush();
        assert_eq!(self.hub.engine().len(), 0, "sessions");
        assert!(self.hub.protocol().clients.is_empty(), "clients");
        assert!(self.hub.protocol().registry().is_empty(), "sockets");
        assert_eq!(self.hub.protocol().registry().rooms_len(), 0, "rooms");
        assert_eq!(self.stats.buffered(), 0, "bytes in the budget");
        assert!(self.hub.protocol().pending.is_empty(), "decisions");
        assert_eq!(self.hub.protocol().registry().questions_len(), 0);
        self.hub.protocol().registry().expect_consistent();
    }
}

fn request() -> Request {
    Request::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
