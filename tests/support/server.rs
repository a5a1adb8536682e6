//! A server in this process, on a free port of the loopback, in a thread of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use parlor::config::{self, Limits, Protocol};
use parlor::engineio::{CloseReason, Message, Request, SessionKey};
use parlor::http::{Fallback, Security, Site, bind, server};
use parlor::hub::{self, Engine};
use parlor::stats::Stats;
use parlor::transport::{Edge, Server};
use tokio::sync::oneshot;

/// A server that stops when it is dropped.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its counters.
    pub(crate) stats: Arc<Stats>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// The room server with these site settings and the name `test-device`.
    pub(crate) fn start(site: config::Site) -> Self {
        let web = Site::new(
            &site,
            Some("test-device".to_owned()),
            parlor::http::Reach::default().fixed(),
        )
        .unwrap();
        let config = config::Parlor {
            site: site.clone(),
            max_rooms: 1024,
            seat_hold: std::time::Duration::from_secs(120),
            workers: 1,
            ..Default::default()
        };
        let server = parlor::process::room_server(config).unwrap();
        let web = web.with_metrics(&site, Arc::clone(server.stats()));
        Self::of(server, web)
    }

    /// An engine that echoes, with everything else as it is by default.
    pub(crate) fn echo() -> Self {
        Self::echo_with(Protocol::default(), Edge::default())
    }

    /// The same with settings, no pages beside it.
    pub(crate) fn echo_with(settings: Protocol, edge: Edge) -> Self {
        let (limits, stats) = (Limits::default(), Arc::default());
        Self::of(
            Server::with_edge(settings, limits, stats, Echo::default(), edge),
            (),
        )
    }

    /// Any server.
    pub(crate) fn of<P: hub::Protocol>(server: Server<P>, pages: impl Fallback) -> Self {
        Self::speaking(Security::Plain, server, pages)
    }

    /// Any server, speaking TLS or not.
    pub(crate) fn speaking<P: hub::Protocol>(
        security: Security,
        server: Server<P>,
        pages: impl Fallback,
    ) -> Self {
        let listeners = bind::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
        let address = listeners[0].local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let stats = Arc::clone(server.stats());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let never = std::future::pending();
            let serving = runtime.spawn(server::serve_with(
                listeners, security, server, pages, never,
            ));
            // At once: a proper stop, which waits for clients, has tests of its own.
            let _ = runtime.block_on(stopped);
            assert!(!serving.is_finished(), "the server ended by itself");
        });
        Self {
            address,
            stats,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            ended.unwrap().unwrap();
        }
    }
}

/// Sends every message back, but for `close`, which closes the session, `long`, which gets 2000
/// times an `x`, and `does one wait?`, which is told whether another session has a poll that waits.
#[derive(Default)]
pub(crate) struct Echo {
    sessions: Vec<SessionKey>,
}

impl hub::Protocol for Echo {
    fn open(&mut self, _: &mut Engine, session: SessionKey, _: Request) {
        self.sessions.push(session);
    }

    fn message(&mut self, engine: &mut Engine, session: SessionKey, message: Message<'_>) {
        match message {
            Message::Text("close") => engine.close(session, CloseReason::ForcedClose),
            Message::Text("long") => {
                engine.send(session, Message::Text(&"x".repeat(2000)));
            }
            Message::Text("does one wait?") => {
                let mut others = self.sessions.iter().filter(|other| **other != session);
                let waits = others.any(|other| engine.is_writable(*other));
                let answer = if waits { "yes" } else { "no" };
                engine.send(session, Message::Text(answer));
            }
            message => engine.send(session, message),
        }
    }

    fn close(&mut self, _: &mut Engine, session: SessionKey, _: CloseReason) {
        self.sessions.retain(|other| *other != session);
    }
}
