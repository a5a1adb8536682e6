//! The events of profile `wire`. Each is acked, if a client asks for that, after what it does:
//! with nothing unless the table says otherwise.
//!
//! | event | what it does |
//! |---|---|
//! | `join` ROOMS, `leave` ROOM | acks the socket's rooms, and whether it is in that of its id |
//! | `cast` HOW NAME ... | emits to others, or to those of [`How`] |
//! | `volatile` N, `mixed` BYTES | emits `v` 1 to N; `kept`, volatile `lost` BYTES, `kept` |
//! | `ask` HOW ..., `askAll` HOW ... | `question` ...; then `answered` or `answers` |
//! | `twice` | acks 1 (an event can be answered once) |
//! | `picture`, `big` N COMPRESS | emits bytes inside an object; a long text |
//! | `set` KEY VALUE, `get` KEY | the socket's data; `get` acks it |
//! | `auth` | acks what the socket connected with |
//! | `end` CLOSE, `endAll` ROOMS CLOSE | `bye`, and disconnects; acks, and disconnects all these |
//! | `move` ROOMS JOIN LEAVE | moves all these |
//! | `fetch` ROOMS | acks how many these are, and the rooms of each |
//! | `watch` | joins the watchers |
//! | any other | `any` NAME ..., and acks ... |

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use parlor::socketio::{
    Args, Attachment, Broadcast, Event, Io, List, Object, OwnedArgs, Raw, Reply, SocketKey,
};
use serde::Deserialize;

use super::{Stored, WATCHERS};
use crate::log;

const PIXELS: Attachment = Attachment(Bytes::from_static(&[0, 1, 254, 255]));

/// Most that `big` emits.
const MAX_BIG: usize = 1_000_000;

/// To whom something goes, and how.
#[derive(Default, Deserialize)]
#[serde(default)]
struct How {
    to: Vec<String>,
    except: Vec<String>,
    /// The sender too.
    all: bool,
    volatile: bool,
    /// Milliseconds to wait for answers.
    ms: Option<u64>,
}

impl How {
    fn timeout(&self) -> Duration {
        self.ms.map_or(Duration::MAX, Duration::from_millis)
    }
}

/// One room or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Rooms {
    One(String),
    Several(Vec<String>),
}

/// Does what the event says, then answers it if it asks for that.
pub(super) fn handle(io: &mut Io<'_>, event: Event<'_>) -> Result<()> {
    let Event {
        socket,
        args,
        reply,
        ..
    } = event;
    let first = || args.get(0).context("an argument is missing");
    let second = || args.get(1).context("an argument is missing");
    let mut answer = OwnedArgs::default();
    match event.name {
        "join" => {
            let rooms = match first()?.read()? {
                Rooms::One(room) => vec![room],
                Rooms::Several(rooms) => rooms,
            };
            for room in rooms {
                io.join(socket, &room)?;
            }
            answer = membership(io, socket)?;
        }
        "leave" => {
            io.leave(socket, &first()?.read::<String>()?);
            answer = membership(io, socket)?;
        }
        "cast" => cast(io, socket, args)?,
        "volatile" => {
            for n in 1..=first()?.read::<u32>()? {
                io.emit_volatile(socket, "v", &[&n])?;
            }
        }
        "mixed" => {
            io.emit(socket, "kept", &[])?;
            io.emit_volatile(socket, "lost", &[&first()?])?;
            io.emit(socket, "kept", &[])?;
        }
        "ask" => ask(io, socket, args)?,
        "askAll" => ask_all(io, socket, args)?,
        // An answer is given up with the reply, so there cannot be a second one.
        "twice" => answer = OwnedArgs::new(&[&1])?,
        "picture" => {
            let empty = Attachment(Bytes::new());
            let parts = List(&[&1, &PIXELS, &empty]);
            let dot = Object(&[("name", &"dot"), ("parts", &parts)]);
            io.emit(socket, "picture", &[&PIXELS, &dot])?;
        }
        "big" => {
            let text = "x".repeat(first()?.read::<usize>()?.min(MAX_BIG));
            let compress = second().map_or(true, |arg| arg.json() != "false");
            let namespace = io.namespace(socket).unwrap_or_default().to_owned();
            let id = io.id(socket).context("is connected")?;
            let me = io.broadcast(&namespace).to(id.as_str()).compress(compress);
            me.emit("big", &[&text])?;
        }
        "set" => {
            let (key, json) = (first()?.read::<String>()?, second()?.json().to_owned());
            let stored = io.data_mut::<Stored>(socket).context("has data")?;
            stored.values.retain(|(other, _)| *other != key);
            stored.values.push((key, json));
        }
        "get" => {
            let key: String = first()?.read()?;
            let stored = io.data::<Stored>(socket).context("has data")?;
            let value = stored.values.iter().find(|(other, _)| *other == key);
            answer = OwnedArgs::new(&[&Raw(value.map_or("null", |(_, json)| json))])?;
        }
        "auth" => {
            let stored = io.data::<Stored>(socket).context("has data")?;
            answer = OwnedArgs::new(&[&Raw(&stored.auth)])?;
        }
        "end" => {
            io.emit(socket, "bye", &[])?;
            match first().is_ok_and(|arg| arg.json() == "true") {
                true => io.close(socket),
                false => io.disconnect(socket),
            }
            // Too late: it leaves all rooms with the namespace.
            if let Some(room) = second().ok().and_then(|room| room.as_plain_str()) {
                log(io.join(socket, room));
            }
            return Ok(());
        }
        "endAll" => {
            respond(io, reply, &answer);
            let (rooms, close): (Vec<String>, _) = (first()?.read()?, second()?.json() == "true");
            among(io, socket, &rooms).disconnect_sockets(close);
            return Ok(());
        }
        "move" => {
            let (rooms, join, leave): (Vec<_>, Vec<String>, Vec<String>) = args.read()?;
            for room in join {
                among(io, socket, &rooms).sockets_join(&room);
            }
            for room in leave {
                among(io, socket, &rooms).sockets_leave(&room);
            }
        }
        "fetch" => {
            let rooms: Vec<String> = first()?.read()?;
            let found = among(io, socket, &rooms).fetch_sockets();
            let count = found.len();
            let lists = found.into_iter().map(|socket| rooms_of(io, socket));
            let mut lists: Vec<Vec<String>> = lists.collect();
            lists.sort_by_key(|list| serde_json::to_string(list).unwrap_or_default());
            answer = OwnedArgs::new(&[&count, &lists])?;
        }
        "watch" => io.join(socket, WATCHERS)?,
        other => {
            io.emit(socket, "any", &[&other, &args])?;
            answer = args.into();
        }
    }
    respond(io, reply, &answer);
    Ok(())
}

fn respond(io: &mut Io<'_>, reply: Option<Reply>, answer: &OwnedArgs) {
    if let Some(reply) = reply {
        log(io.reply(reply, &[answer]));
    }
}

/// The rooms of a socket in order, without the one of its id.
pub(super) fn rooms_of(io: &Io<'_>, socket: SocketKey) -> Vec<String> {
    let id = io.id(socket);
    let rooms = io.rooms(socket).into_iter();
    let mut rooms: Vec<String> = rooms
        .filter(|room| id.as_ref().is_none_or(|id| id.as_str() != *room))
        .map(str::to_owned)
        .collect();
    rooms.sort_unstable();
    rooms
}

fn membership(io: &Io<'_>, socket: SocketKey) -> Result<OwnedArgs> {
    let id = io.id(socket).context("is connected")?;
    let in_own = io.rooms(socket).contains(&id.as_str());
    Ok(OwnedArgs::new(&[&rooms_of(io, socket), &in_own])?)
}

/// All sockets in the rooms, or in the socket's namespace if there are none.
fn among<'io, 'r>(
    io: &'io mut Io<'_>,
    socket: SocketKey,
    rooms: &'r [String],
) -> Broadcast<'io, 'r> {
    let namespace = io.namespace(socket).unwrap_or_default().to_owned();
    let all = io.broadcast(&namespace);
    rooms.iter().fold(all, |to, room| to.to(room))
}

fn cast(io: &mut Io<'_>, sender: SocketKey, args: Args<'_>) -> Result<()> {
    let (how, event) = args.split_first().context("how?")?;
    let (name, args) = event.split_first().context("what?")?;
    let (how, name): (How, String) = (how.read()?, name.read()?);
    let mut to = among(io, sender, &how.to);
    for room in &how.except {
        to = to.except(room);
    }
    if !how.all {
        to = to.from(sender);
    }
    if how.volatile {
        to = to.volatile();
    }
    to.emit(&name, &[&args])?;
    Ok(())
}

fn ask(io: &mut Io<'_>, socket: SocketKey, args: Args<'_>) -> Result<()> {
    let (how, args) = args.split_first().context("how?")?;
    let how: How = how.read()?;
    io.emit_with_ack_then(
        socket,
        "question",
        &[&args],
        how.timeout(),
        move |io, outcome| {
            log(match outcome {
                Ok(args) => io.emit(socket, "answered", &[&Raw("null"), &args]),
                Err(error) => io.emit(socket, "answered", &[&error.to_string()]),
            });
        },
    )?;
    Ok(())
}

fn ask_all(io: &mut Io<'_>, asker: SocketKey, args: Args<'_>) -> Result<()> {
    let (how, args) = args.split_first().context("how?")?;
    let how: How = how.read()?;
    let all = among(io, asker, &how.to);
    all.emit_with_ack_then("question", &[&args], how.timeout(), move |io, answers| {
        let error = answers.error.map(|error| error.to_string());
        let firsts = answers.iter().filter_map(|(_, args)| args.get(0));
        let firsts: Vec<_> = firsts.collect();
        let firsts: Vec<_> = firsts.iter().map(|arg| arg as _).collect();
        log(io.emit(asker, "answers", &[&error, &List(&firsts)]));
    })?;
    Ok(())
}
