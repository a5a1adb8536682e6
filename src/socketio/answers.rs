//! Broadcasts that ask for answers: what came in so far, until everybody who was asked has
//! answered or cannot any more.
//!
//! All receivers get the same ack id. Each owes its answer by itself (`acks`); here they are
//! put together. The bytes of answers that wait for the others count against the budget that
//! all clients share; one that does not fit is missing.

use super::acks::AckError;
use super::args::{Args, OwnedArgs};
use super::emit::Io;
use super::registry::{Registry, SocketKey};
use std::fmt;

/// Stands for a broadcast that asked for answers; the application keeps it to know which it
/// gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BroadcastTicket(pub(super) u64);

/// What came back from a broadcast.
#[derive(Debug, Default)]
pub struct Answers {
    list: Vec<(SocketKey, OwnedArgs)>,
    /// The first reason for which an answer is missing; `None` if everybody answered.
    pub error: Option<AckError>,
}

impl Answers {
    /// Who answered what, in the order in which the answers came.
    pub fn iter(&self) -> impl Iterator<Item = (SocketKey, Args<'_>)> {
        self.list
            .iter()
            .map(|(socket, args)| (*socket, args.as_args()))
    }

    /// Answers that came.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether none came.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// What is called with the answers, unless the application is told.
pub(crate) type OnAnswers = Box<dyn FnOnce(&mut Io<'_>, Answers) + Send>;

/// A broadcast whose answers are not all there.
pub(crate) struct Question {
    /// Receivers of whom nothing is known yet.
    pub(crate) waiting: usize,
    pub(crate) answers: Answers,
    /// Bytes of the answers, taken out of the shared budget.
    pub(crate) bytes: usize,
    pub(crate) then: Option<OnAnswers>,
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question")
            .field("waiting", &self.waiting)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl Question {
    pub(crate) fn new(waiting: usize, then: Option<OnAnswers>) -> Self {
        Self {
            waiting,
            answers: Answers::default(),
            bytes: 0,
            then,
        }
    }

    /// One receiver has answered, or will not (`Err`).
    pub(crate) fn settle(&mut self, socket: SocketKey, answer: Result<OwnedArgs, AckError>) {
        self.waiting = self.waiting.saturating_sub(1);
        match answer {
            Ok(args) => {
                self.bytes += args.bytes();
                self.answers.list.push((socket, args));
            }
            Err(error) => {
                self.answers.error.get_or_insert(error);
            }
        }
    }
}

impl Registry {
    /// A ticket for a broadcast that is to ask for answers.
    pub(super) fn next_question(&mut self) -> BroadcastTicket {
        self.next_question += 1;
        BroadcastTicket(self.next_question)
    }

    /// The broadcast waits for answers from here on.
    pub(crate) fn ask(&mut self, ticket: BroadcastTicket, question: Question) {
        self.questions.insert(ticket, question);
    }

    /// The question, once nobody is waited for; it is forgotten then.
    pub(crate) fn take_settled(&mut self, ticket: BroadcastTicket) -> Option<Question> {
        if self.questions.get(&ticket)?.waiting > 0 {
            return None;
        }
        self.questions.remove(&ticket)
    }

    /// A question whose answers are not all there.
    pub(crate) fn question(&mut self, ticket: BroadcastTicket) -> Option<&mut Question> {
        self.questions.get_mut(&ticket)
    }

    /// Broadcasts whose answers are waited for.
    #[cfg(test)]
    pub(crate) fn questions_len(&self) -> usize {
        self.questions.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_settled_when_nobody_is_waited_for() {
        let mut registry = Registry::default();
        let ticket = registry.next_question();
        registry.ask(ticket, Question::new(2, None));
        let socket = SocketKey::default();
        let answer = OwnedArgs::from(Args::new("1,2", &[]));
        let question = registry.question(ticket).expect("is asked");
        question.settle(socket, Ok(answer));
        assert!(registry.take_settled(ticket).is_none());
        let question = registry.question(ticket).expect("is asked");
        question.settle(socket, Err(AckError::TimedOut));
        let settled = registry.take_settled(ticket).expect("is settled");
        assert_eq!(settled.answers.error, Some(AckError::TimedOut));
        let came: Vec<_> = settled
            .answers
            .iter()
            .map(|(_, args)| args.json())
            .collect();
        assert_eq!((came.as_slice(), settled.bytes), (&["1,2"][..], 3));
        assert_eq!(registry.questions_len(), 0);
    }
}
