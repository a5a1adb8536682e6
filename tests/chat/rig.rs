//! A room server without sockets: people come, say things as text messages, and are asked what
//! they got.

use parlor::chat::Chat;
use parlor::config::{Limits, Protocol};
use parlor::engineio::packet::Packet;
use parlor::engineio::session::{ConnectionKey, Encoded, Input};
use parlor::engineio::{CloseReason, Request, SessionKey};
use parlor::hub::{Hub, SocketIo};
use parlor::stats::Stats;
use slotmap::SlotMap;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Time for which a seat is held.
pub(crate) const HOLD: Duration = Duration::from_secs(120);

static DRAWN: AtomicU64 = AtomicU64::new(0);

fn counted() -> Option<[u8; 15]> {
    let mut bytes = [7; 15];
    bytes[..8].copy_from_slice(&DRAWN.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    Some(bytes)
}

/// Somebody with a WebSocket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person {
    socket: ConnectionKey,
    session: SessionKey,
}

pub(crate) struct Rig {
    hub: Hub<SocketIo<Chat>>,
    pub(crate) stats: Arc<Stats>,
    now: Instant,
    sockets: SlotMap<ConnectionKey, ()>,
    frames: BTreeMap<ConnectionKey, Vec<String>>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with_rooms(100)
    }

    pub(crate) fn with_rooms(max_rooms: usize) -> Self {
        Self::holding(max_rooms, HOLD)
    }

    pub(crate) fn holding(max_rooms: usize, hold: Duration) -> Self {
        Self::with_chat(|stats| Chat::new(max_rooms, hold, stats))
    }

    /// A server that asks for a passcode.
    pub(crate) fn with_passcode(passcode: &'static str) -> Self {
        Self::with_chat(|stats| {
            Chat::new(100, HOLD, stats).with_passcode(move |word| word == passcode)
        })
    }

    fn with_chat(chat: impl FnOnce(Arc<Stats>) -> Chat) -> Self {
        let (now, stats) = (Instant::now(), Arc::new(Stats::default()));
        let chat = SocketIo::new(chat(Arc::clone(&stats)));
        let hub = Hub::new(
            Protocol::default(),
            Limits::room_server(),
            Arc::clone(&stats),
            counted,
            now,
            chat,
        );
        Self {
            hub,
            stats,
            now,
            sockets: SlotMap::default(),
            frames: BTreeMap::new(),
        }
    }

    /// Somebody connects.
    pub(crate) fn person(&mut self) -> Person {
        self.person_with("")
    }

    /// Somebody connects with the n-th of all keys.
    pub(crate) fn with_key(&mut self, n: u8) -> Person {
        self.person_with(&format!("{{\"seat\":\"{}\"}}", key(n)))
    }

    /// Somebody connects with this auth object.
    pub(crate) fn person_with(&mut self, auth: &str) -> Person {
        let person = self.visitor();
        self.say(person, &format!("40{auth}"));
        let got = self.got(person);
        assert!(got[0].starts_with("40{\"sid\":\""), "{got:?}");
        person
    }

    /// Somebody opens a session, and has not connected yet.
    pub(crate) fn visitor(&mut self) -> Person {
        let socket = self.sockets.insert(());
        let request = Request::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let session = self.hub.open(self.now, request, Some(socket)).unwrap();
        let person = Person { socket, session };
        let got = self.got(person);
        assert!(got[0].starts_with("0{\"sid\":\""), "{got:?}");
        person
    }

    /// Two people who have joined the room `kitchen`.
    pub(crate) fn pair(&mut self) -> (Person, Person) {
        let (first, second) = (self.person(), self.person());
        self.couple(first, second);
        (first, second)
    }

    /// The same with the keys 1 and 2, and the first has made an offer: so both know of each other.
    pub(crate) fn pair_with_keys(&mut self) -> (Person, Person) {
        let (first, second) = (self.with_key(1), self.with_key(2));
        self.couple(first, second);
        self.say(first, "42[\"offer\",0,\"kitchen\"]");
        assert_eq!(self.got(second), ["42[\"offer\",0]"]);
        (first, second)
    }

    fn couple(&mut self, first: Person, second: Person) {
        self.say(first, "42[\"join\",\"kitchen\"]");
        self.say(second, "42[\"join\",\"kitchen\"]");
        assert_eq!(self.got(first), ["42[\"created\"]"]);
        assert_eq!(self.got(second), ["42[\"joined\"]"]);
    }

    pub(crate) fn say(&mut self, person: Person, text: &str) {
        let mut scratch = Vec::new();
        let packet = Packet::decode(text, &mut scratch).expect("a packet");
        let input = Input::SocketReceived(person.socket, packet);
        // Refused only if the session is gone, as it is for a real socket.
        let _ = self.hub.handle(self.now, person.session, input);
    }

    /// What somebody got since the last time.
    pub(crate) fn got(&mut self, person: Person) -> Vec<String> {
        self.flush();
        self.frames.remove(&person.socket).unwrap_or_default()
    }

    fn flush(&mut self) {
        let frames = &mut self.frames;
        self.hub.flush(|to, packet| {
            let (Encoded::Text(bytes) | Encoded::Binary(bytes)) = packet;
            let text = String::from_utf8_lossy(bytes).into_owned();
            assert!(!text.contains(KEYS), "no key is sent to anybody: {text}");
            frames.entry(to).or_default().push(text);
        });
        for to in self.hub.engine().take_close_sockets() {
            frames.entry(to).or_default().push("(close)".to_owned());
        }
    }

    /// Somebody's connection breaks.
    pub(crate) fn lose(&mut self, person: Person) {
        self.end(person, CloseReason::TransportError);
    }

    /// Somebody's WebSocket ends.
    pub(crate) fn end(&mut self, person: Person, reason: CloseReason) {
        let input = Input::SocketLost(person.socket, reason);
        let _ = self.hub.handle(self.now, person.session, input);
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.hub.deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.hub.tick(self.now);
        }
        self.now = end;
    }

    /// Time passes, in which these people answer every heartbeat.
    pub(crate) fn pass_with(&mut self, people: &[Person], time: Duration) {
        let end = self.now + time;
        while self.now < end {
            for person in people {
                self.say(*person, "3");
            }
            self.pass((end - self.now).min(Duration::from_secs(20)));
            self.flush();
            for person in people {
                let got = self.frames.entry(person.socket).or_default();
                got.retain(|frame| frame != "2");
            }
        }
    }

    pub(crate) fn stop(&mut self) {
        self.hub.shut_down(self.now);
    }

    /// Rooms in which a seat is taken or held.
    pub(crate) fn rooms(&self) -> usize {
        self.hub.protocol().app().lobby().len()
    }

    pub(crate) fn is_empty(&mut self) -> bool {
        self.hub.engine().is_empty() && self.rooms() == 0 && self.stats.buffered() == 0
    }
}

/// What all keys begin with.
const KEYS: &str = "5ea75ea75ea75ea7";

/// The n-th key.
fn key(n: u8) -> String {
    format!("{KEYS}{n:016x}")
}
