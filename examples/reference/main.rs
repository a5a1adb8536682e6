//! Reference servers: the small servers with fixed behaviour that test suites of Engine.IO,
//! Socket.IO and their clients are written against, on nothing but this crate's public API.
//!
//! ```text
//! cargo run --example reference -- PROFILE [--port N] [--options JSON] [--eio3] [--client-files DIR]
//! ```
//!
//! | profile | module | for |
//! |---|---|---|
//! | `eio4`, `eio3` | [`echo`] | the suites of the Engine.IO protocol, revisions 4 and 3 |
//! | `sio5` | [`sio5`] | the suite of the Socket.IO protocol, revision 5 |
//! | `engineio-client` | [`engineio_client`] | the suite of the official Engine.IO client |
//! | `socketio-client` | [`socketio_client`] | the suite of the official Socket.IO client |
//! | `interop` | [`interop`] | clients of any language and age; `tests/interop` |
//! | `wire` | [`wire`] | whatever else can be seen on the wire; `tests/conformance/differential` |
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
mod engineio_client;
mod gate;
mod interop;
mod options;
mod sio5;
mod socketio_client;
mod wire;

use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::task::Poll;

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, Command, value_parser};
use options::Options;
use parlor::config;
use parlor::http::{bind, server};
use parlor::hub::SocketIo;
use parlor::transport::{Hooks, Protocol, Server};
use tokio::signal::unix::{SignalKind, signal};

const HELP: &str = "\
Serves one of the reference servers until SIGTERM or Ctrl-C.

Usage: reference PROFILE [OPTIONS]

  PROFILE               eio4, eio3, sio5, engineio-client, socketio-client, interop or wire
  --port N              the port on 127.0.0.1; 0, the default, takes a free one
  --options JSON        options of the official server as a JSON object, over the profile's own
  --eio3                lets in clients of Socket.IO 1 and 2, as the option allowEIO3 does
  --client-files DIR    the folder dist of the npm package socket.io-client, for serveClient";

struct Arguments {
    profile: Profile,
    port: u16,
    options: Options,
    eio3: bool,
    client_files: Option<PathBuf>,
}

impl Arguments {
    /// Reads the command line; the process ends here if it is wrong, or asks for help.
    fn parse() -> Result<Self> {
        let mut words = Command::new("reference")
            .override_help(HELP)
            .arg(Arg::new("PROFILE").required(true).value_parser(profile))
            .arg(
                option("port")
                    .default_value("0")
                    .value_parser(value_parser!(u16)),
            )
            .arg(
                option("options")
                    .default_value("{}")
                    .value_parser(Options::parse),
            )
            .arg(option("eio3").action(ArgAction::SetTrue))
            .arg(option("client-files").value_parser(value_parser!(PathBuf)))
            .get_matches();
        Ok(Self {
            profile: words.remove_one("PROFILE").context("it is required")?,
            port: words.remove_one("port").context("it has a default")?,
            options: words.remove_one("options").context("it has a default")?,
            eio3: words.get_flag("eio3"),
            client_files: words.remove_one("client-files"),
        })
    }
}

fn option(name: &'static str) -> Arg {
    Arg::new(name).long(name)
}

#[derive(Clone, Copy)]
enum Profile {
    Eio4,
    Eio3,
    Sio5,
    EngineioClient,
    SocketioClient,
    Interop,
    Wire,
}

fn profile(name: &str) -> Result<Profile, &'static str> {
    Ok(match name {
        "eio4" => Profile::Eio4,
        "eio3" => Profile::Eio3,
        "sio5" => Profile::Sio5,
        "engineio-client" => Profile::EngineioClient,
        "socketio-client" => Profile::SocketioClient,
        "interop" => Profile::Interop,
        "wire" => Profile::Wire,
        _ => return Err("see --help for those there are"),
    })
}

fn main() -> Result<()> {
    let arguments = Arguments::parse()?;
    if arguments.options.wants_client_files() && arguments.client_files.is_none() {
        eprintln!("error: the option serveClient needs --client-files DIR");
        std::process::exit(2);
    }
    let gate = arguments.options.gate();
    match arguments.profile {
        Profile::Eio4 => arguments.serve(echo::settings(), gate, echo::Echo),
        Profile::Eio3 => {
            let settings = config::Protocol {
                allow_eio3: true,
                ..echo::settings()
            };
            arguments.serve(settings, gate, echo::Echo)
        }
        Profile::Sio5 => arguments.serve(sio5::settings(), gate, SocketIo::new(sio5::Suite)),
        Profile::EngineioClient => {
            let (hooks, protocol) = engineio_client::new(gate);
            arguments.serve(engineio_client::settings(), hooks, protocol)
        }
        Profile::SocketioClient => {
            let gate = gate.delayed(socketio_client::HANDSHAKE_DELAY);
            let protocol = SocketIo::new(socketio_client::Suite);
            arguments.serve(socketio_client::settings(), gate, protocol)
        }
        Profile::Interop => {
            let protocol = SocketIo::new(interop::Interop::default());
            arguments.serve(config::Protocol::default(), gate, protocol)
        }
        Profile::Wire => {
            let (hooks, protocol) = wire::new(gate, arguments.options.cleans_up());
            arguments.serve(config::Protocol::default(), hooks, protocol)
        }
    }
}

impl Arguments {
    /// Serves one protocol, be it Socket.IO with an application or an engine's own.
    fn serve<P: Protocol>(
        &self,
        mut settings: config::Protocol,
        hooks: impl Hooks,
        protocol: P,
    ) -> Result<()> {
        self.options.lay_over(&mut settings);
        settings.allow_eio3 |= self.eio3;
        let edge = self.options.edge(self.client_files.as_deref())?;
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let listeners = bind::bind(&[listen])?;
        let address = listeners.first().context("one is bound")?.local_addr()?;
        let server = Server::with_edge(
            settings,
            config::Limits::default(),
            Arc::default(),
            protocol,
            edge.hooks(hooks),
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
