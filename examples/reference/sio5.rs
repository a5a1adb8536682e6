//! Profile `sio5`: what the Socket.IO protocol's suite talks to, in the namespaces `/` and
//! `/custom`. Each socket gets `auth` with what it connected with.
//!
//! | a client emits to `/` | and gets |
//! |---|---|
//! | `message` (anything) | `message-back` with the same |
//! | `message-with-ack` (anything) | the same as the answer |

use std::time::Duration;

use parlor::config;
use parlor::socketio::{
    Admission, Application, Arg, Argument, EmitError, Event, Handshake, Io, SocketKey,
};

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
    fn has_namespace(&mut self, name: &str) -> bool {
        matches!(name, "/" | "/custom")
    }

    fn connect(
        &mut self,
        io: &mut Io<'_>,
        socket: SocketKey,
        handshake: &Handshake<'_>,
    ) -> Admission {
        log(io.emit(socket, "auth", &[&handshake.auth]));
        Admission::Accept
    }

    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        if io.namespace(event.socket) == Some("/") {
            log(answer(io, event));
        }
    }
}

fn answer(io: &mut Io<'_>, event: Event<'_>) -> Result<(), EmitError> {
    let args: Vec<Arg<'_>> = event.args.iter().collect();
    let args: Vec<&dyn Argument> = args.iter().map(|arg| arg as &dyn Argument).collect();
    match (event.name, event.reply) {
        ("message", _) => io.emit(event.socket, "message-back", &args),
        ("message-with-ack", Some(reply)) => io.reply(reply, &args),
        _ => Ok(()),
    }
}
