//! The application's own time: it is called when it asked to be, whoever is there.

use super::*;
use crate::socketio::{Event, Io, SocketKey};

/// Calls everybody at the hour that was set last, `0` for now.
#[derive(Debug, Default)]
struct Alarm {
    at: Option<Instant>,
    rung: Vec<Instant>,
    /// What it does when the hour has come.
    deed: String,
}

impl Application for Alarm {
    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        let (after, deed): (u64, String) = event.args.read().expect("when, and what");
        self.at = Some(io.now() + seconds(after));
        self.deed = deed;
    }

    fn deadline(&self) -> Option<Instant> {
        self.at
    }

    fn tick(&mut self, io: &mut Io<'_>) {
        self.rung.push(io.now());
        assert_ne!(self.deed, "panic", "asked to panic");
        self.at = None;
        let all: Vec<SocketKey> = io.sockets("/");
        for socket in all {
            let _ = io.emit(socket, "it is time", &[]);
            if self.deed == "close" {
                io.close(socket);
            }
        }
    }
}

fn rig() -> Rig<Alarm> {
    Rig::of(Limits::default(), Alarm::default())
}

impl Rig<Alarm> {
    fn rung(&self) -> &[Instant] {
        &self.hub.protocol().app().rung
    }
}

#[test]
fn the_application_is_called_at_its_time_and_what_it_emits_leaves() {
    let mut rig = rig();
    let ws = rig.joined(&["/"]);
    let at = rig.now + seconds(10);
    rig.send(ws, "42[\"set\",10,\"\"]");
    assert_eq!(rig.hub.deadline(), Some(at));
    rig.pass(seconds(9));
    assert_eq!(rig.drain(ws), [""; 0]);
    rig.pass(seconds(1));
    assert_eq!(rig.drain(ws), ["42[\"it is time\"]"]);
    rig.pass(seconds(10));
    assert_eq!(rig.rung(), [at], "once");
}

#[test]
fn it_is_called_when_nobody_is_there_any_more() {
    let mut rig = rig();
    let ws = rig.joined(&["/"]);
    rig.send(ws, "42[\"set\",10,\"\"]");
    rig.lose(ws);
    rig.pass(seconds(10));
    assert_eq!(rig.rung(), [rig.now]);
    assert_eq!(rig.hub.protocol().own_deadline(), None);
    rig.expect_empty();
}

#[test]
fn a_time_that_is_set_before_anybody_comes_counts() {
    let at = Instant::now() + seconds(3600);
    let alarm = Alarm {
        at: Some(at),
        ..Alarm::default()
    };
    let rig = Rig::of(Limits::default(), alarm);
    assert_eq!(rig.hub.deadline(), Some(at));
}

#[test]
fn clients_that_it_closes_are_gone_with_it() {
    let mut rig = rig();
    let ws = rig.joined(&["/"]);
    rig.send(ws, "42[\"set\",0,\"close\"]");
    rig.pass(seconds(0));
    assert_eq!(rig.drain(ws), ["42[\"it is time\"]", "41", "(close)"]);
    rig.lose(ws);
    rig.expect_empty();
}

#[test]
fn one_that_panics_is_not_called_again_before_its_next_callback() {
    let mut rig = rig();
    let ws = rig.joined(&["/"]);
    rig.send(ws, "42[\"set\",1,\"panic\"]");
    rig.pass(seconds(5));
    assert_eq!((rig.rung().len(), rig.stats.panics.get()), (1, 1));
    rig.send(ws, "42[\"set\",1,\"\"]");
    rig.pass(seconds(1));
    assert_eq!(rig.rung().len(), 2);
    assert_eq!(rig.drain(ws), ["42[\"it is time\"]"]);
}
