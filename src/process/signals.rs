//! SIGTERM and SIGINT: the first asks to stop, the second does not ask. SIGHUP: files are read
//! again.
//!
//! It stands beside `serve`, which is given the future made here and closes everything once it is
//! done. Numbers and meaning: signal(7). A second signal ends the process at once with 128 plus
//! its number, as a shell reports a process that a signal ended.
//!
//! Invariant: the handlers are set when [`stop`] and [`hangup`] return, not when what they give is
//! first polled. Left out: settings are not read again on SIGHUP, only the files they name.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// A future that is done at the first signal. Must be called inside a runtime.
///
/// # Errors
/// If the system refuses the handlers.
pub(crate) fn stop() -> io::Result<impl Future<Output = ()>> {
    let mut signals = Signals {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
    };
    Ok(async move {
        signals.next().await;
        tracing::info!("stopping");
        tokio::spawn(async move {
            let number = signals.next().await;
            std::process::exit(128 + number);
        });
    })
}

/// SIGHUP; each one that is made here is told of it. Must be called inside a runtime.
///
/// # Errors
/// If the system refuses the handler.
pub(crate) fn hangup() -> io::Result<Signal> {
    signal(SignalKind::hangup())
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// The number of the next signal.
    async fn next(&mut self) -> i32 {
        poll_fn(|context| {
            for (signal, kind) in [
                (&mut self.terminate, SignalKind::terminate()),
                (&mut self.interrupt, SignalKind::interrupt()),
            ] {
                if signal.poll_recv(context).is_ready() {
                    return Poll::Ready(kind.as_raw_value());
                }
            }
            Poll::Pending
        })
        .await
    }
}
