//! The web site: what a path that is not the protocol's is answered with.
//!
//! It stands behind the router. A path is looked up in this order:
//!
//! | path | answer |
//! |---|---|
//! | `/healthz` | `ok`, for whoever watches the server |
//! | `/readyz` | whether new connections are let in, see [`ready`] |
//! | `/metrics` | its numbers, for those who may know them, see [`metrics`](super::metrics) |
//! | `/config.json` | what the page must know, see [`page_config`](super::page_config) |
//! | `/qr.svg?TEXT` | a QR code; 400 for what has none |
//! | `/trust.html` | the trust page, unless there is no HTTPS here |
//! | `/parlor-ca.crt`, `/parlor-ca.mobileconfig` | the local authority, if there is one |
//! | in `--public` | that file, or a redirect to a directory's name with its slash |
//! | in the embedded page | that file, in the best coding the client accepts |
//! | anything else | 404 |
//!
//! Who asks for a page (HTML that exists) by plain HTTP from another device gets the trust page in
//! its place, because a browser gives no camera there; `?watch` is for who goes on without one.
//! Nothing else depends on the scheme: what is not a page works over both.
//!
//! Only GET and HEAD are known; another method on a path that exists is 405. The page's files are
//! `no-cache`: their names stay the same over versions, so a browser keeps them but asks each time,
//! and a 304 costs a few hundred bytes. What is made for one request is `no-store`, the trust page
//! too: so it needs no `Vary`. No other query has a meaning. Who may ask is decided before all that, by
//! the [`Guard`]; pages of the origins that it lists may read `/config.json` too.
//!
//! Invariants: of a request only its host, path and query come back, on the trust page and escaped;
//! HEAD has the headers of GET. Cost: an embedded file is sent without a copy and without a wait.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::http::uri::PathAndQuery;
use hyper::{HeaderMap, Method, Response, StatusCode, Uri};

use crate::config::{self, ConfigError, Schemes};
use crate::http::Body;
use crate::http::answer;
use crate::http::assets;
use crate::http::authority;
use crate::http::content_type;
use crate::http::error_page::ErrorPage;
use crate::http::file;
use crate::http::guard::Guard;
use crate::http::ice::IceServer;
use crate::http::metrics::Metrics;
use crate::http::page_config::PageConfig;
use crate::http::path::SitePath;
use crate::http::public_dir::{Found, PublicDir};
use crate::http::qr;
use crate::http::reach::Reached;
use crate::http::ready;
use crate::http::security;
use crate::http::server::Fallback;
use crate::http::trust::TrustPage;
use crate::http::turn::TurnServers;
use crate::http::visitor::Visitor;
use crate::stats::Stats;
use crate::transport::Peer;

/// The trust page's template, which is an asset like the others.
const TRUST: &str = "trust.html";

/// Time for which a QR code may be kept: one text has one picture.
const QR_KEPT: HeaderValue = HeaderValue::from_static("private, max-age=86400");

/// The web site with its settings; shared by all connections.
#[derive(Debug)]
pub struct Site {
    device_name: Option<String>,
    ice_servers: Vec<IceServer>,
    turn: Option<TurnServers>,
    public: Option<PublicDir>,
    policy: Option<HeaderValue>,
    schemes: Schemes,
    reach: Reached,
    guard: Arc<Guard>,
    stats: Option<Arc<Stats>>,
    metrics: Option<Metrics>,
}

impl Site {
    /// Checks the settings. `device_name` is shown by the page; it is `null` there if not known.
    /// `reach` is what other devices can open.
    ///
    /// # Errors
    /// If the public directory cannot be read, the policy is not a header value, an ICE server
    /// is not an address, or there is no secret for TURN.
    pub fn new(
        settings: &config::Site,
        device_name: Option<String>,
        reach: Reached,
    ) -> Result<Self, ConfigError> {
        let public = settings.public.as_deref().map(|path| {
            PublicDir::open(path).map_err(|error| ConfigError {
                setting: "--public",
                value: path.display().to_string(),
                expected: format!("it must be a directory that can be read ({error})"),
            })
        });
        let policy = settings.csp.as_deref().map(|text| {
            HeaderValue::from_str(text).map_err(|_| ConfigError {
                setting: "--csp",
                value: text.to_owned(),
                expected: "it must be one line of visible ASCII characters".to_owned(),
            })
        });
        let ice_servers = settings.ice_servers.iter();
        Ok(Self {
            device_name,
            ice_servers: ice_servers
                .map(|url| IceServer::parse(url))
                .collect::<Result<_, _>>()?,
            turn: settings.turn.as_ref().map(TurnServers::new).transpose()?,
            public: public.transpose()?,
            policy: policy.transpose()?,
            schemes: settings.schemes,
            guard: Arc::new(Guard::new(settings, reach.clone())),
            reach,
            stats: None,
            metrics: None,
        })
    }

    /// Tells by these numbers, which are the server's, whether it is ready (`/readyz`), and all of them
    /// as `/metrics` to those who may know them by the settings, if the feature `metrics` is built in.
    /// Without it there are neither.
    pub fn with_metrics(mut self, settings: &config::Site, stats: Arc<Stats>) -> Self {
        self.metrics = Metrics::new(settings, Arc::clone(&stats));
        self.stats = Some(stats);
        self
    }

    /// Reads the secret for TURN again. A file that cannot be used is said in the log, and what was
    /// read before is kept.
    pub fn reload(&self) {
        if let Some(Err(error)) = self.turn.as_ref().map(TurnServers::reload) {
            tracing::warn!(%error, "the secret for TURN stays as it was");
        }
    }

    async fn find(
        &self,
        peer: Peer,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Response<Body> {
        let Some(path) = SitePath::parse(uri.path()) else {
            return ErrorPage::NotFound.response();
        };
        let readable = matches!(*method, Method::GET | Method::HEAD);
        if let Some(response) = self.own(&path, peer, uri.query(), headers) {
            return if readable || response.status() == StatusCode::NOT_FOUND {
                response
            } else {
                ErrorPage::MethodNotAllowed.response()
            };
        }
        let barred = self.bars(peer, uri);
        if let Some(public) = &self.public {
            match public.find(&path).await {
                Found::File(_) | Found::Directory if !readable => {
                    return ErrorPage::MethodNotAllowed.response();
                }
                Found::File(found) if barred && content_type::is_html(found.content_type) => {
                    return self.trust_page(uri.path_and_query(), headers);
                }
                Found::File(found) => {
                    return file::respond(found, method, headers, self.policy.as_ref());
                }
                Found::Directory => return answer::redirect(uri),
                Found::Refused => return ErrorPage::NotFound.response(),
                Found::Missing => {}
            }
        }
        match assets::find(&path.file()) {
            Some(_) if !readable => ErrorPage::MethodNotAllowed.response(),
            Some(asset) if barred && content_type::is_html(asset.content_type) => {
                self.trust_page(uri.path_and_query(), headers)
            }
            Some(asset) => answer::asset(asset, headers),
            None => ErrorPage::NotFound.response(),
        }
    }

    /// What the server makes itself, whatever the method.
    fn own(
        &self,
        path: &SitePath,
        peer: Peer,
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> Option<Response<Body>> {
        Some(match &*path.file() {
            "healthz" => answer::own("text/plain; charset=utf-8", Bytes::from_static(b"ok\n")),
            "readyz" => ready::respond(self.stats.as_ref()?),
            "metrics" => self.metrics.as_ref()?.respond(peer, headers),
            "config.json" => {
                let mut config = answer::own("application/json", self.config(peer, headers));
                self.guard.share(headers, config.headers_mut());
                config
            }
            "qr.svg" => qr_response(query.unwrap_or_default()),
            "trust.html" if self.schemes != Schemes::HttpOnly => self.trust_page(None, headers),
            "trust.html" => ErrorPage::NotFound.response(),
            "parlor-ca.crt" => {
                let der = self
                    .reach
                    .borrow()
                    .authority
                    .as_ref()
                    .map(|one| one.der.clone());
                answer::download(der, authority::DER_TYPE, "parlor-ca.crt")
            }
            "parlor-ca.mobileconfig" => {
                let reach = self.reach.borrow();
                let name = self.device_name.as_deref();
                let profile = reach.authority.as_ref();
                let profile = profile.map(|one| authority::profile(one, name).into());
                answer::download(profile, authority::PROFILE_TYPE, "parlor-ca.mobileconfig")
            }
            _ => return None,
        })
    }

    /// `/config.json` for this request.
    fn config(&self, peer: Peer, headers: &HeaderMap) -> Bytes {
        let reach = self.reach.borrow();
        let mut servers = self.ice_servers.clone();
        if let Some(turn) = &self.turn {
            servers.extend(turn.servers(SystemTime::now()));
        }
        let plain = !peer.secure && self.schemes != Schemes::HttpOnly;
        let secure = plain.then(|| reach.secure_address(text(headers, HOST)));
        let name = self.device_name.as_deref();
        PageConfig::new(servers, name, &reach, secure.flatten()).json()
    }

    /// Whether a page is not for this peer as it comes, but the trust page.
    fn bars(&self, peer: Peer, uri: &Uri) -> bool {
        let watches = || {
            let mut parts = uri.query().unwrap_or_default().split('&');
            parts.any(|part| part.split('=').next() == Some("watch"))
        };
        self.schemes == Schemes::Both && !peer.secure && !peer.address.is_loopback() && !watches()
    }

    /// The trust page, in place of this target or by its own name.
    fn trust_page(&self, target: Option<&PathAndQuery>, headers: &HeaderMap) -> Response<Body> {
        let template = assets::find(TRUST).map_or(&b""[..], assets::Asset::plain);
        let reach = self.reach.borrow();
        let address = reach.secure_address(text(headers, HOST));
        let page = TrustPage {
            address: address.as_deref(),
            target: target.map(PathAndQuery::as_str),
            authority: reach.authority.as_ref(),
            visitor: Visitor::guess(text(headers, USER_AGENT).unwrap_or_default()),
        };
        let page = page.render(&String::from_utf8_lossy(template));
        let mut response = answer::own("text/html; charset=utf-8", page.into());
        security::protect_page(response.headers_mut());
        response
    }
}

impl Fallback for Site {
    async fn respond(
        &self,
        peer: Peer,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Response<Body> {
        let mut response = self.find(peer, method, uri, headers).await;
        if *method == Method::HEAD {
            answer::drop_body(&mut response);
        }
        response
    }

    fn guard(&self) -> Option<Arc<Guard>> {
        Some(Arc::clone(&self.guard))
    }
}

/// A QR code of the query.
fn qr_response(query: &str) -> Response<Body> {
    let Some(picture) = qr::picture(query) else {
        return ErrorPage::BadText.response();
    };
    let mut response = answer::own("image/svg+xml", picture);
    response.headers_mut().insert(CACHE_CONTROL, QR_KEPT);
    response
}

/// A header, if it is there and is text.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;
    use crate::http::Reach;
    use std::net::Ipv4Addr;

    #[test]
    fn the_future_of_an_answer_is_small() {
        let site = Site::new(&config::Site::default(), None, Reach::default().fixed()).unwrap();
        let (method, uri, headers) = (Method::GET, Uri::from_static("/"), HeaderMap::new());
        let peer = std::net::IpAddr::V4(Ipv4Addr::LOCALHOST).into();
        let future = site.respond(peer, &method, &uri, &headers);
        // An idle HTTP connection has room for one of these, so it is part of its cost.
        assert!(
            size_of_val(&future) <= 256,
            "{} bytes",
            size_of_val(&future)
        );
    }
}
