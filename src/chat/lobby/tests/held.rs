//! Seats that are held: for whom, how long, how many, and who has one again.

use super::*;

/// The same, by itself or not, from the page of this number.
fn from_page(number: u32, intent: Intent, arrival: Arrival) -> Arrival {
    Arrival {
        page: Page::new(number),
        intent,
        ..arrival
    }
}

/// Somebody is lost, and nobody else is concerned.
fn away(name: &str, peer: Option<u64>) -> Option<Away> {
    left(name, peer).map(|left| Away {
        left,
        vacated: None,
        given_up: None,
    })
}

#[test]
fn a_seat_without_a_key_is_not_held() {
    let mut lobby = Lobby::new(8);
    let _ = role(&mut lobby, 1, "a");
    assert_eq!(lobby.hold(person(1), Instant::now()), None);
    assert_eq!(lobby.hold(person(2), Instant::now()), None, "nor none");
    assert_eq!(lobby.deadline(), None);
}

#[test]
fn a_held_seat_is_taken_for_strangers_until_its_time_is_over() {
    let (mut lobby, now) = pair();
    let until = now + Duration::from_secs(120);
    assert_eq!(lobby.hold(person(1), until), away("a", Some(2)));
    assert_eq!(lobby.peer(person(2)), None, "is away");
    assert_eq!(lobby.deadline(), Some(until));
    assert_eq!(role(&mut lobby, 3, "a"), Err(RoomError::Full));
    let other_key = lobby.join(with_key(3, 3), &room("a"));
    assert_eq!(other_key, Err(RoomError::Full));
    assert_eq!(lobby.expire(until - Duration::from_millis(1)), None);
    let gone = lobby.expire(until);
    assert_eq!(gone, left("a", Some(2)).map(|left| (person(1), left)));
    assert_eq!((lobby.expire(until), lobby.deadline()), (None, None));
    assert_eq!(role(&mut lobby, 3, "a"), Ok(Role::Joined));
}

#[test]
fn who_comes_back_has_the_seat_and_the_role_again() {
    for resume in [resuming(3, 1), resuming(3, 2)] {
        let (mut lobby, now) = pair();
        let (gone, other, role) = match resume.key == Some(key(1)) {
            true => (1, 2, Role::Created),
            false => (2, 1, Role::Joined),
        };
        lobby.hold(person(gone), now);
        let seated = lobby.join(resume, &room("a")).expect("its own");
        let taken = Taken {
            from: None,
            peer: Some(person(other)),
            resumed: true,
        };
        assert_eq!((seated.role, seated.taken), (role, Some(taken)));
        assert_eq!(lobby.peer(person(other)), Some(person(3)));
        assert_eq!((lobby.deadline(), lobby.leave(person(gone))), (None, None));
    }
}

#[test]
fn a_seat_that_is_taken_over_without_its_call_is_left_and_taken_anew() {
    for held in [true, false] {
        let (mut lobby, now) = pair();
        if held {
            lobby.hold(person(1), now);
        }
        let seated = lobby.join(with_key(3, 1), &room("a")).expect("its own");
        let taken = Taken {
            from: (!held).then_some(person(1)),
            peer: Some(person(2)),
            resumed: false,
        };
        assert_eq!((seated.role, seated.taken), (Role::Joined, Some(taken)));
        assert_eq!(lobby.leave(person(1)), None);
        assert_eq!(role(&mut lobby, 2, "a"), Ok(Role::Created), "moved up");
    }
}

#[test]
fn who_takes_a_seat_over_leaves_another_room_for_it() {
    let (mut lobby, _) = pair();
    lobby.join(with_key(3, 1), &room("b")).expect("free");
    let _ = role(&mut lobby, 4, "b");
    let seated = lobby.join(resuming(3, 1), &room("a")).expect("its own");
    assert_eq!(seated.left.first(), left("b", Some(4)).as_ref());
    assert_eq!(seated.taken.and_then(|taken| taken.from), Some(person(1)));
}

#[test]
fn no_call_is_resumed_with_somebody_else() {
    // The other left, who is away cannot have heard of it.
    let (mut lobby, now) = pair();
    lobby.hold(person(1), now);
    assert_eq!(lobby.leave(person(2)), left("a", None));
    let seated = lobby.join(resuming(3, 1), &room("a")).expect("its own");
    let taken = Taken {
        from: None,
        peer: None,
        resumed: false,
    };
    assert_eq!((seated.role, seated.taken), (Role::Created, Some(taken)));
    // The same, and somebody else came.
    let (mut lobby, now) = pair();
    lobby.hold(person(1), now);
    lobby.leave(person(2));
    let _ = role(&mut lobby, 4, "a");
    let seated = lobby.join(resuming(3, 1), &room("a")).expect("its own");
    assert_eq!(seated.role, Role::Joined);
    assert!(seated.taken.is_some_and(|taken| !taken.resumed));
    // Somebody came to who was alone.
    let mut lobby = Lobby::new(8);
    lobby.join(with_key(1, 1), &room("a")).expect("free");
    lobby.hold(person(1), now);
    let seated = lobby.join(arrival(2), &room("a")).expect("free");
    assert_eq!(seated.opposite, Opposite::Away);
    let seated = lobby.join(resuming(3, 1), &room("a")).expect("its own");
    assert!(seated.taken.is_some_and(|taken| !taken.resumed));
}

#[test]
fn who_has_spoken_since_knows_who_sits_opposite() {
    // When they speak: before or after the next one comes, and of which room.
    for (early, late, name, knows) in [
        (false, false, "a", false),
        (true, false, "a", false),
        (false, true, "b", false),
        (false, true, "a", true),
    ] {
        let (mut lobby, _) = pair();
        lobby.leave(person(2));
        for speaks in [early, late] {
            if speaks {
                lobby.heard(person(1), |seated| *seated == room(name));
            }
            let _ = role(&mut lobby, 4, "a");
        }
        let seated = lobby.join(resuming(3, 1), &room("a")).expect("its own");
        let resumed = seated.taken.map(|taken| taken.resumed);
        assert_eq!(resumed, Some(knows), "{early} {late} {name}");
    }
}

#[test]
fn a_call_that_a_new_server_does_not_know_goes_on_when_both_resume_it() {
    let (mut lobby, now) = (Lobby::new(8), Instant::now());
    for n in [1, 2] {
        let seated = lobby.join(resuming(n, n), &room("a")).expect("free");
        assert!(!seated.is_over);
    }
    // They had nothing to say, and one is lost again.
    lobby.hold(person(1), now);
    let seated = lobby.join(resuming(3, 1), &room("a")).expect("its own");
    assert!(seated.taken.is_some_and(|taken| taken.resumed));
}

#[test]
fn both_may_be_away_and_come_back() {
    let (mut lobby, now) = pair();
    assert_eq!(lobby.hold(person(1), now), away("a", Some(2)));
    assert_eq!(lobby.hold(person(2), now), away("a", None));
    let seated = lobby.join(resuming(3, 2), &room("a")).expect("its own");
    let seen = (seated.role, seated.opposite);
    assert_eq!(seen, (Role::Joined, Opposite::Away));
    let seated = lobby.join(resuming(4, 1), &room("a")).expect("its own");
    let seen = (seated.role, seated.opposite);
    assert_eq!(seen, (Role::Created, Opposite::Present));
    assert_eq!(seated.taken.and_then(|taken| taken.peer), Some(person(3)));
}

#[test]
fn a_page_that_comes_by_itself_takes_no_seat_from_another_page_with_its_key() {
    for intent in [Intent::Again, Intent::Resume] {
        for held in [true, false] {
            let (mut lobby, now) = pair();
            let first = from_page(7, Intent::Asked, with_key(3, 1));
            let copy = from_page(8, Intent::Asked, with_key(4, 1));
            lobby.join(first, &room("a")).expect("its own");
            lobby.join(copy, &room("a")).expect("asked for");
            if held {
                lobby.hold(person(4), now);
            }
            let thawed = from_page(7, intent, with_key(5, 1));
            let refused = lobby.join(thawed, &room("a"));
            assert_eq!(refused, Err(RoomError::TakenOver));
            let again = from_page(8, intent, with_key(6, 1));
            assert!(lobby.join(again, &room("a")).is_ok(), "its own");
            let asked = from_page(7, Intent::Asked, with_key(7, 1));
            assert!(lobby.join(asked, &room("a")).is_ok(), "asked for");
        }
    }
}

#[test]
fn who_asks_for_a_seat_elsewhere_gives_up_the_one_that_is_held() {
    let (mut lobby, now) = pair();
    lobby.hold(person(1), now);
    let seated = lobby.join(with_key(3, 1), &room("b")).expect("free");
    assert_eq!(seated.left.first(), left("a", Some(2)).as_ref());
    assert_eq!((lobby.len(), lobby.deadline()), (2, None));
    // Its own other seat as well.
    let (mut lobby, now) = pair();
    lobby.join(with_key(3, 1), &room("b")).expect("free");
    lobby.hold(person(1), now);
    let seated = lobby.join(with_key(3, 1), &room("c")).expect("free");
    let want = [left("b", None), left("a", Some(2))];
    assert!(seated.left.into_iter().map(Some).eq(want));
}

#[test]
fn a_page_with_the_same_key_that_is_there_keeps_its_seat_elsewhere() {
    let (mut lobby, _) = pair();
    let seated = lobby.join(with_key(3, 1), &room("b")).expect("free");
    assert!(seated.left.is_empty());
    assert_eq!(lobby.peer(person(2)), Some(person(1)));
}

#[test]
fn of_two_seats_with_one_key_the_one_that_was_lost_last_is_held() {
    let (mut lobby, now) = pair();
    lobby.join(with_key(3, 1), &room("b")).expect("free");
    lobby.hold(person(1), now);
    let held = lobby.hold(person(3), now).expect("it has a key");
    assert_eq!(held.vacated, left("a", Some(2)));
    assert_eq!((lobby.is_seated(person(1)), lobby.len()), (false, 2));
}

#[test]
fn a_seat_is_left_late_by_its_key_and_page_only() {
    let (mut lobby, now) = (Lobby::new(8), Instant::now());
    let seven = Page::new(7).expect("a number");
    let eight = Page::new(8).expect("a number");
    for held in [true, false] {
        let arrival = from_page(7, Intent::Asked, with_key(1, 1));
        lobby.join(arrival, &room("a")).expect("free");
        if held {
            lobby.hold(person(1), now);
        }
        assert_eq!(lobby.leave_late(key(1), seven, &room("b")), None);
        assert_eq!(lobby.leave_late(key(1), eight, &room("a")), None);
        assert_eq!(lobby.leave_late(key(2), seven, &room("a")), None);
        let gone = lobby.leave_late(key(1), seven, &room("a"));
        assert_eq!(gone, left("a", None));
        assert!(lobby.is_empty() && lobby.deadline().is_none());
    }
}

#[test]
fn rooms_with_nobody_there_are_bounded_and_the_longest_deserted_is_given_up() {
    let (mut lobby, start) = (Lobby::new(20), Instant::now());
    let name = |n: u64| format!("room {n}");
    for n in 0..12 {
        lobby.join(with_key(n, n), &room(&name(n))).expect("free");
    }
    // Somebody is there, so this seat is none of those.
    lobby.join(arrival(99), &room(&name(11))).expect("free");
    assert!(lobby.hold(person(11), start).is_some());
    let lose = |lobby: &mut Lobby, n: u64| {
        let until = start + Duration::from_secs(120 + n);
        lobby.hold(person(n), until)
    };
    for n in 0..5 {
        assert_eq!(lose(&mut lobby, n), away(&name(n), None));
    }
    for n in 5..11 {
        let held = lose(&mut lobby, n).expect("it has a key");
        assert_eq!(held.given_up, Some(room(&name(n - 5))));
        assert!(!lobby.is_seated(person(n - 5)));
    }
    assert_eq!((lobby.len(), lobby.is_seated(person(11))), (6, true));
    let back = lobby.join(resuming(50, 6), &room(&name(6)));
    assert!(back.is_ok_and(|seated| seated.taken.is_some()));
}

#[test]
fn a_call_of_two_outlasts_those_who_come_alone_and_are_lost() {
    let (mut lobby, now) = pair();
    let lone = |lobby: &mut Lobby, n: u64| {
        let name = room(&format!("room {n}"));
        lobby.join(with_key(n, n), &name).expect("free");
        let until = now + Duration::from_secs(120 + n);
        lobby.hold(person(n), until).expect("it has a key").given_up
    };
    for n in [1, 2] {
        lobby.hold(person(n), now + Duration::from_secs(120));
    }
    for n in 3..6 {
        assert_eq!(lone(&mut lobby, n), None);
    }
    for n in 6..100 {
        let given_up = room(&format!("room {}", n - 3));
        assert_eq!(lone(&mut lobby, n), Some(given_up));
    }
    for n in [1, 2] {
        let back = lobby.join(resuming(100 + n, n), &room("a"));
        assert!(back.is_ok_and(|seated| seated.taken.is_some_and(|taken| taken.resumed)));
    }
    // Calls of two are given up for each other, the longest deserted first; one that half of was left
    // is none of those any more.
    let (mut lobby, now) = (Lobby::new(8), Instant::now());
    for n in 0..5 {
        let name = room(&format!("room {n}"));
        for of in [n * 2, n * 2 + 1] {
            lobby.join(with_key(of, of), &name).expect("free");
        }
    }
    for n in 0..10 {
        let until = now + Duration::from_secs(120 + n);
        let away = lobby.hold(person(n), until).expect("it has a key");
        assert_eq!(away.given_up, (n == 9).then(|| room("room 0")));
    }
    lobby.leave(person(6));
    assert_eq!(lone(&mut lobby, 20), Some(room("room 3")));
}

#[test]
fn a_small_server_keeps_a_few_rooms_with_nobody_there() {
    for (rooms, kept) in [(1, 1), (3, 3), (4, 4), (8, 4), (16, 4), (40, 10)] {
        let (mut lobby, now) = (Lobby::new(rooms), Instant::now());
        for n in 0..u64::try_from(rooms).expect("small") {
            let name = format!("room {n}");
            lobby.join(with_key(n, n), &room(&name)).expect("free");
        }
        for n in 0..u64::try_from(rooms).expect("small") {
            lobby.hold(person(n), now).expect("it has a key");
        }
        assert_eq!(lobby.len(), kept, "{rooms}");
    }
}

#[test]
fn rooms_with_nobody_there_count_as_rooms() {
    let (mut lobby, now) = (Lobby::new(1), Instant::now());
    lobby.join(with_key(1, 1), &room("a")).expect("free");
    lobby.hold(person(1), now);
    assert_eq!(role(&mut lobby, 9, "b"), Err(RoomError::TooManyRooms));
    let seated = lobby.join(with_key(2, 1), &room("b")).expect("its own");
    assert_eq!(seated.left.first(), left("a", None).as_ref());
}
