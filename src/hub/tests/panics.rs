//! An application that panics: what it emitted is dropped, its client is closed, and the
//! server goes on.

use super::*;

/// Joins two clients, has the first do something, and expects that it alone is closed.
fn expect_one_closed(panics: u64, act: impl FnOnce(&mut Rig, Ws)) -> Vec<String> {
    let (mut rig, log) = Rig::new();
    let (one, two) = (rig.joined(&["/"]), rig.joined(&["/"]));
    act(&mut rig, one);
    assert_eq!(rig.stats.panics.get(), panics);
    let frames = rig.drain(one);
    assert_eq!(frames.last().map(String::as_str), Some("(close)"));
    let others = rig.drain(two);
    assert!(!others.iter().any(|frame| frame.contains("never sent")));
    rig.send(two, "42[\"echo\",1]");
    assert_eq!(rig.drain(two), ["42[\"echo\",1]"]);
    rig.lose(one);
    rig.lose(two);
    rig.expect_empty();
    assert!(!frames.iter().any(|frame| frame.contains("never sent")));
    log.take()
}

#[test]
fn in_an_event() {
    let notes = expect_one_closed(1, |rig, ws| rig.send(ws, "42[\"panic\"]"));
    assert_eq!(notes[0], "disconnect / forced close");
}

#[test]
fn in_a_connect() {
    expect_one_closed(1, |rig, ws| {
        rig.send(
            ws,
            "40/a,{\"panic\":true,\"welcome\":true,\"shout\":true,\"ask\":true}",
        );
    });
}

#[test]
fn in_the_question_whether_a_namespace_exists() {
    expect_one_closed(1, |rig, ws| rig.send(ws, "40/panic,"));
}

#[test]
fn in_an_answer() {
    let notes = expect_one_closed(1, |rig, ws| {
        rig.send(ws, "42[\"ask me\"]");
        rig.send(ws, "430[\"panic\"]");
    });
    assert_eq!(notes[1], "disconnect / forced close");
}

#[test]
fn in_a_disconnect_from_a_namespace() {
    let notes = expect_one_closed(1, |rig, ws| {
        rig.send(ws, "42[\"join\",\"panics\"]");
        rig.send(ws, "41");
    });
    assert_eq!(
        notes
            .iter()
            .filter(|note| note.starts_with("disconnect"))
            .count(),
        2
    );
}

#[test]
fn in_a_disconnect_at_the_end() {
    let (mut rig, _) = Rig::new();
    let ws = rig.joined(&["/", "/a"]);
    rig.send(ws, "42[\"join\",\"panics\"]");
    rig.send(ws, "42/a,[\"join\",\"panics\"]");
    rig.lose(ws);
    assert_eq!(rig.stats.panics.get(), 2);
    rig.expect_empty();
}
