//! The clients of the `hub` target: what they do, each by the transport that it holds to be the
//! right one, and what they got.

use super::Crowd;
use super::host;
use super::world::{self, Line};
use crate::targets::connection;
use crate::targets::reader::Reader;
use parlor::engineio::packet::Message;
use parlor::engineio::session::{ConnectionKey, Encoded, Input};
use parlor::engineio::{CloseReason, Packet, SessionKey};
use std::task::Waker;

/// One client, on whichever transports it has.
pub(super) struct Client {
    pub(super) session: SessionKey,
    pub(super) socket: Option<ConnectionKey>,
    pub(super) polling: bool,
    pub(super) waiting: bool,
    pub(super) got: Vec<String>,
}

impl Crowd {
    /// A text packet comes in, by the transport that the client holds to be the right one.
    pub(super) fn say(&mut self, who: u32, text: &str) {
        let Client {
            session,
            socket,
            polling,
            ..
        } = self.clients[&who];
        let mut scratch = Vec::new();
        let packet = Packet::decode(text, &mut scratch);
        if polling {
            if self.handle(session, Input::PostStarted).is_ok() {
                let posted = packet.map_or(Input::PostedGarbage, Input::Posted);
                // Refused only if the session is gone, as it is for a real request.
                let _ = self.handle(session, posted);
                let _ = self.handle(session, Input::PostFinished);
            }
        } else if let Some(socket) = socket {
            let received = match packet {
                Ok(packet) => Input::SocketReceived(socket, packet),
                Err(_) => Input::SocketGarbage(socket),
            };
            let _ = self.handle(session, received);
        }
    }

    pub(super) fn connect(&mut self, who: u32, namespace: &str, flags: u8) {
        let comma = if namespace.is_empty() { "" } else { "," };
        self.say(
            who,
            &format!("40{namespace}{comma}{{\"who\":[{who},{flags}]}}"),
        );
    }

    /// The namespaces that a client is in, the main one as nothing.
    pub(super) fn namespaces(&self, who: u32) -> Vec<String> {
        self.host.world().namespaces(who)
    }

    /// A Socket.IO packet in one of the client's namespaces, which stands for the `%` in it.
    pub(super) fn say_in(&mut self, who: u32, which: u8, packet: &str) {
        let namespaces = self.namespaces(who);
        // In none, it is a packet that is wrong.
        let n = usize::from(which) % namespaces.len().max(1);
        let namespace = match namespaces.get(n).map(String::as_str) {
            None | Some("") => String::new(),
            Some(name) => format!("{name},"),
        };
        self.say(who, &format!("4{}", packet.replace('%', &namespace)));
    }

    pub(super) fn event(&mut self, who: u32, reader: &mut Reader<'_>) {
        let name = reader.choice(&[
            "say",
            "all",
            "some",
            "join",
            "leave",
            "ask me",
            "answer me",
            "kick",
            "go",
            "panic",
            "ask all",
            "all",
            "say",
            "join",
            "join",
            "some",
        ]);
        let (which, first, flags) = (reader.byte(), reader.byte(), reader.byte());
        if !self.namespaces(who).is_empty() {
            self.say_in(who, which, &format!("2%7[\"{name}\",{first},{flags}]"));
        }
    }

    pub(super) fn poll(&mut self, who: u32) {
        let Client {
            session,
            polling,
            waiting,
            ..
        } = self.clients[&who];
        if polling && !waiting {
            let waits = self.handle(session, Input::PollStarted).is_ok();
            self.client(who).waiting = waits;
        }
    }

    fn client(&mut self, who: u32) -> &mut Client {
        self.clients.get_mut(&who).expect("was opened")
    }

    /// The waiting poll of a client is answered, if there is something.
    pub(super) fn answer(&mut self, who: u32) {
        let session = self.clients[&who].session;
        let Some((payload, _)) = self.hub.take_payload(session) else {
            return;
        };
        let client = self.client(who);
        assert!(client.waiting, "an answer that nobody waits for");
        client.waiting = false;
        let payload = String::from_utf8(payload.bytes).expect("is text");
        let mut scratch = Vec::new();
        for text in payload.split('\u{1e}') {
            match Packet::decode(text, &mut scratch) {
                Ok(Packet::Message(Message::Binary(bytes))) => client.hear_binary(bytes),
                _ => client.hear(text),
            }
        }
    }

    pub(super) fn flush(&mut self) {
        let clients = &mut self.clients;
        self.hub.flush(|to, packet| {
            let mut all = clients.values_mut();
            let client = all
                .find(|client| client.socket == Some(to))
                .expect("is one of ours");
            match packet {
                Encoded::Text(text) => client.hear(std::str::from_utf8(text).expect("is text")),
                Encoded::Binary(bytes) => client.hear_binary(bytes),
            }
        });
        let engine = self.hub.engine();
        engine.take_probe_replies();
        let closed = engine.take_close_sockets();
        assert_eq!(engine.work(), (0, false), "a flush leaves nothing to do");
        let whose = |client: &&Client| client.socket.is_some_and(|socket| closed.contains(&socket));
        let gone: Vec<_> = clients
            .values()
            .filter(whose)
            .map(Client::connection)
            .collect();
        for (session, socket) in gone {
            let lost = Input::SocketLost(socket, CloseReason::TransportClose { goodbye: false });
            let _ = self.handle(session, lost);
            for client in self.clients.values_mut() {
                client.socket.take_if(|its| *its == socket);
            }
        }
    }

    pub(super) fn probe(&mut self, who: u32) {
        let Client {
            session,
            socket,
            polling,
            ..
        } = self.clients[&who];
        if polling && socket.is_none() {
            self.opened += 1;
            let socket = connection(self.opened);
            self.client(who).socket = Some(socket);
            let opened = self.handle(session, Input::SocketOpened(socket, false));
            let probe = Input::SocketReceived(socket, Packet::Ping("probe"));
            let _ = opened.and_then(|()| self.handle(session, probe));
        }
    }

    /// Moves to WebSocket, as a client does once its poll has come back.
    pub(super) fn upgrade(&mut self, who: u32) {
        // A socket whose time was over is known to be closed by now.
        self.flush();
        self.answer(who);
        let Client {
            session,
            socket,
            polling,
            waiting,
            ..
        } = self.clients[&who];
        if let (Some(socket), true, false) = (socket, polling, waiting) {
            let _ = self.handle(session, Input::SocketReceived(socket, Packet::Upgrade));
            self.client(who).polling = false;
        }
    }

    pub(super) fn lose(&mut self, who: u32) {
        let session = self.clients[&who].session;
        if let Some(socket) = self.client(who).socket.take() {
            let lost = Input::SocketLost(socket, CloseReason::TransportError);
            let _ = self.handle(session, lost);
        }
    }

    pub(super) fn backlog(&mut self, who: u32, backlog: bool) {
        let Client {
            session, socket, ..
        } = self.clients[&who];
        if let Some(socket) = socket {
            self.hub.engine().set_backlog(session, socket, backlog);
        }
    }

    /// What no client that keeps to the protocol does.
    pub(super) fn wrong(&mut self, who: u32, reader: &mut Reader<'_>) {
        let session = self.clients[&who].session;
        match reader.below(10) {
            0 => self.say(who, "2"),
            1 => self.say(who, "1"),
            2 => self.say(who, "x"),
            3 => self.say(who, "42{}"),
            4 => self.say(who, "bAQID"),
            5 => self.say(who, "451-[\"say\",{\"_placeholder\":true,\"num\":0}]"),
            8 => self.connect(who, "", 0),
            9 => self.say(who, "42/a,[\"all\"]"),
            6 if self.clients[&who].waiting => {
                self.client(who).waiting = false;
                let _ = self.handle(session, Input::PollAborted);
            }
            7 if self.handle(session, Input::PostStarted).is_ok() => {
                let _ = self.handle(session, Input::PostAborted);
            }
            _ => {}
        }
    }

    /// Another thread emits, or decides on who waits for it.
    pub(super) fn emit_from_outside(&mut self, reader: &mut Reader<'_>) {
        let (host, flags) = (self.host.clone(), reader.byte());
        let job = self.hub.protocol().handle().run(move |io| match flags & 4 {
            0 => host.tell(io, "/", &[], &[host::ROOMS[0]], None, flags),
            _ => host.decide(io, flags & 1 != 0),
        });
        job.expect("the queue is not full");
        self.host.world().turn += 1;
        self.hub.run_queued(self.now, Waker::noop());
    }
}

impl Client {
    fn connection(&self) -> (SessionKey, ConnectionKey) {
        (self.session, self.socket.unwrap_or_default())
    }

    /// Events and answers count; the rest comes and goes with the connection.
    fn hear(&mut self, text: &str) {
        if matches!(text.get(..2), Some("42" | "43" | "45" | "46")) {
            self.got.push(world::without_id(text));
        }
    }

    fn hear_binary(&mut self, bytes: &[u8]) {
        let header = self.got.last_mut().expect("bytes follow their packet");
        header.push_str(&format!(" <{}>", String::from_utf8_lossy(bytes)));
    }
}

/// What a client got is what it was to get, up to some point; to the end, if it is still there.
pub(super) fn expect_heard(got: &[String], expected: &[Line], to_the_end: bool) {
    let mut rest = expected.iter();
    for text in got {
        let missed = rest.by_ref().take_while(|line| line.text != *text);
        let all_optional = missed.into_iter().all(|line| line.optional);
        assert!(
            all_optional,
            "{text} came too early or was not sent: {got:#?} of {expected:#?}"
        );
    }
    let missed = rest.find(|line| to_the_end && !line.optional);
    assert_eq!(missed, None, "was lost: {got:#?}");
}
