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

/// The refusal of an ordinary request, if need be in the application's words.
pub(super) fn refuse(reject: Reject, words: Option<String>) -> Answer {
    let words = words.unwrap_or_else(|| reject.to_string());
    let mut response = match reject.code() {
        Some(code) => {
            // The words may be anything, and a text always has a JSON form.
            let words = serde_json::to_string(&words).unwrap_or_default();
            let body = format!("{{\"code\":{code},\"message\":{words}}}");
            let mut response = answer(status(reject), "application/json", body);
            response.headers_mut().remove(CACHE_CONTROL);
            response
        }
        None if matches!(reject, Reject::TooManyHandshakes | Reject::Full) => {
            answer(status(reject), "text/plain; charset=UTF-8", words)
        }
        None => empty(status(reject)),
    };
    retry_later(reject, &mut response);
    response
}

/// The refusal of an upgrade: always 400 as the reference server has it, but for limits.
pub(super) fn refuse_upgrade(reject: Reject, words: Option<String>) -> Answer {
    let status = match reject {
        Reject::TooManyHandshakes | Reject::Full => status(reject),
        _ => StatusCode::BAD_REQUEST,
    };
    let words = words.unwrap_or_else(|| reject.to_string());
    let mut response = answer(status, "text/html", words);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_refusal_is_json_whatever_the_words() {
        let answer = refuse(Reject::Forbidden, None);
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        assert_eq!(answer.headers()[CONTENT_TYPE], "application/json");
        assert_eq!(answer.body(), "{\"code\":4,\"message\":\"Forbidden\"}");
        let words = "no \"guests\"\r\n\\ today".to_owned();
        assert_eq!(
            refuse(Reject::Forbidden, Some(words)).body(),
            "{\"code\":4,\"message\":\"no \\\"guests\\\"\\r\\n\\\\ today\"}"
        );
    }

    #[test]
    fn the_refusal_of_an_upgrade_is_400_and_text_and_ends_the_connection() {
        let answer = refuse_upgrade(Reject::Forbidden, Some("no guests".to_owned()));
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert_eq!(answer.headers()[CONNECTION], "close");
        assert_eq!(answer.headers()[CONTENT_TYPE], "text/html");
        assert_eq!(answer.body(), "no guests");
        let version = refuse_upgrade(Reject::WebSocketVersion, None);
        assert_eq!(version.headers()[SEC_WEBSOCKET_VERSION], "13, 8");
    }

    #[test]
    fn limits_keep_their_status_and_say_when_to_come_back() {
        for answer in [
            refuse(Reject::Full, None),
            refuse_upgrade(Reject::Full, None),
        ] {
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(answer.headers()[RETRY_AFTER], "5");
        }
    }
}
