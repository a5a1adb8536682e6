//! A certificate of the user's own: read at the start, and again when its files change.
//!
//! It stands where `local` does when `--tls-cert` is given. Rules: PEM (RFC 7468); the whole
//! chain, leaf first (RFC 8446 section 4.4.2); a key in PKCS #8, PKCS #1 or SEC 1, not encrypted,
//! because nobody is there to type a password when the server starts.
//!
//! Invariants: the key belongs to the certificate; files that cannot be used later on leave what
//! is served as it is, and are complained about once for each change. A certificate that is out
//! of date is served with a warning: browsers say so too, and a call is better than none. Left out:
//! checking the chain, which is for clients to judge.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::config::{CertificateFiles, ConfigError};
use crate::tls::acceptor::{Unfit, certified};
use crate::tls::files::{self, Stamp};
use crate::tls::inspect::Facts;
use crate::tls::names::Names;
use crate::tls::served::{Served, Source};

const CERTIFICATE: &str = "--tls-cert";
const KEY: &str = "--tls-key";

/// Chain and key, and the files they came from.
pub(super) struct Own {
    files: CertificateFiles,
    stamps: [Option<Stamp>; 2],
    key: Arc<CertifiedKey>,
    facts: Facts,
    /// What the last warning about its dates was about.
    warned: Option<OutOfDate>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OutOfDate {
    NotYet,
    NoLonger,
}

impl Own {
    /// Reads both files.
    pub(super) fn open(files: &CertificateFiles, now: SystemTime) -> Result<Self, ConfigError> {
        let stamps = stamps(files);
        let (key, facts) = read(files)?;
        let mut own = Self {
            files: files.clone(),
            stamps,
            key: Arc::new(key),
            facts,
            warned: None,
        };
        own.check_dates(now);
        Ok(own)
    }

    /// Reads the files again if they have changed, or `anyway`.
    pub(super) fn refresh(&mut self, now: SystemTime, anyway: bool) -> Result<(), ConfigError> {
        let stamps = stamps(&self.files);
        if anyway || stamps != self.stamps {
            self.stamps = stamps;
            let (key, facts) = read(&self.files)?;
            if facts.fingerprint != self.facts.fingerprint {
                self.warned = None;
            }
            (self.key, self.facts) = (Arc::new(key), facts);
        }
        self.check_dates(now);
        Ok(())
    }

    pub(super) fn key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.key)
    }

    /// What is served; `names` are those that one would like to be covered.
    pub(super) fn served(&self, names: &Names) -> Served {
        let facts = &self.facts;
        let mut served = Served {
            source: Source::Own(self.files.certificate.clone()),
            dns: facts.dns.clone(),
            addresses: facts.addresses.clone(),
            not_before: facts.not_before,
            not_after: facts.not_after,
            left_out: Vec::new(),
            authority: None,
            fingerprint: facts.fingerprint.clone(),
        };
        let dns = names.dns.iter().filter(|name| !served.covers_name(name));
        let addresses = names.addresses.iter();
        let addresses = addresses.filter(|address| !served.covers_address(**address));
        served.left_out = dns
            .cloned()
            .chain(addresses.map(ToString::to_string))
            .collect();
        served
    }

    /// Whether the files are as they were, and there is nothing new to say of the dates.
    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        stamps(&self.files) == self.stamps && self.out_of_date(now) == self.warned
    }

    fn out_of_date(&self, now: SystemTime) -> Option<OutOfDate> {
        if now < self.facts.not_before {
            Some(OutOfDate::NotYet)
        } else if now > self.facts.not_after {
            Some(OutOfDate::NoLonger)
        } else {
            None
        }
    }

    fn check_dates(&mut self, now: SystemTime) {
        let state = self.out_of_date(now);
        if state != self.warned {
            let file = self.files.certificate.display();
            match state {
                Some(OutOfDate::NotYet) => {
                    tracing::warn!(%file, "the certificate is not valid yet")
                }
                Some(OutOfDate::NoLonger) => tracing::warn!(%file, "the certificate has expired"),
                None => {}
            }
            self.warned = state;
        }
    }
}

fn stamps(files: &CertificateFiles) -> [Option<Stamp>; 2] {
    [Stamp::of(&files.certificate), Stamp::of(&files.key)]
}

fn read(files: &CertificateFiles) -> Result<(CertifiedKey, Facts), ConfigError> {
    let wrong = |setting, path: &Path, expected: &str| {
        ConfigError::new(setting, &path.display().to_string(), expected)
    };
    let bytes = |setting, path: &Path| {
        files::read(path).map_err(|cause: io::Error| wrong(setting, path, &cause.to_string()))
    };
    let pem = bytes(CERTIFICATE, &files.certificate)?;
    let bad_chain = |expected: &str| wrong(CERTIFICATE, &files.certificate, expected);
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|_| bad_chain("it must be PEM, and a part of it is damaged"))?;
    let leaf = chain
        .first()
        .ok_or_else(|| bad_chain("it must have a certificate in PEM, with its whole chain"))?;
    let facts =
        Facts::read(leaf).map_err(|what| bad_chain(&format!("its first part is {what}")))?;

    let pem = bytes(KEY, &files.key)?;
    let bad_key = |expected: &str| wrong(KEY, &files.key, expected);
    if pem.windows(9).any(|word| word == b"ENCRYPTED") {
        return Err(bad_key("it must be a key without a password"));
    }
    let key = PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| bad_key("it must have a private key in PEM"))?;
    match certified(chain, key, &facts) {
        Ok(key) => Ok((key, facts)),
        Err(Unfit::Pair) => Err(bad_key(
            "it must be the key of the first certificate in --tls-cert",
        )),
        Err(Unfit::Certificate) => Err(bad_chain(
            "its first certificate must be one of version 3 for a server",
        )),
        Err(Unfit::Key) => Err(bad_key(
            "it must be an RSA, ECDSA (P-256, P-384) or Ed25519 key",
        )),
    }
}
