//! The certificate that is made here: authority, leaf, and when which of them is made or read.
//!
//! It stands between the handle in `mod` and the parts: `names` says what may be in a leaf, `leaf`
//! when one is due, `store` where both lie. A refresh is: take up what another process has written
//! if it fits, else make what is due.
//!
//! Invariants: trouble with files never takes away what is served, and is told once for each
//! change; an authority that is there is never replaced. An authority whose file vanishes stays in
//! memory until the end of the process, because devices may trust it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::sign::CertifiedKey;

use crate::config;
use crate::tls::authority::Authority;
use crate::tls::error::TlsError;
use crate::tls::files::Stamp;
use crate::tls::leaf::{self, Due, Leaf};
use crate::tls::names::{Choice, Names};
use crate::tls::served::{self, Served, Source};
use crate::tls::store::Store;

/// Authority and leaf.
pub(super) struct Local {
    store: Option<Store>,
    /// The files as they were before they were last read.
    stamps: [Option<Stamp>; 2],
    authority: Authority,
    leaf: Leaf,
    left_out: Vec<String>,
}

/// What is in the store in place of what was last read there.
enum Found {
    Unchanged,
    Leaf(Box<Leaf>),
    /// Nothing that can be used.
    Nothing,
}

impl Local {
    /// Reads both, or makes what is not there.
    pub(super) fn open(
        settings: &config::Tls,
        host: Option<&str>,
        names: &Names,
        now: SystemTime,
    ) -> Result<Self, TlsError> {
        let store = settings.state_dir.as_deref();
        let store = store.map(|directory| Store::new(directory, settings.unconstrained));
        let mut stamps = store.as_ref().map(Store::stamps).unwrap_or_default();
        let authority = match &store {
            Some(store) => {
                let (authority, made) = store.authority_or_new(host, settings.unconstrained)?;
                stamps[0] = made.or(stamps[0]);
                authority
            }
            None => Authority::make(host, settings.unconstrained)?.0,
        };
        let Choice { taken, left_out } = choose(&authority, names);
        let mut found = None;
        if let Some(store) = &store {
            found = store.usable_leaf()?;
            told(store.put_for_devices(&authority));
        }
        let due = found.as_ref().map_or(Some(Due::Nothing), |leaf| {
            leaf::due(&leaf.facts, &authority.facts, &taken, now)
        });
        let leaf = match (found, due) {
            (Some(leaf), None) => leaf,
            (found, due) => {
                let now = reckoned(&authority, found.as_ref(), now);
                let due = due.unwrap_or(Due::Nothing);
                let (leaf, written) = make(&authority, &taken, now, due, store.as_ref())?;
                stamps[1] = written.or(stamps[1]);
                leaf
            }
        };
        tell_left_out(&left_out);
        Ok(Self {
            store,
            stamps,
            authority,
            leaf,
            left_out,
        })
    }

    /// Both as they are in the store now.
    fn stored(store: Store, authority: Authority, leaf: Leaf, names: &Names) -> Self {
        Self {
            stamps: store.stamps(),
            store: Some(store),
            left_out: choose(&authority, names).left_out,
            authority,
            leaf,
        }
    }

    /// Reads both without making anything; none if one of them is not there.
    pub(super) fn look(store: Store, names: &Names) -> Result<Option<Self>, TlsError> {
        let Some(authority) = store.authority()? else {
            return Ok(None);
        };
        let Some(leaf) = store.leaf()? else {
            return Ok(None);
        };
        let leaf = leaf.map_err(|what| TlsError::Unreadable {
            path: store.leaf.clone(),
            cause: io::Error::other(what),
        })?;
        Ok(Some(Self::stored(store, authority, leaf, names)))
    }

    /// Makes and writes another leaf for the names of the one in the store, or for these if there
    /// is none; none if there is no authority.
    pub(super) fn renew(
        store: Store,
        names: &Names,
        now: SystemTime,
    ) -> Result<Option<Self>, TlsError> {
        let Some(authority) = store.authority()? else {
            return Ok(None);
        };
        let found = store.usable_leaf()?;
        let kept = found.as_ref().map(|leaf| Names {
            dns: leaf.facts.dns.iter().cloned().collect(),
            addresses: leaf.facts.addresses.iter().copied().collect(),
        });
        let taken = choose(&authority, kept.as_ref().unwrap_or(names)).taken;
        let now = reckoned(&authority, found.as_ref(), now);
        let (leaf, pem) = Leaf::make(&authority, &taken, now)?;
        store.put_leaf(&pem)?;
        Ok(Some(Self::stored(store, authority, leaf, names)))
    }

    /// Whether the files are as they were, and nothing is due or to be told.
    pub(super) fn is_settled(&self, names: &Names, now: SystemTime) -> bool {
        let stamps = self.store.as_ref().map(Store::stamps).unwrap_or_default();
        let Choice { taken, left_out } = choose(&self.authority, names);
        stamps == self.stamps
            && left_out == self.left_out
            && leaf::due(&self.leaf.facts, &self.authority.facts, &taken, now).is_none()
    }

    /// Takes up what another process has written and makes what is due. With `anyway` the files are
    /// read whatever their dates.
    pub(super) fn refresh(
        &mut self,
        names: &Names,
        now: SystemTime,
        anyway: bool,
    ) -> Result<(), TlsError> {
        let stamps = self.store.as_ref().map(Store::stamps).unwrap_or_default();
        let changed = [0, 1].map(|file| anyway || stamps[file] != self.stamps[file]);
        self.stamps = stamps;
        let authority = self.read_authority(changed[0]);
        let found = self.read_leaf(changed[1]);

        let Choice { taken, left_out } = choose(&self.authority, names);
        if left_out != self.left_out {
            tell_left_out(&left_out);
            self.left_out = left_out;
        }
        let due = |leaf: &Leaf| leaf::due(&leaf.facts, &self.authority.facts, &taken, now);
        let due = match &found {
            Ok(Found::Leaf(leaf)) if due(leaf).is_none() => {
                if leaf.facts.fingerprint != self.leaf.facts.fingerprint {
                    tracing::info!("took up another certificate");
                    self.leaf = Leaf::clone(leaf);
                }
                None
            }
            Ok(Found::Nothing) => due(&self.leaf).or(Some(Due::Nothing)),
            _ => due(&self.leaf),
        };
        if let Some(due) = due {
            let now = reckoned(&self.authority, Some(&self.leaf), now);
            let store = self.store.as_ref();
            let (leaf, written) = make(&self.authority, &taken, now, due, store)?;
            self.leaf = leaf;
            self.stamps[1] = written.or(self.stamps[1]);
        }
        authority.and(found.map(|_| ()))
    }

    fn read_authority(&mut self, changed: bool) -> Result<(), TlsError> {
        let Some(store) = self.store.as_ref().filter(|_| changed) else {
            return Ok(());
        };
        let there = store.authority()?.ok_or_else(|| store.no_authority())?;
        if there.der != self.authority.der {
            tracing::info!(name = there.facts.subject, "took up another authority");
            told(store.put_for_devices(&there));
            self.authority = there;
        }
        Ok(())
    }

    fn read_leaf(&self, changed: bool) -> Result<Found, TlsError> {
        let Some(store) = self.store.as_ref().filter(|_| changed) else {
            return Ok(Found::Unchanged);
        };
        let leaf = store.usable_leaf()?;
        Ok(leaf.map_or(Found::Nothing, |leaf| Found::Leaf(Box::new(leaf))))
    }

    pub(super) fn key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.leaf.key)
    }

    pub(super) fn served(&self) -> Served {
        let (facts, authority) = (&self.leaf.facts, &self.authority.facts);
        let file = |path: fn(&Store) -> &PathBuf| self.store.as_ref().map(path).cloned();
        Served {
            source: Source::Made(file(|store| &store.leaf)),
            dns: facts.dns.clone(),
            addresses: facts.addresses.clone(),
            not_before: facts.not_before,
            not_after: facts.not_after,
            left_out: self.left_out.clone(),
            authority: Some(served::Authority {
                name: authority.subject.clone(),
                der: self.authority.der.clone(),
                fingerprint: authority.fingerprint.clone(),
                not_before: authority.not_before,
                not_after: authority.not_after,
                file: file(|store| &store.for_devices),
            }),
            fingerprint: facts.fingerprint.clone(),
        }
    }
}

/// Makes a leaf and writes it, which gives a stamp. If it cannot be written it is served all the
/// same: a card that has become read-only must not end the calls of today.
fn make(
    authority: &Authority,
    taken: &Names,
    now: SystemTime,
    due: Due,
    store: Option<&Store>,
) -> Result<(Leaf, Option<Stamp>), TlsError> {
    let (leaf, pem) = Leaf::make(authority, taken, now)?;
    let written = store.and_then(|store| told(store.put_leaf(&pem)));
    tracing::info!(names = taken.len(), why = due.why(), "made a certificate");
    Ok((leaf, written))
}

fn choose(authority: &Authority, names: &Names) -> Choice {
    let names = names.with_this_machine();
    authority.facts.constraints.choose(&names)
}

/// The clock, or, where that is known to be wrong, the latest moment that is known to have been.
fn reckoned(authority: &Authority, previous: Option<&Leaf>, now: SystemTime) -> SystemTime {
    let beginning = authority.facts.not_before;
    if now >= beginning {
        return now;
    }
    previous.map_or(beginning, |leaf| leaf.facts.not_before + leaf::EARLIER)
}

/// For trouble that does not keep anything from being served.
fn told<T>(result: Result<T, TlsError>) -> Option<T> {
    result.map_err(|error| tracing::warn!("{error}")).ok()
}

fn tell_left_out(left_out: &[String]) {
    if !left_out.is_empty() {
        let names = left_out.join(", ");
        tracing::info!(
            names,
            "left out of the certificate, since its authority may not vouch for them"
        );
    }
}
