//! The async edge: sockets and HTTP bodies on one side, the hub on the other. Only here does
//! anything wait.
//!
//! * [`request`]: who answers a request, and what its answer carries beside the protocol.
//! * [`edge`]: what can be set for that: `cors`, `cookie`, [`hooks`], [`client_files`].
//! * [`polling`]: GET and POST of a polling session, and the answer to a handshake.
//! * [`websocket`]: the upgrade, and the lean task that reads one WebSocket.
//! * [`stream`], `secure`, `records`: a connection with TLS or without, and its halves.
//! * [`frame`]: RFC 6455 frames, without a socket.
//! * `output`: the write halves of all WebSockets, and the one write that each gets of a turn.
//! * [`flusher`]: the task that writes what the turns do not write themselves.
//! * `turn`, `relays`: what is done under the lock and after it, and how long passing events on takes.
//! * [`clock`]: the one task that watches the time, for heartbeats and time-outs.
//! * `beat`: whether clock, lock and flusher still do their work, for who restarts a server that hangs.
//! * [`peer`], `forwarded`, [`admission`]: the other side of a connection; who may connect, by number and by rate.
//! * `turnstile`: how many requests are read and answered at one time.
//!
//! Memory of an idle WebSocket client: one task whose future is 24 bytes, tokio's record of
//! the socket, a [`Connection`], a writer, and what the hub keeps. No read buffer: all share
//! one per thread.

mod admission;
mod beat;
pub mod client_files;
mod clock;
mod cookie;
mod cors;
pub mod edge;
mod flusher;
mod forwarded;
pub mod frame;
pub mod hooks;
mod output;
pub mod peer;
pub mod polling;
#[cfg(feature = "tls")]
mod records;
pub mod reject;
mod relays;
pub mod request;
#[cfg_attr(not(feature = "tls"), path = "no_secure.rs")]
mod secure;
#[cfg(test)]
pub(crate) mod silent;
pub mod stream;
mod turn;
mod turnstile;
pub mod websocket;

use crate::config;
use crate::engineio::session::{ConnectionKey, Input};
use crate::engineio::{CloseReason, SessionKey};
pub use crate::hub::Protocol;
use crate::hub::{Hub, Random, earlier};
use crate::stats::Stats;
use admission::{Admission, Counted};
use beat::Beat;
pub use client_files::ClientFiles;
pub use edge::Edge;
use frame::{Control, Partial};
pub use hooks::{Decision, Forbidden, Hooks};
use output::Output;
pub use peer::{Admitted, Peer};
pub use reject::Answer;
use relays::Relays;
pub use request::Outcome;
use slotmap::SlotMap;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};
use stream::WriteHalf;
pub use stream::{Budget, Secure, ServerConfig, Stream};
use tokio::sync::Notify;
use turnstile::Turnstile;

/// Time the other side has to close its end of a WebSocket that was closed.
const LINGER: Duration = Duration::from_secs(30);

/// A WebSocket connection, but for its two halves.
#[derive(Debug)]
struct Connection {
    session: SessionKey,
    /// A frame or message that is not complete; rare, hence boxed.
    partial: Option<Box<Partial>>,
    /// What it counts as, once its guard does not count it any more.
    counted: Counted,
    /// Whether its socket is here: before that nothing can be sent.
    attached: bool,
    /// A close frame has come or been sent: what else comes is not read.
    closing: bool,
}

const _: () = assert!(size_of::<Connection>() <= 32);

/// Everything under the server's one lock.
#[derive(Debug)]
struct State<P> {
    hub: Hub<P>,
    admission: Admission,
    connections: SlotMap<ConnectionKey, Connection>,
    /// For the flusher: connections that begin and end, and control frames to be sent.
    opened: Vec<(ConnectionKey, WriteHalf)>,
    ended: Vec<ConnectionKey>,
    control: Vec<(ConnectionKey, Control)>,
    closes: Vec<ConnectionKey>,
    /// Closed connections whose other side still has its end open, oldest first.
    lingering: VecDeque<(Instant, ConnectionKey)>,
    cut: Vec<ConnectionKey>,
    /// What waits to be written by the flusher.
    relays: Relays,
    flusher: Option<Waker>,
    /// When the clock will look next.
    armed: Option<Instant>,
    /// Somebody waits for the flusher's answer to the clock.
    beat: bool,
    stopping: bool,
}

impl<P: Protocol> State<P> {
    fn is_drained(&mut self) -> bool {
        self.connections.is_empty() && self.hub.engine().is_empty()
    }

    fn deadline(&self) -> Option<Instant> {
        let lingering = self.lingering.front().map(|(at, _)| *at);
        earlier(self.hub.deadline(), lingering)
    }

    /// A WebSocket is closed from here on: it is fed no more, and given up after a while.
    fn linger(&mut self, key: ConnectionKey, now: Instant) {
        if let Some(connection) = self.connections.get_mut(key)
            && !connection.closing
        {
            connection.closing = true;
            self.lingering.push_back((now + LINGER, key));
        }
    }

    /// Has the connections cut off that were closed and that nobody has ended in time.
    fn cut_lingering(&mut self, now: Instant) {
        while let Some((at, key)) = self.lingering.front().copied()
            && at <= now
        {
            self.lingering.pop_front();
            if self.connections.contains_key(key) {
                self.hub.engine().stats().closes_unanswered.add();
                self.cut.push(key);
            }
        }
    }

    /// Forgets a connection whose socket has ended, and tells its session.
    fn remove(&mut self, now: Instant, key: ConnectionKey) {
        let Some(connection) = self.connections.remove(key) else {
            return;
        };
        self.ended.push(key);
        if connection.attached {
            self.admission.release(connection.counted);
            self.hub.engine().stats().connections.sub(1);
        }
        let held = connection.partial.map_or(0, |partial| partial.bytes());
        self.hub.engine().stats().release(held);
        // Refused only if the session is gone already, which is what was wanted.
        let _ = self.hub.handle(
            now,
            connection.session,
            Input::SocketLost(key, CloseReason::TransportClose { goodbye: false }),
        );
        // Entries of connections that ended by themselves must not pile up in front.
        while let Some((_, oldest)) = self.lingering.front()
            && !self.connections.contains_key(*oldest)
        {
            self.lingering.pop_front();
        }
    }
}

#[derive(Debug)]
struct Shared<P> {
    state: Mutex<State<P>>,
    /// Who has the lock of the state may only try for this one; the other way round is allowed.
    output: Mutex<Output>,
    turnstile: Turnstile,
    clock: Notify,
    beat: Beat,
    drained: Notify,
    settings: config::Protocol,
    limits: config::Limits,
    stats: Arc<Stats>,
    edge: Edge,
}

/// A protocol server without a listener: it answers requests and takes over sockets. Cheap to
/// clone. [`http::server`](crate::http::server) puts it behind one.
#[derive(Debug)]
pub struct Server<P>(Arc<Shared<P>>);

impl<P> Clone for Server<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: Protocol> Server<P> {
    /// A server for this protocol. It works once it was [started](Self::start).
    pub fn new(
        settings: config::Protocol,
        limits: config::Limits,
        stats: Arc<Stats>,
        protocol: P,
    ) -> Self {
        Self::with_edge(settings, limits, stats, protocol, Edge::default())
    }

    /// The same, with CORS, a cookie, hooks or the static client.
    pub fn with_edge(
        settings: config::Protocol,
        limits: config::Limits,
        stats: Arc<Stats>,
        protocol: P,
        edge: Edge,
    ) -> Self {
        Self::build(settings, limits, stats, protocol, edge, random)
    }

    /// `random` is an argument so that its failure can be tested.
    fn build(
        settings: config::Protocol,
        limits: config::Limits,
        stats: Arc<Stats>,
        protocol: P,
        edge: Edge,
        random: Random,
    ) -> Self {
        let now = Instant::now();
        let hub = Hub::new(
            settings.clone(),
            limits.clone(),
            Arc::clone(&stats),
            random,
            now,
            protocol,
        );
        let state = State {
            hub,
            admission: Admission::new(&limits),
            connections: SlotMap::default(),
            opened: Vec::new(),
            ended: Vec::new(),
            control: Vec::new(),
            closes: Vec::new(),
            lingering: VecDeque::new(),
            cut: Vec::new(),
            relays: Relays::default(),
            flusher: None,
            armed: None,
            beat: false,
            stopping: false,
        };
        Self(Arc::new(Shared {
            state: Mutex::new(state),
            output: Mutex::default(),
            turnstile: Turnstile::new(limits.max_requests),
            clock: Notify::new(),
            beat: Beat::default(),
            drained: Notify::new(),
            settings,
            limits,
            stats,
            edge,
        }))
    }

    /// Starts the clock and the flusher on the current runtime.
    pub fn start(&self) {
        tokio::spawn(clock::run(self.clone()));
        tokio::spawn(flusher::Flusher::new(self.clone()));
    }

    /// Protocol settings.
    pub fn settings(&self) -> &config::Protocol {
        &self.0.settings
    }

    /// Limits.
    pub fn limits(&self) -> &config::Limits {
        &self.0.limits
    }

    /// Counters.
    pub fn stats(&self) -> &Arc<Stats> {
        &self.0.stats
    }

    /// The budget for connections over TLS.
    pub fn budget(&self) -> Budget {
        Budget::new(Arc::clone(self.stats()), self.limits())
    }

    /// Closes every session as the reference server's `io.close()` does, and opens no new one.
    pub fn shut_down(&self) {
        self.turn(|state, now| {
            state.stopping = true;
            state.hub.shut_down(now);
        });
    }

    /// Waits until a server that was shut down has no session and no WebSocket left.
    pub async fn drained(&self) {
        loop {
            let drained = self.0.drained.notified();
            if self.lock().is_drained() {
                return;
            }
            drained.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<P>> {
        // The application cannot poison the lock (its panics are caught); should anything
        // else, serving on is better than ending every call.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Random bytes for ids, from the operating system.
fn random() -> Option<[u8; 15]> {
    let mut bytes = [0; 15];
    getrandom::fill(&mut bytes)
        .inspect_err(|error| tracing::error!("no random bytes: {error}"))
        .ok()?;
    Some(bytes)
}
