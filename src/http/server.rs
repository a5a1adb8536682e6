//! A plain accept loop that serves the web site and nothing else.
//!
//! It stands where the router with the protocol will stand, with the same interface, so that the
//! site and the process can be run and tested.

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::task::JoinSet;

use crate::config;
use crate::http::Site;

/// Serves until `shutdown` is done, then closes every connection.
///
/// # Errors
/// If a listener cannot be given to the runtime.
pub async fn serve(
    listeners: Vec<TcpListener>,
    config: config::Parlor,
    site: Site,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let _ = config;
    let site = Arc::new(site);
    let mut accepting = JoinSet::new();
    for listener in listeners {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        accepting.spawn(accept(listener, Arc::clone(&site)));
    }
    shutdown.await;
    Ok(())
}

async fn accept(listener: tokio::net::TcpListener, site: Arc<Site>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        let site = Arc::clone(&site);
        tokio::spawn(async move {
            let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
                let site = &site;
                async move {
                    Ok::<_, Infallible>(
                        site.respond(request.method(), request.uri(), request.headers())
                            .await,
                    )
                }
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .max_buf_size(16 * 1024)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "connection ended");
            }
        });
    }
}
