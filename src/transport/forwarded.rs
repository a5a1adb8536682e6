//! Who a client is when a reverse proxy stands before it, and what it asked for: `X-Forwarded-For`,
//! `X-Forwarded-Proto` and `X-Forwarded-Host`, the form that nginx, Caddy, Apache and HAProxy write.
//!
//! It stands before everything that asks for a request's peer. Each proxy adds to the end of the
//! list whom it heard, so the list is read from there: what a trusted proxy says is true, and the
//! first address that is not one of theirs is the client's. What stands before that anybody may
//! have written. Left out: `Forwarded` (RFC 7239), which none of them writes unless told to, and a
//! list where a proxy hides behind a name.

use super::{Peer, Server};
use crate::config::Network;
use crate::hub::Protocol;
use hyper::HeaderMap;
use hyper::header::HeaderName;
use std::net::{IpAddr, SocketAddr};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

impl<P: Protocol> Server<P> {
    /// Who sent a request: the other side of its connection, or whom a trusted proxy names.
    pub fn sender(&self, peer: Peer, headers: &HeaderMap) -> Peer {
        sender(peer, &self.0.edge.trusted_proxies, headers)
    }

    /// The host that a trusted proxy was asked for, if this peer is one and says so. A proxy that does
    /// not write the header itself may hand on what anybody wrote.
    pub(crate) fn forwarded_host<'h>(&self, peer: Peer, headers: &'h HeaderMap) -> Option<&'h str> {
        host(peer, &self.0.edge.trusted_proxies, headers)
    }

    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        trusts(&self.0.edge.trusted_proxies, address)
    }
}

fn trusts(proxies: &[Network], address: IpAddr) -> bool {
    proxies.iter().any(|proxy| proxy.contains(address))
}

fn sender(mut peer: Peer, proxies: &[Network], headers: &HeaderMap) -> Peer {
    if !trusts(proxies, peer.address) {
        return peer;
    }
    if let Some(scheme) = items(headers, &FORWARDED_PROTO).next() {
        peer.secure = scheme.eq_ignore_ascii_case("https");
    }
    for item in items(headers, &FORWARDED_FOR) {
        // What cannot be read was heard by the proxy that is known so far.
        let Some(address) = address(item) else { break };
        peer.address = address.to_canonical();
        if !trusts(proxies, address) {
            break;
        }
    }
    peer
}

/// What the nearest proxy was asked for: as with the scheme, what others say before it may be made up.
fn host<'h>(peer: Peer, proxies: &[Network], headers: &'h HeaderMap) -> Option<&'h str> {
    if !trusts(proxies, peer.address) {
        return None;
    }
    items(headers, &FORWARDED_HOST)
        .next()
        .filter(|host| !host.is_empty())
}

/// The items of all lists of this name, last first (RFC 9110 section 5.3).
fn items<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    let values: Vec<_> = headers.get_all(name).into_iter().collect();
    let lists = values.into_iter().rev();
    lists.flat_map(|list| list.to_str().unwrap_or_default().rsplit(',').map(str::trim))
}

/// An address, with a port or brackets as some write it.
fn address(item: &str) -> Option<IpAddr> {
    let bare = item
        .strip_prefix('[')
        .and_then(|item| item.strip_suffix(']'));
    let socket = || item.parse().ok().map(|socket: SocketAddr| socket.ip());
    bare.unwrap_or(item).parse().ok().or_else(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn proxies() -> [Network; 2] {
        ["127.0.0.1", "10.0.0.0/8"].map(|text| Network::parse(text).expect("one"))
    }

    fn peer(from: &str) -> Peer {
        let from: IpAddr = from.parse().expect("an address");
        from.into()
    }

    fn map(headers: &[(HeaderName, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        map
    }

    fn seen(from: &str, headers: &[(HeaderName, &str)]) -> (String, bool) {
        let peer = sender(peer(from), &proxies(), &map(headers));
        (peer.address.to_string(), peer.secure)
    }

    #[test]
    fn a_stranger_is_who_it_is_whatever_it_says() {
        let says = [(FORWARDED_FOR, "1.1.1.1"), (FORWARDED_PROTO, "https")];
        assert_eq!(seen("192.168.1.5", &says), ("192.168.1.5".into(), false));
    }

    #[test]
    fn the_last_address_that_is_no_proxy_is_the_client() {
        for (list, wanted) in [
            ("192.168.1.5", "192.168.1.5"),
            ("1.1.1.1, 192.168.1.5", "192.168.1.5"),
            ("1.1.1.1,192.168.1.5 , 10.2.3.4", "192.168.1.5"),
            ("[fd00::5]:4711", "fd00::5"),
            ("[fd00::5]", "fd00::5"),
            ("192.168.1.5:4711", "192.168.1.5"),
            ("::ffff:192.168.1.5", "192.168.1.5"),
            ("10.1.1.1, 10.2.3.4", "10.1.1.1"),
            ("1.1.1.1, unknown, 10.2.3.4", "10.2.3.4"),
            ("unknown", "127.0.0.1"),
            ("", "127.0.0.1"),
        ] {
            let found = seen("127.0.0.1", &[(FORWARDED_FOR, list)]);
            assert_eq!(found, (wanted.into(), false), "{list:?}");
        }
        let two = [(FORWARDED_FOR, "1.1.1.1"), (FORWARDED_FOR, "2.2.2.2")];
        assert_eq!(seen("::ffff:127.0.0.1", &two).0, "2.2.2.2");
    }

    #[test]
    fn the_last_proxy_says_which_scheme_it_heard() {
        for (list, secure) in [
            ("https", true),
            ("HTTPS", true),
            ("http", false),
            ("https, http", false),
        ] {
            assert_eq!(
                seen("127.0.0.1", &[(FORWARDED_PROTO, list)]).1,
                secure,
                "{list}"
            );
        }
    }

    #[test]
    fn the_last_proxy_says_which_host_it_was_asked_for_and_a_stranger_says_nothing() {
        for (from, list, wanted) in [
            ("127.0.0.1", "calls.example.org", Some("calls.example.org")),
            (
                "10.1.1.1",
                "evil.example, calls.example.org:81",
                Some("calls.example.org:81"),
            ),
            ("127.0.0.1", "", None),
            ("127.0.0.1", "calls.example.org,", None),
            ("192.168.1.5", "calls.example.org", None),
        ] {
            let headers = map(&[(FORWARDED_HOST, list)]);
            assert_eq!(
                host(peer(from), &proxies(), &headers),
                wanted,
                "{from} {list:?}"
            );
        }
        assert_eq!(host(peer("127.0.0.1"), &proxies(), &HeaderMap::new()), None);
    }
}
