//! A server without sockets: packets in, and what it sends out, on one thread.
//!
//! A suite or a benchmark takes it in with `#[path = "../support/socketless.rs"]`.

use parlor::config::{Limits, Protocol};
use parlor::engineio::request::Request;
use parlor::engineio::session::{ConnectionKey, Encoded, Input};
use parlor::engineio::{Packet, SessionKey};
use parlor::hub::{Hub, SocketIo};
use parlor::socketio::Application;
use parlor::stats::Stats;
use slotmap::SlotMap;
use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Instant;

thread_local! {
    static DRAWN: Cell<u8> = const { Cell::new(0) };
}

/// A server without sockets, and what it sends.
pub(crate) struct Server<A> {
    hub: Hub<SocketIo<A>>,
    now: Instant,
    sockets: SlotMap<ConnectionKey, ()>,
    /// What the last message made it send, one packet behind the other.
    pub(crate) sent: Vec<u8>,
}

impl<A: Application> Server<A> {
    /// Nobody is there yet.
    pub(crate) fn new(app: A, stats: Arc<Stats>) -> Self {
        let random = || {
            DRAWN.set(DRAWN.get() + 1);
            Some([DRAWN.get(); 15])
        };
        let now = Instant::now();
        // Time stands still here, and so does the rate.
        let limits = Limits {
            max_event_rate: 100_000,
            ..Limits::room_server()
        };
        let protocol = SocketIo::new(app);
        Self {
            hub: Hub::new(Protocol::default(), limits, stats, random, now, protocol),
            now,
            sockets: SlotMap::default(),
            sent: Vec::with_capacity(4096),
        }
    }

    /// Somebody over a WebSocket, in the main namespace.
    pub(crate) fn connect(&mut self) -> (SessionKey, ConnectionKey) {
        let socket = self.sockets.insert(());
        let request = Request::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let session = self.hub.open(self.now, request, Some(socket)).unwrap();
        self.relay((session, socket), "40");
        (session, socket)
    }

    /// A message comes in, and what follows from it leaves.
    pub(crate) fn relay(&mut self, (session, socket): (SessionKey, ConnectionKey), text: &str) {
        let mut scratch = Vec::new();
        let packet = Packet::decode(text, &mut scratch).unwrap();
        let input = Input::SocketReceived(socket, packet);
        self.hub.handle(self.now, session, input).unwrap();
        self.sent.clear();
        let sent = &mut self.sent;
        self.hub.flush(|_, packet| {
            let (Encoded::Text(bytes) | Encoded::Binary(bytes)) = packet;
            sent.extend_from_slice(bytes);
        });
    }
}
