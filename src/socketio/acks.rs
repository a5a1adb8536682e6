//! Answers that the server waits for: each has an id out of one counter per namespace, a time
//! by which it must be here, and somebody who is told.

use super::answers::BroadcastTicket;
use super::args::Args;
use super::emit::Io;
use super::registry::{Registry, SocketKey};
use std::fmt;
use std::time::Instant;

/// Stands for one answer that is waited for; the application keeps it to know which it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AckTicket {
    /// The socket that was asked.
    pub socket: SocketKey,
    /// The id on the wire, unique in the socket's namespace.
    pub id: u64,
}

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AckError {
    /// The time is up. A later answer is ignored.
    #[error("operation has timed out")]
    TimedOut,
    /// The socket left before it answered.
    #[error("socket has been disconnected")]
    Disconnected,
    /// One of many who were asked: it owes too many answers already (`max_pending_acks`), or
    /// there is no room for its answer (`max_buffered_bytes`).
    #[error("too many answers are waited for")]
    TooMany,
}

/// What is called with an answer, or with the reason why there is none.
pub(crate) type OnAnswer = Box<dyn FnOnce(&mut Io<'_>, Result<Args<'_>, AckError>) + Send>;

/// Who is told of an answer.
pub(crate) enum Asker {
    /// The application, by [`Application::answer`](super::Application::answer).
    Application,
    /// Whoever gave this closure.
    Closure(OnAnswer),
    /// A broadcast, which puts the answers of all receivers together.
    Broadcast(BroadcastTicket),
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Application => "Application",
            Self::Closure(_) => "Closure",
            Self::Broadcast(_) => "Broadcast",
        })
    }
}

/// An answer that is owed.
#[derive(Debug)]
pub(crate) struct Debt {
    pub(crate) id: u64,
    pub(crate) until: Instant,
    pub(crate) asker: Asker,
}

/// The answers one socket owes, oldest first.
#[derive(Debug, Default)]
pub(super) struct Owed(Vec<Debt>);

impl Owed {
    /// The debt with this id, which is settled by that.
    fn settle(&mut self, id: u64) -> Option<Debt> {
        let at = self.0.iter().position(|debt| debt.id == id)?;
        Some(self.0.remove(at))
    }

    /// The first debt whose time is up, which is not waited for any more.
    fn expire(&mut self, now: Instant) -> Option<Debt> {
        let at = self.0.iter().position(|debt| debt.until <= now)?;
        Some(self.0.remove(at))
    }

    fn deadline(&self) -> Option<Instant> {
        self.0.iter().map(|debt| debt.until).min()
    }
}

impl Registry {
    /// Answers that the socket owes.
    pub(crate) fn owed(&self, socket: SocketKey) -> usize {
        let socket = self.sockets.get(socket);
        socket
            .and_then(|socket| socket.owed())
            .map_or(0, |owed| owed.0.len())
    }

    /// The socket owes this answer from here on.
    pub(crate) fn owe(&mut self, socket: SocketKey, debt: Debt) {
        if let Some(socket) = self.sockets.get_mut(socket) {
            socket.owing().0.push(debt);
        }
    }

    /// The answer with this id, if the socket owes it; it does not any more afterwards.
    pub(crate) fn settle(&mut self, socket: SocketKey, id: u64) -> Option<Debt> {
        self.sockets.get_mut(socket)?.owed_mut()?.settle(id)
    }

    /// All answers that the socket owes; it owes none afterwards.
    pub(crate) fn take_owed(&mut self, socket: SocketKey) -> Vec<Debt> {
        let socket = self.sockets.get_mut(socket);
        socket
            .and_then(|socket| socket.owed_mut())
            .map_or_else(Vec::new, |owed| std::mem::take(&mut owed.0))
    }

    /// An answer whose time is up; it is not owed any more afterwards.
    pub(crate) fn expire_owed(&mut self, socket: SocketKey, now: Instant) -> Option<Debt> {
        self.sockets.get_mut(socket)?.owed_mut()?.expire(now)
    }

    /// When the next answer of the socket is overdue.
    pub(crate) fn owed_deadline(&self, socket: SocketKey) -> Option<Instant> {
        self.sockets.get(socket)?.owed()?.deadline()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn an_answer_counts_once_and_only_in_time() {
        let now = Instant::now();
        let later = now + Duration::from_secs(5);
        let debt = |id, until| Debt {
            id,
            until,
            asker: Asker::Application,
        };
        let id = |debt: Option<Debt>| debt.map(|debt| debt.id);
        let mut owed = Owed(vec![debt(0, later), debt(1, now)]);
        assert_eq!(owed.deadline(), Some(now));
        assert_eq!(id(owed.expire(now)), Some(1));
        assert_eq!(id(owed.expire(now)), None);
        assert_eq!(id(owed.settle(1)), None);
        assert_eq!(id(owed.settle(0)), Some(0));
        assert_eq!(id(owed.settle(0)), None);
        assert_eq!(owed.deadline(), None);
    }
}
