//! What clients do that they should not: too much, too late, or not the protocol. Each of it costs
//! the client its connection in the end, and the server a counter and a line for who debugs.
//!
//! What reaches the engine takes a token of one bucket ([`Limits::max_event_rate`]): events, connects,
//! answers, and packets without a message (pings, those of WebSocket too, pongs, noops), which cost as
//! much to read. WebSocket's pongs and empty fragments take none: they are dropped as they are read. What
//! a client has no token for is dropped; more than [`MAX_DROPPED`] such end it. A client that keeps to the
//! protocol sends one pong an interval, and cannot get there by what it is asked for.
//!
//! [`Limits::max_event_rate`]: crate::config::Limits::max_event_rate

use super::engine::Engine;
use super::socketio::SocketIo;
use crate::engineio::{CloseReason, SessionKey};
use crate::socketio::application::Application;
use crate::socketio::error::DecodeError;
use std::time::Duration;

/// What a client may lose over the rate, all its life, before its connection is closed.
const MAX_DROPPED: u32 = 1000;

/// Time from one part of a binary packet to the next: as much as an HTTP body has.
pub(super) const ATTACHMENT_TIMEOUT: Duration = Duration::from_secs(60);

impl<A: Application> SocketIo<A> {
    /// Takes a token for something that a client sent; without one it is to be dropped.
    pub(super) fn within_rate(&mut self, engine: &mut Engine, session: SessionKey) -> bool {
        let (rate, now) = (engine.limits().max_event_rate, engine.now());
        let Some(client) = self.clients.get_mut(session) else {
            return false;
        };
        if client.events.take(rate, now) {
            return true;
        }
        client.dropped += 1;
        engine.stats().events_limited.add();
        if client.dropped == 1 {
            tracing::debug!("a client sends more than the rate allows, which is dropped");
        }
        // Not again while it is closing.
        if client.dropped > MAX_DROPPED && engine.is_open(session) {
            engine.stats().floods_closed.add();
            tracing::debug!("a client goes on sending more than the rate allows and is closed");
            engine.close(session, CloseReason::ForcedClose);
        }
        false
    }

    /// Ends a client whose packet has waited for its attachments for too long.
    pub(super) fn close_late(engine: &mut Engine, session: SessionKey) {
        engine.stats().attachments_timed_out.add();
        tracing::debug!("a client's attachments did not come in time and it is closed");
        engine.close(session, CloseReason::ForcedClose);
    }

    /// The bytes are not the protocol.
    pub(super) fn undecodable(engine: &mut Engine, session: SessionKey, error: DecodeError) {
        engine.stats().protocol_errors.add();
        tracing::debug!("a client does not speak the protocol and is closed: {error}");
        engine.close(session, CloseReason::ForcedClose);
    }

    /// The packets are the protocol's, but not in this order.
    pub(super) fn broken(engine: &mut Engine, session: SessionKey, why: &str) {
        engine.stats().protocol_errors.add();
        tracing::debug!("a client broke the protocol and is closed: {why}");
        // The reference server's two words for it, by whether the end can be told at once.
        let reason = match engine.is_writable(session) {
            true => CloseReason::ForcedClose,
            false => CloseReason::ForcedServerClose,
        };
        engine.close(session, reason);
    }
}
