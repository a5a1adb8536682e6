//! Seats that survive a lost connection: held, taken over, given up.

use crate::rig::{HOLD, Person, Rig};
use parlor::engineio::CloseReason;
use std::time::Duration;

pub(crate) const AWAY: &str = "42[\"peer-away\"]";
const BACK: &str = "42[\"peer-back\"]";
pub(crate) const CREATED: &str = "42[\"created\"]";
pub(crate) const JOINED: &str = "42[\"joined\"]";
pub(crate) const LEAVE: &str = "42[\"leave\"]";
const FULL: &str = "42[\"full\"]";
pub(crate) const TAKEN_OVER: &str = "42[\"taken-over\"]";

pub(crate) const JOIN: &str = "42[\"join\",\"kitchen\"]";
pub(crate) const RESUME: &str = "42[\"join\",\"kitchen\",{\"resume\":true}]";

const LOST: CloseReason = CloseReason::TransportClose { goodbye: false };
const CLOSED: CloseReason = CloseReason::TransportClose { goodbye: true };

type End = fn(&mut Rig, Person);

/// A page with the n-th key comes and says this first.
pub(crate) fn come(rig: &mut Rig, n: u8, join: &str) -> Person {
    let person = rig.with_key(n);
    rig.say(person, join);
    person
}

/// What one says is heard by the other.
pub(crate) fn expect_together(rig: &mut Rig, one: Person, other: Person) {
    for (from, to) in [(one, other), (other, one)] {
        rig.say(from, "42[\"candidate\",7,\"kitchen\"]");
        assert_eq!(rig.got(to), ["42[\"candidate\",7]"]);
        assert_eq!(rig.got(from), [""; 0]);
    }
}

#[test]
fn who_is_lost_is_away_and_then_back_with_the_role_of_before() {
    let ends: [End; 4] = [
        |rig, person| rig.end(person, CloseReason::TransportError),
        |rig, person| rig.end(person, LOST),
        // A ping from a client is what the protocol forbids: a transport error.
        |rig, person| rig.say(person, "2"),
        |rig, _| rig.pass(Duration::from_secs(1)),
    ];
    for (how, end) in ends.into_iter().enumerate() {
        for (gone, role) in [(1, CREATED), (2, JOINED)] {
            let mut rig = Rig::new();
            let (first, second) = rig.pair_with_keys();
            let (lost, other) = if gone == 1 {
                (first, second)
            } else {
                (second, first)
            };
            // A second before the answer to the first ping is overdue.
            rig.pass_with(&[other], Duration::from_secs(44));
            end(&mut rig, lost);
            assert_eq!(rig.got(other), [AWAY], "{how}");
            let stranger = rig.person();
            rig.say(stranger, JOIN);
            let other_key = come(&mut rig, 3, RESUME);
            assert_eq!(
                (rig.got(stranger), rig.got(other_key)),
                (vec![FULL.into()], vec![FULL.into()])
            );
            let back = come(&mut rig, gone, RESUME);
            assert_eq!(rig.got(back), [role], "{how}");
            assert_eq!(rig.got(other), [BACK], "{how}");
            expect_together(&mut rig, back, other);
        }
    }
}

#[test]
fn who_says_goodbye_has_left_at_once() {
    let ends: [End; 5] = [
        |rig, person| rig.say(person, "42[\"leave\",\"kitchen\"]"),
        |rig, person| rig.say(person, "41"),
        |rig, person| rig.say(person, "1"),
        |rig, person| rig.end(person, CLOSED),
        // Nobody's goodbye, but nobody to wait for: this is no client.
        |rig, person| rig.say(person, "4garbage"),
    ];
    for (how, end) in ends.into_iter().enumerate() {
        let mut rig = Rig::new();
        let (first, second) = rig.pair_with_keys();
        end(&mut rig, first);
        assert_eq!(rig.got(second), [LEAVE], "{how}");
        rig.lose(first);
        assert_eq!(rig.got(second), [""; 0], "{how}");
        let next = rig.person();
        rig.say(next, JOIN);
        assert_eq!(rig.got(next), [JOINED], "{how}");
    }
}

#[test]
fn who_has_no_key_has_left_at_once() {
    let short = "{\"seat\":\"5ea75ea75ea75ea7\"}";
    for auth in ["", "{}", short, "{\"seat\":5}", "{\"seat\":\"\"}"] {
        let mut rig = Rig::new();
        let (first, second) = (rig.person_with(auth), rig.person());
        for person in [first, second] {
            rig.say(person, JOIN);
            rig.got(person);
        }
        rig.lose(first);
        assert_eq!(rig.got(second), [LEAVE], "{auth}");
        rig.lose(second);
        assert!(rig.is_empty(), "{auth}");
    }
}

#[test]
fn no_seat_is_held_if_that_is_switched_off() {
    let mut rig = Rig::holding(8, Duration::ZERO);
    let (first, second) = rig.pair_with_keys();
    rig.lose(first);
    assert_eq!(rig.got(second), [LEAVE]);
}

#[test]
fn who_stays_away_has_left_when_the_time_is_over() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair_with_keys();
    rig.lose(first);
    assert_eq!(rig.got(second), [AWAY]);
    rig.pass_with(&[second], HOLD - Duration::from_millis(1));
    assert_eq!(rig.got(second), [""; 0]);
    rig.pass(Duration::from_millis(1));
    assert_eq!(rig.got(second), [LEAVE]);
    let next = come(&mut rig, 3, JOIN);
    assert_eq!(rig.got(next), [JOINED]);
}

#[test]
fn a_room_whose_people_are_lost_is_kept_and_then_forgotten() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair_with_keys();
    rig.lose(first);
    rig.pass_with(&[second], HOLD / 2);
    rig.lose(second);
    assert_eq!(rig.rooms(), 1);
    rig.pass(HOLD / 2);
    assert_eq!(rig.rooms(), 1);
    rig.pass(HOLD / 2);
    assert!(rig.is_empty());
    assert_eq!(rig.stats.seats_given_up.get(), 2);
}

#[test]
fn both_can_be_lost_and_come_back() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair_with_keys();
    rig.lose(first);
    rig.lose(second);
    let second = come(&mut rig, 2, RESUME);
    assert_eq!(rig.got(second), [JOINED, AWAY]);
    let first = come(&mut rig, 1, RESUME);
    assert_eq!(
        (rig.got(first), rig.got(second)),
        (vec![CREATED.into()], vec![BACK.into()])
    );
    expect_together(&mut rig, first, second);
}

#[test]
fn a_page_that_has_lost_its_call_comes_back_as_if_it_had_left() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair_with_keys();
    rig.lose(first);
    assert_eq!(rig.got(second), [AWAY]);
    let back = come(&mut rig, 1, JOIN);
    assert_eq!(rig.got(back), [JOINED]);
    assert_eq!(rig.got(second), [LEAVE]);
    rig.say(second, JOIN);
    assert_eq!(rig.got(second), [CREATED], "has moved up");
    expect_together(&mut rig, back, second);
}

#[test]
fn a_page_that_was_alone_is_alone_again() {
    let mut rig = Rig::new();
    let first = come(&mut rig, 1, JOIN);
    rig.lose(first);
    let back = come(&mut rig, 1, JOIN);
    assert_eq!(rig.got(back), [CREATED]);
    assert_eq!(rig.rooms(), 1);
}

#[test]
fn a_resumed_join_is_acknowledged_like_others() {
    let mut rig = Rig::new();
    let (first, _) = rig.pair_with_keys();
    rig.lose(first);
    let back = rig.with_key(1);
    rig.say(back, "421[\"join\",\"kitchen\",{\"resume\":true}]");
    assert_eq!(
        rig.got(back),
        [
            CREATED,
            "431[{\"ok\":true,\"role\":\"created\",\"peer\":true}]"
        ]
    );
}

#[test]
fn who_resumes_is_told_whether_the_other_seat_is_somebodys() {
    let ask = "421[\"join\",\"kitchen\",{\"resume\":true}]";
    let mut rig = Rig::new();
    for (n, role, peer) in [(1, "created", false), (2, "joined", true)] {
        let person = rig.with_key(n);
        rig.say(person, ask);
        let ack = format!("431[{{\"ok\":true,\"role\":\"{role}\",\"peer\":{peer}}}]");
        assert_eq!(rig.got(person)[1], ack);
    }
    let mut rig = Rig::new();
    let (first, second) = rig.pair_with_keys();
    rig.lose(first);
    rig.lose(second);
    let back = rig.with_key(2);
    rig.say(back, ask);
    let ack = "431[{\"ok\":true,\"role\":\"joined\",\"peer\":true}]";
    assert_eq!(rig.got(back), [JOINED, AWAY, ack], "held is somebody's");
}

#[test]
fn a_call_that_the_server_does_not_know_is_joined_as_usual() {
    let mut rig = Rig::new();
    let first = come(&mut rig, 1, RESUME);
    let second = come(&mut rig, 2, RESUME);
    assert_eq!(
        (rig.got(first), rig.got(second)),
        (vec![CREATED.into()], vec![JOINED.into()])
    );
    let keyless = rig.person();
    rig.say(keyless, RESUME);
    assert_eq!(rig.got(keyless), [FULL]);
}

#[test]
fn who_comes_back_learns_that_the_other_has_left() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair_with_keys();
    rig.lose(first);
    rig.say(second, "42[\"leave\",\"kitchen\"]");
    let back = come(&mut rig, 1, RESUME);
    assert_eq!(rig.got(back), [LEAVE, CREATED]);
}

#[test]
fn who_comes_back_too_late_learns_that_the_other_waits() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair_with_keys();
    rig.lose(first);
    rig.pass_with(&[second], HOLD);
    assert_eq!(rig.got(second), [AWAY, LEAVE]);
    let back = come(&mut rig, 1, RESUME);
    assert_eq!(rig.got(back), [LEAVE, JOINED], "as if for the first time");
    assert_eq!(rig.got(second), [""; 0]);
    expect_together(&mut rig, back, second);
}

#[test]
fn who_goes_on_with_a_call_after_a_stranger_has_left_says_so_and_its_other_side_comes_back_to_it() {
    let mut rig = Rig::new();
    let first = come(&mut rig, 1, RESUME);
    let stranger = come(&mut rig, 3, JOIN);
    rig.say(stranger, "42[\"leave\",\"kitchen\"]");
    assert_eq!(rig.got(first), [CREATED, LEAVE]);
    rig.say(first, RESUME);
    assert_eq!(rig.got(first), [CREATED]);
    let second = come(&mut rig, 2, RESUME);
    assert_eq!(rig.got(second), [JOINED], "and nothing that ends its call");
    assert_eq!(rig.got(first), [""; 0]);
}

#[test]
fn a_late_candidate_for_who_has_left_makes_no_call_of_it_with_the_next() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair_with_keys();
    rig.say(second, "42[\"leave\",\"kitchen\"]");
    rig.say(first, "42[\"candidate\",7,\"kitchen\"]");
    let third = come(&mut rig, 3, JOIN);
    rig.lose(first);
    assert_eq!(rig.got(third), [JOINED, AWAY]);
    let back = come(&mut rig, 1, RESUME);
    assert_eq!(rig.got(back), [LEAVE, JOINED]);
    assert_eq!(rig.got(third), [LEAVE]);
}

#[test]
fn who_comes_back_to_somebody_else_begins_anew() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair_with_keys();
    rig.lose(first);
    rig.say(second, "42[\"leave\",\"kitchen\"]");
    let third = rig.person();
    rig.say(third, JOIN);
    assert_eq!(rig.got(third), [JOINED, AWAY]);
    let relayed = rig.stats.relayed.get();
    rig.say(third, "421[\"ready\",\"kitchen\"]");
    assert_eq!(rig.got(third), ["431[{\"ok\":true}]"], "which nobody hears");
    assert_eq!(rig.stats.relayed.get(), relayed);
    let back = come(&mut rig, 1, RESUME);
    assert_eq!(rig.got(back), [LEAVE, JOINED]);
    assert_eq!(rig.got(third), [LEAVE]);
    expect_together(&mut rig, back, third);
}

#[test]
fn of_too_many_rooms_with_nobody_there_the_longest_deserted_is_given_up() {
    let mut rig = Rig::with_rooms(8);
    let (first, second) = rig.pair_with_keys();
    rig.lose(first);
    assert_eq!(rig.got(second), [AWAY]);
    for n in 3..=8 {
        let lone = come(&mut rig, n, &format!("42[\"join\",\"room {n}\"]"));
        rig.lose(lone);
        rig.pass_with(&[second], Duration::from_secs(1));
    }
    assert_eq!(rig.rooms(), 5, "four with nobody there, and the kitchen");
    assert_eq!(rig.stats.rooms_given_up.get(), 2);
    let back = come(&mut rig, 1, RESUME);
    assert_eq!(
        (rig.got(back), rig.got(second)),
        (vec![CREATED.into()], vec![BACK.into()])
    );
}

#[test]
fn rooms_of_people_who_are_away_count() {
    let mut rig = Rig::with_rooms(1);
    let first = come(&mut rig, 1, JOIN);
    rig.lose(first);
    let other = rig.person();
    rig.say(other, "42[\"join\",\"bath\"]");
    assert!(rig.got(other)[0].contains("too-many-rooms"));
    rig.pass_with(&[other], HOLD);
    rig.say(other, "42[\"join\",\"bath\"]");
    assert_eq!(rig.got(other), [CREATED]);
}

#[test]
fn a_server_that_stops_holds_no_seat_and_tells_nobody() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair_with_keys();
    rig.stop();
    for person in [first, second] {
        assert_eq!(rig.got(person), ["(close)"]);
        rig.lose(person);
    }
    assert!(rig.is_empty());
}
