//! An application that does what its clients tell it, and notes what it was told.

use crate::socketio::{
    AckError, AckTicket, Admission, Application, Arg, Args, Argument, Attachment, DisconnectReason,
    Event, Handshake, Io, Raw, Refusal, SocketKey,
};
use bytes::Bytes;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the application was told, one line each.
#[derive(Debug, Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: String) {
        self.0.lock().expect("not poisoned").push(line);
    }

    /// Takes what was noted since the last time.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("not poisoned"))
    }
}

#[derive(Debug)]
pub(super) struct Actor {
    log: Log,
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Auth {
    refuse: Option<String>,
    data: Option<serde_json::Value>,
    room: Option<String>,
    welcome: bool,
    shout: bool,
    ask: bool,
    leave: bool,
    panic: bool,
}

impl Actor {
    pub(super) fn new(log: Log) -> Self {
        Self { log }
    }
}

fn name_of(io: &Io<'_>, socket: SocketKey) -> String {
    io.namespace(socket).unwrap_or("?").to_owned()
}

fn text<'a>(args: &Args<'a>, at: usize) -> &'a str {
    args.get(at)
        .and_then(|arg| arg.as_plain_str())
        .unwrap_or("")
}

fn rest<'a>(args: &Args<'a>, from: usize) -> Vec<Arg<'a>> {
    args.iter().skip(from).collect()
}

fn list<'l>(args: &'l [Arg<'_>]) -> Vec<&'l dyn Argument> {
    args.iter().map(|arg| arg as &dyn Argument).collect()
}

impl Application for Actor {
    fn has_namespace(&mut self, name: &str) -> bool {
        assert_ne!(name, "/panic", "asked to panic");
        matches!(name, "/" | "/a" | "/b") || name.starts_with("/made/")
    }

    fn connect(
        &mut self,
        io: &mut Io<'_>,
        socket: SocketKey,
        handshake: &Handshake<'_>,
    ) -> Admission {
        let auth: Auth = handshake.auth.read().unwrap_or_default();
        let namespace = name_of(io, socket);
        if let Some(room) = &auth.room {
            let _ = io.join(socket, room);
        }
        if auth.welcome {
            let _ = io.emit(socket, "welcome", &[&"you"]);
        }
        if auth.shout {
            let _ = io.broadcast(&namespace).emit("somebody", &[]);
        }
        if auth.ask {
            let _ = io.emit_with_ack(socket, "who", &[], Duration::from_secs(5));
        }
        if auth.leave {
            io.disconnect(socket);
        }
        assert!(!auth.panic, "asked to panic");
        match auth.refuse {
            Some(message) => {
                let mut refusal = Refusal::new(message);
                refusal.data = auth.data.map(|data| data.to_string());
                Admission::Refuse(refusal)
            }
            None => Admission::Accept,
        }
    }

    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        let (socket, args) = (event.socket, event.args);
        let namespace = name_of(io, socket);
        match event.name {
            "echo" => {
                let args = rest(&args, 0);
                let _ = io.emit(socket, "echo", &list(&args));
            }
            "ask" => {
                let args = rest(&args, 0);
                let reply = event.reply.expect("wants an answer");
                let _ = io.reply(reply, &list(&args));
                return;
            }
            "say" => {
                let (room, args) = (text(&args, 0), rest(&args, 1));
                let to = io.broadcast(&namespace).to(room).from(socket);
                let _ = to.emit("said", &list(&args));
            }
            "all" => {
                let args = rest(&args, 0);
                let _ = io.broadcast(&namespace).emit("all", &list(&args));
            }
            "others" => {
                let args = rest(&args, 0);
                let _ = io
                    .broadcast(&namespace)
                    .from(socket)
                    .emit("others", &list(&args));
            }
            "a or b but not c" => {
                let to = io.broadcast(&namespace).to("a").to("b").except("c");
                let _ = to.emit("abc", &[]);
            }
            "all but" => {
                let rooms: Vec<&str> = args.iter().filter_map(|arg| arg.as_plain_str()).collect();
                let all = io.broadcast(&namespace);
                let but = rooms.iter().fold(all, |to, room| to.except(room));
                if let Err(error) = but.emit("all but", &[]) {
                    self.log.add(format!("not sent: {error}"));
                }
            }
            "volatile" => {
                let args = rest(&args, 0);
                let _ = io
                    .broadcast(&namespace)
                    .volatile()
                    .emit("volatile", &list(&args));
            }
            "join" => {
                let _ = io.join(socket, text(&args, 0));
            }
            "leave" => io.leave(socket, text(&args, 0)),
            "rooms" => {
                let rooms: Vec<String> = io.rooms(socket)[1..]
                    .iter()
                    .map(|r| r.to_string())
                    .collect();
                let _ = io.emit(socket, "rooms", &[&rooms]);
            }
            "ask me" => {
                let wait = args.get(0).and_then(|arg| arg.read().ok());
                let wait = match args.get(0).map(|arg| arg.json()) {
                    Some("\"forever\"") => Duration::MAX,
                    _ => Duration::from_millis(wait.unwrap_or(5000)),
                };
                let asked = io.emit_with_ack(socket, "well", &[], wait);
                if let Err(error) = asked {
                    self.log.add(format!("not asked: {error}"));
                }
            }
            "ask me with bytes" => {
                let blob = Attachment(Bytes::from_static(b"blob"));
                let _ =
                    io.emit_with_ack(socket, "well", &[&blob, &Raw("1")], Duration::from_secs(5));
            }
            "disconnect me" => {
                let _ = io.emit(socket, "last", &[]);
                io.disconnect(socket);
                let _ = io.emit(socket, "too late", &[]);
            }
            "close me" => {
                let _ = io.emit(socket, "last", &[]);
                io.close(socket);
            }
            "close room" => {
                for member in io.members(&namespace, text(&args, 0)) {
                    io.close(member);
                }
            }
            "large" => {
                let size = args.get(0).and_then(|arg| arg.read().ok()).unwrap_or(0);
                let _ = io.broadcast(&namespace).emit("large", &[&"x".repeat(size)]);
            }
            "panic" => {
                let _ = io.emit(socket, "never sent", &[]);
                let _ = io.broadcast(&namespace).emit("never sent", &[]);
                panic!("asked to");
            }
            _ => {}
        }
        let args: Vec<_> = args.iter().map(|arg| arg.json()).collect();
        self.log
            .add(format!("event {} {}", event.name, args.join("|")));
    }

    fn answer(&mut self, io: &mut Io<'_>, ticket: AckTicket, outcome: Result<Args<'_>, AckError>) {
        let id = ticket.id;
        match outcome {
            Ok(args) => {
                let args: Vec<_> = args.iter().map(|arg| arg.json()).collect();
                assert_ne!(args, ["\"panic\""], "asked to panic");
                self.log.add(format!("answer {id} {}", args.join("|")));
            }
            Err(error) => {
                self.log.add(format!("answer {id} {error}"));
                if io.rooms(ticket.socket).contains(&"asks again") {
                    let again = io.emit_with_ack(ticket.socket, "well", &[], Duration::ZERO);
                    if let Err(error) = again {
                        self.log.add(format!("not asked: {error}"));
                    }
                }
            }
        }
    }

    fn disconnect(&mut self, io: &mut Io<'_>, socket: SocketKey, reason: DisconnectReason) {
        let namespace = name_of(io, socket);
        self.log.add(format!("disconnect {namespace} {reason}"));
        let rooms: Vec<String> = io.rooms(socket).iter().map(|r| r.to_string()).collect();
        let _ = io.emit(socket, "to nobody", &[]);
        for room in &rooms[1..] {
            let to = io.broadcast(&namespace).to(room);
            let _ = to.emit("gone", &[&reason.to_string()]);
        }
        assert!(!rooms.iter().any(|room| room == "panics"), "asked to panic");
        if rooms.iter().any(|room| room == "takes the others along") {
            for other in io.members(&namespace, "takes the others along") {
                io.disconnect(other);
            }
        }
    }
}
