//! Every flag, with its variable, default, range and what it is for: the text of `parlor --help`.
//!
//! It is read by `cli`, which turns it into settings. A comment here is a sentence of the help.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use tracing_subscriber::filter::Targets;

use crate::config;
use crate::process::values;

const EXAMPLES: &str = "\
Examples:
  parlor                                   all addresses, port 4000
  parlor --port 8080 --bind 192.168.1.20   one address of this machine
  parlor --listen 127.0.0.1:4000 --listen '[fd00::20]:4000'
  parlor --public ./my-page                your own page, the built-in one behind it
  parlor --http-only --trusted-proxy 127.0.0.1   behind a reverse proxy on this machine
  parlor --tls-cert chain.pem --tls-key key.pem  a certificate of your own
  parlor --ice-server stun:192.168.1.1:3478
  PARLOR_PORT=8080 PARLOR_LOG=debug parlor

SIGTERM or Ctrl-C stops the server within 5 seconds; clients come back by themselves after a
restart. A browser gives camera and microphone only to http://localhost and to https://.";

/// A video-chat room server for the home network, in one small binary
#[derive(Debug, Parser)]
#[command(name = "parlor", version, after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) action: Option<Action>,
    #[command(flatten, next_help_heading = "Listening")]
    pub(super) listening: Listening,
    #[command(flatten, next_help_heading = "Certificate")]
    pub(super) certificate: Certificate,
    #[command(flatten, next_help_heading = "Name")]
    pub(super) naming: Naming,
    #[command(flatten, next_help_heading = "Page")]
    pub(super) page: Page,
    #[command(flatten, next_help_heading = "Running")]
    pub(super) running: Running,
    #[command(flatten, next_help_heading = "Limits")]
    pub(super) limits: Limits,
}

#[derive(Debug, Args)]
pub(super) struct Listening {
    /// Port to listen on; 0 takes any free one
    #[arg(long, env = "PARLOR_PORT", default_value = "4000", value_parser = values::whole::<u16>(0, 65_535))]
    pub(super) port: u16,
    /// Address of this machine to listen on; without it all of them, IPv6 and IPv4
    #[arg(long, env = "PARLOR_BIND", value_name = "ADDR", value_parser = values::address)]
    pub(super) bind: Option<IpAddr>,
    /// Address and port in one, instead of --port and --bind; may be given several times (in the
    /// variable: separated by commas)
    #[arg(long, env = "PARLOR_LISTEN", value_name = "ADDR:PORT", value_delimiter = ',', value_parser = values::socket)]
    pub(super) listen: Vec<SocketAddr>,
    /// Speak HTTPS only; who comes by plain HTTP is sent there (in the variable: true or false)
    #[arg(long, env = "PARLOR_HTTPS_ONLY", value_parser = values::switch)]
    pub(super) https_only: bool,
    /// Speak plain HTTP only, behind a reverse proxy that has the certificate (in the variable: true
    /// or false)
    #[arg(long, env = "PARLOR_HTTP_ONLY", value_parser = values::switch)]
    pub(super) http_only: bool,
    /// Reverse proxy whose X-Forwarded-For and X-Forwarded-Proto are believed: an address or a
    /// network such as 172.16.0.0/12; may be given several times (in the variable: separated by
    /// commas)
    #[arg(long, env = "PARLOR_TRUSTED_PROXY", value_name = "ADDR[/BITS]", value_delimiter = ',', value_parser = values::network)]
    pub(super) trusted_proxy: Vec<config::Network>,
}

/// What to do instead of serving. The settings are those of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub(super) enum Action {
    /// Show which certificate is served, until when, and for which names
    Certificate {
        /// Make a new one first; a running server takes it up by itself
        #[arg(long)]
        renew: bool,
    },
    /// Show the addresses to open, and a QR code
    Urls,
    /// Check what a call needs, and say what to do where something is missing
    Doctor,
}

#[derive(Debug, Args)]
pub(super) struct Certificate {
    /// Directory for the certificates that Parlor makes; without it systemd's STATE_DIRECTORY, else
    /// parlor in XDG_STATE_HOME or ~/.local/state
    #[arg(long, env = "PARLOR_STATE_DIR", value_name = "DIR")]
    pub(super) state_dir: Option<PathBuf>,
    /// A certificate of your own, in PEM with its whole chain, instead of one that Parlor makes;
    /// read again when it changes and on SIGHUP
    #[arg(long, env = "PARLOR_TLS_CERT", value_name = "FILE")]
    pub(super) tls_cert: Option<PathBuf>,
    /// The key of --tls-cert, in PEM
    #[arg(long, env = "PARLOR_TLS_KEY", value_name = "FILE")]
    pub(super) tls_key: Option<PathBuf>,
    /// Make an authority that may vouch for any name, for devices that do not accept one that is
    /// limited to the home network; who trusts it trusts whoever gets hold of its key (in the
    /// variable: true or false)
    #[arg(long, env = "PARLOR_CA_UNCONSTRAINED", value_parser = values::switch)]
    pub(super) ca_unconstrained: bool,
}

#[derive(Debug, Args)]
pub(super) struct Naming {
    /// Name in the network: parlor is announced as parlor.local
    #[arg(long, env = "PARLOR_NAME", value_name = "NAME", default_value = "parlor", value_parser = values::label)]
    pub(super) name: String,
    /// Interface to announce the name on, such as eth0; may be given several times (in the
    /// variable: separated by commas); without it those of the home network. It changes nothing else:
    /// addresses are told, and put into the certificate, without it too
    #[arg(
        long,
        env = "PARLOR_MDNS_INTERFACE",
        value_name = "IF",
        value_delimiter = ','
    )]
    pub(super) mdns_interface: Vec<String>,
    /// Announce no name (in the variable: true or false)
    #[arg(long, env = "PARLOR_NO_MDNS", value_parser = values::switch)]
    pub(super) no_mdns: bool,
}

#[derive(Debug, Args)]
pub(super) struct Page {
    /// Directory to serve over the built-in page; hidden files and links that lead out of it are
    /// not served
    #[arg(long, env = "PARLOR_PUBLIC", value_name = "DIR")]
    pub(super) public: Option<PathBuf>,
    /// Content-Security-Policy for the HTML pages in --public; without it they get none
    #[arg(long, env = "PARLOR_CSP", value_name = "POLICY")]
    pub(super) csp: Option<String>,
    /// Directory with the official Socket.IO client (socket.io-client/dist of the npm package),
    /// served under /socket.io/ for pages of your own; the built-in page needs none
    #[arg(long, env = "PARLOR_CLIENT_DIR", value_name = "DIR")]
    pub(super) client_dir: Option<PathBuf>,
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
    pub(super) ice_server: Vec<String>,
    /// TURN server for a Wi-Fi that keeps its devices apart, turn:HOST[:PORT][?transport=udp|tcp] or
    /// turns:; each page gets a user and password for a day, made from --turn-secret-file; may
    /// be given several times (in the variable: separated by commas)
    #[arg(
        long,
        env = "PARLOR_TURN_URL",
        value_name = "URL",
        value_delimiter = ','
    )]
    pub(super) turn_url: Vec<String>,
    /// File with the secret that the TURN server shares (coturn: static-auth-secret); read again on
    /// SIGHUP
    #[arg(long, env = "PARLOR_TURN_SECRET_FILE", value_name = "FILE")]
    pub(super) turn_secret_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Running {
    /// What to log on standard error: error, warn, info, debug or trace, or by target such as
    /// warn,parlor::hub=debug
    #[arg(long, env = "PARLOR_LOG", value_name = "LEVEL", default_value = "info", value_parser = values::levels)]
    pub(super) log: Targets,
    /// Threads, 1 to 64; one is enough for a home
    #[arg(long, env = "PARLOR_WORKERS", value_name = "N", default_value = "1", value_parser = values::whole::<usize>(1, 64))]
    pub(super) workers: usize,
    /// Time between two heartbeats, 100ms to 60m
    #[arg(long, env = "PARLOR_PING_INTERVAL", value_name = "TIME", default_value = "25s", value_parser = values::time)]
    pub(super) ping_interval: Duration,
    /// Time a client has to answer a heartbeat, 100ms to 60m
    #[arg(long, env = "PARLOR_PING_TIMEOUT", value_name = "TIME", default_value = "20s", value_parser = values::time)]
    pub(super) ping_timeout: Duration,
    /// Take clients of Socket.IO 1 and 2 too, such as old pages and devices (in the variable: true
    /// or false)
    #[arg(long, env = "PARLOR_ALLOW_EIO3", value_parser = values::switch)]
    pub(super) allow_eio3: bool,
}

/// What clients may use up. The help names the memory each costs when it is used up.
#[derive(Debug, Args)]
pub(super) struct Limits {
    /// Connections in all, 1 to 1000000; about 1.5 KB each while idle over WebSocket, 17 KB over
    /// HTTP, and 10 KB more with TLS
    #[arg(long, env = "PARLOR_MAX_CONNECTIONS", value_name = "N", default_value = "4096", value_parser = values::whole::<usize>(1, 1_000_000))]
    pub(super) max_connections: usize,
    /// Connections from one address (IPv6: one /64), 1 to 1000000; part of --max-connections
    #[arg(long, env = "PARLOR_MAX_CONNECTIONS_PER_ADDRESS", value_name = "N", default_value = "64", value_parser = values::whole::<usize>(1, 1_000_000))]
    pub(super) max_connections_per_address: usize,
    /// New sessions per second from one address, 1 to 1000000; no memory
    #[arg(long, env = "PARLOR_MAX_HANDSHAKE_RATE", value_name = "PER_SECOND", default_value = "20", value_parser = values::whole::<u32>(1, 1_000_000))]
    pub(super) max_handshake_rate: u32,
    /// Events per second from one client, 1 to 1000000; no memory
    #[arg(long, env = "PARLOR_MAX_EVENT_RATE", value_name = "PER_SECOND", default_value = "200", value_parser = values::whole::<u32>(1, 1_000_000))]
    pub(super) max_event_rate: u32,
    /// Rooms at one time, 1 to 1000000; about 200 bytes each
    #[arg(long, env = "PARLOR_MAX_ROOMS", value_name = "N", default_value = "1024", value_parser = values::whole::<usize>(1, 1_000_000))]
    pub(super) max_rooms: usize,
    /// Largest message from a client, 1KiB to 64MiB; held once per message being received, within
    /// --max-buffered-bytes
    #[arg(long, env = "PARLOR_MAX_PAYLOAD", value_name = "SIZE", default_value = "128KiB", value_parser = values::size(1 << 10, 64 << 20))]
    pub(super) max_payload: usize,
    /// Bytes held for all clients together, received or waiting to be sent, 64KiB to 1GiB; this
    /// much at most
    #[arg(long, env = "PARLOR_MAX_BUFFERED_BYTES", value_name = "SIZE", default_value = "16MiB", value_parser = values::size(64 << 10, 1 << 30))]
    pub(super) max_buffered_bytes: usize,
}
