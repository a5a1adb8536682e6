//! Socket.IO on top of the sessions: routes packets to the application and carries out what
//! it emits.
//!
//! | client sends | leads to |
//! |---|---|
//! | connect to a namespace it is not in | accepted, or a connect error; the connection stays |
//! | connect to one it is in, anything for one it is not in, a connect error | the whole connection is closed |
//! | event, answer, disconnect | the application is told |
//! | bytes that are not the protocol | the whole connection is closed |
//! | no connect within `connect_timeout` | the whole connection is closed |
//! | no attachment of a packet within a minute | the whole connection is closed |
//! | more events than the rate allows | they are dropped, in the end the connection is closed |
//! | more connects than that | a connect error, in the end the connection is closed |
//!
//! Invariant: a callback never runs inside another one. What it emits waits in one queue, in
//! order; commands that lead to callbacks (a disconnect) append to the same queue.

use super::Protocol;
use super::engine::Engine;
use super::faults::ATTACHMENT_TIMEOUT;
use super::handle::Handle;
use super::joining::{Middleware, Pending};
use super::legacy;
use super::timers::earlier;
use crate::engineio::{CloseReason, Message, Request, SessionKey};
use crate::rate::Bucket;
use crate::socketio::answers::BroadcastTicket;
use crate::socketio::application::{Admission, Application, Event, Handshake};
use crate::socketio::args::Args;
use crate::socketio::client::{Client, KeptRequest, Received};
use crate::socketio::decode::{Body, Packet, decode};
use crate::socketio::emit::{Io, Reply, until};
use crate::socketio::error::DisconnectReason;
use crate::socketio::queue::Emissions;
use crate::socketio::registry::{Registry, SocketKey};
use bytes::Bytes;
use slotmap::SecondaryMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;
use std::time::{Duration, Instant};

/// Looks for what is too old to be recovered, in the time that it may be: what is still there
/// between two of them is not given out.
const LOOKS: u32 = 8;

/// A Socket.IO server with its application.
pub struct SocketIo<A> {
    app: A,
    pub(super) middlewares: Vec<Middleware>,
    /// Boxed, so that the table has little to keep when many have left.
    pub(super) clients: SecondaryMap<SessionKey, Box<Client>>,
    pub(super) registry: Registry,
    pub(super) queue: Emissions,
    /// Sockets whose connect was left for later.
    pub(super) pending: SecondaryMap<SocketKey, Box<Pending>>,
    /// When to look for what is too old to be recovered; `None` if there is nothing.
    expire_at: Option<Instant>,
    /// When the application wants its tick.
    app_at: Option<Instant>,
    /// Broadcasts whose answers are complete, to be told in the next turn.
    pub(super) settled: Vec<BroadcastTicket>,
    /// A broadcast's debts are being noted: it is not told before all are.
    pub(super) asking: bool,
    pub(super) handle: Handle,
}

impl<A> std::fmt::Debug for SocketIo<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SocketIo")
            .field("clients", &self.clients.len())
            .field("registry", &self.registry)
            .finish_non_exhaustive()
    }
}

impl<A: Application> SocketIo<A> {
    /// A server without clients.
    pub fn new(app: A) -> Self {
        Self::with_handle(|_| app)
    }

    /// A server without clients, for an application that emits from other tasks or threads:
    /// it is made with the server's [`Handle`].
    pub fn with_handle(app: impl FnOnce(Handle) -> A) -> Self {
        let handle = Handle::default();
        let app = app(handle.clone());
        Self {
            app_at: app.deadline(),
            app,
            middlewares: Vec::new(),
            clients: SecondaryMap::new(),
            registry: Registry::default(),
            queue: Emissions::default(),
            pending: SecondaryMap::new(),
            expire_at: None,
            settled: Vec::new(),
            asking: false,
            handle,
        }
    }

    /// Adds a step to the decision on every connect, before
    /// [`Application::admit`] and after the steps added before. The first that refuses ends it.
    /// [`Handshake::namespace`] tells which namespace it is about.
    pub fn with_middleware(
        mut self,
        middleware: impl FnMut(&mut Io<'_>, SocketKey, &Handshake<'_>) -> Admission + Send + 'static,
    ) -> Self {
        self.middlewares.push(Box::new(middleware));
        self
    }

    /// A hand for other tasks and threads.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// The application.
    pub fn app(&self) -> &A {
        &self.app
    }

    /// Who is connected.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Runs one callback. If it panics, what it emitted is dropped and `session` is closed.
    pub(super) fn call<R>(
        &mut self,
        engine: &mut Engine,
        session: Option<SessionKey>,
        callback: impl FnOnce(&mut A, &mut Io<'_>) -> R,
    ) -> Option<R> {
        let mark = self.queue.mark();
        let mut io = Io {
            registry: &mut self.registry,
            queue: &mut self.queue,
            limits: engine.limits(),
            now: engine.now(),
        };
        let (app, app_at) = (&mut self.app, &mut self.app_at);
        let called = catch_unwind(AssertUnwindSafe(|| {
            let result = callback(app, &mut io);
            *app_at = app.deadline();
            result
        }));
        match called {
            Ok(result) => Some(result),
            Err(_) => {
                self.queue.roll_back(mark);
                engine.stats().panics.add();
                tracing::error!("the application panicked; the client it was called for is closed");
                if let Some(session) = session {
                    engine.close(session, CloseReason::ForcedClose);
                }
                None
            }
        }
    }

    fn packet(
        &mut self,
        engine: &mut Engine,
        session: SessionKey,
        packet: Packet<'_>,
        attachments: &[Bytes],
    ) {
        let mut auth = String::new();
        let packet = legacy::translate(engine.format(session).revision, packet, &mut auth);
        let socket = self.socket_in(session, packet.namespace);
        if socket.is_some_and(|socket| !self.registry.is_connected(socket)) {
            return Self::broken(engine, session, "a packet before its connect is decided");
        }
        match (packet.body, socket) {
            (Body::Connect(auth), None) => self.connect(engine, session, packet.namespace, auth),
            (Body::Event { name, args, ack }, Some(socket)) => {
                if !self.within_rate(engine, session) {
                    return;
                }
                let Some(name) = name else { return };
                let event = Event {
                    socket,
                    name: &name,
                    args: Args::scanned(args, packet.lens, attachments),
                    reply: ack.map(|id| Reply { socket, id }),
                };
                self.call(engine, Some(session), |app, io| app.event(io, event));
            }
            (Body::Ack { id, args }, Some(socket)) => {
                if self.within_rate(engine, session)
                    && let Some(id) = id
                {
                    let args = Args::new(args, attachments);
                    self.answer(engine, session, socket, id, args);
                }
            }
            (Body::Disconnect, Some(socket)) => {
                self.leave(
                    engine,
                    session,
                    socket,
                    DisconnectReason::ClientNamespaceDisconnect,
                );
            }
            (Body::Connect(_), Some(_)) => {
                Self::broken(engine, session, "a second connect to one namespace");
            }
            (Body::ConnectError, _) => {
                Self::broken(engine, session, "a connect error from a client")
            }
            (Body::Event { .. } | Body::Ack { .. } | Body::Disconnect, None) => {
                Self::broken(engine, session, "a packet for a namespace it is not in");
            }
        }
    }

    fn socket_in(&self, session: SessionKey, namespace: &str) -> Option<SocketKey> {
        // A client is in few namespaces, nearly always one, so their names are compared: quicker
        // than to hash what the client said.
        let client = self.clients.get(session)?;
        client
            .sockets()
            .find(|socket| self.registry.is_in(*socket, namespace))
    }

    fn leave_all(&mut self, engine: &mut Engine, session: SessionKey, reason: DisconnectReason) {
        let sockets: Vec<_> = self
            .clients
            .get(session)
            .map(|client| client.sockets().collect())
            .unwrap_or_default();
        for socket in sockets {
            self.leave(engine, session, socket, reason);
        }
    }

    /// Sees to it that what may be recovered is forgotten in time.
    pub(super) fn expire_later(&mut self, engine: &Engine) {
        if let (Some(age), None) = (engine.settings().recovery_max_age, self.expire_at) {
            let pause = (age / LOOKS).max(Duration::from_secs(1));
            self.expire_at = Some(until(engine.now(), pause));
        }
    }
}

/// Whoever waits for an answer from outside is told that none will come.
impl<A> Drop for SocketIo<A> {
    fn drop(&mut self) {
        self.handle.close();
    }
}

impl<A: Application> Protocol for SocketIo<A> {
    fn open(&mut self, engine: &mut Engine, session: SessionKey, request: Request) {
        let now = engine.now();
        let connect_by = until(now, engine.settings().connect_timeout);
        let events = Bucket::full(now);
        let mut client = Client::new(connect_by, events);
        let most = engine.limits().budget_for(request.bytes());
        if engine.stats().reserve(request.bytes(), most) {
            let until = until(now, engine.settings().request_kept);
            client.keep_request(Some(Box::new(KeptRequest { until, request })));
        }
        self.clients.insert(session, Box::new(client));
        self.join_unasked(engine, session);
    }

    fn message(&mut self, engine: &mut Engine, session: SessionKey, message: Message<'_>) {
        let max_attachments = engine.limits().max_attachments;
        let Some(client) = self.clients.get_mut(session) else {
            return;
        };
        let before = client.buffered_bytes();
        let received = client.receive(message, max_attachments);
        let after = client.buffered_bytes();
        engine.stats().release(before);
        if !engine
            .stats()
            .reserve(after, engine.limits().budget_for(after))
        {
            // What the client holds is not in the budget any more, so it must go now.
            client.drop_assembly();
            tracing::debug!("a client is closed: too many bytes are held already");
            engine.close(session, CloseReason::ForcedClose);
            return;
        }
        match received {
            Ok(Received::Incomplete) => {
                client.expect_more(until(engine.now(), ATTACHMENT_TIMEOUT));
            }
            Ok(Received::Packet(packet)) => self.packet(engine, session, packet, &[]),
            Ok(Received::Assembled(whole)) => match decode(&whole.text, max_attachments) {
                Ok(packet) => self.packet(engine, session, packet, &whole.attachments),
                Err(error) => Self::undecodable(engine, session, error),
            },
            Err(error) => Self::undecodable(engine, session, error),
        }
        self.carry_out(engine);
    }

    fn control(&mut self, engine: &mut Engine, session: SessionKey) {
        self.within_rate(engine, session);
    }

    fn close(&mut self, engine: &mut Engine, session: SessionKey, reason: CloseReason) {
        let reason = match reason {
            CloseReason::TransportClose { goodbye } => DisconnectReason::TransportClose { goodbye },
            CloseReason::TransportError => DisconnectReason::TransportError,
            CloseReason::PingTimeout => DisconnectReason::PingTimeout,
            CloseReason::ParseError => DisconnectReason::ParseError,
            CloseReason::ForcedClose => DisconnectReason::ForcedClose,
            CloseReason::ForcedServerClose => DisconnectReason::ForcedServerClose,
            CloseReason::ServerShuttingDown => DisconnectReason::ServerShuttingDown,
        };
        self.leave_all(engine, session, reason);
        if let Some(mut client) = self.clients.remove(session) {
            engine.stats().release(client.buffered_bytes());
            engine.stats().release(client.forget_request());
        }
        self.carry_out(engine);
    }

    fn deadline(&self, session: SessionKey) -> Option<Instant> {
        let client = self.clients.get(session)?;
        let owed = client
            .sockets()
            .filter_map(|socket| self.registry.owed_deadline(socket))
            .min();
        let pending = client
            .sockets()
            .filter_map(|socket| self.pending_deadline(socket))
            .min();
        earlier(client.deadline(), earlier(owed, pending))
    }

    fn own_deadline(&self) -> Option<Instant> {
        earlier(self.expire_at, self.app_at)
    }

    fn own_tick(&mut self, engine: &mut Engine) {
        let now = engine.now();
        if self.expire_at.take_if(|at| *at <= now).is_some() && self.registry.expire_lost(now) {
            self.expire_later(engine);
        }
        // Should the application panic, it is not asked again before another callback.
        if self.app_at.take_if(|at| *at <= now).is_some() {
            self.call(engine, None, |app, io| app.tick(io));
            self.carry_out(engine);
        }
    }

    fn tick(&mut self, engine: &mut Engine, session: SessionKey) {
        let now = engine.now();
        let Some(client) = self.clients.get_mut(session) else {
            return;
        };
        engine.stats().release(client.expire_request(now));
        if client.connect_by().is_some_and(|at| at <= now) {
            engine.stats().joins_timed_out.add();
            tracing::debug!("a client joined no namespace in time and is closed");
            engine.close(session, CloseReason::ForcedServerClose);
            return;
        }
        if client.attachments_by().is_some_and(|at| at <= now) {
            return Self::close_late(engine, session);
        }
        let sockets: Vec<_> = client.sockets().collect();
        for socket in sockets {
            self.expire_answers(engine, session, socket);
            self.expire_pending(engine, session, socket);
        }
        self.carry_out(engine);
    }

    fn run_queued(&mut self, engine: &mut Engine, waker: &Waker) {
        for ticket in std::mem::take(&mut self.settled) {
            self.conclude(engine, ticket);
            self.carry_out(engine);
        }
        for job in self.handle.take(waker) {
            self.call(engine, None, |_, io| job(io));
            // Each sees what those before it did.
            self.carry_out(engine);
        }
    }
}
