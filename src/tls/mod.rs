//! HTTPS: the local authority, the certificate that is served, and their files.
//!
//! It stands beside the path of a byte: `http::server` takes the acceptor for connections that
//! begin with a TLS record, and the process refreshes it when names, addresses, files or the
//! clock have changed.
//!
//! ```text
//!  config::Tls, Names, now
//!       |
//!       v
//!  Tls --- local: authority --signs--> leaf     names: what may be in it, and what is left out
//!   |        |-- store -- files                 issue, key: writing one; inspect: reading one
//!   |        |                                    `-- der, time, oid: what it is written in
//!   |      own: the user's chain and key -- files
//!   v
//!  acceptor::Current: certificate and description, swapped together
//!   |                 |
//!   v                 v
//!  handshakes       Served
//! ```
//!
//! Rules: RFC 5280 (certificates), RFC 8446 and RFC 5246 (TLS), RFC 7468 (PEM), RFC 9525 (which
//! name a certificate covers). Time is an argument everywhere: the clock of a small board is
//! something to reckon with, and so is tested. HSTS (RFC 6797) is never sent, because it would take
//! away "continue anyway" for all ports of a name.
//!
//! Invariants: a connection always gets a certificate; a key is never in a log, an error or a
//! description. Left out: clients' certificates, OCSP (RFC 6960) and ACME (RFC 8555), which all
//! need somebody on the internet.

mod acceptor;
mod authority;
mod der;
mod error;
mod files;
mod inspect;
mod issue;
mod key;
mod leaf;
mod local;
mod names;
mod oid;
mod own;
mod random;
mod served;
mod store;
mod time;
mod wanted;

pub use error::TlsError;
pub(crate) use inspect::{Facts, fingerprint};
pub use names::MAX_NAMES;
pub use served::{Authority, Served, Source};
pub use wanted::Names;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::sign::CertifiedKey;

use crate::config;
use acceptor::Current;
use local::Local;
use own::Own;
use store::Store;

/// The certificate of this server. Clones are the same one.
#[derive(Clone)]
pub struct Tls {
    inner: Arc<Inner>,
}

struct Inner {
    acceptor: Arc<ServerConfig>,
    current: Arc<Current>,
    maker: Mutex<Maker>,
}

/// Where the certificate comes from.
enum Maker {
    Local(Box<Local>),
    Own(Box<Own>),
}

impl Tls {
    /// Opens what the settings say; authority and certificate are made unless they are there.
    /// `host` is this machine's name, for which the authority may vouch if it can be nobody
    /// else's.
    ///
    /// # Errors
    /// [`TlsError::Own`] if a certificate of the user's own cannot be used, else one about the
    /// state directory: it cannot be written, or what is in it cannot be used.
    pub fn open(
        settings: &config::Tls,
        host: Option<&str>,
        names: &Names,
        now: SystemTime,
    ) -> Result<Self, TlsError> {
        let maker = match &settings.own {
            Some(files) => Maker::Own(Box::new(Own::open(files, now)?)),
            None => Maker::Local(Box::new(Local::open(settings, host, names, now)?)),
        };
        let (key, served) = maker.offer(names);
        let current = Arc::new(Current::new(key, served));
        Ok(Self {
            inner: Arc::new(Inner {
                acceptor: acceptor::acceptor(Arc::clone(&current))?,
                current,
                maker: Mutex::new(maker),
            }),
        })
    }

    /// What handshakes are made with ([`Security`](crate::http::Security)); the same one for ever.
    pub fn acceptor(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.inner.acceptor)
    }

    /// What new connections get now.
    pub fn served(&self) -> Arc<Served> {
        self.inner.current.served()
    }

    /// Whether [`refresh`](Self::refresh) would find nothing to do, as it does nearly always. It
    /// takes two stat(2) and does not wait for a disk, so a thread that serves may ask.
    pub fn is_settled(&self, names: &Names, now: SystemTime) -> bool {
        let maker = &self.inner.maker;
        let maker = maker.lock().unwrap_or_else(PoisonError::into_inner);
        match &*maker {
            Maker::Local(local) => local.is_settled(names, now),
            Maker::Own(own) => own.is_settled(now) && own.served(names) == *self.served(),
        }
    }

    /// Takes up files that have changed, and makes a certificate if one is due: a name that is not
    /// covered, two thirds of its life over, or a clock outside of its life. True if another one is
    /// served now.
    ///
    /// It blocks: usually for two stat(2), but for as long as the disk takes to write when a
    /// certificate is made, so it is not for a thread that serves.
    ///
    /// # Errors
    /// Once for each change of a file that cannot be used. What was served still is, or what is
    /// due besides: [`served`](Self::served) tells.
    pub fn refresh(&self, names: &Names, now: SystemTime) -> Result<bool, TlsError> {
        self.update(names, now, false)
    }

    /// Like [`refresh`](Self::refresh), but the files are read whatever their dates (SIGHUP).
    ///
    /// # Errors
    /// If a file cannot be used, as there.
    pub fn reload(&self, names: &Names, now: SystemTime) -> Result<bool, TlsError> {
        self.update(names, now, true)
    }

    fn update(&self, names: &Names, now: SystemTime, anyway: bool) -> Result<bool, TlsError> {
        let maker = &self.inner.maker;
        let mut maker = maker.lock().unwrap_or_else(PoisonError::into_inner);
        let result = match &mut *maker {
            Maker::Local(local) => local.refresh(names, now, anyway),
            Maker::Own(own) => own.refresh(now, anyway).map_err(TlsError::Own),
        };
        let (key, served) = maker.offer(names);
        let other = self.inner.current.set(key, served);
        // Said once it is true: who reads it may connect at once.
        if other && matches!(&*maker, Maker::Own(_)) {
            tracing::info!("took up another certificate");
        }
        result.map(|()| other)
    }
}

/// Without keys.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.served()).finish()
    }
}

impl Maker {
    fn offer(&self, names: &Names) -> (Arc<CertifiedKey>, Served) {
        match self {
            Self::Local(local) => (local.key(), local.served()),
            Self::Own(own) => (own.key(), own.served(names)),
        }
    }
}

/// What a server with these settings would serve, without making anything; `None` if nothing was
/// made yet. `names` are those that one would like to be covered.
///
/// # Errors
/// As [`Tls::open`].
pub fn look(
    settings: &config::Tls,
    names: &Names,
    now: SystemTime,
) -> Result<Option<Served>, TlsError> {
    if let Some(files) = &settings.own {
        return Ok(Some(Own::open(files, now)?.served(names)));
    }
    let Some(store) = store(settings) else {
        return Ok(None);
    };
    Ok(Local::look(store, names)?.map(|local| local.served()))
}

/// Makes another certificate in the state directory, for the names of the one that is there or, if
/// there is none, for these. A running server takes it up with its next refresh. `None` if there
/// is no authority yet.
///
/// # Errors
/// One about the state directory. A certificate of the user's own is not looked at.
pub fn renew(
    settings: &config::Tls,
    names: &Names,
    now: SystemTime,
) -> Result<Option<Served>, TlsError> {
    let Some(store) = store(settings) else {
        return Ok(None);
    };
    Ok(Local::renew(store, names, now)?.map(|local| local.served()))
}

fn store(settings: &config::Tls) -> Option<Store> {
    let directory = settings.state_dir.as_deref()?;
    Some(Store::new(directory, settings.unconstrained))
}
