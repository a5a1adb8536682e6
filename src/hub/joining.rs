//! Joining a namespace: middlewares and the application decide, at once or later, and the client
//! is told before anything else.
//!
//! | | |
//! |---|---|
//! | 1 | does the namespace exist, may the client be in one more? |
//! | 2 | is this a socket whose connection was lost? then it has its id, rooms and data again |
//! | 3 | the middlewares in order, then [`Application::admit`]; the first refusal ends it |
//! | 4 | what it missed, the answer, then [`Application::connect`] |
//!
//! Between 2 and 4 the socket is there but not connected: nothing reaches it, and a packet for
//! it breaks the protocol. A decision that comes when the client is gone finds nobody.

use super::engine::Engine;
use super::legacy;
use super::socketio::SocketIo;
use crate::config::{Limits, Protocol as Settings};
use crate::engineio::session::Outgoing;
use crate::engineio::{CloseReason, SessionKey};
use crate::socketio::application::{Admission, Application, Handshake, Namespace, Refusal};
use crate::socketio::args::Arg;
use crate::socketio::emit::{Io, until};
use crate::socketio::recovery::{Bounds, Pid, Recovered};
use crate::socketio::registry::{NamespaceKey, SocketKey};
use std::time::Instant;

/// A step of the decision on a connect.
pub(super) type Middleware =
    Box<dyn FnMut(&mut Io<'_>, SocketKey, &Handshake<'_>) -> Admission + Send>;

/// A socket whose connect is being decided. It has no debug form, because the auth may have secrets in
/// it.
pub(super) struct Pending {
    /// The next to be asked: a middleware, then the application, then nobody.
    step: usize,
    auth: Box<str>,
    /// Bytes of the shared budget that are held for it while it waits.
    held: usize,
    /// Whether it goes on where an earlier connection was lost.
    recovered: bool,
    /// When it is given up.
    until: Instant,
}

impl<A: Application> SocketIo<A> {
    pub(super) fn connect(
        &mut self,
        engine: &mut Engine,
        session: SessionKey,
        name: &str,
        auth: &str,
    ) {
        // A client that joins and leaves in a loop costs as much as one that talks.
        if !self.within_rate(engine, session) {
            return Self::refuse(engine, session, name, &Refusal::new("Too many events"));
        }
        let Some(namespace) = self.enter(engine, session, name, auth) else {
            return;
        };
        let recovered = match legacy::is_recoverable(engine, session) {
            true => self.registry.recover(namespace, engine.now(), auth),
            false => None,
        };
        let is_recovered = recovered.is_some();
        let (socket, step) = match recovered {
            Some(Recovered { pid, lost, seen }) => {
                let socket = self.registry.add(session, namespace, lost.id.clone());
                self.registry.set_pid(socket, pid);
                self.registry.restore(socket, lost, seen);
                let step = match engine.settings().recovery_skips_middlewares {
                    true => usize::MAX,
                    false => 0,
                };
                (socket, step)
            }
            None => match self.add(engine, session, namespace, name) {
                Some(socket) => (socket, 0),
                None => {
                    tracing::error!("no random bytes for a socket's id; its client is closed");
                    self.registry.close_if_over(namespace);
                    return engine.close(session, CloseReason::ForcedServerClose);
                }
            },
        };
        if let Some(client) = self.clients.get_mut(session) {
            client.add(socket);
        }
        let pending = Pending {
            step,
            auth: auth.into(),
            held: 0,
            recovered: is_recovered,
            until: until(engine.now(), engine.settings().connect_timeout),
        };
        self.decide(engine, session, socket, pending);
    }

    /// A new socket; `None` if there are no random bytes for its ids.
    fn add(
        &mut self,
        engine: &Engine,
        session: SessionKey,
        namespace: NamespaceKey,
        name: &str,
    ) -> Option<SocketKey> {
        let id = legacy::socket_id(engine, session, name)?;
        let pid = match legacy::is_recoverable(engine, session) {
            true => Some(Pid::from_random(engine.random()?)),
            false => None,
        };
        let socket = self.registry.add(session, namespace, id);
        if let Some(pid) = pid {
            self.registry.set_pid(socket, pid);
        }
        Some(socket)
    }

    /// The namespace, if it exists and the client may be in it; if not, the client is told.
    fn enter(
        &mut self,
        engine: &mut Engine,
        session: SessionKey,
        name: &str,
        auth: &str,
    ) -> Option<NamespaceKey> {
        let exists = match self.registry.find_namespace(name) {
            _ if name.len() > engine.limits().max_name_bytes => {
                engine.stats().namespaces_limited.add();
                tracing::debug!("a connect was refused: the namespace's name is too long");
                Some(Namespace::Unknown)
            }
            // Its nature was settled when it was opened.
            Some(_) => Some(Namespace::Dynamic),
            None => self.call(engine, Some(session), |app, _| {
                app.namespace(name, Arg::plain(auth))
            }),
        };
        let refusal = match exists? {
            Namespace::Unknown => legacy::unknown_namespace(engine.format(session).revision),
            _ if self.clients.get(session)?.sockets().count() >= engine.limits().max_namespaces => {
                engine.stats().namespaces_limited.add();
                tracing::debug!("a connect was refused: the client is in too many namespaces");
                Refusal::new("Too many namespaces")
            }
            nature => {
                let dynamic = nature == Namespace::Dynamic;
                let namespace = self.registry.open_namespace(name, dynamic);
                if let Some(bounds) = bounds(engine.settings(), engine.limits()) {
                    self.registry.enable_recovery(namespace, bounds);
                }
                return Some(namespace);
            }
        };
        Self::refuse(engine, session, name, &refusal);
        None
    }

    /// The application has decided on a connect that it had left for later.
    pub(super) fn decided(&mut self, engine: &mut Engine, socket: SocketKey, admission: Admission) {
        let Some(session) = self.registry.session(socket) else {
            return;
        };
        let Some(pending) = self.take_pending(engine, socket) else {
            return;
        };
        match admission {
            Admission::Accept => self.decide(engine, session, socket, pending),
            Admission::Refuse(refusal) => self.turn_away(engine, session, socket, Some(&refusal)),
            Admission::Later => self.wait(engine, session, socket, pending),
        }
    }

    /// Asks those who have not been asked yet.
    fn decide(
        &mut self,
        engine: &mut Engine,
        session: SessionKey,
        socket: SocketKey,
        mut pending: Pending,
    ) {
        while pending.step <= self.middlewares.len() {
            let step = pending.step;
            pending.step += 1;
            let mut middlewares = std::mem::take(&mut self.middlewares);
            let admission =
                self.shake_hands(engine, session, socket, &pending, |app, io, handshake| {
                    match middlewares.get_mut(step) {
                        Some(middleware) => middleware(io, socket, handshake),
                        None => app.admit(io, socket, handshake),
                    }
                });
            self.middlewares = middlewares;
            match admission {
                Some(Admission::Accept) => {}
                Some(Admission::Refuse(refusal)) => {
                    return self.turn_away(engine, session, socket, Some(&refusal));
                }
                Some(Admission::Later) => return self.wait(engine, session, socket, pending),
                // It panicked: the client is being closed.
                None => return self.turn_away(engine, session, socket, None),
            }
        }
        self.join(engine, session, socket, pending);
    }

    /// Leaves the rest for later, if there is room for what must be remembered.
    fn wait(
        &mut self,
        engine: &mut Engine,
        session: SessionKey,
        socket: SocketKey,
        mut pending: Pending,
    ) {
        let bytes = pending.auth.len();
        let most = engine.limits().budget_for(bytes);
        if engine.stats().reserve(bytes, most) {
            pending.held = bytes;
            self.pending.insert(socket, Box::new(pending));
            return;
        }
        let busy = Refusal::new("The server is busy, try again later");
        self.turn_away(engine, session, socket, Some(&busy));
    }

    /// What was left for later; its bytes are given back.
    fn take_pending(&mut self, engine: &Engine, socket: SocketKey) -> Option<Pending> {
        let mut pending = *self.pending.remove(socket)?;
        engine.stats().release(std::mem::take(&mut pending.held));
        Some(pending)
    }

    fn join(
        &mut self,
        engine: &mut Engine,
        session: SessionKey,
        socket: SocketKey,
        mut pending: Pending,
    ) {
        let missed = match pending.recovered {
            true => self.registry.arrive(socket),
            false => None,
        };
        if pending.recovered && missed.is_none() {
            // Something fell out while it was decided: by a new pid the client knows.
            pending.recovered = false;
            let Some(random) = engine.random() else {
                return engine.close(session, CloseReason::ForcedServerClose);
            };
            self.registry.set_pid(socket, Pid::from_random(random));
        }
        let (Some(namespace), Some(id)) =
            (self.registry.namespace_of(socket), self.registry.id(socket))
        else {
            return;
        };
        self.registry.set_connected(socket, true);
        for sent in missed.iter().flatten() {
            self.queue.push_sent(socket, sent);
        }
        // The answer comes before whatever the application emits.
        let name = self.registry.namespace_name(namespace);
        let (revision, pid) = (engine.format(session).revision, self.registry.pid(socket));
        self.queue
            .push_plain(socket, |out| legacy::accept(revision, name, &id, pid, out));
        if let Some(client) = self.clients.get_mut(session) {
            client.has_joined();
        }
        self.shake_hands(engine, session, socket, &pending, |app, io, handshake| {
            app.connect(io, socket, handshake);
        });
        let max_namespaces = engine.limits().max_namespaces;
        if let Some(client) = self.clients.get_mut(session)
            && client
                .sockets()
                .filter(|socket| self.registry.is_connected(*socket))
                .count()
                >= max_namespaces
        {
            engine.stats().release(client.forget_request());
        }
    }

    /// Runs a callback that is lent what is known of the client.
    fn shake_hands<R>(
        &mut self,
        engine: &mut Engine,
        session: SessionKey,
        socket: SocketKey,
        pending: &Pending,
        callback: impl FnOnce(&mut A, &mut Io<'_>, &Handshake<'_>) -> R,
    ) -> Option<R> {
        let address = engine.address(session)?;
        let namespace = self.registry.namespace_of(socket)?;
        let namespace = self.registry.namespace_name(namespace).to_owned();
        let request = self.clients.get_mut(session)?.take_request();
        let handshake = Handshake {
            namespace: &namespace,
            auth: Arg::plain(&pending.auth),
            address,
            recovered: pending.recovered,
            request: request.as_ref().map(|kept| &kept.request),
        };
        let result = self.call(engine, Some(session), |app, io| {
            callback(app, io, &handshake)
        });
        if let Some(client) = self.clients.get_mut(session) {
            client.keep_request(request);
        }
        result
    }

    /// Removes a socket that was never connected.
    fn turn_away(
        &mut self,
        engine: &mut Engine,
        session: SessionKey,
        socket: SocketKey,
        refusal: Option<&Refusal>,
    ) {
        if let Some(refusal) = refusal
            && let Some(namespace) = self.registry.namespace_of(socket)
        {
            let name = self.registry.namespace_name(namespace);
            Self::refuse(engine, session, name, refusal);
        }
        self.take_pending(engine, socket);
        self.registry.remove(socket);
        if let Some(client) = self.clients.get_mut(session) {
            client.remove(socket);
        }
    }

    /// Gives up connects that were left for later for too long.
    pub(super) fn expire_pending(
        &mut self,
        engine: &mut Engine,
        session: SessionKey,
        socket: SocketKey,
    ) {
        let now = engine.now();
        if self.pending.get(socket).is_some_and(|it| it.until <= now) {
            let late = Refusal::new("The connect was not decided in time");
            self.turn_away(engine, session, socket, Some(&late));
        }
    }

    /// When a connect of this socket is given up.
    pub(super) fn pending_deadline(&self, socket: SocketKey) -> Option<Instant> {
        self.pending.get(socket).map(|pending| pending.until)
    }

    fn refuse(engine: &mut Engine, session: SessionKey, namespace: &str, refusal: &Refusal) {
        engine.stats().connects_refused.add();
        let mut packet = String::new();
        let revision = engine.format(session).revision;
        legacy::refuse(revision, namespace, refusal, &mut packet);
        engine.send_packet(session, Outgoing::Text(&packet));
    }

    /// Takes a socket out of everything, and tells the application. One whose connection was
    /// lost can come back.
    pub(super) fn leave(
        &mut self,
        engine: &mut Engine,
        session: SessionKey,
        socket: SocketKey,
        reason: crate::socketio::DisconnectReason,
    ) {
        if !self.registry.is_connected(socket) {
            return self.turn_away(engine, session, socket, None);
        }
        self.lose_answers(engine, session, socket);
        self.call(engine, Some(session), |app, io| {
            app.disconnect(io, socket, reason)
        });
        if reason.is_recoverable() {
            let forgotten = self.registry.remember(socket, engine.now());
            engine.stats().recoveries_limited.add_all(forgotten);
            self.expire_later(engine);
        }
        self.registry.remove(socket);
        if let Some(client) = self.clients.get_mut(session) {
            client.remove(socket);
        }
    }
}

/// What a namespace may remember, if connections can be recovered.
fn bounds(settings: &Settings, limits: &Limits) -> Option<Bounds> {
    Some(Bounds {
        packets: limits.max_recovery_packets,
        bytes: limits.max_recovery_bytes,
        sessions: limits.max_recovery_sessions,
        age: settings.recovery_max_age?,
    })
}
