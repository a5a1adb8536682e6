//! Clients of Socket.IO 2: what they are told without asking, and what they are called.

use super::*;
use crate::socketio::{Admission, Event, Handshake, Io, Refusal, SocketKey};
use std::time::SystemTime;

/// A server that takes such clients.
fn rig() -> (Rig, Log) {
    limited(Limits::default())
}

fn limited(limits: Limits) -> (Rig, Log) {
    let settings = config::Protocol {
        allow_eio3: true,
        ..config::Protocol::default()
    };
    let log = Log::default();
    (
        Rig::configured(settings, limits, SocketIo::new(Actor::new(log.clone()))),
        log,
    )
}

impl<A: Application> Rig<A> {
    /// A client on a WebSocket: its frames so far, the session's id taken out of the first.
    fn asking(&mut self, query: &str) -> (Ws, String, Vec<String>) {
        let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let url = format!("/socket.io/?transport=websocket&{query}");
        let request = Request::new(from, false, SystemTime::UNIX_EPOCH, &url, []);
        let socket = self.sockets.insert(());
        let session = self
            .hub
            .open(self.now, request, Some(socket))
            .expect("opens");
        let ws = Ws { socket, session };
        let mut frames = self.drain(ws);
        let sid = frames[0].split('"').nth(3).expect("a sid").to_owned();
        frames.remove(0);
        (ws, sid, frames)
    }

    /// A client of Socket.IO 2 on a WebSocket.
    fn old(&mut self) -> (Ws, String) {
        let (ws, sid, frames) = self.asking("EIO=3");
        assert_eq!(frames, ["40"]);
        (ws, sid)
    }
}

#[test]
fn the_main_namespace_is_joined_at_the_handshake_and_a_connect_to_it_is_the_second() {
    let (mut rig, _) = rig();
    let (ws, _) = rig.old();
    rig.send(ws, "42[\"echo\",1]");
    assert_eq!(rig.drain(ws), ["42[\"echo\",1]"]);
    rig.pass(seconds(44));
    assert_eq!(rig.drain(ws), [""; 0], "no connect time-out, and no ping");
    rig.send(ws, "40");
    assert_eq!(rig.drain(ws), ["(close)"]);
}

#[test]
fn a_client_of_today_beside_it_is_told_as_ever() {
    let (mut rig, _) = rig();
    let (ws, sid, frames) = rig.asking("EIO=4");
    assert_eq!(frames, [""; 0]);
    assert_ne!(rig.join(ws, "/"), sid);
    rig.send(ws, "40/a?refuse=no");
    let answer = "44/a?refuse=no,{\"message\":\"Invalid namespace\"}";
    assert_eq!(rig.drain(ws), [answer], "a query is part of the name");
}

#[test]
fn over_polling_the_main_namespace_is_joined_in_the_answer_to_the_handshake() {
    let (mut rig, _) = rig();
    let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let request = Request::new(from, false, SystemTime::UNIX_EPOCH, "/?EIO=3", []);
    let session = rig.hub.open(rig.now, request, None).expect("opens");
    let body = rig.answer(session).expect("an answer");
    let packets: Vec<_> = body.split('{').collect();
    assert_eq!(packets[0], "118:0");
    assert!(body.ends_with("}2:40"), "{body}");
}

#[test]
fn a_namespace_is_joined_without_json_and_its_query_is_the_auth() {
    let (mut rig, _) = rig();
    let (ws, _) = rig.old();
    rig.send(ws, "40/a");
    rig.send(ws, "40/b?room=wrong&room=caf%C3%A9+%26,");
    assert_eq!(rig.drain(ws), ["40/a,", "40/b,"]);
    let (other, _) = rig.old();
    rig.send(other, "40/b,{\"refuse\":\"only a query counts\"}");
    rig.send(other, "42/b?ignored=1,[\"say\",\"caf\u{e9} &\",\"hi\"]");
    assert_eq!(rig.drain(other), ["40/b,"]);
    assert_eq!(rig.drain(ws), ["42/b,[\"said\",\"hi\"]"]);
}

#[test]
fn a_socket_has_its_sessions_id_behind_the_namespace_and_a_room_of_that_name() {
    let (mut rig, _) = rig();
    let (ws, sid) = rig.old();
    rig.send(ws, "40/a");
    rig.send(ws, "40/made/1");
    rig.drain(ws);
    let ids = [
        ("/", sid.clone()),
        ("/a", format!("/a#{sid}")),
        ("/made/1", format!("/made/1#{sid}")),
    ];
    let (sender, _) = rig.old();
    rig.send(sender, "40/a");
    rig.send(sender, "40/made/1");
    rig.drain(sender);
    for (namespace, own) in &ids {
        let prefix = if *namespace == "/" {
            String::new()
        } else {
            format!("{namespace},")
        };
        for (_, id) in &ids {
            rig.send(sender, &format!("42{prefix}[\"say\",\"{id}\",\"hi\"]"));
            let heard = rig.drain(ws);
            let expected = format!("42{prefix}[\"said\",\"hi\"]");
            let expected = Some(expected).filter(|_| id == own);
            assert_eq!(heard, Vec::from_iter(expected), "{id} in {namespace}");
        }
    }
}

#[test]
fn a_refusal_is_its_message_or_its_data_and_the_connection_stays() {
    let (mut rig, _) = rig();
    let (ws, _) = rig.old();
    rig.send(ws, "40/a?refuse=%22no%22");
    rig.send(ws, "40/a?refuse=no&data=7");
    rig.send(ws, "40/nowhere?x=1");
    assert_eq!(
        rig.drain(ws),
        [
            "44/a,\"\\\"no\\\"\"",
            "44/a,\"7\"",
            "44/nowhere,{\"message\":\"Invalid namespace\"}"
        ]
    );
    rig.send(ws, "40/a");
    rig.send(ws, "42/a,[\"echo\"]");
    assert_eq!(rig.drain(ws), ["40/a,", "42/a,[\"echo\"]"]);
}

/// Lets nobody in.
struct Closed;

impl Application for Closed {
    fn admit(&mut self, _: &mut Io<'_>, _: SocketKey, _: &Handshake<'_>) -> Admission {
        Admission::Refuse(Refusal::new("no"))
    }

    fn event(&mut self, _: &mut Io<'_>, _: Event<'_>) {}
}

#[test]
fn who_is_refused_the_main_namespace_must_join_another_in_time() {
    let settings = config::Protocol {
        allow_eio3: true,
        connect_timeout: seconds(30),
        ..config::Protocol::default()
    };
    let mut rig = Rig::configured(settings, Limits::default(), SocketIo::new(Closed));
    let (ws, _, frames) = rig.asking("EIO=3");
    assert_eq!(frames, ["44\"no\""]);
    rig.pass(seconds(29));
    assert_eq!(rig.drain(ws), [""; 0]);
    rig.pass(seconds(1));
    assert_eq!(rig.drain(ws), ["(close)"]);
}

#[test]
fn nobody_is_told_how_to_come_back_nor_comes_back_where_connections_are_recovered() {
    let settings = config::Protocol {
        allow_eio3: true,
        recovery_max_age: Some(seconds(120)),
        ..config::Protocol::default()
    };
    let app = SocketIo::new(Actor::new(Log::default()));
    let mut rig = Rig::configured(settings, Limits::default(), app);
    let (ws, _, frames) = rig.asking("EIO=4");
    assert_eq!(frames, [""; 0]);
    rig.send(ws, "40/a,{\"room\":\"kitchen\",\"welcome\":true}");
    let frames = rig.drain(ws);
    let pid = frames[0].split('"').nth(7).expect("a pid");
    let offset = frames[1].split('"').nth(5).expect("an offset");
    rig.lose(ws);
    let (ws, _) = rig.old();
    rig.send(ws, &format!("40/a?pid={pid}&offset={offset}"));
    rig.send(ws, "42/a,[\"rooms\"]");
    let frames = rig.drain(ws);
    assert_eq!(frames[0], "40/a,");
    assert!(frames[1].starts_with("42/a,[\"rooms\",[],"), "{frames:?}");
}

#[test]
fn a_namespace_is_left_and_joined_again_under_the_same_id() {
    let (mut rig, log) = rig();
    let (ws, sid) = rig.old();
    for _ in 0..2 {
        rig.send(ws, "40/a?room=kitchen");
        rig.send(ws, "41/a");
        assert_eq!(rig.drain(ws), ["40/a,"]);
        assert_eq!(log.take(), ["disconnect /a client namespace disconnect"]);
    }
    rig.send(ws, "41");
    log.take();
    rig.send(ws, "40/?room=kitchen");
    assert_eq!(rig.drain(ws), ["40"]);
    let (other, _) = rig.old();
    rig.send(other, &format!("42[\"say\",\"{sid}\",1]"));
    assert_eq!(rig.drain(ws), ["42[\"said\",1]"]);
    rig.lose(ws);
    rig.lose(other);
    rig.expect_empty();
}

#[test]
fn answers_and_attachments_have_the_form_that_the_client_can_take() {
    let event = "451-[\"echo\",{\"_placeholder\":true,\"num\":0}]";
    for (query, attachment) in [
        ("EIO=3", "<\u{4}\u{1}\u{2}>"),
        ("EIO=3&b64=1", "b4AQI="),
        ("EIO=4", "<\u{1}\u{2}>"),
        ("EIO=4&b64=1", "bAQI="),
    ] {
        let (mut rig, _) = rig();
        let (ws, _, _) = rig.asking(query);
        if query.starts_with("EIO=4") {
            rig.join(ws, "/");
        }
        rig.send(ws, event);
        rig.send_binary(ws, &[1, 2]);
        assert_eq!(rig.drain(ws), [event, attachment], "{query}");
        rig.send(ws, "427[\"ask\",\"x\"]");
        assert_eq!(rig.drain(ws), ["437[\"x\"]"]);
    }
}

#[test]
fn a_handshake_that_finds_no_room_is_no_connect() {
    let (mut rig, log) = limited(Limits {
        max_outbox_packets: 0,
        ..Limits::default()
    });
    let socket = rig.sockets.insert(());
    let opened = rig.hub.open(rig.now, request(), Some(socket));
    assert!(opened.is_ok());
    assert_eq!(log.take(), [""; 0]);
    rig.flush();
    assert_eq!(rig.hub.protocol().registry().len(), 0);
}
