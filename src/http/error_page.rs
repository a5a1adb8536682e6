//! Small pages for what cannot be answered: 400, 404, 405, 406, 412, 416 and 500.
//!
//! They stand where `site` has found nothing to send. Plain HTML without style or script, readable
//! in any browser and by `curl`; never stored by a cache. RFC 9110 section 15.5.
//!
//! Invariants: nothing of the request is repeated in the page, so there is nothing to escape; 405
//! always has `Allow` (section 15.5.6). Cost: static bytes.

use bytes::Bytes;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

use crate::http::Body;
use crate::http::security;

/// The methods the web site knows.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD");

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorPage {
    /// 400: a text that no QR code can be made of.
    BadText,
    /// 404: nothing is served under this path.
    NotFound,
    /// 405: there is something, but it can only be read.
    MethodNotAllowed,
    /// 406: the client refuses every coding, plain bytes included.
    NotAcceptable,
    /// 412: the client wanted another version.
    PreconditionFailed,
    /// 416: the part lies outside the file.
    RangeNotSatisfiable,
    /// 500: the file could not be read.
    Unreadable,
}

macro_rules! page {
    ($title:literal, $text:literal) => {
        concat!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n",
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
            "<meta name=\"color-scheme\" content=\"light dark\">\n",
            "<title>",
            $title,
            " - Parlor</title>\n<h1>",
            $title,
            "</h1>\n<p>",
            $text,
            "</p>\n<p><a href=\"/\">Go to the first page</a></p>\n</html>\n"
        )
    };
}

impl ErrorPage {
    /// The whole answer; a HEAD request's body is left to the caller to drop.
    pub(crate) fn response(self) -> Response<Body> {
        let (status, page) = match self {
            Self::BadText => (
                StatusCode::BAD_REQUEST,
                page!(
                    "Bad request",
                    "Behind the question mark must stand an address of at most 512 characters, \
                     percent-encoded."
                ),
            ),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                page!("Not found", "There is nothing at this address."),
            ),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                page!(
                    "Method not allowed",
                    "This address can only be read: use GET or HEAD."
                ),
            ),
            Self::NotAcceptable => (
                StatusCode::NOT_ACCEPTABLE,
                page!(
                    "Not acceptable",
                    "The request refuses every form in which this can be sent."
                ),
            ),
            Self::PreconditionFailed => (
                StatusCode::PRECONDITION_FAILED,
                page!(
                    "Precondition failed",
                    "This is no longer the version that was asked for."
                ),
            ),
            Self::RangeNotSatisfiable => (
                StatusCode::RANGE_NOT_SATISFIABLE,
                page!(
                    "Range not satisfiable",
                    "The file does not have the part that was asked for."
                ),
            ),
            Self::Unreadable => (
                StatusCode::INTERNAL_SERVER_ERROR,
                page!("Cannot read", "The file could not be read."),
            ),
        };
        let mut response = Response::new(Body::full(Bytes::from_static(page.as_bytes())));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        security::protect(headers);
        security::protect_page(headers);
        if status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, METHODS);
        }
        response
    }
}
