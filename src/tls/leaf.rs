//! The certificate that is served when it is made here, and the question whether it is time for
//! another.
//!
//! Rules: RFC 5280; at most 397 days, since browsers refuse longer ones. A day of that lies in the
//! past, for devices whose clock is behind. What is due is a pure function, so that every clock
//! there may be can be tried.
//!
//! | it is due when | because |
//! |---|---|
//! | another authority signs now | devices trust that one |
//! | a name is wanted or not wanted any more, or an address is not covered | browsers would refuse it, or it claims a name that another machine has now |
//! | two thirds of its life are over | there is time left to notice if it fails |
//! | the clock is outside of its life | the clock was wrong when it was made, or has been stopped for long |
//!
//! Two cases that are *not* due: an address that is not there any more, because links go down and
//! come back, and who went on past a browser's warning would see it again with each new
//! certificate; and a clock from before the authority's beginning, which is known to be wrong and
//! so tells nothing about a certificate that exists.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType,
    date_time_ymd,
};
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;

use crate::tls::acceptor::provider;
use crate::tls::authority::Authority;
use crate::tls::error::TlsError;
use crate::tls::inspect::Facts;
use crate::tls::names::Names;
use crate::tls::random;

/// How much of its life lies in the past when it is made.
pub(super) const EARLIER: Duration = Duration::from_secs(86_400);
/// From its first second to its last.
const LIFE: Duration = Duration::from_secs(397 * 86_400 - 1);

/// A certificate with its key, ready to be served.
#[derive(Clone)]
pub(super) struct Leaf {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) facts: Facts,
}

/// Why another certificate is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// There is none.
    Nothing,
    /// Another authority.
    Authority,
    /// Other names or addresses.
    Names,
    /// Two thirds of its life are over.
    Age,
    /// The clock is outside of its life.
    Clock,
}

impl Due {
    pub(super) fn why(self) -> &'static str {
        match self {
            Self::Nothing => "there is none",
            Self::Authority => "another authority signs now",
            Self::Names => "names or addresses have changed",
            Self::Age => "two thirds of the last one's life are over",
            Self::Clock => "the clock is outside of the last one's life",
        }
    }
}

impl Leaf {
    /// Makes one, and the text for the store, which is a secret. The names must be permitted.
    pub(super) fn make(
        authority: &Authority,
        names: &Names,
        now: SystemTime,
    ) -> Result<(Self, String), TlsError> {
        let (not_before, not_after) = validity(&authority.facts, now);
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Parlor");
        params.serial_number = Some(random::serial()?);
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.not_before = date_time_ymd(1970, 1, 1) + since_epoch(not_before);
        params.not_after = date_time_ymd(1970, 1, 1) + since_epoch(not_after);
        for name in &names.dns {
            let name = name.as_str().try_into()?;
            params.subject_alt_names.push(SanType::DnsName(name));
        }
        let addresses = names.addresses.iter().copied().map(SanType::IpAddress);
        params.subject_alt_names.extend(addresses);

        let key = KeyPair::generate()?;
        let certificate = authority.sign(&params, &key)?;
        let pem = certificate.pem() + &key.serialize_pem();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let leaf = Self::new(certificate.into(), key.into());
        Ok((leaf.map_err(|what| TlsError::Making(what.to_owned()))?, pem))
    }

    /// Reads one from the text that [`make`](Self::make) wrote; the error says in a few words what
    /// is wrong.
    pub(super) fn read(pem: &[u8]) -> Result<Self, &'static str> {
        let certificate =
            CertificateDer::from_pem_slice(pem).map_err(|_| "there is no certificate in it")?;
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| "there is no key in it")?;
        Self::new(certificate, key)
    }

    fn new(
        certificate: CertificateDer<'static>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, &'static str> {
        let facts = Facts::read(&certificate)?;
        let key = CertifiedKey::from_der(vec![certificate], key, &provider())
            .map_err(|_| "its key cannot be used or belongs to another certificate")?;
        Ok(Self {
            key: Arc::new(key),
            facts,
        })
    }
}

/// From a day before to [`LIFE`] after that, within the authority's life.
fn validity(authority: &Facts, now: SystemTime) -> (SystemTime, SystemTime) {
    let now = now.clamp(authority.not_before, authority.not_after);
    let not_before = (now - EARLIER).max(authority.not_before);
    let not_after = (not_before + LIFE).min(authority.not_after);
    (not_before, not_after)
}

/// Why a certificate is to be replaced, if it is. `names` are those that it could have.
pub(super) fn due(leaf: &Facts, authority: &Facts, names: &Names, now: SystemTime) -> Option<Due> {
    if leaf.signer_id != authority.key_id {
        return Some(Due::Authority);
    }
    let same_names =
        leaf.dns.len() == names.dns.len() && leaf.dns.iter().all(|name| names.dns.contains(name));
    let covered = |address| leaf.addresses.contains(address);
    if !same_names || !names.addresses.iter().all(covered) {
        return Some(Due::Names);
    }
    if now < authority.not_before {
        return None;
    }
    if now < leaf.not_before {
        return Some(Due::Clock);
    }
    if leaf.not_after >= authority.not_after {
        // Another one would end no later.
        return None;
    }
    let life = leaf.not_after.duration_since(leaf.not_before);
    let age = now.duration_since(leaf.not_before);
    let (life, age) = (life.unwrap_or_default(), age.unwrap_or_default());
    if age > life {
        Some(Due::Clock)
    } else if age >= life / 3 * 2 {
        Some(Due::Age)
    } else {
        None
    }
}

fn since_epoch(moment: SystemTime) -> Duration {
    let seconds = moment
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    Duration::from_secs(seconds)
}
