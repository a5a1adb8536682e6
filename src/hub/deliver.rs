//! The way out of Socket.IO: what callbacks have queued is carried out, in order, after them.
//!
//! A packet was encoded once when it was emitted; here it goes into the outbox of each
//! receiver. A large one for several receivers is shared instead of copied.

use super::engine::Engine;
use super::socketio::SocketIo;
use crate::engineio::CloseReason;
use crate::engineio::session::Outgoing;
use crate::socketio::application::Application;
use crate::socketio::encode;
use crate::socketio::error::DisconnectReason;
use crate::socketio::queue::{Command, Flags, Keep};
use crate::socketio::recovery::Sent;
use crate::socketio::registry::{Registry, SocketKey};
use bytes::Bytes;
use std::ops::Range;

/// Packets of at least this many bytes are shared by their receivers instead of copied.
const SHARE_FROM: usize = 4096;

impl<A: Application> SocketIo<A> {
    /// Carries the queue out, in order; callbacks on the way append to it.
    pub(super) fn carry_out(&mut self, engine: &mut Engine) {
        let mut next = 0;
        while let Some(command) = self.queue.commands.get_mut(next) {
            next += 1;
            match std::mem::take(command) {
                Command::Send {
                    text,
                    attachments,
                    receivers,
                    flags,
                    keep,
                } => {
                    self.deliver(engine, text.clone(), attachments.clone(), receivers, flags);
                    if let Some(keep) = keep {
                        self.keep(engine, text, attachments, *keep);
                    }
                }
                Command::Owe { socket, debt } => self.owe(engine, socket, debt),
                Command::Ask {
                    receivers,
                    id,
                    until,
                    ticket,
                    then,
                } => {
                    let receivers = self.queue.receivers.get(receivers).unwrap_or_default();
                    let receivers = receivers.to_vec();
                    self.ask(engine, &receivers, id, until, ticket, then);
                }
                Command::Decide { socket, admission } => self.decided(engine, socket, admission),
                Command::Disconnect { socket, close } => self.disconnect(engine, socket, close),
                Command::Done => {}
            }
        }
        engine
            .stats()
            .application_limited
            .add_all(self.queue.limited);
        self.queue.clear();
    }

    fn deliver(
        &mut self,
        engine: &mut Engine,
        text: Range<usize>,
        attachments: Range<usize>,
        receivers: Range<usize>,
        flags: Flags,
    ) {
        deliver(
            engine,
            &self.registry,
            self.queue.text.get(text).unwrap_or_default(),
            self.queue.attachments.get(attachments).unwrap_or_default(),
            self.queue.receivers.get(receivers).unwrap_or_default(),
            flags,
        );
    }

    /// Keeps a packet for clients that come back, in the order of the commands, which is that of
    /// the packets' numbers.
    fn keep(
        &mut self,
        engine: &mut Engine,
        text: Range<usize>,
        attachments: Range<usize>,
        keep: Keep,
    ) {
        let text = self.queue.text.get(text).unwrap_or_default();
        let attachments = self.queue.attachments.get(attachments).unwrap_or_default();
        let sent = Sent {
            text: Bytes::copy_from_slice(text.as_bytes()),
            attachments: attachments.into(),
        };
        let Keep {
            namespace,
            number,
            scope,
        } = keep;
        let most = engine.limits().max_recovery_bytes;
        let fallen = self
            .registry
            .keep(namespace, engine.now(), number, sent, scope, most);
        engine.stats().recoveries_limited.add_all(fallen);
        self.expire_later(engine);
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
            if self.registry.is_connected(socket) {
                let mut packet = String::new();
                encode::disconnect(self.registry.namespace_name(namespace), &mut packet);
                engine.send_packet(session, Outgoing::Text(&packet));
            }
            self.leave(
                engine,
                session,
                socket,
                DisconnectReason::ServerNamespaceDisconnect,
            );
        }
        if close {
            engine.close(session, CloseReason::ForcedServerClose);
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
    flags: Flags,
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
        if flags.volatile && !engine.is_writable(session) {
            continue;
        }
        match &shared {
            Some(bytes) => engine.send_as(session, Outgoing::SharedText(bytes), flags.compress),
            None => engine.send_as(session, Outgoing::Text(text), flags.compress),
        }
        for bytes in attachments {
            engine.send_as(session, Outgoing::SharedBinary(bytes), flags.compress);
        }
    }
}
