//! The state directory: authority and leaf, each with its key in one file, so that one rename
//! swaps both.
//!
//! | file | what it is | |
//! |---|---|---|
//! | `authority.pem` | the authority | made once, never replaced |
//! | `server.pem` | the certificate that is served | replaced when it is due |
//! | `server.pem.broken`, `server.pem.broken-2` | what stood there and could not be used | kept |
//! | `parlor-ca.crt` | the authority's certificate in DER, for devices | no secret |
//!
//! With `--ca-unconstrained` the names end in `-unconstrained`, so that switching the flag on and off
//! loses nothing that devices may trust.
//!
//! Several processes may use one directory (a server and `parlor certificate --renew`, or two
//! servers): the first to link `authority.pem` has made it, and the others read it; of
//! `server.pem` the last one stays, and who wants other names than are in it keeps its own in
//! memory and leaves the file alone. So there is no lock that could be left behind, and nobody
//! writes because another one did.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::tls::authority::Authority;
use crate::tls::error::TlsError;
use crate::tls::files::{self, Stamp};
use crate::tls::leaf::Leaf;

/// For the owner only.
const SECRET: u32 = 0o600;
const PUBLIC: u32 = 0o644;

/// The files of one authority.
#[derive(Debug, Clone)]
pub(super) struct Store {
    pub(super) authority: PathBuf,
    pub(super) leaf: PathBuf,
    /// The authority's certificate for devices.
    pub(super) for_devices: PathBuf,
}

impl Store {
    pub(super) fn new(directory: &Path, unconstrained: bool) -> Self {
        let file = |name: &str, ending: &str| {
            let which = if unconstrained { "-unconstrained" } else { "" };
            directory.join(format!("{name}{which}.{ending}"))
        };
        Self {
            authority: file("authority", "pem"),
            leaf: file("server", "pem"),
            for_devices: file("parlor-ca", "crt"),
        }
    }

    /// The authority, if there is one.
    pub(super) fn authority(&self) -> Result<Option<Authority>, TlsError> {
        let Some(bytes) = read(&self.authority)? else {
            return Ok(None);
        };
        let broken = |what: &str| TlsError::Broken {
            path: self.authority.clone(),
            what: what.to_owned(),
        };
        Authority::read(&bytes).map(Some).map_err(broken)
    }

    /// The authority, made now unless there is one; if so with its file's stamp.
    pub(super) fn authority_or_new(
        &self,
        host: Option<&str>,
        unconstrained: bool,
    ) -> Result<(Authority, Option<Stamp>), TlsError> {
        if let Some(authority) = self.authority()? {
            if files::is_open_to_others(&self.authority) {
                let file = self.authority.display();
                tracing::warn!(%file, "others can read the authority's key; chmod 600 takes that away");
            }
            return Ok((authority, None));
        }
        if let Some(directory) = self.authority.parent() {
            files::make_directory(directory)?;
        }
        let (authority, pem) = Authority::make(host, unconstrained)?;
        let made = files::create(&self.authority, pem.as_bytes(), SECRET)?;
        if made.is_some() {
            let (name, file) = (&authority.facts.subject, self.authority.display());
            tracing::info!(name, %file, "made an authority");
            return Ok((authority, made));
        }
        // Another process was first.
        let theirs = self.authority()?.ok_or_else(|| self.no_authority())?;
        Ok((theirs, None))
    }

    /// The error for an authority that should be there.
    pub(super) fn no_authority(&self) -> TlsError {
        let what = "it is gone; a running server keeps the authority that it had until it stops";
        TlsError::Unreadable {
            path: self.authority.clone(),
            cause: io::Error::new(io::ErrorKind::NotFound, what),
        }
    }

    /// The certificate, if there is one; the error within says why it cannot be used.
    pub(super) fn leaf(&self) -> Result<Option<Result<Leaf, &'static str>>, TlsError> {
        Ok(read(&self.leaf)?.map(|bytes| Leaf::read(&bytes)))
    }

    /// Writes the certificate in place of what is there.
    pub(super) fn put_leaf(&self, pem: &str) -> Result<Stamp, TlsError> {
        files::replace(&self.leaf, pem.as_bytes(), SECRET)
    }

    /// The certificate, if there is one that can be used; what cannot is given another name.
    pub(super) fn usable_leaf(&self) -> Result<Option<Leaf>, TlsError> {
        match self.leaf()? {
            Some(Ok(leaf)) => Ok(Some(leaf)),
            Some(Err(what)) => {
                self.set_leaf_aside(what);
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// What was set aside before stays: somebody may know how to mend it.
    fn set_leaf_aside(&self, what: &str) {
        let aside = |number: u32| match number {
            1 => self.leaf.with_extension("pem.broken"),
            more => self.leaf.with_extension(format!("pem.broken-{more}")),
        };
        let taken = (1..).take_while(|number| files::is_there(&aside(*number)));
        let aside = aside(taken.last().unwrap_or(0) + 1);
        let (file, to) = (self.leaf.display(), aside.display());
        match fs::rename(&self.leaf, &aside) {
            Ok(()) => tracing::warn!(%file, %to, "{what}: it was moved away"),
            Err(error) => tracing::warn!(%file, %error, "{what}, and it cannot be moved away"),
        }
    }

    /// Writes the authority's certificate for devices, unless it is there.
    pub(super) fn put_for_devices(&self, authority: &Authority) -> Result<(), TlsError> {
        match files::read(&self.for_devices) {
            Ok(there) if there == *authority.der => Ok(()),
            _ => files::replace(&self.for_devices, &authority.der, PUBLIC).map(drop),
        }
    }

    /// Stamps of authority and certificate.
    pub(super) fn stamps(&self) -> [Option<Stamp>; 2] {
        [Stamp::of(&self.authority), Stamp::of(&self.leaf)]
    }
}

/// A file's bytes, or none if it is not there.
fn read(path: &Path) -> Result<Option<Vec<u8>>, TlsError> {
    match files::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(TlsError::Unreadable {
            path: path.to_owned(),
            cause,
        }),
    }
}
