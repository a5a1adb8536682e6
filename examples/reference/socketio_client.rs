//! Profile `socketio-client`: what the official Socket.IO client is tested against. Connections
//! can be recovered, and every handshake takes a moment, so that a client without patience
//! always loses.
//!
//! | namespace | |
//! |---|---|
//! | `/` | refuses those with `fail` in their query; the events are in [`Suite::in_main`] |
//! | `/foo` | answers `getId` |
//! | `/abc` | emits `handshake` |
//! | `/no` | refuses everybody |
//! | `/timeout_socket`, `/valid`, `/asd` | nothing more |

mod handshake;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use handshake::{Object as HandshakeObject, iso8601};
use parlor::config;
use parlor::socketio::{
    Admission, Application, Arg, Attachment, EmitError, Event, Handshake, Io, Namespace,
    Placeholder, Refusal, SocketKey,
};
use serde::Deserialize;
use serde_json::json;

use crate::log;

/// The time that a handshake takes.
pub(crate) const HANDSHAKE_DELAY: Duration = Duration::from_millis(10);
/// How long a client may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);
const BYTES: Attachment = Attachment(Bytes::from_static(b"asdfasdf"));
const UTF8: [&str; 5] = [
    "てすと",
    "Я Б Г Д Ж Й",
    "Ä ä Ü ü ß",
    "utf8 — string",
    "utf8 — string",
];

pub(crate) fn settings() -> config::Protocol {
    config::Protocol {
        ping_interval: Duration::from_secs(2),
        recovery_max_age: Some(Duration::from_secs(120)),
        ..config::Protocol::default()
    }
}

pub(crate) struct Suite;

/// What is remembered of a socket.
struct Guest {
    handshake: Arc<HandshakeObject>,
    /// `abuff1` came and was binary.
    buffer_came: bool,
    /// How far it is in `blob1` (binary), `blob2` ("second"), `blob3` (binary).
    blobs: u8,
}

/// The second part of the answer to `ack`.
#[derive(Deserialize)]
struct Tested {
    test: bool,
}

/// `{hello: "lol", message: (binary), goodbye: "gotcha"}`.
#[derive(Deserialize)]
struct Letter {
    hello: String,
    message: Placeholder,
    goodbye: String,
}

impl Application for Suite {
    fn namespace(&mut self, name: &str, _: Arg<'_>) -> Namespace {
        match name {
            "/" | "/foo" | "/abc" | "/no" | "/timeout_socket" | "/valid" | "/asd" => {
                Namespace::Static
            }
            _ => Namespace::Unknown,
        }
    }

    fn admit(&mut self, _: &mut Io<'_>, _: SocketKey, handshake: &Handshake<'_>) -> Admission {
        let parameter = |name| {
            handshake
                .request
                .and_then(|request| request.parameter(name))
        };
        match handshake.namespace {
            "/" if parameter("fail").is_some_and(|fail| !fail.is_empty()) => {
                Admission::Refuse(Refusal::new("Auth failed (main namespace)"))
            }
            "/no" => Admission::Refuse(Refusal::new("Auth failed (custom namespace)")),
            _ => Admission::Accept,
        }
    }

    fn connect(&mut self, io: &mut Io<'_>, socket: SocketKey, handshake: &Handshake<'_>) {
        let object = Arc::new(HandshakeObject::new(handshake));
        if handshake.namespace == "/abc" {
            log(io.emit(socket, "handshake", &[&*object]));
        }
        log(io.set_data(
            socket,
            Guest {
                handshake: object,
                buffer_came: false,
                blobs: 0,
            },
        ));
    }

    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        match io.namespace(event.socket) {
            Some("/") => log(Self::in_main(io, event)),
            Some("/foo") if event.name == "getId" => log(answer_id(io, event)),
            _ => {}
        }
    }
}

impl Suite {
    fn in_main(io: &mut Io<'_>, event: Event<'_>) -> Result<(), EmitError> {
        let socket = event.socket;
        let argument = event.args.get(0);
        let is_binary = argument.is_some_and(|arg| arg.binary().is_some());
        match (event.name, event.reply) {
            ("hi", _) => io.emit(socket, "hi", &[]),
            ("echo", Some(reply)) => io.reply(reply, &[&event.args]),
            ("ack", _) => {
                io.emit_with_ack_then(socket, "ack", &[], PATIENCE, move |io, outcome| {
                    let answer = outcome.ok().and_then(|args| args.read().ok());
                    if matches!(answer, Some((5, Tested { test: true }))) {
                        log(io.emit(socket, "got it", &[]));
                    }
                })
            }
            ("getAckDate", Some(reply)) => io.reply(reply, &[&now()]),
            ("getDate", _) => io.emit(socket, "takeDate", &[&now()]),
            ("getDateObj", _) => io.emit(socket, "takeDateObj", &[&json!({ "date": now() })]),
            ("getUtf8", _) => UTF8
                .iter()
                .try_for_each(|text| io.emit(socket, "takeUtf8", &[text])),
            ("false", _) => io.emit(socket, "false", &[&false]),
            ("doge", _) => io.emit(socket, "doge", &[&BYTES]),
            ("getbin", _) => io.emit(socket, "takebin", &[&BYTES]),
            ("buffa", _) if is_binary => io.emit(socket, "buffack", &[]),
            ("blob", _) if is_binary => io.emit(socket, "back", &[]),
            (name @ ("jsonbuff" | "jsonblob"), _) if argument.is_some_and(is_letter) => {
                io.emit(socket, &format!("{name}-ack"), &[])
            }
            ("getHandshake", Some(reply)) => match io.data::<Guest>(socket) {
                Some(guest) => {
                    let handshake = Arc::clone(&guest.handshake);
                    io.reply(reply, &[&*handshake])
                }
                None => Ok(()),
            },
            ("getId", reply) => answer_id(io, Event { reply, ..event }),
            (name, _) => sequence(io, socket, name, argument),
        }
    }
}

/// Events that count only in their order.
fn sequence(
    io: &mut Io<'_>,
    socket: SocketKey,
    name: &str,
    argument: Option<Arg<'_>>,
) -> Result<(), EmitError> {
    let is_binary = argument.is_some_and(|arg| arg.binary().is_some());
    let is_second = argument.and_then(|arg| arg.as_plain_str()) == Some("second");
    let Some(guest) = io.data_mut::<Guest>(socket) else {
        return Ok(());
    };
    match name {
        "abuff1" => guest.buffer_came = is_binary,
        "abuff2" if guest.buffer_came => return io.emit(socket, "abuff2-ack", &[]),
        "blob1" => guest.blobs = u8::from(is_binary),
        "blob2" if guest.blobs == 1 && is_second => guest.blobs = 2,
        "blob3" if guest.blobs == 2 && is_binary => return io.emit(socket, "blob3-ack", &[]),
        _ => {}
    }
    Ok(())
}

fn is_letter(argument: Arg<'_>) -> bool {
    argument.read::<Letter>().is_ok_and(|letter| {
        letter.hello == "lol"
            && letter.goodbye == "gotcha"
            && argument.attachment(letter.message).is_some()
    })
}

fn answer_id(io: &mut Io<'_>, event: Event<'_>) -> Result<(), EmitError> {
    match (io.id(event.socket), event.reply) {
        (Some(id), Some(reply)) => io.reply(reply, &[&id.as_str()]),
        _ => Ok(()),
    }
}

fn now() -> String {
    iso8601(SystemTime::now())
}
