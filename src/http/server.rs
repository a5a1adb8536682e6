//! Listeners, and what becomes of the connections that they accept: each is served by
//! [`connection`], and one over the limits is closed unheard. What is not the protocol's goes to
//! a [`Fallback`]: the room server's web site, nothing at all, or pages of one's own.
//!
//! Stopping: listeners close first, then every session as the reference server's `io.close()`
//! does it, then the connections, each after the answer it is giving. One that came just before has a
//! moment more for what it came for: where a service manager keeps the listener, who knocks a moment
//! later is answered by the next server, and nobody between the two should go away unheard. What is still
//! open after [`FAREWELL`] and [`GRACE`] is dropped.

use super::router::Beside;
use super::welcome::{PATIENCE, Security, Welcomed};
use super::{Body, Guard, connection, reach, redirect};
use crate::stats::Gauge;
use crate::transport::{Admitted, Peer, Protocol, Server};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use std::convert::Infallible;
use std::future::{Future, poll_fn, ready};
use std::io;
use std::net::TcpListener;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Time that sessions have to learn that the server stops.
const FAREWELL: Duration = Duration::from_secs(1);

/// Time that connections have to end after that.
const GRACE: Duration = Duration::from_secs(2);

/// Age up to which a connection has only just come when the server stops.
const JUST: Duration = Duration::from_secs(1);

/// Time that such a one has until its request is here.
const MOMENT: Duration = Duration::from_millis(200);

/// Pause after a failed accept: usually there are no file descriptors left, and who waits in the
/// listener's queue is accepted once there are.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Time between two warnings of that, because clients can bring it about.
const ACCEPT_WARNING: Duration = Duration::from_secs(60);

/// What answers the requests whose path is not the protocol's.
pub trait Fallback: Send + Sync + 'static {
    /// Answers one request of this peer's, whose body is not read.
    fn respond(
        &self,
        peer: Peer,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> impl Future<Output = Response<Body>> + Send;

    /// Who decides which requests are answered at all, those to the protocol's path too. Without one
    /// all of them are, and an application that browsers can reach has to look at `Host` and `Origin`
    /// itself.
    fn guard(&self) -> Option<Arc<Guard>> {
        None
    }
}

/// Pages that somebody else holds on to as well.
impl<F: Fallback> Fallback for Arc<F> {
    fn respond(
        &self,
        peer: Peer,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> impl Future<Output = Response<Body>> + Send {
        F::respond(self, peer, method, uri, headers)
    }

    fn guard(&self) -> Option<Arc<Guard>> {
        F::guard(self)
    }
}

/// No pages: 404 without a body for every path.
impl Fallback for () {
    async fn respond(&self, _: Peer, _: &Method, _: &Uri, _: &HeaderMap) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    }
}

/// Serves until `shutdown` is done, then closes everything, within three seconds.
///
/// Listeners must not block ([`bind`](super::bind::bind) makes such ones). `fallback` answers
/// what is not the protocol's; `()` knows no path.
///
/// # Errors
/// If a listener cannot be given to the runtime.
pub async fn serve<P: Protocol, F: Fallback>(
    listeners: Vec<TcpListener>,
    server: Server<P>,
    fallback: F,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    serve_with(listeners, Security::Plain, server, fallback, shutdown).await
}

/// The same with TLS, alone or beside plain HTTP.
///
/// # Errors
/// As [`serve`].
pub async fn serve_with<P: Protocol, F: Fallback>(
    listeners: Vec<TcpListener>,
    security: Security,
    server: Server<P>,
    fallback: F,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    server.start();
    let on_443 = reach::is_on_443(listeners.iter().filter_map(|one| one.local_addr().ok()));
    let app = Arc::new(App {
        server: server.clone(),
        security,
        on_443,
        fallback,
    });
    let (stop, stopping) = watch::channel(());
    let mut accepting = JoinSet::new();
    for listener in listeners {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        accepting.spawn(accept(listener, Arc::clone(&app), stopping.clone()));
    }
    drop(stopping);
    shutdown.await;
    accepting.shutdown().await;
    server.shut_down();
    // A client between two polls is told with its next one, so connections stay for a moment.
    let _ = tokio::time::timeout(FAREWELL, server.drained()).await;
    stop.send_replace(());
    // Every connection holds a receiver, so the last one to end closes the channel.
    let ended = async {
        stop.closed().await;
        server.drained().await;
    };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        tracing::debug!("some connections did not end in time and are dropped");
    }
    Ok(())
}

struct App<P: Protocol, F> {
    server: Server<P>,
    security: Security,
    /// Whether HTTPS has its own port too.
    on_443: bool,
    fallback: F,
}

async fn accept<P: Protocol, F: Fallback>(
    listener: tokio::net::TcpListener,
    app: Arc<App<P, F>>,
    stopping: watch::Receiver<()>,
) {
    let mut warned: Option<Instant> = None;
    let stats = Arc::clone(app.server.stats());
    let _listening = Counted::in_gauge(&stats.listeners);
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            // Gone before it was accepted: the next one may be there.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
            Err(error) => {
                stats.accepts_failed.add();
                if warned.is_none_or(|at| at.elapsed() >= ACCEPT_WARNING) {
                    warned = Some(Instant::now());
                    tracing::warn!(%error, "cannot accept connections for a moment");
                }
                // When it is over, accepting fails again before anybody can ask, or it has helped.
                let _paused = Counted::in_gauge(&stats.listeners_paused);
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        match app.server.admit(peer) {
            Some(admitted) => {
                let app = Arc::clone(&app);
                tokio::spawn(app.attend(admitted, stream, stopping.clone()));
            }
            None => tracing::debug!("a connection was closed unheard: too many"),
        }
    }
}

/// One in a gauge, until it is dropped.
struct Counted<'a>(&'a Gauge);

impl<'a> Counted<'a> {
    fn in_gauge(gauge: &'a Gauge) -> Self {
        gauge.add(1);
        Self(gauge)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.sub(1);
    }
}

impl<P: Protocol, F: Fallback> App<P, F> {
    /// Serves one connection from its first byte.
    async fn attend(
        self: Arc<Self>,
        admitted: Admitted<P>,
        stream: TcpStream,
        mut stopping: watch::Receiver<()>,
    ) {
        let came = Instant::now();
        let mut stop = pin!(async move {
            // An error means that the server is gone, which is to stop as well.
            let _ = stopping.changed().await;
            if came.elapsed() < JUST {
                tokio::time::sleep(MOMENT).await;
            }
        });
        // Boxed, so that the connection does not keep the room of a handshake for life.
        let welcome = self
            .security
            .welcome(stream, self.server.budget(), PATIENCE);
        let welcome = Box::pin(welcome);
        match before(stop.as_mut(), welcome).await {
            None => {}
            Some(Ok(Welcomed { stream, redirect })) => {
                let peer = Peer {
                    secure: stream.is_secure(),
                    ..admitted.peer()
                };
                let beside = Beside {
                    guard: self.fallback.guard(),
                    protocol: !redirect,
                    service: Pages {
                        app: Arc::clone(&self),
                        peer,
                        redirect,
                    },
                };
                connection::converse(admitted, stream, beside, connection::TIMES, stop).await;
            }
            Some(Err(error)) => {
                self.server.stats().welcomes_failed.add();
                tracing::debug!(%error, "a connection ended before its first request");
            }
        }
    }
}

/// What comes of a future, or nothing if the server stops before that.
async fn before<F: Future + Unpin>(
    mut stop: Pin<&mut impl Future<Output = ()>>,
    mut future: F,
) -> Option<F::Output> {
    poll_fn(|cx| match stop.as_mut().poll(cx) {
        Poll::Ready(()) => Poll::Ready(None),
        Poll::Pending => Pin::new(&mut future).poll(cx).map(Some),
    })
    .await
}

/// The fallback as a service of hyper's.
struct Pages<P: Protocol, F> {
    app: Arc<App<P, F>>,
    peer: Peer,
    /// Whether everybody is sent to HTTPS instead.
    redirect: bool,
}

impl<P: Protocol, F: Fallback> Service<Request<Incoming>> for Pages<P, F> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        if self.redirect {
            return Box::pin(ready(Ok(redirect::respond(&request, self.app.on_443))));
        }
        let app = Arc::clone(&self.app);
        let peer = app.server.sender(self.peer, request.headers());
        Box::pin(async move {
            let (head, _) = request.into_parts();
            let fallback = &app.fallback;
            Ok(fallback
                .respond(peer, &head.method, &head.uri, &head.headers)
                .await)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;
    use crate::config;
    use crate::transport::silent::Silent;
    use std::io::{Read as _, Write as _};
    use tokio::sync::oneshot;

    #[test]
    fn who_came_just_before_the_end_is_answered() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let answer = runtime.unwrap().block_on(async {
            let listeners = crate::http::bind::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
            let address = listeners[0].local_addr().unwrap();
            let server = Server::new(
                config::Protocol::default(),
                config::Limits::default(),
                Arc::default(),
                Silent,
            );
            let stats = Arc::clone(server.stats());
            let (stop, stopped) = oneshot::channel::<()>();
            let served = tokio::spawn(serve(listeners, server, (), async { _ = stopped.await }));
            let mut client = std::net::TcpStream::connect(address).unwrap();
            while stats.connections.get() == 0 {
                tokio::task::yield_now().await;
            }
            // Both before the one thread looks at sockets again.
            client
                .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
                .unwrap();
            drop(stop);
            served.await.unwrap().unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            answer
        });
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer:?}");
    }
}
