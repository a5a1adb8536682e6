//! Answers of the web site: an embedded file, something made for one request, a download, a
//! redirect, and what HEAD leaves of any of them.
//!
//! It stands behind `site`, which has found what to send; files of the user's are answered by
//! `file`. RFC 9110 sections 8, 9.3.2 and 15.4.
//!
//! Invariants: every answer has the security headers; a part of the request is in none but the
//! redirect, whose target was parsed. Cost: an embedded file is sent without a copy.

use bytes::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG,
    HeaderValue, LOCATION, VARY,
};
use hyper::{HeaderMap, Response, StatusCode, Uri};

use crate::encoding::Accepted;
use crate::http::Body;
use crate::http::assets::Asset;
use crate::http::conditional::{Outcome, Validators};
use crate::http::content_type;
use crate::http::error_page::ErrorPage;
use crate::http::security;

/// An embedded file.
pub(crate) fn asset(asset: &'static Asset, request: &HeaderMap) -> Response<Body> {
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
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
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
pub(crate) fn own(content_type: &'static str, bytes: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::full(bytes));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    security::protect(headers);
    response
}

/// A file to keep, if there is one.
pub(crate) fn download(
    bytes: Option<Bytes>,
    content_type: &'static str,
    name: &'static str,
) -> Response<Body> {
    let Some(bytes) = bytes else {
        return ErrorPage::NotFound.response();
    };
    let mut response = own(content_type, bytes);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    response
}

/// To the directory's name with a slash. The path was parsed, so it starts with exactly one slash
/// and cannot name another host.
pub(crate) fn redirect(uri: &Uri) -> Response<Body> {
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
pub(crate) fn drop_body(response: &mut Response<Body>) {
    use hyper::body::Body as _;
    let body = std::mem::replace(response.body_mut(), Body::empty());
    // A 304 has no length, and a file's answer has it already.
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        response
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
}
