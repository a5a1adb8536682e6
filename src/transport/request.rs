//! A request to the protocol's path: who answers it, and what the answer carries beside the
//! protocol.
//!
//! In this order, which clients can see (the reference server's, but for the rate):
//!
//! 1. CORS answers a preflight; every other answer but the refusal of an upgrade gets its headers.
//! 2. The static client's files.
//! 3. The engine's checks of transport, session and method ([`Query::intent`]).
//! 4. For a handshake: the rate, the application ([`Hooks::allow_request`](super::Hooks::allow_request)), the revision, and the
//!    upgrade's own headers (RFC 6455 section 4.2.1).
//! 5. The handshake, poll, post or upgrade itself.
//! 6. Headers of hooks, the cookie and compression, on answers of a session only.
//!
//! Hooks are asked for headers before a session is touched, so a panic there costs nobody
//! anything. A poll that waits is a value ([`Outcome::Later`]) with nothing of its request in it, so
//! that who has the connection may let go of everything else meanwhile.

use super::polling::{Compressible, Found};
use super::reject::{Answer, refuse, refuse_upgrade};
use super::{Peer, Server, websocket};
use crate::encoding::{Accepted, Compression};
use crate::engineio::Reject;
use crate::engineio::handshake::{Intent, Query, Transport};
use crate::hub::Protocol;
use bytes::Bytes;
use hyper::body::Body;
use hyper::header::{
    CONTENT_ENCODING, HeaderValue, SET_COOKIE, USER_AGENT, VARY, X_XSS_PROTECTION,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, StatusCode, Uri};
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

/// From how many bytes on a body is compressed on the blocking pool: below, it takes less time
/// than to ask another thread.
const LONG_BODY: usize = 32 * 1024;

/// The answer of a poll that waits. Dropping it tells the session that its client is gone.
pub type Later = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What becomes of a request.
pub enum Outcome {
    /// An answer.
    Answer(Answer),
    /// An answer that may take long; nothing of the request is kept for it.
    Later(Later),
    /// A WebSocket: the answer is 101, and the connection is then handed to
    /// [`Server::attach`](super::Server::attach).
    Upgrade(Answer, websocket::Pending),
    /// The connection is to be cut without an answer.
    Cut,
}

impl<P: Protocol> Server<P> {
    /// Handles one request to the protocol's path
    /// ([`config::Protocol::covers`](crate::config::Protocol::covers)).
    pub async fn respond<B>(&self, request: Request<B>, peer: Peer) -> Outcome
    where
        B: Body<Data = Bytes>,
    {
        let (mut head, body) = request.into_parts();
        let edge = &self.0.edge;
        let cors = match &edge.cors {
            Some(cors) if head.method == Method::OPTIONS => {
                return Outcome::Answer(cors.preflight(&head.headers));
            }
            Some(cors) => cors.headers(&head.headers),
            None => HeaderMap::new(),
        };
        if let Some(files) = &edge.client_files
            && let Some(name) = self.settings().behind(head.uri.path())
            && let Some(name) = name.strip_prefix('/')
            && let Some(mut answer) = files.respond(name, &head.headers).await
        {
            add(&mut answer, cors);
            return Outcome::Answer(answer);
        }
        // Without that transport an upgrade is a request like any other.
        let upgrade = self.settings().websocket && websocket::is_upgrade(&head);
        match self.route(&mut head, body, peer, upgrade).await {
            Outcome::Answer(mut answer) if !upgrade => {
                add(&mut answer, cors);
                Outcome::Answer(answer)
            }
            Outcome::Later(answer) if !cors.is_empty() => Outcome::Later(Box::pin(async move {
                let mut answer = answer.await;
                add(&mut answer, cors);
                answer
            })),
            Outcome::Upgrade(mut answer, pending) => {
                add(&mut answer, cors);
                Outcome::Upgrade(answer, pending)
            }
            outcome => outcome,
        }
    }

    async fn route<B>(&self, head: &mut Parts, body: B, peer: Peer, upgrade: bool) -> Outcome
    where
        B: Body<Data = Bytes>,
    {
        let query = Query::parse(head.uri.query().unwrap_or_default());
        let is_get = head.method == Method::GET;
        match query.intent(is_get, upgrade, self.settings()) {
            Err(reject) => self.refused(reject, upgrade),
            Ok(Intent::Handshake(transport)) => {
                let revision = query.format(self.settings()).map(drop);
                self.begin(head, peer, transport, revision).await
            }
            Ok(Intent::Session(transport, id)) => {
                let found = {
                    let mut state = self.lock();
                    let found = state.hub.find(id, transport);
                    found.map(|session| (session, state.hub.engine().format(session).revision))
                };
                let (session, revision) = match found {
                    Ok(found) => found,
                    Err(reject) => return self.refused(reject, upgrade),
                };
                let is_socket = transport == Transport::WebSocket;
                // A polling session does not take plain requests in the name of WebSocket, nor
                // upgrades in the name of polling.
                if upgrade != is_socket
                    || revision != query.revision()
                    || query.wants_jsonp(transport)
                {
                    return self.refused(Reject::BadRequest, upgrade);
                }
                let mut extras = Extras::of(head, upgrade, self.settings().http_compression);
                if let Some(hooks) = &self.0.edge.hooks {
                    hooks.headers(&peer.remember(head), &mut extras.headers);
                }
                if upgrade {
                    return match websocket::accept(&head.headers) {
                        Ok(mut accept) => {
                            add(&mut accept, extras.headers);
                            let base64 = query.wants_base64();
                            self.upgrade(accept, session, base64)
                        }
                        Err(reject) => self.refused(reject, true),
                    };
                }
                let outcome = match head.method {
                    Method::GET => match self.poll(session) {
                        Ok(Found::Answer(answer)) => Outcome::Answer(answer),
                        Ok(Found::Nothing(wait)) => {
                            return Outcome::Later(Box::pin(async move {
                                let mut answer = wait.await;
                                extras.add_to(&mut answer).await;
                                answer
                            }));
                        }
                        Err(reject) => self.refused(reject, false),
                    },
                    Method::POST => self.post(session, &head.headers, body).await,
                    _ => self.refused(Reject::UnexpectedMethod, false),
                };
                match outcome {
                    Outcome::Answer(mut answer) => {
                        extras.add_to(&mut answer).await;
                        Outcome::Answer(answer)
                    }
                    outcome => outcome,
                }
            }
        }
    }

    /// The handshake of a request that the engine has no objection to but for its revision.
    async fn begin(
        &self,
        head: &mut Parts,
        peer: Peer,
        transport: Transport,
        revision: Result<(), Reject>,
    ) -> Outcome {
        let upgrade = transport == Transport::WebSocket;
        if let Err(reject) = self.may_handshake(peer.address) {
            return self.refused(reject, upgrade);
        }
        let request = peer.remember(head);
        let accept = upgrade.then(|| websocket::accept(&head.headers));
        let mut extras = Extras::of(head, upgrade, self.settings().http_compression);
        // The application may take its time, and these are pieces of hyper's buffer.
        head.headers = HeaderMap::new();
        head.uri = Uri::default();
        let edge = &self.0.edge;
        if let Some(hooks) = &edge.hooks
            && let Err(forbidden) = hooks.allow_request(&request).await
        {
            return self.refused_in_words(Reject::Forbidden, forbidden.message, upgrade);
        }
        let accept = match revision.and_then(|()| accept.transpose()) {
            Ok(accept) => accept,
            Err(reject) => return self.refused(reject, upgrade),
        };
        if let Some(hooks) = &edge.hooks {
            hooks.initial_headers(&request, &mut extras.headers);
            hooks.headers(&request, &mut extras.headers);
        }
        if let Some(mut accept) = accept {
            add(&mut accept, extras.headers);
            return self.open_websocket(accept, request);
        }
        match self.handshake(request) {
            Ok((mut answer, id)) => {
                extras.add_to(&mut answer).await;
                let cookie = edge.cookie.as_ref().and_then(|cookie| cookie.header(&id));
                if let Some(cookie) = cookie {
                    answer.headers_mut().append(SET_COOKIE, cookie);
                }
                Outcome::Answer(answer)
            }
            Err(reject) => self.refused(reject, false),
        }
    }

    pub(super) fn refused(&self, reject: Reject, upgrade: bool) -> Outcome {
        self.refused_in_words(reject, None, upgrade)
    }

    fn refused_in_words(&self, reject: Reject, words: Option<String>, upgrade: bool) -> Outcome {
        self.stats().requests_refused.add();
        tracing::debug!("a request was refused: {reject}");
        Outcome::Answer(if upgrade {
            refuse_upgrade(reject, words)
        } else {
            refuse(reject, words)
        })
    }

    fn may_handshake(&self, address: IpAddr) -> Result<(), Reject> {
        self.turn(|state, now| {
            if state.stopping {
                return Err(Reject::Full);
            }
            if state.admission.handshake(address, now) {
                return Ok(());
            }
            state.hub.engine().stats().handshakes_limited.add();
            Err(Reject::TooManyHandshakes)
        })
    }
}

/// What the answer to a request of a session carries beside the protocol.
struct Extras {
    headers: HeaderMap,
    compression: Option<(Compression, usize)>,
}

impl Extras {
    /// `threshold` is the length from which on bodies are compressed.
    fn of(head: &Parts, upgrade: bool, threshold: Option<usize>) -> Self {
        let mut headers = HeaderMap::new();
        if !upgrade && is_internet_explorer(&head.headers) {
            // Its filter would take a payload for an attack.
            headers.insert(X_XSS_PROTECTION, HeaderValue::from_static("0"));
        }
        let compression = threshold
            .filter(|_| !upgrade && head.method == Method::GET)
            .and_then(|from| Some((Accepted::from_headers(&head.headers).compression()?, from)));
        Self {
            headers,
            compression,
        }
    }

    /// Adds all that to the answer of a session; one that refuses stays as it is.
    async fn add_to(&mut self, answer: &mut Answer) {
        if answer.status() != StatusCode::OK {
            return;
        }
        add(answer, std::mem::take(&mut self.headers));
        if let Some((compression, from)) = self.compression
            && answer.body().len() >= from
            && answer.extensions().get::<Compressible>().is_some()
        {
            compress(answer, compression).await;
        }
    }
}

/// Adds headers; those that the answer has already are replaced, but for `Vary`, of which each
/// line counts.
fn add(answer: &mut Answer, mut headers: HeaderMap) {
    if let Some(vary) = headers.remove(VARY) {
        answer.headers_mut().append(VARY, vary);
    }
    answer.headers_mut().extend(headers);
}

async fn compress(answer: &mut Answer, compression: Compression) {
    let body = answer.body().clone();
    let made = if body.len() < LONG_BODY {
        compression.compress(&body)
    } else {
        // Fails only if the runtime is ending.
        let work = tokio::task::spawn_blocking(move || compression.compress(&body));
        work.await.ok().flatten()
    };
    if let Some(bytes) = made {
        *answer.body_mut() = bytes.into();
        let headers = answer.headers_mut();
        headers.insert(CONTENT_ENCODING, compression.header());
    }
}

/// As the reference server tells it.
fn is_internet_explorer(headers: &HeaderMap) -> bool {
    let agent = headers
        .get(USER_AGENT)
        .and_then(|agent| agent.to_str().ok());
    agent.is_some_and(|agent| agent.contains(";MSIE") || agent.contains("Trident/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::transport::Edge;
    use crate::transport::silent::Silent;
    use std::net::Ipv4Addr;
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};

    /// The answer to a GET that is answered at once.
    fn answer(server: &Server<Silent>, transport: &str, headers: &[(&str, &str)]) -> Outcome {
        let mut request = Request::get(format!("/socket.io/?EIO=4&transport={transport}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(String::new()).expect("a request");
        let respond = pin!(server.respond(request, Peer::from(IpAddr::V4(Ipv4Addr::LOCALHOST))));
        match respond.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => panic!("a handshake does not wait"),
        }
    }

    const UPGRADE: [(&str, &str); 4] = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn server(random: crate::hub::Random) -> Server<Silent> {
        let (settings, limits) = (config::Protocol::default(), config::Limits::default());
        Server::build(
            settings,
            limits,
            Arc::default(),
            Silent,
            Edge::default(),
            random,
        )
    }

    #[test]
    fn without_random_bytes_a_handshake_is_a_bad_request_and_leaves_nothing() {
        let server = server(|| None);
        let Outcome::Answer(refused) = answer(&server, "polling", &[]) else {
            panic!("an answer");
        };
        assert_eq!(refused.body(), "{\"code\":3,\"message\":\"Bad request\"}");
        let Outcome::Answer(refused) = answer(&server, "websocket", &UPGRADE) else {
            panic!("no upgrade");
        };
        assert_eq!(refused.body(), "Bad request");
        assert!(server.lock().is_drained());
    }

    #[test]
    fn an_upgrade_when_the_server_stops_is_told_to_come_later_and_leaves_nothing() {
        let server = server(|| Some([1; 15]));
        let Outcome::Upgrade(_, pending) = answer(&server, "websocket", &UPGRADE) else {
            panic!("an upgrade");
        };
        server.abandon(&pending);
        server.shut_down();
        let Outcome::Answer(refused) = answer(&server, "websocket", &UPGRADE) else {
            panic!("no upgrade");
        };
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(server.lock().is_drained());
    }
}
