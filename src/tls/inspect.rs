//! Reading certificates: the few facts of one that matter here.
//!
//! It stands between DER (RFC 5280 section 4.1) and every decision: what is served is described
//! by the certificate itself, not by what was once asked for. Invariant: any bytes may be given.
//! Left out: signatures. What is read here was made here, or is the user's own.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::digest::{SHA256, digest};
use x509_parser::prelude::{FromDer as _, GeneralName, ParsedExtension, X509Certificate};

use crate::config::Network;
use crate::tls::names::Constraints;

/// A certificate's facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Its holder's common name, or the whole distinguished name if there is none.
    pub(super) subject: String,
    pub(crate) not_before: SystemTime,
    pub(crate) not_after: SystemTime,
    /// DNS names in lower case; the first label may be `*`.
    pub(crate) dns: Vec<String>,
    pub(crate) addresses: Vec<IpAddr>,
    /// Whether it may sign others.
    pub(super) is_authority: bool,
    pub(super) constraints: Constraints,
    /// Identifiers of the holder's key and of the key that signed.
    pub(super) key_id: Vec<u8>,
    pub(super) signer_id: Vec<u8>,
    /// SubjectPublicKeyInfo in DER.
    pub(super) public_key: Vec<u8>,
    /// SHA-256 of the certificate, as people compare it: pairs of hexadecimal digits with colons.
    pub(super) fingerprint: String,
}

impl Facts {
    /// Reads a certificate in DER; the error says in a few words what is wrong.
    pub(crate) fn read(der: &[u8]) -> Result<Self, &'static str> {
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|_| "not a certificate of X.509")?;
        if !rest.is_empty() {
            return Err("bytes behind a certificate");
        }
        let name = certificate.subject();
        let subject = match name.iter_common_name().next().map(|name| name.as_str()) {
            Some(Ok(name)) => name.to_owned(),
            _ => name.to_string(),
        };
        let validity = certificate.validity();
        let mut facts = Self {
            subject,
            not_before: moment(validity.not_before.timestamp()),
            not_after: moment(validity.not_after.timestamp()),
            dns: Vec::new(),
            addresses: Vec::new(),
            is_authority: false,
            constraints: Constraints::default(),
            key_id: Vec::new(),
            signer_id: Vec::new(),
            public_key: certificate.public_key().raw.to_vec(),
            fingerprint: fingerprint(der),
        };
        for extension in certificate.extensions() {
            facts.extend(extension.parsed_extension())?;
        }
        Ok(facts)
    }

    fn extend(&mut self, extension: &ParsedExtension<'_>) -> Result<(), &'static str> {
        match extension {
            ParsedExtension::SubjectAlternativeName(names) => {
                for name in &names.general_names {
                    match name {
                        GeneralName::DNSName(name) => self.dns.push(name.to_ascii_lowercase()),
                        GeneralName::IPAddress(bytes) => self.addresses.extend(address(bytes)),
                        _ => {}
                    }
                }
            }
            ParsedExtension::BasicConstraints(basic) => self.is_authority = basic.ca,
            ParsedExtension::SubjectKeyIdentifier(id) => self.key_id = id.0.to_vec(),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                self.signer_id = id
                    .key_identifier
                    .as_ref()
                    .map_or_else(Vec::new, |id| id.0.to_vec());
            }
            ParsedExtension::NameConstraints(names) => {
                for subtree in names.permitted_subtrees.iter().flatten() {
                    match &subtree.base {
                        GeneralName::DNSName(name) => {
                            self.constraints.domains.push(name.to_ascii_lowercase());
                        }
                        GeneralName::IPAddress(bytes) => {
                            let network =
                                network(bytes).ok_or("a constraint that is no network")?;
                            self.constraints.networks.push(network);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

pub(crate) fn fingerprint(der: &[u8]) -> String {
    let pairs: Vec<String> = digest(&SHA256, der)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    pairs.join(":")
}

fn moment(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let moment = if seconds < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    };
    moment.unwrap_or(UNIX_EPOCH)
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}

/// An address with its mask behind it (RFC 5280 section 4.2.1.10).
fn network(bytes: &[u8]) -> Option<Network> {
    let (base, mask) = bytes.split_at_checked(bytes.len() / 2)?;
    let ones: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    // Ones up to somewhere and zeros from there on: a byte is never more than the one before it,
    // and in itself of that form.
    let prefix = mask.is_sorted_by(|left, right| left >= right)
        && mask
            .iter()
            .all(|byte| byte.leading_ones() == byte.count_ones())
        && mask.iter().filter(|byte| !matches!(byte, 0 | 255)).count() <= 1;
    let base = address(base)?;
    prefix.then(|| Network::parse(&format!("{base}/{ones}")))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_address_and_a_mask_without_holes() {
        let wide = network(&[10, 0, 0, 0, 255, 0, 0, 0]);
        assert_eq!(wide, Network::parse("10.0.0.0/8"));
        let narrow = network(&[172, 16, 0, 0, 255, 240, 0, 0]);
        assert_eq!(narrow, Network::parse("172.16.0.0/12"));
        let mut six = [0; 32];
        (six[0], six[1], six[16], six[17]) = (0xfe, 0x80, 0xff, 0xc0);
        assert_eq!(network(&six), Network::parse("fe80::/10"));
        for broken in [
            &[10, 0, 0, 0, 0, 255, 0, 0][..],
            &[10, 0, 0, 0, 255, 0, 255, 0],
            &[10, 0, 0, 0, 255, 15, 0, 0],
            &[10, 0, 0, 0, 254, 128, 0, 0],
            &[10, 0, 0, 0, 255],
            &[10, 0, 0, 0],
            &[],
        ] {
            assert_eq!(network(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn moments_before_the_epoch_are_moments_too() {
        assert_eq!(moment(-1), UNIX_EPOCH - Duration::from_secs(1));
        assert_eq!(moment(1), UNIX_EPOCH + Duration::from_secs(1));
    }

    #[test]
    fn bytes_that_are_no_certificate_are_refused() {
        for bytes in [
            &b""[..],
            b"\x30",
            b"\x30\x80",
            b"\x30\x84\xff\xff\xff\xff",
            &[0x30; 300],
        ] {
            assert!(Facts::read(bytes).is_err());
        }
    }

    #[test]
    fn a_fingerprint_is_pairs_with_colons() {
        let empty = "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55";
        assert_eq!(fingerprint(b""), empty);
    }
}
