//! Profile `wire`: whatever the other profiles do not reach, for the differential tests. Its
//! contract stands at the top of `tests/conformance/reference-control.mjs`; the events are in
//! [`events`].

mod events;

use std::collections::HashMap;

use hyper::HeaderMap;
use hyper::header::HeaderValue;
use parlor::engineio::Request;
use parlor::hub::SocketIo;
use parlor::socketio::{
    Admission, Application, Arg, Args, Argument, DisconnectReason, Event, Handshake, Io, Namespace,
    Object, Raw, Refusal, SocketKey,
};
use parlor::transport::{Decision, Hooks};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::gate::Gate;
use crate::log;

const WATCHERS: &str = "watchers";

/// The hooks and the protocol of this profile; `cleans_up` tells whether a namespace that was
/// made for a client goes with its last one.
pub(crate) fn new(gate: Gate, cleans_up: bool) -> (impl Hooks, SocketIo<Wire>) {
    let app = Wire {
        made: match cleans_up {
            true => Namespace::Dynamic,
            false => Namespace::Static,
        },
        waiting: HashMap::new(),
    };
    let protocol = SocketIo::new(app)
        .with_middleware(|_, _, handshake| match handshake.namespace {
            "/mw" => Auth::of(handshake).first_step(),
            name if is_numbered(name, "/dyn-") && Auth::of(handshake).denies("1") => nope(),
            _ => Admission::Accept,
        })
        .with_middleware(|io, socket, handshake| match handshake.namespace {
            "/mw" => Auth::of(handshake).second_step(io, socket),
            _ => Admission::Accept,
        });
    (Marked(gate), protocol)
}

/// Marks the engine's answers.
struct Marked(Gate);

impl Hooks for Marked {
    fn allow_request<'a>(&'a self, request: &'a Request) -> Decision<'a> {
        self.0.allow_request(request)
    }

    fn initial_headers(&self, _: &Request, headers: &mut HeaderMap) {
        headers.insert("x-first", HeaderValue::from_static("1"));
    }

    fn headers(&self, _: &Request, headers: &mut HeaderMap) {
        headers.insert("x-every", HeaderValue::from_static("1"));
    }
}

/// What a client may say when it connects. Numbers are text in the auth of Socket.IO 2.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Auth {
    deny: Value,
    room: Option<String>,
    key: String,
    pass: Value,
    greet: Value,
}

impl Auth {
    fn of(handshake: &Handshake<'_>) -> Self {
        handshake.auth.read().unwrap_or_default()
    }

    fn denies(&self, which: &str) -> bool {
        match &self.deny {
            Value::String(deny) => deny == which,
            Value::Number(deny) => deny.to_string() == which,
            _ => false,
        }
    }

    fn first_step(&self) -> Admission {
        if self.denies("2") {
            return Admission::Refuse(Refusal::new("nope").with_data(&json!({ "code": 7 })));
        }
        match self.denies("1") {
            true => nope(),
            false => Admission::Accept,
        }
    }

    fn second_step(&self, io: &mut Io<'_>, socket: SocketKey) -> Admission {
        if let Some(room) = &self.room {
            log(io.join(socket, room));
        }
        match self.denies("3") {
            true => nope(),
            false => Admission::Accept,
        }
    }
}

fn nope() -> Admission {
    Admission::Refuse(Refusal::new("nope"))
}

/// Whether a name is this prefix and digits.
fn is_numbered(name: &str, prefix: &str) -> bool {
    let digits = name.strip_prefix(prefix).unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The application.
pub(crate) struct Wire {
    /// What a namespace is that is made for a client.
    made: Namespace,
    /// Sockets of `/slow` that wait to be let in, by key.
    waiting: HashMap<String, SocketKey>,
}

/// What is stored with a socket: its auth, and values by key, as JSON.
#[derive(Default)]
struct Stored {
    auth: String,
    values: Vec<(String, String)>,
}

impl Application for Wire {
    fn namespace(&mut self, name: &str, auth: Arg<'_>) -> Namespace {
        let auth: Auth = auth.read().unwrap_or_default();
        match name {
            "/" | "/mw" | "/slow" => Namespace::Static,
            _ if is_numbered(name, "/dyn-") || is_numbered(name, "/pub-") => self.made,
            _ if name.starts_with("/gate-") && auth.pass == 1 => self.made,
            _ => Namespace::Unknown,
        }
    }

    fn admit(&mut self, _: &mut Io<'_>, socket: SocketKey, handshake: &Handshake<'_>) -> Admission {
        if handshake.namespace != "/slow" {
            return Admission::Accept;
        }
        self.waiting.insert(Auth::of(handshake).key, socket);
        Admission::Later
    }

    fn connect(&mut self, io: &mut Io<'_>, socket: SocketKey, handshake: &Handshake<'_>) {
        let auth = Auth::of(handshake);
        if handshake.recovered {
            let rooms = events::rooms_of(io, socket);
            let values = io
                .data::<Stored>(socket)
                .map(|stored| stored.values.clone());
            let values = values.unwrap_or_default();
            let raw: Vec<Raw<'_>> = values.iter().map(|(_, json)| Raw(json)).collect();
            let keys = values.iter().map(|(key, _)| key.as_str());
            let members: Vec<(&str, &dyn Argument)> = keys
                .zip(raw.iter().map(|raw| raw as &dyn Argument))
                .collect();
            log(io.emit(socket, "recovered", &[&rooms, &Object(&members)]));
        } else {
            let stored = Stored {
                auth: handshake.auth.json().to_owned(),
                values: Vec::new(),
            };
            log(io.set_data(socket, stored));
        }
        if !matches!(auth.greet, Value::Null | Value::Bool(false)) {
            log(io.emit(socket, "hello", &[&"first"]));
        }
        if handshake.namespace == "/slow" {
            let told = io.broadcast("/").to(WATCHERS);
            log(told.emit("slow", &[&auth.key]));
        }
    }

    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        let namespace = io.namespace(event.socket).unwrap_or_default().to_owned();
        match event.name {
            "release" if namespace == "/" => {
                let key = event.args.get(0).and_then(|key| key.as_plain_str());
                if let Some(socket) = key.and_then(|key| self.waiting.remove(key)) {
                    io.accept(socket);
                }
            }
            "publish" if is_numbered(&namespace, "/pub-") => publish(io, event.args),
            _ => {
                if let Err(error) = events::handle(io, event) {
                    eprintln!("{error:#}");
                }
                return;
            }
        }
        if let Some(reply) = event.reply {
            log(io.reply(reply, &[]));
        }
    }

    fn disconnect(&mut self, io: &mut Io<'_>, socket: SocketKey, reason: DisconnectReason) {
        let Some(id) = io.id(socket) else { return };
        let (reason, rooms) = (reason.to_string(), events::rooms_of(io, socket));
        for (stage, rooms) in [("disconnecting", rooms), ("disconnect", Vec::new())] {
            let watchers = io.others(socket).to(WATCHERS);
            let told: [&dyn Argument; 4] = [&id.as_str(), &stage, &reason, &rooms];
            log(watchers.emit("gone", &told));
        }
    }
}

/// Emits to all sockets of all namespaces of a kind.
fn publish(io: &mut Io<'_>, args: Args<'_>) {
    let names = io.namespaces().into_iter();
    let names: Vec<String> = names
        .filter(|name| is_numbered(name, "/pub-"))
        .map(str::to_owned)
        .collect();
    for name in names {
        log(io.broadcast(&name).emit("published", &[&args]));
    }
}
