//! A text chat with rooms, the example to read first: `cargo run --example chat_text`. Talk to it
//! from Node, beside the npm package `socket.io-client`; in a page add `transports: ["websocket"]`:
//!
//! ```js
//! const socket = require("socket.io-client")("http://localhost:3000", { auth: { name: "Ana" } });
//! socket.onAny((...event) => console.log(...event)); // joined, said, left
//! socket.emit("join", "kitchen", (names) => console.log("here:", names));
//! socket.emit("say", "kitchen", "Anybody hungry?"); // say and who are answered like join
//! ```

use parlor::config::{Limits, Protocol};
use parlor::socketio::{Application, DisconnectReason, Event, Handshake, Io, SocketKey};
use parlor::{http::bind, http::server, hub::SocketIo, transport::Server};
use std::{error::Error, future::pending, sync::Arc};
use tokio::runtime::Builder;

struct Chat;

#[derive(serde::Deserialize)]
struct Person {
    name: String,
}

impl Application for Chat {
    fn connect(&mut self, io: &mut Io<'_>, socket: SocketKey, client: &Handshake<'_>) {
        match client.auth.read::<Person>() {
            Ok(person) => drop(io.set_data(socket, person.name)),
            Err(_) => io.disconnect(socket),
        }
    }

    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        let _ = handle(io, event); // clients can send anything
    }

    fn disconnect(&mut self, io: &mut Io<'_>, socket: SocketKey, _: DisconnectReason) {
        let (me, own_room) = (name(io, socket), io.id(socket).map(|id| id.to_string()));
        let rooms: Vec<String> = io.rooms(socket).into_iter().map(str::to_owned).collect();
        for room in rooms.iter().filter(|room| Some(*room) != own_room.as_ref()) {
            let _ = io.others(socket).to(room).emit("left", &[room, &me]);
        }
    }
}

fn handle(io: &mut Io<'_>, event: Event<'_>) -> Result<(), Box<dyn Error>> {
    let (socket, me) = (event.socket, name(io, event.socket));
    let room: String = event.args.get(0).ok_or("which room?")?.read()?;
    if event.name == "join" {
        io.join(socket, &room)?;
    } else if !io.rooms(socket).contains(&room.as_str()) {
        return Err("only members of a room have a say there".into());
    }
    let others = io.others(socket).to(&room);
    match (event.name, event.args.get(1)) {
        ("join", _) => drop(others.emit("joined", &[&room, &me])?),
        ("say", Some(words)) => drop(others.emit("said", &[&room, &me, &words])?),
        _ => {}
    }
    if let Some(reply) = event.reply {
        let members = io.broadcast("/").to(&room).fetch_sockets();
        let names: Vec<String> = members.iter().map(|member| name(io, *member)).collect();
        io.reply(reply, &[&names])?;
    }
    Ok(())
}

fn name(io: &Io<'_>, socket: SocketKey) -> String {
    io.data(socket).cloned().unwrap_or_default()
}

#[allow(clippy::print_stdout, reason = "a program may print")]
fn main() -> Result<(), Box<dyn Error>> {
    let chat = SocketIo::new(Chat);
    let server = Server::new(Protocol::default(), Limits::default(), Arc::default(), chat);
    let listeners = bind::bind(&["127.0.0.1:3000".parse()?])?;
    println!("http://{}/", listeners[0].local_addr()?);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(server::serve(listeners, server, (), pending()))?)
}
