//! Listeners, connections and the router: the protocol's path goes to `transport`, everything
//! else to a [`Fallback`]: the room server's web site, nothing at all, or pages of one's own.
//!
//! hyper reads and answers HTTP/1 on each connection. When an upgrade was promised it gives
//! the TCP stream back, and `transport` takes it over in a task of its own, so nothing of
//! hyper stays with a WebSocket. A connection over the limits is closed unheard.
//!
//! Stopping: listeners close first, then every session as the reference server's `io.close()`
//! does it, then the connections, each after the answer it is giving. What is still open after
//! [`FAREWELL`] and [`GRACE`] is dropped.

use super::Body;
use super::error_page::ErrorPage;
use crate::transport::polling::Outcome;
use crate::transport::websocket::Pending;
use crate::transport::{Admitted, Protocol, Server};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{HeaderMap, Method, Request, Response, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, TcpListener};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Time that sessions have to learn that the server stops.
const FAREWELL: Duration = Duration::from_secs(1);

/// Time that connections have to end after that.
const GRACE: Duration = Duration::from_secs(2);

/// Time a client has for the head of a request, the wait for one on an idle connection
/// included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);

/// Most that hyper may hold of a request's head, and of an answer on its way out.
const HTTP_BUFFER: usize = 16 * 1024;

/// Pause after a failed accept: usually there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What answers the requests whose path is not the protocol's.
pub trait Fallback: Send + Sync + 'static {
    /// Answers one request, whose body is not read.
    fn respond(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> impl Future<Output = Response<Body>> + Send;
}

/// No pages: 404 for every path.
impl Fallback for () {
    async fn respond(&self, method: &Method, _: &Uri, _: &HeaderMap) -> Response<Body> {
        let mut response = ErrorPage::NotFound.response();
        if *method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
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
    server.start();
    let app = Arc::new(App {
        server: server.clone(),
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
    fallback: F,
}

async fn accept<P: Protocol, F: Fallback>(
    listener: tokio::net::TcpListener,
    app: Arc<App<P, F>>,
    stopping: watch::Receiver<()>,
) {
    let mut failing = false;
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => {
                failing = false;
                accepted
            }
            Err(error) => {
                // Once until it works again: clients can bring this about.
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%error, "cannot accept connections for a moment");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let address = peer.ip().to_canonical();
        match app.server.admit(address) {
            Some(admitted) => {
                tokio::spawn(converse(
                    stream,
                    address,
                    admitted,
                    Arc::clone(&app),
                    stopping.clone(),
                ));
            }
            None => tracing::debug!("a connection was closed unheard: too many"),
        }
    }
}

/// Serves one connection to its end, or to its upgrade.
async fn converse<P: Protocol, F: Fallback>(
    stream: TcpStream,
    address: IpAddr,
    admitted: Admitted<P>,
    app: Arc<App<P, F>>,
    mut stopping: watch::Receiver<()>,
) {
    // Small packets must not wait for an acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let promised = Arc::new(Mutex::new(None));
    let router = Router {
        app: Arc::clone(&app),
        address,
        promised: Arc::clone(&promised),
    };
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HTTP_BUFFER)
        .serve_connection(TokioIo::new(stream), router);
    let result = {
        let mut stop = pin!(stopping.changed());
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
    let promised: Option<Pending> = promised
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    match (result, promised) {
        (Ok(()), Some(pending)) => {
            let parts = connection.into_parts();
            app.server
                .attach(&pending, admitted, parts.io.into_inner(), &parts.read_buf);
        }
        (Ok(()), None) => {
            // Fails only if the other side has ended the connection.
            let _ = connection.into_parts().io.into_inner().shutdown().await;
        }
        (Err(error), promised) => {
            tracing::debug!(%error, "a connection ended");
            if let Some(pending) = promised {
                app.server.abandon(&pending);
            }
        }
    }
}

/// Routes the requests of one connection.
struct Router<P: Protocol, F> {
    app: Arc<App<P, F>>,
    address: IpAddr,
    /// The upgrade that the last answer promised.
    promised: Arc<Mutex<Option<Pending>>>,
}

/// The connection is to be cut without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut off")]
struct Cut;

impl<P: Protocol, F: Fallback> Service<Request<Incoming>> for Router<P, F> {
    type Response = Response<Body>;
    type Error = Cut;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Cut>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (app, address) = (Arc::clone(&self.app), self.address);
        let promised = Arc::clone(&self.promised);
        Box::pin(async move {
            if !request
                .uri()
                .path()
                .starts_with(app.server.settings().path.as_str())
            {
                let (head, _) = request.into_parts();
                return Ok(app
                    .fallback
                    .respond(&head.method, &head.uri, &head.headers)
                    .await);
            }
            match app.server.respond(request, address.into()).await {
                Outcome::Answer(answer) => Ok(answer.map(Body::full)),
                Outcome::Upgrade(answer, pending) => {
                    *promised.lock().unwrap_or_else(PoisonError::into_inner) = Some(pending);
                    Ok(answer.map(Body::full))
                }
                Outcome::Cut => Err(Cut),
            }
        })
    }
}
