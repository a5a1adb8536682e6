//! Whether other devices can connect, as far as this machine can tell: it has addresses that they
//! can type, and the server takes connections there.
//!
//! Loopback says nothing of that, so each address is tried by itself. Only this machine's own are:
//! what a server says of itself makes nobody connect anywhere. Left out: the way between two devices
//! (a guest network that keeps them apart), which cannot be seen from here.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::Line;
use crate::process::reach::Situation;

/// Time for connecting to this machine itself.
const PATIENCE: Duration = Duration::from_secs(1);

/// More addresses are not tried.
const MAX_TRIED: usize = 8;

const SUBJECT: &str = "network";

/// Those of this machine's addresses on which no connection is taken.
pub(super) fn closed(situation: &Situation) -> Vec<SocketAddr> {
    let mut sockets = situation.sockets();
    sockets.truncate(MAX_TRIED);
    sockets.retain(|one| TcpStream::connect_timeout(one, PATIENCE).is_err());
    sockets
}

/// `closed` is none if no server runs; `proxied` if a reverse proxy is said to be in front.
pub(super) fn check(situation: &Situation, proxied: bool, closed: Option<Vec<SocketAddr>>) -> Line {
    let sockets = situation.sockets();
    if proxied && !situation.is_open() {
        return Line::ok(SUBJECT, "only a reverse proxy on this machine can connect");
    }
    if !situation.is_open() {
        return Line::problem(
            SUBJECT,
            format!(
                "only this machine can connect, since Parlor listens on {} only: leave out --bind, \
                 unless a reverse proxy is in front (--trusted-proxy)",
                list(&situation.bound)
            ),
        );
    }
    if sockets.is_empty() {
        return Line::problem(
            SUBJECT,
            "no other device can connect, since no interface that is up has an address of a home \
             network: connect this machine by cable or Wi-Fi (`ip address` shows its addresses)",
        );
    }
    match closed {
        None => Line::ok(
            SUBJECT,
            format!("others would connect to {}", list(&sockets)),
        ),
        Some(closed) if closed.is_empty() => {
            Line::ok(SUBJECT, format!("Parlor answers on {}", list(&sockets)))
        }
        Some(closed) => Line::problem(
            SUBJECT,
            format!(
                "no connection is taken on {}: if Parlor was started with --bind, leave that out",
                list(&closed)
            ),
        ),
    }
}

fn list(sockets: &[SocketAddr]) -> String {
    let texts: Vec<_> = sockets.iter().map(ToString::to_string).collect();
    texts.join(" and ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;
    use crate::config::Schemes;
    use crate::process::interfaces::tests::interface;

    fn situation(bound: &str, addresses: &[&str]) -> Situation {
        Situation {
            schemes: Schemes::Both,
            bound: vec![bound.parse().unwrap()],
            home: vec![interface("lan0", addresses)],
            machine: None,
        }
    }

    fn problem(line: &Line, part: &str) {
        let line = line.to_string();
        assert!(line.starts_with("problem") && line.contains(part), "{line}");
    }

    #[test]
    fn who_listens_for_this_machine_alone_is_told() {
        let situation = situation("127.0.0.1:4000", &["192.168.1.20"]);
        for closed in [None, Some(vec![])] {
            problem(&check(&situation, false, closed), "127.0.0.1:4000 only");
        }
        assert!(check(&situation, true, None).is_ok(), "behind a proxy");
    }

    #[test]
    fn a_machine_without_an_address_is_told() {
        let situation = situation("[::]:4000", &[]);
        problem(&check(&situation, false, None), "connect this machine");
        problem(&check(&situation, true, Some(vec![])), "connect this");
    }

    #[test]
    fn an_address_that_takes_no_connection_is_told() {
        let situation = situation("[::]:4000", &["192.168.1.20", "fd00::20"]);
        assert_eq!(
            check(&situation, false, Some(vec![])),
            Line::ok(
                SUBJECT,
                "Parlor answers on 192.168.1.20:4000 and [fd00::20]:4000"
            )
        );
        let closed = vec!["[fd00::20]:4000".parse().unwrap()];
        problem(
            &check(&situation, false, Some(closed)),
            "on [fd00::20]:4000:",
        );
        assert!(check(&situation, false, None).is_ok());
    }

    #[test]
    fn each_address_is_tried() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let bound = format!("0.0.0.0:{}", listener.local_addr().unwrap().port());
        let situation = situation(&bound, &["127.0.0.1"]);
        assert_eq!(closed(&situation), []);
        drop(listener);
        assert_eq!(closed(&situation), situation.sockets());
    }
}
