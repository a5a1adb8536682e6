//! Stands in for this module in a build without the feature `tls`: there is no certificate, none can be
//! made, and whoever asks for one is told so. The room server does not ask, because without the feature
//! its command line knows plain HTTP only.

#![allow(dead_code, reason = "what is never made is never looked at")]

mod served;
mod wanted;

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

pub use served::{Authority, Served, Source};
pub use wanted::Names;

use crate::config::{self, ConfigError};

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate of the user's own cannot be used.
    #[error(transparent)]
    Own(#[from] ConfigError),
    /// None can.
    #[error("this build was made without the feature \"tls\"")]
    Absent,
}

/// The certificate of this server, of which there is none.
#[derive(Debug, Clone)]
pub struct Tls(Infallible);

impl Tls {
    /// Says that there is none.
    ///
    /// # Errors
    /// [`TlsError::Absent`].
    pub fn open(
        _: &config::Tls,
        _: Option<&str>,
        _: &Names,
        _: SystemTime,
    ) -> Result<Self, TlsError> {
        Err(TlsError::Absent)
    }

    /// Is never asked, and so has any type.
    pub fn acceptor<T>(&self) -> T {
        match self.0 {}
    }

    /// Is never asked.
    pub fn served(&self) -> Arc<Served> {
        match self.0 {}
    }

    /// Is never asked.
    pub fn is_settled(&self, _: &Names, _: SystemTime) -> bool {
        match self.0 {}
    }

    /// Is never asked.
    ///
    /// # Errors
    /// None.
    pub fn refresh(&self, _: &Names, _: SystemTime) -> Result<bool, TlsError> {
        match self.0 {}
    }

    /// Is never asked.
    ///
    /// # Errors
    /// None.
    pub fn reload(&self, _: &Names, _: SystemTime) -> Result<bool, TlsError> {
        match self.0 {}
    }
}

/// What would be served: nothing.
///
/// # Errors
/// None.
pub fn look(_: &config::Tls, _: &Names, _: SystemTime) -> Result<Option<Served>, TlsError> {
    Ok(None)
}

/// Says that none can be made.
///
/// # Errors
/// [`TlsError::Absent`].
pub fn renew(_: &config::Tls, _: &Names, _: SystemTime) -> Result<Option<Served>, TlsError> {
    Err(TlsError::Absent)
}

/// What there is to know of a certificate, where one can be read.
pub(crate) struct Facts {
    pub(crate) not_before: SystemTime,
    pub(crate) not_after: SystemTime,
    pub(crate) dns: Vec<String>,
    pub(crate) addresses: Vec<IpAddr>,
}

impl Facts {
    pub(crate) fn read(_: &[u8]) -> Result<Self, TlsError> {
        Err(TlsError::Absent)
    }
}

/// None, without the means to compute one.
pub(crate) fn fingerprint(_: &[u8]) -> String {
    String::new()
}
