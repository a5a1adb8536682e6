//! The way out of Socket.IO: what callbacks have queued is carried out, in order, after them.
//!
//! A packet was encoded once when it was emitted; here it goes into the outbox of each
//! receiver. A large one for several receivers is shared instead of copied.

use super::engine::Engine;
use super::socketio::SocketIo;
use crate::engineio::CloseReason;
use crate::engineio::session::Outgoing;
use crate::socketio::acks::AckError;
use crate::socketio::application::Application;
use crate::socketio::emit::Command;
use crate::socketio::encode;
use crate::socketio::error::DisconnectReason;
use crate::socketio::registry::{Registry, SocketKey};
use bytes::Bytes;
use std::time::Instant;

/// Packets of at least this many bytes are shared by their receivers instead of copied.
const SHARE_FROM: usize = 4096;

impl<A: Application> SocketIo<A> {
    /// Carries the queue out, in order; callbacks on the way append to it.
    pub(super) fn carry_out(&mut self, engine: &mut Engine) {
        let mut next = 0;
        while let Some(command) = self.queue.commands.get(next).cloned() {
            next += 1;
            match command {
                Command::Send {
                    text,
                    attachments,
                    receivers,
                    volatile,
                } => {
                    let text = self.queue.text.get(text).unwrap_or_default();
                    let attachments = self.queue.attachments.get(attachments).unwrap_or_default();
                    let receivers = self.queue.receivers.get(receivers).unwrap_or_default();
                    deliver(
                        engine,
                        &self.registry,
                        text,
                        attachments,
                        receivers,
                        volatile,
                    );
                }
                Command::Owe { socket, id, until } => self.owe(engine, socket, id, until),
                Command::Disconnect { socket, close } => self.disconnect(engine, socket, close),
            }
        }
        self.queue.clear();
    }

    /// Notes that a socket owes an answer; one that is gone already will not give it.
    fn owe(&mut self, engine: &mut Engine, socket: SocketKey, id: u64, until: Instant) {
        let session = self.registry.session(socket);
        if self.registry.is_connected(socket) {
            self.registry.owe(socket, id, until);
            session.inspect(|session| engine.touch(*session));
            return;
        }
        self.unanswered(engine, session, socket, id, AckError::Disconnected);
    }

    fn disconnect(&mut self, engine: &mut Engine, socket: SocketKey, close: bool) {
        let Some(session) = self.registry.session(socket) else {
            return;
        };
        let leaving: Vec<_> = match self.clients.get(session) {
            Some(client) if close => client.sockets().collect(),
            _ => vec![socket],
        };
        for socket in leaving {
            let Some(namespace) = self.registry.namespace_of(socket) else {
                continue;
            };
            let mut packet = String::new();
            encode::disconnect(self.registry.namespace_name(namespace), &mut packet);
            engine.send(session, Outgoing::Text(&packet));
            self.leave(
                engine,
                session,
                socket,
                DisconnectReason::ServerNamespaceDisconnect,
            );
        }
        if close {
            engine.close(session, CloseReason::ForcedClose);
        }
    }
}

/// Puts one packet into the outboxes of its receivers.
fn deliver(
    engine: &mut Engine,
    registry: &Registry,
    text: &str,
    attachments: &[Bytes],
    receivers: &[SocketKey],
    volatile: bool,
) {
    let shared = (receivers.len() > 1 && text.len() >= SHARE_FROM)
        .then(|| Bytes::copy_from_slice(text.as_bytes()));
    for receiver in receivers {
        if !registry.is_connected(*receiver) {
            continue;
        }
        let Some(session) = registry.session(*receiver) else {
            continue;
        };
        // Decided once a packet, so that attachments always follow their header.
        if volatile && !engine.is_writable(session) {
            continue;
        }
        match &shared {
            Some(bytes) => engine.send(session, Outgoing::SharedText(bytes)),
            None => engine.send(session, Outgoing::Text(text)),
        }
        for bytes in attachments {
            engine.send(session, Outgoing::SharedBinary(bytes));
        }
    }
}
