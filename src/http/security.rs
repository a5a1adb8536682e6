//! What a browser is told not to do: the security headers.
//!
//! They stand on every answer of the web site.
//!
//! | header | on | why |
//! |---|---|---|
//! | `X-Content-Type-Options: nosniff` | all | a file is what its type says |
//! | `Referrer-Policy: same-origin` | all | a link out does not tell the room's address |
//! | `Permissions-Policy` | HTML | camera, microphone and screen for this origin only |
//! | `Content-Security-Policy` | our HTML; the user's only if `--csp` is set | no script but ours |
//!
//! `same-origin` rather than `no-referrer`, with which some browsers (Firefox and Safari of some years)
//! send `Origin: null` with a page's own POSTs, as the Fetch standard had it until 2022; the guard
//! refuses that, and has to, since sandboxed pages of anybody send it as well.
//!
//! Left out on purpose: `Strict-Transport-Security` (the server must stay reachable by plain HTTP,
//! and a home name is not ours to pin), `Cross-Origin-Opener-Policy` (ignored with a console
//! warning on plain HTTP).

use hyper::HeaderMap;
use hyper::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

/// Policy for our own pages: nothing inline, nothing from elsewhere, no frame around them.
///
/// `ws:` and `wss:` are named because Safari before 15.4 does not take `'self'` to cover them.
/// `media-src blob:` is for recordings; a live stream (`srcObject`) is not governed by it.
const PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self' ws: wss:; img-src 'self' data:; media-src 'self' blob:; \
    manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Only features every browser knows: an unknown one is a warning in the console.
const PERMISSIONS: &str = "camera=(self), microphone=(self), display-capture=(self), \
    autoplay=(self), fullscreen=(self), picture-in-picture=(self), geolocation=()";

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// The headers every answer has.
pub(crate) fn protect(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
}

/// The headers an HTML page of our own has beside those.
pub(crate) fn protect_page(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE));
    headers.insert(PERMISSIONS_POLICY, HeaderValue::from_static(PERMISSIONS));
}

/// The headers an HTML page of the user's has beside those; its policy is the user's to choose.
pub(crate) fn protect_public_page(headers: &mut HeaderMap, policy: Option<&HeaderValue>) {
    if let Some(policy) = policy {
        headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
    }
    headers.insert(PERMISSIONS_POLICY, HeaderValue::from_static(PERMISSIONS));
}
