//! What stands on top of Engine.IO sessions. Socket.IO is the usual thing; an engine-only
//! server (an echo, a protocol of one's own) is another implementation.

use super::engine::Engine;
use crate::engineio::{CloseReason, Message, Request, SessionKey};
use std::task::Waker;
use std::time::Instant;

/// A protocol over Engine.IO. Every method runs under the server's lock and must not wait.
pub trait Protocol: Send + 'static {
    /// A session was opened by this request. What is sent here leaves with the open packet.
    fn open(&mut self, engine: &mut Engine, session: SessionKey, request: Request);

    /// A message came.
    fn message(&mut self, engine: &mut Engine, session: SessionKey, message: Message<'_>);

    /// Something came that is no message: a ping, a pong, a noop. The engine has seen to it; who
    /// bounds what a client may send has it counted.
    fn control(&mut self, engine: &mut Engine, session: SessionKey) {
        let _ = (engine, session);
    }

    /// A session ended, by whomever; it can send no more.
    fn close(&mut self, engine: &mut Engine, session: SessionKey, reason: CloseReason);

    /// When this session wants [`tick`](Self::tick), beside the engine's own times.
    fn deadline(&self, session: SessionKey) -> Option<Instant> {
        let _ = session;
        None
    }

    /// Time has passed for an open session.
    fn tick(&mut self, engine: &mut Engine, session: SessionKey) {
        let _ = (engine, session);
    }

    /// When [`own_tick`](Self::own_tick) is due: times that belong to no session.
    fn own_deadline(&self) -> Option<Instant> {
        None
    }

    /// Time has passed, whether or not there are sessions.
    fn own_tick(&mut self, engine: &mut Engine) {
        let _ = engine;
    }

    /// Carries out what came in from outside the server's lock, and has `waker` woken when
    /// more comes.
    fn run_queued(&mut self, engine: &mut Engine, waker: &Waker) {
        let _ = (engine, waker);
    }
}
