//! Who may talk to the room server: every request is asked by which name it comes, and from which
//! page.
//!
//! It stands before pages and protocol alike, once for each HTTP request (the router asks it), so a
//! WebSocket's messages do not pass it. What it keeps out are web pages of others in browsers of the
//! home; who is on the network needs no browser, and is not kept out.
//!
//! | the request | is answered if | against |
//! |---|---|---|
//! | `Host`; the authority of an absolute target; `X-Forwarded-Host` of a trusted proxy | each that is there is an IP literal, in `localhost`, a name of this machine ([`Reach::hosts`](super::Reach)), or `--allow-host` | DNS rebinding: a page whose own name was made to lead here |
//! | with `Origin` | it is at the host and port that was asked for, whatever the scheme, or is `--allow-origin` | pages that ask, and WebSockets, which browsers let any page open |
//! | without, for `/config.json`, `/metrics` or the protocol | `Sec-Fetch-Site` is not `cross-site` or `same-site` | pages that ask without being told the answer |
//!
//! A page itself may be asked for from anywhere, because people follow links. Clients that are no
//! browsers send neither `Origin` nor `Sec-Fetch-Site` (Fetch Metadata), and need not. The host that
//! was asked for is the proxy's, else the target's, else `Host` (RFC 9112 section 3.2.2); all of them
//! are checked, because a page can send `X-Forwarded-Host`, and not every proxy takes it away.
//!
//! Not one `Host` or one that is no host is 400 (RFC 9112 section 3.2), everything else 403. HTTP/1.0
//! need not name a host: what asks so is a watchdog, and no browser. Refusals are debug lines; the
//! first 403 of each minute is one that everybody sees, with the flag that would let it in.
//!
//! Invariants: whoever is let in costs no allocation; nothing of a request is repeated to it. Left
//! out: whether the address of a client is of the home, which is a firewall's to say.

use bytes::Bytes;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName, HeaderValue,
    ORIGIN, VARY,
};
use hyper::{HeaderMap, Request, Response, StatusCode, Version};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::config;
use crate::http::host::{Host, Origin, Place};
use crate::http::path::SitePath;
use crate::http::reach::Reached;
use crate::http::security;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Time between two lines that everybody sees: refusals of a year fill no disk.
const QUIET: Duration = Duration::from_secs(60);

/// Decides who is answered.
#[derive(Debug)]
pub struct Guard {
    hosts: Vec<String>,
    origins: Vec<String>,
    reach: Reached,
    /// Until when refusals are told to nobody but who debugs.
    quiet: Mutex<Option<Instant>>,
}

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Refusal<'r> {
    /// It names no host, several, or something else.
    NoHost,
    /// It comes by a name that is not ours.
    Host(Host<'r>),
    /// It comes from a page of somebody else's, if it says what it should.
    Origin(Option<Origin<'r>>),
    /// It comes from such a page, of which nothing else is known.
    Site,
}

impl Guard {
    /// Lets in what the settings list (names in any case, origins as browsers write them) beside
    /// what this machine is called, as `reach` has it.
    pub fn new(settings: &config::Site, reach: Reached) -> Self {
        Self {
            hosts: settings.allowed_hosts.clone(),
            origins: settings.allowed_origins.clone(),
            reach,
            quiet: Mutex::default(),
        }
    }

    /// Whether a request may be answered. `forwarded` is the host that a trusted proxy was asked for,
    /// `is_protocols` whether the protocol would answer.
    pub(super) fn check<'r, B>(
        &self,
        request: &'r Request<B>,
        forwarded: Option<&'r str>,
        is_protocols: bool,
    ) -> Result<(), Refusal<'r>> {
        let asked = self.asked(request, forwarded)?;
        let headers = request.headers();
        let mut origins = headers.get_all(ORIGIN).iter();
        let origin = match (origins.next(), origins.next()) {
            (Some(origin), None) => origin,
            (Some(_), Some(_)) => return Err(Refusal::Origin(None)),
            (None, _) => {
                let scripts = || is_protocols || is_data(request.uri().path());
                return match is_from_elsewhere(headers) && scripts() {
                    true => Err(Refusal::Site),
                    false => Ok(()),
                };
            }
        };
        if self.lists(origin) {
            return Ok(());
        }
        let origin = origin.to_str().ok().and_then(Origin::parse);
        match (origin, asked) {
            (Some(origin), Some(asked)) if origin.is_at(asked) => Ok(()),
            _ => Err(Refusal::Origin(origin)),
        }
    }

    /// The host that is asked for, if all that the request names are ours.
    fn asked<'r, B>(
        &self,
        request: &'r Request<B>,
        forwarded: Option<&'r str>,
    ) -> Result<Option<Place<'r>>, Refusal<'r>> {
        let mut lines = request.headers().get_all(HOST).iter();
        let host = match (lines.next(), lines.next()) {
            (Some(host), None) => Some(host.to_str().map_err(|_| Refusal::NoHost)?),
            (None, _) if request.version() == Version::HTTP_10 => None,
            _ => return Err(Refusal::NoHost),
        };
        let target = request.uri().authority().map(|target| target.as_str());
        let mut asked = None;
        for named in [forwarded, target, host].into_iter().flatten() {
            let place = Place::parse(named).ok_or(Refusal::NoHost)?;
            if !self.is_ours(place.host) {
                return Err(Refusal::Host(place.host));
            }
            asked.get_or_insert(place);
        }
        Ok(asked)
    }

    fn is_ours(&self, host: Host<'_>) -> bool {
        let Host::Name(name) = host else {
            // A name leads wherever its owner wants, an address to itself only.
            return true;
        };
        let last = name.rsplit('.').next().unwrap_or(name);
        last.eq_ignore_ascii_case("localhost")
            || self.hosts.iter().any(|own| own.eq_ignore_ascii_case(name))
            || self.reach.borrow().goes_by(name)
    }

    fn lists(&self, origin: &HeaderValue) -> bool {
        self.origins.iter().any(|listed| origin == listed.as_str())
    }

    /// Has pages of the listed origins read this answer (Fetch standard, "CORS protocol").
    pub(super) fn share(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        if self.origins.is_empty() {
            return;
        }
        answer.insert(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = request.get(ORIGIN).filter(|origin| self.lists(origin)) {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
    }

    /// The answer to a request that is refused, which is said in the log.
    pub(super) fn refuse(&self, refusal: Refusal<'_>) -> Response<Bytes> {
        // No flag lets in what names no host, so it does not take the place of what one would.
        if refusal != Refusal::NoHost && self.may_speak(Instant::now()) {
            tracing::info!("a request was refused: {}", refusal.reason());
        } else {
            tracing::debug!("a request was refused: {}", refusal.reason());
        }
        refusal.answer()
    }

    fn may_speak(&self, now: Instant) -> bool {
        let mut quiet = self.quiet.lock().unwrap_or_else(PoisonError::into_inner);
        let speaks = quiet.is_none_or(|until| until <= now);
        if speaks {
            *quiet = Some(now + QUIET);
        }
        speaks
    }
}

impl Refusal<'_> {
    /// For who runs the server: what would let it in.
    fn reason(self) -> String {
        match self {
            Self::NoHost => "it does not name one host".to_owned(),
            Self::Host(name) => {
                format!("no name of this server is {name} (--allow-host {name} would let it in)")
            }
            Self::Origin(Some(origin)) => format!(
                "it comes from a page at {origin} (--allow-origin {origin} would let it in)"
            ),
            Self::Origin(None) => "it comes from a page without an address that could be named to \
                                   --allow-origin"
                .to_owned(),
            Self::Site => {
                "it comes from a page of another site (--allow-origin lets one in, if it \
                           asks by CORS)"
                    .to_owned()
            }
        }
    }

    /// For who asked: a sentence.
    fn answer(self) -> Response<Bytes> {
        let (status, text) = match self {
            Self::NoHost => (
                StatusCode::BAD_REQUEST,
                "A request must name one host, as the header Host does.\n",
            ),
            Self::Host(_) => (
                StatusCode::FORBIDDEN,
                "Parlor does not go by the name in this address: open it by another one that it \
                 printed at its start, or start it with --allow-host and this name.\n",
            ),
            Self::Origin(_) | Self::Site => (
                StatusCode::FORBIDDEN,
                "Parlor does not answer pages of other sites: start it with --allow-origin and \
                 the page's origin to have it answer one.\n",
            ),
        };
        let mut response = Response::new(Bytes::from_static(text.as_bytes()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        security::protect(headers);
        response
    }
}

/// Whether a browser says that a page of somebody else's asks. `none` is a person.
fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let mut sites = headers.get_all(SEC_FETCH_SITE).iter();
    sites.any(|site| site == "cross-site" || site == "same-site")
}

/// Whether this is `/config.json` or `/metrics`, however it is written: what no page shows.
fn is_data(path: &str) -> bool {
    SitePath::parse(path).is_some_and(|path| matches!(&*path.file(), "config.json" | "metrics"))
}

#[cfg(test)]
mod tests;
