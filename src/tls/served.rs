//! What is served: a description of the certificate for those who print, announce or check it.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::SystemTime;

use bytes::Bytes;

/// The certificate that new connections get, without its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// Where it comes from.
    pub source: Source,
    /// DNS names that it covers, in lower case. In one of the user's own the first label may be
    /// `*`.
    pub dns: Vec<String>,
    /// Addresses that it covers.
    pub addresses: Vec<IpAddr>,
    /// From when on it is valid.
    pub not_before: SystemTime,
    /// Until when it is valid, that second included.
    pub not_after: SystemTime,
    /// Names and addresses that were wanted but are not covered, as text.
    pub left_out: Vec<String>,
    /// Who vouches for it, unless it is the user's own.
    pub authority: Option<Authority>,
    /// SHA-256 of the certificate, in hexadecimal pairs with colons.
    pub fingerprint: String,
}

/// Where a certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Made here; the file with certificate and key, or none if both are in memory only.
    Made(Option<PathBuf>),
    /// The user's own; the file with its chain.
    Own(PathBuf),
}

/// The local authority, as devices that trust it see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// What it is called in a device's list.
    pub name: String,
    /// Its certificate in DER (RFC 5280 section 4.1).
    pub der: Bytes,
    /// SHA-256 of that, in hexadecimal pairs with colons.
    pub fingerprint: String,
    /// From when on it is valid.
    pub not_before: SystemTime,
    /// Until when it is valid.
    pub not_after: SystemTime,
    /// Its certificate as a file for devices, without the key; none if it is in memory only.
    pub file: Option<PathBuf>,
}

impl Served {
    /// Whether a browser takes it for this name (RFC 9525 section 6.3: case is ignored, and `*`
    /// stands for a whole first label and nothing else).
    pub fn covers_name(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let parent = name
            .split_once('.')
            .filter(|(first, parent)| !first.is_empty() && parent.contains('.'));
        self.dns
            .iter()
            .any(|covered| match covered.strip_prefix("*.") {
                Some(domain) => parent.is_some_and(|(_, parent)| parent == domain),
                None => *covered == name,
            })
    }

    /// Whether a browser takes it for this address.
    pub fn covers_address(&self, address: IpAddr) -> bool {
        self.addresses.contains(&address.to_canonical())
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn served(dns: &[&str], addresses: &[&str]) -> Served {
        Served {
            source: Source::Made(None),
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
    fn a_wildcard_stands_for_one_whole_label() {
        let served = served(
            &[
                "*.example.com",
                "parlor.local",
                "f*.example.org",
                "*.net",
                "*",
            ],
            &[],
        );
        for name in [
            "a.example.com",
            "A.Example.COM.",
            "parlor.local",
            "Parlor.local.",
        ] {
            assert!(served.covers_name(name), "{name}");
        }
        for name in [
            "example.com",
            "a.b.example.com",
            ".example.com",
            "foo.example.org",
            "a.net",
            "net",
            "local",
            "",
        ] {
            assert!(!served.covers_name(name), "{name}");
        }
    }

    #[test]
    fn an_address_is_covered_as_an_address_only() {
        let served = served(&["10.0.0.1", "*.0.0.2"], &["192.168.1.20", "fd00::1"]);
        for (address, wanted) in [
            ("192.168.1.20", true),
            ("::ffff:192.168.1.20", true),
            ("fd00::1", true),
            ("10.0.0.1", false),
            ("10.0.0.2", false),
        ] {
            assert_eq!(
                served.covers_address(address.parse().unwrap()),
                wanted,
                "{address}"
            );
        }
    }
}
