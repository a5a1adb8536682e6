//! Seats: who gets one, who has to wait, and that nothing is left when all have gone.

use super::*;
use proptest::prelude::*;
use slotmap::KeyData;
use std::time::Duration;

fn person(n: u64) -> SocketKey {
    KeyData::from_ffi(n | 1 << 32).into()
}

fn room(name: &str) -> RoomName {
    RoomName::try_from(name).expect("short")
}

fn key(n: u64) -> SeatKey {
    SeatKey::parse(&format!("{n:032x}")).expect("32 digits")
}

fn arrival(n: u64) -> Arrival {
    Arrival {
        person: person(n),
        key: None,
        resume: false,
    }
}

fn with_key(n: u64, of: u64) -> Arrival {
    Arrival {
        key: Some(key(of)),
        ..arrival(n)
    }
}

fn resuming(n: u64, of: u64) -> Arrival {
    Arrival {
        resume: true,
        ..with_key(n, of)
    }
}

fn role(lobby: &mut Lobby, n: u64, name: &str) -> Result<Role, RoomError> {
    lobby
        .join(arrival(n), &room(name))
        .map(|seated| seated.role)
}

/// The room `a` with the persons and keys 1 and 2 in it.
fn pair() -> (Lobby, Instant) {
    let mut lobby = Lobby::new(8);
    for n in [1, 2] {
        lobby.join(with_key(n, n), &room("a")).expect("free");
    }
    (lobby, Instant::now())
}

fn left(name: &str, peer: Option<u64>) -> Option<Left> {
    Some(Left {
        room: room(name),
        peer: peer.map(person),
    })
}

#[test]
fn a_room_seats_two() {
    let mut lobby = Lobby::new(8);
    assert_eq!(role(&mut lobby, 1, "a"), Ok(Role::Created));
    assert_eq!(role(&mut lobby, 2, "a"), Ok(Role::Joined));
    assert_eq!(role(&mut lobby, 3, "a"), Err(RoomError::Full));
    assert_eq!(
        (lobby.peer(person(1)), lobby.peer(person(2))),
        (Some(person(2)), Some(person(1)))
    );
    assert_eq!(lobby.heard(person(3)), None);
}

#[test]
fn joining_again_is_answered_as_before_and_takes_no_second_seat() {
    let mut lobby = Lobby::new(8);
    for _ in 0..2 {
        assert_eq!(role(&mut lobby, 1, "a"), Ok(Role::Created));
    }
    for _ in 0..2 {
        assert_eq!(role(&mut lobby, 2, "a"), Ok(Role::Joined));
    }
}

#[test]
fn who_stays_is_the_creator_for_the_next() {
    let mut lobby = Lobby::new(8);
    let _ = (role(&mut lobby, 1, "a"), role(&mut lobby, 2, "a"));
    assert_eq!(lobby.leave(person(1)), left("a", Some(2)));
    assert_eq!(role(&mut lobby, 1, "a"), Ok(Role::Joined));
    assert_eq!(role(&mut lobby, 2, "a"), Ok(Role::Created));
}

#[test]
fn joining_another_room_leaves_the_first_one_unless_there_is_no_place() {
    let mut lobby = Lobby::new(8);
    let _ = (role(&mut lobby, 1, "a"), role(&mut lobby, 2, "a"));
    let seated = lobby.join(arrival(1), &room("b")).expect("free");
    assert_eq!(seated.left, left("a", Some(2)));
    let _ = role(&mut lobby, 3, "b");
    assert_eq!(role(&mut lobby, 2, "b"), Err(RoomError::Full));
    assert_eq!(lobby.heard(person(2)), Some((&room("a"), None)));
}

#[test]
fn rooms_are_bounded_but_who_is_alone_may_change() {
    let mut lobby = Lobby::new(1);
    assert_eq!(role(&mut lobby, 1, "a"), Ok(Role::Created));
    assert_eq!(role(&mut lobby, 2, "b"), Err(RoomError::TooManyRooms));
    assert_eq!(role(&mut lobby, 1, "b"), Ok(Role::Created));
    assert_eq!(role(&mut lobby, 2, "b"), Ok(Role::Joined));
    assert_eq!(role(&mut lobby, 1, "c"), Err(RoomError::TooManyRooms));
    assert_eq!(lobby.peer(person(1)), Some(person(2)));
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
    assert_eq!(lobby.hold(person(1), until), left("a", Some(2)));
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
    assert_eq!(seated.left, left("b", Some(4)));
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
    assert!(seated.peer_away);
    let seated = lobby.join(resuming(3, 1), &room("a")).expect("its own");
    assert!(seated.taken.is_some_and(|taken| !taken.resumed));
}

#[test]
fn who_has_spoken_since_knows_who_sits_opposite() {
    for speaks in [true, false] {
        let (mut lobby, _) = pair();
        lobby.leave(person(2));
        let _ = role(&mut lobby, 4, "a");
        if speaks {
            lobby.heard(person(1));
        }
        let seated = lobby.join(resuming(3, 1), &room("a")).expect("its own");
        assert_eq!(seated.taken.map(|taken| taken.resumed), Some(speaks));
    }
}

#[test]
fn both_may_be_away_and_come_back() {
    let (mut lobby, now) = pair();
    assert_eq!(lobby.hold(person(1), now), left("a", Some(2)));
    assert_eq!(lobby.hold(person(2), now), left("a", None));
    let seated = lobby.join(resuming(3, 2), &room("a")).expect("its own");
    assert_eq!((seated.role, seated.peer_away), (Role::Joined, true));
    let seated = lobby.join(resuming(4, 1), &room("a")).expect("its own");
    assert_eq!((seated.role, seated.peer_away), (Role::Created, false));
    assert_eq!(seated.taken.and_then(|taken| taken.peer), Some(person(3)));
}

#[test]
fn held_seats_keep_their_rooms_and_are_bounded() {
    let (mut lobby, now) = (Lobby::new(5), Instant::now());
    for n in 0..5 {
        let joined = lobby.join(with_key(n, n), &room(&format!("room {n}")));
        assert!(joined.is_ok());
    }
    let held = (0..5).filter(|n| lobby.hold(person(*n), now).is_some());
    assert_eq!(held.count(), 2, "a quarter, rounded up");
    assert_eq!(
        role(&mut lobby, 9, "one more"),
        Err(RoomError::TooManyRooms)
    );
    assert!(lobby.expire(now).is_some());
    assert_eq!(role(&mut lobby, 9, "one more"), Ok(Role::Created));
}

/// The maps agree with each other.
fn expect_consistent(lobby: &Lobby) -> Result<(), TestCaseError> {
    let mut held = BTreeSet::new();
    for (call_key, call) in &lobby.calls {
        prop_assert!(!call.seats.is_empty());
        prop_assert_eq!(lobby.by_room.get(&call.room), Some(&call_key));
        for seat in &call.seats {
            prop_assert_eq!(lobby.seats.get(&seat.person), Some(&call_key));
            prop_assert!(seat.held_until.is_none() || seat.key.is_some());
            held.extend(seat.held_until.map(|until| (until, seat.person)));
            let same = call.seats.iter().filter(|other| other.key == seat.key);
            prop_assert!(seat.key.is_none() || same.count() == 1);
        }
    }
    let seats: usize = lobby.calls.values().map(|call| call.seats.len()).sum();
    prop_assert_eq!(seats, lobby.seats.len());
    prop_assert_eq!(lobby.by_room.len(), lobby.calls.len());
    prop_assert!(lobby.calls.len() <= lobby.max_rooms);
    prop_assert!(held.len() <= lobby.max_held);
    prop_assert_eq!(&held, &lobby.held);
    Ok(())
}

proptest! {
    /// Six people, two of whom share a key each and two of whom have none, come, go, are lost and
    /// come back by another socket.
    #[test]
    fn seats_and_calls_always_agree(ops in proptest::collection::vec((0u64..6, 0u8..7), 0..120)) {
        let mut lobby = Lobby::new(6);
        let (mut now, mut sockets) = (Instant::now(), 6);
        let mut people: Vec<u64> = (0..6).collect();
        for (n, what) in ops {
            let at = usize::try_from(n).expect("small");
            match what {
                5 => _ = lobby.leave(person(people[at])),
                6 => {
                    let lost = person(people[at]);
                    if lobby.hold(lost, now + Duration::from_secs(2)).is_none() {
                        lobby.leave(lost);
                    }
                    people[at] = sockets;
                    sockets += 1;
                }
                4 => {
                    now += Duration::from_secs(1);
                    while lobby.expire(now).is_some() {}
                    prop_assert!(lobby.deadline().is_none_or(|at| at > now));
                }
                name => {
                    let arrival = Arrival {
                        person: person(people[at]),
                        key: (n < 4).then(|| key(n % 2)),
                        resume: name % 2 == 0,
                    };
                    let joined = lobby.join(arrival, &room(&format!("room {}", name / 2)));
                    let opposite = lobby.peer(arrival.person);
                    if let Ok(Seated { taken: Some(taken), .. }) = joined {
                        prop_assert_eq!(taken.peer, opposite);
                    }
                }
            }
            expect_consistent(&lobby)?;
        }
        for n in people {
            lobby.leave(person(n));
        }
        while lobby.expire(now + Duration::from_secs(2)).is_some() {}
        prop_assert!(lobby.is_empty() && lobby.seats.is_empty());
        prop_assert!(lobby.by_room.is_empty() && lobby.held.is_empty());
    }
}
