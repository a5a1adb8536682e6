//! A value that the server will have: promised inside the server's turn, awaited by a task or
//! a thread outside. It needs no runtime.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// The value will not come: the callback that had promised it panicked or forgot it, or the
/// server is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server has no answer")]
pub struct Gone;

struct Slot<R> {
    state: Mutex<State<R>>,
    changed: Condvar,
}

struct State<R> {
    value: Option<Result<R, Gone>>,
    waker: Option<Waker>,
}

impl<R> Slot<R> {
    fn lock(&self) -> MutexGuard<'_, State<R>> {
        // Nothing that could panic runs under it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fill(&self, value: Result<R, Gone>) {
        let mut state = self.lock();
        // The first counts: a kept promise is dropped too.
        if state.value.is_some() {
            return;
        }
        state.value = Some(value);
        let waker = state.waker.take();
        drop(state);
        self.changed.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The side that will have the value.
pub struct Promise<R>(Arc<Slot<R>>);

impl<R> Promise<R> {
    /// The value is there.
    pub fn keep(self, value: R) {
        self.0.fill(Ok(value));
    }
}

impl<R> Drop for Promise<R> {
    fn drop(&mut self) {
        self.0.fill(Err(Gone));
    }
}

/// The side that waits: a future, or [`wait`](Self::wait) for a thread without a runtime.
#[must_use = "what was asked for comes to whoever awaits this"]
pub struct Later<R>(Arc<Slot<R>>);

impl<R> Later<R> {
    pub(super) fn new() -> (Promise<R>, Self) {
        let slot = Arc::new(Slot {
            state: Mutex::new(State {
                value: None,
                waker: None,
            }),
            changed: Condvar::new(),
        });
        (Promise(Arc::clone(&slot)), Self(slot))
    }

    /// Blocks this thread until the value is there. Not for tasks, nor inside of a callback.
    ///
    /// # Errors
    /// [`Gone`] if it will not come.
    pub fn wait(self) -> Result<R, Gone> {
        let mut state = self.0.lock();
        loop {
            if let Some(value) = state.value.take() {
                return value;
            }
            state = self
                .0
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<R> Future for Later<R> {
    type Output = Result<R, Gone>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.lock();
        match state.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<R> fmt::Debug for Promise<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Promise")
    }
}

impl<R> fmt::Debug for Later<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Later")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_promise_reaches_a_thread_that_waits() {
        let (promise, later) = Later::new();
        let waiting = std::thread::spawn(move || later.wait());
        promise.keep(7);
        assert_eq!(waiting.join().ok(), Some(Ok(7)));
    }

    #[test]
    fn a_promise_that_is_dropped_is_told_too() {
        let (promise, later) = Later::<u8>::new();
        drop(promise);
        assert_eq!(later.wait(), Err(Gone));
    }

    #[test]
    fn a_task_is_woken_when_the_value_is_there() {
        struct Woken(std::sync::atomic::AtomicBool);
        impl std::task::Wake for Woken {
            fn wake(self: Arc<Self>) {
                self.0.store(true, std::sync::atomic::Ordering::SeqCst);
            }
        }
        let woken = Arc::new(Woken(false.into()));
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        let (promise, mut later) = Later::new();
        assert!(Pin::new(&mut later).poll(&mut cx).is_pending());
        promise.keep("here");
        assert!(woken.0.load(std::sync::atomic::Ordering::SeqCst));
        assert_eq!(Pin::new(&mut later).poll(&mut cx), Poll::Ready(Ok("here")));
    }
}
