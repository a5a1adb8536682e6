//! Profile `interop`: a little of everything that a client can meet, for clients of any
//! language and age. `/` and `/custom` are alike: each socket gets `hello` with
//! `{"you": AUTH}`, AUTH being what it connected with.
//!
//! | a client emits | and |
//! |---|---|
//! | `echo` (anything) | gets `echo` with the same, and the same as the answer if it wants one |
//! | `bin` (bytes) | gets them as the answer if it wants one, and then as `bin` |
//! | `ackme` | gets `question` (42), and what it answers to that as `answer` |
//! | `kick` | is disconnected |
//!
//! `/deny` refuses everybody with the message `denied` and the data `{"code": 7}`.

use std::collections::HashMap;
use std::time::Duration;

use parlor::socketio::{
    AckError, AckTicket, Admission, Application, Arg, Args, EmitError, Event, Handshake, Io,
    Namespace, Object, Refusal, SocketKey,
};

use crate::log;

/// How long a client may think about the question.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(crate) struct Interop {
    /// Who was asked.
    asked: HashMap<AckTicket, SocketKey>,
}

impl Application for Interop {
    fn namespace(&mut self, name: &str, _: Arg<'_>) -> Namespace {
        match name {
            "/" | "/custom" | "/deny" => Namespace::Static,
            _ => Namespace::Unknown,
        }
    }

    fn admit(&mut self, _: &mut Io<'_>, _: SocketKey, handshake: &Handshake<'_>) -> Admission {
        match handshake.namespace {
            "/deny" => Admission::Refuse(Refusal {
                message: "denied".to_owned(),
                data: Some(r#"{"code":7}"#.to_owned()),
            }),
            _ => Admission::Accept,
        }
    }

    fn connect(&mut self, io: &mut Io<'_>, socket: SocketKey, handshake: &Handshake<'_>) {
        let hello = Object(&[("you", &handshake.auth)]);
        log(io.emit(socket, "hello", &[&hello]));
    }

    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        log(self.handle(io, event));
    }

    fn answer(&mut self, io: &mut Io<'_>, ticket: AckTicket, outcome: Result<Args<'_>, AckError>) {
        if let (Some(socket), Ok(answer)) = (self.asked.remove(&ticket), outcome) {
            log(io.emit(socket, "answer", &[&answer]));
        }
    }
}

impl Interop {
    fn handle(&mut self, io: &mut Io<'_>, event: Event<'_>) -> Result<(), EmitError> {
        let Event {
            socket,
            args,
            reply,
            ..
        } = event;
        match event.name {
            "echo" => {
                io.emit(socket, "echo", &[&args])?;
                if let Some(reply) = reply {
                    io.reply(reply, &[&args])?;
                }
            }
            "bin" => {
                if let Some(reply) = reply {
                    io.reply(reply, &[&args])?;
                }
                io.emit(socket, "bin", &[&args])?;
            }
            "ackme" => {
                let ticket = io.emit_with_ack(socket, "question", &[&42], PATIENCE)?;
                self.asked.insert(ticket, socket);
            }
            "kick" => io.disconnect(socket),
            _ => {}
        }
        Ok(())
    }
}
