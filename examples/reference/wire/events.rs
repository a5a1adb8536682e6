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
//! | `picture`, `big` N | emits bytes inside an object; a long text |
//! | `set` KEY VALUE, `get` KEY | the socket's data; `get` acks it |
//! | `auth` | acks what the socket connected with |
//! | `end` CLOSE, `endAll` ROOMS CLOSE | `bye`, and disconnects; acks, and disconnects all these |
//! | `move` ROOMS JOIN LEAVE | moves all these |
//! | `fetch` ROOMS | acks how many these are, and the rooms of each |
//! | `watch` | joins the watchers |
//! | `release` KEY, in `/` | lets somebody in who waits |
//! | `publish` ..., in `/pub-N` | `published` ... to all namespaces of this kind |
//! | any other | `any` NAME ..., and acks ... |

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use parlor::socketio::{
    Arg, Argument, Attachment, Broadcast, Event, Io, List, Object, Raw, SocketKey,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Data, WATCHERS, Wire, rooms};
use crate::log;

/// Most that `big` emits.
const MAX_BIG: usize = 1_000_000;

/// To whom, and how.
#[derive(Default, Deserialize)]
#[serde(default)]
struct How {
    to: Vec<String>,
    except: Vec<String>,
    /// The sender too.
    all: bool,
    volatile: bool,
    /// Milliseconds.
    ms: Option<u64>,
}

impl How {
    fn patience(&self) -> Duration {
        self.ms.map_or(Duration::MAX, Duration::from_millis)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Rooms {
    One(String),
    Several(Vec<String>),
}

impl Wire {
    pub(super) fn handle(&mut self, io: &mut Io<'_>, event: Event<'_>) -> Result<()> {
        let socket = event.socket;
        let namespace = io.namespace(socket).unwrap_or("/").to_owned();
        let args: Vec<Arg<'_>> = event.args.iter().collect();
        let mut answer: Vec<Box<dyn Argument + '_>> = Vec::new();
        match event.name {
            "join" | "leave" => {
                let names = match read(&args, 0)? {
                    Rooms::One(room) => vec![room],
                    Rooms::Several(rooms) => rooms,
                };
                for room in names {
                    match event.name {
                        "join" => io.join(socket, &room)?,
                        _ => io.leave(socket, &room),
                    }
                }
                let all = io.rooms(socket).len();
                let joined = rooms(io, socket);
                let in_own = all > joined.len();
                answer = vec![Box::new(joined), Box::new(in_own)];
            }
            "cast" => cast(io, socket, &namespace, &args)?,
            "volatile" => {
                for n in 1..=read::<u32>(&args, 0)? {
                    io.emit_volatile(socket, "v", &[&n])?;
                }
            }
            "mixed" => {
                io.emit(socket, "kept", &[])?;
                io.emit_volatile(socket, "lost", &all(&args))?;
                io.emit(socket, "kept", &[])?;
            }
            "ask" => ask(io, socket, &args)?,
            "askAll" => ask_all(io, socket, &namespace, &args)?,
            "twice" => answer.push(Box::new(1)),
            "picture" => {
                let pixels = Attachment(Bytes::from_static(&[0, 1, 254, 255]));
                let parts = List(&[&1, &pixels, &Attachment(Bytes::new())]);
                let more = Object(&[("name", &"dot"), ("parts", &parts)]);
                io.emit(socket, "picture", &[&pixels, &more])?;
            }
            "big" => {
                let text = "x".repeat(read::<usize>(&args, 0)?.min(MAX_BIG));
                io.emit(socket, "big", &[&text])?;
            }
            "set" => {
                let (key, value) = (read(&args, 0)?, read(&args, 1)?);
                let data = io.data_mut::<Data>(socket).context("no data")?;
                data.values.insert(key, value);
            }
            "get" => {
                let key: String = read(&args, 0)?;
                let data = io.data::<Data>(socket).context("no data")?;
                answer.push(Box::new(data.values.get(&key).cloned()));
            }
            "auth" => {
                let data = io.data::<Data>(socket).context("no data")?;
                answer.push(Box::new(serde_json::from_str::<Value>(&data.auth)?));
            }
            "end" => {
                io.emit(socket, "bye", &[])?;
                match read(&args, 0).unwrap_or(false) {
                    true => io.close(socket),
                    false => io.disconnect(socket),
                }
                log(io.join(socket, "late"));
                return Ok(());
            }
            "endAll" => {
                if let Some(reply) = event.reply {
                    io.reply(reply, &[])?;
                }
                let names: Vec<String> = read(&args, 0)?;
                let close = read(&args, 1).unwrap_or(false);
                among(io, &namespace, &names).disconnect_sockets(close);
                return Ok(());
            }
            "move" => {
                let names: Vec<String> = read(&args, 0)?;
                for room in read::<Vec<String>>(&args, 1)? {
                    among(io, &namespace, &names).sockets_join(&room);
                }
                for room in read::<Vec<String>>(&args, 2)? {
                    among(io, &namespace, &names).sockets_leave(&room);
                }
            }
            "fetch" => {
                let names: Vec<String> = read(&args, 0)?;
                let found = among(io, &namespace, &names).fetch_sockets();
                let mut lists: Vec<_> = found.iter().map(|socket| rooms(io, *socket)).collect();
                lists.sort_by_cached_key(|list| serde_json::json!(list).to_string());
                answer = vec![Box::new(found.len()), Box::new(lists)];
            }
            "watch" => io.join(socket, WATCHERS)?,
            "release" if namespace == "/" => {
                let key: String = read(&args, 0)?;
                if let Some(waiting) = self.waiting.remove(&key) {
                    io.accept(waiting);
                }
            }
            "publish" if namespace.starts_with("/pub-") => {
                let open: Vec<String> = io.namespaces().into_iter().map(str::to_owned).collect();
                for name in open.iter().filter(|name| name.starts_with("/pub-")) {
                    io.broadcast(name).emit("published", &[&event.args])?;
                }
            }
            name => {
                io.emit(socket, "any", &[&name, &event.args])?;
                answer.push(Box::new(event.args));
            }
        }
        if let Some(reply) = event.reply {
            let answer: Vec<&dyn Argument> = answer.iter().map(|part| &**part).collect();
            io.reply(reply, &answer)?;
        }
        Ok(())
    }
}

fn cast(io: &mut Io<'_>, socket: SocketKey, namespace: &str, args: &[Arg<'_>]) -> Result<()> {
    let how: How = read(args, 0)?;
    let name: String = read(args, 1)?;
    let mut broadcast = among(io, namespace, &how.to);
    for room in &how.except {
        broadcast = broadcast.except(room);
    }
    if !how.all {
        broadcast = broadcast.from(socket);
    }
    if how.volatile {
        broadcast = broadcast.volatile();
    }
    broadcast.emit(&name, &all(args.get(2..).unwrap_or_default()))?;
    Ok(())
}

fn ask(io: &mut Io<'_>, socket: SocketKey, args: &[Arg<'_>]) -> Result<()> {
    let (how, question) = args.split_first().context("how?")?;
    let patience = how.read::<How>()?.patience();
    let question = all(question);
    io.emit_with_ack_then(
        socket,
        "question",
        &question,
        patience,
        move |io, outcome| {
            log(match outcome {
                Ok(answer) => io.emit(socket, "answered", &[&Raw("null"), &answer]),
                Err(error) => io.emit(socket, "answered", &[&error.to_string()]),
            });
        },
    )?;
    Ok(())
}

fn ask_all(io: &mut Io<'_>, socket: SocketKey, namespace: &str, args: &[Arg<'_>]) -> Result<()> {
    let (how, question) = args.split_first().context("how?")?;
    let how: How = how.read()?;
    let broadcast = among(io, namespace, &how.to);
    let question = all(question);
    broadcast.emit_with_ack_then("question", &question, how.patience(), move |io, answers| {
        let error = answers.error.map(|error| error.to_string());
        let first: Vec<Arg<'_>> = answers.iter().filter_map(|(_, args)| args.get(0)).collect();
        log(io.emit(socket, "answers", &[&error, &List(&all(&first))]));
    })?;
    Ok(())
}

/// The sockets of some rooms, or of the whole namespace.
fn among<'io, 'r>(io: &'io mut Io<'_>, namespace: &str, rooms: &'r [String]) -> Broadcast<'io, 'r> {
    let all = io.broadcast(namespace);
    rooms.iter().fold(all, |broadcast, room| broadcast.to(room))
}

fn all<'a>(args: &'a [Arg<'a>]) -> Vec<&'a dyn Argument> {
    args.iter().map(|arg| arg as &dyn Argument).collect()
}

fn read<T: DeserializeOwned>(args: &[Arg<'_>], at: usize) -> Result<T> {
    Ok(args.get(at).context("an argument is missing")?.read()?)
}
