//! The certificate that is made here: authority, leaf, and where both are kept.

use std::sync::Arc;
use std::time::SystemTime;

use tokio_rustls::rustls::sign::CertifiedKey;

use crate::tls::authority::Authority;
use crate::tls::error::TlsError;
use crate::tls::inspect::fingerprint;
use crate::tls::leaf::{self, Leaf};
use crate::tls::names::{Choice, Names};
use crate::tls::served::{self, Served, Source};

/// Authority and leaf.
pub(super) struct Local {
    authority: Authority,
    leaf: Leaf,
    left_out: Vec<String>,
}

impl Local {
    pub(super) fn open(
        host: Option<&str>,
        unconstrained: bool,
        names: &Names,
        now: SystemTime,
    ) -> Result<Self, TlsError> {
        let (authority, _) = Authority::make(host, unconstrained)?;
        let Choice { taken, left_out } = authority
            .facts
            .constraints
            .choose(&names.with_this_machine());
        let (leaf, _) = Leaf::make(&authority, &taken, now)?;
        Ok(Self {
            authority,
            leaf,
            left_out,
        })
    }

    pub(super) fn refresh(&mut self, names: &Names, now: SystemTime) -> Result<(), TlsError> {
        let choice = self
            .authority
            .facts
            .constraints
            .choose(&names.with_this_machine());
        if leaf::due(&self.leaf.facts, &self.authority.facts, &choice.taken, now).is_some() {
            self.leaf = Leaf::make(&self.authority, &choice.taken, now)?.0;
        }
        self.left_out = choice.left_out;
        Ok(())
    }

    pub(super) fn key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.leaf.key)
    }

    pub(super) fn served(&self) -> Served {
        let (facts, authority) = (&self.leaf.facts, &self.authority);
        Served {
            source: Source::Made(None),
            dns: facts.dns.clone(),
            addresses: facts.addresses.clone(),
            not_before: facts.not_before,
            not_after: facts.not_after,
            left_out: self.left_out.clone(),
            authority: Some(served::Authority {
                name: authority.facts.subject.clone(),
                der: authority.der.clone(),
                fingerprint: fingerprint(&authority.der),
                not_before: authority.facts.not_before,
                not_after: authority.facts.not_after,
                file: None,
            }),
            fingerprint: fingerprint(&self.leaf.key.cert[0]),
        }
    }
}
