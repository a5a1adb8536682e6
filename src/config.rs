//! Settings: plain values with their defaults, read by every layer and changed by none.
//!
//! The names are the reference server's where it has one, with the unit in the type or the
//! name. Nothing here reads the command line or the environment: `process::cli` does that and
//! fills these in. A limit that costs memory says how much.

mod http;
mod reach;

pub use http::{Cookie, Cors, OriginTest, Origins, SameSite};
pub use reach::{CertificateFiles, Mdns, Network, Schemes, Tls, Turn};

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A setting that cannot be used, in words for the person who set it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {value:?} is not usable: {expected}")]
pub struct ConfigError {
    /// The setting's name as its user writes it, for example `--max-payload`.
    pub setting: &'static str,
    /// The value that was given.
    pub value: String,
    /// What would have been accepted, with range and unit.
    pub expected: String,
}

impl ConfigError {
    pub(crate) fn new(setting: &'static str, value: &str, expected: &str) -> Self {
        Self {
            setting,
            value: value.to_owned(),
            expected: expected.to_owned(),
        }
    }
}

/// Engine.IO and Socket.IO settings. Defaults are the reference server's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protocol {
    /// Path under which the protocol answers, with leading and trailing slash.
    pub path: String,
    /// Whether a request must have the path's trailing slash (`addTrailingSlash`). If not, the
    /// path without it is answered as well.
    pub trailing_slash: bool,
    /// Whether clients may use HTTP long-polling.
    pub polling: bool,
    /// Whether clients may use WebSocket.
    pub websocket: bool,
    /// Whether a polling session may be upgraded to WebSocket.
    pub allow_upgrades: bool,
    /// Time from the handshake, or from the last pong, to the next ping.
    pub ping_interval: Duration,
    /// Time from a ping to the close of a session that did not answer it.
    pub ping_timeout: Duration,
    /// Time a WebSocket may probe before it is dropped; the polling session stays.
    pub upgrade_timeout: Duration,
    /// Time a client has to join its first namespace.
    pub connect_timeout: Duration,
    /// Whether clients of Engine.IO 3, that is of Socket.IO 1 and 2, may connect (`allowEIO3`).
    ///
    /// Such a client takes its session's id for its socket's ids. So the id of its socket, from
    /// [`Io::id`](crate::socketio::Io::id) say, is a secret: another client that is told it can
    /// read and write in its place. An application that hands socket ids from client to client
    /// must leave this off, or hand out ids of its own instead; for logs there is
    /// [`SocketId::public`](crate::socketio::SocketId::public).
    pub allow_eio3: bool,
    /// Largest polling body and largest WebSocket message, in bytes (`maxHttpBufferSize`).
    pub max_payload_bytes: usize,
    /// Time for which the request of a handshake is kept for the namespaces that the client
    /// joins; about 700 bytes a browser. It goes earlier once the client can join no other.
    pub request_kept: Duration,
    /// Time for which a lost connection can be recovered (`connectionStateRecovery`'s
    /// `maxDisconnectionDuration`); `None`, the default, switches recovery off.
    pub recovery_max_age: Option<Duration>,
    /// Whether a recovered socket passes by the middlewares and
    /// [`Application::admit`](crate::socketio::Application::admit) (`skipMiddlewares`).
    pub recovery_skips_middlewares: bool,
    /// Polling bodies of at least so many bytes are compressed for clients that take gzip or
    /// deflate (`httpCompression.threshold`); `None` compresses none. While one is compressed it
    /// takes about 300 KB more.
    pub http_compression: Option<usize>,
    /// A text message that every client gets together with its handshake (`initialPacket`).
    pub initial_packet: Option<String>,
}

impl Protocol {
    /// Whether a request to this path (without its query) is the protocol's: the path itself or
    /// a deeper one.
    ///
    /// ```
    /// let mut settings = parlor::config::Protocol::default();
    /// assert!(settings.covers("/socket.io/") && settings.covers("/socket.io/a/b"));
    /// assert!(!settings.covers("/socket.io") && !settings.covers("/socket.iox/"));
    /// settings.trailing_slash = false;
    /// assert!(settings.covers("/socket.io"));
    /// ```
    pub fn covers(&self, path: &str) -> bool {
        match self.behind(path) {
            Some("") => !self.trailing_slash,
            Some(rest) => rest.starts_with('/'),
            None => false,
        }
    }

    /// What stands behind the protocol's path without its slash: nothing, or what begins with
    /// that slash unless it is another path.
    pub(crate) fn behind<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(self.path.trim_end_matches('/'))
    }
}

impl Default for Protocol {
    fn default() -> Self {
        Self {
            path: "/socket.io/".to_owned(),
            trailing_slash: true,
            polling: true,
            websocket: true,
            allow_upgrades: true,
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(45),
            allow_eio3: false,
            max_payload_bytes: 1_000_000,
            request_kept: Duration::from_secs(45),
            recovery_max_age: None,
            recovery_skips_middlewares: true,
            http_compression: Some(1024),
            initial_packet: None,
        }
    }
}

/// What a client may hold of the last quarter of [`Limits::max_buffered_bytes`], in each of the places
/// where bytes wait: an offer of picture and sound has 3 to 8 KB. All that one address may have
/// connected do not use that quarter up with it.
const SMALL_HOLDING: usize = 12 * 1024;

/// Bounds on what clients may make the server hold or do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// TCP connections in all. An idle WebSocket client costs about 1.2 KB, a waiting poll 3 KB, an
    /// HTTP connection between requests 2 KB, one in a request about 18 KB; TLS adds 3.5 KB.
    pub max_connections: usize,
    /// TCP connections from one address (IPv6: one /64; IPv4-mapped counts as IPv4).
    pub max_connections_per_address: usize,
    /// HTTP requests that are being read or answered at one time, polls that wait not counted; about
    /// 18 KB each, and the bodies beside. Further ones are not read for five seconds at most, then
    /// refused.
    pub max_requests: usize,
    /// Sessions whose client has sent no message yet; about 2 KB each. All sessions together count
    /// as much as connections do: in all and from one address there are not more of the one than there
    /// may be of the other.
    pub max_waiting_sessions: usize,
    /// Engine.IO handshakes per second from one address, averaged over ten seconds.
    pub max_handshake_rate: u32,
    /// What one session may send a second, averaged over ten: events, connects, answers, and packets
    /// without a message.
    pub max_event_rate: u32,
    /// Bytes held for all clients together: request bodies, partial frames, unfinished packets and
    /// outboxes. The last quarter is for those that hold little, so that large bodies do not keep a
    /// call from being set up.
    pub max_buffered_bytes: usize,
    /// Packets that may wait for one client before it is closed as a reader that stopped.
    pub max_outbox_packets: usize,
    /// Bytes that may wait for one client before it is closed as a reader that stopped.
    pub max_outbox_bytes: usize,
    /// Binary attachments in one packet (the reference parser's `maxAttachments`).
    pub max_attachments: usize,
    /// Namespaces one client may be in.
    pub max_namespaces: usize,
    /// Bytes in the name of a namespace or of a room.
    pub max_name_bytes: usize,
    /// Rooms one socket may be in, its own not counted. One that nobody else is in costs twice its
    /// name and about 150 bytes.
    pub max_rooms_per_socket: usize,
    /// Acknowledgements one socket may owe the server.
    pub max_pending_acks: usize,
    /// Packets that a namespace keeps for connections to be recovered, if that is switched on.
    pub max_recovery_packets: usize,
    /// Bytes of such packets that all namespaces keep together, beside
    /// [`max_buffered_bytes`](Self::max_buffered_bytes).
    pub max_recovery_bytes: usize,
    /// Lost connections of a namespace that can be recovered at one time, about 200 bytes each
    /// beside what the application stored with the socket.
    pub max_recovery_sessions: usize,
}

impl Default for Limits {
    /// For a library: the reference server's bounds where it has one, and rates that an
    /// ordinary application does not reach.
    fn default() -> Self {
        Self {
            max_connections: 65_536,
            max_connections_per_address: 65_536,
            max_requests: 16_384,
            max_waiting_sessions: 65_536,
            max_handshake_rate: 10_000,
            max_event_rate: 100_000,
            max_buffered_bytes: 64 * 1024 * 1024,
            max_outbox_packets: 16_384,
            max_outbox_bytes: 16 * 1024 * 1024,
            max_attachments: 10,
            max_namespaces: 64,
            max_name_bytes: 16_384,
            max_rooms_per_socket: 1024,
            max_pending_acks: 1024,
            max_recovery_packets: 10_000,
            max_recovery_bytes: 8 * 1024 * 1024,
            max_recovery_sessions: 10_000,
        }
    }
}

/// [`Limits::budget_for`] for who has not all limits at hand.
pub(crate) fn budget_of(max_buffered_bytes: usize, holding: usize) -> usize {
    match holding <= SMALL_HOLDING {
        true => max_buffered_bytes,
        false => max_buffered_bytes / 4 * 3,
    }
}

impl Limits {
    /// How much of [`max_buffered_bytes`](Self::max_buffered_bytes) may be in use when a client's
    /// bytes have become so many.
    pub(crate) fn budget_for(&self, holding: usize) -> usize {
        budget_of(self.max_buffered_bytes, holding)
    }

    /// For the room server on a small board.
    pub fn room_server() -> Self {
        Self {
            max_connections: 4096,
            max_connections_per_address: 64,
            // Four times what one address may have.
            max_requests: 256,
            max_waiting_sessions: 1024,
            max_handshake_rate: 20,
            max_event_rate: 200,
            max_buffered_bytes: 16 * 1024 * 1024,
            max_outbox_packets: 8192,
            // One event of 128 KiB with ten attachments of the same size.
            max_outbox_bytes: 11 * 128 * 1024,
            max_attachments: 10,
            max_namespaces: 1,
            max_name_bytes: 64,
            max_rooms_per_socket: 1,
            max_pending_acks: 1,
            max_recovery_packets: 0,
            max_recovery_bytes: 0,
            max_recovery_sessions: 0,
        }
    }
}

/// What the room server's web site serves beside the protocol.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// A directory served over the embedded page.
    pub public: Option<PathBuf>,
    /// `Content-Security-Policy` for HTML from `public`; the embedded page has its own.
    pub csp: Option<String>,
    /// Directory with the official client's files, served under the protocol's path.
    pub client_dir: Option<PathBuf>,
    /// ICE servers handed to the page in `/config.json`, as URLs (RFC 7064, RFC 7065).
    pub ice_servers: Vec<String>,
    /// TURN servers whose credentials are made anew for each page.
    pub turn: Option<Turn>,
    /// What the port speaks.
    pub schemes: Schemes,
    /// Reverse proxies whose word is taken for a client's address and scheme, and for the host that it
    /// asked for (`X-Forwarded-For`, `X-Forwarded-Proto`, `X-Forwarded-Host`).
    pub trusted_proxies: Vec<Network>,
    /// Names by which requests may come, beside addresses and what this machine is called.
    pub allowed_hosts: Vec<String>,
    /// Origins of other sites whose pages may use this server, written as browsers send them.
    pub allowed_origins: Vec<String>,
    /// Addresses that may read `/metrics`, beside this machine itself.
    pub metrics_allowed: Vec<Network>,
}

/// The room server: everything the command line can set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parlor {
    /// Addresses to listen on; empty means the dual-stack default on port 4000.
    pub listen: Vec<SocketAddr>,
    /// Protocol settings.
    pub protocol: Protocol,
    /// Limits.
    pub limits: Limits,
    /// Calls (rooms with somebody in them) at one time; each costs about 350 bytes.
    pub max_rooms: usize,
    /// Time for which the seat of somebody who was lost is held; none switches that off. Rooms with
    /// nobody there are kept a quarter as many as there may be rooms, or 4 if that is more.
    pub seat_hold: Duration,
    /// File with a passcode, which everybody must present; `None` asks nobody.
    pub passcode_file: Option<PathBuf>,
    /// Web site settings.
    pub site: Site,
    /// Certificate.
    pub tls: Tls,
    /// Announcement on the network.
    pub mdns: Mdns,
    /// Runtime threads; 1 is the default and enough for a home.
    pub workers: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    // These are figures of one day, so what is asserted is about the defaults only. That a
    // connection takes no more is held by `tests/budget/serving.rs` and `scripts/bench --budget`.

    /// What a connection takes that is a WebSocket over TLS, allocator included: measured with 4096.
    const IDLE: usize = 4_700;

    /// What it takes more in the middle of a request: hyper's two buffers.
    const IN_REQUEST: usize = 2 * 8 * 1024 + 512;

    #[test]
    fn the_defaults_are_for_40_mib_of_clients_as_they_were_measured() {
        let limits = Limits::room_server();
        let clients = limits.max_connections * IDLE + limits.max_requests * IN_REQUEST;
        let all = clients + limits.max_buffered_bytes;
        assert!(all <= 40 * 1024 * 1024, "{all} bytes");
    }

    #[test]
    fn one_address_has_a_part_of_what_all_share() {
        let limits = Limits::room_server();
        let own = limits.max_connections_per_address;
        assert!(own * 4 <= limits.max_requests && own * 4 <= limits.max_waiting_sessions);
        // Received, put together, and sent: three places for each.
        let small = own * 3 * SMALL_HOLDING;
        assert!(small <= limits.max_buffered_bytes - limits.budget_for(usize::MAX));
    }
}
