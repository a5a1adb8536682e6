//! When a certificate is made anew: names, age, and clocks that jump.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::rig::{DAY, State, days_later, home, names, refresh, today};

/// Where a clock without a battery begins.
const FIRST_SECOND: SystemTime = UNIX_EPOCH;

#[test]
fn nothing_happens_while_nothing_has_changed() {
    let state = State::new();
    let tls = state.open(&home(), today());
    let first = tls.served();
    for days in [0, 1, 100, 263] {
        assert!(!refresh(&tls, &home(), days_later(days)).unwrap(), "{days}");
        assert!(!tls.reload(&home(), days_later(days)).unwrap(), "{days}");
    }
    assert_eq!(tls.served(), first);
}

#[test]
fn a_certificate_is_renewed_when_two_thirds_of_its_life_are_over() {
    let state = State::new();
    let tls = state.open(&home(), today());
    let first = tls.served();
    // A day of the 397 lay in the past.
    let due = first.not_before + 397 * DAY / 3 * 2;
    assert!(!refresh(&tls, &home(), due - Duration::from_secs(1)).unwrap());
    assert!(refresh(&tls, &home(), due).unwrap());
    let second = tls.served();
    assert_eq!(second.not_before, due - DAY);
    assert_eq!(
        (&second.dns, &second.addresses),
        (&first.dns, &first.addresses)
    );
    assert_eq!(second.authority, first.authority);
    assert!(!refresh(&tls, &home(), due).unwrap());
}

#[test]
fn a_new_address_and_a_new_name_get_a_certificate_at_once() {
    let state = State::new();
    let tls = state.open(&home(), today());
    assert!(
        refresh(
            &tls,
            &names("parlor.local 192.168.1.20 192.168.1.30"),
            today()
        )
        .unwrap()
    );
    assert!(tls.served().covers_address([192, 168, 1, 30].into()));
    assert!(refresh(&tls, &names("parlor-2.local 192.168.1.30"), today()).unwrap());
    let served = tls.served();
    assert!(served.covers_name("parlor-2.local") && !served.covers_name("parlor.local"));
    assert!(!served.covers_address([192, 168, 1, 20].into()));
}

#[test]
fn a_link_that_goes_down_and_comes_back_changes_no_certificate() {
    let state = State::new();
    let tls = state.open(&home(), today());
    for left in ["parlor.local", "192.168.1.20", ""] {
        assert!(!refresh(&tls, &names(left), today()).unwrap(), "{left}");
        assert!(!refresh(&tls, &home(), today()).unwrap());
    }
}

#[test]
fn a_name_that_cannot_be_covered_is_told_but_changes_no_certificate() {
    let state = State::new();
    let tls = state.open(&home(), today());
    let wanted = names("parlor.local 192.168.1.20 fd00::20 2001:db8::7");
    assert!(!refresh(&tls, &wanted, today()).unwrap());
    assert_eq!(tls.served().left_out, ["2001:db8::7"]);
}

#[test]
fn a_clock_that_jumps_ahead_or_back_gets_a_certificate_for_its_day() {
    let state = State::new();
    let tls = state.open(&home(), today());
    for days in [1500, 0, 700] {
        let now = days_later(days);
        assert!(refresh(&tls, &home(), now).unwrap(), "{days}");
        let served = tls.served();
        assert_eq!(served.not_before, now - DAY);
        state.expect_trusted(now);
    }
}

#[test]
fn a_clock_that_is_set_after_the_first_start_is_followed() {
    let state = State::new();
    let tls = state.open(&home(), FIRST_SECOND);
    let served = tls.served();
    assert_eq!(
        served.not_before,
        served.authority.as_ref().unwrap().not_before
    );
    assert!(!refresh(&tls, &home(), FIRST_SECOND + DAY).unwrap());
    assert!(refresh(&tls, &home(), today()).unwrap());
    assert_eq!(tls.served().not_before, today() - DAY);
}

#[test]
fn a_clock_that_is_known_to_be_wrong_takes_no_good_certificate_away() {
    let state = State::new();
    let first = state.open(&home(), today()).served();
    let tls = state.open(&home(), FIRST_SECOND);
    assert_eq!(tls.served().fingerprint, first.fingerprint);

    // One that is needed meanwhile is valid when the last one was.
    assert!(refresh(&tls, &names("den.local"), FIRST_SECOND).unwrap());
    assert_eq!(tls.served().not_before, first.not_before);
}

#[test]
fn a_clock_after_the_authoritys_end_does_not_make_certificates_for_ever() {
    let state = State::new();
    let late = UNIX_EPOCH + 40_000 * DAY;
    let tls = state.open(&home(), late);
    for days in 0..3 {
        assert!(!refresh(&tls, &home(), late + DAY * days).unwrap());
    }
    let served = tls.served();
    assert_eq!(
        served.not_after,
        served.authority.as_ref().unwrap().not_after
    );
}
