//! HTTP requests of the protocol: the handshake, the GET that waits for data, the POST that
//! brings some (Engine.IO v4, "HTTP long-polling").
//!
//! A request whose client goes away is dropped by hyper in the middle of an `await`; guards
//! tell the session then. Bodies are held to the limit in bytes while they come in, and count
//! against the budget that all clients share.

use super::reject::{Answer, answer};
use super::request::Outcome;
use super::{Server, State};
use crate::engineio::payload::{self, Payload};
use crate::engineio::session::Input;
use crate::engineio::{self, CloseReason, Reject, Revision, SessionId, SessionKey};
use crate::hub::Protocol;
use crate::stats::Reserved;
use hyper::body::{Body, Bytes};
use hyper::header::CONTENT_TYPE;
use hyper::{HeaderMap, StatusCode};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Bytes beyond the limit that are still read (and dropped), so that a client which sends too
/// much gets to read its 413 instead of a reset connection.
const DRAIN: usize = 1024 * 1024;

/// Time a body may take to come in.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// The type of a payload in the binary form of revision 3.
const OCTET_STREAM: &str = "application/octet-stream";

impl<P: Protocol> Server<P> {
    /// Opens a session; its answer is the open packet, and what is sent with it.
    pub(super) fn handshake(
        &self,
        request: engineio::Request,
    ) -> Result<(Answer, SessionId), Reject> {
        self.turn(|state, now| {
            if state.stopping {
                return Err(Reject::Full);
            }
            let opened = state.hub.open(now, request, None)?;
            let answer = state.take_answer(opened);
            // It is forgotten by now if there was no room for the open packet; one that was closed
            // as soon as it was opened is told so.
            let id = state.hub.engine().session_id(opened);
            answer.zip(id).ok_or(Reject::Full)
        })
    }

    /// A GET: the data that waits for the client, or a wait for some.
    pub(super) fn poll(&self, session: SessionKey) -> Result<Found<P>, Reject> {
        self.turn(|state, now| {
            state.hub.handle(now, session, Input::PollStarted)?;
            Ok(state.take_answer(session))
        })
        .map(|answer| match answer {
            Some(answer) => Found::Answer(answer),
            None => Found::Nothing(Wait {
                server: self.clone(),
                session,
                answered: false,
            }),
        })
    }

    /// Ends the session whose answer cannot be sent: what is in it is lost.
    pub(crate) fn give_up(&self, answer: &Answer) {
        if let Some(Unsent { session, .. }) = answer.extensions().get() {
            let lost = Input::Discard(CloseReason::TransportError);
            // Refused only if the session is gone too.
            let _ = self.turn(|state, now| state.hub.handle(now, *session, lost));
        }
    }

    /// A POST: brings data.
    pub(super) async fn post<B>(&self, session: SessionKey, headers: &HeaderMap, body: B) -> Outcome
    where
        B: Body<Data = Bytes>,
    {
        self.post_within(BODY_TIMEOUT, session, headers, body).await
    }

    async fn post_within<B>(
        &self,
        patience: Duration,
        session: SessionKey,
        headers: &HeaderMap,
        body: B,
    ) -> Outcome
    where
        B: Body<Data = Bytes>,
    {
        let started = self.turn(|state, now| {
            let revision = state.hub.engine().format(session).revision;
            let started = state.hub.handle(now, session, Input::PostStarted);
            started.map(|()| revision)
        });
        let revision = match started {
            Ok(revision) => revision,
            Err(reject) => return self.refused(reject, false),
        };
        let mut guard = Guard {
            server: self,
            session,
            gone: Some(Input::PostAborted),
        };
        let binary = headers
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind == OCTET_STREAM);
        // Binary payloads are revision 3's; in revision 4 nobody can mean it.
        if binary && revision == Revision::V4 {
            return self.refused(Reject::Conflict, false);
        }
        let read = self.read(session, body);
        let read = tokio::time::timeout(patience, read).await;
        let body = match read.unwrap_or(Err(Unread::Late)) {
            Ok(body) => body,
            Err(Unread::Cut) => {
                guard.gone = Some(Input::PostFinished);
                return Outcome::Cut;
            }
            Err(Unread::Late) => {
                self.stats().bodies_timed_out.add();
                tracing::debug!("a request was cut off: its body did not come in time");
                return Outcome::Cut;
            }
            // The guard tells the session that the client is gone, here as above.
            Err(Unread::Broken) => return Outcome::Cut,
            Err(Unread::Refused(reject)) => {
                guard.gone = Some(Input::PostFinished);
                return self.refused(reject, false);
            }
        };
        guard.gone = None;
        self.turn(|state, now| {
            let mut take = |input: Input<'_>| {
                // A session that ended on the way drops the rest; the answer stays the same.
                let _ = state.hub.handle(now, session, input);
            };
            let decoded = payload::decode(&body.bytes, revision, binary, |packet| {
                take(Input::Posted(packet));
            });
            if decoded.is_err() {
                take(Input::PostedGarbage);
            }
            take(Input::PostFinished);
        });
        drop(body);
        Outcome::Answer(answer(StatusCode::OK, "text/html", "ok"))
    }

    /// Reads a body, within the limits.
    async fn read<B>(&self, session: SessionKey, body: B) -> Result<Held<'_, P>, Unread>
    where
        B: Body<Data = Bytes>,
    {
        let mut body = pin!(body);
        let mut held = Held {
            server: self,
            bytes: Vec::new(),
        };
        let mut seen = 0;
        loop {
            let frame = poll_fn(|cx| {
                if self.turn(|state, _| state.hub.engine().is_post_cut(session, cx.waker())) {
                    return Poll::Ready(Err(Unread::Cut));
                }
                body.as_mut().poll_frame(cx).map(Ok)
            })
            .await?;
            let data = match frame {
                None if seen > self.settings().max_payload_bytes => {
                    return Err(Unread::Refused(Reject::PayloadTooLarge));
                }
                None => return Ok(held),
                Some(Err(_)) => return Err(Unread::Broken),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => data,
                    Err(_) => continue,
                },
            };
            seen += data.len();
            if seen > self.settings().max_payload_bytes + DRAIN {
                return Err(Unread::Refused(Reject::PayloadTooLarge));
            }
            if seen > self.settings().max_payload_bytes {
                continue;
            }
            let most = self.limits().budget_for(held.bytes.len() + data.len());
            if !self.stats().reserve(data.len(), most) {
                return Err(Unread::Refused(Reject::Full));
            }
            held.bytes.extend_from_slice(&data);
        }
    }
}

/// What a GET found.
pub(super) enum Found<P: Protocol> {
    Answer(Answer),
    Nothing(Wait<P>),
}

/// The wait of a GET for data; the session is told if it is given up.
pub(super) struct Wait<P: Protocol> {
    server: Server<P>,
    session: SessionKey,
    answered: bool,
}

impl<P: Protocol> Future for Wait<P> {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let session = self.session;
        let found = self.server.turn(|state, _| {
            let answer = state.take_answer(session);
            if answer.is_none() {
                state.hub.engine().wait_for_payload(session, cx.waker());
            }
            answer
        });
        match found {
            Some(answer) => {
                self.answered = true;
                Poll::Ready(answer)
            }
            None => Poll::Pending,
        }
    }
}

impl<P: Protocol> Drop for Wait<P> {
    fn drop(&mut self) {
        if !self.answered {
            // Refused only if the session is gone too.
            let _ = self
                .server
                .turn(|state, now| state.hub.handle(now, self.session, Input::PollAborted));
        }
    }
}

impl<P: Protocol> State<P> {
    /// The answer to the waiting poll of a session, if there is one now.
    fn take_answer(&mut self, session: SessionKey) -> Option<Answer> {
        let (payload, reserved) = self.hub.take_payload(session)?;
        let mut answer = polled(payload);
        let reserved = Arc::new(reserved);
        answer.extensions_mut().insert(Unsent { session, reserved });
        Some(answer)
    }
}

/// The 200 of a poll or a polling handshake.
fn polled(payload: Payload) -> Answer {
    let content_type = if payload.binary {
        OCTET_STREAM
    } else {
        "text/plain; charset=UTF-8"
    };
    let mut answer = answer(StatusCode::OK, content_type, payload.bytes);
    if payload.compress {
        answer.extensions_mut().insert(Compressible);
    }
    answer
}

/// Marks an answer that is worth compressing.
#[derive(Clone, Copy)]
pub(super) struct Compressible;

/// Goes along with an answer, and is to be kept until that was sent: its client may leave it unread
/// and poll again.
#[derive(Debug, Clone)]
pub(crate) struct Unsent {
    session: SessionKey,
    /// What the answer takes of the shared budget.
    #[expect(dead_code, reason = "is only dropped")]
    reserved: Arc<Reserved>,
}

/// Why a body was not read to its end.
enum Unread {
    /// The session has this post cut off.
    Cut,
    /// The client went away.
    Broken,
    /// It took too long.
    Late,
    Refused(Reject),
}

/// A body that counts against the budget.
struct Held<'a, P: Protocol> {
    server: &'a Server<P>,
    bytes: Vec<u8>,
}

impl<P: Protocol> Drop for Held<'_, P> {
    fn drop(&mut self) {
        self.server.stats().release(self.bytes.len());
    }
}

/// Tells the session when a request ends before its time.
struct Guard<'a, P: Protocol> {
    server: &'a Server<P>,
    session: SessionKey,
    gone: Option<Input<'static>>,
}

impl<P: Protocol> Drop for Guard<'_, P> {
    fn drop(&mut self) {
        if let Some(gone) = self.gone {
            // Refused only if the session is gone too.
            let _ = self
                .server
                .turn(|state, now| state.hub.handle(now, self.session, gone));
        }
    }
}

#[cfg(test)]
mod tests;
