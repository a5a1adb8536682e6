//! Two people and the room between them.

use crate::rig::{HOLD, Rig};
use std::time::Duration;

#[test]
fn the_first_in_a_room_creates_it_the_second_joins_and_the_third_finds_it_full() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair();
    let third = rig.person();
    rig.say(third, "42[\"join\",\"kitchen\"]");
    assert_eq!(rig.got(third), ["42[\"full\"]"]);
    assert_eq!(rig.stats.joins_refused.get(), 1);
    assert_eq!(rig.got(first), [""; 0], "nobody is told of who comes");
    assert_eq!(rig.got(second), [""; 0]);
    rig.say(third, "42[\"join\",\"bath\"]");
    assert_eq!(rig.got(third), ["42[\"created\"]"]);
    assert_eq!(rig.rooms(), 2);
}

#[test]
fn a_call_is_set_up_between_the_two_and_heard_by_nobody_else() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair();
    let elsewhere = rig.person();
    rig.say(elsewhere, "42[\"join\",\"bath\"]");
    rig.got(elsewhere);
    let exchange = [
        (second, first, "42[\"ready\",\"kitchen\"]", "42[\"ready\"]"),
        (
            first,
            second,
            "42[\"offer\",{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\u{fc}\"},\"kitchen\"]",
            "42[\"offer\",{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\u{fc}\"}]",
        ),
        (
            second,
            first,
            "42[\"answer\", { \"sdp\" : 1e400 } , \"kitchen\"]",
            "42[\"answer\",{ \"sdp\" : 1e400 }]",
        ),
        (
            first,
            second,
            "42[\"candidate\",null,\"  kitchen \"]",
            "42[\"candidate\",null]",
        ),
        (
            second,
            first,
            "42[\"candidate\",{\"candidate\":\"a\"},\"kitchen\",\"more\"]",
            "42[\"candidate\",{\"candidate\":\"a\"}]",
        ),
    ];
    for (from, to, sent, got) in exchange {
        rig.say(from, sent);
        assert_eq!(rig.got(to), [got]);
        assert_eq!(rig.got(from), [""; 0]);
    }
    assert_eq!(rig.got(elsewhere), [""; 0]);
    assert_eq!((rig.stats.relayed.get(), rig.stats.ignored.get()), (5, 0));
}

#[test]
fn candidates_leave_in_the_order_they_came() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair();
    for n in 0..20 {
        rig.say(first, &format!("42[\"candidate\",{n},\"kitchen\"]"));
    }
    let want: Vec<_> = (0..20).map(|n| format!("42[\"candidate\",{n}]")).collect();
    assert_eq!(rig.got(second), want);
}

#[test]
fn who_leaves_is_missed_by_the_other_who_is_the_creator_from_then_on() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair();
    rig.say(first, "42[\"leave\",\"kitchen\"]");
    assert_eq!(rig.got(second), ["42[\"leave\"]"]);
    assert_eq!(rig.got(first), [""; 0]);
    rig.say(first, "42[\"join\",\"kitchen\"]");
    assert_eq!(rig.got(first), ["42[\"joined\"]"]);
    rig.say(second, "42[\"join\",\"kitchen\"]");
    assert_eq!(
        rig.got(second),
        ["42[\"created\"]"],
        "asked again, told again"
    );
    rig.say(first, "42[\"leave\",\"kitchen\"]");
    rig.say(second, "42[\"leave\",\"kitchen\"]");
    assert_eq!(rig.rooms(), 0);
}

#[test]
fn who_joins_another_room_leaves_the_first() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair();
    rig.say(first, "42[\"join\",\"bath\"]");
    assert_eq!(rig.got(first), ["42[\"created\"]"]);
    assert_eq!(rig.got(second), ["42[\"leave\"]"]);
}

#[test]
fn whoever_is_gone_has_left() {
    for how in 0..4 {
        let mut rig = Rig::new();
        let (first, second) = rig.pair();
        match how {
            0 => rig.lose(first),
            1 => rig.say(first, "41"),
            2 => rig.say(first, "1"),
            _ => {
                rig.pass(Duration::from_secs(25));
                assert_eq!(rig.got(second), ["2"]);
                rig.say(second, "3");
                rig.pass(Duration::from_secs(20));
            }
        }
        assert_eq!(rig.got(second), ["42[\"leave\"]"], "{how}");
        rig.lose(first);
        rig.lose(second);
        assert!(rig.is_empty());
    }
}

#[test]
fn a_server_that_stops_tells_nobody_to_hang_up() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair();
    rig.stop();
    assert_eq!(rig.got(first), ["(close)"]);
    assert_eq!(rig.got(second), ["(close)"]);
    rig.lose(first);
    rig.lose(second);
    assert!(rig.is_empty());
}

#[test]
fn who_asks_is_answered_after_the_event() {
    let mut rig = Rig::new();
    let (first, second, third) = (rig.person(), rig.person(), rig.person());
    rig.say(first, "420[\"join\",\"kitchen\"]");
    assert_eq!(
        rig.got(first),
        ["42[\"created\"]", "430[{\"ok\":true,\"role\":\"created\"}]"]
    );
    rig.say(second, "425[\"join\",\"kitchen\"]");
    assert_eq!(
        rig.got(second),
        ["42[\"joined\"]", "435[{\"ok\":true,\"role\":\"joined\"}]"]
    );
    rig.say(third, "421[\"join\",\"kitchen\"]");
    assert_eq!(
        rig.got(third),
        [
            "42[\"full\"]",
            "431[{\"error\":{\"code\":\"full\",\"message\":\"Two people are already in this room.\"}}]"
        ]
    );
    rig.say(second, "426[\"ready\",\"kitchen\"]");
    rig.say(second, "427[\"answer\",{},\"kitchen\"]");
    rig.say(second, "428[\"leave\",\"kitchen\"]");
    assert_eq!(
        rig.got(second),
        [
            "436[{\"ok\":true}]",
            "437[{\"ok\":true}]",
            "438[{\"ok\":true}]"
        ]
    );
    assert_eq!(
        rig.got(first),
        ["42[\"ready\"]", "42[\"answer\",{}]", "42[\"leave\"]"]
    );
}

#[test]
fn what_is_counted_follows_the_seats() {
    let mut rig = Rig::new();
    let counted = |rig: &Rig| {
        let stats = &rig.stats;
        [&stats.rooms, &stats.seats_taken, &stats.seats_held].map(|gauge| gauge.get())
    };
    let (first, second) = rig.pair_with_keys();
    assert_eq!(counted(&rig), [1, 2, 0]);
    rig.lose(first);
    assert_eq!(counted(&rig), [1, 2, 1]);
    rig.pass_with(&[second], HOLD);
    assert_eq!(counted(&rig), [1, 1, 0]);
    rig.say(second, "42[\"leave\",\"kitchen\"]");
    assert_eq!(counted(&rig), [0, 0, 0]);
}
