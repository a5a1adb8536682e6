//! Settings of the HTTP side of the protocol: CORS and the cookie. They are checked when an
//! [`Edge`](crate::transport::Edge) takes them, not here.
//!
//! Names and defaults are those of the reference server, which passes them to its packages for
//! CORS and for cookies.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Cross-origin resource sharing (Fetch standard, "CORS protocol") for everything under the
/// protocol's path. Without it no such header is sent, and a preflight is refused as any other
/// handshake that is not a GET. It does not restrict WebSockets, which no browser asks about:
/// [`Hooks::allow_request`](crate::transport::Hooks::allow_request) does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    /// Who may read the answers.
    pub origins: Origins,
    /// Methods that a preflight allows.
    pub methods: Vec<String>,
    /// Request headers that a preflight allows; `None` allows those that are asked for.
    pub allowed_headers: Option<Vec<String>>,
    /// Response headers that a page may read beside the usual ones.
    pub exposed_headers: Vec<String>,
    /// Whether requests may carry cookies. Not with [`Origins::Any`]: browsers refuse that.
    pub credentials: bool,
    /// How long a browser may remember a preflight; whole seconds.
    pub max_age: Option<Duration>,
    /// Status of the answer to a preflight, from 200 to 299.
    pub options_success_status: u16,
}

impl Default for Cors {
    fn default() -> Self {
        Self {
            origins: Origins::Any,
            methods: ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"]
                .map(str::to_owned)
                .into(),
            allowed_headers: None,
            exposed_headers: Vec::new(),
            credentials: false,
            max_age: None,
            options_success_status: 204,
        }
    }
}

/// The origins that may read answers. An origin is written as browsers send it: scheme, host and
/// port unless it is the scheme's own, `https://example.org` or `http://localhost:8080`, without
/// a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// All of them: `*`.
    Any,
    /// This one, whoever asks.
    Fixed(String),
    /// Those listed; the one that asks is reflected.
    List(Vec<String>),
    /// All of them; the one that asks is reflected, so that credentials can be allowed.
    Reflect,
    /// Those that a function takes, by pattern or otherwise; the one that asks is reflected.
    Matching(OriginTest),
}

/// Whether an origin is allowed; must not wait. Two are equal if they are the same function.
#[derive(Clone)]
pub struct OriginTest(Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl OriginTest {
    /// Wraps a function.
    pub fn new(test: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(test))
    }

    /// Asks it.
    pub fn allows(&self, origin: &str) -> bool {
        (self.0)(origin)
    }
}

impl fmt::Debug for OriginTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OriginTest")
    }
}

impl PartialEq for OriginTest {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for OriginTest {}

/// The cookie that carries the session's id, for a balancer in front of several servers: sent
/// with the answer to a polling handshake, never read here (RFC 6265 section 4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// `Path`.
    pub path: Option<String>,
    /// `Domain`.
    pub domain: Option<String>,
    /// `Max-Age`, in whole seconds; without it the cookie lasts as long as the browser.
    pub max_age: Option<Duration>,
    /// `HttpOnly`: scripts cannot read it.
    pub http_only: bool,
    /// `Secure`: only over TLS.
    pub secure: bool,
    /// `SameSite`; [`SameSite::None`] needs `secure`.
    pub same_site: Option<SameSite>,
}

impl Default for Cookie {
    fn default() -> Self {
        Self {
            name: "io".to_owned(),
            path: Some("/".to_owned()),
            domain: None,
            max_age: None,
            http_only: true,
            secure: false,
            same_site: Some(SameSite::Lax),
        }
    }
}

/// Which sites' requests carry a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    /// Those of the same site.
    Strict,
    /// Those, and links that lead here.
    Lax,
    /// All of them.
    None,
}
