//! Pages with one key: the same tab over another line, after a reload, or duplicated.

use crate::rig::{HOLD, Rig};
use crate::seats::{AWAY, CREATED, JOIN, JOINED, LEAVE, RESUME, TAKEN_OVER, come, expect_together};

#[test]
fn a_seat_that_is_believed_alive_is_taken_over_at_once() {
    for (join, role, told) in [(JOIN, JOINED, vec![LEAVE]), (RESUME, CREATED, vec![])] {
        let mut rig = Rig::new();
        let (first, second) = rig.pair_with_keys();
        let back = come(&mut rig, 1, join);
        assert_eq!(rig.got(back), [role]);
        assert_eq!(rig.got(second), told);
        assert_eq!(rig.got(first), [TAKEN_OVER]);
        expect_together(&mut rig, back, second);
        // Whoever was there has no seat any more, and nobody hears of its end.
        rig.say(first, "42[\"ready\",\"kitchen\"]");
        rig.say(first, "421[\"leave\",\"kitchen\"]");
        let refused = rig.got(first);
        assert!(
            refused[0].starts_with("431[{\"error\":{\"code\":\"not-seated\""),
            "{refused:?}"
        );
        rig.lose(first);
        assert_eq!((rig.got(back), rig.got(second)), (vec![], vec![]));
    }
}

#[test]
fn two_tabs_with_one_key_do_not_throw_each_other_out_by_themselves() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair_with_keys();
    let copy = come(&mut rig, 1, JOIN);
    assert_eq!(rig.got(first), [TAKEN_OVER]);
    rig.pass_with(&[first, second, copy], HOLD * 2);
    assert_eq!(
        (rig.got(first), rig.got(copy)),
        (vec![], vec![JOINED.into()])
    );
    rig.say(first, JOIN);
    assert_eq!(rig.got(first), [JOINED], "somebody asked for it");
    assert_eq!(rig.got(copy), [TAKEN_OVER]);
    assert_eq!(rig.got(second), [LEAVE, LEAVE]);
}

#[test]
fn a_page_that_stood_still_while_its_copy_was_asked_for_does_not_take_the_seat_back() {
    let (asked, again) = (
        "42[\"join\",\"kitchen\",{\"page\":8}]",
        "421[\"join\",\"kitchen\",{\"page\":7,\"again\":true}]",
    );
    let resume = "421[\"join\",\"kitchen\",{\"page\":7,\"resume\":true}]";
    for (join, held) in [
        (again, false),
        (again, true),
        (resume, false),
        (resume, true),
    ] {
        let mut rig = Rig::new();
        let first = come(&mut rig, 1, "42[\"join\",\"kitchen\",{\"page\":7}]");
        let other = come(&mut rig, 2, JOIN);
        rig.lose(first);
        let copy = come(&mut rig, 1, asked);
        assert_eq!(rig.got(copy), [JOINED]);
        assert_eq!(rig.got(other), [JOINED, AWAY, LEAVE]);
        if held {
            rig.lose(copy);
            rig.got(other);
        }
        let thawed = come(&mut rig, 1, join);
        let got = rig.got(thawed);
        assert_eq!(got[0], TAKEN_OVER);
        assert!(got[1].starts_with("431[{\"error\":{\"code\":\"taken-over\""));
        assert_eq!((got.len(), rig.got(other)), (2, vec![]));
        let back = come(&mut rig, 1, &asked.replace('}', ",\"resume\":true}"));
        assert_eq!(rig.got(back), [JOINED], "the copy itself may");
    }
}

#[test]
fn who_asks_for_another_room_does_not_keep_the_seat_that_was_held() {
    let mut rig = Rig::new();
    let (first, second) = rig.pair_with_keys();
    rig.lose(first);
    assert_eq!(rig.got(second), [AWAY]);
    let back = come(&mut rig, 1, "42[\"join\",\"bath\"]");
    assert_eq!(
        (rig.got(back), rig.got(second)),
        (vec![CREATED.into()], vec![LEAVE.into()])
    );
}

#[test]
fn who_left_without_a_connection_says_so_by_the_next_one() {
    for noticed in [true, false] {
        let mut rig = Rig::new();
        let first = come(&mut rig, 1, "42[\"join\",\"kitchen\",{\"page\":7}]");
        let second = come(&mut rig, 2, JOIN);
        if noticed {
            rig.lose(first);
        }
        rig.got(second);
        let copy = come(&mut rig, 1, "421[\"leave\",\"kitchen\",{\"page\":8}]");
        assert!(rig.got(copy)[0].contains("not-seated"), "another page's");
        assert_eq!(rig.got(second), [""; 0]);
        let back = come(&mut rig, 1, "421[\"leave\",\"kitchen\",{\"page\":7}]");
        assert_eq!(rig.got(back), ["431[{\"ok\":true}]"]);
        assert_eq!(rig.got(second), [LEAVE]);
        rig.lose(first);
        assert_eq!(rig.got(second), [""; 0]);
    }
}
