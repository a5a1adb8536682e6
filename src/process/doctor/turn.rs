//! TURN servers: the secret that is shared with them, and whether they can be connected to.
//!
//! Only TCP tells by itself: over UDP (RFC 8656 section 2.1) silence may mean anything. So one that
//! is not reached is a problem where TCP is what its URL asks for, and said to be unknown elsewhere.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::mpsc;
use std::time::Duration;

use super::Line;
use crate::config;
use crate::http::turn::TurnServers;

/// Time for finding and connecting to one.
const PATIENCE: Duration = Duration::from_secs(1);

const SUBJECT: &str = "TURN";

/// One line for each server; none without servers.
pub(super) fn check(turn: Option<&config::Turn>) -> Vec<Line> {
    let Some(turn) = turn else {
        return Vec::new();
    };
    if let Err(error) = TurnServers::new(turn) {
        return vec![Line::problem(SUBJECT, error.to_string())];
    }
    let places = turn.urls.iter().filter_map(|url| Place::of(url));
    places
        .map(|place| judge(&place, place.is_reached()))
        .collect()
}

/// Where a TURN server is (RFC 7065 section 3.1).
#[derive(Debug, PartialEq, Eq)]
struct Place {
    host: String,
    port: u16,
    /// Whether nothing but TCP will do.
    tcp: bool,
}

impl Place {
    fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        let secure = scheme.eq_ignore_ascii_case("turns");
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        // The colons within brackets are the host's.
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
            _ => (address, if secure { 5349 } else { 3478 }),
        };
        Some(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            tcp: query == "transport=tcp" || (secure && query.is_empty()),
        })
    }

    /// Whether a connection is taken. In a thread, because a look-up of names has no end of its own.
    fn is_reached(&self) -> bool {
        let (host, port) = (self.host.clone(), self.port);
        let (done, reached) = mpsc::channel();
        std::thread::spawn(move || {
            let places = (host, port).to_socket_addrs().into_iter().flatten();
            for place in places {
                if TcpStream::connect_timeout(&place, PATIENCE).is_ok() {
                    let _ = done.send(());
                    return;
                }
            }
        });
        reached.recv_timeout(PATIENCE).is_ok()
    }
}

fn judge(place: &Place, reached: bool) -> Line {
    let Place { host, port, tcp } = place;
    let server = format!("{host} port {port}");
    match (reached, tcp) {
        (true, _) => Line::ok(SUBJECT, format!("{server} takes connections")),
        (false, true) => Line::problem(
            SUBJECT,
            format!(
                "{server} could not be reached over TCP: see that the TURN server runs, and that no \
                 firewall is in between"
            ),
        ),
        (false, false) => Line::ok(
            SUBJECT,
            format!(
                "{server} could not be reached over TCP; whether it answers over UDP cannot be seen"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    #[test]
    fn host_and_port_are_read_from_the_url() {
        for (url, host, port, tcp) in [
            ("turn:192.168.1.2", "192.168.1.2", 3478, false),
            ("turn:pi.lan:99?transport=udp", "pi.lan", 99, false),
            ("turn:[fd00::2]?transport=tcp", "fd00::2", 3478, true),
            ("turns:[fd00::2]:443", "fd00::2", 443, true),
            ("TURNS:pi.lan?transport=udp", "pi.lan", 5349, false),
        ] {
            let host = host.to_owned();
            assert_eq!(Place::of(url), Some(Place { host, port, tcp }), "{url}");
        }
    }

    #[test]
    fn a_server_that_takes_connections_is_reached() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let place = Place {
            host: "127.0.0.1".to_owned(),
            port: listener.local_addr().unwrap().port(),
            tcp: false,
        };
        assert!(place.is_reached());
        drop(listener);
        assert!(!place.is_reached());
    }

    #[test]
    fn one_that_is_not_reached_is_a_problem_only_where_tcp_is_asked_for() {
        for (tcp, word) in [(true, "problem"), (false, "ok")] {
            let place = Place {
                host: "pi.lan".to_owned(),
                port: 3478,
                tcp,
            };
            let line = judge(&place, false).to_string();
            assert!(line.starts_with(word), "{line}");
            assert!(line.contains("could not be reached over TCP"), "{line}");
            assert!(judge(&place, true).is_ok());
        }
    }

    #[test]
    fn a_secret_that_cannot_be_read_is_a_problem() {
        let turn = config::Turn {
            urls: vec!["turn:192.0.2.1".to_owned()],
            secret_file: "/nonexistent/secret".into(),
        };
        let lines = check(Some(&turn));
        assert_eq!(lines.len(), 1);
        let line = lines[0].to_string();
        assert!(
            line.starts_with("problem") && line.contains("--turn-secret-file"),
            "{line}"
        );
        assert!(check(None).is_empty());
    }
}
