//! What is bounded, and who pays when a bound is reached.

use super::*;

#[test]
fn sessions_that_say_nothing_have_fewer_places_and_make_room_when_they_do() {
    let limits = Limits {
        max_waiting_sessions: 2,
        ..Limits::default()
    };
    let (mut rig, _) = Rig::limited(limits);
    let (talks, silent) = (rig.websocket(), rig.websocket());
    assert_eq!(rig.open(None), Err(Reject::Full));
    assert_eq!(rig.stats.sessions_limited.get(), 1);
    // A pong says nothing.
    rig.send(talks, "3");
    assert_eq!(rig.open(None), Err(Reject::Full));
    rig.send(talks, "40");
    rig.polling();
    assert_eq!(rig.open(None), Err(Reject::Full));
    rig.pass(seconds(25));
    rig.send(silent, "3");
    rig.pass(seconds(20));
    assert_eq!(rig.stats.joins_timed_out.get(), 1);
    assert_eq!(rig.stats.pings_timed_out.get(), 2);
    rig.drain(silent);
    rig.lose(silent);
    rig.polling();
}

#[test]
fn one_address_has_as_many_sessions_as_it_may_have_connections() {
    let limits = Limits {
        max_connections: 3,
        max_connections_per_address: 2,
        ..Limits::default()
    };
    let (mut rig, _) = Rig::limited(limits);
    let (one, two) = (rig.joined(&["/"]), rig.joined(&["/"]));
    assert_eq!(rig.open(None), Err(Reject::TooManyHandshakes));
    assert_eq!(rig.stats.sessions_limited.get(), 1);
    rig.lose(one);
    let three = rig.joined(&["/"]);
    rig.lose(two);
    rig.lose(three);
    rig.expect_empty();
}

#[test]
fn a_reader_that_stops_is_closed_and_the_others_are_not() {
    let limits = Limits {
        max_outbox_bytes: 1000,
        ..Limits::default()
    };
    let (mut rig, log) = Rig::limited(limits);
    let (quick, slow) = (rig.joined(&["/"]), rig.joined(&["/"]));
    let away = rig.polling();
    rig.post(away, "40").expect("taken");
    rig.hub
        .engine()
        .set_backlog(slow.session, slow.socket, true);
    for _ in 0..11 {
        rig.send(quick, "42[\"large\",80]");
        assert_eq!(rig.drain(quick).len(), 1);
    }
    log.take();
    assert_eq!(rig.stats.buffered(), 0, "what it did not read is dropped");
    assert_eq!(rig.drain(slow), ["(close)"]);
    assert_eq!(rig.stats.outboxes_full.get(), 2);
    assert_eq!(rig.poll(away), Err(Reject::SessionUnknown));
    rig.send(quick, "42[\"echo\"]");
    assert_eq!(rig.drain(quick), ["42[\"echo\"]"]);
    rig.lose(quick);
    rig.lose(slow);
    rig.expect_empty();
}

#[test]
fn who_holds_little_is_served_though_the_shared_budget_is_used_up() {
    let limits = Limits {
        max_buffered_bytes: 10_000,
        ..Limits::default()
    };
    let (mut rig, _) = Rig::limited(limits);
    let (quick, hoarder) = (rig.joined(&["/"]), rig.joined(&["/"]));
    rig.send(
        hoarder,
        "451-[\"blob\",{\"_placeholder\":true,\"num\":0},\"x\"]",
    );
    rig.stats.hold(10_000);
    rig.send(quick, "42[\"echo\",1]");
    assert_eq!(rig.drain(quick), ["42[\"echo\",1]"]);
    rig.stats.release(10_000);
    rig.lose(quick);
    rig.lose(hoarder);
    rig.expect_empty();
}

#[test]
fn large_packets_leave_a_quarter_of_the_budget_to_small_ones() {
    let limits = Limits {
        max_buffered_bytes: 100_000,
        ..Limits::default()
    };
    let (mut rig, _) = Rig::limited(limits);
    let (hoarder, caller) = (rig.joined(&["/"]), rig.joined(&["/"]));
    rig.send(hoarder, "453-[\"echo\"]");
    rig.send_binary(hoarder, &[0; 74_000]);
    assert_eq!(rig.drain(hoarder), [""; 0], "three quarters may be held");
    // An offer, which comes in pieces and goes out whole.
    rig.send(caller, "451-[\"echo\",{\"_placeholder\":true,\"num\":0}]");
    rig.send_binary(caller, &[0; 11_000]);
    assert_eq!(rig.drain(caller).len(), 2, "its answer and the bytes");
    rig.send_binary(hoarder, &[0; 2_000]);
    assert_eq!(rig.drain(hoarder), ["(close)"]);
    rig.lose(hoarder);
    rig.lose(caller);
    rig.expect_empty();
}

#[test]
fn a_burst_of_the_smallest_events_fits_into_the_outbox_of_who_hears_them() {
    let (mut rig, _) = Rig::limited(Limits::room_server());
    let ws = rig.joined(&["/"]);
    let burst = Limits::room_server().max_event_rate as usize * 10 - 1;
    for _ in 0..burst {
        rig.send(ws, "42[\"echo\"]");
    }
    assert_eq!(rig.drain(ws).len(), burst);
}

#[test]
fn packets_that_wait_are_bounded_in_number_too() {
    let limits = Limits {
        max_outbox_packets: 3,
        ..Limits::default()
    };
    let (mut rig, log) = Rig::limited(limits);
    let session = rig.polling();
    rig.post(
        session,
        "40\u{1e}42[\"echo\"]\u{1e}42[\"echo\"]\u{1e}42[\"echo\"]",
    )
    .expect("taken");
    assert_eq!(
        log.take().last().map(String::as_str),
        Some("disconnect / transport error")
    );
    rig.expect_empty();
}

#[test]
fn a_used_up_budget_closes_who_asks_for_more_and_nothing_leaks() {
    let limits = Limits {
        max_buffered_bytes: 2000,
        ..Limits::default()
    };
    let (mut rig, _) = Rig::limited(limits);
    let (hoarder, other) = (rig.joined(&["/"]), rig.joined(&["/"]));
    rig.send(hoarder, "452-[\"echo\"]");
    rig.send_binary(hoarder, &[0; 1900]);
    rig.send(other, "42[\"large\",5000]");
    assert!(rig.stats.budget_exhausted.get() > 0);
    rig.flush();
    rig.lose(hoarder);
    rig.lose(other);
    rig.expect_empty();
    let greedy = rig.joined(&["/"]);
    rig.send(greedy, "452-[\"echo\"]");
    rig.send_binary(greedy, &[0; 3000]);
    assert_eq!(rig.drain(greedy), ["(close)"]);
    rig.lose(greedy);
    rig.expect_empty();
}

#[test]
fn pings_count_in_the_budget_and_leave_it() {
    let (mut rig, _) = Rig::new();
    let ws = rig.joined(&["/"]);
    let session = rig.polling();
    rig.post(session, "40\u{1e}42[\"echo\"]").expect("taken");
    rig.pass(seconds(25));
    assert!(rig.stats.buffered() > 2);
    rig.pass(seconds(20));
    rig.lose(ws);
    rig.expect_empty();
}

#[test]
fn who_holds_nothing_may_speak_while_the_budget_is_overdrawn() {
    let limits = Limits {
        max_buffered_bytes: 1000,
        ..Limits::default()
    };
    let (mut rig, log) = Rig::limited(limits);
    let ws = rig.joined(&["/"]);
    rig.stats.hold(1001);
    rig.send(ws, "42[\"nothing\"]");
    rig.stats.release(1001);
    assert_eq!(log.take(), ["event nothing "]);
    rig.send(ws, "42[\"echo\"]");
    assert_eq!(rig.drain(ws), ["42[\"echo\"]"]);
}

#[test]
fn without_random_bytes_nothing_is_opened_and_nobody_gets_an_id_that_can_be_guessed() {
    let (mut rig, _) = Rig::new();
    let ws = rig.websocket();
    NO_MORE.set(0);
    assert_eq!(rig.open(None), Err(Reject::BadRequest));
    assert_eq!(rig.hub.engine().len(), 1);
    // A client that wants to join is closed instead.
    rig.send(ws, "40");
    assert_eq!(rig.drain(ws), ["(close)"]);
    NO_MORE.set(u64::MAX);
    rig.lose(ws);
    rig.expect_empty();
}

#[test]
fn names_of_namespaces_and_rooms_are_bounded() {
    let limits = Limits {
        max_name_bytes: 8,
        ..Limits::default()
    };
    let (mut rig, _) = Rig::limited(limits);
    let ws = rig.joined(&["/", "/made/12"]);
    rig.send(ws, "40/made/123,");
    let refused = "44/made/123,{\"message\":\"Invalid namespace\"}";
    assert_eq!(rig.drain(ws), [refused]);
    for room in ["12345678", "123456789"] {
        rig.send(ws, &format!("42[\"join\",\"{room}\"]"));
    }
    rig.send(ws, "42[\"rooms\"]");
    assert_eq!(rig.drain(ws), ["42[\"rooms\",[\"12345678\"]]"]);
}

#[test]
fn connects_that_wait_for_their_decision_count_against_the_budget() {
    let limits = Limits {
        max_buffered_bytes: 10_000,
        ..Limits::default()
    };
    let (mut rig, _) = Rig::limited(limits);
    let doorman = rig.joined(&["/"]);
    let waiting: Vec<Ws> = (0..3).map(|_| rig.websocket()).collect();
    let pad = "x".repeat(4000);
    for ws in &waiting {
        rig.send(*ws, &format!("40{{\"later\":\"a\",\"pad\":\"{pad}\"}}"));
    }
    let busy = "44{\"message\":\"The server is busy, try again later\"}";
    assert_eq!(rig.drain(waiting[2]), [busy]);
    assert!((8000..=10_000).contains(&rig.stats.buffered()));
    rig.send(doorman, "42[\"accept\",\"a\"]");
    for ws in &waiting {
        rig.drain(*ws);
        rig.lose(*ws);
    }
    rig.lose(doorman);
    rig.expect_empty();
}

#[test]
fn the_request_of_a_handshake_counts_against_the_budget_while_it_is_kept() {
    let (mut rig, _) = Rig::new();
    let socket = rig.sockets.insert(());
    let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let headers = [("cookie", &b"a=1"[..])];
    let request = Request::new(from, false, std::time::SystemTime::UNIX_EPOCH, "/", headers);
    let bytes = request.bytes();
    let opened = rig.hub.open(rig.now, request, Some(socket));
    let session = opened.expect("opens");
    let ws = Ws { socket, session };
    rig.drain(ws);
    assert_eq!(rig.stats.buffered(), bytes);
    rig.pass(seconds(25));
    rig.send(ws, "40");
    rig.send(ws, "3");
    rig.pass(seconds(25));
    rig.drain(ws);
    assert_eq!(rig.stats.buffered(), 0, "its time is over");
    rig.lose(ws);
    rig.expect_empty();
}

#[test]
fn who_opens_a_websocket_and_does_not_move_to_it_is_counted_and_polls_on() {
    let (mut rig, _) = Rig::new();
    let session = rig.polling();
    let socket = rig.sockets.insert(());
    let opened = Input::SocketOpened(socket, false);
    rig.hub.handle(rig.now, session, opened).expect("taken");
    rig.pass(seconds(10));
    assert_eq!(rig.stats.upgrades_timed_out.get(), 1);
    assert_eq!(rig.post(session, "40"), Ok(()));
}

#[test]
fn of_lost_connections_those_beyond_the_limit_are_counted() {
    let settings = config::Protocol {
        recovery_max_age: Some(seconds(120)),
        ..config::Protocol::default()
    };
    let limits = Limits {
        max_recovery_sessions: 1,
        ..Limits::default()
    };
    let protocol = SocketIo::new(Actor::new(Log::default()));
    let mut rig = Rig::configured(settings, limits, protocol);
    let clients = [(); 3].map(|()| rig.websocket());
    for ws in clients {
        rig.send(ws, "40");
        rig.lose(ws);
    }
    assert_eq!(rig.stats.recoveries_limited.get(), 2);
}

#[test]
fn an_application_that_asks_for_too_many_rooms_or_too_long_names_is_counted() {
    let limits = Limits {
        max_rooms_per_socket: 1,
        max_name_bytes: 3,
        ..Limits::default()
    };
    let (mut rig, _) = Rig::limited(limits);
    let ws = rig.joined(&["/"]);
    for room in ["den", "bar", "attic"] {
        rig.send(ws, &format!("42[\"join\",\"{room}\"]"));
    }
    assert_eq!(rig.stats.application_limited.get(), 2);
}
