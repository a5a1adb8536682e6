//! What other devices can open, worked out from what this machine is and has.
//!
//! It stands between the facts (listeners, interfaces, announced names, certificate) and those who
//! tell people about them. Pure: `process::keeper` finds the facts and publishes what comes out.
//!
//! Invariants: with TLS an address or name is told only if the certificate covers it; IPv6 stands
//! in brackets (RFC 3986 section 3.2.2); a scheme's default port is left out; what is best to share
//! comes first. Left out: loopback, which is for this machine only and the banner's to tell.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config::Schemes;
use crate::discovery::Places;
use crate::http::reach::{Authority, Reach};
use crate::process::interfaces::{Interface, openable};
use crate::tls::{Names, Served, Source};

/// How the server is bound and what it is among.
#[derive(Debug, Clone)]
pub(crate) struct Situation {
    /// What the ports speak.
    pub(crate) schemes: Schemes,
    /// Listeners, with their real ports.
    pub(crate) bound: Vec<SocketAddr>,
    /// Interfaces of the home network.
    pub(crate) home: Vec<Interface>,
    /// This machine's own name.
    pub(crate) machine: Option<String>,
}

impl Situation {
    /// Where to announce: addresses of the home network that are listened on, on all interfaces
    /// or on those that are named.
    pub(crate) fn places(&self) -> Places {
        let every = self
            .home
            .iter()
            .filter(|one| !one.quiet)
            .flat_map(|one| one.used().map(|address| (one.name.clone(), address)));
        every
            .filter(|(_, address)| self.ports(*address).next().is_some())
            .collect()
    }

    /// The port to announce; none if only this machine can connect.
    pub(crate) fn port(&self) -> Option<u16> {
        let mut open = self.bound.iter().filter(|one| !one.ip().is_loopback());
        open.next().map(SocketAddr::port)
    }

    /// What the certificate should cover, given the announced names.
    pub(crate) fn names(&self, announced: &BTreeSet<String>) -> Names {
        let mut dns = announced.clone();
        dns.insert("localhost".to_owned());
        if let Some(machine) = &self.machine {
            let machine = machine.to_ascii_lowercase();
            dns.insert(format!("{machine}.local"));
            dns.insert(machine);
        }
        let mut addresses: BTreeSet<_> = self.addresses().into_iter().collect();
        addresses.extend([
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
        ]);
        addresses.extend(self.specific());
        Names { dns, addresses }
    }

    /// What can be opened from other devices, but for the names that need not be told. `served` is
    /// none without TLS, or where its certificate is not known.
    pub(crate) fn reach(&self, announced: &BTreeSet<String>, served: Option<&Served>) -> Reach {
        let scheme = match self.schemes {
            Schemes::HttpOnly => "http",
            Schemes::Both | Schemes::HttpsOnly => "https",
        };
        let mut addresses = Vec::new();
        for address in self.addresses() {
            if served.is_none_or(|served| served.covers_address(address)) {
                let urls = self.ports(address).map(|port| url(scheme, address, port));
                addresses.extend(urls);
            }
        }
        let mut names: Vec<&String> = announced.iter().collect();
        // Who has a certificate of their own wants its names to be used. `*` is none.
        if let Some(served) = served
            && matches!(served.source, Source::Own(_))
        {
            let own = served.dns.iter().filter(|name| !name.starts_with('*'));
            names.extend(own.filter(|name| !is_local(name) && !announced.contains(*name)));
        }
        let port = self.port();
        let names = names
            .into_iter()
            .filter(|name| served.is_none_or(|served| served.covers_name(name)))
            .filter_map(|name| Some(url(scheme, name, port?)))
            .collect();
        Reach {
            addresses,
            names,
            hosts: Vec::new(),
            authority: served
                .and_then(|served| served.authority.as_ref())
                .map(|authority| Authority {
                    der: authority.der.clone(),
                    fingerprint: authority.fingerprint.clone(),
                }),
        }
    }

    /// What to open on this machine itself, and listeners that `reach` has nothing for.
    pub(crate) fn local(&self, reach: &Reach) -> Vec<String> {
        // Plain HTTP is as good as HTTPS here, and no browser warns of it.
        let scheme = match self.schemes {
            Schemes::HttpsOnly => "https",
            Schemes::Both | Schemes::HttpOnly => "http",
        };
        let mut urls = Vec::new();
        for one in &self.bound {
            let (ip, port) = (one.ip(), one.port());
            let told = |known: &String| {
                *known == url("https", ip, port) || *known == url("http", ip, port)
            };
            let url = if ip.is_unspecified() {
                url(scheme, "localhost", port)
            } else if reach.addresses.iter().any(told) {
                continue;
            } else {
                url(scheme, ip, port)
            };
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
        urls
    }

    /// Whether any other machine can connect.
    pub(crate) fn is_open(&self) -> bool {
        self.port().is_some()
    }

    /// Addresses that others can type and that are listened on.
    pub(crate) fn addresses(&self) -> Vec<IpAddr> {
        let mut addresses = openable(&self.home);
        addresses.retain(|address| self.ports(*address).next().is_some());
        for own in self.specific().filter(|own| !own.is_loopback()) {
            if !addresses.contains(&own) {
                addresses.push(own);
            }
        }
        addresses
    }

    /// Where others can connect: those addresses with their ports.
    pub(crate) fn sockets(&self) -> Vec<SocketAddr> {
        let with_ports = |address| self.ports(address).map(move |port| (address, port).into());
        let addresses = self.addresses().into_iter();
        addresses.flat_map(with_ports).collect()
    }

    /// Addresses that were asked for by themselves.
    fn specific(&self) -> impl Iterator<Item = IpAddr> + '_ {
        let addresses = self.bound.iter().map(SocketAddr::ip);
        addresses.filter(|address| !address.is_unspecified())
    }

    /// Ports on which connections to this address are taken.
    fn ports(&self, address: IpAddr) -> impl Iterator<Item = u16> + '_ {
        // `[::]` takes IPv4 as well, unless somebody else has that port there (`http::bind`).
        let v4_apart = |port| {
            self.bound
                .iter()
                .any(|other| other.is_ipv4() && other.port() == port)
        };
        let takes = move |one: &&SocketAddr| match one.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.is_ipv4(),
            IpAddr::V6(ip) if ip.is_unspecified() => address.is_ipv6() || !v4_apart(one.port()),
            ip => ip == address,
        };
        self.bound.iter().filter(takes).map(SocketAddr::port)
    }
}

/// Names that mean this machine or are somebody else's to announce.
fn is_local(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost") || name.ends_with(".local")
}

/// A base address without a slash at the end.
pub(crate) fn url(scheme: &str, host: impl Into<Host>, port: u16) -> String {
    let Host(host) = host.into();
    match (scheme, port) {
        ("http", 80) | ("https", 443) => format!("{scheme}://{host}"),
        _ => format!("{scheme}://{host}:{port}"),
    }
}

/// A host as it stands in a URL.
pub(crate) struct Host(String);

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        })
    }
}

impl<T: AsRef<str> + ?Sized> From<&T> for Host {
    fn from(name: &T) -> Self {
        Self(name.as_ref().to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;
    use crate::process::interfaces::tests::interface;
    use std::time::UNIX_EPOCH;

    fn situation(bound: &[&str]) -> Situation {
        Situation {
            schemes: Schemes::Both,
            bound: bound.iter().map(|text| text.parse().unwrap()).collect(),
            home: vec![
                interface("lan0", &["192.168.1.20", "fd00::20", "fe80::20"]),
                interface("usb0", &["fe80::7"]),
            ],
            machine: Some("Kitchen-Pi".to_owned()),
        }
    }

    fn announced() -> BTreeSet<String> {
        BTreeSet::from(["parlor.local".to_owned()])
    }

    fn served(source: Source, dns: &[&str], addresses: &[&str]) -> Served {
        Served {
            source,
            dns: dns.iter().map(|&name| name.to_owned()).collect(),
            addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
            not_before: UNIX_EPOCH,
            not_after: UNIX_EPOCH,
            left_out: Vec::new(),
            authority: None,
            fingerprint: String::new(),
        }
    }

    #[test]
    fn only_what_the_certificate_covers_is_told() {
        let all = situation(&["[::]:4000"]);
        let made = served(Source::Made(None), &["parlor.local"], &["192.168.1.20"]);
        let reach = all.reach(&announced(), Some(&made));
        assert_eq!(reach.addresses, ["https://192.168.1.20:4000"]);
        assert_eq!(reach.names, ["https://parlor.local:4000"]);
        let other = served(Source::Made(None), &["parlor-2.local"], &["fd00::20"]);
        let reach = all.reach(&announced(), Some(&other));
        assert_eq!(reach.addresses, ["https://[fd00::20]:4000"]);
        assert!(reach.names.is_empty());
    }

    #[test]
    fn without_tls_everything_is_told_with_http() {
        let plain = Situation {
            schemes: Schemes::HttpOnly,
            ..situation(&["[::]:80"])
        };
        let reach = plain.reach(&announced(), None);
        assert_eq!(
            reach.addresses,
            ["http://192.168.1.20", "http://[fd00::20]"]
        );
        assert_eq!(reach.names, ["http://parlor.local"]);
    }

    #[test]
    fn the_names_of_a_certificate_of_ones_own_are_told() {
        let own = served(
            Source::Own("chain.pem".into()),
            &["*.example.org", "calls.example.org", "localhost"],
            &[],
        );
        let reach = situation(&["[::]:443"]).reach(&announced(), Some(&own));
        assert_eq!(reach.names, ["https://calls.example.org"]);
    }

    #[test]
    fn an_address_that_is_not_listened_on_is_not_announced() {
        let names = |bound: &[&str]| -> Vec<String> {
            let places = situation(bound).places().into_iter();
            places
                .map(|(name, address)| format!("{name} {address}"))
                .collect()
        };
        let all = ["lan0 192.168.1.20", "lan0 fd00::20", "usb0 fe80::7"];
        assert_eq!(names(&["[::]:4000"]), all);
        assert_eq!(names(&["0.0.0.0:4000"]), ["lan0 192.168.1.20"]);
        assert_eq!(names(&["[::]:4000", "127.0.0.1:4000"]), all[1..]);
        assert_eq!(names(&["[fd00::20]:4000"]), ["lan0 fd00::20"]);
        assert_eq!(names(&["127.0.0.1:4000", "[::1]:4000"]), [""; 0]);
    }

    #[test]
    fn an_interface_without_an_announcement_is_opened_all_the_same() {
        let mut situation = situation(&["[::]:4000"]);
        situation.home[0].quiet = true;
        let places: Vec<_> = situation
            .places()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(places, ["usb0"]);
        let sockets: Vec<_> = situation
            .sockets()
            .iter()
            .map(SocketAddr::to_string)
            .collect();
        assert_eq!(sockets, ["192.168.1.20:4000", "[fd00::20]:4000"]);
    }

    #[test]
    fn the_certificate_is_for_every_name_and_address_of_this_machine() {
        let names = situation(&["[::]:4000", "203.0.113.5:4001"]).names(&announced());
        let dns: Vec<_> = names.dns.iter().map(String::as_str).collect();
        assert_eq!(
            dns,
            [
                "kitchen-pi",
                "kitchen-pi.local",
                "localhost",
                "parlor.local"
            ]
        );
        let addresses: Vec<_> = names.addresses.iter().map(IpAddr::to_string).collect();
        assert_eq!(
            addresses,
            [
                "127.0.0.1",
                "192.168.1.20",
                "203.0.113.5",
                "::1",
                "fd00::20"
            ]
        );
    }

    #[test]
    fn this_machine_opens_localhost_and_what_is_told_nowhere_else() {
        let local = |bound: &[&str]| {
            let situation = situation(bound);
            let reach = situation.reach(&announced(), None);
            situation.local(&reach)
        };
        assert_eq!(local(&["[::]:5", "0.0.0.0:5"]), ["http://localhost:5"]);
        assert_eq!(local(&["127.0.0.1:1"]), ["http://127.0.0.1:1"]);
        assert_eq!(local(&["192.168.1.20:1"]), [""; 0]);
        let uncovered = situation(&["203.0.113.5:1"]);
        assert_eq!(uncovered.local(&Reach::default()), ["http://203.0.113.5:1"]);
        assert!(uncovered.is_open() && !situation(&["[::1]:1"]).is_open());
    }
}
