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

mod access;
mod arguments;
mod built;
mod help;
mod page;
mod parser;
mod reference;
mod silent;

use std::ffi::OsString;
use std::net::SocketAddr;

use tracing_subscriber::filter::Targets;

use crate::config;
use crate::http::bind;
use arguments::Arguments;
pub(crate) use built::Feature;
use parser::{Given, Source};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Serve.
    Serve,
    /// Show the certificate, after making a new one if `renew`.
    Certificate {
        /// Whether to make a new one first.
        renew: bool,
    },
    /// Show the addresses to open.
    Urls,
    /// Check what a call needs.
    Doctor,
}

/// What the command line asks for.
#[derive(Debug)]
pub(crate) struct Command {
    /// What is to be done.
    pub(crate) action: Action,
    /// Settings of the room server.
    pub(crate) parlor: config::Parlor,
    /// What is logged.
    pub(crate) log: Targets,
    /// Settings that change nothing, a line each.
    pub(crate) warnings: Vec<String>,
}

/// Why nothing is to be run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Help or version, for standard output.
    Show(String),
    /// What is wrong, in one line.
    Wrong(String),
}

/// The command line with all its help, for those who write it down elsewhere.
pub(crate) fn reference() -> clap::Command {
    reference::command()
}

/// Reads the arguments (the program's name first) and the environment.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Stop> {
    let given = parser::read(arguments, |name| std::env::var_os(name))?;
    let mut warnings = silent::unknown(std::env::vars_os().map(|(name, _)| name));
    warnings.extend(silent::idle(&given));
    let command = given.settings().map_err(Stop::Wrong)?;
    Ok(Command {
        warnings,
        ..command
    })
}

impl Given {
    fn settings(self) -> Result<Command, String> {
        let listen = self.addresses()?;
        let schemes = self.schemes()?;
        let Self {
            action, arguments, ..
        } = self;
        if arguments.max_payload > arguments.max_buffered_bytes {
            return Err(format!(
                "--max-payload: {} bytes are not usable: it must not be more than --max-buffered-bytes, {} bytes",
                arguments.max_payload, arguments.max_buffered_bytes
            ));
        }
        let limits = arguments.limits();
        let turn = arguments.turn()?;
        let own = arguments.own_certificate()?;
        let parlor = config::Parlor {
            listen,
            protocol: config::Protocol {
                ping_interval: arguments.ping_interval,
                ping_timeout: arguments.ping_timeout,
                allow_eio3: arguments.allow_eio3,
                max_payload_bytes: arguments.max_payload,
                ..Default::default()
            },
            limits,
            max_rooms: arguments.max_rooms,
            seat_hold: arguments.seat_hold,
            passcode_file: arguments.passcode_file,
            site: config::Site {
                turn,
                public: arguments.public,
                csp: arguments.csp,
                client_dir: arguments.client_dir,
                ice_servers: arguments.ice_server,
                schemes,
                trusted_proxies: arguments.trusted_proxy,
                allowed_hosts: arguments.allow_host,
                allowed_origins: arguments.allow_origin,
                metrics_allowed: arguments.metrics_allow,
            },
            tls: config::Tls {
                state_dir: arguments.state_dir,
                unconstrained: arguments.ca_unconstrained,
                own,
            },
            mdns: config::Mdns {
                enabled: Feature::Mdns.is_built() && !arguments.no_mdns,
                name: arguments.name,
                interfaces: arguments.mdns_interface,
            },
            workers: arguments.workers,
        };
        Ok(Command {
            action,
            parlor,
            log: arguments.log,
            warnings: Vec::new(),
        })
    }

    fn addresses(&self) -> Result<Vec<SocketAddr>, String> {
        let long = self.source("--listen");
        let short = self.source("--port").max(self.source("--bind"));
        let given = &self.arguments;
        match (long, short) {
            (Source::Default, Source::Default) => Ok(Vec::new()),
            (Source::CommandLine, Source::CommandLine) => {
                Err("--listen cannot be used with --port or --bind: it has both in itself".to_owned())
            }
            (Source::Variable, Source::Variable) => Err(
                "PARLOR_LISTEN cannot be used with PARLOR_PORT or PARLOR_BIND: it has both in itself"
                    .to_owned(),
            ),
            _ if long > short => Ok(given.listen.clone()),
            _ => {
                let address = given.bind.unwrap_or(bind::DEFAULT.ip());
                Ok(vec![SocketAddr::new(address, given.port)])
            }
        }
    }

    /// A flag wins over the other's variable. Without TLS there is only one.
    fn schemes(&self) -> Result<config::Schemes, String> {
        let (https, http) = (self.source("--https-only"), self.source("--http-only"));
        match (self.arguments.https_only, self.arguments.http_only) {
            (true, true) if https == http => {
                Err("--https-only cannot be used with --http-only: choose one".to_owned())
            }
            (true, true) if https > http => Ok(config::Schemes::HttpsOnly),
            (_, true) => Ok(config::Schemes::HttpOnly),
            (true, false) => Ok(config::Schemes::HttpsOnly),
            (false, false) => Ok(config::Schemes::default()),
        }
    }
}

impl Arguments {
    fn limits(&self) -> config::Limits {
        let defaults = config::Limits::room_server();
        config::Limits {
            max_connections: self.max_connections,
            max_connections_per_address: self.max_connections_per_address,
            // Who only knocks leaves room for those who come in.
            max_waiting_sessions: self.max_connections.div_ceil(4),
            max_handshake_rate: self.max_handshake_rate,
            max_event_rate: self.max_event_rate,
            max_buffered_bytes: self.max_buffered_bytes,
            // What one client may say at once must fit into the outbox of the other: an event with
            // all its attachments, and a burst of the smallest events.
            max_outbox_bytes: (self.max_payload * (defaults.max_attachments + 1)).clamp(
                defaults.max_outbox_bytes,
                self.max_buffered_bytes.max(defaults.max_outbox_bytes),
            ),
            max_outbox_packets: defaults
                .max_outbox_packets
                .max(self.max_event_rate as usize * 20),
            ..defaults
        }
    }

    fn own_certificate(&self) -> Result<Option<config::CertificateFiles>, String> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Ok(Some(config::CertificateFiles {
                certificate: certificate.clone(),
                key: key.clone(),
            })),
            (None, None) => Ok(None),
            (Some(_), None) => Err("--tls-cert needs --tls-key, the certificate's key".to_owned()),
            (None, Some(_)) => Err("--tls-key needs --tls-cert, the key's certificate".to_owned()),
        }
    }

    fn turn(&self) -> Result<Option<config::Turn>, String> {
        match (&self.turn_secret_file, self.turn_url.is_empty()) {
            (Some(secret_file), false) => Ok(Some(config::Turn {
                urls: self.turn_url.clone(),
                secret_file: secret_file.clone(),
            })),
            (None, true) => Ok(None),
            (None, false) => {
                Err("--turn-url needs --turn-secret-file, the secret it shares".to_owned())
            }
            (Some(_), true) => {
                Err("--turn-secret-file needs --turn-url, the server that shares it".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;
    use std::time::Duration;

    fn read(arguments: &[&str]) -> Result<config::Parlor, Stop> {
        parse(
            std::iter::once("parlor")
                .chain(arguments.iter().copied())
                .map(OsString::from),
        )
        .map(|command| command.parlor)
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
        assert_eq!(parlor.seat_hold, Duration::from_secs(120));
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
        let larger = limits(&["--max-payload", "512KiB"]);
        assert_eq!(larger.max_outbox_bytes, 11 * 512 * 1024);
        let largest = limits(&["--max-payload", "8MiB"]);
        assert_eq!(largest.max_outbox_bytes, largest.max_buffered_bytes);
        assert_eq!(
            limits(&["--max-event-rate", "1000"]).max_outbox_packets,
            20_000
        );
    }

    #[test]
    fn more_connections_have_more_sessions_that_say_nothing_yet() {
        for (connections, waiting) in [("1", 1), ("4096", 1024), ("10000", 2500)] {
            let limits = read(&["--max-connections", connections]).unwrap().limits;
            assert_eq!(limits.max_waiting_sessions, waiting);
        }
    }

    #[test]
    fn old_clients_are_let_in_by_a_flag_alone() {
        assert!(!read(&[]).unwrap().protocol.allow_eio3);
        assert!(read(&["--allow-eio3"]).unwrap().protocol.allow_eio3);
    }

    #[test]
    #[cfg_attr(
        not(all(feature = "tls", feature = "mdns")),
        ignore = "is about flags that need them"
    )]
    fn settings_may_stand_before_an_action_and_after() {
        let action = |arguments: &[&str]| {
            let given = std::iter::once("parlor").chain(arguments.iter().copied());
            let command = parse(given.map(OsString::from)).unwrap();
            (command.action, command.parlor.mdns.name)
        };
        let urls = (Action::Urls, "den".to_owned());
        assert_eq!(action(&["--name", "den", "urls"]), urls);
        assert_eq!(action(&["urls", "--name", "den"]), urls);
        let renew = Action::Certificate { renew: true };
        assert_eq!(action(&["certificate", "--renew"]).0, renew);
        assert_eq!(action(&[]), (Action::Serve, "parlor".to_owned()));
    }

    #[test]
    #[cfg_attr(
        not(all(feature = "tls", feature = "mdns")),
        ignore = "is about flags that need them"
    )]
    fn settings_that_belong_together_are_given_together() {
        for (arguments, wanted) in [
            (["--tls-cert", "a.pem"], "--tls-cert needs --tls-key"),
            (["--tls-key", "a.pem"], "--tls-key needs --tls-cert"),
            (
                ["--turn-url", "turn:a"],
                "--turn-url needs --turn-secret-file",
            ),
            (
                ["--turn-secret-file", "a"],
                "--turn-secret-file needs --turn-url",
            ),
            (
                ["--http-only", "--https-only"],
                "--https-only cannot be used with --http-only",
            ),
        ] {
            let wrong = read(&arguments);
            assert!(
                matches!(&wrong, Err(Stop::Wrong(line)) if line.starts_with(wanted)),
                "{wrong:?}"
            );
        }
        let only = read(&["--http-only"]).unwrap().site.schemes;
        assert_eq!(only, config::Schemes::HttpOnly);
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
