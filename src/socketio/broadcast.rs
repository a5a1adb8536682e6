//! An emission to many: put together room by room, then sent once. The same selection of sockets
//! can be fetched, moved between rooms and disconnected.

use super::answers::{Answers, BroadcastTicket, OnAnswers};
use super::argument::Argument;
use super::emit::{Io, until};
use super::encode;
use super::error::EmitError;
use super::queue::{Command, Flags, Keep, Mark};
use super::recovery::Scope;
use super::registry::{NamespaceKey, SocketKey};
use std::sync::Arc;
use std::time::Duration;

/// A selection of sockets of one namespace, being put together.
#[derive(Debug)]
#[must_use = "nothing is sent before `emit`"]
pub struct Broadcast<'io, 'r> {
    io: Io<'io>,
    namespace: Option<NamespaceKey>,
    rooms: Vec<&'r str>,
    except: Vec<&'r str>,
    sender: Option<SocketKey>,
    flags: Flags,
}

impl<'io, 'r> Broadcast<'io, 'r> {
    pub(super) fn new(
        io: Io<'io>,
        namespace: Option<NamespaceKey>,
        sender: Option<SocketKey>,
    ) -> Self {
        Self {
            io,
            namespace,
            rooms: Vec::new(),
            except: Vec::new(),
            sender,
            flags: Flags::default(),
        }
    }

    /// To the members of this room too. A socket's id is the name of a room, too.
    pub fn to(mut self, room: &'r str) -> Self {
        self.rooms.push(room);
        self
    }

    /// Not to the members of this room.
    pub fn except(mut self, room: &'r str) -> Self {
        self.except.push(room);
        self
    }

    /// Not to this socket, which is the sender.
    pub fn from(mut self, sender: SocketKey) -> Self {
        self.sender = Some(sender);
        self
    }

    /// Only to those whose transport can take it at once.
    pub fn volatile(mut self) -> Self {
        self.flags.volatile = true;
        self
    }

    /// Whether this is worth compressing for those who get it by polling and take that, which
    /// it is unless it is said here that it is not.
    pub fn compress(mut self, compress: bool) -> Self {
        self.flags.compress = compress;
        self
    }

    /// Sends the event; returns how many sockets it is for.
    ///
    /// # Errors
    /// [`EmitError::Json`] if an argument has no JSON form.
    pub fn emit(mut self, name: &str, args: &[&dyn Argument]) -> Result<usize, EmitError> {
        let Some(namespace) = self.namespace else {
            return Ok(0);
        };
        let mark = self.select(namespace);
        let count = self.io.queue.receivers.len() - mark.receivers;
        // Also to nobody, if somebody who is lost may come back for it.
        if count == 0 && !self.io.registry.is_awaited(namespace) {
            return Ok(0);
        }
        let number = match self.flags.volatile {
            false => self.io.registry.number(namespace),
            true => None,
        };
        self.encode(mark, namespace, name, args, None, number)?;
        let keep = number.map(|number| {
            let names = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
            let scope = Arc::new(Scope {
                rooms: names(&self.rooms),
                except: names(&self.except),
                sender: self.sender.and_then(|sender| self.io.registry.id(sender)),
            });
            Box::new(Keep {
                namespace,
                number,
                scope,
            })
        });
        self.io.queue.push_send(mark, self.flags, keep);
        Ok(count)
    }

    /// Sends the event and asks each receiver for an answer.
    /// [`Application::answers`](super::Application::answers) gets them, once all are there or
    /// `timeout` is over; for nobody at once.
    ///
    /// # Errors
    /// [`EmitError::Json`] if an argument has no JSON form.
    pub fn emit_with_ack(
        self,
        name: &str,
        args: &[&dyn Argument],
        timeout: Duration,
    ) -> Result<BroadcastTicket, EmitError> {
        self.ask(name, args, timeout, None)
    }

    /// As [`emit_with_ack`](Self::emit_with_ack), but `then` is called instead of the
    /// application. It is dropped uncalled if this callback panics.
    ///
    /// # Errors
    /// [`EmitError::Json`] if an argument has no JSON form.
    pub fn emit_with_ack_then(
        self,
        name: &str,
        args: &[&dyn Argument],
        timeout: Duration,
        then: impl FnOnce(&mut Io<'_>, Answers) + Send + 'static,
    ) -> Result<(), EmitError> {
        self.ask(name, args, timeout, Some(Box::new(then)))
            .map(drop)
    }

    /// The selected sockets.
    pub fn fetch_sockets(mut self) -> Vec<SocketKey> {
        self.selected()
    }

    /// Puts the selected sockets into a room; returns how many of them are in it now. Those that
    /// are in as many rooms as one may be are left out.
    pub fn sockets_join(mut self, room: &str) -> usize {
        let sockets = self.selected().into_iter();
        sockets
            .filter(|socket| self.io.join(*socket, room).is_ok())
            .count()
    }

    /// Takes the selected sockets out of a room.
    pub fn sockets_leave(mut self, room: &str) {
        for socket in self.selected() {
            self.io.leave(socket, room);
        }
    }

    /// Disconnects the selected sockets from the namespace; with `close` their clients'
    /// connections end too.
    pub fn disconnect_sockets(mut self, close: bool) {
        for socket in self.selected() {
            let disconnect = Command::Disconnect { socket, close };
            self.io.queue.commands.push(disconnect);
        }
    }

    fn ask(
        mut self,
        name: &str,
        args: &[&dyn Argument],
        timeout: Duration,
        then: Option<OnAnswers>,
    ) -> Result<BroadcastTicket, EmitError> {
        let ticket = self.io.registry.next_question();
        let mark = self.io.queue.mark();
        let mut id = 0;
        if let Some(namespace) = self.namespace {
            self.select(namespace);
            id = self.io.registry.next_ack(namespace);
            self.encode(mark, namespace, name, args, Some(id), None)?;
            self.io.queue.push_send(mark, self.flags, None);
        }
        let receivers = mark.receivers..self.io.queue.receivers.len();
        let until = until(self.io.now, timeout);
        self.io.queue.commands.push(Command::Ask {
            receivers,
            id,
            until,
            ticket,
            then,
        });
        Ok(ticket)
    }

    fn encode(
        &mut self,
        mark: Mark,
        namespace: NamespaceKey,
        name: &str,
        args: &[&dyn Argument],
        ack: Option<u64>,
        number: Option<u64>,
    ) -> Result<(), EmitError> {
        let Io {
            registry, queue, ..
        } = &mut self.io;
        let namespace = registry.namespace_name(namespace);
        queue.encode(mark, args, number, |attachments, out| {
            encode::event(attachments, namespace, ack, name, out);
        })
    }

    /// Appends the receivers to the queue's list; returns where they begin.
    fn select(&mut self, namespace: NamespaceKey) -> Mark {
        let Io {
            registry, queue, ..
        } = &mut self.io;
        let mark = queue.mark();
        let receivers = &mut queue.receivers;
        registry.receivers(namespace, &self.rooms, &self.except, self.sender, receivers);
        mark
    }

    fn selected(&mut self) -> Vec<SocketKey> {
        let Some(namespace) = self.namespace else {
            return Vec::new();
        };
        let mark = self.select(namespace);
        self.io.queue.receivers.split_off(mark.receivers)
    }
}
