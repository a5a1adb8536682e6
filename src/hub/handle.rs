//! Emitting from any task or thread: a [`Handle`] queues, and the server carries the queue
//! out in its next turn. It never takes the server's lock, so it may be used inside a
//! callback too.
//!
//! A job is given an [`Io`], so whatever a callback can do can be done from outside: emissions
//! to a socket, to rooms, with acknowledgements, fetching sockets, moving and disconnecting
//! them, and decisions that were left for later.

use super::later::{Later, Promise};
use crate::socketio::{AckError, Args, Argument, EmitError, Io, OwnedArgs, SocketKey};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
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
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue")
            .field("jobs", &self.jobs.len())
            .finish_non_exhaustive()
    }
}

/// Too many jobs wait already; the job was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server is behind: too many jobs wait for it")]
pub struct Behind;

/// Why a question that was asked from outside has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It was not taken.
    #[error(transparent)]
    Behind(#[from] Behind),
    /// It could not be sent.
    #[error(transparent)]
    Emit(#[from] EmitError),
    /// It was sent and not answered.
    #[error(transparent)]
    Ack(#[from] AckError),
}

impl Handle {
    /// Has `job` run by the server, soon and in the order of the calls.
    ///
    /// # Errors
    /// [`Behind`] if [`MAX_QUEUED`] jobs wait already.
    pub fn run(&self, job: impl FnOnce(&mut Io<'_>) + Send + 'static) -> Result<(), Behind> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.jobs.len() >= MAX_QUEUED {
            return Err(Behind);
        }
        queue.jobs.push(Box::new(job));
        let waker = queue.waker.take();
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }

    /// As [`run`](Self::run), and gives back what the job returns.
    ///
    /// # Errors
    /// [`Behind`] if [`MAX_QUEUED`] jobs wait already.
    pub fn ask<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Io<'_>) -> R + Send + 'static,
    ) -> Result<Later<R>, Behind> {
        self.promise(|io, promise| promise.keep(job(io)))
    }

    /// As [`ask`](Self::ask), for what the job itself does not know yet, such as the answers to a
    /// broadcast: it is given a promise to keep.
    ///
    /// # Errors
    /// [`Behind`] if [`MAX_QUEUED`] jobs wait already.
    pub fn promise<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Io<'_>, Promise<R>) + Send + 'static,
    ) -> Result<Later<R>, Behind> {
        let (promise, later) = Later::new();
        self.run(move |io| job(io, promise))?;
        Ok(later)
    }

    /// Sends an event to one socket and gives back its answer.
    ///
    /// # Errors
    /// [`AskError`] if it could not be queued or an argument has no JSON form; the outcome of
    /// the question itself comes with the answer.
    pub fn emit_with_ack(
        &self,
        socket: SocketKey,
        name: &str,
        args: &[&dyn Argument],
        timeout: Duration,
    ) -> Result<Later<Result<OwnedArgs, AskError>>, AskError> {
        let (name, args) = (name.to_owned(), OwnedArgs::new(args)?);
        let asked = self.promise(move |io, promise| {
            // Kept by the answer, or here if the question cannot even be sent.
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
            let answered = Arc::clone(&promise);
            let then = move |_: &mut Io<'_>, outcome: Result<Args<'_>, AckError>| {
                keep(
                    &answered,
                    outcome.map(OwnedArgs::from).map_err(AskError::from),
                );
            };
            let asked = io.emit_with_ack_then(socket, &name, &[&args], timeout, then);
            if let Err(error) = asked {
                keep(&promise, Err(error.into()));
            }
        });
        Ok(asked?)
    }

    /// Takes what waits, and has `waker` woken for the next job.
    pub(super) fn take(&self, waker: &Waker) -> Vec<Job> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.waker.as_ref().is_none_or(|old| !old.will_wake(waker)) {
            queue.waker = Some(waker.clone());
        }
        std::mem::take(&mut queue.jobs)
    }
}
