//! The application's hand: an [`Io`], lent to each callback, to say and to do things with.
//!
//! An emission is encoded once, when it is made, and its receivers are settled then too: a
//! socket that leaves a room afterwards still gets what was sent to the room before. `hub`
//! carries the queue out after the callback, in order.

use super::acks::{AckError, AckTicket, Asker, Debt};
use super::application::{Admission, Refusal};
use super::args::Args;
use super::argument::Argument;
use super::broadcast::Broadcast;
use super::encode;
use super::error::EmitError;
use super::queue::{Command, Emissions, Flags, Keep};
use super::recovery::Scope;
use super::registry::{NamespaceKey, Registry, SocketKey};
use super::socket_id::SocketId;
use crate::config::Limits;
use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where an answer goes. Using it up answers; an event can be answered once.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    pub(crate) socket: SocketKey,
    pub(crate) id: u64,
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
        (self.reachable(key).ok()? == namespace).then_some(key)
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

    /// The connected sockets of a namespace; [`Broadcast::fetch_sockets`] finds those of rooms.
    pub fn sockets(&mut self, namespace: &str) -> Vec<SocketKey> {
        self.broadcast(namespace).fetch_sockets()
    }

    /// The time of this turn.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Puts a socket into a room.
    ///
    /// # Errors
    /// [`EmitError::TooManyRooms`], [`EmitError::LongName`], or [`EmitError::NotConnected`] if the socket is gone or about
    /// to be.
    pub fn join(&mut self, socket: SocketKey, room: &str) -> Result<(), EmitError> {
        if self.registry.get(socket).is_none() || self.is_leaving(socket) {
            return Err(EmitError::NotConnected);
        }
        if room.len() > self.limits.max_name_bytes {
            return Err(self.limited(EmitError::LongName));
        }
        match self
            .registry
            .join(socket, room, self.limits.max_rooms_per_socket)
        {
            true => Ok(()),
            false => Err(self.limited(EmitError::TooManyRooms)),
        }
    }

    /// Has it counted that a limit was reached.
    fn limited(&mut self, error: EmitError) -> EmitError {
        self.queue.limited += 1;
        error
    }

    /// Whether this callback has disconnected the socket, or closed its client's connection.
    fn is_leaving(&self, socket: SocketKey) -> bool {
        let session = self.registry.session(socket);
        self.queue.commands.iter().any(|command| match command {
            Command::Disconnect {
                socket: other,
                close,
            } => *other == socket || (*close && self.registry.session(*other) == session),
            _ => false,
        })
    }

    /// Takes a socket out of a room.
    pub fn leave(&mut self, socket: SocketKey, room: &str) {
        self.registry.leave(socket, room);
    }

    /// Stores data with a socket until it is disconnected for good; what was stored before is
    /// dropped. A socket that is [recovered](super::Handshake::recovered) still has it.
    ///
    /// # Errors
    /// [`EmitError::NotConnected`] if the socket is gone.
    pub fn set_data<T: Any + Send>(&mut self, socket: SocketKey, data: T) -> Result<(), EmitError> {
        match self.registry.set_data(socket, Box::new(data)) {
            true => Ok(()),
            false => Err(EmitError::NotConnected),
        }
    }

    /// The data stored with a socket, if it is of this type.
    pub fn data<T: Any + Send>(&self, socket: SocketKey) -> Option<&T> {
        self.registry.data(socket)?.downcast_ref()
    }

    /// The data stored with a socket, to be changed.
    pub fn data_mut<T: Any + Send>(&mut self, socket: SocketKey) -> Option<&mut T> {
        self.registry.data_mut(socket)?.downcast_mut()
    }

    /// Decides for a socket whose connect was left for [later](Admission::Later): it may go on,
    /// when this callback has returned. Nothing happens if it is gone or decided already.
    pub fn accept(&mut self, socket: SocketKey) {
        self.decide(socket, Admission::Accept);
    }

    /// Decides against a socket whose connect was left for [later](Admission::Later). Nothing
    /// happens if it is gone or decided already.
    pub fn refuse(&mut self, socket: SocketKey, refusal: Refusal) {
        self.decide(socket, Admission::Refuse(refusal));
    }

    fn decide(&mut self, socket: SocketKey, admission: Admission) {
        let decide = Command::Decide { socket, admission };
        self.queue.commands.push(decide);
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
        self.emit_as(socket, name, args, None, false)
    }

    /// Sends an event to one socket unless its transport cannot take it at once.
    ///
    /// # Errors
    /// [`EmitError`] if the socket is gone or an argument has no JSON form.
    pub fn emit_volatile(
        &mut self,
        socket: SocketKey,
        name: &str,
        args: &[&dyn Argument],
    ) -> Result<(), EmitError> {
        self.emit_as(socket, name, args, None, true)
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
        self.ask(socket, name, args, timeout, Asker::Application)
    }

    /// As [`emit_with_ack`](Self::emit_with_ack), but `then` is called instead of the
    /// application. It is dropped uncalled if this callback panics.
    ///
    /// # Errors
    /// [`EmitError`] as for [`emit_with_ack`](Self::emit_with_ack).
    pub fn emit_with_ack_then(
        &mut self,
        socket: SocketKey,
        name: &str,
        args: &[&dyn Argument],
        timeout: Duration,
        then: impl FnOnce(&mut Io<'_>, Result<Args<'_>, AckError>) + Send + 'static,
    ) -> Result<(), EmitError> {
        let then = Asker::Closure(Box::new(then));
        self.ask(socket, name, args, timeout, then).map(drop)
    }

    fn ask(
        &mut self,
        socket: SocketKey,
        name: &str,
        args: &[&dyn Argument],
        timeout: Duration,
        asker: Asker,
    ) -> Result<AckTicket, EmitError> {
        let namespace = self.reachable(socket)?;
        let waiting = self.queue.commands.iter();
        let asked = waiting
            .filter(|command| matches!(command, Command::Owe { socket: to, .. } if *to == socket));
        if self.registry.owed(socket) + asked.count() >= self.limits.max_pending_acks {
            return Err(self.limited(EmitError::TooManyAcks));
        }
        let id = self.registry.next_ack(namespace);
        self.emit_as(socket, name, args, Some(id), false)?;
        let until = until(self.now, timeout);
        let debt = Debt { id, until, asker };
        self.queue.commands.push(Command::Owe { socket, debt });
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
        volatile: bool,
    ) -> Result<(), EmitError> {
        let namespace = self.reachable(socket)?;
        let number = match ack {
            None if !volatile => self.registry.number(namespace),
            _ => None,
        };
        let text = self.registry.namespace_name(namespace);
        let mark = self.queue.mark();
        self.queue.encode(mark, args, number, |count, out| {
            encode::event(count, text, ack, name, out)
        })?;
        let keep = number.map(|number| {
            let own = self.registry.id(socket).map(|id| id.to_string().into());
            let scope = Arc::new(Scope {
                rooms: own.into_iter().collect(),
                ..Scope::default()
            });
            Box::new(Keep {
                namespace,
                number,
                scope,
            })
        });
        self.queue.receivers.push(socket);
        let flags = Flags {
            volatile,
            ..Flags::default()
        };
        self.queue.push_send(mark, flags, keep);
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
        self.queue.encode(mark, args, None, |count, out| {
            encode::ack(count, namespace, reply.id, out)
        })?;
        self.queue.receivers.push(reply.socket);
        self.queue.push_send(mark, Flags::default(), None);
        Ok(())
    }

    /// Starts an emission to many: to the whole namespace unless rooms are named.
    pub fn broadcast<'r>(&mut self, namespace: &str) -> Broadcast<'_, 'r> {
        let namespace = self.registry.find_namespace(namespace);
        Broadcast::new(self.reborrow(), namespace, None)
    }

    /// Starts an emission to many in a socket's namespace, itself left out.
    pub fn others<'r>(&mut self, socket: SocketKey) -> Broadcast<'_, 'r> {
        let namespace = self.registry.namespace_of(socket);
        Broadcast::new(self.reborrow(), namespace, Some(socket))
    }

    /// The names of the namespaces that are open, in no order: for an emission to several.
    pub fn namespaces(&self) -> Vec<&str> {
        self.registry.namespaces().collect()
    }

    fn reborrow(&mut self) -> Io<'_> {
        Io {
            registry: self.registry,
            queue: self.queue,
            limits: self.limits,
            now: self.now,
        }
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

/// The end of a time-out. One beyond what a clock can say ends in a hundred years.
pub(crate) fn until(now: Instant, timeout: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    now.checked_add(timeout).unwrap_or(now + NEVER)
}
