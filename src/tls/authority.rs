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

use std::time::Duration;

use bytes::Bytes;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::tls::error::TlsError;
use crate::tls::inspect::Facts;
use crate::tls::names::{Constraints, HOME_NETWORKS};
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
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate in DER.
    pub(super) der: Bytes,
    pub(super) facts: Facts,
}

impl Authority {
    /// Makes one for this machine, and the text for the store (RFC 7468), which is a secret.
    pub(super) fn make(
        host: Option<&str>,
        unconstrained: bool,
    ) -> Result<(Self, String), TlsError> {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, subject(host)?);
        params.serial_number = Some(random::serial()?);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.not_before = date_time_ymd(1970, 1, 1) + NOT_BEFORE;
        params.not_after = params.not_before + LIFE;
        if !unconstrained {
            let Constraints { domains, .. } = Constraints::home(host);
            let domains = domains.into_iter().map(GeneralSubtree::DnsName);
            let networks = HOME_NETWORKS
                .iter()
                .filter_map(|text| text.parse::<CidrSubnet>().ok())
                .map(GeneralSubtree::IpAddress);
            params.name_constraints = Some(NameConstraints {
                permitted_subtrees: domains.chain(networks).collect(),
                excluded_subtrees: Vec::new(),
            });
        }
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let pem = certificate.pem() + &key.serialize_pem();
        let authority = Self::new(certificate.der(), key);
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
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| "there is no key in it")?;
        let key = KeyPair::try_from(&key).map_err(|_| "its key cannot be used")?;
        Self::new(&certificate, key)
    }

    fn new(der: &CertificateDer<'static>, key: KeyPair) -> Result<Self, &'static str> {
        let facts = Facts::read(der)?;
        if !facts.is_authority || facts.key_id.is_empty() {
            return Err("its certificate is not that of an authority");
        }
        if facts.not_after < facts.not_before {
            return Err("its certificate ends before it begins");
        }
        if facts.public_key != rcgen::PublicKeyData::subject_public_key_info(&key) {
            return Err("its key belongs to another certificate");
        }
        let issuer = Issuer::from_ca_cert_der(der, key)
            .map_err(|_| "its certificate is not one that was made here")?;
        let der = Bytes::copy_from_slice(der);
        Ok(Self { issuer, der, facts })
    }

    /// Signs a certificate for this key.
    pub(super) fn sign(
        &self,
        params: &CertificateParams,
        key: &KeyPair,
    ) -> Result<Certificate, TlsError> {
        Ok(params.signed_by(key, &self.issuer)?)
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

    #[test]
    fn an_authority_that_ends_before_it_begins_cannot_be_used() {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.not_before = date_time_ymd(2030, 1, 1);
        params.not_after = date_time_ymd(2029, 1, 1);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem() + &key.serialize_pem();
        let wrong = Authority::read(pem.as_bytes()).err();
        assert_eq!(wrong, Some("its certificate ends before it begins"));
    }
}
