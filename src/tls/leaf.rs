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
//! | a name or an address is wanted that is not covered | browsers would refuse it there |
//! | two thirds of its life are over | there is time left to notice if it fails |
//! | the clock is outside of its life | the clock was wrong when it was made, or has been stopped for long |
//!
//! Two cases that are *not* due: a name or an address that is not there any more, because links go
//! down and come back, and who went on past a browser's warning would see it again with each new
//! certificate (the next one is without it); and a clock from before the authority's beginning,
//! which is known to be wrong and so tells nothing about a certificate that exists.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::tls::acceptor::certified;
use crate::tls::authority::Authority;
use crate::tls::error::TlsError;
use crate::tls::inspect::Facts;
use crate::tls::issue;
use crate::tls::key::Key;
use crate::tls::names::Names;

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
    /// A name or an address that is not covered.
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
            Self::Names => "it does not cover a name or an address",
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
        let (key, secret) = Key::generate()?;
        let life = validity(&authority.facts, now);
        let certificate = authority.sign("Parlor", names, life, &key.public())?;
        let pem = issue::text(&certificate, secret.secret_pkcs8_der());
        let leaf = Self::new(certificate.into(), secret.into());
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
        let key = certified(vec![certificate], key, &facts)
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
    let covers_name = |name| leaf.dns.contains(name);
    let covers_address = |address| leaf.addresses.contains(address);
    if !names.dns.iter().all(covers_name) || !names.addresses.iter().all(covers_address) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dns: &str, address: [u8; 4]) -> Names {
        Names {
            dns: [dns.to_owned()].into(),
            addresses: [address.into()].into(),
        }
    }

    #[test]
    fn every_row_of_the_table_is_a_reason() {
        let authority = Authority::make(None, false).unwrap().0;
        let other = Authority::make(None, false).unwrap().0;
        let beginning = authority.facts.not_before;
        let now = beginning + 700 * EARLIER;
        let home = names("parlor.local", [10, 0, 0, 1]);
        let leaf = Leaf::make(&authority, &home, now).unwrap().0.facts;
        let due = |names: &Names, now| due(&leaf, &authority.facts, names, now);

        assert_eq!(due(&home, now), None);
        assert_eq!(
            super::due(&leaf, &other.facts, &home, now),
            Some(Due::Authority)
        );
        let renamed = names("parlor-2.local", [10, 0, 0, 1]);
        assert_eq!(due(&renamed, now), Some(Due::Names));
        let moved = names("parlor.local", [10, 0, 0, 2]);
        assert_eq!(due(&moved, now), Some(Due::Names));
        assert_eq!(
            due(&Names::default(), now),
            None,
            "what is gone may come back"
        );

        let second = Duration::from_secs(1);
        assert_eq!(due(&home, leaf.not_before), None);
        assert_eq!(due(&home, leaf.not_before - second), Some(Due::Clock));
        let two_thirds = leaf.not_before + (LIFE / 3) * 2;
        assert_eq!(due(&home, two_thirds - second), None);
        assert_eq!(due(&home, two_thirds), Some(Due::Age));
        assert_eq!(due(&home, leaf.not_after), Some(Due::Age));
        assert_eq!(due(&home, leaf.not_after + second), Some(Due::Clock));
        assert_eq!(
            due(&home, beginning - second),
            None,
            "a wrong clock tells nothing"
        );
    }

    #[test]
    fn the_last_certificate_of_an_authority_is_not_due() {
        let authority = Authority::make(None, false).unwrap().0;
        let home = names("parlor.local", [10, 0, 0, 1]);
        let end = authority.facts.not_after;
        for now in [end - 2 * EARLIER, end, end + 2 * EARLIER] {
            let leaf = Leaf::make(&authority, &home, now).unwrap().0.facts;
            assert_eq!(leaf.not_after, end);
            assert_eq!(due(&leaf, &authority.facts, &home, now), None);
            assert_eq!(due(&leaf, &authority.facts, &home, end + EARLIER), None);
        }
    }
}
