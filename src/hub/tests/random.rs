//! Clients that do anything in any order, right or wrong: nobody gets anything twice or out
//! of order, nothing panics, and nothing is left when all have gone.

use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

const PACKETS: &[&str] = &[
    "40",
    "40/a,",
    "40/nowhere,",
    "40{\"refuse\":\"no\",\"room\":\"r\",\"ask\":true}",
    "40/a,{\"room\":\"r\",\"welcome\":true,\"ask\":true}",
    "40/b,{\"panic\":true}",
    "40/made/1,",
    "41",
    "41/a,",
    "42[\"join\",\"r\"]",
    "42[\"leave\",\"r\"]",
    "42/a,[\"join\",\"r\"]",
    "42[\"join\",\"takes the others along\"]",
    "42[\"join\",\"panics\"]",
    "427[\"ask\",1]",
    "42[\"ask me\",150]",
    "42/a,[\"ask me with bytes\"]",
    "430[]",
    "43/a,1[2]",
    "461-0[{\"_placeholder\":true,\"num\":0}]",
    "452-[\"all\",{\"_placeholder\":true,\"num\":1}]",
    "42[\"volatile\",0]",
    "42[\"large\",5000]",
    "42[\"disconnect me\"]",
    "42/a,[\"close me\"]",
    "42[\"close room\",\"r\"]",
    "42[\"panic\"]",
    "44{}",
    "42{}",
    "3",
    "2",
    "1",
    "x",
    "6",
];

#[derive(Debug, Clone)]
enum Act {
    OpenSocket,
    OpenPolling,
    /// A packet out of the list, by post or socket, whatever the client has.
    Packet(usize),
    Binary,
    /// A numbered event to everybody.
    Numbered,
    Poll,
    PollAborted,
    PostAborted,
    Answer,
    Probe,
    Upgrade,
    Lose,
    Backlog(bool),
    Flush,
    Pass(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => Just(Act::OpenSocket),
        2 => Just(Act::OpenPolling),
        // Most clients are in the main namespace, or nothing would happen.
        6 => Just(Act::Packet(0)),
        12 => (0..PACKETS.len()).prop_map(Act::Packet),
        3 => Just(Act::Binary),
        12 => Just(Act::Numbered),
        5 => Just(Act::Poll),
        1 => Just(Act::PollAborted),
        1 => Just(Act::PostAborted),
        5 => Just(Act::Answer),
        2 => Just(Act::Probe),
        2 => Just(Act::Upgrade),
        1 => Just(Act::Lose),
        2 => any::<bool>().prop_map(Act::Backlog),
        4 => Just(Act::Flush),
        2 => prop_oneof![Just(50), Just(150), Just(20_000), Just(46_000)].prop_map(Act::Pass),
    ]
}

struct Party {
    ws: Ws,
    /// Whether the first transport is polling, and whether a WebSocket was opened beside it.
    polling: bool,
    opened: bool,
    waiting: bool,
    got: Vec<String>,
}

struct Crowd {
    rig: Rig,
    log: Log,
    parties: Vec<Party>,
    sent: u32,
}

impl Crowd {
    fn new() -> Self {
        let limits = Limits {
            max_outbox_bytes: 20_000,
            max_outbox_packets: 40,
            max_buffered_bytes: 60_000,
            max_pending_acks: 2,
            max_event_rate: 4,
            ..Limits::default()
        };
        let (rig, log) = Rig::limited(limits);
        Self {
            rig,
            log,
            parties: Vec::new(),
            sent: 0,
        }
    }

    fn open(&mut self, polling: bool) {
        let socket = self.rig.sockets.insert(());
        let opened = (!polling).then_some(socket);
        let session = self.rig.open(opened).expect("a session");
        self.parties.push(Party {
            ws: Ws { socket, session },
            polling,
            opened: !polling,
            waiting: polling,
            got: Vec::new(),
        });
    }

    fn say(&mut self, at: usize, text: &str) {
        let Some(party) = self.parties.get(at) else {
            return;
        };
        let ws = party.ws;
        // By both, if it has both: one of them is wrong.
        if party.opened {
            self.rig.send(ws, text);
        }
        if party.polling {
            let _ = self.rig.post(ws.session, text);
        }
    }

    fn answer(&mut self, at: usize) {
        let Some(party) = self.parties.get_mut(at) else {
            return;
        };
        if let Some(payload) = self.rig.answer(party.ws.session) {
            let packets = payload.split('\u{1e}').map(str::to_owned);
            party.got.extend(packets);
            party.waiting = false;
        }
    }

    /// Polls, as a client does that has one poll at a time.
    fn poll(&mut self, at: usize) {
        self.answer(at);
        if self.parties[at].polling && !self.parties[at].waiting {
            self.parties[at].waiting = true;
            self.act(at, &Act::Poll);
        }
    }

    /// Moves to WebSocket, as a client does that waits for its poll to come back first.
    fn upgrade(&mut self, at: usize) {
        if !self.parties[at].polling {
            return;
        }
        self.act(at, &Act::Probe);
        self.rig.pass(Duration::from_millis(100));
        self.answer(at);
        self.act(at, &Act::Upgrade);
        self.parties[at].polling = false;
    }

    fn flush(&mut self) {
        self.rig.flush();
        for party in &mut self.parties {
            let frames = self.rig.frames.remove(&party.ws.socket);
            party.got.extend(frames.unwrap_or_default());
        }
    }

    fn act(&mut self, at: usize, act: &Act) {
        let party = self.parties.get(at).map(|party| (party.ws, party.opened));
        let now = self.rig.now;
        match (act, party) {
            (Act::OpenSocket, _) => self.open(false),
            (Act::OpenPolling, _) => self.open(true),
            (Act::Packet(n), _) => self.say(at, PACKETS[*n]),
            (Act::Numbered, Some(_)) => {
                self.sent += 1;
                let text = format!("42[\"all\",{at},{}]", self.sent);
                self.say(at, &text);
            }
            (Act::Binary, Some((ws, true))) => self.rig.send_binary(ws, b"bytes"),
            (Act::Binary, _) => self.say(at, "bAQID"),
            (Act::Poll, Some((ws, _))) => {
                _ = self.rig.hub.handle(now, ws.session, Input::PollStarted)
            }
            (Act::PollAborted, Some((ws, _))) => {
                let _ = self.rig.hub.handle(now, ws.session, Input::PollAborted);
            }
            (Act::PostAborted, Some((ws, _))) => {
                // A post that is refused is not there to be aborted.
                let started = self.rig.hub.handle(now, ws.session, Input::PostStarted);
                let _ =
                    started.and_then(|()| self.rig.hub.handle(now, ws.session, Input::PostAborted));
            }
            (Act::Answer, _) => self.answer(at),
            (Act::Probe, Some((ws, false))) => {
                self.parties[at].opened = true;
                let opened = Input::SocketOpened(ws.socket, false);
                if self.rig.hub.handle(now, ws.session, opened).is_ok() {
                    self.rig.send(ws, "2probe");
                }
            }
            (Act::Upgrade, Some((ws, true))) => self.rig.send(ws, "5"),
            (Act::Lose, Some((ws, true))) => self.lose(at, ws),
            (Act::Backlog(backlog), Some((ws, true))) => {
                self.rig
                    .hub
                    .engine()
                    .set_backlog(ws.session, ws.socket, *backlog);
            }
            (Act::Flush, _) => self.flush(),
            (Act::Pass(ms), _) => self.rig.pass(Duration::from_millis(*ms)),
            _ => {}
        }
    }

    /// The WebSocket of a client ends; the next one it opens is another one.
    fn lose(&mut self, at: usize, ws: Ws) {
        self.flush();
        self.rig.lose(ws);
        if let Some(party) = self.parties.get_mut(at) {
            party.ws.socket = self.rig.sockets.insert(());
            party.opened = false;
        }
    }

    /// Everybody goes, in one way or another; transports notice and answer what waits.
    fn leave(&mut self) {
        for at in 0..self.parties.len() {
            let (ws, opened) = (self.parties[at].ws, self.parties[at].opened);
            self.answer(at);
            if opened {
                self.lose(at, ws);
            }
        }
        // Who polls is found out by the heartbeat, and forgotten after that.
        self.rig.pass(seconds(120));
        for at in 0..self.parties.len() {
            self.answer(at);
        }
        self.flush();
    }

    /// Each numbered event at most once, and those of one sender in their order.
    fn check(&self) -> Result<(), TestCaseError> {
        for party in &self.parties {
            let mut last: HashMap<&str, u32> = HashMap::new();
            for packet in &party.got {
                let numbered = packet
                    .strip_prefix("42[\"all\",")
                    .and_then(|rest| rest.strip_suffix(']'))
                    .and_then(|rest| rest.split_once(','));
                if let Some((sender, number)) = numbered {
                    let number: u32 = number.parse().expect("a number");
                    let before = last.insert(sender, number);
                    prop_assert!(
                        before.is_none_or(|before| before < number),
                        "{:?}",
                        party.got
                    );
                }
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_left_lost_doubled_or_reordered_whatever_clients_do(
        acts in proptest::collection::vec((0usize..6, act()), 1..120)
    ) {
        let mut crowd = Crowd::new();
        for (at, act) in &acts {
            crowd.act(*at, act);
        }
        crowd.leave();
        crowd.check()?;
        crowd.log.take();
        crowd.rig.expect_empty();
    }

    /// With clients that behave, nothing is lost at all.
    #[test]
    fn whoever_behaves_gets_every_event_once(
        acts in proptest::collection::vec((0usize..4, 0u8..6), 1..80)
    ) {
        let mut crowd = Crowd::new();
        crowd.rig = Rig::new().0;
        for at in 0..4 {
            crowd.open(at % 2 == 0);
            crowd.answer(at);
            crowd.say(at, "40");
        }
        for (at, act) in &acts {
            match act {
                0 | 1 => crowd.act(*at, &Act::Numbered),
                2 => crowd.poll(*at),
                3 => crowd.answer(*at),
                4 => crowd.flush(),
                _ => crowd.upgrade(*at),
            }
        }
        for at in 0..4 {
            crowd.poll(at);
            crowd.answer(at);
        }
        crowd.flush();
        let all: Vec<u32> = (1..=crowd.sent).collect();
        for party in &crowd.parties {
            let numbers: Vec<u32> = party.got.iter()
                .filter_map(|packet| packet.strip_prefix("42[\"all\",")?.strip_suffix(']'))
                .filter_map(|rest| rest.split_once(',')?.1.parse().ok())
                .collect();
            prop_assert_eq!(&numbers, &all, "{:?}", party.got);
        }
    }
}
