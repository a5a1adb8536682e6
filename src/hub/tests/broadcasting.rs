//! Emissions to many, and volatile ones.

use super::*;

#[test]
fn rooms_add_up_each_receiver_counts_once_and_the_excepted_are_left_out() {
    let (mut rig, _) = Rig::new();
    let all: Vec<Ws> = (0..4).map(|_| rig.joined(&["/"])).collect();
    for (at, rooms) in [(0, "ab"), (1, "a"), (2, "bc"), (3, "d")] {
        for room in rooms.chars() {
            rig.send(all[at], &format!("42[\"join\",\"{room}\"]"));
        }
    }
    rig.send(all[3], "42[\"a or b but not c\"]");
    let got: Vec<usize> = all.iter().map(|ws| rig.drain(*ws).len()).collect();
    assert_eq!(got, [1, 1, 0, 0]);
}

#[test]
fn a_sender_is_left_out_and_other_namespaces_hear_nothing() {
    let (mut rig, _) = Rig::new();
    let (one, two) = (rig.joined(&["/", "/a"]), rig.joined(&["/", "/a"]));
    let elsewhere = rig.joined(&["/a"]);
    rig.send(one, "42[\"join\",\"r\"]");
    rig.send(two, "42[\"join\",\"r\"]");
    rig.send(elsewhere, "42/a,[\"join\",\"r\"]");
    rig.send(one, "42[\"say\",\"r\",1e400]");
    rig.send(one, "42[\"all\"]");
    assert_eq!(rig.drain(one), ["42[\"all\"]"]);
    assert_eq!(rig.drain(two), ["42[\"said\",1e400]", "42[\"all\"]"]);
    assert_eq!(rig.drain(elsewhere), [""; 0]);
}

#[test]
fn the_room_of_an_id_is_that_socket() {
    let (mut rig, _) = Rig::new();
    let (one, two) = (rig.joined(&["/"]), rig.websocket());
    let id = rig.join(two, "/");
    rig.send(one, &format!("42[\"say\",\"{id}\",1]"));
    assert_eq!(rig.drain(two), ["42[\"said\",1]"]);
    rig.send(two, &format!("42[\"leave\",\"{id}\"]"));
    rig.send(one, &format!("42[\"say\",\"{id}\",1]"));
    assert_eq!(rig.drain(two), [""; 0]);
}

#[test]
fn a_large_packet_reaches_every_receiver_whole_and_counts_for_each() {
    let (mut rig, _) = Rig::new();
    let all: Vec<Ws> = (0..3).map(|_| rig.joined(&["/"])).collect();
    rig.send(all[0], "42[\"large\",5000]");
    let whole = format!("42[\"large\",\"{}\"]", "x".repeat(5000));
    assert_eq!(rig.stats.buffered(), 3 * whole.len());
    for ws in all {
        assert_eq!(rig.drain(ws), [whole.as_str()]);
    }
    assert_eq!(rig.stats.buffered(), 0);
}

#[test]
fn a_volatile_packet_is_for_those_who_can_take_it_at_once() {
    let (mut rig, _) = Rig::new();
    let (waits, away) = (rig.polling(), rig.polling());
    for session in [waits, away] {
        rig.post(session, "40").expect("taken");
        assert!(rig.poll(session).is_ok_and(|answer| answer.is_some()));
    }
    assert_eq!(rig.poll(waits), Ok(None));
    let (quick, slow) = (rig.joined(&["/"]), rig.joined(&["/"]));
    rig.hub
        .engine()
        .set_backlog(slow.session, slow.socket, true);
    let header = "451-[\"volatile\",{\"_placeholder\":true,\"num\":0}]";
    rig.send(quick, header);
    rig.send_binary(quick, b"abc");
    assert_eq!(rig.drain(quick), [header, "<abc>"]);
    let payload = format!("{header}\u{1e}bYWJj");
    assert_eq!(rig.answer(waits), Some(payload));
    assert_eq!(rig.poll(away), Ok(None), "dropped, not put off");
    rig.hub
        .engine()
        .set_backlog(slow.session, slow.socket, false);
    assert_eq!(rig.drain(slow), [""; 0]);
    rig.send(quick, "42[\"volatile\"]");
    assert_eq!(rig.drain(slow), ["42[\"volatile\"]"]);
}

#[test]
fn rooms_are_bounded_for_each_socket() {
    let limits = Limits {
        max_rooms_per_socket: 1,
        ..Limits::default()
    };
    let (mut rig, _) = Rig::limited(limits);
    let ws = rig.joined(&["/"]);
    for room in ["a", "b", "a"] {
        rig.send(ws, &format!("42[\"join\",\"{room}\"]"));
    }
    rig.send(ws, "42[\"rooms\"]");
    assert_eq!(rig.drain(ws), ["42[\"rooms\",[\"a\"]]"]);
}

#[test]
fn any_number_of_rooms_can_be_left_out() {
    let (mut rig, _) = Rig::new();
    let ws = rig.joined(&["/"]);
    let eight = "\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\"";
    rig.send(ws, &format!("42[\"all but\",{eight},\"9\"]"));
    assert_eq!(rig.drain(ws), ["42[\"all but\"]"]);
    rig.send(ws, "42[\"join\",\"9\"]");
    rig.send(ws, &format!("42[\"all but\",{eight},\"9\"]"));
    assert_eq!(rig.drain(ws), [""; 0]);
}

#[test]
fn a_volatile_event_to_one_socket_is_dropped_if_it_cannot_leave_at_once() {
    let (mut rig, _) = Rig::new();
    let ws = rig.joined(&["/"]);
    rig.send(ws, "42[\"volatile me\"]");
    assert_eq!(rig.drain(ws), ["42[\"volatile\"]"]);
    rig.hub.engine().set_backlog(ws.session, ws.socket, true);
    rig.send(ws, "42[\"volatile me\"]");
    rig.hub.engine().set_backlog(ws.session, ws.socket, false);
    assert_eq!(rig.drain(ws), [""; 0]);
}

#[test]
fn sockets_of_a_room_can_be_moved_to_another() {
    let (mut rig, log) = Rig::new();
    let (one, two) = (rig.joined(&["/"]), rig.joined(&["/"]));
    rig.send(one, "42[\"join\",\"old\"]");
    log.take();
    rig.send(two, "42[\"move\",\"old\",\"new\"]");
    assert_eq!(log.take(), ["moved 1"]);
    rig.send(one, "42[\"rooms\"]");
    rig.send(two, "42[\"rooms\"]");
    assert_eq!(rig.drain(one), ["42[\"rooms\",[\"new\"]]"]);
    assert_eq!(rig.drain(two), ["42[\"rooms\",[]]"]);
}
