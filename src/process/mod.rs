//! The process: from its arguments to its exit code.
//!
//! It stands around everything else and is on the path of no byte. Order of starting: read the
//! command line, start logging, take over inherited sockets, check the site's settings, bind, open the
//! certificate, start the runtime, listen for signals, announce, print the banner, serve, tell the service
//! manager. Order of stopping: a signal, goodbye to the network while `serve` closes what is open, the
//! runtime is given a moment for file reads that still run, exit.
//!
//! | file | what |
//! |---|---|
//! | `cli`, `values` | the command line |
//! | `logging`, `signals`, `open_files`, `host`, `state_dir` | what the system gives |
//! | `passcode` | the file that it is in |
//! | `interfaces`, `reach`, `keeper` | how this machine can be reached, and keeping that true |
//! | `banner`, `qr` | what people see at the start |
//! | `certificate`, `urls`, `doctor` | the other actions |
//! | `local` | asking the server that runs on this machine |
//! | `systemd` | being a service of systemd's, if it is built for that |
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | stopped by SIGTERM or SIGINT; or `--help`, `--version`; an action that found no problem |
//! | 1 | cannot run: a port in use, no runtime; an action that found a problem |
//! | 2 | a wrong value or option, said in one line on standard error |
//! | 128 + n | ended by a second signal n while stopping |
//!
//! Invariants: standard output has the banner, help or version and nothing else; logs and errors
//! go to standard error; neither being closed makes the server fail. Left out: daemonizing and
//! changing user, which is the service manager's work.

mod banner;
mod certificate;
mod cli;
mod doctor;
mod host;
mod interfaces;
mod keeper;
mod local;
mod logging;
mod open_files;
mod passcode;
mod qr;
mod reach;
mod signals;
mod state_dir;
#[cfg_attr(
    not(all(feature = "systemd", target_os = "linux")),
    path = "no_systemd.rs"
)]
mod systemd;
mod urls;
mod values;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::{oneshot, watch};

use crate::chat::Chat;
use crate::config::{self, ConfigError};
use crate::http::welcome::Security;
use crate::http::{Reach, Site, bind, server};
use crate::hub::SocketIo;
use crate::stats::Stats;
use crate::tls::Tls;
use crate::transport::{ClientFiles, Edge, Server};
use keeper::Keeper;
use passcode::PasscodeFile;
use systemd::Manager;

/// Blocking threads at most. They read files from `--public`, and a memory card is not faster
/// with more of them; tokio's own default of 512 is not for a small board.
const BLOCKING_THREADS: usize = 4;

/// Time given at the end to file reads that still run.
const LAST_READS: Duration = Duration::from_millis(200);

/// For who looks for the official client where its own server has it.
const NO_CLIENT: &str = "The Socket.IO client is not served here. To have it served, start parlor \
    with --client-dir DIR, where DIR is socket.io-client/dist of the npm package.\n";

/// The command line with all its help, as clap has it: for manual pages and shell completions. The
/// room server itself does not use it.
pub fn command() -> clap::Command {
    cli::reference()
}

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
            logging::complain(&line);
            return ExitCode::from(2);
        }
    };
    logging::start(command.log);
    let mut config = command.parlor;
    config.tls.state_dir = state_dir::resolve(config.tls.state_dir.take());
    config.passcode_file = passcode::resolve(config.passcode_file.take());
    let done = match command.action {
        cli::Action::Serve => serve(config, &command.warnings).map(|()| ExitCode::SUCCESS),
        cli::Action::Certificate { renew } => {
            certificate::run(&config, renew).map(|()| ExitCode::SUCCESS)
        }
        cli::Action::Urls => {
            urls::run(&config);
            Ok(ExitCode::SUCCESS)
        }
        cli::Action::Doctor => doctor::run(&config),
    };
    done.unwrap_or_else(|error| {
        logging::complain(&format!("{error:#}"));
        ExitCode::from(if error.is::<ConfigError>() { 2 } else { 1 })
    })
}

fn serve(config: config::Parlor, warnings: &[String]) -> anyhow::Result<()> {
    // First of all: numbers of descriptors mean what they meant to who passed them.
    let inherited = systemd::inherited()?;
    let manager = Manager::find();
    let (reach, reached) = watch::channel(Arc::new(Reach::default()));
    let site = Site::new(&config.site, host::name(), reached)?;
    let passcode = PasscodeFile::open(config.passcode_file.as_deref())?;
    let server = build(config.clone(), passcode.clone())?;
    let site = Arc::new(site.with_metrics(&config.site, Arc::clone(server.stats())));
    open_files::allow(config.limits.max_connections);
    let listeners = bind::bind_beside(inherited, &config.listen)?;
    // What is wrong has ended it in one line before.
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let bound: Vec<_> = listeners
        .iter()
        .filter_map(|one| one.local_addr().ok())
        .collect();
    // After binding: a second server on the same port has not touched the certificate.
    let mut keeper = Keeper::open(&config, bound.clone(), reach).map_err(certificate::blame)?;
    let security = security(config.site.schemes, keeper.tls());
    let runtime = runtime(config.workers).context("cannot start the runtime")?;
    let served = runtime.block_on(async {
        // Before the banner: whoever reads it may send a signal at once.
        let stop = signals::stop().context("cannot listen for signals")?;
        let hangup = signals::hangup().context("cannot listen for signals")?;
        if passcode.is_some() {
            tracing::info!("a passcode is asked for");
        }
        for address in &bound {
            tracing::info!(%address, "listening");
        }
        let reach = keeper.agree(false).await;
        if let Some(authority) = &reach.authority {
            // For who has no terminal: the fingerprint is to be compared before it is trusted.
            let fingerprint = &authority.fingerprint;
            tracing::info!(fingerprint, "devices may trust the authority");
        }
        banner::print(keeper.situation(), &reach);
        tokio::spawn({
            let status = banner::status(keeper.situation(), &reach);
            let (manager, server) = (manager.clone(), server.clone());
            async move {
                server.beat().await;
                manager.ready(&status).await;
                manager.keep_alive(&server).await;
            }
        });
        let (stopping, stopped) = oneshot::channel::<()>();
        let secrets = secrets(Arc::clone(&site), passcode);
        let keeping = keeper.run(hangup, secrets, manager.clone(), async move {
            _ = stopped.await;
        });
        let keeping = tokio::spawn(keeping);
        let stop = async move {
            stop.await;
            // Awaited: if there is nothing to be closed this is over before another task has its turn.
            manager.stopping().await;
            drop(stopping);
        };
        let stats = Arc::clone(server.stats());
        let served = server::serve_with(listeners, security, server, site, stop).await;
        let _ = keeping.await;
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

/// Reads secrets again; the keeper, which asks for it, does the same for the certificate.
fn secrets(site: Arc<Site>, passcode: Option<Arc<PasscodeFile>>) -> impl Fn() + Send {
    move || {
        site.reload();
        if let Some(passcode) = &passcode {
            passcode.reload();
        }
    }
}

fn runtime(workers: usize) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = match workers {
        0 | 1 => tokio::runtime::Builder::new_current_thread(),
        workers => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(workers);
            builder
        }
    };
    builder
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("parlor")
        .build()
}

/// What the port speaks; plain HTTP where there is no certificate.
fn security(schemes: config::Schemes, tls: Option<&Tls>) -> Security {
    match (schemes, tls) {
        (config::Schemes::Both, Some(tls)) => Security::Both(tls.acceptor()),
        (config::Schemes::HttpsOnly, Some(tls)) => Security::Only(tls.acceptor()),
        _ => Security::Plain,
    }
}

/// The room server without a listener: the protocol with the video-chat application on it.
///
/// # Errors
/// If the client's directory or the passcode's file cannot be used.
pub fn room_server(config: config::Parlor) -> Result<Server<SocketIo<Chat>>, ConfigError> {
    let passcode = PasscodeFile::open(config.passcode_file.as_deref())?;
    build(config, passcode)
}

fn build(
    config: config::Parlor,
    passcode: Option<Arc<PasscodeFile>>,
) -> Result<Server<SocketIo<Chat>>, ConfigError> {
    let files = match &config.site.client_dir {
        Some(directory) => ClientFiles::read(directory, "--client-dir")?,
        None => ClientFiles::absent(NO_CLIENT),
    };
    let stats = Arc::new(Stats::default());
    let mut chat = Chat::new(config.max_rooms, config.seat_hold, Arc::clone(&stats));
    if let Some(passcode) = passcode {
        chat = chat.with_passcode(move |word| passcode.is(word));
    }
    let chat = SocketIo::new(chat);
    let mut edge = Edge::default()
        .client_files(files)
        .trusted_proxies(config.site.trusted_proxies);
    // Who may ask should be told the answer.
    if !config.site.allowed_origins.is_empty() {
        edge = edge.cors(config::Cors {
            origins: config::Origins::List(config.site.allowed_origins),
            ..config::Cors::default()
        })?;
    }
    Ok(Server::with_edge(
        config.protocol,
        config.limits,
        stats,
        chat,
        edge,
    ))
}
