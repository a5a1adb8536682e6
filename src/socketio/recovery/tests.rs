//! What comes back to whom, and what falls out.

use super::*;

const AGE: Duration = Duration::from_secs(120);

fn recovery(packets: usize, bytes: usize, sessions: usize) -> Recovery {
    Recovery::new(Bounds {
        packets,
        bytes,
        sessions,
        age: AGE,
    })
}

fn pid(n: u8) -> Pid {
    Pid::from_random([n; RANDOM_BYTES])
}

fn lost(n: u8, rooms: &[&str]) -> Lost {
    Lost {
        id: SocketId::from_random([n; RANDOM_BYTES]),
        rooms: rooms.iter().map(|room| (*room).into()).collect(),
        own_room: true,
        data: None,
    }
}

fn say(recovery: &mut Recovery, now: Instant, text: &'static str, scope: Scope) -> String {
    let number = recovery.number();
    let sent = Sent {
        text: Bytes::from_static(text.as_bytes()),
        attachments: Box::default(),
    };
    recovery.keep(now, number, sent, Arc::new(scope));
    offset(number)
}

fn to(rooms: &[&str]) -> Scope {
    Scope {
        rooms: rooms.iter().map(|room| (*room).into()).collect(),
        ..Scope::default()
    }
}

fn back(recovery: &mut Recovery, now: Instant, n: u8, offset: &str) -> Option<Vec<Bytes>> {
    let auth = format!(
        "{{\"pid\":\"{}\",\"offset\":\"{offset}\"}}",
        pid(n).as_str()
    );
    let Recovered {
        pid: found,
        lost,
        seen,
    } = recovery.recover(now, &auth)?;
    assert_eq!(found, pid(n));
    let own = lost.own_room.then_some(lost.id.as_str());
    let rooms: Vec<&str> = lost.rooms.iter().map(|room| &**room).chain(own).collect();
    let missed = recovery.missed(seen, &lost.id, &rooms);
    recovery.arrived();
    Some(missed?.into_iter().map(|sent| sent.text).collect())
}

#[test]
fn who_comes_back_gets_what_was_for_it_after_the_last_it_saw() {
    let now = Instant::now();
    let mut ring = recovery(100, 100_000, 10);
    let seen = say(&mut ring, now, "seen", to(&[]));
    let me = lost(1, &["a"]);
    let own = me.id.to_string();
    ring.remember(now, pid(1), me);
    say(&mut ring, now, "all", to(&[]));
    say(&mut ring, now, "a", to(&["b", "a"]));
    say(&mut ring, now, "b", to(&["b"]));
    say(&mut ring, now, "me", to(&[&own]));
    let mut scope = to(&[]);
    scope.except.push("a".into());
    say(&mut ring, now, "but a", scope);
    let mut scope = to(&[]);
    scope.sender = SocketId::parse(&own);
    say(&mut ring, now, "from me", scope);
    let missed = back(&mut ring, now, 1, &seen);
    assert_eq!(missed, Some(vec!["all".into(), "a".into(), "me".into()]));
    assert_eq!(back(&mut ring, now, 1, &seen), None, "a pid is good once");
    assert!(ring.is_idle());
}

#[test]
fn a_gap_or_an_offset_of_nobody_means_a_new_socket() {
    let now = Instant::now();
    let mut ring = recovery(2, 100_000, 10);
    let first = say(&mut ring, now, "1", to(&[]));
    ring.remember(now, pid(1), lost(1, &[]));
    for other in ["", "0x1", "+1", "01", "99", "ffffffffffffffffff", "é"] {
        assert_eq!(back(&mut ring, now, 1, other), None, "{other}");
    }
    say(&mut ring, now, "2", to(&[]));
    say(&mut ring, now, "3", to(&[]));
    assert_eq!(ring.packets.len(), 2);
    let all = Some(vec!["2".into(), "3".into()]);
    assert_eq!(
        back(&mut ring, now, 1, &first),
        all,
        "nothing is missing yet"
    );
    ring.remember(now, pid(1), lost(1, &[]));
    say(&mut ring, now, "4", to(&[]));
    assert_eq!(back(&mut ring, now, 1, &first), None, "2 has fallen out");
    for auth in ["{}", "{\"pid\":1,\"offset\":\"1\"}", "{\"pid\":\"x\"}"] {
        assert!(ring.recover(now, auth).is_none(), "{auth}");
    }
}

#[test]
fn packets_and_sockets_are_bounded_in_number_bytes_and_age() {
    let now = Instant::now();
    let one = size_of::<Kept>() + 8;
    let mut ring = recovery(100, one + 2, 2);
    let offset = say(&mut ring, now, "12345678", to(&[]));
    say(&mut ring, now, "12345678", to(&[]));
    assert_eq!((ring.packets.len(), ring.bytes()), (1, one));
    for n in 1..=3 {
        ring.remember(now, pid(n), lost(n, &[]));
    }
    assert_eq!(ring.lost.len(), 2);
    assert_eq!(
        back(&mut ring, now, 1, &offset),
        None,
        "the oldest was forgotten"
    );
    assert!(back(&mut ring, now, 2, &offset).is_some());
    let late = now + AGE + Duration::from_millis(1);
    assert_eq!(back(&mut ring, late, 3, &offset), None);
    assert_eq!(
        (ring.packets.len(), ring.bytes(), ring.lost.len()),
        (0, 0, 0)
    );
    say(&mut ring, late, "more than ten bytes", to(&[]));
    assert_eq!((ring.packets.len(), ring.bytes()), (0, 0));
}

#[test]
fn coming_and_going_for_ever_takes_no_memory() {
    let now = Instant::now();
    let mut ring = recovery(10, 100_000, 10);
    let offset = say(&mut ring, now, "1", to(&[]));
    for _ in 0..1000 {
        ring.remember(now, pid(1), lost(1, &[]));
        assert!(back(&mut ring, now, 1, &offset).is_some());
    }
    assert!(ring.order.len() <= 17, "{}", ring.order.len());
}
