//! What a relayed message allocates once the buffers have grown: nothing, from the WebSocket of one
//! to that of another.

use allocation_counter::measure;
use parlor::chat::Chat;
use parlor::config::{Limits, Protocol};
use parlor::engineio::request::Request;
use parlor::engineio::session::{ConnectionKey, Encoded, Input};
use parlor::engineio::{Packet, SessionKey};
use parlor::hub::{Hub, SocketIo};
use parlor::socketio::{Application, Argument, Event, Handshake, Io, SocketKey};
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
struct Server<A> {
    hub: Hub<SocketIo<A>>,
    now: Instant,
    sockets: SlotMap<ConnectionKey, ()>,
    sent: Vec<u8>,
}

impl<A: Application> Server<A> {
    fn new(app: A, stats: Arc<Stats>) -> Self {
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

    fn connect(&mut self) -> (SessionKey, ConnectionKey) {
        let socket = self.sockets.insert(());
        let request = Request::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let session = self.hub.open(self.now, request, Some(socket)).unwrap();
        self.relay((session, socket), "40");
        (session, socket)
    }

    /// A message comes in, and what follows from it leaves.
    fn relay(&mut self, (session, socket): (SessionKey, ConnectionKey), text: &str) {
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

    /// Allocations of a hundred messages, after a hundred others.
    fn allocations(&mut self, from: (SessionKey, ConnectionKey), text: &str, sent: &str) -> u64 {
        for _ in 0..100 {
            self.relay(from, text);
            assert_eq!(String::from_utf8_lossy(&self.sent), sent);
        }
        let measured = measure(|| (0..100).for_each(|_| self.relay(from, text)));
        assert_eq!(measured.bytes_current, 0, "nothing piles up");
        measured.count_total
    }
}

#[test]
fn a_candidate_is_relayed_to_the_peer_without_an_allocation() {
    let stats = Arc::new(Stats::default());
    let mut server = Server::new(Chat::new(10, Arc::clone(&stats)), stats);
    let (one, two) = (server.connect(), server.connect());
    for person in [one, two] {
        server.relay(person, "42[\"join\",\"kitchen\"]");
    }
    let text = "42[\"candidate\",{\"candidate\":\"candidate:1 1 UDP\"},\"kitchen\"]";
    let sent = "42[\"candidate\",{\"candidate\":\"candidate:1 1 UDP\"}]";
    assert_eq!(server.allocations(one, text, sent), 0);
}

/// Everybody else hears what somebody says, or whispers in the room `r`.
struct Shout;

impl Application for Shout {
    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        let first = event.args.get(0);
        let arg = first.as_ref().map(|arg| arg as &dyn Argument);
        let others = io.others(event.socket);
        let to = match event.name {
            "whisper" => others.to("r"),
            _ => others,
        };
        to.emit("said", arg.as_slice()).unwrap();
    }

    fn connect(&mut self, io: &mut Io<'_>, socket: SocketKey, _: &Handshake<'_>) {
        io.join(socket, "r").unwrap();
    }
}

#[test]
fn a_broadcast_is_encoded_and_delivered_without_an_allocation() {
    let mut server = Server::new(Shout, Arc::new(Stats::default()));
    let all = [server.connect(), server.connect(), server.connect()];
    let sent = "42[\"said\",\"hello\"]".repeat(2);
    assert_eq!(
        server.allocations(all[0], "42[\"say\",\"hello\"]", &sent),
        0
    );
}

#[test]
fn a_broadcast_to_rooms_allocates_the_list_of_their_names_and_nothing_else() {
    let mut server = Server::new(Shout, Arc::new(Stats::default()));
    let all = [server.connect(), server.connect(), server.connect()];
    let sent = "42[\"said\",\"hello\"]".repeat(2);
    let text = "42[\"whisper\",\"hello\"]";
    // One for a hundred receivers as for one, and freed at once: not worth a bound on names.
    assert_eq!(server.allocations(all[0], text, &sent), 100);
}
