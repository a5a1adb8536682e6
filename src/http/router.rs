//! Which of the two that answer a request on a connection is asked, if the guard lets it in at all,
//! and what is to be done with the connection when hyper's part of it has ended.
//!
//! It stands between hyper and `transport` or the service beside it, for
//! [`connection`](super::connection), with which it shares a [`Next`]. What hyper still has to do for
//! a request is noted in [`Owed`]: the bodies of both directions tell when they are through.
//!
//! A poll always waits without hyper, because a place at the turnstile goes with that. When it is
//! answered another request stands for its own ([`Again`]).

use super::connection::Failure;
use super::guard::Guard;
use super::rewind::Owed;
use crate::transport::polling::Unsent;
use crate::transport::request::Later;
use crate::transport::websocket::Pending;
use crate::transport::{Answer, Outcome, Peer, Protocol, Server};
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::CONNECTION;
use hyper::service::Service;
use hyper::{Request, Response, Version};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};

/// What a connection has to do when hyper's part of it has ended; shared with the [`Router`].
pub(super) struct Next<P: Protocol> {
    pub(super) server: Server<P>,
    pub(super) owed: Arc<Owed>,
    step: Mutex<Step>,
}

#[derive(Default)]
pub(super) enum Step {
    /// Nothing: it is over.
    #[default]
    End,
    /// To wait for the answer of a poll, and to ask so for it.
    Wait(Later, Again),
    /// To give that answer.
    Answer(Answer),
    /// To become a WebSocket.
    Socket(Pending),
}

impl<P: Protocol> Next<P> {
    pub(super) fn new(server: Server<P>, owed: Arc<Owed>) -> Self {
        Self {
            server,
            owed,
            step: Mutex::default(),
        }
    }

    pub(super) fn take(&self) -> Step {
        std::mem::take(&mut *self.step.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The answer of a poll that has waited; any other step stays.
    fn take_answer(&self) -> Option<Answer> {
        let mut step = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::take(&mut *step) {
            Step::Answer(answer) => Some(answer),
            other => {
                *step = other;
                None
            }
        }
    }

    /// Whether a poll that has waited is to be answered.
    pub(super) fn has_answer(&self) -> bool {
        let step = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(*step, Step::Answer(_))
    }

    pub(super) fn set(&self, step: Step) {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = step;
    }
}

/// Gives up a promised upgrade that was not made, for whatever reason.
impl<P: Protocol> Drop for Next<P> {
    fn drop(&mut self) {
        if let Step::Socket(pending) = self.take() {
            self.server.abandon(&pending);
        }
    }
}

/// What stands beside the protocol.
pub(super) struct Beside<S> {
    /// Answers all that is not the protocol's.
    pub(super) service: S,
    /// Is asked first, about every request.
    pub(super) guard: Option<Arc<Guard>>,
    /// Whether the protocol's path is the server's.
    pub(super) protocol: bool,
}

/// Routes the requests of one connection.
pub(super) struct Router<P: Protocol, S> {
    pub(super) next: Arc<Next<P>>,
    pub(super) peer: Peer,
    pub(super) beside: Beside<S>,
}

/// Nothing in it is ever pinned.
impl<P: Protocol, S> Unpin for Router<P, S> {}

/// hyper's part of the connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut off")]
struct Cut;

/// The request that hyper reads in the place of a poll's when that is answered: of all that was in
/// it, only how the connection goes on has a part in the answer.
pub(super) struct Again {
    /// HTTP/1.0.
    is_old: bool,
    is_last: bool,
}

impl Again {
    /// Nobody reads a body, so nothing can be read behind one.
    fn of(request: &Request<Incoming>) -> Self {
        let names = |token: &str| {
            let mut values = request.headers().get_all(CONNECTION).iter();
            values.any(|value| {
                let mut tokens = value.as_bytes().split(|byte| *byte == b',');
                tokens.any(|one| one.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
            })
        };
        let is_old = request.version() == Version::HTTP_10;
        Self {
            is_old,
            is_last: !request.body().is_end_stream()
                || names("close")
                || is_old && !names("keep-alive"),
        }
    }

    /// The connection ends with it if it `is_stopping`.
    pub(super) fn bytes(&self, is_stopping: bool) -> &'static [u8] {
        match (self.is_old, self.is_last || is_stopping) {
            (false, false) => b"GET / HTTP/1.1\r\n\r\n",
            (false, true) => b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n",
            (true, false) => b"GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
            (true, true) => b"GET / HTTP/1.0\r\n\r\n",
        }
    }
}

impl<P, S, B> Service<Request<Incoming>> for Router<P, S>
where
    P: Protocol,
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<Failure>,
{
    type Response = Response<Sent<B>>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failure>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let owed = Arc::clone(&self.next.owed);
        let bodiless = request.body().is_end_stream();
        owed.begin(bodiless);
        if let Some(answer) = self.next.take_answer() {
            return Box::pin(async move { Ok(owed.send(answer)) });
        }
        let Beside {
            service,
            guard,
            protocol,
        } = &self.beside;
        let server = &self.next.server;
        let is_protocols = *protocol && server.settings().covers(request.uri().path());
        if let Some(guard) = guard {
            let forwarded = server.forwarded_host(self.peer, request.headers());
            if let Err(refusal) = guard.check(&request, forwarded, is_protocols) {
                server.stats().requests_refused.add();
                server.stats().strangers_refused.add();
                let answer = guard.refuse(refusal);
                return Box::pin(async move { Ok(owed.send(answer)) });
            }
        }
        if !is_protocols {
            let answer = service.call(request);
            return Box::pin(async move {
                let answer = answer.await.map_err(Into::into)?;
                Ok(answer.map(|body| Sent {
                    body: Either::Service(body),
                    owed,
                    unsent: None,
                }))
            });
        }
        let peer = server.sender(self.peer, request.headers());
        let next = Arc::clone(&self.next);
        let again = Again::of(&request);
        let mut answer = Box::pin(async move {
            let request = request.map(|body| Read {
                body,
                owed: Arc::clone(&next.owed),
            });
            match next.server.respond(request, peer).await {
                Outcome::Answer(answer) => Ok(answer),
                Outcome::Later(answer) => {
                    // What was asked before has to be sent by who has it.
                    next.owed.until_sent().await;
                    next.set(Step::Wait(answer, again));
                    Err(Cut)
                }
                Outcome::Upgrade(answer, pending) => {
                    next.set(Step::Socket(pending));
                    Ok(answer)
                }
                Outcome::Cut => Err(Cut),
            }
        });
        // Behind a request without a body hyper looks for the end of the connection before it polls
        // this, and a poll that is given up as soon as it was sent has to end its session too.
        let mut at_once = Poll::Pending;
        if bodiless {
            let mut nobody = Context::from_waker(Waker::noop());
            at_once = answer.as_mut().poll(&mut nobody);
        }
        Box::pin(async move {
            let answer = match at_once {
                Poll::Ready(answer) => answer,
                Poll::Pending => answer.await,
            };
            Ok(owed.send(answer?))
        })
    }
}

/// The body of a request to the protocol.
struct Read {
    body: Incoming,
    owed: Arc<Owed>,
}

impl Body for Read {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none() {
            self.owed.read();
        }
        Poll::Ready(frame)
    }
}

/// The body of an answer: hyper lets go of it when it has taken the last of it.
pub(super) struct Sent<B> {
    body: Either<B>,
    owed: Arc<Owed>,
    unsent: Option<Unsent>,
}

/// A body of the protocol's or the guard's, which is all there, or of the service's.
enum Either<B> {
    Protocol(Bytes),
    Service(B),
}

impl Owed {
    fn send<B>(self: Arc<Self>, mut answer: Answer) -> Response<Sent<B>> {
        let unsent = answer.extensions_mut().remove();
        answer.map(|body| Sent {
            body: Either::Protocol(body),
            owed: self,
            unsent,
        })
    }
}

impl<B> Drop for Sent<B> {
    fn drop(&mut self) {
        self.owed.answered(self.unsent.take());
    }
}

impl<B> Body for Sent<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Failure>,
{
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        match &mut self.body {
            Either::Protocol(bytes) if bytes.is_empty() => Poll::Ready(None),
            Either::Protocol(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Either::Service(body) => Pin::new(body)
                .poll_frame(cx)
                .map(|frame| frame.map(|frame| frame.map_err(Into::into))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.body {
            Either::Protocol(bytes) => bytes.is_empty(),
            Either::Service(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Either::Protocol(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Either::Service(body) => body.size_hint(),
        }
    }
}
