//! The one place where a refusal becomes an HTTP response, in the two forms of the reference
//! server: JSON for ordinary requests, text for upgrades.

use crate::engineio::Reject;
use bytes::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, SEC_WEBSOCKET_VERSION,
};
use hyper::{Response, StatusCode};

/// What this layer answers with.
pub type Answer = Response<Bytes>;

/// A response with this status, type and body; never cached.
pub(super) fn answer(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Answer {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A response without a body.
pub(super) fn empty(status: StatusCode) -> Answer {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

fn status(reject: Reject) -> StatusCode {
    StatusCode::from_u16(reject.status()).unwrap_or(StatusCode::BAD_REQUEST)
}

/// The refusal of an ordinary request.
pub(super) fn refuse(reject: Reject) -> Answer {
    let mut response = match reject.code() {
        Some(code) => {
            let body = format!("{{\"code\":{code},\"message\":\"{reject}\"}}");
            let mut response = answer(status(reject), "application/json", body);
            response.headers_mut().remove(CACHE_CONTROL);
            response
        }
        None if matches!(reject, Reject::TooManyHandshakes | Reject::Full) => answer(
            status(reject),
            "text/plain; charset=UTF-8",
            reject.to_string(),
        ),
        None => empty(status(reject)),
    };
    retry_later(reject, &mut response);
    response
}

/// The refusal of an upgrade: always 400 as the reference server has it, but for limits.
pub(super) fn refuse_upgrade(reject: Reject) -> Answer {
    let status = match reject {
        Reject::TooManyHandshakes | Reject::Full => status(reject),
        _ => StatusCode::BAD_REQUEST,
    };
    let mut response = answer(status, "text/html", reject.to_string());
    let headers = response.headers_mut();
    headers.remove(CACHE_CONTROL);
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    if reject == Reject::WebSocketVersion {
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13, 8"));
    }
    retry_later(reject, &mut response);
    response
}

fn retry_later(reject: Reject, response: &mut Answer) {
    if let Reject::TooManyHandshakes | Reject::Full = reject {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
}
