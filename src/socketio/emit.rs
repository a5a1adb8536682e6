//! What the application says: an [`Io`] to say it with, and the queue in which it waits.
//!
//! An emission is encoded once, when it is made, and its receivers are settled then too: a
//! socket that leaves a room afterwards still gets what was sent to the room before. `hub`
//! carries the queue out after the callback, in order.

use super::acks::AckTicket;
use super::args::{ArgsWriter, Argument};
use super::broadcast::Broadcast;
use super::encode;
use super::error::EmitError;
use super::registry::{NamespaceKey, Registry, SocketKey};
use super::socket_id::SocketId;
use crate::config::Limits;
use bytes::Bytes;
use std::ops::Range;
use std::time::{Duration, Instant};

/// What stands for a time-out beyond what a clock can say: a hundred years.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Where an answer goes. Using it up answers; an event can be answered once.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    pub(crate) socket: SocketKey,
    pub(crate) id: u64,
}

/// Something to be carried out after the callback.
#[derive(Debug, Clone)]
pub(crate) enum Command {
    /// An encoded packet, its attachments after it, to these receivers.
    Send {
        text: Range<usize>,
        attachments: Range<usize>,
        receivers: Range<usize>,
        volatile: bool,
    },
    /// The socket owes an answer from here on. Not before, so that a question which is dropped
    /// leaves no debt.
    Owe {
        socket: SocketKey,
        id: u64,
        until: Instant,
    },
    /// The socket leaves its namespace; with `close` the whole connection goes.
    Disconnect { socket: SocketKey, close: bool },
}

/// Lengths of the queue's parts at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    text: usize,
    attachments: usize,
    pub(super) receivers: usize,
    commands: usize,
}

/// The queue: packets behind one another in one buffer, so that the steady path allocates
/// nothing.
#[derive(Debug, Default)]
pub(crate) struct Emissions {
    pub(crate) text: String,
    pub(crate) attachments: Vec<Bytes>,
    pub(crate) receivers: Vec<SocketKey>,
    pub(crate) commands: Vec<Command>,
}

impl Emissions {
    /// Bytes of capacity that each part keeps from turn to turn.
    const KEEP: usize = 64 * 1024;

    pub(crate) fn mark(&self) -> Mark {
        Mark {
            text: self.text.len(),
            attachments: self.attachments.len(),
            receivers: self.receivers.len(),
            commands: self.commands.len(),
        }
    }

    /// Forgets what was added since the mark.
    pub(crate) fn roll_back(&mut self, mark: Mark) {
        self.text.truncate(mark.text);
        self.attachments.truncate(mark.attachments);
        self.receivers.truncate(mark.receivers);
        self.commands.truncate(mark.commands);
    }

    pub(crate) fn clear(&mut self) {
        fn empty<T>(part: &mut Vec<T>) {
            part.clear();
            part.shrink_to(Emissions::KEEP / size_of::<T>());
        }
        self.text.clear();
        self.text.shrink_to(Self::KEEP);
        empty(&mut self.attachments);
        empty(&mut self.receivers);
        empty(&mut self.commands);
    }

    /// Adds a packet to one receiver that has its text already.
    pub(crate) fn push_plain(&mut self, socket: SocketKey, write: impl FnOnce(&mut String)) {
        let mark = self.mark();
        write(&mut self.text);
        self.receivers.push(socket);
        self.push_send(mark, false);
    }

    pub(super) fn push_send(&mut self, mark: Mark, volatile: bool) {
        self.commands.push(Command::Send {
            text: mark.text..self.text.len(),
            attachments: mark.attachments..self.attachments.len(),
            receivers: mark.receivers..self.receivers.len(),
            volatile,
        });
    }

    /// Encodes a packet: its start by `start`, which learns the number of attachments, then
    /// the arguments.
    pub(super) fn encode(
        &mut self,
        mark: Mark,
        comma: bool,
        args: &[&dyn Argument],
        start: impl Fn(usize, &mut String),
    ) -> Result<(), EmitError> {
        let written = self.try_encode(mark, comma, args, start);
        if written.is_err() {
            self.roll_back(mark);
        }
        written
    }

    fn try_encode(
        &mut self,
        mark: Mark,
        comma: bool,
        args: &[&dyn Argument],
        start: impl Fn(usize, &mut String),
    ) -> Result<(), EmitError> {
        start(0, &mut self.text);
        if comma && !args.is_empty() {
            self.text.push(',');
        }
        let args_at = self.text.len();
        let count = ArgsWriter::new(&mut self.text, &mut self.attachments).list(args)?;
        if count > 0 {
            // The number of attachments stands before the arguments and is known after them;
            // binary is rare, so the copy is made only then.
            let args_text = self.text.split_off(args_at);
            self.text.truncate(mark.text);
            start(count, &mut self.text);
            if comma {
                self.text.push(',');
            }
            self.text.push_str(&args_text);
        }
        self.text.push(']');
        Ok(())
    }
}

/// The application's hand: lent to each callback.
#[derive(Debug)]
pub struct Io<'a> {
    pub(crate) registry: &'a mut Registry,
    pub(crate) queue: &'a mut Emissions,
    pub(crate) limits: &'a Limits,
    pub(crate) now: Instant,
}

impl Io<'_> {
    /// The public id of a socket. That of a client of Socket.IO 2 is not public but its session's
    /// ([`allow_eio3`](crate::config::Protocol::allow_eio3)): no other client may be told it.
    pub fn id(&self, socket: SocketKey) -> Option<SocketId> {
        self.registry.id(socket)
    }

    /// The socket with this id, if it is connected to this namespace.
    pub fn find(&self, namespace: &str, id: &SocketId) -> Option<SocketKey> {
        let namespace = self.registry.find_namespace(namespace)?;
        let key = self.registry.by_id(id)?;
        (self.registry.namespace_of(key) == Some(namespace)).then_some(key)
    }

    /// The namespace that a socket is in.
    pub fn namespace(&self, socket: SocketKey) -> Option<&str> {
        self.registry
            .namespace_of(socket)
            .map(|namespace| self.registry.namespace_name(namespace))
    }

    /// The rooms that a socket is in, the one of its own id first.
    pub fn rooms(&self, socket: SocketKey) -> Vec<&str> {
        self.registry.rooms(socket)
    }

    /// The connected sockets of a room.
    pub fn members(&mut self, namespace: &str, room: &str) -> Vec<SocketKey> {
        let mut members = Vec::new();
        if let Some(namespace) = self.registry.find_namespace(namespace) {
            self.registry
                .receivers(namespace, &[room], &[], None, &mut members);
        }
        members
    }

    /// The connected sockets of a namespace.
    pub fn sockets(&mut self, namespace: &str) -> Vec<SocketKey> {
        let mut sockets = Vec::new();
        if let Some(namespace) = self.registry.find_namespace(namespace) {
            self.registry
                .receivers(namespace, &[], &[], None, &mut sockets);
        }
        sockets
    }

    /// The time of this turn.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Puts a socket into a room.
    ///
    /// # Errors
    /// [`EmitError::TooManyRooms`], or [`EmitError::NotConnected`] if the socket is gone.
    pub fn join(&mut self, socket: SocketKey, room: &str) -> Result<(), EmitError> {
        if self.registry.get(socket).is_none() {
            return Err(EmitError::NotConnected);
        }
        match self
            .registry
            .join(socket, room, self.limits.max_rooms_per_socket)
        {
            true => Ok(()),
            false => Err(EmitError::TooManyRooms),
        }
    }

    /// Takes a socket out of a room.
    pub fn leave(&mut self, socket: SocketKey, room: &str) {
        self.registry.leave(socket, room);
    }

    /// Sends an event to one socket.
    ///
    /// # Errors
    /// [`EmitError`] if the socket is gone or an argument has no JSON form.
    pub fn emit(
        &mut self,
        socket: SocketKey,
        name: &str,
        args: &[&dyn Argument],
    ) -> Result<(), EmitError> {
        self.emit_as(socket, name, args, None)
    }

    /// Sends an event to one socket and asks for an answer, which
    /// [`Application::answer`](super::Application::answer) gets, or the news that none came
    /// within `timeout`.
    ///
    /// # Errors
    /// [`EmitError`] as for [`emit`](Self::emit), and [`EmitError::TooManyAcks`].
    pub fn emit_with_ack(
        &mut self,
        socket: SocketKey,
        name: &str,
        args: &[&dyn Argument],
        timeout: Duration,
    ) -> Result<AckTicket, EmitError> {
        let namespace = self.reachable(socket)?;
        let waiting = self.queue.commands.iter();
        let asked = waiting
            .filter(|command| matches!(command, Command::Owe { socket: to, .. } if *to == socket));
        if self.registry.owed(socket) + asked.count() >= self.limits.max_pending_acks {
            return Err(EmitError::TooManyAcks);
        }
        let id = self.registry.next_ack(namespace);
        self.emit_as(socket, name, args, Some(id))?;
        let until = self.now.checked_add(timeout).unwrap_or(self.now + NEVER);
        self.queue.commands.push(Command::Owe { socket, id, until });
        Ok(AckTicket { socket, id })
    }

    /// The namespace of a socket that emissions reach: one that is leaving is gone for them.
    fn reachable(&self, socket: SocketKey) -> Result<NamespaceKey, EmitError> {
        self.registry
            .get(socket)
            .filter(|entry| entry.connected)
            .map(|entry| entry.namespace)
            .ok_or(EmitError::NotConnected)
    }

    fn emit_as(
        &mut self,
        socket: SocketKey,
        name: &str,
        args: &[&dyn Argument],
        ack: Option<u64>,
    ) -> Result<(), EmitError> {
        let namespace = self.reachable(socket)?;
        let namespace = self.registry.namespace_name(namespace);
        let mark = self.queue.mark();
        self.queue.encode(mark, true, args, |count, out| {
            encode::event(count, namespace, ack, name, out)
        })?;
        self.queue.receivers.push(socket);
        self.queue.push_send(mark, false);
        Ok(())
    }

    /// Answers an event.
    ///
    /// # Errors
    /// [`EmitError`] if the socket is gone or an argument has no JSON form.
    pub fn reply(&mut self, reply: Reply, args: &[&dyn Argument]) -> Result<(), EmitError> {
        let namespace = self.reachable(reply.socket)?;
        let namespace = self.registry.namespace_name(namespace);
        let mark = self.queue.mark();
        self.queue.encode(mark, false, args, |count, out| {
            encode::ack(count, namespace, reply.id, out)
        })?;
        self.queue.receivers.push(reply.socket);
        self.queue.push_send(mark, false);
        Ok(())
    }

    /// Starts an emission to many: to the whole namespace unless rooms are named.
    pub fn broadcast<'r>(&mut self, namespace: &'r str) -> Broadcast<'_, 'r> {
        Broadcast::new(
            Io {
                registry: self.registry,
                queue: self.queue,
                limits: self.limits,
                now: self.now,
            },
            namespace,
        )
    }

    /// Disconnects a socket from its namespace; its client's connection stays.
    pub fn disconnect(&mut self, socket: SocketKey) {
        self.queue.commands.push(Command::Disconnect {
            socket,
            close: false,
        });
    }

    /// Disconnects every socket of this socket's client and closes the connection, after what
    /// was sent before.
    pub fn close(&mut self, socket: SocketKey) {
        self.queue.commands.push(Command::Disconnect {
            socket,
            close: true,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_was_long_once_does_not_stay_large() {
        let mut queue = Emissions::default();
        for _ in 0..100_000 {
            queue.attachments.push(Bytes::new());
            queue.push_plain(SocketKey::default(), |out| out.push_str("42"));
        }
        queue.clear();
        let bytes = queue.text.capacity()
            + queue.attachments.capacity() * size_of::<Bytes>()
            + queue.receivers.capacity() * size_of::<SocketKey>()
            + queue.commands.capacity() * size_of::<Command>();
        assert!(bytes <= 4 * Emissions::KEEP, "{bytes}");
    }
}
