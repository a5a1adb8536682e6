//! HTTPS: the local authority, the certificate that is served, and their files.

mod acceptor;
mod authority;
mod error;
mod inspect;
mod leaf;
mod local;
mod names;
mod random;
mod served;

pub use error::TlsError;
pub use names::{MAX_NAMES, Names};
pub use served::{Authority, Served, Source};

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use tokio_rustls::TlsAcceptor;

use crate::config;
use acceptor::Current;
use local::Local;

/// The certificate of this server. Clones are the same one.
#[derive(Clone)]
pub struct Tls {
    inner: Arc<Inner>,
}

struct Inner {
    acceptor: TlsAcceptor,
    current: Arc<Current>,
    local: Mutex<Local>,
}

impl Tls {
    /// Opens what the settings say, or makes it. `host` is this machine's name.
    pub fn open(
        settings: &config::Tls,
        host: Option<&str>,
        names: &Names,
        now: SystemTime,
    ) -> Result<Self, TlsError> {
        let local = Local::open(host, settings.unconstrained, names, now)?;
        let current = Arc::new(Current::new(local.key(), local.served()));
        Ok(Self {
            inner: Arc::new(Inner {
                acceptor: acceptor::acceptor(Arc::clone(&current))?,
                current,
                local: Mutex::new(local),
            }),
        })
    }

    /// What turns TCP streams into TLS streams; the same one for ever.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.inner.acceptor.clone()
    }

    /// What new connections get now.
    pub fn served(&self) -> Arc<Served> {
        self.inner.current.served()
    }

    /// Makes or reads anew what is due; whether another certificate is served now. Reads files and
    /// signs, which takes milliseconds.
    pub fn refresh(&self, names: &Names, now: SystemTime) -> Result<bool, TlsError> {
        let mut local = self
            .inner
            .local
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        local.refresh(names, now)?;
        Ok(self.inner.current.set(local.key(), local.served()))
    }

    /// Like [`refresh`](Self::refresh), but files are read whatever their dates.
    pub fn reload(&self, names: &Names, now: SystemTime) -> Result<bool, TlsError> {
        self.refresh(names, now)
    }
}
