//! Several clients of a whole server without sockets, that do anything in any order, right or
//! wrong, while the application emits, asks, refuses, throws out and panics.
//!
//! What must hold, besides what [`host`] asserts in the callbacks: each client gets what its
//! sockets were sent, each packet once and in order, volatile ones perhaps not; a client that is
//! still there at the end has got all of it; and when everybody has gone nothing is left, of
//! sessions, sockets, rooms, questions, deadlines, or bytes in the shared budget.

mod clients;
mod host;
mod world;

use super::reader::Reader;
use clients::{Client, expect_heard};
use host::Host;
use parlor::config::{Limits, Protocol};
use parlor::engineio::session::Input;
use parlor::engineio::{Reject, SessionKey};
use parlor::hub::{Hub, SocketIo};
use parlor::stats::Stats;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

thread_local! {
    static DRAWN: Cell<u64> = const { Cell::new(0) };
}

/// Bytes that are different each time.
fn counted() -> Option<[u8; 15]> {
    let drawn = DRAWN.get() + 1;
    DRAWN.set(drawn);
    let mut bytes = [7; 15];
    bytes[..8].copy_from_slice(&drawn.to_le_bytes());
    Some(bytes)
}

pub(crate) fn check(data: &[u8]) {
    let mut reader = Reader::new(data);
    let mut crowd = Crowd::new(reader.byte());
    while !reader.is_empty() {
        let seat = reader.below(SEATS);
        crowd.step(seat, &mut reader);
        crowd.expect_no_other_panic();
    }
    crowd.end();
}

/// Clients at one time.
const SEATS: usize = 5;

struct Crowd {
    hub: Hub<SocketIo<Host>>,
    host: Host,
    stats: Arc<Stats>,
    now: Instant,
    clients: BTreeMap<u32, Client>,
    /// Who sits at each place now.
    seats: [u32; SEATS],
    opened: u32,
}

impl Crowd {
    fn new(start: u8) -> Self {
        let (now, stats, host) = (Instant::now(), Arc::new(Stats::default()), Host::default());
        let limits = match start & 1 {
            0 => Limits::default(),
            _ => Limits {
                max_outbox_bytes: 200,
                max_outbox_packets: 10,
                max_buffered_bytes: 8000,
                max_pending_acks: 2,
                max_rooms_per_socket: 2,
                max_namespaces: 2,
                max_event_rate: 2,
                ..Limits::default()
            },
        };
        let protocol = SocketIo::new(host.clone());
        let settings = Protocol::default();
        let hub = Hub::new(settings, limits, Arc::clone(&stats), counted, now, protocol);
        let clients = BTreeMap::new();
        let mut crowd = Self {
            hub,
            host,
            stats,
            now,
            clients,
            seats: [0; SEATS],
            opened: 0,
        };
        for seat in 0..SEATS {
            crowd.open(seat, start & 2 << seat != 0);
            // Most are in the main namespace from the start, or not much would happen.
            crowd.connect(crowd.seats[seat], "", if seat < 2 { 1 } else { 0 });
        }
        crowd
    }

    fn step(&mut self, seat: usize, reader: &mut Reader<'_>) {
        let who = self.seats[seat];
        match reader.below(32) {
            0..=3 => {
                let namespaces = ["", "/a", "/a", "/made", "/nowhere", "/panic"];
                let (namespace, flags) = (reader.choice(&namespaces), reader.byte());
                // Who joins twice is thrown out: `wrong` does that.
                if !self
                    .namespaces(who)
                    .iter()
                    .any(|joined| joined == namespace)
                {
                    self.connect(who, namespace, flags);
                }
            }
            4..=13 => self.event(who, reader),
            14 => {
                let text = format!("3%{}[{}]", reader.below(4), reader.below(3));
                self.say_in(who, reader.byte(), &text);
            }
            15 => self.say_in(who, reader.byte(), "1%"),
            16..=17 => self.poll(who),
            18..=20 => self.answer(who),
            21..=22 => self.flush(),
            23 => self.probe(who),
            24 => self.upgrade(who),
            25 => self.lose(who),
            26 => self.backlog(who, reader.flag()),
            27 => self.pass(Duration::from_millis(
                [50, 150, 6000, 46_000][reader.below(4)],
            )),
            28 => self.wrong(who, reader),
            29 => self.emit_from_outside(reader),
            30 => self.say(who, "3"),
            _ => {
                self.open(seat, reader.flag());
                self.connect(self.seats[seat], "", reader.byte());
            }
        }
    }

    /// What the host asserts ends its callback, and would go unnoticed.
    fn expect_no_other_panic(&self) {
        assert_eq!(
            self.stats.panics.get(),
            self.host.world().falls,
            "panics in callbacks"
        );
    }

    fn handle(&mut self, session: SessionKey, input: Input<'_>) -> Result<(), Reject> {
        self.host.world().turn += 1;
        self.hub.handle(self.now, session, input)
    }

    /// A new client at this place; the one before is not heard of again.
    fn open(&mut self, seat: usize, websocket: bool) {
        self.opened += 1;
        let socket = websocket.then(|| super::connection(self.opened));
        self.host.world().turn += 1;
        let opened = self.hub.open(self.now, super::request(), socket);
        let session = opened.expect("there are random bytes");
        let (polling, waiting) = (!websocket, !websocket);
        let client = Client {
            session,
            socket,
            polling,
            waiting,
            got: Vec::new(),
        };
        self.clients.insert(self.opened, client);
        self.seats[seat] = self.opened;
    }

    /// Time passes, each deadline met when it is due.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.hub.deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.host.world().turn += 1;
            self.hub.tick(self.now);
            let next = self.hub.deadline();
            assert!(
                next.is_none_or(|next| next >= self.now),
                "a deadline is left in the past"
            );
        }
        self.now = end;
    }

    fn end(mut self) {
        // What is to be told in the next turn.
        self.hub.run_queued(self.now, Waker::noop());
        let all: Vec<u32> = self.clients.keys().copied().collect();
        // Everybody takes what there is; whoever is still there must have got everything then.
        for who in &all {
            self.backlog(*who, false);
        }
        self.flush();
        for who in &all {
            self.answer(*who);
            self.poll(*who);
            self.answer(*who);
        }
        for who in &all {
            let client = &self.clients[who];
            let open = self.hub.engine().is_open(client.session);
            let expected = self.host.world().expected.remove(who).unwrap_or_default();
            expect_heard(&client.got, &expected, open);
        }
        // They go, in one way or another; who polls is found out by the heartbeat.
        for who in &all {
            self.lose(*who);
        }
        self.pass(Duration::from_secs(120));
        for who in &all {
            self.answer(*who);
        }
        self.flush();
        assert_eq!(self.hub.engine().len(), 0, "sessions");
        assert!(self.hub.protocol().registry().is_empty(), "sockets");
        assert_eq!(self.hub.protocol().registry().rooms_len(), 0, "rooms");
        assert_eq!(self.stats.buffered(), 0, "bytes in the budget");
        self.pass(Duration::from_secs(3600));
        assert_eq!(self.hub.deadline(), None);
        self.expect_no_other_panic();
        assert!(self.host.world().is_empty(), "{:?}", self.host.world());
    }
}
