//! A WebSocket that echoes, on this crate's frames and nothing of Engine.IO above them: what the
//! public suite for RFC 6455, Autobahn, asks its questions of (`scripts/autobahn`).
//!
//! ```text
//! cargo run --example websocket_echo -- [PORT]
//! ```
//!
//! The first line on standard output is the address, on 127.0.0.1. A client has a thread, which is
//! enough for one suite: the server proper reads in its own way (`transport::websocket`), but takes
//! frames apart and makes them by the functions that are used here. Left out: what the opening
//! handshake must refuse, which the server's own tests hold.

#![allow(clippy::print_stdout, reason = "a program may print")]

use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::thread;

use anyhow::Context as _;
use parlor::engineio::session::Encoded;
use parlor::transport::frame::{Control, Incoming, receive, write_message};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The suite's longest message has 16 MiB.
const MAX_MESSAGE: usize = 16 << 20;
const READ_BUFFER: usize = 32 * 1024;

fn main() -> anyhow::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(0), |text| text.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    println!("ws://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let stream = stream?;
        // A client that goes away is its own affair.
        thread::spawn(move || serve(stream).ok());
    }
    Ok(())
}

fn serve(stream: TcpStream) -> anyhow::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::with_capacity(READ_BUFFER, stream);
    let key = key(&mut reader)?;
    let accept = derive_accept_key(key.as_bytes());
    write!(
        writer,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )?;
    echo(&mut reader, &mut writer)?;
    // What still comes is read, or the kernel would take the last frame back with a reset.
    writer.shutdown(Shutdown::Write)?;
    io::copy(&mut reader, &mut io::sink())?;
    Ok(())
}

/// The key in the request of an upgrade.
fn key(reader: &mut impl BufRead) -> anyhow::Result<String> {
    let mut key = None;
    for line in reader.lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("sec-websocket-key")
        {
            key = Some(value.trim().to_owned());
        }
    }
    key.context("the request has a key")
}

/// Sends messages back until one of the two ends it, or the client breaks the RFC.
fn echo(reader: &mut impl Read, writer: &mut TcpStream) -> io::Result<()> {
    let (mut partial, mut buffer) = (None, vec![0; READ_BUFFER]);
    loop {
        let count = reader.read(&mut buffer)?;
        let Some(read) = buffer.get_mut(..count).filter(|read| !read.is_empty()) else {
            return Ok(());
        };
        let (mut out, mut open) = (Vec::new(), true);
        let received = receive(&mut partial, read, MAX_MESSAGE, |incoming| {
            match incoming {
                Incoming::Text(text) => write_message(Encoded::Text(text.as_bytes()), &mut out),
                Incoming::Binary(bytes) => write_message(Encoded::Binary(bytes), &mut out),
                Incoming::Ping(payload) => Control::pong(payload).write(&mut out),
                Incoming::Close(code) => {
                    Control::Close(code).write(&mut out);
                    open = false;
                }
            }
            open
        });
        if let Err(violation) = received {
            Control::Close(Some(violation.code())).write(&mut out);
            open = false;
        }
        writer.write_all(&out)?;
        if !open {
            return Ok(());
        }
    }
}
