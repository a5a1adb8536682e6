//! Names: what a certificate should cover, and what the local authority may vouch for.
//!
//! It stands before every certificate that is made here. Rules: RFC 5280 section 4.2.1.10 (name
//! constraints; a domain is written without a leading dot and permits itself and everything below
//! it), RFC 1918, RFC 4193, RFC 3927 and RFC 4291 (the networks of a home).
//!
//! The trap is this machine's own name. A constraint `kitchen` would permit everything below
//! `.kitchen`, which is a public top-level domain, as are `.dev`, `.media`, `.cloud` and `.tv`. So
//! a name of one label is permitted only if no top-level domain can be called so, and one of
//! several only below a suffix that is never public.
//!
//! Invariant: everything in [`Names`] that goes through [`Constraints::choose`] is well-formed and
//! permitted, because one name that is not makes browsers refuse the certificate for all of them.
//! Left out: excluded subtrees, which the authorities made here never have.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::Network;
pub(super) use crate::tls::wanted::Names;

/// Names in one certificate at most: a machine with more addresses is a router or a mistake, and
/// the certificate goes over the wire with each handshake.
pub const MAX_NAMES: usize = 100;

/// The networks of a home, and the machine itself.
pub(super) const HOME_NETWORKS: [&str; 8] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "fd00::/8",
    "fe80::/10",
    "::1/128",
];

/// Suffixes that are never delegated to anybody in the public name system: RFC 6762, RFC 8375,
/// what ICANN keeps for private use, and what most home routers call their network.
const PRIVATE_SUFFIXES: [&str; 4] = [".local", ".home.arpa", ".internal", ".lan"];

impl Names {
    /// These and the machine's own: `localhost`, `127.0.0.1` and `::1`.
    pub(super) fn with_this_machine(&self) -> Self {
        let mut names = self.clone();
        names.dns.insert("localhost".to_owned());
        names.addresses.insert(Ipv4Addr::LOCALHOST.into());
        names.addresses.insert(Ipv6Addr::LOCALHOST.into());
        names
    }

    pub(super) fn len(&self) -> usize {
        self.dns.len() + self.addresses.len()
    }
}

/// What an authority may vouch for. An empty list permits everything of its kind, as in the
/// certificate (RFC 5280: a kind of name that is not named is not restricted).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Constraints {
    /// Domains, each with everything below it.
    pub(super) domains: Vec<String>,
    /// Blocks of addresses.
    pub(super) networks: Vec<Network>,
}

/// Names sorted by whether a certificate gets them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) taken: Names,
    /// The others as text, in order.
    pub(super) left_out: Vec<String>,
}

impl Constraints {
    /// Those of a home with this machine in it.
    pub(super) fn home(host: Option<&str>) -> Self {
        let mut domains = vec!["local".to_owned(), "localhost".to_owned()];
        domains.extend(host.and_then(own_domain));
        let networks = HOME_NETWORKS.iter().filter_map(|text| Network::parse(text));
        Self {
            domains,
            networks: networks.collect(),
        }
    }

    fn permits_name(&self, name: &str) -> bool {
        self.domains.is_empty() || self.domains.iter().any(|domain| is_below(name, domain))
    }

    fn permits_address(&self, address: IpAddr) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|net| net.contains(address))
    }

    /// Those of the names that a certificate may have, [`MAX_NAMES`] at most: names first, then
    /// IPv4, then IPv6.
    pub(super) fn choose(&self, names: &Names) -> Choice {
        let mut choice = Choice::default();
        for name in &names.dns {
            let fits = choice.taken.len() < MAX_NAMES;
            if fits && is_host_name(name) && self.permits_name(name) {
                choice.taken.dns.insert(name.clone());
            } else {
                choice.left_out.push(name.clone());
            }
        }
        for address in &names.addresses {
            // An IPv4 address in IPv6's form would be judged by the networks of IPv6.
            let address = address.to_canonical();
            let fits = choice.taken.len() < MAX_NAMES;
            if fits && self.permits_address(address) {
                choice.taken.addresses.insert(address);
            } else {
                choice.left_out.push(address.to_string());
            }
        }
        choice
    }
}

/// The domain of this machine's own, if it can be nobody else's.
fn own_domain(host: &str) -> Option<String> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if !is_host_name(&host) || is_below(&host, "localhost") {
        return None;
    }
    let private = if host.contains('.') {
        // `.local` is permitted as a whole.
        !host.ends_with(".local") && PRIVATE_SUFFIXES.iter().any(|end| host.ends_with(end))
    } else {
        // Top-level domains are letters only, or begin with `xn--`. `raspberrypi`, what a
        // Raspberry Pi is called until somebody renames it, is none and too long to become one.
        let unlike_a_domain = host.bytes().any(|byte| !byte.is_ascii_lowercase());
        host == "raspberrypi" || (unlike_a_domain && !host.starts_with("xn--"))
    };
    private.then_some(host)
}

/// Whether a name is the domain itself or below it.
fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Letters, digits and hyphens in labels of up to 63 (RFC 1123 section 2.1), in lower case, and not
/// what looks like an IPv4 address.
fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253
        && name.split('.').all(label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn names(dns: &[&str], addresses: &[&str]) -> Names {
        Names {
            dns: dns.iter().map(|&name| name.to_owned()).collect(),
            addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
        }
    }

    #[test]
    fn a_host_name_that_could_be_a_public_domain_is_no_constraint() {
        for host in [
            "kitchen",
            "dev",
            "TV",
            "cloud",
            "xn--p1ai",
            "xn--3e0b707e",
            "nas.example.com",
        ] {
            assert_eq!(own_domain(host), None, "{host}");
        }
        for host in [
            "localhost",
            "a.localhost",
            "4000",
            "pi_4",
            "",
            "-pi",
            "kitchen..lan",
            "parlor.local",
        ] {
            assert_eq!(own_domain(host), None, "{host}");
        }
    }

    #[test]
    fn a_host_name_that_is_nobody_elses_is_a_constraint() {
        for (host, domain) in [
            ("kitchen-pi", "kitchen-pi"),
            ("Pi4", "pi4"),
            ("raspberrypi", "raspberrypi"),
            ("nas.lan", "nas.lan"),
            ("nas.lan.", "nas.lan"),
            ("box.home.arpa", "box.home.arpa"),
            ("box.site.internal", "box.site.internal"),
        ] {
            assert_eq!(own_domain(host).as_deref(), Some(domain));
        }
    }

    #[test]
    fn what_lies_outside_of_the_home_is_left_out() {
        let wanted = names(
            &[
                "parlor.local",
                "localhost",
                "pi4",
                "a.pi4",
                "mypi4",
                "notlocal",
                "example.com",
            ],
            &[
                "192.168.1.20",
                "172.32.0.1",
                "172.31.0.1",
                "8.8.8.8",
                "fd12::1",
                "fc12::1",
                "fe80::1",
                "2001:db8::1",
                "::1",
            ],
        );
        let choice = Constraints::home(Some("pi4")).choose(&wanted);
        let taken = names(
            &["parlor.local", "localhost", "pi4", "a.pi4"],
            &["192.168.1.20", "172.31.0.1", "fd12::1", "fe80::1", "::1"],
        );
        assert_eq!(choice.taken, taken);
        assert_eq!(
            choice.left_out,
            [
                "example.com",
                "mypi4",
                "notlocal",
                "8.8.8.8",
                "172.32.0.1",
                "2001:db8::1",
                "fc12::1"
            ]
        );
    }

    #[test]
    fn an_ipv4_address_in_the_form_of_ipv6_is_one_of_ipv4() {
        let wanted = names(&[], &["::ffff:192.168.1.20", "::ffff:8.8.8.8"]);
        let choice = Constraints::home(None).choose(&wanted);
        assert_eq!(choice.taken, names(&[], &["192.168.1.20"]));
        assert_eq!(choice.left_out, ["8.8.8.8"]);
    }

    #[test]
    fn without_constraints_every_well_formed_name_is_taken() {
        let wanted = names(
            &["example.com", "no_name", "*.local", "10.1.2.3", "UPPER"],
            &["8.8.8.8"],
        );
        let choice = Constraints::default().choose(&wanted);
        assert_eq!(choice.taken, names(&["example.com"], &["8.8.8.8"]));
        assert_eq!(choice.left_out, ["*.local", "10.1.2.3", "UPPER", "no_name"]);
    }

    #[test]
    fn a_certificate_has_a_bounded_number_of_names() {
        let many: BTreeSet<IpAddr> = (0..500_u32)
            .map(|n| Ipv4Addr::from_bits(0x0a00_0000 + n).into())
            .collect();
        let wanted = Names {
            addresses: many,
            ..names(&["parlor.local"], &[])
        };
        let choice = Constraints::home(None).choose(&wanted);
        assert!(choice.taken.dns.contains("parlor.local"));
        assert_eq!(
            (choice.taken.len(), choice.left_out.len()),
            (MAX_NAMES, 401)
        );
    }
}
