//! A Socket.IO server of one's own on this crate.
//! Most of what an application can do, on one page; `chat_text` is the gentler start.
//!
//! ```text
//! cargo run --example socketio_server -- [--listen ADDRESS] [--ping-interval MS] [--ping-timeout MS]
//! ```
//!
//! It prints its address and serves until SIGTERM or Ctrl-C; any Socket.IO client of version 3 or
//! later can talk to it. `main` is all that it takes to serve; [`Ordinary`] is the application:
//!
//! | a client emits | and |
//! |---|---|
//! | `echo` (anything) | gets it back, as the answer or as an event |
//! | `join` (room), `leave` (room) | is told which rooms it is in |
//! | `say` ([`To`], anything) | others get `said`: by room, but for some, with or without itself |
//! | `ask` (socket id, question, milliseconds) | is told what that socket answered, or why not |
//! | `picture` | gets `picture` with bytes made here |
//! | `weigh` (bytes, or `{name, bytes}`) | is told how many bytes came |
//! | `count` (number) | gets so many `number` events |
//! | `later` (anything) | gets it back as the answer, given by another task |
//! | `who`, `auth` | is told who is connected, and what it said when it connected |
//! | `kick`, `close` | is disconnected: from this namespace, or altogether |
//!
//! All of that in `/` and `/custom`, and in `/members` for those who know the password. Whoever
//! has joined the room `watchers` gets `left` (socket id, reason) for each who goes.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program may print"
)]

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use parlor::config;
use parlor::http::{bind, server};
use parlor::hub::{Handle, SocketIo};
use parlor::socketio::{
    AckError, Admission, Application, Arg, Args, Argument, Attachment, DisconnectReason, Event,
    Handshake, Io, List, Namespace, Object, Placeholder, Raw, Refusal, Reply, SocketId, SocketKey,
};
use parlor::stats::Stats;
use parlor::transport::Server;
use serde::Deserialize;
use tokio::signal::unix::{SignalKind, signal};

const PASSWORD: &str = "open sesame";

fn main() -> Result<()> {
    let (listen, settings) = arguments()?;
    let listeners = bind::bind(&[listen])?;
    let address = listeners.first().context("one is bound")?.local_addr()?;

    let protocol = SocketIo::with_handle(Ordinary::new);
    let limits = config::Limits::default();
    let server = Server::new(settings, limits, Arc::new(Stats::default()), protocol);

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stop = stop_signal()?;
        println!("http://{address}/");
        // `()` answers 404 to what is not Socket.IO; a `Fallback` of one's own could serve pages.
        server::serve(listeners, server, (), stop).await?;
        Ok(())
    })
}

/// The application: what it keeps, and the callbacks below.
struct Ordinary {
    /// For tasks and threads that want to emit.
    handle: Handle,
}

/// What a socket said when it connected, as JSON.
struct Auth(String);

/// Who is to hear something: `{"rooms": ["a"], "except": ["b"], "echo": true, "volatile": true}`.
/// Everybody in the namespace if no rooms are given.
#[derive(Default, Deserialize)]
#[serde(default)]
struct To {
    rooms: Vec<String>,
    except: Vec<String>,
    /// Whether the sender hears it too.
    echo: bool,
    /// Whether it may be lost for those who cannot take it at once.
    volatile: bool,
}

/// An object with binary inside: `read` finds its place, `attachment` its bytes.
#[derive(Deserialize)]
struct File {
    name: String,
    bytes: Placeholder,
}

impl Application for Ordinary {
    fn namespace(&mut self, name: &str, _: Arg<'_>) -> Namespace {
        match name {
            "/" | "/custom" | "/members" => Namespace::Static,
            _ => Namespace::Unknown,
        }
    }

    fn admit(&mut self, _: &mut Io<'_>, _: SocketKey, handshake: &Handshake<'_>) -> Admission {
        #[derive(Deserialize)]
        struct Auth {
            password: String,
        }
        let auth = handshake.auth.read::<Auth>();
        if handshake.namespace != "/members" || auth.is_ok_and(|auth| auth.password == PASSWORD) {
            return Admission::Accept;
        }
        let hint = serde_json::json!({ "code": 401, "hint": "say \"open …\"" });
        Admission::Refuse(Refusal::new("members only").with_data(&hint))
    }

    fn connect(&mut self, io: &mut Io<'_>, socket: SocketKey, handshake: &Handshake<'_>) {
        // What the application wants to know of the handshake later it stores with the socket.
        log(io.set_data(socket, Auth(handshake.auth.json().to_owned())));
        if handshake.namespace == "/members" {
            // Emitted here, it arrives right after the client's `connect`.
            log(io.emit(socket, "welcome", &[&"member"]));
        }
    }

    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        let name = event.name.to_owned();
        if let Err(error) = self.handle_event(io, event) {
            // A client can send anything; that must not be an error of ours.
            eprintln!("{name}: {error:#}");
        }
    }

    fn disconnect(&mut self, io: &mut Io<'_>, socket: SocketKey, reason: DisconnectReason) {
        if let Some(id) = io.id(socket) {
            let args: [&dyn Argument; 2] = [&id.as_str(), &reason.to_string()];
            log(io.others(socket).to("watchers").emit("left", &args));
        }
    }
}

impl Ordinary {
    fn new(handle: Handle) -> Self {
        Self { handle }
    }

    fn handle_event(&mut self, io: &mut Io<'_>, event: Event<'_>) -> Result<()> {
        let socket = event.socket;
        let args: Vec<Arg<'_>> = event.args.iter().collect();
        match (event.name, event.reply) {
            // What is only passed on is not looked at, binary included.
            ("echo", None) => io.emit(socket, "echo", &[&event.args])?,
            ("echo", Some(reply)) => io.reply(reply, &[&event.args])?,
            ("join", reply) => {
                io.join(socket, &text(&args, 0)?)?;
                answer_rooms(io, socket, reply)?;
            }
            ("leave", reply) => {
                io.leave(socket, &text(&args, 0)?);
                answer_rooms(io, socket, reply)?;
            }
            ("say", reply) => {
                let (to, rest) = args.split_first().context("to whom?")?;
                say(io, socket, &to.read()?, &all(rest))?;
                if let Some(reply) = reply {
                    io.reply(reply, &[])?;
                }
            }
            ("ask", Some(reply)) => ask(io, socket, &args, reply)?,
            ("picture", _) => {
                let pixels = Attachment(Bytes::from_static(&[0, 1, 254, 255]));
                let empty = Attachment(Bytes::new());
                let parts = List(&[&1, &pixels, &empty]);
                let more = Object(&[("name", &"dot"), ("parts", &parts)]);
                io.emit(socket, "picture", &[&pixels, &more])?;
            }
            ("weigh", Some(reply)) => {
                let (name, bytes) = weigh(args.first().context("weigh what?")?)?;
                io.reply(reply, &[&name, &bytes.len()])?;
            }
            ("count", _) => {
                let number: u32 = args.first().context("how many?")?.read()?;
                for n in 0..number {
                    io.emit(socket, "number", &[&n])?;
                }
            }
            ("later", Some(reply)) => self.answer_later(reply, args.first()),
            ("who", Some(reply)) => {
                let namespace = io.namespace(socket).unwrap_or("/").to_owned();
                let sockets = io.sockets(&namespace);
                let ids = sockets.into_iter().filter_map(|socket| io.id(socket));
                let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
                io.reply(reply, &[&ids])?;
            }
            ("auth", Some(reply)) => {
                let auth = io.data::<Auth>(socket).map(|auth| auth.0.clone());
                io.reply(reply, &[&Raw(auth.as_deref().unwrap_or("null"))])?;
            }
            ("kick", _) => io.disconnect(socket),
            ("close", _) => io.close(socket),
            _ => {}
        }
        Ok(())
    }

    /// Callbacks must not wait. What takes time goes into a task, which emits by the handle.
    fn answer_later(&self, reply: Reply, arg: Option<&Arg<'_>>) {
        let handle = self.handle.clone();
        let json = arg.map_or("null", |arg| arg.json()).to_owned();
        tokio::spawn(async move {
            // Here one would wait for a database or another server.
            let queued = handle.run(move |io| {
                log(io.reply(reply, &[&Raw(&json)]));
            });
            log(queued);
        });
    }
}

/// Passes a question on, and the answer back, or why there is none.
fn ask(io: &mut Io<'_>, socket: SocketKey, args: &[Arg<'_>], reply: Reply) -> Result<()> {
    let [id, question, milliseconds] = args else {
        bail!("whom, what, and for how long?");
    };
    let id = SocketId::parse(&id.read::<String>()?).context("not an id")?;
    let namespace = io.namespace(socket).unwrap_or("/");
    let asked = io.find(namespace, &id).context("nobody has this id")?;
    let timeout = Duration::from_millis(milliseconds.read()?);
    let then = move |io: &mut Io<'_>, outcome: Result<Args<'_>, AckError>| {
        log(match outcome {
            Ok(args) => io.reply(reply, &[&Object(&[("answer", &List(&[&args]))])]),
            Err(error) => io.reply(reply, &[&Object(&[("error", &error.to_string())])]),
        });
    };
    io.emit_with_ack_then(asked, "question", &[question], timeout, then)?;
    Ok(())
}

fn say(io: &mut Io<'_>, from: SocketKey, to: &To, args: &[&dyn Argument]) -> Result<()> {
    let namespace = io.namespace(from).unwrap_or("/").to_owned();
    let mut broadcast = io.broadcast(&namespace);
    for room in &to.rooms {
        broadcast = broadcast.to(room);
    }
    for room in &to.except {
        broadcast = broadcast.except(room);
    }
    if !to.echo {
        broadcast = broadcast.from(from);
    }
    if to.volatile {
        broadcast = broadcast.volatile();
    }
    broadcast.emit("said", args)?;
    Ok(())
}

/// The rooms that the socket has joined; each also has one of its own id's name.
fn answer_rooms(io: &mut Io<'_>, socket: SocketKey, reply: Option<Reply>) -> Result<()> {
    let Some(reply) = reply else { return Ok(()) };
    let mut rooms: Vec<String> = io.rooms(socket).into_iter().map(str::to_owned).collect();
    if let Some(id) = io.id(socket) {
        rooms.retain(|room| room != id.as_str());
    }
    rooms.sort_unstable();
    io.reply(reply, &[&rooms])?;
    Ok(())
}

/// Bytes that are the argument, or that are in it.
fn weigh<'a>(arg: &Arg<'a>) -> Result<(Option<String>, &'a Bytes)> {
    if let Some(bytes) = arg.binary() {
        return Ok((None, bytes));
    }
    let file: File = arg.read()?;
    let bytes = arg.attachment(file.bytes).context("no such attachment")?;
    Ok((Some(file.name), bytes))
}

fn all<'a>(args: &'a [Arg<'a>]) -> Vec<&'a dyn Argument> {
    args.iter().map(|arg| arg as &dyn Argument).collect()
}

fn text(args: &[Arg<'_>], at: usize) -> Result<String> {
    Ok(args.get(at).context("an argument is missing")?.read()?)
}

/// Mostly the socket has gone meanwhile, which is nobody's fault.
fn log<T, E: std::fmt::Display>(result: Result<T, E>) {
    if let Err(error) = result {
        eprintln!("not sent: {error}");
    }
}

fn arguments() -> Result<(SocketAddr, config::Protocol)> {
    let mut listen = SocketAddr::from(([127, 0, 0, 1], 3000));
    let mut settings = config::Protocol::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().context("an option has a value")?;
        match name.as_str() {
            "--listen" => listen = value.parse()?,
            "--ping-interval" => settings.ping_interval = Duration::from_millis(value.parse()?),
            "--ping-timeout" => settings.ping_timeout = Duration::from_millis(value.parse()?),
            _ => bail!("there is no option {name}"),
        }
    }
    Ok((listen, settings))
}

/// A future that is done at the first SIGTERM or SIGINT from now on.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(poll_fn(move |cx| {
        if terminate.poll_recv(cx).is_ready() || interrupt.poll_recv(cx).is_ready() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }))
}
