//! Emitting from any task or thread: a [`Handle`] queues, and the server carries the queue
//! out in its next turn. It never takes the server's lock, so it may be used inside a
//! callback too.
//!
//! A job is given an [`Io`], so whatever a callback can do can be done from outside: emissions
//! to a socket, to rooms, with acknowledgements, fetching sockets, moving and disconnecting
//! them, and decisions that were left for later.

use super::later::{Gone, Later, Promise};
use crate::socketio::{AckError, Args, Argument, EmitError, Io, OwnedArgs, SocketKey};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

type Job = Box<dyn FnOnce(&mut Io<'_>) + Send>;

/// Jobs that may wait at one time.
pub const MAX_QUEUED: usize = 65_536;

/// A hand on a running server. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Handle {
    queue: Arc<Mutex<Queue>>,
}

#[derive(Default)]
struct Queue {
    jobs: Vec<Job>,
    waker: Option<Waker>,
    closed: bool,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue")
            .field("jobs", &self.jobs.len())
            .finish_non_exhaustive()
    }
}

/// Why a job was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Too many jobs wait already.
    #[error("the server is behind: too many jobs wait for it")]
    Behind,
    /// There is no server any more.
    #[error("the server is gone")]
    Gone,
}

/// Why a question that was asked from outside has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It was not taken.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It could not be sent.
    #[error(transparent)]
    Emit(#[from] EmitError),
    /// It was sent and not answered.
    #[error(transparent)]
    Ack(#[from] AckError),
    /// The server ended before there was an answer.
    #[error(transparent)]
    Gone(#[from] Gone),
}

/// The answer to a question, once it is there: a future, or [`wait`](Self::wait) for a thread
/// without a runtime.
#[derive(Debug)]
#[must_use = "the answer comes to whoever awaits this"]
pub struct Asked(Later<Result<OwnedArgs, AskError>>);

impl Asked {
    /// Blocks this thread until the answer is there. Not for tasks, nor inside of a callback.
    ///
    /// # Errors
    /// [`AskError`] if there is none.
    pub fn wait(self) -> Result<OwnedArgs, AskError> {
        self.0.wait()?
    }
}

impl Future for Asked {
    type Output = Result<OwnedArgs, AskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|answer| answer?)
    }
}

impl Handle {
    /// Has `job` run by the server, soon and in the order of the calls.
    ///
    /// # Errors
    /// [`Refused`] if [`MAX_QUEUED`] jobs wait already, or the server is gone.
    pub fn run(&self, job: impl FnOnce(&mut Io<'_>) + Send + 'static) -> Result<(), Refused> {
        let mut queue = self.lock();
        if queue.closed {
            return Err(Refused::Gone);
        }
        if queue.jobs.len() >= MAX_QUEUED {
            return Err(Refused::Behind);
        }
        queue.jobs.push(Box::new(job));
        drop(queue);
        self.wake();
        Ok(())
    }

    /// As [`run`](Self::run), and gives back what the job returns.
    ///
    /// # Errors
    /// [`Refused`] if [`MAX_QUEUED`] jobs wait already, or the server is gone.
    pub fn ask<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Io<'_>) -> R + Send + 'static,
    ) -> Result<Later<R>, Refused> {
        self.promise(|io, promise| promise.keep(job(io)))
    }

    /// As [`ask`](Self::ask), for what the job itself does not know yet, such as the answers to a
    /// broadcast: it is given a promise to keep.
    ///
    /// ```
    /// # use parlor::hub::{Handle, Later, Refused};
    /// # use parlor::socketio::Answers;
    /// # use std::time::Duration;
    /// # fn poll(handle: &Handle) -> Result<Later<Answers>, Refused> {
    /// handle.promise(|io, promise| {
    ///     let everybody = io.broadcast("/").to("players");
    ///     let asked = everybody.emit_with_ack_then(
    ///         "ready?", &[], Duration::from_secs(5), |_, answers| promise.keep(answers),
    ///     );
    ///     // Without arguments nothing can fail; a promise that is dropped tells that, too.
    ///     let _ = asked;
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Refused`] if [`MAX_QUEUED`] jobs wait already, or the server is gone.
    pub fn promise<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Io<'_>, Promise<R>) + Send + 'static,
    ) -> Result<Later<R>, Refused> {
        let (promise, later) = Later::new();
        self.run(move |io| job(io, promise))?;
        Ok(later)
    }

    /// Sends an event to one socket and gives back its answer, or why there is none.
    pub fn emit_with_ack(
        &self,
        socket: SocketKey,
        name: &str,
        args: &[&dyn Argument],
        timeout: Duration,
    ) -> Asked {
        let (promise, later) = Later::new();
        // Kept by the answer, or on the way if the question cannot even be sent.
        let promise = Arc::new(Mutex::new(Some(promise)));
        let keep = |promise: &Mutex<Option<Promise<_>>>, outcome| {
            let promise = promise
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            if let Some(promise) = promise {
                promise.keep(outcome);
            }
        };
        let (name, args) = (name.to_owned(), OwnedArgs::new(args));
        let (asking, refused) = (Arc::clone(&promise), promise);
        let asked = self.run(move |io| {
            let answered = Arc::clone(&asking);
            let then = move |_: &mut Io<'_>, outcome: Result<Args<'_>, AckError>| {
                keep(
                    &answered,
                    outcome.map(OwnedArgs::from).map_err(AskError::from),
                );
            };
            let sent =
                args.and_then(|args| io.emit_with_ack_then(socket, &name, &[&args], timeout, then));
            if let Err(error) = sent {
                keep(&asking, Err(error.into()));
            }
        });
        if let Err(error) = asked {
            keep(&refused, Err(error.into()));
        }
        Asked(later)
    }

    /// Has the server take a turn soon.
    pub(super) fn wake(&self) {
        let waker = self.lock().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// There is no server any more: what waits is dropped, and nothing is taken.
    pub(super) fn close(&self) {
        let mut queue = self.lock();
        queue.closed = true;
        let jobs = std::mem::take(&mut queue.jobs);
        drop(queue);
        drop(jobs);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // No job runs under it.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what waits, and has `waker` woken for the next job.
    pub(super) fn take(&self, waker: &Waker) -> Vec<Job> {
        let mut queue = self.lock();
        if queue.waker.as_ref().is_none_or(|old| !old.will_wake(waker)) {
            queue.waker = Some(waker.clone());
        }
        std::mem::take(&mut queue.jobs)
    }
}
