//! Random lives against the session's promise: nothing is lost or reordered, whatever the
//! order of polls, probes, upgrades and pings.

use super::*;
use crate::engineio::payload;
use proptest::prelude::*;

/// A step of a random life.
#[derive(Debug, Clone, Copy)]
enum Op {
    Send,
    Poll,
    Probe,
    Upgrade,
    DropProbe,
    Wait(u16),
    Beat,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        4 => Just(Op::Send),
        4 => Just(Op::Poll),
        1 => Just(Op::Probe),
        1 => Just(Op::Upgrade),
        1 => Just(Op::DropProbe),
        2 => (0u16..30_000).prop_map(Op::Wait),
        2 => Just(Op::Beat),
    ];
    proptest::collection::vec(op, 0..80)
}

/// The messages in the body of a poll, as they were sent.
fn messages(rig: &Rig, body: &str) -> Vec<String> {
    let mut messages = Vec::new();
    let revision = rig.session.format().revision;
    let decoded = payload::decode(body.as_bytes(), revision, false, |packet| {
        if let Packet::Message(Message::Text(text)) = packet {
            messages.push(format!("4{text}"));
        }
    });
    assert_eq!(decoded, Ok(()), "{body}");
    messages
}

proptest! {
    /// A client that keeps to the protocol gets every message once and in order, however
    /// polls, probes, upgrades and pings fall.
    #[test]
    fn nothing_is_lost_or_reordered(ops in ops(), v3: bool) {
        let mut rig = if v3 { Rig::old() } else { Rig::polling() };
        let beat = if v3 { Packet::Ping("") } else { Packet::Pong("") };
        let (mut sent, mut got): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        let (mut probe, mut next, mut polling, mut upgraded) = (None, 1, false, false);
        for op in ops {
            match op {
                Op::Send => {
                    let packet = format!("4{}", sent.len());
                    if rig.session.is_open() {
                        rig.send(&packet);
                        sent.push(packet);
                    }
                }
                Op::Poll if !polling && !upgraded && rig.session.is_known() => {
                    polling = rig.handle(Input::PollStarted) == Step::Done;
                }
                Op::Probe if probe.is_none() && !upgraded => {
                    next += 1;
                    probe = Some(next);
                    rig.handle(Input::SocketOpened(socket(next)));
                    rig.handle(Input::SocketReceived(socket(next), Packet::Ping("probe")));
                }
                Op::Upgrade if probe.is_some() && !polling && !upgraded => {
                    let key = socket(probe.unwrap_or_default());
                    rig.handle(Input::SocketReceived(key, Packet::Upgrade));
                    upgraded = rig.session.socket_outbox().is_some();
                }
                Op::DropProbe if !upgraded => {
                    if let Some(n) = probe.take() {
                        rig.handle(Input::SocketLost(socket(n), CloseReason::TransportClose));
                    }
                }
                Op::Wait(millis) => rig.wait(millis.into()),
                Op::Beat => {
                    if upgraded {
                        let key = socket(probe.unwrap_or_default());
                        rig.handle(Input::SocketReceived(key, beat));
                    } else {
                        rig.handle(Input::Posted(beat));
                    }
                }
                _ => {}
            }
            if rig.effects.close_socket.is_some() && !upgraded {
                probe = None;
            }
            if let Some(body) = rig.payload() {
                polling = false;
                got.extend(messages(&rig, &body));
            }
            got.extend(rig.frames().into_iter().filter(|p| p.starts_with('4')));
        }
        if rig.session.is_open() && !upgraded {
            if !polling {
                rig.handle(Input::PollStarted);
            }
            let body = rig.payload();
            got.extend(body.iter().flat_map(|body| messages(&rig, body)));
        }
        if rig.session.is_open() {
            prop_assert_eq!(got, sent);
        } else {
            prop_assert_eq!(&got[..], &sent[..got.len()]);
        }
    }
}
