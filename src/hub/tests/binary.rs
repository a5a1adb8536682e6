//! Binary in both directions: attachments follow their header and nothing comes between.

use super::*;

const BLOB: &str = "{\"_placeholder\":true,\"num\":0}";

#[test]
fn attachments_are_relayed_behind_their_header_to_every_receiver() {
    let (mut rig, log) = Rig::new();
    let (one, two, three) = (rig.joined(&["/"]), rig.joined(&["/"]), rig.joined(&["/"]));
    rig.send(
        one,
        &format!("452-[\"others\",{{\"x\":{{\"_placeholder\":true,\"num\":1}}}},{BLOB}]"),
    );
    rig.send_binary(one, b"first");
    assert_eq!(log.take(), [""; 0], "not before it is whole");
    rig.send_binary(one, b"second");
    rig.send(one, "42[\"others\",3]");
    // Attachments are numbered by their place in the packet that leaves.
    let got = [
        "452-[\"others\",{\"x\":{\"_placeholder\":true,\"num\":0}},{\"_placeholder\":true,\"num\":1}]",
        "<second>",
        "<first>",
        "42[\"others\",3]",
    ];
    assert_eq!(rig.drain(two), got);
    assert_eq!(rig.drain(three), got);
    assert_eq!(rig.drain(one), [""; 0]);
    assert_eq!(rig.stats.buffered(), 0);
}

#[test]
fn a_poll_gets_attachments_as_base64_in_their_order() {
    let (mut rig, _) = Rig::new();
    let session = rig.polling();
    rig.post(session, "40").expect("taken");
    assert!(rig.poll(session).is_ok_and(|answer| answer.is_some()));
    rig.post(
        session,
        &format!("451-[\"echo\",{BLOB}]\u{1e}bAQID\u{1e}42[\"echo\",1]"),
    )
    .expect("taken");
    assert_eq!(
        rig.poll(session),
        Ok(Some(format!(
            "451-[\"echo\",{BLOB}]\u{1e}bAQID\u{1e}42[\"echo\",1]"
        )))
    );
}

#[test]
fn answers_carry_binary_in_both_directions() {
    let (mut rig, log) = Rig::new();
    let ws = rig.joined(&["/", "/a"]);
    rig.send(ws, &format!("451-/a,12[\"ask\",{BLOB}]"));
    rig.send_binary(ws, b"data");
    assert_eq!(
        rig.drain(ws),
        [format!("461-/a,12[{BLOB}]"), "<data>".to_owned()]
    );
    rig.send(ws, "42[\"ask me with bytes\"]");
    assert_eq!(
        rig.drain(ws),
        [format!("451-0[\"well\",{BLOB},1]"), "<blob>".to_owned()]
    );
    log.take();
    rig.send(ws, &format!("461-0[{BLOB},2]"));
    rig.send_binary(ws, b"");
    assert_eq!(log.take(), [format!("answer 0 {BLOB}|2")]);
}

#[test]
fn a_packet_whose_attachments_do_not_come_gives_its_bytes_back_with_its_client() {
    let (mut rig, _) = Rig::new();
    let ws = rig.joined(&["/"]);
    rig.send(ws, "452-[\"echo\"]");
    rig.send_binary(ws, &[1; 1000]);
    assert!(rig.stats.buffered() > 1000);
    rig.lose(ws);
    rig.expect_empty();
}

#[test]
fn text_while_attachments_are_due_and_binary_while_none_is_close_the_connection() {
    let (mut rig, log) = Rig::new();
    let ws = rig.joined(&["/"]);
    rig.send(ws, "451-[\"echo\"]");
    rig.send(ws, "42[\"echo\"]");
    assert_eq!(rig.drain(ws), ["(close)"]);
    let other = rig.websocket();
    rig.send_binary(other, b"x");
    assert_eq!(rig.drain(other), ["(close)"]);
    assert_eq!(log.take(), ["disconnect / forced close"]);
    rig.lose(ws);
    rig.lose(other);
    rig.expect_empty();
}
