//! What an application may say about HTTP requests: who may begin a session, and which headers
//! answers carry.
//!
//! They are asked when a request comes, before its session is touched and never under the
//! server's lock, so they may lock things of their own. A server without hooks does nothing for
//! them. A panic in one ends the connection that asked, and nothing else.
//!
//! | hook | the reference server's | when |
//! |---|---|---|
//! | [`allow_request`](Hooks::allow_request) | `allowRequest` | a handshake, after transport and method were checked, before the revision |
//! | [`initial_headers`](Hooks::initial_headers) | `initial_headers` | once a session: the answer to the polling handshake, or the 101 |
//! | [`headers`](Hooks::headers) | `headers` | each answer to a poll or post, and each 101 |
//!
//! As with the reference server refusals carry no headers of the hooks'.

use crate::engineio::Request;
use hyper::HeaderMap;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

/// What an application says about requests. Every method has a default that changes nothing.
pub trait Hooks: Send + Sync + 'static {
    /// Whether a client may begin a session. The decision may take its time: the client waits,
    /// and one that goes away meanwhile leaves nothing behind. How long is the application's to
    /// bound; the handshake counts against its address's rate before this is asked.
    fn allow_request<'a>(&'a self, request: &'a Request) -> Decision<'a> {
        let _ = request;
        Box::pin(ready(Ok(())))
    }

    /// Adds headers to the first answer of a session, cookies for example.
    fn initial_headers(&self, request: &Request, headers: &mut HeaderMap) {
        let _ = (request, headers);
    }

    /// Adds headers to every answer of a session, the first one included. What describes the
    /// message itself (`Content-Length`, `Connection`, `Upgrade` and their like) is not theirs
    /// to set.
    fn headers(&self, request: &Request, headers: &mut HeaderMap) {
        let _ = (request, headers);
    }
}

/// Hooks that the application goes on holding.
impl<T: Hooks> Hooks for Arc<T> {
    fn allow_request<'a>(&'a self, request: &'a Request) -> Decision<'a> {
        (**self).allow_request(request)
    }

    fn initial_headers(&self, request: &Request, headers: &mut HeaderMap) {
        (**self).initial_headers(request, headers);
    }

    fn headers(&self, request: &Request, headers: &mut HeaderMap) {
        (**self).headers(request, headers);
    }
}

/// A decision that may be made later.
pub type Decision<'a> = Pin<Box<dyn Future<Output = Result<(), Forbidden>> + Send + 'a>>;

/// The refusal of a handshake: over polling 403 with code 4, over WebSocket 400 with the
/// message as text, as the reference server has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forbidden {
    /// Told to the client instead of "Forbidden". Over WebSocket it is the body of a
    /// `text/html` answer, so it should not repeat what a client sent.
    pub message: Option<String>,
}

impl Forbidden {
    /// A refusal in these words.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: Some(message.into()),
        }
    }
}
