//! A sign of life, for who restarts a server that hangs.
//!
//! It stands beside the clock. Who wants a sign wakes the clock; the clock makes a turn, and in it has
//! the flusher woken, as for what is to be sent; the flusher writes, and answers. So a beat shows that
//! tasks are run, that timers and sockets are looked at, that the lock of the state and that of the
//! output are free: the way of everything that clients are sent. A runtime that is blocked, or a lock
//! that somebody holds for ever, gives none.
//!
//! Cost: nothing while nobody asks; then one turn and one pass of the flusher. Left out: asking the
//! server over a connection of its own. Under attack its limits would refuse that one as well, and a
//! server that does its work would be ended for it.

use super::Server;
use crate::hub::Protocol;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio::sync::Notify;

/// Between who asks, the clock and the flusher.
#[derive(Debug, Default)]
pub(super) struct Beat {
    wanted: AtomicBool,
    happened: Notify,
}

impl Beat {
    /// For the clock: whether somebody asks; not asked again before somebody does.
    pub(super) fn is_wanted(&self) -> bool {
        // Only looked at by who was woken after it was set, by the clock's `Notify`.
        self.wanted.swap(false, Relaxed)
    }

    /// For the flusher.
    pub(super) fn happened(&self) {
        self.happened.notify_waiters();
    }
}

impl<P: Protocol> Server<P> {
    /// Done when this server, which must have been [started](Self::start), has shown that it does its
    /// work: clock and flusher have been through a turn with everything that they need for it. It takes no
    /// lock itself.
    pub async fn beat(&self) {
        let beat = &self.0.beat;
        // Before the question, or the answer could be missed.
        let happened = beat.happened.notified();
        beat.wanted.store(true, Relaxed);
        self.0.clock.notify_one();
        happened.await;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;
    use crate::config;
    use crate::stats::Stats;
    use crate::transport::silent::Silent;
    use std::sync::Arc;
    use std::sync::mpsc::{RecvTimeoutError, channel};
    use std::time::Duration;
    use tokio::runtime::Runtime;

    /// What a beat would need many times over.
    const NONE: Duration = Duration::from_millis(300);

    /// What it is given on a machine that has other things to do.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// A server that does its work, and two threads for it.
    fn running() -> (Runtime, Server<Silent>) {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
        let server = Server::new(
            config::Protocol::default(),
            config::Limits::default(),
            Arc::new(Stats::default()),
            Silent,
        );
        runtime.block_on(async {
            server.start();
            beats(&server).await;
        });
        (runtime, server)
    }

    async fn beats(server: &Server<Silent>) {
        let beat = tokio::time::timeout(PATIENCE, server.beat()).await;
        beat.expect("a beat");
    }

    /// No beat comes while `held` is, and one when it is let go of.
    fn beats_only_without<T>(runtime: &Runtime, server: &Server<Silent>, held: T) {
        let (tell, told) = channel();
        let asking = server.clone();
        runtime.spawn(async move {
            asking.beat().await;
            tell.send(()).unwrap();
        });
        assert_eq!(told.recv_timeout(NONE), Err(RecvTimeoutError::Timeout));
        drop(held);
        told.recv_timeout(PATIENCE).unwrap();
    }

    #[test]
    fn a_server_that_does_its_work_has_a_beat_for_each_who_asks() {
        let (runtime, server) = running();
        runtime.block_on(async {
            for _ in 0..3 {
                beats(&server).await;
            }
            let other = server.clone();
            let other = tokio::spawn(async move { beats(&other).await });
            beats(&server).await;
            other.await.unwrap();
        });
    }

    #[test]
    fn a_lock_that_is_never_let_go_of_is_the_end_of_it() {
        let (runtime, server) = running();
        beats_only_without(&runtime, &server, server.lock());
        beats_only_without(&runtime, &server, server.0.output.lock().unwrap());
    }

    #[test]
    fn a_task_that_never_gives_the_thread_back_is_the_end_of_it() {
        let (runtime, server) = running();
        let (begin, begun) = channel();
        // One for each thread. They wait for something without saying so to the runtime.
        let held: Vec<_> = (0..2)
            .map(|_| {
                let (end, ended) = channel::<()>();
                let begin = begin.clone();
                runtime.spawn(async move {
                    begin.send(()).unwrap();
                    _ = ended.recv();
                });
                end
            })
            .collect();
        for _ in 0..2 {
            begun.recv_timeout(PATIENCE).unwrap();
        }
        beats_only_without(&runtime, &server, held);
    }
}
