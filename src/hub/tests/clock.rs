//! Clocks that jump: a machine that slept for a day, and one whose time stands still or goes back,
//! which the system's monotonic clock should never do. Nothing panics, nobody is lost who should not
//! be, and what was due is done once.

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn after_a_day_that_passed_at_once_everybody_is_out_of_time_and_nothing_is_left() {
    let (mut rig, log) = Rig::new();
    let crowd: Vec<Ws> = (0..20).map(|_| rig.joined(&["/"])).collect();
    let early = rig.websocket();
    let polling = rig.polling();
    rig.send(crowd[0], "42[\"ask me\"]");
    // One look at the clock, not one for each deadline on the way.
    rig.now += DAY;
    rig.hub.tick(rig.now);
    // Pings are due first, and then nobody has answered them.
    rig.pass(all_timeouts());
    for ws in crowd.iter().chain([&early]) {
        let frames = rig.drain(*ws);
        assert_eq!(frames.last().map(String::as_str), Some("(close)"));
        assert!(frames.iter().filter(|frame| *frame == "2").count() <= 1);
        rig.lose(*ws);
    }
    assert_eq!(rig.poll(polling), Err(Reject::SessionUnknown));
    let ended = log.take();
    let disconnects = ended.iter().filter(|line| line.starts_with("disconnect"));
    assert_eq!(disconnects.count(), crowd.len());
    rig.expect_empty();
    assert!(rig.hub.deadline().is_none());
}

#[test]
fn who_answers_the_first_ping_after_a_day_stays() {
    let (mut rig, _) = Rig::new();
    let ws = rig.joined(&["/"]);
    rig.now += DAY;
    rig.hub.tick(rig.now);
    assert_eq!(rig.drain(ws), ["2"]);
    rig.send(ws, "3");
    rig.send(ws, "42[\"echo\",1]");
    assert_eq!(rig.drain(ws), ["42[\"echo\",1]"]);
    rig.pass(seconds(24));
    assert_eq!(rig.drain(ws), [""; 0]);
    rig.pass(seconds(1));
    assert_eq!(rig.drain(ws), ["2"]);
}

#[test]
fn a_clock_that_goes_back_stops_nobody_from_talking_and_panics_nowhere() {
    let (mut rig, _) = Rig::new();
    rig.now += 2 * DAY;
    let (one, two) = (rig.joined(&["/"]), rig.joined(&["/"]));
    let polling = rig.polling();
    // As far as a burst of events reaches everything goes on.
    for _ in 0..5 {
        rig.now -= seconds(1);
        rig.hub.tick(rig.now);
        rig.send(one, "42[\"echo\",1]");
        assert_eq!(rig.drain(one), ["42[\"echo\",1]"]);
        let late = rig.joined(&["/"]);
        rig.lose(late);
        assert_eq!(rig.post(polling, "3"), Ok(()));
    }
    // Beyond it events may be dropped as too fast, but that is all.
    for back in [60, 3600, 80_000] {
        rig.now -= seconds(back);
        rig.hub.tick(rig.now);
        rig.send(one, "42[\"echo\",2]");
        rig.drain(one);
        let late = rig.joined(&["/"]);
        rig.send(late, "42[\"echo\",2]");
        assert_eq!(rig.drain(late), ["42[\"echo\",2]"]);
        rig.lose(late);
    }
    rig.lose(two);
    // Once it goes on, so do the heartbeats.
    rig.now += 2 * DAY;
    rig.hub.tick(rig.now);
    assert_eq!(rig.drain(one), ["2"]);
    rig.pass(all_timeouts());
    assert_eq!(
        rig.drain(one).last().map(String::as_str),
        Some("(close)"),
        "it has not answered"
    );
    rig.lose(one);
    rig.expect_empty();
}

#[test]
fn a_clock_that_stands_still_does_nothing_twice() {
    let (mut rig, _) = Rig::new();
    let ws = rig.joined(&["/"]);
    rig.pass(seconds(25));
    for _ in 0..3 {
        rig.hub.tick(rig.now);
    }
    assert_eq!(rig.drain(ws), ["2"]);
}

/// Longer than any time-out of a session.
fn all_timeouts() -> Duration {
    seconds(46)
}
