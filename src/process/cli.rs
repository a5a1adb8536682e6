//! The command line: every setting a flag, every flag an environment variable, one help that
//! teaches.
//!
//! It stands first of all: it turns words into `config::Parlor`, after which nothing reads the
//! command line or the environment. A flag wins over its variable, the variable over the default.
//! `--listen` and its short form (`--port`, `--bind`) exclude each other only where both are
//! given in the same place, so a flag can override a variable of the other form.
//!
//! Invariants: a wrong value is told in one line with its flag (or variable), the value and what
//! would have been accepted; help and version go to standard output; a TURN password is never
//! repeated, neither in help nor in an error. What needs the disk or the network to be checked
//! (`--public`, `--ice-server`, `--csp`, `--client-dir`) is checked by who uses it, in the same words.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser};
use tracing_subscriber::filter::Targets;

use crate::config;
use crate::http::bind;
use crate::process::values;

const EXAMPLES: &str = "\
Examples:
  parlor                                   all addresses, port 4000
  parlor --port 8080 --bind 192.168.1.20   one address of this machine
  parlor --listen 127.0.0.1:4000 --listen '[fd00::20]:4000'
  parlor --public ./my-page                your own page, the built-in one behind it
  parlor --ice-server stun:192.168.1.1:3478
  PARLOR_PORT=8080 PARLOR_LOG=debug parlor

SIGTERM or Ctrl-C stops the server within 5 seconds; clients come back by themselves after a
restart. A browser gives camera and microphone only to http://localhost and to https://.";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) struct Command {
    /// Settings of the room server.
    pub(crate) parlor: config::Parlor,
    /// What is logged.
    pub(crate) log: Targets,
}

/// Why nothing is to be run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Help or version, for standard output.
    Show(String),
    /// What is wrong, in one line.
    Wrong(String),
}

/// Reads the arguments (the program's name first) and the environment.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Stop> {
    let given: Vec<OsString> = arguments.into_iter().collect();
    let matches = Arguments::command()
        .try_get_matches_from(&given)
        .map_err(|error| stop(&error, &given))?;
    let arguments = Arguments::from_arg_matches(&matches).map_err(|error| stop(&error, &given))?;
    arguments.settings(&matches).map_err(Stop::Wrong)
}

/// A video-chat room server for the home network, in one small binary
#[derive(Debug, Parser)]
#[command(name = "parlor", version, after_help = EXAMPLES)]
struct Arguments {
    #[command(flatten, next_help_heading = "Listening")]
    listening: Listening,
    #[command(flatten, next_help_heading = "Page")]
    page: Page,
    #[command(flatten, next_help_heading = "Running")]
    running: Running,
    #[command(flatten, next_help_heading = "Limits")]
    limits: Limits,
}

#[derive(Debug, Args)]
struct Listening {
    /// Port to listen on; 0 takes any free one
    #[arg(long, env = "PARLOR_PORT", default_value = "4000", value_parser = values::whole::<u16>(0, 65_535))]
    port: u16,
    /// Address of this machine to listen on; without it all of them, IPv6 and IPv4
    #[arg(long, env = "PARLOR_BIND", value_name = "ADDR", value_parser = values::address)]
    bind: Option<IpAddr>,
    /// Address and port in one, instead of --port and --bind; may be given several times (in the
    /// variable: separated by commas)
    #[arg(long, env = "PARLOR_LISTEN", value_name = "ADDR:PORT", value_delimiter = ',', value_parser = values::socket)]
    listen: Vec<SocketAddr>,
}

#[derive(Debug, Args)]
struct Page {
    /// Directory to serve over the built-in page; hidden files and links that lead out of it are
    /// not served
    #[arg(long, env = "PARLOR_PUBLIC", value_name = "DIR")]
    public: Option<PathBuf>,
    /// Content-Security-Policy for the HTML pages in --public; without it they get none
    #[arg(long, env = "PARLOR_CSP", value_name = "POLICY")]
    csp: Option<String>,
    /// Directory with the official Socket.IO client (socket.io-client/dist of the npm package),
    /// served under /socket.io/ for pages of your own; the built-in page needs none
    #[arg(long, env = "PARLOR_CLIENT_DIR", value_name = "DIR")]
    client_dir: Option<PathBuf>,
    /// STUN or TURN server the page uses: stun:HOST[:PORT], turn:USER:PASSWORD@HOST[:PORT] or
    /// stuns:, turns:; may be given several times (in the variable: separated by commas). A home
    /// network needs none. Everybody who opens the page can read them
    #[arg(
        long,
        env = "PARLOR_ICE_SERVER",
        hide_env_values = true,
        value_name = "URL",
        value_delimiter = ','
    )]
    ice_server: Vec<String>,
}

#[derive(Debug, Args)]
struct Running {
    /// What to log on standard error: error, warn, info, debug or trace, or by target such as
    /// warn,parlor::hub=debug
    #[arg(long, env = "PARLOR_LOG", value_name = "LEVEL", default_value = "info", value_parser = values::levels)]
    log: Targets,
    /// Threads, 1 to 64; one is enough for a home
    #[arg(long, env = "PARLOR_WORKERS", value_name = "N", default_value = "1", value_parser = values::whole::<usize>(1, 64))]
    workers: usize,
    /// Time between two heartbeats, 100ms to 60m
    #[arg(long, env = "PARLOR_PING_INTERVAL", value_name = "TIME", default_value = "25s", value_parser = values::time)]
    ping_interval: Duration,
    /// Time a client has to answer a heartbeat, 100ms to 60m
    #[arg(long, env = "PARLOR_PING_TIMEOUT", value_name = "TIME", default_value = "20s", value_parser = values::time)]
    ping_timeout: Duration,
    /// Take clients of Socket.IO 1 and 2 too, such as old pages and devices (in the variable: true
    /// or false)
    #[arg(long, env = "PARLOR_ALLOW_EIO3", value_parser = values::switch)]
    allow_eio3: bool,
}

/// What clients may use up. The help names the memory each costs when it is used up.
#[derive(Debug, Args)]
struct Limits {
    /// Connections in all, 1 to 1000000; about 1.5 KB each while idle over WebSocket, 17 KB over
    /// plain HTTP
    #[arg(long, env = "PARLOR_MAX_CONNECTIONS", value_name = "N", default_value = "4096", value_parser = values::whole::<usize>(1, 1_000_000))]
    max_connections: usize,
    /// Connections from one address (IPv6: one /64), 1 to 1000000; part of --max-connections
    #[arg(long, env = "PARLOR_MAX_CONNECTIONS_PER_ADDRESS", value_name = "N", default_value = "64", value_parser = values::whole::<usize>(1, 1_000_000))]
    max_connections_per_address: usize,
    /// New sessions per second from one address, 1 to 1000000; no memory
    #[arg(long, env = "PARLOR_MAX_HANDSHAKE_RATE", value_name = "PER_SECOND", default_value = "20", value_parser = values::whole::<u32>(1, 1_000_000))]
    max_handshake_rate: u32,
    /// Events per second from one client, 1 to 1000000; no memory
    #[arg(long, env = "PARLOR_MAX_EVENT_RATE", value_name = "PER_SECOND", default_value = "200", value_parser = values::whole::<u32>(1, 1_000_000))]
    max_event_rate: u32,
    /// Rooms at one time, 1 to 1000000; about 200 bytes each
    #[arg(long, env = "PARLOR_MAX_ROOMS", value_name = "N", default_value = "1024", value_parser = values::whole::<usize>(1, 1_000_000))]
    max_rooms: usize,
    /// Largest message from a client, 1KiB to 64MiB; held once per message being received, within
    /// --max-buffered-bytes
    #[arg(long, env = "PARLOR_MAX_PAYLOAD", value_name = "SIZE", default_value = "128KiB", value_parser = values::size(1 << 10, 64 << 20))]
    max_payload: usize,
    /// Bytes held for all clients together, received or waiting to be sent, 64KiB to 1GiB; this
    /// much at most
    #[arg(long, env = "PARLOR_MAX_BUFFERED_BYTES", value_name = "SIZE", default_value = "16MiB", value_parser = values::size(64 << 10, 1 << 30))]
    max_buffered_bytes: usize,
}

impl Arguments {
    fn settings(self, matches: &ArgMatches) -> Result<Command, String> {
        let Self {
            listening,
            page,
            running,
            limits,
        } = self;
        if limits.max_payload > limits.max_buffered_bytes {
            return Err(format!(
                "--max-payload: {} bytes are not usable: it must not be more than --max-buffered-bytes, {} bytes",
                limits.max_payload, limits.max_buffered_bytes
            ));
        }
        let defaults = config::Limits::room_server();
        let parlor = config::Parlor {
            listen: listening.addresses(matches)?,
            protocol: config::Protocol {
                ping_interval: running.ping_interval,
                ping_timeout: running.ping_timeout,
                allow_eio3: running.allow_eio3,
                max_payload_bytes: limits.max_payload,
                ..Default::default()
            },
            limits: config::Limits {
                max_connections: limits.max_connections,
                max_connections_per_address: limits.max_connections_per_address,
                max_handshake_rate: limits.max_handshake_rate,
                max_event_rate: limits.max_event_rate,
                max_buffered_bytes: limits.max_buffered_bytes,
                // What one client may say at once must fit into the outbox of the other: an
                // event with all its attachments, and a burst of the smallest events.
                max_outbox_bytes: (limits.max_payload * (defaults.max_attachments + 1)).clamp(
                    defaults.max_outbox_bytes,
                    limits.max_buffered_bytes.max(defaults.max_outbox_bytes),
                ),
                max_outbox_packets: defaults
                    .max_outbox_packets
                    .max(limits.max_event_rate as usize * 20),
                ..defaults
            },
            max_rooms: limits.max_rooms,
            site: config::Site {
                public: page.public,
                csp: page.csp,
                client_dir: page.client_dir,
                ice_servers: page.ice_server,
            },
            workers: running.workers,
        };
        Ok(Command {
            parlor,
            log: running.log,
        })
    }
}

impl Listening {
    fn addresses(self, matches: &ArgMatches) -> Result<Vec<SocketAddr>, String> {
        let rank = |id| match matches.value_source(id) {
            Some(ValueSource::CommandLine) => 2,
            Some(ValueSource::EnvVariable) => 1,
            _ => 0,
        };
        let (long, short) = (rank("listen"), rank("port").max(rank("bind")));
        match (long, short) {
            (0, 0) => Ok(Vec::new()),
            (2, 2) => Err("--listen cannot be used with --port or --bind: it has both in itself".to_owned()),
            (1, 1) => Err("PARLOR_LISTEN cannot be used with PARLOR_PORT or PARLOR_BIND: it has both in itself".to_owned()),
            _ if long > short => Ok(self.listen),
            _ => Ok(vec![SocketAddr::new(self.bind.unwrap_or(bind::DEFAULT.ip()), self.port)]),
        }
    }
}

/// Turns the parser's answer, which may have many lines, into ours.
fn stop(error: &clap::Error, given: &[OsString]) -> Stop {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        return Stop::Show(error.render().to_string());
    }
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        Some(ContextValue::Strings(texts)) => texts.first().map(String::as_str),
        _ => None,
    };
    // "--port <PORT>" here, though people write "--port".
    let flag = context(ContextKind::InvalidArg)
        .and_then(|text| text.split(' ').next())
        .unwrap_or_default();
    Stop::Wrong(match (error.kind(), context(ContextKind::InvalidValue)) {
        (ErrorKind::ValueValidation, Some(value)) => {
            let expected = std::error::Error::source(error)
                .map(ToString::to_string)
                .unwrap_or_default();
            format!(
                "{}: {value:?} is not usable: it {expected}",
                source(flag, value, given)
            )
        }
        (ErrorKind::InvalidValue, _) => format!("{flag} needs a value; see parlor --help"),
        (ErrorKind::UnknownArgument, _) => match context(ContextKind::SuggestedArg) {
            Some(known) => format!("{flag:?} is not an option; did you mean {known}?"),
            None => format!("{flag:?} is not an option; see parlor --help"),
        },
        _ => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            first.trim_start_matches("error: ").to_owned()
        }
    })
}

/// The flag, or the variable where the wrong value came from there.
fn source(flag: &str, value: &str, given: &[OsString]) -> String {
    let on_line = given
        .iter()
        .any(|argument| argument.to_string_lossy().starts_with(flag));
    let command = Arguments::command();
    let variable = command
        .get_arguments()
        .find(|argument| argument.get_long() == flag.strip_prefix("--"))
        .and_then(clap::Arg::get_env)
        .filter(|name| {
            std::env::var_os(name).is_some_and(|text| text.to_string_lossy().contains(value))
        });
    match variable {
        Some(name) if !on_line => name.to_string_lossy().into_owned(),
        _ => flag.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    fn read(arguments: &[&str]) -> Result<config::Parlor, Stop> {
        parse(
            std::iter::once("parlor")
                .chain(arguments.iter().copied())
                .map(OsString::from),
        )
        .map(|command| command.parlor)
    }

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_defaults_are_those_of_the_settings() {
        let parlor = read(&[]).unwrap();
        assert_eq!(parlor.limits, config::Limits::room_server());
        assert_eq!(parlor.protocol.max_payload_bytes, 131_072);
        let protocol = config::Protocol {
            max_payload_bytes: 1_000_000,
            ..parlor.protocol
        };
        assert_eq!(protocol, config::Protocol::default());
        assert_eq!((parlor.max_rooms, parlor.workers), (1024, 1));
        assert_eq!(
            (parlor.listen, parlor.site),
            (Vec::new(), config::Site::default())
        );
    }

    #[test]
    fn the_short_form_is_an_address() {
        let listen = |arguments: &[&str]| read(arguments).unwrap().listen;
        assert_eq!(listen(&["--port", "80"]), ["[::]:80".parse().unwrap()]);
        assert_eq!(
            listen(&["--bind", "127.0.0.1"]),
            ["127.0.0.1:4000".parse().unwrap()]
        );
        assert_eq!(
            listen(&["--listen", "127.0.0.1:1,[::1]:2", "--listen=0.0.0.0:3"]).len(),
            3
        );
        let both = read(&["--listen", "127.0.0.1:1", "--port", "2"]);
        assert!(
            matches!(both, Err(Stop::Wrong(line)) if line.starts_with("--listen cannot be used with --port"))
        );
    }

    #[test]
    fn a_larger_payload_and_a_higher_rate_need_room() {
        let limits = |args| read(args).unwrap().limits;
        let larger = limits(&["--max-payload", "1MiB"]);
        assert_eq!(larger.max_outbox_bytes, 11 * 1024 * 1024);
        let largest = limits(&["--max-payload", "8MiB"]);
        assert_eq!(largest.max_outbox_bytes, largest.max_buffered_bytes);
        assert_eq!(
            limits(&["--max-event-rate", "1000"]).max_outbox_packets,
            20_000
        );
    }

    #[test]
    fn old_clients_are_let_in_by_a_flag_alone() {
        assert!(!read(&[]).unwrap().protocol.allow_eio3);
        assert!(read(&["--allow-eio3"]).unwrap().protocol.allow_eio3);
    }

    #[test]
    fn help_for_a_limit_names_its_range() {
        let Err(Stop::Show(help)) = read(&["--help"]) else {
            unreachable!("help stops")
        };
        assert!(
            help.contains("1 to 1000000") && help.contains("Limits:") && help.contains("Examples:")
        );
    }
}
