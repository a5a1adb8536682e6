//! Reference servers: the small servers with fixed behaviour that test suites of Engine.IO,
//! Socket.IO and their clients are written against, on nothing but this crate's public API.
//!
//! ```text
//! cargo run --example reference -- PROFILE [--port N] [--options JSON]
//! ```
//!
//! | profile | module | for |
//! |---|---|---|
//! | `eio4` | [`echo`] | the suite of the Engine.IO protocol, revision 4 |
//! | `sio5` | [`sio5`] | the suite of the Socket.IO protocol, revision 5 |
//! | `interop` | [`interop`] | clients of any language and age; `tests/interop` |
//!
//! Each module says in its header what its server does. The first line on standard output is
//! the address, on 127.0.0.1. `--options` is a JSON object with options of the official server
//! under their own names ([`options`]), laid over the profile's.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program may print"
)]

mod echo;
mod interop;
mod options;
mod sio5;

use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::task::Poll;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use options::Options;
use parlor::config;
use parlor::http::{bind, server};
use parlor::hub::SocketIo;
use parlor::transport::{Protocol, Server};
use tokio::signal::unix::{SignalKind, signal};

/// Serves one of the reference servers until SIGTERM or Ctrl-C.
#[derive(Parser)]
struct Arguments {
    /// Which of them.
    profile: Profile,
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Options of the official server as a JSON object, over the profile's own.
    #[arg(long, value_name = "JSON", default_value = "{}", value_parser = Options::parse)]
    options: Options,
}

#[derive(Clone, Copy, ValueEnum)]
enum Profile {
    Eio4,
    Sio5,
    Interop,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.profile {
        Profile::Eio4 => serve(&arguments, echo::settings(), echo::Echo),
        Profile::Sio5 => serve(&arguments, sio5::settings(), SocketIo::new(sio5::Suite)),
        Profile::Interop => {
            let application = interop::Interop::default();
            serve(&arguments, interop::settings(), SocketIo::new(application))
        }
    }
}

/// Serves one protocol, be it Socket.IO with an application or an engine's own.
fn serve<P: Protocol>(
    arguments: &Arguments,
    mut settings: config::Protocol,
    protocol: P,
) -> Result<()> {
    arguments.options.lay_over(&mut settings);
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    let listeners = bind::bind(&[listen])?;
    let address = listeners.first().context("one is bound")?.local_addr()?;
    let server = Server::new(
        settings,
        config::Limits::default(),
        Arc::default(),
        protocol,
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stop = stop_signal()?;
        println!("http://{address}");
        server::serve(listeners, server, (), stop).await?;
        Ok(())
    })
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

/// Mostly the socket has gone meanwhile, which is nobody's fault.
fn log<T, E: std::fmt::Display>(result: std::result::Result<T, E>) {
    if let Err(error) = result {
        eprintln!("not sent: {error}");
    }
}
