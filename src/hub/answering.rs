//! Answers that clients owe: asked for when the question is carried out, settled once, by the
//! answer, by its time or by the socket's end; then whoever asked is told.

use super::engine::Engine;
use super::socketio::SocketIo;
use crate::engineio::SessionKey;
use crate::socketio::acks::{AckError, AckTicket, Asker, Debt};
use crate::socketio::answers::{BroadcastTicket, OnAnswers, Question};
use crate::socketio::application::Application;
use crate::socketio::args::{Args, OwnedArgs};
use crate::socketio::registry::SocketKey;
use std::time::Instant;

impl<A: Application> SocketIo<A> {
    /// Notes that a socket owes an answer; one that is gone already will not give it.
    pub(super) fn owe(&mut self, engine: &mut Engine, socket: SocketKey, debt: Debt) {
        let session = self.registry.session(socket);
        if self.registry.is_connected(socket) {
            self.registry.owe(socket, debt);
            session.inspect(|session| engine.touch(*session));
            return;
        }
        let gone = Err(AckError::Disconnected);
        self.tell(engine, session, socket, debt, gone);
    }

    /// Notes that all these sockets owe the answer to one question.
    pub(super) fn ask(
        &mut self,
        engine: &mut Engine,
        receivers: &[SocketKey],
        id: u64,
        until: Instant,
        ticket: BroadcastTicket,
        then: Option<OnAnswers>,
    ) {
        let question = Question::new(receivers.len(), then);
        self.registry.ask(ticket, question);
        self.asking = true;
        for socket in receivers {
            let asker = Asker::Broadcast(ticket);
            let debt = Debt { id, until, asker };
            if self.registry.owed(*socket) < engine.limits().max_pending_acks {
                self.owe(engine, *socket, debt);
            } else {
                engine.stats().application_limited.add();
                let lost = Err(AckError::TooMany);
                let session = self.registry.session(*socket);
                self.tell(engine, session, *socket, debt, lost);
            }
        }
        self.asking = false;
        // Nobody is waited for if nobody was asked. Told in this turn, who then asks nobody again
        // would have no end to it.
        if self
            .registry
            .question(ticket)
            .is_some_and(|it| it.waiting == 0)
        {
            self.settled.push(ticket);
            self.handle.wake();
        }
    }

    /// An answer came.
    pub(super) fn answer(
        &mut self,
        engine: &mut Engine,
        session: SessionKey,
        socket: SocketKey,
        id: u64,
        args: Args<'_>,
    ) {
        if let Some(debt) = self.registry.settle(socket, id) {
            self.tell(engine, Some(session), socket, debt, Ok(args));
        }
    }

    /// Nothing reaches the socket from here on, so no answer that it owes will come.
    pub(super) fn lose_answers(
        &mut self,
        engine: &mut Engine,
        session: SessionKey,
        socket: SocketKey,
    ) {
        self.registry.set_connected(socket, false);
        for debt in self.registry.take_owed(socket) {
            let lost = Err(AckError::Disconnected);
            self.tell(engine, Some(session), socket, debt, lost);
        }
    }

    /// Gives up answers whose time is over.
    pub(super) fn expire_answers(
        &mut self,
        engine: &mut Engine,
        session: SessionKey,
        socket: SocketKey,
    ) {
        let now = engine.now();
        // All first: one that a callback asks for without giving it time waits for the next
        // tick, or there would be no end.
        let overdue = std::iter::from_fn(|| self.registry.expire_owed(socket, now));
        for debt in overdue.collect::<Vec<_>>() {
            let late = Err(AckError::TimedOut);
            self.tell(engine, Some(session), socket, debt, late);
        }
    }

    /// Tells whoever asked.
    fn tell(
        &mut self,
        engine: &mut Engine,
        session: Option<SessionKey>,
        socket: SocketKey,
        debt: Debt,
        outcome: Result<Args<'_>, AckError>,
    ) {
        let id = debt.id;
        match debt.asker {
            Asker::Application => {
                let ticket = AckTicket { socket, id };
                self.call(engine, session, |app, io| app.answer(io, ticket, outcome));
            }
            Asker::Closure(then) => {
                self.call(engine, session, |_, io| then(io, outcome));
            }
            Asker::Broadcast(ticket) => {
                let Some(question) = self.registry.question(ticket) else {
                    return;
                };
                let answer = outcome.and_then(|args| {
                    let args = OwnedArgs::from(args);
                    let bytes = args.bytes();
                    let most = engine.limits().budget_for(bytes);
                    match engine.stats().reserve(bytes, most) {
                        true => Ok(args),
                        false => Err(AckError::TooMany),
                    }
                });
                question.settle(socket, answer);
                if !self.asking {
                    self.conclude(engine, ticket);
                }
            }
        }
    }

    /// Tells who asked many, once all have answered or cannot any more.
    pub(super) fn conclude(&mut self, engine: &mut Engine, ticket: BroadcastTicket) {
        let Some(question) = self.registry.take_settled(ticket) else {
            return;
        };
        engine.stats().release(question.bytes);
        let answers = question.answers;
        self.call(engine, None, |app, io| match question.then {
            Some(then) => then(io, answers),
            None => app.answers(io, ticket, answers),
        });
    }
}
