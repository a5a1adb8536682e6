//! The one owner of sessions, clients, rooms and the application. Pure: it takes inputs and
//! time, changes its state, and notes which sessions have something to send; `transport`
//! holds it under the server's one lock and carries out what it notes.
//!
//! * [`engine`]: Engine.IO sessions, their timers, and who has something to send.
//! * [`protocol`]: what may stand on top of a session; Socket.IO is one such thing.
//! * [`socketio`], with `joining`, `legacy`, `answering` and `deliver`: Socket.IO on top, with
//!   the application; `faults` is what clients do that they should not.
//! * `census`: how many sessions there may be.
//! * `outgoing`: from outboxes to the transport.
//! * `timers`: when who is to be asked again.
//! * [`handle`], [`later`]: emitting and asking from outside.

#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

mod answering;
mod census;
mod deliver;
pub mod engine;
mod faults;
pub mod handle;
mod joining;
pub mod later;
mod legacy;
mod outgoing;
pub mod protocol;
pub mod socketio;
mod timers;

pub use engine::Engine;
pub use handle::{AskError, Asked, Handle, Refused};
pub use later::{Gone, Later, Promise};
pub use protocol::Protocol;
pub use socketio::SocketIo;
pub(crate) use timers::earlier;

use crate::config;
use crate::engineio::handshake::Transport;
use crate::engineio::payload::Payload;
use crate::engineio::session::{ConnectionKey, Encoded, Input, Step};
use crate::engineio::{Reject, Request, SessionId, SessionKey};
use crate::stats::{Reserved, Stats};
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

/// Random bytes for one id; the source must be fit for secrets. `None` if it has failed: then no
/// id is made, for one that can be guessed is worse than none.
pub type Random = fn() -> Option<[u8; 15]>;

/// Sessions and what stands on top of them.
#[derive(Debug)]
pub struct Hub<P> {
    engine: Engine,
    protocol: P,
}

impl<P: Protocol> Hub<P> {
    /// An empty hub.
    pub fn new(
        settings: config::Protocol,
        limits: config::Limits,
        stats: Arc<Stats>,
        random: Random,
        now: Instant,
        protocol: P,
    ) -> Self {
        Self {
            engine: Engine::new(settings, limits, stats, random, now),
            protocol,
        }
    }

    /// Opens a session for a handshake. One over polling has a poll under way, which
    /// [`take_payload`](Self::take_payload) answers.
    ///
    /// # Errors
    /// [`Reject::BadRequest`] if there are no random bytes for an id, [`Reject::Full`] or
    /// [`Reject::TooManyHandshakes`] if there are as many sessions as there may be; nothing is opened
    /// then.
    pub fn open(
        &mut self,
        now: Instant,
        request: Request,
        socket: Option<ConnectionKey>,
    ) -> Result<SessionKey, Reject> {
        self.engine.now = now;
        let opened = self.engine.open(&request, socket)?;
        self.protocol.open(&mut self.engine, opened, request);
        self.settle(opened);
        Ok(opened)
    }

    /// The session that a client names.
    ///
    /// # Errors
    /// [`Reject::SessionUnknown`], or [`Reject::BadRequest`] for a poll or post of a session
    /// that has moved to WebSocket.
    pub fn find(&self, id: Option<SessionId>, transport: Transport) -> Result<SessionKey, Reject> {
        self.engine.find(id, transport)
    }

    /// Takes one input of one session.
    ///
    /// # Errors
    /// [`Reject`] if the HTTP request that brought the input is refused.
    pub fn handle(
        &mut self,
        now: Instant,
        session: SessionKey,
        input: Input<'_>,
    ) -> Result<(), Reject> {
        self.engine.now = now;
        let control = input.is_control();
        let step = self.engine.handle(session, input);
        match step {
            Step::Message(message) => self.protocol.message(&mut self.engine, session, message),
            Step::Done if control => self.protocol.control(&mut self.engine, session),
            Step::Done | Step::Refused(_) => {}
        }
        self.settle(session);
        match step {
            Step::Refused(reject) => Err(reject),
            Step::Done | Step::Message(_) => Ok(()),
        }
    }

    /// Notes that a client made its transport work without saying anything, as a WebSocket ping does.
    pub fn control(&mut self, now: Instant, session: SessionKey) {
        self.engine.now = now;
        self.protocol.control(&mut self.engine, session);
        self.settle(session);
    }

    /// Handles everything that is due.
    pub fn tick(&mut self, now: Instant) {
        self.engine.now = now;
        // All first: one that is due again at once waits for the next turn.
        let due: Vec<_> = std::iter::from_fn(|| self.engine.pop_due()).collect();
        for session in due {
            self.engine.handle(session, Input::Tick);
            if self.engine.is_open(session) {
                self.protocol.tick(&mut self.engine, session);
            }
            self.settle(session);
        }
        self.protocol.own_tick(&mut self.engine);
        self.settle_all();
    }

    /// When [`tick`](Self::tick) is due.
    pub fn deadline(&self) -> Option<Instant> {
        earlier(self.engine.deadline(), self.protocol.own_deadline())
    }

    /// Runs what [`Handle`]s have queued.
    pub fn run_queued(&mut self, now: Instant, waker: &Waker) {
        self.engine.now = now;
        self.protocol.run_queued(&mut self.engine, waker);
        self.settle_all();
    }

    /// Closes every session, as a server does that stops.
    pub fn shut_down(&mut self, now: Instant) {
        self.engine.now = now;
        self.engine.shut_down();
        self.settle_all();
    }

    /// The body for the waiting poll of a session, if it is to be answered now, and what it takes of
    /// the shared budget until it was sent.
    pub fn take_payload(&mut self, session: SessionKey) -> Option<(Payload, Reserved)> {
        self.engine.take_payload(session)
    }

    /// Wakes the polls that are to be answered, and hands every packet that leaves by
    /// WebSocket to `frame`, those of one connection in order.
    pub fn flush(&mut self, frame: impl FnMut(ConnectionKey, Encoded<'_>)) {
        self.engine.flush(frame);
    }

    /// Sessions and their queues.
    pub fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// What stands on top.
    pub fn protocol(&self) -> &P {
        &self.protocol
    }

    /// Tells the protocol about sessions that ended, and sets the timer of this one.
    fn settle(&mut self, session: SessionKey) {
        self.settle_all();
        let above = self.protocol.deadline(session);
        self.engine.schedule(session, above);
    }

    fn settle_all(&mut self) {
        loop {
            while let Some((session, reason)) = self.engine.pop_closed() {
                self.protocol.close(&mut self.engine, session, reason);
                self.engine.schedule(session, None);
                self.engine.forget_if_finished(session);
            }
            let Some(session) = self.engine.pop_touched() else {
                return;
            };
            let above = self.protocol.deadline(session);
            self.engine.schedule(session, above);
        }
    }
}

#[cfg(test)]
mod tests;
