//! An application that does what its clients tell it, and notes what it was told.

use super::seconds;
use crate::socketio::{
    AckError, AckTicket, Admission, Answers, Application, Arg, Args, Argument, Attachment,
    BroadcastTicket, DisconnectReason, Event, Handshake, Io, Namespace, Raw, Refusal, SocketKey,
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
    /// Sockets whose connect is decided by the event `accept` or `refuse` with their name.
    waiting: Vec<(String, SocketKey)>,
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
    /// Emits before it is connected.
    early: bool,
    /// Is decided later, under this name.
    later: Option<String>,
    request: bool,
}

impl Actor {
    pub(super) fn new(log: Log) -> Self {
        Self {
            log,
            waiting: Vec::new(),
        }
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

fn told(answers: &Answers) -> String {
    let came: Vec<_> = answers.iter().map(|(_, args)| args.json()).collect();
    match answers.error {
        None => came.join("|"),
        Some(error) => format!("{}, {error}", came.join("|")),
    }
}

impl Application for Actor {
    fn namespace(&mut self, name: &str, _: Arg<'_>) -> Namespace {
        assert_ne!(name, "/panic", "asked to panic");
        match name {
            "/" | "/a" | "/b" => Namespace::Static,
            _ if name.starts_with("/made/") => Namespace::Dynamic,
            _ => Namespace::Unknown,
        }
    }

    fn admit(
        &mut self,
        io: &mut Io<'_>,
        socket: SocketKey,
        handshake: &Handshake<'_>,
    ) -> Admission {
        let auth: Auth = handshake.auth.read().unwrap_or_default();
        if let Some(room) = &auth.room {
            let _ = io.join(socket, room);
        }
        if auth.early {
            let refused = io.emit(socket, "early", &[]);
            assert!(refused.is_err(), "nothing reaches it yet");
            let _ = io.others(socket).emit("knocking", &[]);
        }
        if let Some(name) = auth.later {
            self.waiting.push((name, socket));
            return Admission::Later;
        }
        match auth.refuse {
            Some(message) => {
                let mut refusal = Refusal::new(message);
                refusal.data = auth.data.map(|data| data.to_string());
                Admission::Refuse(refusal)
            }
            None => Admission::Accept,
        }
    }

    fn connect(&mut self, io: &mut Io<'_>, socket: SocketKey, handshake: &Handshake<'_>) {
        let auth: Auth = handshake.auth.read().unwrap_or_default();
        let namespace = name_of(io, socket);
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
        if handshake.recovered {
            self.log.add(format!("recovered in {:?}", io.rooms(socket)));
        }
        if auth.request {
            let url = handshake.request.map(|request| request.url());
            self.log.add(format!("request {url:?}"));
        }
        assert!(!auth.panic, "asked to panic");
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
            "accept" | "refuse" => {
                let name = text(&args, 0);
                for (_, waiting) in self.waiting.iter().filter(|(other, _)| other == name) {
                    match event.name {
                        "accept" => io.accept(*waiting),
                        _ => io.refuse(*waiting, Refusal::new("not you")),
                    }
                }
            }
            "volatile me" => {
                let _ = io.emit_volatile(socket, "volatile", &[]);
            }
            "ask all" => {
                let wait = Duration::from_millis(5000);
                let all = io.broadcast(&namespace).to(text(&args, 0));
                let asked = all.emit_with_ack("well", &[], wait);
                assert!(asked.is_ok(), "has a JSON form");
            }
            "ask all then" => {
                let log = self.log.clone();
                let all = io.broadcast(&namespace).to(text(&args, 0));
                let asked = all.emit_with_ack_then("well", &[], seconds(5), move |_, answers| {
                    log.add(format!("then {}", told(&answers)));
                });
                assert!(asked.is_ok(), "has a JSON form");
            }
            "move" => {
                let (from, to) = (text(&args, 0), text(&args, 1));
                let moved = io.broadcast(&namespace).to(from).sockets_join(to);
                io.broadcast(&namespace).to(from).sockets_leave(from);
                self.log.add(format!("moved {moved}"));
                return;
            }
            "set" => {
                let _ = io.set_data(socket, args.json().to_owned());
            }
            "get" => {
                let data = io.data::<String>(socket).cloned();
                let _ = io.emit(socket, "data", &[&data]);
            }
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
                let room = io.broadcast(&namespace).to(text(&args, 0));
                room.disconnect_sockets(true);
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

    fn answers(&mut self, _: &mut Io<'_>, _: BroadcastTicket, answers: Answers) {
        self.log.add(format!("answers {}", told(&answers)));
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
            let others = io.broadcast(&namespace).to("takes the others along");
            others.disconnect_sockets(false);
        }
    }
}
