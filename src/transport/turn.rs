//! One turn of the server: the state is changed under its lock, then what is to be sent because of it
//! is sent without.
//!
//! It stands between whatever happens (a read, a request, a tick) and the hub. A turn that has packets
//! for one client and nothing else writes them itself, as [`output`](super::output) tells; all else is
//! the [flusher](super::flusher)'s. The clock is told of an earlier deadline, and who waits for the end
//! of a server of that.

use super::relays::Relays;
use super::{Output, Server, State};
use crate::hub::Protocol;
use std::sync::{MutexGuard, TryLockError};
use std::task::Waker;
use std::time::Instant;

/// What a turn has left to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Nothing,
    /// Packets of one session, and nothing else.
    Packets,
    /// Something for the flusher.
    Much,
}

impl<P: Protocol> State<P> {
    fn work(&mut self) -> Work {
        let (packets, rest) = self.hub.engine().work();
        let rest = rest
            || !self.opened.is_empty()
            || !self.ended.is_empty()
            || !self.control.is_empty()
            || !self.cut.is_empty()
            || self.beat;
        match (packets, rest) {
            (0, false) => Work::Nothing,
            (1, false) => Work::Packets,
            _ => Work::Much,
        }
    }
}

impl<P: Protocol> Server<P> {
    /// One turn: changes the state under the lock, then sends what is to be sent because of it,
    /// or wakes who does.
    pub(super) fn turn<R>(&self, change: impl FnOnce(&mut State<P>, Instant) -> R) -> R {
        let mut asked = None;
        let mut state = match self.0.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(state)) => state.into_inner(),
            Err(TryLockError::WouldBlock) => {
                asked = Some(Instant::now());
                self.lock()
            }
        };
        let now = Instant::now();
        let before = Relays::before(self.stats());
        let result = change(&mut state, now);
        let relays = Relays::since(asked.unwrap_or(now), before, self.stats());
        self.finish(state, relays);
        result
    }

    fn finish(&self, mut state: MutexGuard<'_, State<P>>, relays: Relays) {
        let work = state.work();
        if work == Work::Packets
            && let Some(mut output) = self.try_output()
        {
            output.collect(&mut state.hub);
            self.settled(state);
            let all = output.write(self);
            relays.written(self.stats());
            if !all {
                let flusher = self.lock().flusher.take();
                wake(flusher);
            }
            return;
        }
        let flusher = match work {
            Work::Nothing => {
                relays.written(self.stats());
                None
            }
            Work::Packets | Work::Much => {
                state.relays.join(relays);
                state.flusher.take()
            }
        };
        self.settled(state);
        wake(flusher);
    }

    /// The output, unless somebody is writing.
    fn try_output(&self) -> Option<MutexGuard<'_, Output>> {
        match self.0.output.try_lock() {
            Ok(output) => Some(output),
            Err(TryLockError::Poisoned(output)) => Some(output.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Ends a turn: tells the clock of an earlier deadline, and who waits for the end of it.
    pub(super) fn settled(&self, mut state: MutexGuard<'_, State<P>>) {
        let earlier = match (state.deadline(), state.armed) {
            (Some(next), Some(armed)) => next < armed,
            (next, _) => next.is_some(),
        };
        let drained = state.stopping && state.is_drained();
        drop(state);
        if drained {
            self.0.drained.notify_waiters();
        }
        if earlier {
            self.0.clock.notify_one();
        }
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "a test may")]
    use super::*;
    use crate::config::{Limits, Protocol};
    use crate::transport::silent::Silent;
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn a_panic_under_the_lock_does_not_end_serving() {
        let (settings, limits) = (Protocol::default(), Limits::default());
        let server = Server::new(settings, limits, Arc::default(), Silent);
        let other = server.clone();
        let ended = std::thread::spawn(move || other.turn(|_, _| panic!("on purpose"))).join();
        assert!(ended.is_err());
        let (tell, told) = channel();
        std::thread::spawn(move || {
            server.turn(|_, _| ());
            tell.send(())
        });
        assert_eq!(told.recv_timeout(Duration::from_secs(20)), Ok(()));
    }
}
