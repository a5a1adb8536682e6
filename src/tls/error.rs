//! What can go wrong with certificates and their files, in words for the person at the machine.
//!
//! Invariant: no key, nor a part of one, is ever in it.

use std::io;
use std::path::PathBuf;

use crate::config::ConfigError;

/// Why there is no certificate, or no newer one.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate of the user's own cannot be used.
    #[error(transparent)]
    Own(#[from] ConfigError),
    /// A file or directory cannot be read.
    #[error("cannot read {}: {cause}{}", path.display(), hint(cause))]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A file cannot be written, or its directory not made.
    #[error("cannot write {}: {cause}; another directory can be given with --state-dir", path.display())]
    Unwritable {
        /// Which one.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The authority's file is there but is no authority. It is not overwritten, since devices may
    /// trust what was in it.
    #[error(
        "{} has no usable authority: {what}; put its backup there, or move it away: a new one is \
         made then, and devices have to trust that", path.display()
    )]
    Broken {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A certificate could not be made or used for a reason that should not exist.
    #[error("cannot make a certificate: {0}")]
    Making(String),
}

/// What to do, where it is not to be seen from the cause.
fn hint(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::PermissionDenied => "; it must belong to the user that runs parlor",
        _ => "",
    }
}

impl From<rustls::Error> for TlsError {
    fn from(error: rustls::Error) -> Self {
        Self::Making(error.to_string())
    }
}
