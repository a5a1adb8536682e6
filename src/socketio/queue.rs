//! What callbacks have said and `hub` has yet to carry out: packets behind one another in one
//! buffer, so that the steady path allocates nothing, and commands in order.
//!
//! A packet is encoded once, when it is made, and its receivers are settled then too. Dropping
//! what a callback queued, because it panicked, is cutting everything back to a mark.

use super::acks::Debt;
use super::answers::{BroadcastTicket, OnAnswers};
use super::application::Admission;
use super::argument::{ArgsWriter, Argument};
use super::error::EmitError;
use super::recovery::{self, Scope, Sent};
use super::registry::{NamespaceKey, SocketKey};
use bytes::Bytes;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

/// Something to be carried out after the callback.
#[derive(Default)]
pub(crate) enum Command {
    /// An encoded packet, its attachments after it, to these receivers.
    Send {
        text: Range<usize>,
        attachments: Range<usize>,
        receivers: Range<usize>,
        flags: Flags,
        keep: Option<Box<Keep>>,
    },
    /// The socket owes an answer from here on. Not before, so that a question which is dropped
    /// leaves no debt.
    Owe { socket: SocketKey, debt: Debt },
    /// All these sockets do, with the same ack id.
    Ask {
        receivers: Range<usize>,
        id: u64,
        until: Instant,
        ticket: BroadcastTicket,
        then: Option<OnAnswers>,
    },
    /// The application has decided on a connect.
    Decide {
        socket: SocketKey,
        admission: Admission,
    },
    /// The socket leaves its namespace; with `close` the whole connection goes.
    Disconnect { socket: SocketKey, close: bool },
    /// Carried out already.
    #[default]
    Done,
}

/// How a packet is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flags {
    /// Only to those who can take it at once.
    pub(crate) volatile: bool,
    /// Whether it is worth compressing.
    pub(crate) compress: bool,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            volatile: false,
            compress: true,
        }
    }
}

/// That a packet is to be kept for clients that come back.
#[derive(Debug)]
pub(crate) struct Keep {
    pub(crate) namespace: NamespaceKey,
    pub(crate) number: u64,
    pub(crate) scope: Arc<Scope>,
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
#[derive(Default)]
pub(crate) struct Emissions {
    pub(crate) text: String,
    pub(crate) attachments: Vec<Bytes>,
    pub(crate) receivers: Vec<SocketKey>,
    pub(crate) commands: Vec<Command>,
    /// How often the application asked for more than a socket may have.
    pub(crate) limited: usize,
}

impl fmt::Debug for Emissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emissions")
            .field("commands", &self.commands.len())
            .finish_non_exhaustive()
    }
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
        self.limited = 0;
    }

    /// Adds a packet to one receiver that has its text already.
    pub(crate) fn push_plain(&mut self, socket: SocketKey, write: impl FnOnce(&mut String)) {
        let mark = self.mark();
        write(&mut self.text);
        self.receivers.push(socket);
        self.push_send(mark, Flags::default(), None);
    }

    /// Adds a packet as it was sent to others.
    pub(crate) fn push_sent(&mut self, socket: SocketKey, sent: &Sent) {
        let mark = self.mark();
        self.text
            .push_str(std::str::from_utf8(&sent.text).unwrap_or_default());
        self.attachments.extend(sent.attachments.iter().cloned());
        self.receivers.push(socket);
        self.push_send(mark, Flags::default(), None);
    }

    pub(super) fn push_send(&mut self, mark: Mark, flags: Flags, keep: Option<Box<Keep>>) {
        self.commands.push(Command::Send {
            text: mark.text..self.text.len(),
            attachments: mark.attachments..self.attachments.len(),
            receivers: mark.receivers..self.receivers.len(),
            flags,
            keep,
        });
    }

    /// Encodes a packet: its start by `start`, which learns the number of attachments, then
    /// the arguments, then the packet's number for clients that come back.
    pub(super) fn encode(
        &mut self,
        mark: Mark,
        args: &[&dyn Argument],
        number: Option<u64>,
        start: impl Fn(usize, &mut String),
    ) -> Result<(), EmitError> {
        let written = self.try_encode(mark, args, number, start);
        if written.is_err() {
            self.roll_back(mark);
        }
        written
    }

    fn try_encode(
        &mut self,
        mark: Mark,
        args: &[&dyn Argument],
        number: Option<u64>,
        start: impl Fn(usize, &mut String),
    ) -> Result<(), EmitError> {
        start(0, &mut self.text);
        let args_at = self.text.len();
        let mut writer = ArgsWriter::new(&mut self.text, &mut self.attachments);
        let count = match number {
            None => writer.list(args)?,
            Some(number) => {
                writer.list(args)?;
                writer.list(&[&recovery::offset(number)])?
            }
        };
        if count > 0 {
            // The number of attachments stands before the arguments and is known after them;
            // binary is rare, so the copy is made only then.
            let args_text = self.text.split_off(args_at);
            self.text.truncate(mark.text);
            start(count, &mut self.text);
            self.text.push_str(&args_text);
        }
        self.text.push(']');
        Ok(())
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
