//! Profile `wire`: whatever a server of Socket.IO can do, by events that ask for it, so that a
//! suite that speaks raw packets reaches all of it. Every first answer of a session has the header
//! `x-first: 1`, every answer of a session `x-every: 1`.
//!
//! | namespace | who may connect |
//! |---|---|
//! | `/` | everybody |
//! | `/dyn-N`, `/pub-N` | made when they are asked for; `/dyn-N` refuses auth `{"deny": 1}` |
//! | `/gate-NAME` | is there for who first comes with auth `{"pass": 1}` |
//! | `/mw` | refuses `{"deny": 1}`, and 2 with data; joins the `room` of the auth; refuses 3 |
//! | `/slow` | waits until `release` comes in `/` with the `key` of the auth |
//!
//! The events are in [`events`], the same everywhere. Who has joined `watchers` is told of each
//! socket that leaves the namespace: `gone` (id, stage, reason, rooms), before and after it has
//! left its rooms.

mod events;

use std::collections::HashMap;

use hyper::HeaderMap;
use hyper::header::HeaderValue;
use parlor::engineio::Request;
use parlor::socketio::{
    Admission, Application, Arg, DisconnectReason, EmitError, Event, Handshake, Io, Namespace, Raw,
    Refusal, SocketKey,
};
use parlor::transport::{Decision, Hooks};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::gate::Gate;
use crate::log;

const WATCHERS: &str = "watchers";

pub(crate) struct Wire {
    /// What becomes of namespaces that were made for somebody.
    child: Namespace,
    /// Who waits for `release`, by key.
    waiting: HashMap<String, SocketKey>,
}

/// What is remembered of a socket.
struct Data {
    auth: String,
    values: Map<String, Value>,
}

/// What the auth may ask for. From clients of Socket.IO 2 it is text.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wishes {
    deny: Value,
    pass: Value,
    greet: Value,
    room: Option<String>,
    key: Option<String>,
}

impl Wishes {
    fn of(auth: Arg<'_>) -> Self {
        auth.read().unwrap_or_default()
    }

    fn deny(&self, number: &str) -> bool {
        self.deny.to_string().trim_matches('"') == number
    }
}

impl Wire {
    pub(crate) fn new(cleans_up: bool) -> Self {
        Self {
            child: match cleans_up {
                true => Namespace::Dynamic,
                false => Namespace::Static,
            },
            waiting: HashMap::new(),
        }
    }
}

impl Application for Wire {
    fn namespace(&mut self, name: &str, auth: Arg<'_>) -> Namespace {
        let numbered = |prefix| {
            let number = name.strip_prefix(prefix).unwrap_or_default();
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        };
        match name {
            "/" | "/mw" | "/slow" => Namespace::Static,
            _ if numbered("/dyn-") || numbered("/pub-") => self.child,
            _ if name.starts_with("/gate-") && Wishes::of(auth).pass == 1 => self.child,
            _ => Namespace::Unknown,
        }
    }

    fn admit(
        &mut self,
        io: &mut Io<'_>,
        socket: SocketKey,
        handshake: &Handshake<'_>,
    ) -> Admission {
        let wishes = Wishes::of(handshake.auth);
        let nope = Refusal::new("nope");
        match handshake.namespace {
            "/slow" => {
                // Who has gone meanwhile waits no more.
                self.waiting.retain(|_, waiting| io.id(*waiting).is_some());
                self.waiting.insert(wishes.key.unwrap_or_default(), socket);
                return Admission::Later;
            }
            "/mw" if wishes.deny("2") => {
                return Admission::Refuse(Refusal {
                    data: Some(r#"{"code":7}"#.to_owned()),
                    ..nope
                });
            }
            "/mw" if !wishes.deny("1") => {
                if let Some(room) = &wishes.room {
                    log(io.join(socket, room));
                }
                if !wishes.deny("3") {
                    return Admission::Accept;
                }
            }
            "/mw" => {}
            name if name.starts_with("/dyn-") && wishes.deny("1") => {}
            _ => return Admission::Accept,
        }
        Admission::Refuse(nope)
    }

    fn connect(&mut self, io: &mut Io<'_>, socket: SocketKey, handshake: &Handshake<'_>) {
        let wishes = Wishes::of(handshake.auth);
        if handshake.namespace == "/slow" {
            let watchers = io.broadcast("/").to(WATCHERS);
            log(watchers.emit("slow", &[&wishes.key]));
        }
        if !matches!(wishes.greet, Value::Null | Value::Bool(false)) {
            log(io.emit(socket, "hello", &[&"first"]));
        }
        if !handshake.recovered {
            let data = Data {
                auth: handshake.auth.json().to_owned(),
                values: Map::new(),
            };
            log(io.set_data(socket, data));
            return;
        }
        let rooms = rooms(io, socket);
        let values = io.data::<Data>(socket).map(|data| data.values.clone());
        log(io.emit(socket, "recovered", &[&rooms, &values]));
    }

    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        if let Err(error) = self.handle(io, event) {
            eprintln!("not understood: {error}");
        }
    }

    fn disconnect(&mut self, io: &mut Io<'_>, socket: SocketKey, reason: DisconnectReason) {
        log(tell_watchers(io, socket, reason));
    }
}

fn tell_watchers(
    io: &mut Io<'_>,
    socket: SocketKey,
    reason: DisconnectReason,
) -> Result<(), EmitError> {
    let id = io.id(socket).map(|id| id.to_string());
    let (reason, rooms) = (reason.to_string(), rooms(io, socket));
    let watchers = io.others(socket).to(WATCHERS);
    watchers.emit("gone", &[&id, &"disconnecting", &reason, &rooms])?;
    let watchers = io.others(socket).to(WATCHERS);
    watchers.emit("gone", &[&id, &"disconnect", &reason, &Raw("[]")])?;
    Ok(())
}

/// The rooms that a socket has joined, in order; each also has one of its own id's name.
fn rooms(io: &Io<'_>, socket: SocketKey) -> Vec<String> {
    let own = io.id(socket);
    let mut rooms: Vec<String> = io.rooms(socket).into_iter().map(str::to_owned).collect();
    rooms.retain(|room| own.as_ref().is_none_or(|id| id.as_str() != room));
    rooms.sort_unstable();
    rooms
}

/// A gate, and headers on the answers to those who passed it.
pub(crate) struct Marks(pub(crate) Gate);

impl Hooks for Marks {
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
