//! Tests of the door: guesses of many addresses, with time fed in.

use super::*;
use crate::socketio::Args;
use slotmap::SlotMap;

struct Rig {
    door: Door,
    stats: Arc<Stats>,
    now: Instant,
    sockets: SlotMap<SocketKey, ()>,
}

/// What somebody who knocked was told, as far as it is known.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    In,
    Wrong,
    TryAgain,
    /// Nothing yet; what will be told to this socket.
    Waits(SocketKey),
}

impl Rig {
    fn new() -> Self {
        let stats = Arc::new(Stats::default());
        let mut door = Door::open(Arc::clone(&stats));
        door.lock(Box::new(|word| word == "sesame"));
        Self {
            door,
            stats,
            now: Instant::now(),
            sockets: SlotMap::default(),
        }
    }

    fn knock(&mut self, address: &str, word: &str) -> Told {
        let address = address.parse().expect("an address");
        let auth = format!("{{\"passcode\":\"{word}\"}}");
        let socket = self.sockets.insert(());
        let args = Args::new(&auth, &[]);
        let auth = args.get(0).expect("an argument");
        match self.door.knock(self.now, socket, address, auth) {
            Admission::Accept => Told::In,
            Admission::Refuse(refusal) if refusal == wrong() => Told::Wrong,
            Admission::Refuse(refusal) if refusal == later() => Told::TryAgain,
            Admission::Later => Told::Waits(socket),
            other => unreachable!("{other:?}"),
        }
    }

    fn waits(&mut self, address: &str, word: &str) -> SocketKey {
        match self.knock(address, word) {
            Told::Waits(socket) => socket,
            told => unreachable!("{told:?}"),
        }
    }

    /// An address guesses until it has to wait.
    fn tire(&mut self, address: &str) {
        for n in 0..AT_ONCE {
            assert_eq!(self.knock(address, "wrong"), Told::Wrong, "{n}");
        }
    }

    fn pass(&mut self, time: Duration) -> Vec<(SocketKey, bool)> {
        self.now += time;
        std::iter::from_fn(|| self.door.tell(self.now)).collect()
    }
}

#[test]
fn the_right_word_is_let_in_and_nothing_is_no_guess() {
    let mut rig = Rig::new();
    for _ in 0..100 {
        assert_eq!(rig.knock("10.0.0.1", ""), Told::Wrong);
        assert_eq!(rig.knock("10.0.0.1", "sesame"), Told::In);
    }
    assert_eq!(rig.knock("10.0.0.1", "Sesame"), Told::Wrong);
    assert_eq!(rig.stats.passcodes_wrong.get(), 1);
    assert_eq!(rig.door.deadline(), None);
}

#[test]
fn after_some_wrong_words_one_is_judged_each_pause() {
    let mut rig = Rig::new();
    rig.tire("10.0.0.1");
    let start = rig.now;
    let waiting: Vec<_> = (0..5).map(|_| rig.waits("10.0.0.1", "wrong")).collect();
    for socket in waiting {
        assert_eq!(rig.door.tell(rig.now), None, "not before its time");
        assert_eq!(rig.pass(PAUSE), [(socket, false)]);
    }
    assert_eq!(rig.now, start + PATIENCE);
    assert_eq!(rig.door.deadline(), None);
}

#[test]
fn guessing_on_many_sockets_is_not_faster() {
    let mut rig = Rig::new();
    let start = rig.now;
    let mut judged = 0;
    // A hundred guesses every second.
    for _ in 0..600 {
        for _ in 0..100 {
            judged += usize::from(rig.knock("10.0.0.1", "wrong") == Told::Wrong);
        }
        judged += rig.pass(Duration::from_secs(1)).len();
    }
    let most = u128::from(AT_ONCE) + (rig.now - start).as_millis() / PAUSE.as_millis();
    assert_eq!(judged as u128, most);
    assert_eq!(
        rig.stats.passcodes_wrong.get() + rig.stats.passcodes_limited.get(),
        60_000
    );
}

#[test]
fn who_knows_it_gets_in_after_a_moment_behind_an_address_that_guesses() {
    let mut rig = Rig::new();
    rig.tire("10.0.0.1");
    let guess = rig.waits("10.0.0.1", "wrong");
    let right = rig.waits("10.0.0.1", "sesame");
    let other = rig.waits("10.0.0.1", "sesame");
    assert_eq!(rig.knock("10.0.0.2", "sesame"), Told::In, "another address");
    assert_eq!(rig.pass(PAUSE), [(guess, false)]);
    // Right ones use nothing up, so the second of them waits for no longer than the first.
    assert_eq!(rig.pass(PAUSE), [(right, true), (other, true)]);
    assert_eq!(rig.knock("10.0.0.1", "sesame"), Told::In);
    assert_eq!(rig.stats.passcodes_delayed.get(), 3);
}

#[test]
fn a_guess_that_would_wait_too_long_is_not_judged_and_costs_nothing() {
    let mut rig = Rig::new();
    rig.tire("10.0.0.1");
    for _ in 0..5 {
        rig.waits("10.0.0.1", "wrong");
    }
    for word in ["wrong", "sesame"] {
        assert_eq!(rig.knock("10.0.0.1", word), Told::TryAgain, "{word}");
    }
    assert_eq!(rig.pass(PAUSE).len(), 1);
    rig.waits("10.0.0.1", "sesame");
    assert_eq!(rig.stats.passcodes_limited.get(), 2);
}

#[test]
fn who_guesses_without_a_pause_keeps_out_who_is_at_the_same_address_until_it_stops() {
    let mut rig = Rig::new();
    for _ in 0..60 {
        for _ in 0..100 {
            rig.knock("10.0.0.1", "wrong");
        }
        assert_eq!(rig.knock("10.0.0.1", "sesame"), Told::TryAgain);
        assert_eq!(rig.knock("10.0.0.2", "sesame"), Told::In, "another address");
        rig.pass(Duration::from_secs(1));
    }
    rig.pass(PATIENCE + PAUSE);
    assert_eq!(rig.knock("10.0.0.1", "sesame"), Told::In);
}

#[test]
fn an_address_that_rests_may_guess_again() {
    let mut rig = Rig::new();
    rig.tire("10.0.0.1");
    rig.pass(PAUSE * AT_ONCE);
    rig.tire("10.0.0.1");
    rig.waits("10.0.0.1", "wrong");
}

#[test]
fn an_ipv6_network_of_64_bits_is_one_guesser() {
    let mut rig = Rig::new();
    for n in 0..AT_ONCE {
        assert_eq!(rig.knock(&format!("fd00::{n}"), "wrong"), Told::Wrong);
    }
    rig.waits("fd00::ffff", "sesame");
    assert_eq!(rig.knock("fd00:0:0:1::", "sesame"), Told::In);
}

#[test]
fn memory_is_bounded_and_beyond_it_new_addresses_are_slowed_together() {
    let mut rig = Rig::new();
    let address = |n: usize| format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255);
    for n in 0..MAX_REMEMBERED {
        assert_eq!(rig.knock(&address(n), "wrong"), Told::Wrong);
    }
    // Five of these are judged as one guesser, five wait, and the others are to come again.
    let told: Vec<_> = (0..20)
        .map(|n| rig.knock(&address(MAX_REMEMBERED + n), "wrong"))
        .collect();
    assert!(told[..5].iter().all(|told| *told == Told::Wrong));
    assert!(
        told[5..10]
            .iter()
            .all(|told| matches!(told, Told::Waits(_)))
    );
    assert!(told[10..].iter().all(|told| *told == Told::TryAgain));
    assert_eq!(rig.knock(&address(7), "sesame"), Told::In, "a known one");
    assert_eq!(rig.door.rested_at.len(), MAX_REMEMBERED + 1);
    rig.pass(PATIENCE * 3);
    assert_eq!(rig.knock(&address(MAX_REMEMBERED), "wrong"), Told::Wrong);
    assert_eq!(rig.door.rested_at.len(), 1, "who has rested is forgotten");
}

#[test]
fn no_more_guesses_wait_than_there_is_room_for() {
    let mut rig = Rig::new();
    let address = |n: usize| format!("10.0.{}.{}", n >> 8, n & 255);
    for n in 0..MAX_WAITING / 5 + 1 {
        rig.tire(&address(n));
        for _ in 0..5 {
            rig.knock(&address(n), "wrong");
        }
    }
    assert_eq!(rig.door.waiting.len(), MAX_WAITING);
    assert_eq!(
        rig.knock("10.1.0.0", "sesame"),
        Told::In,
        "who need not wait"
    );
}

#[test]
fn a_door_without_a_passcode_is_open() {
    let mut rig = Rig::new();
    rig.door.check = None;
    for word in ["", "wrong"] {
        assert_eq!(rig.knock("10.0.0.1", word), Told::In);
    }
}
