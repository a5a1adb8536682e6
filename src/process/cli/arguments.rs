//! Every flag, with its default, range and what it is for: the text of `parlor --help`.
//!
//! It is a table: `parser` reads words and the environment by it, `help` shows it, and `cli` turns
//! what came of it into settings. A flag's variable is its name in capitals behind `PARLOR_`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use tracing_subscriber::filter::Targets;

use super::access::ACCESS;
use super::built::Feature;
use super::page::PAGE;
use crate::config::Network;
use crate::process::values::{
    address, label, levels, size, socket, switch, time, time_or_none, whole,
};

/// What the flags say, each read by itself.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) renew: bool,
    pub(super) port: u16,
    pub(super) bind: Option<IpAddr>,
    pub(super) listen: Vec<SocketAddr>,
    pub(super) https_only: bool,
    pub(super) http_only: bool,
    pub(super) trusted_proxy: Vec<Network>,
    pub(super) allow_host: Vec<String>,
    pub(super) allow_origin: Vec<String>,
    pub(super) passcode_file: Option<PathBuf>,
    pub(super) metrics_allow: Vec<Network>,
    pub(super) state_dir: Option<PathBuf>,
    pub(super) tls_cert: Option<PathBuf>,
    pub(super) tls_key: Option<PathBuf>,
    pub(super) ca_unconstrained: bool,
    pub(super) name: String,
    pub(super) mdns_interface: Vec<String>,
    pub(super) no_mdns: bool,
    pub(super) public: Option<PathBuf>,
    pub(super) csp: Option<String>,
    pub(super) client_dir: Option<PathBuf>,
    pub(super) ice_server: Vec<String>,
    pub(super) turn_url: Vec<String>,
    pub(super) turn_secret_file: Option<PathBuf>,
    pub(super) log: Targets,
    pub(super) workers: usize,
    pub(super) ping_interval: Duration,
    pub(super) ping_timeout: Duration,
    pub(super) seat_hold: Duration,
    pub(super) allow_eio3: bool,
    pub(super) max_connections: usize,
    pub(super) max_connections_per_address: usize,
    pub(super) max_handshake_rate: u32,
    pub(super) max_event_rate: u32,
    pub(super) max_rooms: usize,
    pub(super) max_payload: usize,
    pub(super) max_buffered_bytes: usize,
}

/// How a flag's value is taken. What is wrong with a value is said as `values` says it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Set {
    /// The flag alone says it; its variable says `true` or `false`.
    Switch(fn(&mut Arguments) -> &mut bool),
    /// A value, once.
    One(Take),
    /// Values, separated by commas or by naming the flag again.
    Many(Take),
    /// A path, which need not be UTF-8.
    Path(fn(&mut Arguments) -> &mut Option<PathBuf>),
}

type Take = fn(&mut Arguments, &str) -> Result<(), String>;

/// One flag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flag {
    /// With its two hyphens.
    pub(super) name: &'static str,
    /// What stands for the value in the help; empty for a switch.
    pub(super) value: &'static str,
    /// Sentences of the help.
    pub(super) help: &'static str,
    /// The value if none is given.
    pub(super) default: Option<&'static str>,
    /// Whether its value may have a password in it, and is not to be shown.
    pub(super) secret: bool,
    /// What it sets.
    pub(super) set: Set,
    /// What a build must have for it.
    pub(super) needs: Option<Feature>,
}

impl Flag {
    pub(super) const fn new(
        name: &'static str,
        value: &'static str,
        set: Set,
        help: &'static str,
    ) -> Self {
        Self {
            name,
            value,
            help,
            default: None,
            secret: false,
            set,
            needs: None,
        }
    }

    const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    pub(super) const fn needing(mut self, feature: Feature) -> Self {
        self.needs = Some(feature);
        self
    }

    pub(super) const fn hidden(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Its variable.
    pub(super) fn variable(&self) -> String {
        let name = self.name.trim_start_matches('-');
        format!("PARLOR_{}", name.replace('-', "_").to_ascii_uppercase())
    }

    /// Takes a value that was written in words.
    pub(super) fn take(&self, to: &mut Arguments, text: &str) -> Result<(), String> {
        match self.set {
            Set::Switch(place) => put(place(to), switch(text)),
            Set::One(take) | Set::Many(take) => take(to, text),
            Set::Path(place) => put(place(to), Ok(Some(text.into()))),
        }
    }
}

pub(super) fn put<T>(place: &mut T, value: Result<T, String>) -> Result<(), String> {
    *place = value?;
    Ok(())
}

pub(super) fn add<T>(place: &mut Vec<T>, value: Result<T, String>) -> Result<(), String> {
    place.push(value?);
    Ok(())
}

/// The flag of the action `certificate`, which the server has not.
pub(super) const RENEW: Flag = Flag::new(
    "--renew",
    "",
    Set::Switch(|to| &mut to.renew),
    "Make a new one first; a running server takes it up by itself",
);

/// All settings, under the headings of the help.
pub(super) const SETTINGS: &[(&str, &[Flag])] = &[
    ("Listening", LISTENING),
    ("Access", ACCESS),
    ("Certificate", CERTIFICATE),
    ("Name", NAME),
    ("Page", PAGE),
    ("Running", RUNNING),
    ("Limits", LIMITS),
];

const LISTENING: &[Flag] = &[
    Flag::new(
        "--port",
        "PORT",
        Set::One(|to, text| put(&mut to.port, whole(0, 65_535)(text))),
        "Port to listen on; 0 takes any free one",
    )
    .or("4000"),
    Flag::new(
        "--bind",
        "ADDR",
        Set::One(|to, text| put(&mut to.bind, address(text).map(Some))),
        "Address of this machine to listen on; without it all of them, IPv6 and IPv4",
    ),
    Flag::new(
        "--listen",
        "ADDR:PORT",
        Set::Many(|to, text| add(&mut to.listen, socket(text))),
        "Address and port in one, instead of --port and --bind; may be given several times (in the \
         variable: separated by commas)",
    ),
    Flag::new(
        "--https-only",
        "",
        Set::Switch(|to| &mut to.https_only),
        "Speak HTTPS only; who comes by plain HTTP is sent there (in the variable: true or false)",
    )
    .needing(Feature::Tls),
    Flag::new(
        "--http-only",
        "",
        Set::Switch(|to| &mut to.http_only),
        "Speak plain HTTP only, behind a reverse proxy that has the certificate (in the variable: \
         true or false)",
    ),
];

const CERTIFICATE: &[Flag] = &[
    Flag::new(
        "--state-dir",
        "DIR",
        Set::Path(|to| &mut to.state_dir),
        "Directory for the certificates that Parlor makes; without it systemd's STATE_DIRECTORY, \
         else parlor in XDG_STATE_HOME or ~/.local/state",
    )
    .needing(Feature::Tls),
    Flag::new(
        "--tls-cert",
        "FILE",
        Set::Path(|to| &mut to.tls_cert),
        "A certificate of your own, in PEM with its whole chain, instead of one that Parlor makes; \
         read again when it changes and on SIGHUP",
    )
    .needing(Feature::Tls),
    Flag::new(
        "--tls-key",
        "FILE",
        Set::Path(|to| &mut to.tls_key),
        "The key of --tls-cert, in PEM",
    )
    .needing(Feature::Tls),
    Flag::new(
        "--ca-unconstrained",
        "",
        Set::Switch(|to| &mut to.ca_unconstrained),
        "Make an authority that may vouch for any name, for devices that do not accept one that is \
         limited to the home network; who trusts it trusts whoever gets hold of its key (in the \
         variable: true or false)",
    )
    .needing(Feature::Tls),
];

const NAME: &[Flag] = &[
    Flag::new(
        "--name",
        "NAME",
        Set::One(|to, text| put(&mut to.name, label(text))),
        "Name in the network: parlor is announced as parlor.local",
    )
    .needing(Feature::Mdns)
    .or("parlor"),
    Flag::new(
        "--mdns-interface",
        "IF",
        Set::Many(|to, text| add(&mut to.mdns_interface, Ok(text.to_owned()))),
        "Interface to announce the name on, such as eth0; may be given several times (in the \
         variable: separated by commas); without it those of the home network. It changes nothing \
         else: addresses are told, and put into the certificate, without it too",
    )
    .needing(Feature::Mdns),
    Flag::new(
        "--no-mdns",
        "",
        Set::Switch(|to| &mut to.no_mdns),
        "Announce no name (in the variable: true or false)",
    ),
];

const RUNNING: &[Flag] = &[
    Flag::new(
        "--log",
        "LEVEL",
        Set::One(|to, text| put(&mut to.log, levels(text))),
        "What to log on standard error: error, warn, info, debug or trace, or by target such as \
         warn,parlor::hub=debug",
    )
    .or("info"),
    Flag::new(
        "--workers",
        "N",
        Set::One(|to, text| put(&mut to.workers, whole(1, 64)(text))),
        "Threads, 1 to 64; one is enough for a home",
    )
    .or("1"),
    Flag::new(
        "--ping-interval",
        "TIME",
        Set::One(|to, text| put(&mut to.ping_interval, time(text))),
        "Time between two heartbeats, 100ms to 60m",
    )
    .or("25s"),
    Flag::new(
        "--ping-timeout",
        "TIME",
        Set::One(|to, text| put(&mut to.ping_timeout, time(text))),
        "Time a client has to answer a heartbeat, 100ms to 60m",
    )
    .or("20s"),
    Flag::new(
        "--seat-hold",
        "TIME",
        Set::One(|to, text| put(&mut to.seat_hold, time_or_none(text))),
        "Time for which a page that was lost keeps its seat in the room, 100ms to 60m; 0 for none",
    )
    .or("2m"),
    Flag::new(
        "--allow-eio3",
        "",
        Set::Switch(|to| &mut to.allow_eio3),
        "Take clients of Socket.IO 1 and 2 too, such as old pages and devices (in the variable: \
         true or false)",
    ),
];

/// What clients may use up. The help names the memory each costs when it is used up.
const LIMITS: &[Flag] = &[
    Flag::new(
        "--max-connections",
        "N",
        Set::One(|to, text| put(&mut to.max_connections, whole(1, 1_000_000)(text))),
        "Connections in all, 1 to 1000000; about 1.2 KB each while idle over WebSocket, 3 KB over \
         HTTP, and 3.5 KB more with TLS",
    )
    .or("4096"),
    Flag::new(
        "--max-connections-per-address",
        "N",
        Set::One(|to, text| put(&mut to.max_connections_per_address, whole(1, 1_000_000)(text))),
        "Connections from one address (IPv6: one /64), 1 to 1000000; part of --max-connections",
    )
    .or("64"),
    Flag::new(
        "--max-handshake-rate",
        "PER_SECOND",
        Set::One(|to, text| put(&mut to.max_handshake_rate, whole(1, 1_000_000)(text))),
        "New sessions per second from one address, 1 to 1000000; no memory",
    )
    .or("20"),
    Flag::new(
        "--max-event-rate",
        "PER_SECOND",
        Set::One(|to, text| put(&mut to.max_event_rate, whole(1, 1_000_000)(text))),
        "Events, and whatever else one client sends, per second, 1 to 1000000; no memory",
    )
    .or("200"),
    Flag::new(
        "--max-rooms",
        "N",
        Set::One(|to, text| put(&mut to.max_rooms, whole(1, 1_000_000)(text))),
        "Rooms at one time, 1 to 1000000; about 350 bytes each",
    )
    .or("1024"),
    Flag::new(
        "--max-payload",
        "SIZE",
        Set::One(|to, text| put(&mut to.max_payload, size(1 << 10, 64 << 20)(text))),
        "Largest message from a client, 1KiB to 64MiB; held once per message being received, within \
         --max-buffered-bytes",
    )
    .or("128KiB"),
    Flag::new(
        "--max-buffered-bytes",
        "SIZE",
        Set::One(|to, text| put(&mut to.max_buffered_bytes, size(64 << 10, 1 << 30)(text))),
        "Bytes held for all clients together, received or waiting to be sent, 64KiB to 1GiB; this \
         much at most",
    )
    .or("16MiB"),
];
