//! The answer for a file from the user's directory.
//!
//! It stands between `public_dir`, which opened the file, and `body`, which reads it. Order: the
//! preconditions (RFC 9110 section 13), then the range (section 14), then the headers; the file is
//! read only if its bytes are sent. Like the embedded page it is `no-cache`: a browser keeps it and
//! asks each time whether it is still good, because its name does not change with its content.
//!
//! Invariant: `Content-Length` is the size of what GET would send, for HEAD as well.
//! Cost: one file handle and one chunk while it is sent.

use hyper::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderValue,
    LAST_MODIFIED, RANGE,
};
use hyper::{HeaderMap, Method, Response, StatusCode};

use crate::http::Body;
use crate::http::conditional::{Outcome, Validators};
use crate::http::content_type;
use crate::http::error_page::ErrorPage;
use crate::http::public_dir::OpenFile;
use crate::http::range::{self, Part};
use crate::http::security;

/// Answers GET or HEAD with an opened file. `policy` is the user's own, for HTML.
pub(crate) fn respond(
    found: OpenFile,
    method: &Method,
    request: &HeaderMap,
    policy: Option<&HeaderValue>,
) -> Response<Body> {
    let validators = Validators {
        etag: &found.etag,
        modified: found.modified,
    };
    let mut response = Response::new(Body::empty());
    match validators.evaluate(request) {
        Outcome::Failed => return ErrorPage::PreconditionFailed.response(),
        Outcome::NotModified => {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            describe(response.headers_mut(), &found, policy);
            return response;
        }
        Outcome::Proceed => {}
    }
    // Section 14.2: a range is defined for GET only.
    let part = match request.get(RANGE).and_then(|value| value.to_str().ok()) {
        Some(value) if *method == Method::GET && validators.range_holds(request) => {
            range::part(value, found.size)
        }
        _ => Part::Whole,
    };
    let (start, length) = match part {
        Part::Whole => (0, found.size),
        Part::Some { start, length } => (start, length),
        Part::Unsatisfiable => {
            let mut response = ErrorPage::RangeNotSatisfiable.response();
            insert_text(
                response.headers_mut(),
                CONTENT_RANGE,
                &format!("bytes */{}", found.size),
            );
            return response;
        }
    };
    let headers = response.headers_mut();
    describe(headers, &found, policy);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(found.content_type));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    if part != Part::Whole {
        let last = start + length - 1;
        insert_text(
            headers,
            CONTENT_RANGE,
            &format!("bytes {start}-{last}/{}", found.size),
        );
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    if *method == Method::GET {
        match Body::file(found.file, start, length) {
            Ok(body) => *response.body_mut() = body,
            Err(error) => {
                tracing::warn!(%error, "a file from --public cannot be read");
                return ErrorPage::Unreadable.response();
            }
        }
    }
    response
}

/// What 200, 206 and 304 have in common (section 15.4.5).
fn describe(headers: &mut HeaderMap, found: &OpenFile, policy: Option<&HeaderValue>) {
    insert_text(headers, ETAG, &found.etag);
    if let Some(modified) = found.modified {
        insert_text(headers, LAST_MODIFIED, &httpdate::fmt_http_date(modified));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    security::protect(headers);
    if content_type::is_html(found.content_type) {
        security::protect_public_page(headers, policy);
    }
}

/// Our own text is always a valid value; were it not, the header would be left out.
fn insert_text(headers: &mut HeaderMap, name: hyper::header::HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}
