//! The web site: what a path that is not the protocol's is answered with.
//!
//! It stands behind the router. A path is looked up in this order:
//!
//! | path | answer |
//! |---|---|
//! | `/healthz` | `ok`, for whoever watches the server |
//! | `/config.json` | what the page must know: `{"iceServers": [...], "name": "..."}` |
//! | in `--public` | that file, or a redirect to a directory's name with its slash |
//! | in the embedded page | that file, in the best coding the client accepts |
//! | anything else | 404 |
//!
//! Only GET and HEAD are known; another method on a path that exists is 405. The page's files are
//! `no-cache`: their names stay the same over versions, so a browser keeps them but asks each time,
//! and a 304 costs a few hundred bytes. The query is ignored.
//!
//! Invariants: an answer has its own bytes or static ones, never a part of the request; HEAD has the
//! headers of GET. Cost: an embedded file is sent without a copy and without a wait.

use bytes::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderValue, LOCATION,
    VARY,
};
use hyper::{HeaderMap, Method, Response, StatusCode, Uri};
use serde::Serialize;

use crate::config::{self, ConfigError};
use crate::encoding::Accepted;
use crate::http::Body;
use crate::http::assets::{self, Asset};
use crate::http::conditional::{Outcome, Validators};
use crate::http::content_type;
use crate::http::error_page::ErrorPage;
use crate::http::file;
use crate::http::ice::IceServer;
use crate::http::path::SitePath;
use crate::http::public_dir::{Found, PublicDir};
use crate::http::reach::Reached;
use crate::http::security;
use crate::http::server::Fallback;
use crate::transport::Peer;

/// The web site with its settings; shared by all connections.
#[derive(Debug)]
pub struct Site {
    config_json: Bytes,
    public: Option<PublicDir>,
    policy: Option<HeaderValue>,
    reach: Reached,
}

/// `/config.json`.
#[derive(Serialize)]
struct PageConfig {
    #[serde(rename = "iceServers")]
    ice_servers: Vec<IceServer>,
    name: Option<String>,
}

impl Site {
    /// Checks the settings. `device_name` is shown by the page; it is `null` there if not known.
    /// `reach` is what other devices can open.
    ///
    /// # Errors
    /// If the public directory cannot be read, the policy is not a header value, or an ICE server
    /// is not an address.
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
        let ice_servers = settings
            .ice_servers
            .iter()
            .map(|url| IceServer::parse(url))
            .collect::<Result<_, _>>()?;
        // Strings in a structure always become JSON; the fallback is a page without servers.
        let config_json = serde_json::to_vec(&PageConfig {
            ice_servers,
            name: device_name,
        })
        .unwrap_or_else(|_| br#"{"iceServers":[],"name":null}"#.to_vec());
        Ok(Self {
            config_json: config_json.into(),
            public: public.transpose()?,
            policy: policy.transpose()?,
            reach,
        })
    }

    async fn find(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response<Body> {
        let Some(path) = SitePath::parse(uri.path()) else {
            return ErrorPage::NotFound.response();
        };
        let readable = matches!(*method, Method::GET | Method::HEAD);
        let own = match uri.path() {
            "/healthz" => Some(("text/plain; charset=utf-8", Bytes::from_static(b"ok\n"))),
            "/config.json" => Some(("application/json", self.config_json.clone())),
            _ => None,
        };
        if let Some((content_type, bytes)) = own {
            return if readable {
                own_response(content_type, bytes)
            } else {
                ErrorPage::MethodNotAllowed.response()
            };
        }
        if let Some(public) = &self.public {
            match public.find(&path).await {
                Found::File(_) | Found::Directory if !readable => {
                    return ErrorPage::MethodNotAllowed.response();
                }
                Found::File(found) => {
                    return file::respond(found, method, headers, self.policy.as_ref());
                }
                Found::Directory => return redirect(uri),
                Found::Refused => return ErrorPage::NotFound.response(),
                Found::Missing => {}
            }
        }
        match assets::find(&path.file()) {
            Some(_) if !readable => ErrorPage::MethodNotAllowed.response(),
            Some(asset) => asset_response(asset, headers),
            None => ErrorPage::NotFound.response(),
        }
    }
}

impl Fallback for Site {
    async fn respond(
        &self,
        _: Peer,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Response<Body> {
        let mut response = self.find(method, uri, headers).await;
        if *method == Method::HEAD {
            drop_body(&mut response);
        }
        response
    }
}

/// An embedded file.
fn asset_response(asset: &Asset, request: &HeaderMap) -> Response<Body> {
    let Some((coding, chosen)) = asset.choose(&Accepted::from_headers(request)) else {
        let mut response = ErrorPage::NotAcceptable.response();
        response
            .headers_mut()
            .insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        return response;
    };
    let outcome = Validators {
        etag: chosen.etag,
        modified: None,
    }
    .evaluate(request);
    if outcome == Outcome::Failed {
        return ErrorPage::PreconditionFailed.response();
    }
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(ETAG, HeaderValue::from_static(chosen.etag));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if asset.varies() {
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    security::protect(headers);
    if content_type::is_html(asset.content_type) {
        security::protect_page(headers);
    }
    if outcome == Outcome::NotModified {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    if let Some(coding) = coding.header() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    *response.body_mut() = Body::full(Bytes::from_static(chosen.bytes));
    response
}

/// An answer the server makes itself; it is right for one moment only.
fn own_response(content_type: &'static str, bytes: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::full(bytes));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    security::protect(headers);
    response
}

/// To the directory's name with a slash. The path was parsed, so it starts with exactly one slash
/// and cannot name another host.
fn redirect(uri: &Uri) -> Response<Body> {
    let query = uri
        .query()
        .map_or_else(String::new, |query| format!("?{query}"));
    let Ok(target) = HeaderValue::from_str(&format!("{}/{query}", uri.path())) else {
        return ErrorPage::NotFound.response();
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    let headers = response.headers_mut();
    headers.insert(LOCATION, target);
    // A browser would keep a 308 for ever, and the directory is the user's to change.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    security::protect(headers);
    response
}

/// HEAD: the same headers, with the length GET would have (RFC 9110 section 9.3.2), and no body.
fn drop_body(response: &mut Response<Body>) {
    use hyper::body::Body as _;
    let body = std::mem::replace(response.body_mut(), Body::empty());
    // A 304 has no length, and a file's answer has it already.
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        response
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
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
