//! One TCP connection: hyper reads and answers HTTP/1 on it, the protocol's requests go to
//! `transport`, all others to a service of one's own.
//!
//! It stands between an accepted socket and the two that answer. When an upgrade was promised
//! hyper gives the TCP stream back, and `transport` takes it over in a task of its own, so that
//! nothing of hyper stays with a WebSocket.
//!
//! A poll that waits does so without hyper as well, whose buffers are 16 KB of each connection. The
//! router hands out the poll's [`Later`] and fails, which ends hyper's connection without a byte
//! being written; when the answer has come a new one begins, and reads a request again that stands
//! for the one that was asked ([`AGAIN`]). Only requests that any other could stand for are let go
//! of like that: no body, HTTP/1.1, nothing said about the connection ([`is_plain`]).
//!
//! Left out: HTTP/2 (browsers speak it only over TLS), and upgrades to anything but the protocol's
//! WebSocket: the service answers such a request as any other, so nobody has to end it after a
//! time, as the reference server does.

use super::rewind::Rewind;
use crate::transport::request::Later;
use crate::transport::websocket::Pending;
use crate::transport::{Admitted, Answer, Outcome, Peer, Protocol, Server, Stream};
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::CONNECTION;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

/// Time a client has for the head of a request, the wait for one on an idle connection
/// included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);

/// Time to tell the other side that nothing more will come.
const GOODBYE: Duration = Duration::from_secs(1);

/// Most that hyper may hold of a request's head, and of an answer on its way out.
const HTTP_BUFFER: usize = 16 * 1024;

/// What hyper reads in the place of a request that it was let go in the middle of.
const AGAIN: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

/// The same for the last one of a connection.
const AGAIN_AND_CLOSE: &[u8] = b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n";

type Failure = Box<dyn Error + Send + Sync>;

/// Serves one connection, plain or with its TLS handshake done, to its end or to its upgrade.
///
/// Requests to the protocol's path are answered by the server that admitted the connection, all
/// others by `service`. When `stop` is done the connection ends after the answer that it is
/// giving; [`pending`](std::future::pending) never stops it. `examples/mount.rs` is a whole
/// program around this.
pub async fn serve<P, S, B>(
    admitted: Admitted<P>,
    stream: impl Into<Stream>,
    service: S,
    stop: impl Future<Output = ()>,
) where
    P: Protocol,
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<Failure>,
    B: Body<Data = Bytes> + Unpin + 'static,
    B::Error: Into<Failure>,
{
    converse(admitted, stream.into(), service, pin!(stop), true).await;
}

/// The same with every request answered by `service`, unless `protocol` says otherwise.
pub(super) async fn converse<P, S, B>(
    admitted: Admitted<P>,
    stream: Stream,
    service: S,
    mut stop: Pin<&mut impl Future<Output = ()>>,
    protocol: bool,
) where
    P: Protocol,
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<Failure>,
    B: Body<Data = Bytes> + Unpin + 'static,
    B::Error: Into<Failure>,
{
    // Small packets must not wait for an acknowledgement of the one before.
    let _ = stream.tcp().set_nodelay(true);
    let peer = Peer {
        secure: stream.is_secure() || admitted.peer().secure,
        ..admitted.peer()
    };
    let mut io = Rewind::new(stream);
    let next = Arc::new(Next {
        server: admitted.server().clone(),
        unsent: io.unsent(),
        step: Mutex::default(),
    });
    let mut router = Router {
        next: Arc::clone(&next),
        protocol,
        peer,
        service,
    };
    let mut stopping = false;
    loop {
        // Boxed, so that this task is small while a poll waits.
        let connection = Box::new(http1().serve_connection(TokioIo::new(io), router));
        let ended;
        (ended, io, router) = speak(connection, stop.as_mut(), &mut stopping).await;
        match (next.take(), ended) {
            (Step::Wait(answer), _) => {
                match wait(answer, &mut io, stop.as_mut(), &mut stopping).await {
                    Some(answer) => next.set(Step::Answer(answer)),
                    None => return,
                }
                io.put_back(if stopping { AGAIN_AND_CLOSE } else { AGAIN });
            }
            (Step::Socket(pending), Ok(())) => {
                let (stream, read) = io.into_parts();
                next.server.attach(&pending, admitted, stream, &read.into());
                return;
            }
            (step, Err(error)) => {
                // An upgrade that was promised is given up with it.
                next.set(step);
                tracing::debug!(%error, "a connection ended");
                return;
            }
            (_, Ok(())) => return Box::pin(end(io.into_parts().0)).await,
        }
    }
}

/// What is left of hyper's part: how it ended, and what it was given.
type Ended<P, S> = (hyper::Result<()>, Rewind, Router<P, S>);

/// Has hyper read and answer requests until it ends. What it read beyond them is put back.
async fn speak<P, S, B>(
    mut connection: Box<http1::Connection<TokioIo<Rewind>, Router<P, S>>>,
    mut stop: Pin<&mut impl Future<Output = ()>>,
    stopping: &mut bool,
) -> Ended<P, S>
where
    P: Protocol,
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<Failure>,
    B: Body<Data = Bytes> + Unpin + 'static,
    B::Error: Into<Failure>,
{
    let ended = poll_fn(|cx| {
        let polled = connection.poll_without_shutdown(cx);
        if polled.is_pending() && !*stopping && stop.as_mut().poll(cx).is_ready() {
            *stopping = true;
            Pin::new(&mut *connection).graceful_shutdown();
            return connection.poll_without_shutdown(cx);
        }
        polled
    })
    .await;
    let parts = connection.into_parts();
    let mut io = parts.io.into_inner();
    // Copied, because it is a piece of hyper's buffer, even if it is empty.
    io.put_back(&parts.read_buf);
    (ended, io, parts.service)
}

/// Waits for the answer of a poll; `None` if its client has gone.
async fn wait(
    mut answer: Later,
    io: &mut Rewind,
    mut stop: Pin<&mut impl Future<Output = ()>>,
    stopping: &mut bool,
) -> Option<Answer> {
    poll_fn(|cx| {
        if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
            return Poll::Ready(Some(answer));
        }
        *stopping = *stopping || stop.as_mut().poll(cx).is_ready();
        io.poll_gone(cx).map(|()| None)
    })
    .await
}

/// Tells the other side that nothing more will come.
async fn end(mut stream: Stream) {
    // Fails only if the other side has ended the connection. With TLS it is something to be sent,
    // for which who does not read is not waited for.
    let _ = tokio::time::timeout(GOODBYE, stream.shutdown()).await;
}

/// HTTP/1 as every connection speaks it.
fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HTTP_BUFFER);
    builder
}

/// What a connection has to do when hyper's part of it has ended; shared with the [`Router`].
struct Next<P: Protocol> {
    server: Server<P>,
    /// Whether hyper has something that is to be sent.
    unsent: Arc<AtomicBool>,
    step: Mutex<Step>,
}

#[derive(Default)]
enum Step {
    /// Nothing: it is over.
    #[default]
    End,
    /// To wait for the answer of a poll.
    Wait(Later),
    /// To give that answer.
    Answer(Answer),
    /// To become a WebSocket.
    Socket(Pending),
}

impl<P: Protocol> Next<P> {
    fn take(&self) -> Step {
        std::mem::take(&mut *self.step.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, step: Step) {
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

/// Routes the requests of one connection.
struct Router<P: Protocol, S> {
    next: Arc<Next<P>>,
    /// Whether the protocol's path is the server's.
    protocol: bool,
    peer: Peer,
    service: S,
}

/// Nothing in it is ever pinned.
impl<P: Protocol, S> Unpin for Router<P, S> {}

/// hyper's part of the connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut off")]
struct Cut;

/// Whether [`AGAIN`] can stand for this request.
fn is_plain(request: &Request<Incoming>) -> bool {
    let connection = request.headers().get(CONNECTION);
    request.version() == Version::HTTP_11
        && request.body().is_end_stream()
        && connection.is_none_or(|value| value == "keep-alive")
}

impl<P, S, B> Service<Request<Incoming>> for Router<P, S>
where
    P: Protocol,
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<Failure>,
{
    type Response = Response<Either<B>>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failure>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        if let Step::Answer(answer) = self.next.take() {
            return Box::pin(async move { Ok(answer.map(Either::Protocol)) });
        }
        let server = &self.next.server;
        if !self.protocol || !server.settings().covers(request.uri().path()) {
            let answer = self.service.call(request);
            return Box::pin(async move {
                let answer = answer.await.map_err(Into::into)?;
                Ok(answer.map(Either::Service))
            });
        }
        let peer = server.sender(self.peer, request.headers());
        let next = Arc::clone(&self.next);
        let plain = is_plain(&request);
        let bodiless = request.body().is_end_stream();
        let mut answer = Box::pin(async move {
            match next.server.respond(request, peer).await {
                Outcome::Answer(answer) => Ok(answer),
                Outcome::Later(answer) if plain && !next.unsent.load(Ordering::Relaxed) => {
                    next.set(Step::Wait(answer));
                    Err(Cut)
                }
                Outcome::Later(answer) => Ok(answer.await),
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
            Ok(answer?.map(Either::Protocol))
        })
    }
}

/// A body of the protocol's, which is all there, or of the service's.
enum Either<B> {
    Protocol(Bytes),
    Service(B),
}

impl<B> Body for Either<B>
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
        match &mut *self {
            Self::Protocol(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Protocol(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Service(body) => Pin::new(body)
                .poll_frame(cx)
                .map(|frame| frame.map(|frame| frame.map_err(Into::into))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Protocol(bytes) => bytes.is_empty(),
            Self::Service(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Protocol(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Service(body) => body.size_hint(),
        }
    }
}
