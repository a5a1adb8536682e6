//! The way out of the sessions: packets go into outboxes, sessions that have something to send
//! are noted once, and a flush hands everything over that a WebSocket can take and wakes the
//! polls that can be answered.

use super::engine::Engine;
use crate::engineio::payload::Payload;
use crate::engineio::session::{ConnectionKey, Encoded, Input, Outgoing};
use crate::engineio::{CloseReason, Message, SessionKey};
use crate::stats::Reserved;
use std::sync::Arc;
use std::task::Waker;

/// Bytes that may wait for a client even when the shared budget is used up.
const OWN_SHARE: usize = 4096;

impl Engine {
    /// Whether something sent now would leave at once.
    pub fn is_writable(&self, session: SessionKey) -> bool {
        self.sessions
            .get(session)
            .is_some_and(|entry| !entry.backlog && entry.session.is_writable())
    }

    /// Sends a message. A session that cannot take it is closed: its client stopped reading.
    pub fn send(&mut self, session: SessionKey, message: Message<'_>) {
        match message {
            Message::Text(text) => {
                let packet = ["4", text].concat();
                self.send_packet(session, Outgoing::Text(&packet));
            }
            Message::Binary(bytes) => self.send_packet(session, Outgoing::Binary(bytes)),
        }
    }

    /// Sends a packet, its type included.
    pub(super) fn send_packet(&mut self, session: SessionKey, packet: Outgoing<'_>) {
        self.send_as(session, packet, true);
    }

    /// As [`send_packet`](Self::send_packet); without `compress` the packet alone is no reason to compress the
    /// polling body that it leaves in.
    pub(super) fn send_as(&mut self, session: SessionKey, packet: Outgoing<'_>, compress: bool) {
        let Some(entry) = self.sessions.get_mut(session) else {
            return;
        };
        if !entry.session.is_open() {
            return;
        }
        // A small client is not to suffer for what others hold.
        let holding = entry.session.buffered_bytes() + packet.len();
        let fits = if holding <= OWN_SHARE {
            self.stats.hold(packet.len());
            true
        } else {
            let most = self.limits.budget_for(holding);
            self.stats.reserve(packet.len(), most)
        };
        if fits
            && entry
                .session
                .send(packet, compress, &self.limits, &mut self.pool)
                .is_ok()
        {
            Self::mark(&mut self.dirty, entry, session);
            return;
        }
        if fits {
            self.stats.release(packet.len());
        }
        self.stats.outboxes_full.add();
        tracing::debug!("a client stopped reading and is closed");
        self.handle(session, Input::Discard(CloseReason::TransportError));
    }

    /// How many sessions a flush would look at, and whether there is something else to be sent.
    pub fn work(&self) -> (usize, bool) {
        let rest = !self.probe_replies.is_empty() || !self.close_sockets.is_empty();
        (self.dirty.len(), rest)
    }

    /// Notes that a session's WebSocket could not take everything, or can again.
    pub fn set_backlog(&mut self, session: SessionKey, socket: ConnectionKey, backlog: bool) {
        let Some(entry) = self.sessions.get_mut(session) else {
            return;
        };
        if entry
            .session
            .socket_outbox()
            .is_none_or(|(carrier, _)| carrier != socket)
        {
            return;
        }
        entry.backlog = backlog;
        if !backlog {
            Self::mark(&mut self.dirty, entry, session);
        }
    }

    /// Has `waker` woken when the waiting poll of this session is to be answered.
    pub fn wait_for_payload(&mut self, session: SessionKey, waker: &Waker) {
        if let Some(entry) = self.sessions.get_mut(session) {
            entry.waiting.get_or_insert_default().poll = Some(waker.clone());
        }
    }

    /// Whether the post under way is to be cut off; if not, `waker` is woken should it be.
    pub fn is_post_cut(&mut self, session: SessionKey, waker: &Waker) -> bool {
        let Some(entry) = self.sessions.get_mut(session) else {
            return false;
        };
        let waiting = entry.waiting.get_or_insert_default();
        waiting.post = Some(waker.clone());
        waiting.post_cut
    }

    pub(super) fn take_payload(&mut self, key: SessionKey) -> Option<(Payload, Reserved)> {
        let entry = self.sessions.get_mut(key)?;
        let before = entry.session.buffered_bytes();
        let payload = entry.session.take_payload(&mut self.pool)?;
        // What waited is what is to be sent now; bytes are longer in base64.
        let reserved = payload.bytes.len();
        self.stats.hold(reserved);
        self.stats.release(before - entry.session.buffered_bytes());
        let reserved = Reserved::adopt(Arc::clone(&self.stats), reserved);
        entry.waiting.as_mut().map(|waiting| waiting.poll.take());
        self.forget_if_finished(key);
        Some((payload, reserved))
    }

    pub(super) fn flush(&mut self, mut frame: impl FnMut(ConnectionKey, Encoded<'_>)) {
        let mut dirty = std::mem::take(&mut self.dirty);
        let mut scratch = Vec::new();
        for key in &dirty {
            let Some(entry) = self.sessions.get_mut(*key) else {
                continue;
            };
            entry.dirty = false;
            if entry.session.has_payload()
                && let Some(waker) = entry
                    .waiting
                    .as_mut()
                    .and_then(|waiting| waiting.poll.take())
            {
                waker.wake();
            }
            // A session that is closed hands over what is left: nobody will ask it again.
            if entry.backlog && entry.session.is_open() {
                continue;
            }
            let before = entry.session.buffered_bytes();
            let format = entry.session.format();
            if let Some((connection, outbox)) = entry.session.socket_outbox() {
                outbox.drain(&mut self.pool, |packet| {
                    frame(connection, format.on_websocket(packet, &mut scratch));
                });
            }
            self.stats.release(before - entry.session.buffered_bytes());
        }
        // Its memory is used again; nothing was added meanwhile.
        dirty.clear();
        self.dirty = dirty;
    }
}
