//! One TCP connection: hyper reads and answers HTTP/1 on it, the protocol's requests go to
//! `transport`, all others to a service of one's own.
//!
//! It stands between an accepted socket and the two that answer. When an upgrade was promised
//! hyper gives the TCP stream back, and `transport` takes it over in a task of its own, so that
//! nothing of hyper stays with a WebSocket.
//!
//! A connection is in hyper's hands only between the first byte of a request and the last of its
//! answer, because hyper's buffers are 16 KB of each: what follows is waited for without it
//! ([`listen`]), and so is the answer of a poll. For that the [`router`](super::router) keeps the poll
//! and fails, which ends hyper's connection without a byte being written; when the answer has come
//! a new one begins, and reads a request again that stands for the one that was asked ([`Again`](super::router::Again)).
//! How many connections hyper has at one time is bounded by the server's turnstile, and what it may
//! wait for by times: the head, the body, and that somebody reads the answer.
//!
//! Left out: HTTP/2 (browsers speak it only over TLS), and upgrades to anything but the protocol's
//! WebSocket: the service answers such a request as any other, so nobody has to end it after a
//! time, as the reference server does.

use super::rewind::{Owed, Rewind};
use super::router::{Beside, Next, Router, Step};
use crate::stats::Stats;
use crate::transport::request::Later;
use crate::transport::{Admitted, Answer, Peer, Protocol, Stream};
use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::error::Error;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

/// Time a connection may idle between two requests.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Time a request's head may take from its first byte on. Nearly all are one packet.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Time in which a client must read something of an answer that is on its way.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Time in which the answer of a poll must get its turn: longer than a request's, because its session
/// is lost with it.
const ANSWER_TURN_TIMEOUT: Duration = Duration::from_secs(30);

/// What is waited for, and for how long.
pub(super) struct Times {
    idle: Duration,
    head: Duration,
    turn: Duration,
    unread: Duration,
}

/// For every connection but those of tests.
pub(super) const TIMES: &Times = &Times {
    idle: IDLE_TIMEOUT,
    head: HEAD_TIMEOUT,
    turn: ANSWER_TURN_TIMEOUT,
    unread: UNREAD_TIMEOUT,
};

/// Time to tell the other side that nothing more will come.
const GOODBYE: Duration = Duration::from_secs(1);

/// Most that hyper may hold of a request's head, and of an answer on its way out.
const HTTP_BUFFER: usize = 16 * 1024;

/// What is written without hyper, because there was no place for it.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\n\
    content-type: text/plain; charset=UTF-8\r\ncache-control: no-store\r\n\
    connection: close\r\ncontent-length: 35\r\n\r\nThe server is full, try again later";

pub(super) type Failure = Box<dyn Error + Send + Sync>;

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
    let beside = Beside {
        service,
        guard: None,
        protocol: true,
    };
    converse(admitted, stream.into(), beside, TIMES, pin!(stop)).await;
}

/// The same with all that can stand beside the protocol.
pub(super) async fn converse<P, S, B>(
    admitted: Admitted<P>,
    stream: Stream,
    beside: Beside<S>,
    times: &'static Times,
    mut stop: Pin<&mut impl Future<Output = ()>>,
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
    let mut io = Rewind::new(stream, times.unread);
    let next = Arc::new(Next::new(admitted.server().clone(), io.owed()));
    let mut router = Router {
        next: Arc::clone(&next),
        peer,
        beside,
    };
    let mut stopping = false;
    loop {
        let stats = next.server.stats();
        if !listen(&mut io, times.idle, stop.as_mut(), stats).await {
            return Box::pin(end(io.into_parts().0)).await;
        }
        let place = match next.has_answer() {
            true => next.server.place_for_answer(times.turn).await,
            false => next.server.place_for_request().await,
        };
        if place.is_none() {
            if let Step::Answer(answer) = next.take() {
                next.server.give_up(&answer);
            }
            return Box::pin(turn_away(io.into_parts().0)).await;
        }
        next.owed.everything();
        // Boxed, so that this task is small while there is none.
        let connection = Box::new(http1(times.head).serve_connection(TokioIo::new(io), router));
        let ended;
        (ended, io, router) = speak(connection, &next.owed, stop.as_mut(), &mut stopping).await;
        drop(place);
        let Some(ended) = ended else { continue };
        let step = next.take();
        match (step, ended) {
            (Step::Wait(answer, again), _) => {
                match wait(answer, &mut io, stop.as_mut(), &mut stopping).await {
                    Some(answer) => next.set(Step::Answer(answer)),
                    None => return,
                }
                io.put_back(again.bytes(stopping));
            }
            (Step::Socket(pending), Ok(())) => {
                let (stream, read) = io.into_parts();
                next.server.attach(&pending, admitted, stream, &read.into());
                return;
            }
            (step, Err(error)) => {
                // An upgrade that was promised is given up with it.
                next.set(step);
                count(&error, next.server.stats());
                tracing::debug!(%error, cause = error.source(), "a connection ended");
                return;
            }
            (_, Ok(())) => return Box::pin(end(io.into_parts().0)).await,
        }
    }
}

/// Waits until a request begins; false if the connection is to end instead.
async fn listen(
    io: &mut Rewind,
    patience: Duration,
    mut stop: Pin<&mut impl Future<Output = ()>>,
    stats: &Stats,
) -> bool {
    let begun = poll_fn(|cx| match io.poll_ahead(cx) {
        Poll::Pending if stop.as_mut().poll(cx).is_ready() => Poll::Ready(false),
        begun => begun,
    });
    let begun = tokio::time::timeout(patience, begun).await;
    begun.unwrap_or_else(|_| {
        stats.idles_closed.add();
        false
    })
}

/// What is left of hyper's part: how it ended, if it did, and what it was given.
type Ended<P, S> = (Option<hyper::Result<()>>, Rewind, Router<P, S>);

/// Has hyper read and answer requests until it ends or owes nothing. What it read beyond them is put
/// back.
async fn speak<P, S, B>(
    mut connection: Box<http1::Connection<TokioIo<Rewind>, Router<P, S>>>,
    owed: &Owed,
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
        let polled = connection.poll_without_shutdown(cx).map(Some);
        if polled.is_ready() || *stopping {
            return polled;
        }
        if stop.as_mut().poll(cx).is_ready() {
            *stopping = true;
            Pin::new(&mut *connection).graceful_shutdown();
            return connection.poll_without_shutdown(cx).map(Some);
        }
        if owed.is_nothing() {
            return Poll::Ready(None);
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
        // Looked at first: what is taken for a client that has gone is lost.
        if io.poll_gone(cx).is_ready() {
            return Poll::Ready(None);
        }
        *stopping = *stopping || stop.as_mut().poll(cx).is_ready();
        answer.as_mut().poll(cx).map(Some)
    })
    .await
}

/// Counts a connection that reached one of the limits here.
fn count(error: &hyper::Error, stats: &Stats) {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    if error.is_timeout() || error.is_parse_too_large() {
        stats.heads_limited.add();
    } else if cause.is_some_and(|cause: &io::Error| cause.kind() == io::ErrorKind::TimedOut) {
        stats.answers_unread.add();
    }
}

/// Says that there is no place for a request.
async fn turn_away(mut stream: Stream) {
    let said = async {
        stream.write_all(FULL).await?;
        stream.shutdown().await?;
        // What is unread when a connection is closed takes what was said with it.
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    // Who does not read it, or does not end, is not waited for.
    let _ = tokio::time::timeout(GOODBYE, said).await;
}

/// Tells the other side that nothing more will come.
async fn end(mut stream: Stream) {
    // Fails only if the other side has ended the connection. With TLS it is something to be sent,
    // for which who does not read is not waited for.
    let _ = tokio::time::timeout(GOODBYE, stream.shutdown()).await;
}

/// HTTP/1 as every connection speaks it.
fn http1(head_timeout: Duration) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_buf_size(HTTP_BUFFER);
    builder
}

#[cfg(test)]
mod tests;
