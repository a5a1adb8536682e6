//! What a server does with HTTP beside the protocol: CORS, the cookie, hooks, the static client.
//!
//! All of it is off unless set, and is set before the server is made, so that nothing of it ever
//! changes under a request. Settings are checked here, once.

use super::client_files::ClientFiles;
use super::cookie::Cookie;
use super::cors::Policy;
use super::hooks::Hooks;
use crate::config::{self, ConfigError, Network};
use std::fmt;

/// The HTTP side of a server, for [`Server::with_edge`](super::Server::with_edge).
///
/// ```
/// use parlor::config::{Cookie, Cors, Origins};
/// use parlor::transport::Edge;
///
/// # fn main() -> Result<(), parlor::config::ConfigError> {
/// let edge = Edge::default()
///     .cookie(Cookie::default())?
///     .cors(Cors {
///         origins: Origins::List(vec!["https://example.org".to_owned()]),
///         credentials: true,
///         ..Cors::default()
///     })?;
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Edge {
    pub(super) hooks: Option<Box<dyn Hooks>>,
    pub(super) cors: Option<Policy>,
    pub(super) cookie: Option<Cookie>,
    pub(super) client_files: Option<ClientFiles>,
    pub(super) trusted_proxies: Vec<Network>,
}

impl Edge {
    /// Has an application asked about requests.
    #[must_use]
    pub fn hooks(mut self, hooks: impl Hooks) -> Self {
        self.hooks = Some(Box::new(hooks));
        self
    }

    /// Lets pages of other origins use polling.
    ///
    /// # Errors
    /// If a value cannot stand in its header, or browsers would not accept it.
    pub fn cors(mut self, settings: config::Cors) -> Result<Self, ConfigError> {
        self.cors = Some(Policy::new(settings)?);
        Ok(self)
    }

    /// Sends the session's id as a cookie with the answer to a polling handshake.
    ///
    /// # Errors
    /// If a value cannot stand in a cookie, or browsers would not accept it.
    pub fn cookie(mut self, settings: config::Cookie) -> Result<Self, ConfigError> {
        self.cookie = Some(Cookie::new(&settings)?);
        Ok(self)
    }

    /// Serves the official client under the protocol's path.
    #[must_use]
    pub fn client_files(mut self, files: ClientFiles) -> Self {
        self.client_files = Some(files);
        self
    }

    /// Believes these reverse proxies about who a client is: its address is the last one in
    /// `X-Forwarded-For` that is not a proxy of theirs, and it is secure if `X-Forwarded-Proto`
    /// ends in `https`.
    #[must_use]
    pub fn trusted_proxies(mut self, proxies: Vec<Network>) -> Self {
        self.trusted_proxies = proxies;
        self
    }
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edge")
            .field("hooks", &self.hooks.is_some())
            .field("cors", &self.cors)
            .field("cookie", &self.cookie)
            .field("client_files", &self.client_files)
            .field("trusted_proxies", &self.trusted_proxies)
            .finish()
    }
}
