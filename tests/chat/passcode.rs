//! A server that asks for a passcode, in the exact text of the wire.

use crate::rig::{Person, Rig};
use std::time::Duration;

const WRONG: &str =
    "44{\"message\":\"The passcode is missing or wrong\",\"data\":{\"code\":\"passcode\"}}";
const LATER: &str = "44{\"message\":\"Too many wrong passcodes came from this address, try again \
    later\",\"data\":{\"code\":\"later\"}}";

const RIGHT: &str = "40{\"passcode\":\"sesame\"}";
const GUESS: &str = "40{\"passcode\":\"mustard\"}";

/// Somebody new says this, is told this at once, and goes.
fn told(rig: &mut Rig, connect: &str) -> Vec<String> {
    let person = rig.visitor();
    rig.say(person, connect);
    let got = rig.got(person);
    rig.lose(person);
    got
}

fn is_in(rig: &mut Rig, person: Person) -> bool {
    let got = rig.got(person);
    got.len() == 1 && got[0].starts_with("40{\"sid\":\"")
}

/// Uses up what an address may guess at once.
fn tire(rig: &mut Rig) {
    for _ in 0..5 {
        assert_eq!(told(rig, GUESS), [WRONG]);
    }
}

#[test]
fn without_the_passcode_nobody_connects_whatever_they_send() {
    let mut rig = Rig::with_passcode("sesame");
    for connect in [
        "40",
        "40{}",
        "40{\"passcode\":\"\"}",
        "40{\"passcode\":[\"sesame\"]}",
        "40{\"Passcode\":\"sesame\"}",
        "40{\"seat\":\"sesame\"}",
        GUESS,
    ] {
        assert_eq!(told(&mut rig, connect), [WRONG], "{connect}");
    }
}

#[test]
fn with_the_passcode_people_meet_as_they_do_without() {
    let mut rig = Rig::with_passcode("sesame");
    let first = rig.person_with("{\"passcode\":\"sesame\"}");
    let second = rig.person_with("{\"seat\":\"x\",\"passcode\":\"s\\u0065same\"}");
    rig.say(first, "42[\"join\",\"kitchen\"]");
    rig.say(second, "42[\"join\",\"kitchen\"]");
    assert_eq!(rig.got(first), ["42[\"created\"]"]);
    assert_eq!(rig.got(second), ["42[\"joined\"]"]);
}

#[test]
fn who_was_refused_may_try_again_on_the_same_connection() {
    let mut rig = Rig::with_passcode("sesame");
    let person = rig.visitor();
    rig.say(person, GUESS);
    assert_eq!(rig.got(person), [WRONG]);
    rig.say(person, RIGHT);
    assert!(is_in(&mut rig, person));
}

#[test]
fn who_was_refused_has_no_seat_and_cannot_relay() {
    let mut rig = Rig::with_passcode("sesame");
    let person = rig.visitor();
    rig.say(person, GUESS);
    rig.say(person, "42[\"join\",\"kitchen\"]");
    assert_eq!(rig.got(person)[0], WRONG);
    assert_eq!(rig.rooms(), 0);
    assert_eq!(rig.stats.relayed.get(), 0);
}

#[test]
fn a_guess_that_waits_is_answered_when_its_time_has_come() {
    let mut rig = Rig::with_passcode("sesame");
    tire(&mut rig);
    let (wrong, right) = (rig.visitor(), rig.visitor());
    rig.say(wrong, GUESS);
    rig.say(right, RIGHT);
    rig.pass(Duration::from_millis(1999));
    assert_eq!((rig.got(wrong), rig.got(right)), (vec![], vec![]));
    rig.pass(Duration::from_millis(1));
    assert_eq!(
        (rig.got(wrong), rig.got(right)),
        (vec![WRONG.into()], vec![])
    );
    rig.pass(Duration::from_secs(2));
    assert!(is_in(&mut rig, right));
    rig.say(right, "42[\"join\",\"kitchen\"]");
    assert_eq!(rig.got(right), ["42[\"created\"]"]);
}

#[test]
fn who_guesses_faster_than_is_judged_is_told_to_come_again() {
    let mut rig = Rig::with_passcode("sesame");
    tire(&mut rig);
    for _ in 0..5 {
        assert_eq!(told(&mut rig, GUESS), [""; 0]);
    }
    assert_eq!(told(&mut rig, RIGHT), [LATER]);
    rig.pass(Duration::from_secs(20));
    assert!(told(&mut rig, RIGHT)[0].starts_with("40{"));
}

#[test]
fn a_guess_counts_though_its_socket_did_not_wait_and_nothing_stays_of_it() {
    let mut rig = Rig::with_passcode("sesame");
    tire(&mut rig);
    for _ in 0..5 {
        assert_eq!(told(&mut rig, GUESS), [""; 0]);
    }
    assert_eq!(told(&mut rig, RIGHT), [LATER]);
    rig.pass(Duration::from_secs(120));
    assert!(rig.is_empty());
}
