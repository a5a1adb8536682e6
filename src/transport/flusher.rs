//! The task that writes to WebSockets what the turns themselves do not.
//!
//! It is woken when several clients have something to be sent, when a connection begins or ends, and
//! for all that is not a packet. What it does is to collect and write, as `output` tells; besides,
//! it waits for the sockets that did not take everything, and runs what other tasks have queued.

use super::Server;
use super::frame::{Control, write_message};
use super::output::Output;
use super::relays::Relays;
use crate::engineio::session::Encoded;
use crate::hub::Protocol;
use std::future::Future;
use std::pin::Pin;
use std::sync::PoisonError;
use std::task::{Context, Poll};

/// The task.
#[derive(Debug)]
pub(super) struct Flusher<P> {
    server: Server<P>,
}

impl<P> Flusher<P> {
    pub(super) fn new(server: Server<P>) -> Self {
        Self { server }
    }
}

impl<P: Protocol> Server<P> {
    /// Frames what is to be sent, and learns of connections that began and ended. The events that
    /// were relayed among it, and whether the clock wants a beat.
    fn collect(&self, output: &mut Output, cx: &Context<'_>) -> (Relays, bool) {
        let mut guard = self.lock();
        let state = &mut *guard;
        let now = std::time::Instant::now();
        state.hub.run_queued(now, cx.waker());
        for (key, half) in state.opened.drain(..) {
            output.open(key, half);
        }
        for key in state.ended.drain(..) {
            output.end(key, self.stats());
        }
        output.collect(&mut state.hub);
        for to in state.hub.engine().take_probe_replies() {
            output.add(to, false, |out| {
                write_message(Encoded::Text(b"3probe"), out)
            });
        }
        for (to, control) in std::mem::take(&mut state.control) {
            let last = matches!(control, Control::Close(_));
            // Who pings without reading gets no answer, or its pongs would pile up here.
            if last || output.is_idle(to) {
                output.add(to, last, |out| control.write(out));
            }
        }
        state.closes.extend(state.hub.engine().take_close_sockets());
        for to in std::mem::take(&mut state.closes) {
            match state.connections.get(to) {
                // Its 101 is still under way: it is closed once it is open.
                Some(connection) if !connection.attached => state.closes.push(to),
                Some(connection) if !connection.closing => {
                    state.linger(to, now);
                    output.add(to, true, |out| Control::Close(None).write(out));
                }
                _ => {}
            }
        }
        for key in state.cut.drain(..) {
            output.cut(key);
        }
        if state
            .flusher
            .as_ref()
            .is_none_or(|old| !old.will_wake(cx.waker()))
        {
            state.flusher = Some(cx.waker().clone());
        }
        let relays = std::mem::take(&mut state.relays);
        let beat = std::mem::take(&mut state.beat);
        self.settled(guard);
        (relays, beat)
    }
}

impl<P: Protocol> Future for Flusher<P> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let server = &self.server;
        let output = server.0.output.lock();
        let mut output = output.unwrap_or_else(PoisonError::into_inner);
        // A backlog that has gone lets its session go on, which is more to collect: so this
        // is done until nothing is left to do.
        loop {
            let (relays, beat) = server.collect(&mut output, cx);
            output.write(server);
            relays.written(server.stats());
            if beat {
                server.0.beat.happened();
            }
            if !output.write_backlogs(server, cx) {
                return Poll::Pending;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::engineio::session::ConnectionKey;
    use crate::engineio::{Message, Request, SessionKey};
    use crate::hub::Engine;
    use crate::stats::Stats;
    use std::net::{IpAddr, Ipv4Addr};
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::task::{Wake, Waker};
    use std::time::{Duration, Instant};

    /// Sets its session a time when it is told so from outside.
    #[derive(Debug, Default)]
    struct Late {
        session: Option<SessionKey>,
        at: Option<Instant>,
    }

    impl Protocol for Late {
        fn open(&mut self, _: &mut Engine, session: SessionKey, _: Request) {
            self.session = Some(session);
        }

        fn message(&mut self, _: &mut Engine, _: SessionKey, _: Message<'_>) {}

        fn close(&mut self, _: &mut Engine, _: SessionKey, _: crate::engineio::CloseReason) {}

        fn deadline(&self, _: SessionKey) -> Option<Instant> {
            self.at
        }

        fn run_queued(&mut self, engine: &mut Engine, _: &Waker) {
            self.at = Some(engine.now() + Duration::from_secs(1));
            self.session
                .into_iter()
                .for_each(|session| engine.touch(session));
        }
    }

    #[test]
    fn a_deadline_that_a_queued_job_sets_reaches_the_clock() {
        let server = Server::new(
            config::Protocol::default(),
            config::Limits::default(),
            Arc::new(Stats::default()),
            Late::default(),
        );
        server.turn(|state, now| {
            let request = Request::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST));
            let opened = state.hub.open(now, request, None);
            opened.expect("a session");
            // As the clock does before it sleeps.
            state.armed = state.deadline();
        });
        let mut cx = Context::from_waker(Waker::noop());
        let mut set = pin!(server.0.clock.notified());
        let mut flusher = Flusher::new(server.clone());
        assert!(set.as_mut().poll(&mut cx).is_pending());
        assert!(Pin::new(&mut flusher).poll(&mut cx).is_pending());
        assert!(set.as_mut().poll(&mut cx).is_ready());
    }

    /// How often a task was woken.
    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    #[test]
    fn what_is_for_one_client_is_written_by_the_turn_unless_somebody_is_writing() {
        let server = Server::new(
            config::Protocol::default(),
            config::Limits::default(),
            Arc::new(Stats::default()),
            Late::default(),
        );
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut cx = Context::from_waker(&waker);
        let mut flusher = Flusher::new(server.clone());
        assert!(Pin::new(&mut flusher).poll(&mut cx).is_pending());
        let session = server.turn(|state, now| {
            let request = Request::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST));
            let socket = Some(ConnectionKey::default());
            state.hub.open(now, request, socket).expect("a session")
        });
        let waiting = || server.lock().hub.engine().work();
        assert_eq!((waiting(), woken.0.load(Relaxed)), ((0, false), 0));

        let writing = server.0.output.lock();
        server.turn(|state, _| state.hub.engine().send(session, Message::Text("a")));
        assert_eq!((waiting(), woken.0.load(Relaxed)), ((1, false), 1));
        drop(writing);
        assert!(Pin::new(&mut flusher).poll(&mut cx).is_pending());
        assert_eq!(waiting(), (0, false));
    }
}
