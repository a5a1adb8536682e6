//! Profile `interop`: a little of everything that a client can meet, for clients of any
//! language and age. `/` and `/custom` are alike: each socket gets `hello` with
//! `{"you": AUTH}`, AUTH being what it connected with.
//!
//! | a client emits | and |
//! |---|---|
//! | `echo` (anything) | gets `echo` with the same, and the same as the answer if it wants one |
//! | `bin` (bytes) | likewise |
//! | `ackme` | gets `question` (42), and what it answers to that as `answer` |
//! | `kick` | is disconnected |
//!
//! `/deny` refuses everybody with the message `denied` and the data `{"code": 7}`.

use std::collections::HashMap;
use std::time::Duration;

use parlor::config;
use parlor::socketio::{
    AckError, AckTicket, Admission, Application, Arg, Args, Argument, EmitError, Event, Handshake,
    Io, Object, Refusal, SocketKey,
};

use crate::log;

/// How long a client may think about the question.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn settings() -> config::Protocol {
    config::Protocol::default()
}

#[derive(Default)]
pub(crate) struct Interop {
    /// Who was asked.
    asked: HashMap<AckTicket, SocketKey>,
}

impl Application for Interop {
    fn has_namespace(&mut self, name: &str) -> bool {
        matches!(name, "/" | "/custom" | "/deny")
    }

    fn connect(
        &mut self,
        io: &mut Io<'_>,
        socket: SocketKey,
        handshake: &Handshake<'_>,
    ) -> Admission {
        if io.namespace(socket) == Some("/deny") {
            return Admission::Refuse(Refusal {
                message: "denied".to_owned(),
                data: Some(r#"{"code":7}"#.to_owned()),
            });
        }
        let hello = Object(&[("you", &handshake.auth)]);
        log(io.emit(socket, "hello", &[&hello]));
        Admission::Accept
    }

    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        log(self.handle(io, event));
    }

    fn answer(&mut self, io: &mut Io<'_>, ticket: AckTicket, outcome: Result<Args<'_>, AckError>) {
        let (Some(socket), Ok(args)) = (self.asked.remove(&ticket), outcome) else {
            return;
        };
        let args: Vec<Arg<'_>> = args.iter().collect();
        log(io.emit(socket, "answer", &all(&args)));
    }
}

impl Interop {
    fn handle(&mut self, io: &mut Io<'_>, event: Event<'_>) -> Result<(), EmitError> {
        let Event {
            socket,
            name,
            args,
            reply,
        } = event;
        match name {
            "echo" | "bin" => {
                let args: Vec<Arg<'_>> = args.iter().collect();
                io.emit(socket, name, &all(&args))?;
                if let Some(reply) = reply {
                    io.reply(reply, &all(&args))?;
                }
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

fn all<'a>(args: &'a [Arg<'a>]) -> Vec<&'a dyn Argument> {
    args.iter().map(|arg| arg as &dyn Argument).collect()
}
