//! The same room server on `socketioxide`, as directly as its documentation would have it: axum
//! with a layer, typed arguments, rooms and `to`. One thread, unless told otherwise.
//!
//! ```text
//! socketioxide [--ping-interval=MILLISECONDS] [--ping-timeout=MILLISECONDS] [--public=DIRECTORY]
//! ```

#![allow(clippy::print_stdout, reason = "it prints its address")]

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use socketioxide::SocketIo;
use socketioxide::extract::{Data, SocketRef};
use tower_http::services::ServeDir;

/// An event without arguments: what serializes as a tuple of none.
const NOTHING: [(); 0] = [];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut builder = SocketIo::builder();
    let mut public = String::from(".");
    let arguments = std::env::args().skip(1);
    for flag in arguments {
        let (flag, value) = flag
            .split_once('=')
            .context("a flag with its value: --flag=value")?;
        match flag {
            "--ping-interval" => {
                builder = builder.ping_interval(Duration::from_millis(value.parse()?));
            }
            "--ping-timeout" => {
                builder = builder.ping_timeout(Duration::from_millis(value.parse()?));
            }
            "--public" => public = value.to_owned(),
            _ => bail!("unknown flag {flag}"),
        }
    }
    let (layer, io) = builder.build_layer();
    io.ns("/", connected);
    let app = axum::Router::new()
        .fallback_service(ServeDir::new(public))
        .layer(layer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

async fn connected(socket: SocketRef) {
    socket.on("join", async |socket: SocketRef, Data::<String>(room)| {
        let answer = match socket.within(room.clone()).sockets().len() {
            0 => "created",
            1 => "joined",
            _ => "full",
        };
        if answer != "full" {
            socket.join(room);
        }
        let _ = socket.emit(answer, &NOTHING);
    });
    socket.on("ready", async |socket: SocketRef, Data::<String>(room)| {
        let _ = socket.to(room).emit("ready", &NOTHING).await;
    });
    socket.on("leave", async |socket: SocketRef, Data::<String>(room)| {
        socket.leave(room.clone());
        let _ = socket.to(room).emit("leave", &NOTHING).await;
    });
    relay(&socket, "candidate");
    relay(&socket, "offer");
    relay(&socket, "answer");
}

/// Passes an event with one argument on to the others in the room.
fn relay(socket: &SocketRef, event: &'static str) {
    socket.on(
        event,
        async move |socket: SocketRef, Data::<(Value, String)>((argument, room))| {
            let _ = socket.to(room).emit(event, &argument).await;
        },
    );
}
