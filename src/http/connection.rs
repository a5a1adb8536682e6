//! One TCP connection: hyper reads and answers HTTP/1 on it, the protocol's requests go to
//! `transport`, all others to a service of one's own.
//!
//! It stands between an accepted socket and the two that answer. When an upgrade was promised
//! hyper gives the TCP stream back, and `transport` takes it over in a task of its own, so that
//! nothing of hyper stays with a WebSocket.
//!
//! Left out: HTTP/2 (browsers speak it only over TLS), and upgrades to anything but the protocol's
//! WebSocket: the service answers such a request as any other, so nobody has to end it after a
//! time, as the reference server does.

use crate::transport::websocket::Pending;
use crate::transport::{Admitted, Outcome, Peer, Protocol, Server, Stream};
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

/// Time a client has for the head of a request, the wait for one on an idle connection
/// included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);

/// Time to tell the other side that nothing more will come.
const GOODBYE: Duration = Duration::from_secs(1);

/// Most that hyper may hold of a request's head, and of an answer on its way out.
const HTTP_BUFFER: usize = 16 * 1024;

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
    // Small packets must not wait for an acknowledgement of the one before.
    let stream = stream.into();
    let _ = stream.tcp().set_nodelay(true);
    let peer = Peer {
        secure: stream.is_secure() || admitted.peer().secure,
        ..admitted.peer()
    };
    let promised = Promised {
        server: admitted.server().clone(),
        upgrade: Arc::default(),
    };
    let router = Router {
        server: admitted.server().clone(),
        peer,
        service,
        upgrade: Arc::clone(&promised.upgrade),
    };
    let mut connection = http1().serve_connection(TokioIo::new(stream), router);
    let result = {
        let mut stop = pin!(stop);
        let mut told = false;
        poll_fn(|cx| {
            if !told && stop.as_mut().poll(cx).is_ready() {
                told = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            connection.poll_without_shutdown(cx)
        })
        .await
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended");
        return;
    }
    let parts = connection.into_parts();
    let mut stream = parts.io.into_inner();
    match promised.take() {
        Some(pending) => {
            let server = &promised.server;
            server.attach(&pending, admitted, stream, &parts.read_buf);
        }
        // Fails only if the other side has ended the connection. With TLS it is something to be
        // sent, for which who does not read is not waited for.
        None => _ = tokio::time::timeout(GOODBYE, stream.shutdown()).await,
    }
}

/// HTTP/1 as every connection speaks it.
pub(super) fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HTTP_BUFFER);
    builder
}

/// The upgrade that the last answer promised, if any; shared with the [`Router`].
type Upgrade = Arc<Mutex<Option<Pending>>>;

/// Gives up a promised upgrade that was not made, for whatever reason.
struct Promised<P: Protocol> {
    server: Server<P>,
    upgrade: Upgrade,
}

impl<P: Protocol> Promised<P> {
    fn take(&self) -> Option<Pending> {
        let mut upgrade = self.upgrade.lock().unwrap_or_else(PoisonError::into_inner);
        upgrade.take()
    }
}

impl<P: Protocol> Drop for Promised<P> {
    fn drop(&mut self) {
        if let Some(pending) = self.take() {
            self.server.abandon(&pending);
        }
    }
}

/// Routes the requests of one connection.
struct Router<P: Protocol, S> {
    server: Server<P>,
    peer: Peer,
    service: S,
    upgrade: Upgrade,
}

/// Nothing in it is ever pinned.
impl<P: Protocol, S> Unpin for Router<P, S> {}

/// The connection is to be cut without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut off")]
struct Cut;

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
        if !self.server.settings().covers(request.uri().path()) {
            let answer = self.service.call(request);
            return Box::pin(async move {
                let answer = answer.await.map_err(Into::into)?;
                Ok(answer.map(Either::Service))
            });
        }
        let server = self.server.clone();
        let peer = server.sender(self.peer, request.headers());
        let upgrade = Arc::clone(&self.upgrade);
        Box::pin(async move {
            match server.respond(request, peer).await {
                Outcome::Answer(answer) => Ok(answer.map(Either::Protocol)),
                Outcome::Upgrade(answer, pending) => {
                    *upgrade.lock().unwrap_or_else(PoisonError::into_inner) = Some(pending);
                    Ok(answer.map(Either::Protocol))
                }
                Outcome::Cut => Err(Cut.into()),
            }
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
