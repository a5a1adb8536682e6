//! Reading certificates: the few facts of one that matter here.
//!
//! It stands between DER (RFC 5280 section 4.1) and every decision: what is served is described
//! by the certificate itself, not by what was once asked for.
//!
//! Invariant: any bytes may be given. Left out: signatures. What is read here was made here, or is
//! the user's own.

use std::net::IpAddr;
use std::time::SystemTime;

use ring::digest::{SHA256, digest};

use crate::config::Network;
use crate::tls::der::{self, Malformed, Reader};
use crate::tls::names::Constraints;
use crate::tls::{oid, time};

/// A certificate's facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Its holder's common name or, if there is none, what else it is called.
    pub(super) subject: String,
    /// The holder's distinguished name in DER.
    pub(super) name: Vec<u8>,
    pub(crate) not_before: SystemTime,
    pub(crate) not_after: SystemTime,
    /// DNS names in lower case; the first label may be `*`.
    pub(crate) dns: Vec<String>,
    pub(crate) addresses: Vec<IpAddr>,
    /// Whether it is of version 3, and has no critical extension that TLS servers' certificates do
    /// not have.
    pub(super) is_usual: bool,
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

impl From<Malformed> for &'static str {
    fn from(_: Malformed) -> Self {
        "not a certificate of X.509"
    }
}

impl Facts {
    /// Reads a certificate in DER; the error says in a few words what is wrong.
    pub(crate) fn read(der: &[u8]) -> Result<Self, &'static str> {
        let mut outer = Reader::new(der);
        let mut parts = outer.inside(der::SEQUENCE)?;
        if outer.end().is_err() {
            return Err("bytes behind a certificate");
        }
        let mut certificate = parts.inside(der::SEQUENCE)?;
        parts.expect(der::SEQUENCE)?;
        parts.expect(der::BIT_STRING)?;
        parts.end()?;

        // In the first version there was none of it; the third is 2.
        let version = certificate.optional(der::explicit(0))?;
        let is_version_3 = version.is_some_and(|one| one.content == [der::INTEGER, 1, 2]);
        certificate.expect(der::INTEGER)?;
        certificate.expect(der::SEQUENCE)?;
        // Its issuer.
        certificate.expect(der::SEQUENCE)?;
        let mut validity = certificate.inside(der::SEQUENCE)?;
        let mut moment = || time::read(validity.next().ok_or(Malformed)??);
        let (not_before, not_after) = (moment()?, moment()?);
        validity.end()?;
        let name = certificate.expect(der::SEQUENCE)?;
        let public_key = certificate.expect(der::SEQUENCE)?;
        // Unique identifiers, which nobody uses.
        certificate.optional(der::implicit(1))?;
        certificate.optional(der::implicit(2))?;
        let extensions = certificate.optional(der::explicit(3))?;
        certificate.end()?;

        let mut facts = Self {
            subject: subject(name.content)?,
            name: name.whole.to_vec(),
            not_before,
            not_after,
            dns: Vec::new(),
            addresses: Vec::new(),
            is_usual: is_version_3,
            is_authority: false,
            constraints: Constraints::default(),
            key_id: Vec::new(),
            signer_id: Vec::new(),
            public_key: public_key.whole.to_vec(),
            fingerprint: fingerprint(der),
        };
        if let Some(extensions) = extensions {
            let mut outer = Reader::new(extensions.content);
            for extension in outer.inside(der::SEQUENCE)? {
                facts.extend(extension?.content)?;
            }
            outer.end()?;
        }
        Ok(facts)
    }

    /// Takes the facts of an extension: its name, whether it is critical, and its value, which is
    /// DER in an octet string.
    fn extend(&mut self, extension: &[u8]) -> Result<(), &'static str> {
        let mut parts = Reader::new(extension);
        let name = parts.content(der::OBJECT_IDENTIFIER)?;
        let critical = parts.optional(der::BOOLEAN)?.is_some();
        let mut value = parts.inside(der::OCTET_STRING)?;
        parts.end()?;
        match name {
            oid::SUBJECT_ALTERNATIVE_NAME => {
                for name in value.inside(der::SEQUENCE)? {
                    let name = name?;
                    match name.tag {
                        oid::DNS_NAME => self.dns.push(domain(name.content)?),
                        oid::IP_ADDRESS => self.addresses.extend(address(name.content)),
                        _ => {}
                    }
                }
            }
            oid::BASIC_CONSTRAINTS => {
                let flag = value.inside(der::SEQUENCE)?.optional(der::BOOLEAN)?;
                self.is_authority = flag.is_some_and(|flag| flag.content == [0xff]);
            }
            oid::SUBJECT_KEY_IDENTIFIER => {
                self.key_id = value.content(der::OCTET_STRING)?.to_vec();
            }
            oid::AUTHORITY_KEY_IDENTIFIER => {
                let id = value.inside(der::SEQUENCE)?.optional(der::implicit(0))?;
                self.signer_id = id.map_or_else(Vec::new, |id| id.content.to_vec());
            }
            oid::NAME_CONSTRAINTS => {
                let permitted = value.inside(der::SEQUENCE)?.optional(der::explicit(0))?;
                for subtree in Reader::new(permitted.map_or(&[], |one| one.content)) {
                    let base = Reader::new(subtree?.content).next().ok_or(Malformed)??;
                    self.permit(base.tag, base.content)?;
                }
            }
            // What the others say does not matter here, nor how.
            oid::KEY_USAGE | oid::EXTENDED_KEY_USAGE | oid::CRL_DISTRIBUTION_POINTS => {
                return Ok(());
            }
            _ => {
                self.is_usual &= !critical;
                return Ok(());
            }
        }
        Ok(value.end()?)
    }

    /// Takes one of the names that an authority may vouch for.
    fn permit(&mut self, tag: u8, name: &[u8]) -> Result<(), &'static str> {
        match tag {
            oid::DNS_NAME => self.constraints.domains.push(domain(name)?),
            oid::IP_ADDRESS => {
                let network = network(name).ok_or("a constraint that is no network")?;
                self.constraints.networks.push(network);
            }
            _ => {}
        }
        Ok(())
    }
}

/// The common name in a distinguished name or, if there is none, all the texts in it.
fn subject(name: &[u8]) -> Result<String, Malformed> {
    let mut texts = Vec::new();
    for set in Reader::new(name) {
        for attribute in Reader::new(set?.content) {
            let mut attribute = Reader::new(attribute?.content);
            let kind = attribute.content(der::OBJECT_IDENTIFIER)?;
            let value = attribute.next().ok_or(Malformed)??;
            attribute.end()?;
            // Of the others nobody says how they are encoded.
            let is_text = matches!(
                value.tag,
                der::UTF8_STRING | der::PRINTABLE_STRING | der::IA5_STRING
            );
            if let (true, Ok(text)) = (is_text, str::from_utf8(value.content)) {
                if kind == oid::COMMON_NAME {
                    return Ok(text.to_owned());
                }
                texts.push(text);
            }
        }
    }
    Ok(texts.join(", "))
}

/// A DNS name in lower case.
fn domain(bytes: &[u8]) -> Result<String, Malformed> {
    match str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Ok(text.to_ascii_lowercase()),
        _ => Err(Malformed),
    }
}

pub(crate) fn fingerprint(der: &[u8]) -> String {
    let mut text = String::new();
    for byte in digest(&SHA256, der).as_ref() {
        let colon = if text.is_empty() { "" } else { ":" };
        text += &format!("{colon}{byte:02X}");
    }
    text
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
    use std::sync::LazyLock;

    use bytes::Bytes;
    use proptest::collection;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::tls::authority::Authority;
    use crate::tls::leaf::Leaf;
    use crate::tls::names::Names;

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

    fn name(attributes: &[(&[u8], u8, &str)]) -> Vec<u8> {
        let attributes = attributes.iter().map(|(kind, tag, text)| {
            let kind = der::element(der::OBJECT_IDENTIFIER, &[kind]);
            let text = der::element(*tag, &[text.as_bytes()]);
            der::element(der::SET, &[&der::element(der::SEQUENCE, &[&kind, &text])])
        });
        attributes.flatten().collect()
    }

    #[test]
    fn somebody_is_called_by_the_common_name_or_by_what_else_there_is() {
        let (country, organisation) = (&[0x55, 0x04, 0x06][..], &[0x55, 0x04, 0x0a][..]);
        let common = oid::COMMON_NAME;
        for (attributes, wanted) in [
            (
                &[
                    (country, der::PRINTABLE_STRING, "DE"),
                    (common, der::UTF8_STRING, "K\u{fc}che"),
                    (common, der::UTF8_STRING, "Bad"),
                ][..],
                Ok("K\u{fc}che"),
            ),
            (
                &[
                    (country, der::PRINTABLE_STRING, "DE"),
                    (organisation, der::UTF8_STRING, "Home"),
                ],
                Ok("DE, Home"),
            ),
            // UTF-16, which is not read.
            (&[(common, 0x1e, "\0K")], Ok("")),
            (&[], Ok("")),
        ] {
            let said = subject(&name(attributes));
            assert_eq!(said.as_deref(), wanted.as_deref());
        }
        assert_eq!(subject(&[der::SET, 2, der::SEQUENCE, 0]), Err(Malformed));
    }

    #[test]
    fn what_was_made_here_is_read_as_it_was_meant() {
        let names = Names {
            dns: ["localhost", "parlor.local"].map(str::to_owned).into(),
            addresses: ["10.0.0.1", "fd00::20"]
                .map(|text| text.parse().unwrap())
                .into(),
        };
        let authority = Authority::make(Some("kitchen-pi"), false).unwrap().0;
        let facts = &authority.facts;
        assert!(facts.is_authority && facts.is_usual);
        assert!(facts.subject.starts_with("Parlor on kitchen-pi ("));
        assert_eq!(facts.constraints, Constraints::home(Some("kitchen-pi")));
        let leaf = Leaf::make(&authority, &names, SystemTime::now())
            .unwrap()
            .0
            .facts;
        assert!(!leaf.is_authority && leaf.is_usual);
        assert_eq!(
            (leaf.subject.as_str(), leaf.signer_id),
            ("Parlor", facts.key_id.clone())
        );
        assert!(leaf.dns.iter().eq(&names.dns));
        assert!(leaf.addresses.iter().eq(&names.addresses));
    }

    proptest! {
        #[test]
        fn any_bytes_may_be_given(
            bytes: Vec<u8>,
            changes in collection::vec((any::<Index>(), any::<u8>()), 1..6),
        ) {
            static GOOD: LazyLock<Bytes> = LazyLock::new(|| {
                Authority::make(Some("kitchen-pi"), false).unwrap().0.der
            });
            let _ = Facts::read(&bytes);
            let mut changed = GOOD.to_vec();
            for (place, byte) in changes {
                let place = place.index(changed.len());
                changed[place] = byte;
                let _ = Facts::read(&changed);
            }
            // Whatever its length says, a part is not the whole.
            prop_assert!(Facts::read(&GOOD[..GOOD.len() - 1]).is_err());
        }
    }
}
