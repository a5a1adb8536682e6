//! Profile `sio5`: what the Socket.IO protocol's suite talks to, in the namespaces `/` and
//! `/custom`. Each socket gets `auth` with what it connected with.
//!
//! | a client emits to `/` | and gets |
//! |---|---|
//! | `message` (anything) | `message-back` with the same |
//! | `message-with-ack` (anything) | the same as the answer |

use std::time::Duration;

use parlor::config;
use parlor::socketio::{Application, Arg, Event, Handshake, Io, Namespace, SocketKey};

use crate::log;

pub(crate) fn settings() -> config::Protocol {
    config::Protocol {
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        connect_timeout: Duration::from_secs(1),
        ..config::Protocol::default()
    }
}

pub(crate) struct Suite;

impl Application for Suite {
    fn namespace(&mut self, name: &str, _: Arg<'_>) -> Namespace {
        match name {
            "/" | "/custom" => Namespace::Static,
            _ => Namespace::Unknown,
        }
    }

    fn connect(&mut self, io: &mut Io<'_>, socket: SocketKey, handshake: &Handshake<'_>) {
        log(io.emit(socket, "auth", &[&handshake.auth]));
    }

    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        if io.namespace(event.socket) != Some("/") {
            return;
        }
        match (event.name, event.reply) {
            ("message", _) => log(io.emit(event.socket, "message-back", &[&event.args])),
            ("message-with-ack", Some(reply)) => log(io.reply(reply, &[&event.args])),
            _ => {}
        }
    }
}
