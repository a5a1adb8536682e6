//! Socket.IO messages through a whole server (Socket.IO v5): what is accepted, what is refused,
//! what the application is told and what is passed on, judged by [`reference`].
//!
//! The bytes are messages with a record separator between two; one that begins with `B` is
//! binary, others are text.

use super::reference::{self, Body, Node};
use parlor::config::{Limits, Protocol};
use parlor::engineio::session::{ConnectionKey, Encoded, Input};
use parlor::engineio::{CloseReason, Message, Packet, SessionKey};
use parlor::hub::{Hub, SocketIo};
use parlor::socketio::{Application, Argument, Event, Io, decode};
use parlor::stats::Stats;
use serde_json::value::RawValue;
use std::sync::{Arc, Mutex};
use std::time::Instant;

const MOST_ATTACHMENTS: usize = 10;

pub(crate) fn check(data: &[u8]) {
    let mut server = Server::new();
    for message in data.split(|byte| *byte == 0x1e) {
        let goes_on = match message.split_first() {
            Some((b'B', bytes)) => server.binary(bytes),
            _ => server.text(&String::from_utf8_lossy(message)),
        };
        if !goes_on {
            break;
        }
    }
    server.end();
}

/// An event as the application was told of it.
#[derive(Debug, PartialEq, Eq)]
struct Heard {
    name: String,
    args: Vec<String>,
    /// For each argument the bytes, if it is nothing but an attachment.
    binary: Vec<Option<Vec<u8>>>,
    wants_reply: bool,
}

/// Notes events, sends their arguments back, and answers with each of them twice.
struct Echo {
    heard: Arc<Mutex<Option<Heard>>>,
}

impl Application for Echo {
    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        let args: Vec<_> = event.args.iter().collect();
        let heard = Heard {
            name: event.name.to_owned(),
            args: args.iter().map(|arg| arg.json().to_owned()).collect(),
            binary: args
                .iter()
                .map(|arg| Some(arg.binary()?.to_vec()))
                .collect(),
            wants_reply: event.reply.is_some(),
        };
        *self.heard.lock().expect("not poisoned") = Some(heard);
        let mut list: Vec<&dyn Argument> = args.iter().map(|arg| arg as &dyn Argument).collect();
        io.emit(event.socket, "echo", &list).expect("can be sent");
        if let Some(reply) = event.reply {
            list.extend_from_within(..);
            io.reply(reply, &list).expect("can be sent");
        }
    }
}

/// A binary packet whose attachments are still coming in, by the reference's reading.
struct Waiting {
    text: String,
    attachments: Vec<Vec<u8>>,
    expected: usize,
}

struct Server {
    hub: Hub<SocketIo<Echo>>,
    heard: Arc<Mutex<Option<Heard>>>,
    stats: Arc<Stats>,
    now: Instant,
    session: SessionKey,
    socket: ConnectionKey,
    joined: bool,
    waiting: Option<Waiting>,
}

impl Server {
    /// A server with one client that has joined the main namespace.
    fn new() -> Self {
        let (now, stats) = (Instant::now(), Arc::new(Stats::default()));
        let limits = Limits {
            max_attachments: MOST_ATTACHMENTS,
            ..Limits::default()
        };
        let heard = Arc::default();
        let protocol = SocketIo::new(Echo {
            heard: Arc::clone(&heard),
        });
        let settings = Protocol::default();
        let mut hub = Hub::new(
            settings,
            limits,
            Arc::clone(&stats),
            || Some([7; 15]),
            now,
            protocol,
        );
        let socket = super::connection(1);
        let opened = hub.open(now, super::request(), Some(socket));
        let session = opened.expect("there are random bytes");
        let mut server = Self {
            hub,
            heard,
            stats,
            now,
            session,
            socket,
            joined: true,
            waiting: None,
        };
        server.receive(Message::Text("0"));
        assert_eq!(server.sent().len(), 2, "an open packet and an answer");
        server
    }

    fn receive(&mut self, message: Message<'_>) {
        let input = Input::SocketReceived(self.socket, Packet::Message(message));
        self.hub
            .handle(self.now, self.session, input)
            .expect("is taken");
    }

    fn is_open(&mut self) -> bool {
        self.hub.engine().is_open(self.session)
    }

    /// What left for the client, text without the `4` of a message.
    fn sent(&mut self) -> Vec<Result<String, Vec<u8>>> {
        let mut sent = Vec::new();
        self.hub.flush(|_, packet| {
            sent.push(match packet {
                Encoded::Text(text) => Ok(String::from_utf8_lossy(&text[1..]).into_owned()),
                Encoded::Binary(bytes) => Err(bytes.to_vec()),
            });
        });
        sent
    }

    /// The connection must be over.
    fn expect_closed(&mut self, why: &str) -> bool {
        assert!(!self.is_open(), "{why}: should have been closed");
        assert_eq!(self.take_heard(), None, "{why}: was told of");
        false
    }

    fn text(&mut self, text: &str) -> bool {
        let expected = reference::decode(text, MOST_ATTACHMENTS);
        let ours = decode::decode(text, MOST_ATTACHMENTS).ok();
        let agrees = match (&ours, &expected) {
            (Some(ours), Some(expected)) => same(ours, expected),
            (ours, expected) => ours.is_some() == expected.is_some(),
        };
        assert!(agrees, "{text:?}: {ours:?}, but the reference {expected:?}");

        self.receive(Message::Text(text));
        if self.waiting.is_some() {
            return self.expect_closed("text while attachments are due");
        }
        let Some(packet) = expected else {
            return self.expect_closed("no packet");
        };
        if packet.attachments == 0 {
            return self.packet(&packet, &[]);
        }
        if let Body::Event { args, .. } | Body::Ack { args, .. } = &packet.body
            && !args
                .iter()
                .all(|arg| Node::new(arg).fits(packet.attachments))
        {
            return self.expect_closed("a placeholder without an attachment");
        }
        assert_eq!(self.stats.buffered(), text.len(), "bytes in the budget");
        self.waiting = Some(Waiting {
            text: text.to_owned(),
            attachments: Vec::new(),
            expected: packet.attachments,
        });
        true
    }

    fn binary(&mut self, bytes: &[u8]) -> bool {
        self.receive(Message::Binary(bytes));
        let Some(mut waiting) = self.waiting.take() else {
            return self.expect_closed("an attachment that nobody announced");
        };
        waiting.attachments.push(bytes.to_vec());
        if waiting.attachments.len() < waiting.expected {
            let held: usize = waiting.attachments.iter().map(Vec::len).sum();
            assert_eq!(self.stats.buffered(), waiting.text.len() + held);
            self.waiting = Some(waiting);
            return true;
        }
        let packet = reference::decode(&waiting.text, MOST_ATTACHMENTS).expect("did before");
        self.packet(&packet, &waiting.attachments)
    }

    fn take_heard(&self) -> Option<Heard> {
        self.heard.lock().expect("not poisoned").take()
    }

    /// A whole packet was received: what it must have led to.
    fn packet(&mut self, packet: &reference::Packet<'_>, attachments: &[Vec<u8>]) -> bool {
        let in_namespace = self.joined && packet.namespace == "/";
        let mut heard = None;
        match &packet.body {
            Body::ConnectError => return self.expect_closed("a connect error"),
            Body::Connect(_) if in_namespace => return self.expect_closed("a second connect"),
            Body::Connect(_) => self.joined |= packet.namespace == "/",
            _ if !in_namespace => return self.expect_closed("not in this namespace"),
            Body::Disconnect => self.joined = false,
            Body::Event { name: None, .. } | Body::Ack { .. } => {}
            Body::Event {
                name: Some(name),
                args,
                id,
            } => {
                let binary = |arg: &&str| {
                    let num = Node::new(arg).placeholder()??;
                    attachments.get(num).cloned()
                };
                heard = Some(Heard {
                    name: name.clone(),
                    args: args.iter().map(|arg| (*arg).to_owned()).collect(),
                    binary: args.iter().map(binary).collect(),
                    wants_reply: id.is_some(),
                });
                self.expect_echo(args, *id, attachments);
            }
        }
        assert!(self.is_open(), "{packet:?}: should not have been closed");
        assert_eq!(self.take_heard(), heard);
        self.sent();
        assert_eq!(self.stats.buffered(), 0, "bytes in the budget");
        true
    }

    /// What is sent back says what came: once as an event, and twice as an answer.
    fn expect_echo(&mut self, args: &[&str], id: Option<u64>, attachments: &[Vec<u8>]) {
        let sent = self.sent();
        let mut rest = sent.as_slice();
        let (echo, bytes) = next_packet(&mut rest);
        let Body::Event {
            name: Some(name),
            args: echoed,
            id: None,
        } = echo.body
        else {
            panic!("an event was to come back, not {echo:?}");
        };
        assert_eq!(name, "echo");
        expect_same(args, attachments, &echoed, &bytes);
        if let Some(id) = id {
            let (reply, bytes) = next_packet(&mut rest);
            let twice = [args, args].concat();
            match reply.body {
                Body::Ack {
                    args,
                    id: Some(answered),
                } if answered == id => {
                    expect_same(&twice, attachments, &args, &bytes);
                }
                other => panic!("an answer to {id} was to come back, not {other:?}"),
            }
        }
        assert!(rest.is_empty(), "nothing else is sent: {rest:?}");
    }

    fn end(mut self) {
        let lost = Input::SocketLost(self.socket, CloseReason::TransportClose { goodbye: false });
        // Refused if the session is gone already.
        let _ = self.hub.handle(self.now, self.session, lost);
        self.sent();
        assert_eq!(self.stats.panics.get(), 0, "panics in callbacks");
        assert!(self.hub.engine().is_empty() && self.hub.protocol().registry().is_empty());
        assert_eq!(self.stats.buffered(), 0, "bytes in the budget");
    }
}

/// The first packet of what was sent, with its attachments.
fn next_packet<'a>(
    sent: &mut &'a [Result<String, Vec<u8>>],
) -> (reference::Packet<'a>, Vec<Vec<u8>>) {
    let Some((Ok(text), rest)) = sent.split_first() else {
        panic!("text was to come, not {sent:?}");
    };
    let packet = reference::decode(text, MOST_ATTACHMENTS)
        .unwrap_or_else(|| panic!("a packet was to come, not {text:?}"));
    let (binary, rest) = rest.split_at(packet.attachments);
    *sent = rest;
    let bytes = binary
        .iter()
        .map(|frame| frame.clone().expect_err("is binary"));
    (packet, bytes.collect())
}

fn expect_same(args: &[&str], attachments: &[Vec<u8>], others: &[&str], theirs: &[Vec<u8>]) {
    let mut both = args.iter().zip(others);
    let same = args.len() == others.len()
        && both.all(|(one, two)| Node::new(one).says(attachments, &Node::new(two), theirs));
    assert!(same, "{args:?} came back as {others:?} with {theirs:?}");
}

/// Whether both decoders read the same.
fn same(ours: &decode::Packet<'_>, expected: &reference::Packet<'_>) -> bool {
    let list = |args: &str| {
        let list: Vec<Box<RawValue>> = serde_json::from_str(&format!("[{args}]")).expect("is JSON");
        list.iter()
            .map(|arg| arg.get().to_owned())
            .collect::<Vec<_>>()
    };
    let body = match (&ours.body, &expected.body) {
        (decode::Body::Connect(one), Body::Connect(two)) => one == two,
        (
            decode::Body::Event { name, args, ack },
            Body::Event {
                name: other,
                args: others,
                id,
            },
        ) => name.as_deref() == other.as_deref() && ack == id && list(args) == *others,
        (
            decode::Body::Ack { id, args },
            Body::Ack {
                id: other,
                args: others,
            },
        ) => id == other && list(args) == *others,
        (decode::Body::Disconnect, Body::Disconnect) => true,
        (decode::Body::ConnectError, Body::ConnectError) => true,
        _ => false,
    };
    body && (ours.namespace, ours.attachments) == (expected.namespace, expected.attachments)
}
