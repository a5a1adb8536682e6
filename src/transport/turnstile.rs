//! Which requests are read and answered: so many at one time, and the others wait their turn.
//!
//! It stands before a request is read, for [`http::connection`](crate::http::connection), because what
//! reads and writes HTTP takes 17 KB of memory from a request's first byte to its answer's last, and
//! a client can make both come as slowly as the times allow. Turns are given in the order in which
//! they were asked for. A poll that waits has none. Its answer waits for one longer than a request does,
//! because it has been taken out of its session: without a turn the session is lost.

use super::Server;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Time that a request waits for its turn.
const REQUEST_TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// The places.
#[derive(Debug)]
pub(super) struct Turnstile(Semaphore);

impl Turnstile {
    pub(super) fn new(places: usize) -> Self {
        Self(Semaphore::new(places.min(Semaphore::MAX_PERMITS)))
    }

    async fn pass(&self, patience: Duration) -> Option<SemaphorePermit<'_>> {
        if let Ok(place) = self.0.try_acquire() {
            return Some(place);
        }
        // Boxed, because it is rare and every connection would have room for it.
        let place = Box::pin(self.0.acquire());
        tokio::time::timeout(patience, place).await.ok()?.ok()
    }
}

impl<P> Server<P> {
    /// A place for a request, given back when it is dropped; `None` if none became free in time.
    pub(crate) async fn place_for_request(&self) -> Option<SemaphorePermit<'_>> {
        self.place(REQUEST_TURN_TIMEOUT).await
    }

    /// A place for the answer of a poll; `None` if none became free for so long.
    pub(crate) async fn place_for_answer(&self, patience: Duration) -> Option<SemaphorePermit<'_>> {
        self.place(patience).await
    }

    async fn place(&self, patience: Duration) -> Option<SemaphorePermit<'_>> {
        let place = self.0.turnstile.pass(patience).await;
        if place.is_none() {
            self.0.stats.requests_limited.add();
            tracing::debug!("a request was refused: too many are being read and answered");
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn runtime() -> tokio::runtime::Runtime {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().build().expect("a runtime")
    }

    #[test]
    fn who_comes_when_all_places_are_taken_waits_and_is_next() {
        let runtime = runtime();
        let _context = runtime.enter();
        let turnstile = Turnstile::new(1);
        let mut cx = Context::from_waker(Waker::noop());
        let mut first = pin!(turnstile.pass(REQUEST_TURN_TIMEOUT));
        let Poll::Ready(Some(place)) = first.as_mut().poll(&mut cx) else {
            panic!("a place is free");
        };
        let mut second = pin!(turnstile.pass(REQUEST_TURN_TIMEOUT));
        assert!(second.as_mut().poll(&mut cx).is_pending());
        drop(place);
        // Somebody who comes now is behind who has waited.
        let mut third = pin!(turnstile.pass(REQUEST_TURN_TIMEOUT));
        assert!(third.as_mut().poll(&mut cx).is_pending());
        assert!(matches!(
            second.as_mut().poll(&mut cx),
            Poll::Ready(Some(_))
        ));
    }

    #[test]
    fn who_has_waited_long_enough_is_turned_away() {
        let turnstile = Turnstile::new(0);
        let refused = turnstile.pass(Duration::from_millis(1));
        assert!(runtime().block_on(refused).is_none());
    }
}
