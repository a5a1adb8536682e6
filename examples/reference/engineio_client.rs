//! Profile `engineio-client`: what the official Engine.IO client is tested against. Payloads of at
//! most 100 bytes; handshakes with the key `deny` in their query are refused; the first answer
//! of a session sets four cookies.
//!
//! | message | answer |
//! |---|---|
//! | (on connect) | `hi` |
//! | `give binary` | the bytes 0 to 4 |
//! | `give utf8` | a line of Russian |
//! | `sendHeaders` | the headers of the POST that brought it, as JSON |
//! | any other | itself, in its own kind |

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use hyper::HeaderMap;
use hyper::header::{HeaderValue, SET_COOKIE};
use parlor::config;
use parlor::engineio::{CloseReason, Message, Request, SessionId, SessionKey};
use parlor::hub::Engine;
use parlor::transport::{Decision, Hooks, Protocol};

use crate::gate::Gate;

const COOKIES: [&str; 3] = [
    "1=1; Max-Age=86400",
    "2=2; Path=/; HttpOnly; Secure; SameSite=Strict",
    "3=3; Max-Age=0",
];

pub(crate) fn settings() -> config::Protocol {
    config::Protocol {
        path: "/engine.io/".to_owned(),
        ping_interval: Duration::from_millis(500),
        max_payload_bytes: 100,
        ..config::Protocol::default()
    }
}

/// The two halves of the server; the gate denies in its own words if it has any.
pub(crate) fn new(gate: Gate) -> (Headers, Suite) {
    let posts = Posts::default();
    let gate = match gate.denies() {
        true => gate,
        false => Gate::denying(String::new()),
    };
    let headers = Headers {
        gate,
        posts: Arc::clone(&posts),
    };
    let suite = Suite {
        posts,
        ids: HashMap::new(),
    };
    (headers, suite)
}

/// The headers of each session's last POST, as JSON: a message does not know its request, but
/// hooks see the request before its messages are handled.
type Posts = Arc<Mutex<HashMap<String, String>>>;

pub(crate) struct Headers {
    gate: Gate,
    posts: Posts,
}

impl Hooks for Headers {
    fn allow_request<'a>(&'a self, request: &'a Request) -> Decision<'a> {
        self.gate.allow_request(request)
    }

    fn initial_headers(&self, _: &Request, headers: &mut HeaderMap) {
        for cookie in COOKIES {
            headers.append(SET_COOKIE, HeaderValue::from_static(cookie));
        }
        let now = httpdate::fmt_http_date(SystemTime::now());
        if let Ok(cookie) = HeaderValue::try_from(format!("4=4; Expires={now}")) {
            headers.append(SET_COOKIE, cookie);
        }
    }

    fn headers(&self, request: &Request, _: &mut HeaderMap) {
        // Of a session's requests only a POST has a body, and so a type.
        let Some(session) = request.parameter("sid") else {
            return;
        };
        if request.header("content-type").is_none() {
            return;
        }
        let headers: serde_json::Map<_, _> = request
            .headers()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        let mut posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
        // Only those that are open have a place.
        if let Some(post) = posts.get_mut(&session) {
            *post = serde_json::Value::from(headers).to_string();
        }
    }
}

/// The messages.
pub(crate) struct Suite {
    posts: Posts,
    ids: HashMap<SessionKey, SessionId>,
}

impl Protocol for Suite {
    fn open(&mut self, engine: &mut Engine, session: SessionKey, _: Request) {
        if let Some(id) = engine.session_id(session) {
            self.ids.insert(session, id);
            let mut posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
            posts.insert(id.as_str().to_owned(), String::from("{}"));
        }
        engine.send(session, Message::Text("hi"));
    }

    fn message(&mut self, engine: &mut Engine, session: SessionKey, message: Message<'_>) {
        match message {
            Message::Text("give binary") => {
                engine.send(session, Message::Binary(&[0, 1, 2, 3, 4]));
            }
            Message::Text("give utf8") => {
                engine.send(session, Message::Text("пойду спать всем спокойной ночи"));
            }
            Message::Text("sendHeaders") => {
                let posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
                let id = self.ids.get(&session);
                if let Some(headers) = id.and_then(|id| posts.get(id.as_str())) {
                    engine.send(session, Message::Text(headers));
                }
            }
            _ => engine.send(session, message),
        }
    }

    fn close(&mut self, _: &mut Engine, session: SessionKey, _: CloseReason) {
        if let Some(id) = self.ids.remove(&session) {
            let mut posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
            posts.remove(id.as_str());
        }
    }
}
