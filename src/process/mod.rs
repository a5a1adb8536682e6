//! The process: from its arguments to its exit code.
//!
//! It stands around everything else and is on the path of no byte. Order of starting: read the
//! command line, start logging, check the site's settings, bind, start the runtime, listen for
//! signals, print the banner, serve. Order of stopping: a signal, `serve` closes what is open, the
//! runtime is given a moment for file reads that still run, exit.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | stopped by SIGTERM or SIGINT; or `--help`, `--version` |
//! | 1 | cannot run: a port in use, no runtime |
//! | 2 | a wrong value or option, said in one line on standard error |
//! | 128 + n | ended by a second signal n while stopping |
//!
//! Invariants: standard output has the banner, help or version and nothing else; logs and errors
//! go to standard error; neither being closed makes the server fail. Left out: daemonizing and
//! changing user, which is the service manager's work.

mod banner;
mod cli;
mod host;
mod logging;
mod open_files;
mod signals;
mod values;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use crate::chat::Chat;
use crate::config::{self, ConfigError};
use crate::http::{Reach, Site, bind, server};
use crate::hub::SocketIo;
use crate::stats::Stats;
use crate::transport::{ClientFiles, Edge, Server};

/// Blocking threads at most. They read files from `--public`, and a memory card is not faster
/// with more of them; tokio's own default of 512 is not for a small board.
const BLOCKING_THREADS: usize = 4;

/// Time given at the end to file reads that still run.
const LAST_READS: Duration = Duration::from_millis(200);

/// For who looks for the official client where its own server has it.
const NO_CLIENT: &str = "The Socket.IO client is not served here. To have it served, start parlor \
    with --client-dir DIR, where DIR is socket.io-client/dist of the npm package.\n";

/// Runs the room server with this process's arguments and environment.
pub fn main() -> ExitCode {
    let command = match cli::parse(std::env::args_os()) {
        Ok(command) => command,
        Err(cli::Stop::Show(text)) => {
            // Whoever closed the pipe (`parlor --help | head -1`) has seen enough.
            let _ = std::io::stdout().write_all(text.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err(cli::Stop::Wrong(line)) => {
            complain(&line);
            return ExitCode::from(2);
        }
    };
    logging::start(command.log);
    match run(command.parlor) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::from(if error.is::<ConfigError>() { 2 } else { 1 })
        }
    }
}

fn run(config: config::Parlor) -> anyhow::Result<()> {
    let site = Site::new(&config.site, host::name(), Reach::default().fixed())?;
    let (listen, workers) = (config.listen.clone(), config.workers);
    let max_connections = config.limits.max_connections;
    let server = room_server(config)?;
    open_files::allow(max_connections);
    let listeners = bind::bind(&listen)?;
    let mut builder = match workers {
        0 | 1 => tokio::runtime::Builder::new_current_thread(),
        workers => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(workers);
            builder
        }
    };
    let runtime = builder
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("parlor")
        .build()
        .context("cannot start the runtime")?;
    let served = runtime.block_on(async {
        // Before the banner: whoever reads it may send a signal at once.
        let stop = signals::stop().context("cannot listen for signals")?;
        let bound: Vec<_> = listeners
            .iter()
            .filter_map(|one| one.local_addr().ok())
            .collect();
        for address in &bound {
            tracing::info!(%address, "listening");
        }
        banner::print(&bound);
        let stats = Arc::clone(server.stats());
        let served = server::serve(listeners, server, site, stop).await;
        tracing::info!(
            sessions = stats.sessions_opened.get(),
            relayed = stats.relayed.get(),
            ignored = stats.ignored.get(),
            refused = stats.requests_refused.get() + stats.connections_limited.get(),
            protocol_errors = stats.protocol_errors.get(),
            stopped_reading = stats.outboxes_full.get(),
            "stopped"
        );
        served.context("cannot serve")
    });
    runtime.shutdown_timeout(LAST_READS);
    served
}

/// The room server without a listener: the protocol with the video-chat application on it.
///
/// # Errors
/// If the client's directory cannot be used.
pub fn room_server(config: config::Parlor) -> Result<Server<SocketIo<Chat>>, ConfigError> {
    let files = match &config.site.client_dir {
        Some(directory) => ClientFiles::read(directory, "--client-dir")?,
        None => ClientFiles::absent(NO_CLIENT),
    };
    let stats = Arc::new(Stats::default());
    let chat = Chat::new(config.max_rooms, Arc::clone(&stats));
    let chat = SocketIo::new(chat);
    let edge = Edge::default()
        .client_files(files)
        .trusted_proxies(config.site.trusted_proxies.clone());
    Ok(Server::with_edge(
        config.protocol,
        config.limits,
        stats,
        chat,
        edge,
    ))
}

/// One line on standard error; if that is closed, nobody wants it.
fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "parlor: {line}");
}
