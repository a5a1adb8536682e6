//! Telling the service manager how far we are: sd_notify(3).
//!
//! It stands between `serve` with its `keeper` and the socket that `NOTIFY_SOCKET` names, a path or, behind
//! an `@`, a name in the abstract namespace (unix(7)). Each notification is one datagram of lines:
//!
//! | when | what |
//! |---|---|
//! | clients are answered | `READY=1` |
//! | SIGHUP, before and after files are read again | `RELOADING=1` with `MONOTONIC_USEC=`, `READY=1` |
//! | addresses have changed | `STATUS=` alone |
//! | the first SIGTERM | `STOPPING=1` |
//! | half the watchdog's time, if the server lives | `WATCHDOG=1` |
//!
//! The time with `RELOADING=1` is for `Type=notify-reload`, which systemd has from version 253 on, and says
//! nothing to older ones. Invariants: nothing waits longer than [`PATIENCE`] for a manager that does not
//! read, and what others wait for no longer than [`MOMENT`]; one that is gone costs a line in the log. Each datagram has a socket of its own, so a manager
//! that has made its socket anew is found.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Its queue may be full while a machine starts. For what has a task of its own.
const PATIENCE: Duration = Duration::from_secs(10);

/// For what others wait for: neither the end nor anything else is put off for it.
const MOMENT: Duration = Duration::from_millis(500);

/// Who is to be told, if anybody.
#[derive(Debug, Clone)]
pub(crate) struct Manager {
    socket: Option<SocketAddr>,
}

impl Manager {
    /// The one that this process was started by.
    pub(crate) fn find() -> Self {
        let socket = env::var_os("NOTIFY_SOCKET").and_then(|name| match address(&name) {
            Ok(address) => Some(address),
            Err(error) => {
                tracing::warn!(%error, "NOTIFY_SOCKET names no socket: nobody is told of our state");
                None
            }
        });
        Self { socket }
    }

    /// Clients are answered, and everything is as the settings and files have it now.
    pub(crate) async fn ready(&self, status: &str) {
        self.tell(PATIENCE, &format!("READY=1\nSTATUS={status}\n"))
            .await;
    }

    /// The same once files have been read again.
    pub(crate) async fn reloaded(&self, status: &str) {
        self.tell(MOMENT, &format!("READY=1\nSTATUS={status}\n"))
            .await;
    }

    /// Files are about to be read again; [`reloaded`](Self::reloaded) says that this is over.
    pub(crate) async fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let now = Duration::new(
            now.tv_sec.try_into().unwrap_or_default(),
            now.tv_nsec.try_into().unwrap_or_default(),
        );
        let now = now.as_micros();
        let state = format!("RELOADING=1\nMONOTONIC_USEC={now}\n");
        self.tell(MOMENT, &state).await;
    }

    /// Everything is about to be closed.
    pub(crate) async fn stopping(&self) {
        self.tell(MOMENT, "STOPPING=1\nSTATUS=Stopping\n").await;
    }

    /// A sentence for people, in one line.
    pub(crate) async fn status(&self, status: &str) {
        self.tell(MOMENT, &format!("STATUS={status}\n")).await;
    }

    /// The server does its work.
    pub(super) async fn alive(&self) {
        self.tell(PATIENCE, "WATCHDOG=1\n").await;
    }

    async fn tell(&self, patience: Duration, state: &str) {
        let Some(address) = &self.socket else {
            return;
        };
        let sent = tokio::time::timeout(patience, send(address, state.as_bytes())).await;
        match sent.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(()) => tracing::trace!(?state, "the service manager was told"),
            Err(error) => tracing::warn!(%error, ?state, "the service manager could not be told"),
        }
    }
}

/// Waits while the other side's queue is full.
async fn send(address: &SocketAddr, state: &[u8]) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(address)?;
    socket.set_nonblocking(true)?;
    let socket = tokio::net::UnixDatagram::from_std(socket)?;
    socket.send(state).await.map(drop)
}

fn address(name: &OsStr) -> io::Result<SocketAddr> {
    match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        [b'/', ..] => SocketAddr::from_pathname(name),
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;
    use std::path::Path;

    #[test]
    fn a_socket_is_named_by_its_path_or_by_an_abstract_name() {
        let path = address(OsStr::new("/run/systemd/notify")).unwrap();
        assert_eq!(path.as_pathname(), Some(Path::new("/run/systemd/notify")));
        let name = address(OsStr::new("@a/b")).unwrap();
        assert_eq!(name.as_abstract_name(), Some(&b"a/b"[..]));
        for other in ["", "vsock:2:1234", "notify", &"/".repeat(200)] {
            assert!(address(OsStr::new(other)).is_err(), "{other}");
        }
    }

    #[test]
    fn a_manager_that_is_gone_or_none_at_all_is_no_error() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let gone = address(OsStr::new("@parlor-nobody-has-this-name")).unwrap();
        for socket in [None, Some(gone)] {
            runtime.block_on(Manager { socket }.ready("a"));
        }
    }
}
