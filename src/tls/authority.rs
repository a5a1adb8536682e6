//! The local authority: who vouches for the certificates made here, so that a device has to trust
//! one thing once.
//!
//! It stands between the store, where its key lies, and `leaf`, which it signs. Rules: RFC 5280
//! sections 4.2.1.3 (key usage), 4.2.1.9 (it signs no other authorities) and 4.2.1.10: its name
//! constraints are critical, so whoever trusts it risks nothing outside of this network even if its
//! key is stolen. Its beginning is a constant, because the clock of a board without a battery may
//! be anywhere when it is made.
//!
//! Invariant: the key leaves this file only as the text for the store. Left out: revocation (nobody
//! could be asked, and a leaf does not live long) and successors: twenty years are enough.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::tls::error::TlsError;
use crate::tls::inspect::Facts;
use crate::tls::issue::{self, Content};
use crate::tls::key::Key;
use crate::tls::names::{Constraints, Names};
use crate::tls::random;

/// 2025-01-01, before this was written.
const NOT_BEFORE: Duration = Duration::from_secs(1_735_689_600);
/// Twenty years, five of them leap years.
const LIFE: Duration = Duration::from_secs(7_305 * 86_400 - 1);
/// Characters of the machine's name in the authority's; a common name has 64 at most (RFC 5280
/// appendix A.1).
const HOST_CHARS: usize = 40;

/// The authority with its key.
pub(super) struct Authority {
    key: Key,
    /// Its certificate in DER.
    pub(super) der: Bytes,
    pub(super) facts: Facts,
}

impl Authority {
    /// Makes one for this machine, and the text for the store, which is a secret.
    pub(super) fn make(
        host: Option<&str>,
        unconstrained: bool,
    ) -> Result<(Self, String), TlsError> {
        let (key, secret) = Key::generate()?;
        let (name, public_key) = (issue::common_name(&subject(host)?), key.public());
        let constraints = if unconstrained {
            Constraints::default()
        } else {
            Constraints::home(host)
        };
        let not_before = UNIX_EPOCH + NOT_BEFORE;
        let certificate = Content {
            issuer: &name,
            subject: &name,
            not_before,
            not_after: not_before + LIFE,
            public_key: &public_key,
            extensions: issue::for_authority(&constraints, &public_key),
        };
        let der = certificate.sign(&key)?;
        let pem = issue::text(&der, secret.secret_pkcs8_der());
        let authority = Self::new(&der, key);
        Ok((
            authority.map_err(|what| TlsError::Making(what.to_owned()))?,
            pem,
        ))
    }

    /// Reads one from the text that [`make`](Self::make) wrote; the error says in a few words what
    /// is wrong.
    pub(super) fn read(pem: &[u8]) -> Result<Self, &'static str> {
        let certificate =
            CertificateDer::from_pem_slice(pem).map_err(|_| "there is no certificate in it")?;
        let key = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| "there is no key in it")?;
        Self::new(&certificate, Key::read(key.secret_pkcs8_der())?)
    }

    fn new(der: &[u8], key: Key) -> Result<Self, &'static str> {
        let facts = Facts::read(der)?;
        if !facts.is_authority || facts.key_id.is_empty() {
            return Err("its certificate is not that of an authority");
        }
        if facts.not_after < facts.not_before {
            return Err("its certificate ends before it begins");
        }
        if facts.public_key != key.public() {
            return Err("its key belongs to another certificate");
        }
        let der = Bytes::copy_from_slice(der);
        Ok(Self { key, der, facts })
    }

    /// Signs a certificate for this name and key. The names that it covers must be permitted.
    pub(super) fn sign(
        &self,
        name: &str,
        names: &Names,
        (not_before, not_after): (SystemTime, SystemTime),
        public_key: &[u8],
    ) -> Result<Vec<u8>, TlsError> {
        let certificate = Content {
            issuer: &self.facts.name,
            subject: &issue::common_name(name),
            not_before,
            not_after,
            public_key,
            extensions: issue::for_leaf(names, &self.facts.key_id, public_key),
        };
        certificate.sign(&self.key)
    }
}

/// What people see in their device's list: where it is from, and a tag to tell two of one machine
/// apart.
fn subject(host: Option<&str>) -> Result<String, TlsError> {
    let [a, b] = random::bytes()?;
    let tag = format!("{a:02x}{b:02x}");
    let host: String = host
        .unwrap_or_default()
        .chars()
        .filter(|char| char.is_ascii_graphic())
        .take(HOST_CHARS)
        .collect();
    Ok(if host.is_empty() {
        format!("Parlor {tag}")
    } else {
        format!("Parlor on {host} ({tag})")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::der::{self, Reader};

    #[test]
    fn an_authority_that_ends_before_it_begins_cannot_be_used() {
        let (key, secret) = Key::generate().unwrap();
        let (name, public_key) = (issue::common_name("x"), key.public());
        let der = Content {
            issuer: &name,
            subject: &name,
            not_before: UNIX_EPOCH + LIFE,
            not_after: UNIX_EPOCH,
            public_key: &public_key,
            extensions: issue::for_authority(&Constraints::default(), &public_key),
        };
        let pem = issue::text(&der.sign(&key).unwrap(), secret.secret_pkcs8_der());
        let wrong = Authority::read(pem.as_bytes()).err();
        assert_eq!(wrong, Some("its certificate ends before it begins"));
    }

    /// The issuer in a certificate, with its tag and length.
    fn issuer(certificate: &[u8]) -> &[u8] {
        let mut outer = Reader::new(certificate).inside(der::SEQUENCE).unwrap();
        let mut parts = outer.inside(der::SEQUENCE).unwrap();
        for tag in [der::explicit(0), der::INTEGER, der::SEQUENCE] {
            parts.expect(tag).unwrap();
        }
        parts.expect(der::SEQUENCE).unwrap().whole
    }

    #[test]
    fn a_name_that_is_written_in_another_way_comes_out_as_it_is() {
        let (key, secret) = Key::generate().unwrap();
        let public_key = key.public();
        // Two parts, neither a common name, one in an older kind of text.
        let part = |kind: u8, tag, text: &[u8]| {
            let kind = der::element(der::OBJECT_IDENTIFIER, &[&[0x55, 0x04, kind]]);
            let text = der::element(tag, &[text]);
            der::element(der::SET, &[&der::element(der::SEQUENCE, &[&kind, &text])])
        };
        let name = der::element(
            der::SEQUENCE,
            &[
                &part(6, der::PRINTABLE_STRING, b"DE"),
                &part(10, 0x14, b"K\xfcche"),
            ],
        );
        let der = Content {
            issuer: &name,
            subject: &name,
            not_before: UNIX_EPOCH,
            not_after: UNIX_EPOCH + LIFE,
            public_key: &public_key,
            extensions: issue::for_authority(&Constraints::default(), &public_key),
        };
        let pem = issue::text(&der.sign(&key).unwrap(), secret.secret_pkcs8_der());
        let authority = Authority::read(pem.as_bytes()).unwrap();
        let dates = (UNIX_EPOCH, UNIX_EPOCH + LIFE);
        let signed = authority
            .sign("x", &Names::default(), dates, &public_key)
            .unwrap();
        assert_eq!(issuer(&signed), name);
        assert_eq!(
            Facts::read(&signed).unwrap().signer_id,
            authority.facts.key_id
        );
    }

    #[test]
    fn a_key_of_another_certificate_is_told() {
        let (one, other) = (
            Authority::make(None, false).unwrap().1,
            Authority::make(None, false).unwrap().1,
        );
        let (certificate, _) = one.split_once("-----BEGIN PRIVATE").unwrap();
        let (_, key) = other.split_once("-----END CERTIFICATE-----\n").unwrap();
        let wrong = Authority::read(format!("{certificate}{key}").as_bytes()).err();
        assert_eq!(wrong, Some("its key belongs to another certificate"));
    }
}
