//! Seats: who gets one, who has to wait, and that nothing is left when all have gone.

mod held;

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
        page: None,
        intent: Intent::Asked,
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
        intent: Intent::Resume,
        ..with_key(n, of)
    }
}

fn role(lobby: &mut Lobby, n: u64, name: &str) -> Result<Role, RoomError> {
    lobby
        .join(arrival(n), &room(name))
        .map(|seated| seated.role)
}

/// The room `a` with the persons and keys 1 and 2 in it, who know of each other.
fn pair() -> (Lobby, Instant) {
    let mut lobby = Lobby::new(8);
    for n in [1, 2] {
        lobby.join(with_key(n, n), &room("a")).expect("free");
    }
    lobby.heard(person(1), |_| true);
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
    assert_eq!(lobby.heard(person(3), |_| true), None);
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
    assert_eq!(seated.left.first(), left("a", Some(2)).as_ref());
    let _ = role(&mut lobby, 3, "b");
    assert_eq!(role(&mut lobby, 2, "b"), Err(RoomError::Full));
    assert_eq!(
        lobby.heard(person(2), |name| *name == room("a")),
        Some(None)
    );
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

/// The maps agree with each other.
fn expect_consistent(lobby: &Lobby) -> Result<(), TestCaseError> {
    let (mut held, mut deserted) = (0, BTreeSet::new());
    for (call_key, call) in &lobby.calls {
        prop_assert!(!call.seats.is_empty());
        prop_assert_eq!(lobby.by_room.get(&call.room), Some(&call_key));
        for seat in &call.seats {
            prop_assert_eq!(lobby.seats.get(&seat.person), Some(&call_key));
            prop_assert!(seat.held_until.is_none() || seat.key.is_some());
            if let (Some(_), Some(key)) = (seat.held_until, seat.key) {
                prop_assert_eq!(lobby.held.of(key), Some(seat.person));
                held += 1;
            }
            let same = call.seats.iter().filter(|other| other.key == seat.key);
            prop_assert!(seat.key.is_none() || same.count() == 1);
        }
        if call.seats.iter().all(|seat| seat.held_until.is_some()) {
            deserted.extend(call.desertion().map(|desertion| (desertion, call_key)));
        }
    }
    let seats: usize = lobby.calls.values().map(|call| call.seats.len()).sum();
    prop_assert_eq!(seats, lobby.seats.len());
    prop_assert_eq!(lobby.by_room.len(), lobby.calls.len());
    prop_assert!(lobby.calls.len() <= lobby.max_rooms);
    prop_assert!(deserted.len() <= lobby.max_deserted);
    prop_assert_eq!(&deserted, &lobby.deserted);
    prop_assert_eq!((held, held), lobby.held.lens());
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
                        page: Page::new(u32::from(name)),
                        intent: [Intent::Resume, Intent::Asked, Intent::Again][usize::from(name) % 3],
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
        prop_assert!(lobby.by_room.is_empty() && lobby.deserted.is_empty());
        prop_assert_eq!(lobby.held.lens(), (0, 0));
    }
}
