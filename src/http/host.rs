//! Hosts and origins as requests name them.
//!
//! It stands before `guard`, which decides by them, and before the settings that name some.
//!
//! | text | where | rule |
//! |---|---|---|
//! | `parlor.local:4000`, `[fd00::20]` | `Host`, `X-Forwarded-Host`, a target's authority | RFC 9110 section 7.2, RFC 3986 section 3.2.2 |
//! | `https://parlor.local:4000` | `Origin` | RFC 6454 section 6.2 |
//!
//! Names are those of DNS, with the underscore that some networks have in theirs: what browsers ask
//! for is no other. Two names are the same whatever their case, with the dot that ends a full name or
//! without it. Invariants: an address is never taken for a name, nor a name for an address; nothing is
//! allocated. The zone of an IPv6 address is not looked at: it means something to the client alone, which
//! should leave it out (RFC 6874 section 4), and some do not. Left out: user names and
//! percent-encoding, which no client sends there.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest name (RFC 1035 section 2.3.4), in text and without the dot at its end.
const MAX_NAME: usize = 253;

/// Longest scheme that is read; a browser's longest, of its extensions, has 21 characters.
const MAX_SCHEME: usize = 32;

/// A host, by address or by name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Host<'t> {
    /// An IP literal.
    Address(IpAddr),
    /// A name without the dot at its end.
    Name(&'t str),
}

impl<'t> Host<'t> {
    /// Reads a host that stands without brackets.
    fn bare(text: &'t str) -> Option<Self> {
        let name = text.strip_suffix('.').unwrap_or(text);
        if let Ok(address) = name.parse::<Ipv4Addr>() {
            return Some(Self::Address(address.into()));
        }
        let is_of_names = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_label = |label: &str| !label.is_empty() && label.bytes().all(is_of_names);
        (name.len() <= MAX_NAME && name.split('.').all(is_label)).then_some(Self::Name(name))
    }
}

impl PartialEq for Host<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Address(one), Self::Address(other)) => one == other,
            (Self::Name(one), Self::Name(other)) => one.eq_ignore_ascii_case(other),
            _ => false,
        }
    }
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A host and its port.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place<'t> {
    pub(crate) host: Host<'t>,
    /// `None` is that of the scheme.
    pub(crate) port: Option<u16>,
}

impl<'t> Place<'t> {
    /// Reads `host`, `host:port` or the same with an IPv6 address in brackets; `None` for anything
    /// else.
    pub(crate) fn parse(text: &'t str) -> Option<Self> {
        let (host, rest) = match text.strip_prefix('[') {
            Some(text) => {
                let (address, rest) = text.split_once(']')?;
                let (address, zone) = address.split_once('%').unwrap_or((address, "-"));
                if zone.is_empty() || !zone.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return None;
                }
                let address: Ipv6Addr = address.parse().ok()?;
                (Host::Address(address.into()), rest)
            }
            None => {
                let end = text.find(':').unwrap_or(text.len());
                let (name, rest) = text.split_at_checked(end)?;
                (Host::bare(name)?, rest)
            }
        };
        let port = match rest.strip_prefix(':') {
            // The grammar has a port without digits, and so the scheme's.
            Some("") => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            None if rest.is_empty() => None,
            _ => return None,
        };
        Some(Self { host, port })
    }
}

/// Where a page comes from. `null`, which says no more than that it is kept secret, is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Origin<'t> {
    scheme: &'t str,
    place: Place<'t>,
}

impl<'t> Origin<'t> {
    /// Reads `scheme://host` or `scheme://host:port`.
    pub(crate) fn parse(text: &'t str) -> Option<Self> {
        let (scheme, place) = text.split_once("://")?;
        let is_of_schemes =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let named = (1..=MAX_SCHEME).contains(&scheme.len()) && scheme.bytes().all(is_of_schemes);
        let place = Place::parse(place)?;
        named.then_some(Self { scheme, place })
    }

    /// Whether it is of the web, and of this host and port. The scheme does not count: one port may
    /// speak both, and a proxy has one before it that is not known here. So without a port it is one
    /// that either scheme leaves out.
    pub(crate) fn is_at(&self, place: Place<'_>) -> bool {
        let Some(default) = default_port(self.scheme) else {
            return false;
        };
        let port = self.place.port.unwrap_or(default);
        let same_port = match place.port {
            Some(asked) => asked == port,
            None => matches!(port, 80 | 443),
        };
        same_port && self.place.host == place.host
    }
}

/// As browsers write it: in lower case, without the scheme's own port.
impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.scheme.to_ascii_lowercase();
        let host = self.place.host.to_string().to_ascii_lowercase();
        match self.place.port {
            Some(port) if Some(port) != default_port(&scheme) => {
                write!(f, "{scheme}://{host}:{port}")
            }
            _ => write!(f, "{scheme}://{host}"),
        }
    }
}

/// The port that is left out (RFC 9110 section 4.2).
fn default_port(scheme: &str) -> Option<u16> {
    if scheme.eq_ignore_ascii_case("http") {
        Some(80)
    } else {
        scheme.eq_ignore_ascii_case("https").then_some(443)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;
    use proptest::prelude::*;

    /// `host port`, or `-`.
    fn read(text: &str) -> String {
        let Some(Place { host, port }) = Place::parse(text) else {
            return "-".to_owned();
        };
        let kind = match host {
            Host::Address(_) => "address",
            Host::Name(_) => "name",
        };
        let port = port.map_or_else(String::new, |port| format!(" {port}"));
        format!("{kind} {host}{port}")
    }

    #[test]
    fn a_host_is_an_address_or_a_name_with_a_port_or_without() {
        for (text, wanted) in [
            ("parlor.local:4000", "name parlor.local 4000"),
            ("Parlor.Local.", "name Parlor.Local"),
            ("kitchen_pi", "name kitchen_pi"),
            ("xn--kche-0ra.lan:1", "name xn--kche-0ra.lan 1"),
            ("parlor.local:", "name parlor.local"),
            ("192.168.1.20:4000", "address 192.168.1.20 4000"),
            ("127.0.0.1.", "address 127.0.0.1"),
            ("[fd00::20]:4000", "address [fd00::20] 4000"),
            ("[::ffff:10.0.0.1]", "address [::ffff:10.0.0.1]"),
            ("[fe80::1%eth0]:4000", "address [fe80::1] 4000"),
            ("[fe80::1%25eth0]", "address [fe80::1]"),
            // Browsers turn these into addresses before they ask, so here they are names.
            ("127.1", "name 127.1"),
            ("0x7f.0.0.1", "name 0x7f.0.0.1"),
            ("1.2.3.4.5", "name 1.2.3.4.5"),
        ] {
            assert_eq!(read(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_host_is_not_read_as_one() {
        let long = format!("{}.x", "a".repeat(252));
        for text in [
            "",
            ".",
            "..",
            "a..b",
            ".a",
            "a..",
            ":80",
            "a:b",
            "a:+1",
            "a:65536",
            "a:1:2",
            "a b",
            "a/b",
            "a?b",
            "a@b",
            "a,b",
            "a%20b",
            "k\u{fc}che",
            "fd00::20",
            "[]",
            "[fd00::20",
            "[fd00::20]x",
            "[fd00::20]4000",
            "[fe80::1%]",
            "[fe80::1%a b]",
            "[%eth0]",
            "10.0.0.1%eth0",
            "[10.0.0.1]",
            "[[::1]]",
            "http://a",
            &long,
        ] {
            assert_eq!(read(text), "-", "{text:?}");
        }
        assert_eq!(read(&long[1..]), format!("name {}", &long[1..]));
    }

    #[test]
    fn hosts_are_the_same_whatever_case_and_dot() {
        let same =
            |one, other| Place::parse(one).unwrap().host == Place::parse(other).unwrap().host;
        assert!(same("Parlor.LOCAL.:1", "parlor.local"));
        assert!(same("[FD00:0::20]", "[fd00::20]"));
        assert!(!same("parlor.local", "parlor.loca"));
        assert!(!same("127.0.0.1", "[::ffff:127.0.0.1]"));
    }

    #[test]
    fn an_origin_is_at_its_own_host_and_port_whatever_the_scheme() {
        for (origin, host, wanted) in [
            ("https://parlor.local:4000", "parlor.local:4000", true),
            ("http://parlor.local:4000", "Parlor.local.:4000", true),
            ("http://parlor.local:4000", "parlor.local:4001", false),
            ("http://parlor.local:4000", "parlor.local", false),
            ("http://192.168.1.20:4000", "192.168.1.20:4000", true),
            ("http://[fd00::20]:4000", "[FD00::20]:4000", true),
            ("http://evil.example", "parlor.local", false),
            ("http://parlor.local.evil.example", "parlor.local", false),
            ("http://evil.example:4000", "127.0.0.1:4000", false),
            // The ports that a scheme leaves out.
            ("https://calls.example.org", "calls.example.org", true),
            ("http://calls.example.org", "calls.example.org", true),
            ("https://calls.example.org", "calls.example.org:443", true),
            ("http://calls.example.org", "calls.example.org:443", false),
            ("https://calls.example.org:8443", "calls.example.org", false),
            // Programs that show pages have schemes of their own, and hosts that mean nothing.
            ("capacitor://localhost", "localhost", false),
            ("capacitor://localhost:80", "localhost", false),
        ] {
            let (from, at) = (Origin::parse(origin).unwrap(), Place::parse(host).unwrap());
            assert_eq!(from.is_at(at), wanted, "{origin} {host}");
        }
    }

    #[test]
    fn what_no_browser_sends_is_no_origin() {
        let long = format!("{}://a", "a".repeat(33));
        for text in [
            "null",
            "",
            "parlor.local",
            "//parlor.local",
            "://parlor.local",
            "https://",
            "https://parlor.local/",
            "https://parlor.local/a",
            "https://ann@parlor.local",
            "https://a, https://b",
            "https://*",
            "h ttps://a",
            &long,
        ] {
            assert_eq!(Origin::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for (text, wanted) in [
            ("HTTPS://Example.ORG:443", "https://example.org"),
            ("http://example.org:443", "http://example.org:443"),
            ("http://[FD00:0::20]:80", "http://[fd00::20]"),
            ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().to_string(), wanted);
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_the_same_when_it_is_written_and_read_again(text in "[\\[a-zA-Z0-9:._%-]{1,24}\\]?(:[0-9]{0,6})?") {
            if let Some(place) = Place::parse(&text) {
                let port = place.port.map_or_else(String::new, |port| format!(":{port}"));
                let written = format!("{}{port}", place.host);
                prop_assert_eq!(Place::parse(&written), Some(place));
            }
        }

        #[test]
        fn any_text_is_read_without_harm(text in any::<String>()) {
            if let Some(place) = Place::parse(&text) {
                prop_assert!(!place.host.to_string().contains(|c: char| c.is_control() || c.is_whitespace()));
            }
            if let Some(origin) = Origin::parse(&text) {
                let written = origin.to_string();
                prop_assert!(Origin::parse(&written).is_some_and(|again| again.to_string() == written));
            }
        }
    }
}
