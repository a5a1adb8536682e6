//! What other devices can open, worked out from what this machine is and has.
//!
//! It stands between the facts (listeners, interfaces, announced names, certificate) and those who
//! tell people about them. Pure: `process::keeper` finds the facts and publishes what comes out.
//!
//! Invariants: with TLS an address or name is told only if the certificate covers it; IPv6 stands
//! in brackets (RFC 3986 section 3.2.2); a scheme's default port is left out; what is best to share
//! comes first.
//!
//! Of several ports people are told the one that need not be typed, if it is among them, or else all but
//! the one that looks like the other scheme's: every port speaks both, but nobody expects HTTPS on port
//! 80. The network is told a port of its own (4000 beside 80 and 443), which stays when the others,
//! that belong to all programs of the machine, are given up. Left out: loopback, which is for this machine
//! only and the banner's to tell.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config::Schemes;
use crate::discovery::Places;
use crate::http::reach::{Authority, Reach, is_on_443};
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
        let own = self.open().find(|port| !matches!(port, 80 | 443));
        own.or_else(|| told(self.scheme(), self.open()).first().copied())
    }

    /// Ports to which other machines can connect.
    fn open(&self) -> impl Iterator<Item = u16> + '_ {
        let open = self.bound.iter().filter(|one| !one.ip().is_loopback());
        open.map(SocketAddr::port)
    }

    /// What others are told to open.
    fn scheme(&self) -> &'static str {
        match self.schemes {
            Schemes::HttpOnly => "http",
            Schemes::Both | Schemes::HttpsOnly => "https",
        }
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
        let scheme = self.scheme();
        let mut addresses = Vec::new();
        for address in self.addresses() {
            if served.is_none_or(|served| served.covers_address(address)) {
                let ports = told(scheme, self.ports(address)).into_iter();
                addresses.extend(ports.map(|port| url(scheme, address, port)));
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
        let port = told(scheme, self.open()).first().copied();
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
            on_443: scheme == "https" && is_on_443(self.bound.iter().copied()),
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
        for ip in self.bound.iter().map(SocketAddr::ip) {
            let here = |other: &&SocketAddr| match ip.is_unspecified() {
                true => other.ip().is_unspecified(),
                false => other.ip() == ip,
            };
            let ports = self.bound.iter().filter(here).map(SocketAddr::port);
            let known = |port| {
                let known = [url("https", ip, port), url("http", ip, port)];
                reach.addresses.iter().any(|url| known.contains(url))
            };
            if !ip.is_unspecified() && ports.clone().any(known) {
                continue;
            }
            for port in told(scheme, ports) {
                let url = match ip.is_unspecified() {
                    true => url(scheme, "localhost", port),
                    false => url(scheme, ip, port),
                };
                if !urls.contains(&url) {
                    urls.push(url);
                }
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

/// Of several ports on one host those that people are told, as the header says.
fn told(scheme: &str, ports: impl Iterator<Item = u16>) -> Vec<u16> {
    let (own, other) = match scheme {
        "http" => (80, 443),
        _ => (443, 80),
    };
    let mut ports: Vec<_> = ports.collect();
    if ports.contains(&own) {
        return vec![own];
    }
    if ports.iter().any(|port| *port != other) {
        ports.retain(|port| *port != other);
    }
    ports
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
mod tests;
