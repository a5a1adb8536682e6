//! The first words: which addresses one can open.
//!
//! It stands between binding and serving; the connections it invites wait in the system's queue
//! until the accept loop runs. Written to standard output, one address per line and each line
//! flushed as a whole, so that people and scripts can both read it.
//!
//! Invariants: IPv6 stands in brackets (RFC 3986 section 3.2.2); link-local addresses are left
//! out, since a browser takes no zone; a closed standard output is no error. Left out: names
//! (mDNS) and anything that changes while the server runs.

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};

use crate::process::host;

/// More interface addresses than this are only noise (containers, private IPv6 addresses).
const MAX_ADDRESSES: usize = 8;

/// Prints the banner for what was bound.
pub(crate) fn print(bound: &[SocketAddr]) {
    let text = text(bound, &host::addresses());
    let mut stdout = io::stdout().lock();
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}

fn text(bound: &[SocketAddr], interfaces: &[IpAddr]) -> String {
    let mut urls = Vec::new();
    for address in bound {
        for url in urls_of(*address, interfaces) {
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
    }
    let mut text = String::from("Parlor is ready. Open ");
    text.push_str(if urls.len() == 1 {
        "this"
    } else {
        "one of these"
    });
    text.push_str(" on this machine");
    if bound.iter().any(|address| !address.ip().is_loopback()) {
        text.push_str(" or another one on your network");
    }
    text.push_str(":\n");
    for url in urls {
        text.push_str("  ");
        text.push_str(&url);
        text.push('\n');
    }
    text.push_str(
        "A browser gives camera and microphone only to http://localhost and to https:// addresses.\n",
    );
    text
}

fn urls_of(bound: SocketAddr, interfaces: &[IpAddr]) -> Vec<String> {
    let port = bound.port();
    if !bound.ip().is_unspecified() {
        return vec![format!("http://{}/", SocketAddr::new(bound.ip(), port))];
    }
    let mut urls = vec![format!("http://localhost:{port}/")];
    let reached = interfaces
        .iter()
        .filter(|address| bound.is_ipv6() || address.is_ipv4());
    urls.extend(
        reached
            .take(MAX_ADDRESSES)
            .map(|address| format!("http://{}/", SocketAddr::new(*address, port))),
    );
    urls
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    #[test]
    fn the_first_line_fits_what_was_bound() {
        let first = |bound: &[&str]| {
            let bound: Vec<SocketAddr> = bound.iter().map(|text| text.parse().unwrap()).collect();
            text(&bound, &[]).lines().next().unwrap().to_owned()
        };
        assert_eq!(
            first(&["127.0.0.1:4000"]),
            "Parlor is ready. Open this on this machine:"
        );
        assert_eq!(
            first(&["127.0.0.1:4000", "[::1]:4000"]),
            "Parlor is ready. Open one of these on this machine:"
        );
        assert_eq!(
            first(&["192.168.1.20:4000"]),
            "Parlor is ready. Open this on this machine or another one on your network:"
        );
    }

    fn lines(bound: &[&str]) -> Vec<String> {
        let bound: Vec<SocketAddr> = bound.iter().map(|text| text.parse().unwrap()).collect();
        let interfaces = ["192.168.1.20", "fd00::20"].map(|text| text.parse().unwrap());
        text(&bound, &interfaces)
            .lines()
            .filter_map(|line| line.strip_prefix("  "))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn a_wildcard_is_every_address_with_localhost_first() {
        assert_eq!(
            lines(&["[::]:4000"]),
            [
                "http://localhost:4000/",
                "http://192.168.1.20:4000/",
                "http://[fd00::20]:4000/"
            ]
        );
        assert_eq!(
            lines(&["0.0.0.0:80"]),
            ["http://localhost:80/", "http://192.168.1.20:80/"]
        );
    }

    #[test]
    fn a_specific_address_is_itself() {
        assert_eq!(
            lines(&["127.0.0.1:1", "[fd00::20]:2"]),
            ["http://127.0.0.1:1/", "http://[fd00::20]:2/"]
        );
    }

    #[test]
    fn no_address_is_named_twice() {
        assert_eq!(lines(&["0.0.0.0:5", "[::]:5"]).len(), 3);
    }

    #[test]
    fn it_says_where_the_camera_works() {
        assert!(text(&[], &[]).contains("only to http://localhost and to https://"));
    }
}
