//! What cannot be done, and how clients learn of it.

use crate::rig::Rig;

#[test]
fn a_name_that_is_none_is_a_room_error_and_the_seat_is_kept() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair();
    let long = format!("\"{}\"", "x".repeat(65));
    for (name, code, message) in [
        ("\" \"", "empty-name", "A room needs a name."),
        (
            long.as_str(),
            "long-name",
            "A room's name can have 64 bytes at most.",
        ),
        (
            "\"a\\u0007b\"",
            "control-character",
            "A room's name cannot have control characters.",
        ),
        ("7", "bad-arguments", "This event takes other arguments."),
    ] {
        let error = format!("{{\"code\":\"{code}\",\"message\":\"{message}\"}}");
        rig.say(first, &format!("42[\"join\",{name}]"));
        assert_eq!(rig.got(first), [format!("42[\"room-error\",{error}]")]);
        rig.say(first, &format!("423[\"join\",{name}]"));
        assert_eq!(
            rig.got(first),
            [
                format!("42[\"room-error\",{error}]"),
                format!("433[{{\"error\":{error}}}]")
            ]
        );
    }
    assert_eq!(rig.stats.events_refused.get(), 8);
    rig.say(first, "42[\"ready\",\"kitchen\"]");
    assert_eq!(rig.got(second), ["42[\"ready\"]"]);
}

#[test]
fn arguments_that_are_missing_are_a_room_error() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair();
    for event in ["join", "leave", "ready", "offer", "answer", "candidate"] {
        rig.say(first, &format!("42[\"{event}\"]"));
        assert_eq!(
            rig.got(first),
            [
                "42[\"room-error\",{\"code\":\"bad-arguments\",\"message\":\"This event takes other arguments.\"}]"
            ],
            "{event}"
        );
    }
    rig.say(first, "42[\"offer\",{}]");
    assert_eq!(rig.got(first).len(), 1);
    assert_eq!(rig.got(second), [""; 0]);
}

#[test]
fn strangers_cannot_relay_into_a_room_and_learn_nothing_of_it() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair();
    let stranger = rig.person();
    for event in ["leave", "ready"] {
        rig.say(stranger, &format!("42[\"{event}\",\"kitchen\"]"));
    }
    for event in ["offer", "answer", "candidate"] {
        rig.say(stranger, &format!("42[\"{event}\",{{}},\"kitchen\"]"));
        rig.say(first, &format!("42[\"{event}\",{{}},\"bath\"]"));
    }
    for person in [first, second, stranger] {
        assert_eq!(rig.got(person), [""; 0]);
    }
    assert_eq!((rig.stats.relayed.get(), rig.stats.ignored.get()), (0, 8));
    for room in ["kitchen", "a room that is not there"] {
        rig.say(stranger, &format!("421[\"ready\",\"{room}\"]"));
        assert_eq!(
            rig.got(stranger),
            [
                "431[{\"error\":{\"code\":\"not-seated\",\"message\":\"You are not in this room.\"}}]"
            ]
        );
    }
}

#[test]
fn rooms_are_bounded_and_who_is_alone_may_still_move() {
    let mut rig = Rig::with_rooms(1);
    let (first, second) = (rig.person(), rig.person());
    rig.say(first, "42[\"join\",\"a\"]");
    rig.say(second, "42[\"join\",\"b\"]");
    assert_eq!(rig.got(first), ["42[\"created\"]"]);
    assert_eq!(
        rig.got(second),
        [
            "42[\"room-error\",{\"code\":\"too-many-rooms\",\"message\":\"There are too many rooms on this server.\"}]"
        ]
    );
    assert_eq!(rig.stats.rooms_limited.get(), 1);
    rig.say(first, "42[\"join\",\"b\"]");
    assert_eq!(rig.got(first), ["42[\"created\"]"]);
    assert_eq!(rig.rooms(), 1);
}

#[test]
fn events_of_other_programs_are_ignored_and_not_answered() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair();
    rig.say(first, "42[\"message\",\"kitchen\"]");
    rig.say(first, "421[\"message\",\"kitchen\"]");
    assert_eq!(rig.got(first), [""; 0]);
    assert_eq!(rig.got(second), [""; 0]);
}

#[test]
fn somebody_alone_may_relay_and_nobody_hears() {
    let mut rig = Rig::new();
    let person = rig.person();
    rig.say(person, "42[\"join\",\"a\"]");
    rig.say(person, "429[\"offer\",{},\"a\"]");
    assert_eq!(rig.got(person), ["42[\"created\"]", "439[{\"ok\":true}]"]);
    assert_eq!(rig.stats.relayed.get(), 0);
}
