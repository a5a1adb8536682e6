//! What plain HTTP is answered with where only HTTPS is spoken: the same address with `https`.
//!
//! The redirect is temporary and not to be stored, for the same reason that there is no HSTS: a
//! browser that remembers it could not come back to plain HTTP. A request that changes something
//! is not sent on: its body was on the network already (RFC 9110 section 15.4.8 would repeat it).

use super::{Body, reach, security};
use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONNECTION, HOST, HeaderValue, LOCATION};
use hyper::{Method, Request, Response, StatusCode};

/// The answer to a request, which ends its connection. `on_443` is whether HTTPS has its own port too.
pub(super) fn respond(request: &Request<Incoming>, on_443: bool) -> Response<Body> {
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok());
    let (status, location) = match to_https(
        request.method(),
        host,
        request
            .uri()
            .path_and_query()
            .map_or("/", |target| target.as_str()),
        on_443,
    ) {
        Ok(location) => (
            StatusCode::TEMPORARY_REDIRECT,
            HeaderValue::try_from(location).ok(),
        ),
        Err(status) => (status, None),
    };
    let mut response = Response::new(Body::full(&b"Only HTTPS is spoken here.\n"[..]));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Some(location) = location {
        headers.insert(LOCATION, location);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    security::protect(headers);
    response
}

/// Where to, or the status of a refusal.
fn to_https(
    method: &Method,
    host: Option<&str>,
    target: &str,
    on_443: bool,
) -> Result<String, StatusCode> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(StatusCode::FORBIDDEN);
    }
    let base = host
        .and_then(|host| reach::https_at(host, on_443))
        .ok_or(StatusCode::BAD_REQUEST)?;
    if !target.starts_with('/') {
        return Err(StatusCode::BAD_REQUEST);
    }
    Ok(format!("{base}{target}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(method: &Method, host: &str, target: &str) -> Result<String, u16> {
        to_https(method, Some(host), target, false).map_err(|status| status.as_u16())
    }

    #[test]
    fn a_page_is_sent_to_the_same_address_with_https() {
        let to = sent(&Method::GET, "192.168.1.20:4000", "/a?b=c");
        assert_eq!(to.as_deref(), Ok("https://192.168.1.20:4000/a?b=c"));
        let to = sent(&Method::HEAD, "[fd00::20]:4000", "/");
        assert_eq!(to.as_deref(), Ok("https://[fd00::20]:4000/"));
    }

    #[test]
    fn port_80_leads_to_port_443_where_that_is_open() {
        let to = to_https(&Method::GET, Some("parlor.local"), "/a", true);
        assert_eq!(to.as_deref(), Ok("https://parlor.local/a"));
    }

    #[test]
    fn port_80_stays_port_80() {
        for (host, wanted) in [
            ("parlor.local", "https://parlor.local:80/"),
            ("[fd00::20]", "https://[fd00::20]:80/"),
        ] {
            assert_eq!(sent(&Method::GET, host, "/").as_deref(), Ok(wanted));
        }
    }

    #[test]
    fn what_is_no_address_or_changes_something_is_refused() {
        assert_eq!(sent(&Method::POST, "parlor.local:4000", "/"), Err(403));
        for host in ["", "a b", "user@parlor.local", "parlor.local/x", "p\u{f6}"] {
            assert_eq!(sent(&Method::GET, host, "/"), Err(400), "{host}");
        }
        assert_eq!(sent(&Method::GET, "parlor.local", "*"), Err(400));
        assert_eq!(
            to_https(&Method::GET, None, "/", false),
            Err(StatusCode::BAD_REQUEST)
        );
    }
}
