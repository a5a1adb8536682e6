//! Answers that the server waits for: each has an id out of one counter per namespace, and a
//! time by which it must be here.

use super::registry::SocketKey;
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
}

/// The answers one socket owes, oldest first.
#[derive(Debug, Default)]
pub(super) struct Owed(Vec<(u64, Instant)>);

impl Owed {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn add(&mut self, id: u64, until: Instant) {
        self.0.push((id, until));
    }

    /// Whether an answer with this id is waited for; it is not any more afterwards.
    pub(super) fn settle(&mut self, id: u64) -> bool {
        match self.0.iter().position(|(owed, _)| *owed == id) {
            Some(at) => {
                self.0.remove(at);
                true
            }
            None => false,
        }
    }

    /// The first answer whose time is up, which is then not waited for any more.
    pub(super) fn expire(&mut self, now: Instant) -> Option<u64> {
        let id = self
            .0
            .iter()
            .find(|(_, until)| *until <= now)
            .map(|(id, _)| *id)?;
        self.settle(id).then_some(id)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.iter().map(|(_, until)| *until).min()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().map(|(id, _)| *id)
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
        let mut owed = Owed::default();
        owed.add(0, later);
        owed.add(1, now);
        assert_eq!(owed.deadline(), Some(now));
        assert_eq!(owed.expire(now), Some(1));
        assert_eq!(owed.expire(now), None);
        assert!(!owed.settle(1));
        assert!(owed.settle(0));
        assert!(!owed.settle(0));
        assert_eq!((owed.len(), owed.deadline()), (0, None));
    }
}
