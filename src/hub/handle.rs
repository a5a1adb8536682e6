//! Emitting from any task or thread: a [`Handle`] queues, and the server carries the queue
//! out in its next turn. It never takes the server's lock, so it may be used inside a
//! callback too.

use crate::socketio::Io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

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

    /// Takes what waits, and has `waker` woken for the next job.
    pub(super) fn take(&self, waker: &Waker) -> Vec<Job> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.waker.as_ref().is_none_or(|old| !old.will_wake(waker)) {
            queue.waker = Some(waker.clone());
        }
        std::mem::take(&mut queue.jobs)
    }
}
