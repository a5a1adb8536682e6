//! The real binary as a service of systemd's, whose part the test plays: its socket for notifications,
//! its watchdog, sockets that it made, its journal, and the files in `systemd/`.
//!
//! Children of the test get sockets as standard input or output, because those can be given without
//! unsafe code; a shell puts them where systemd does, and names itself in `LISTEN_PID` before it becomes
//! the server.

mod journal;
mod notify;
mod settings;
mod sockets;

use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::support::dir::TempDir;
use crate::support::raw::LIMIT;

/// The service manager's end of `NOTIFY_SOCKET`.
pub(crate) struct Manager {
    socket: UnixDatagram,
    /// The value of the variable.
    pub(crate) name: String,
    _dir: Option<TempDir>,
}

impl Manager {
    /// With a name in the abstract namespace.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("parlor-test-{}-{next}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        Self {
            socket: UnixDatagram::bind_addr(&address).unwrap(),
            name: format!("@{name}"),
            _dir: None,
        }
    }

    /// With a path, as systemd itself has one.
    pub(crate) fn at_a_path() -> Self {
        let dir = TempDir::new();
        let path = dir.path().join("notify");
        Self {
            socket: UnixDatagram::bind(&path).unwrap(),
            name: path.to_str().unwrap().to_owned(),
            _dir: Some(dir),
        }
    }

    /// The variable, for a child's environment.
    pub(crate) fn variable(&self) -> (&str, &str) {
        ("NOTIFY_SOCKET", &self.name)
    }

    /// The next notification, or none if there is none for so long.
    pub(crate) fn next(&self, patience: Duration) -> Option<String> {
        self.socket.set_read_timeout(Some(patience)).unwrap();
        let mut buffer = [0; 4096];
        match self.socket.recv(&mut buffer) {
            Ok(length) => Some(String::from_utf8(buffer[..length].to_vec()).unwrap()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Notifications up to the one that has this line, which must come.
    pub(crate) fn until(&self, line: &str) -> Vec<String> {
        let end = Instant::now() + LIMIT;
        let mut all = Vec::new();
        while let Some(next) = self.next(end.saturating_duration_since(Instant::now())) {
            let last = next.lines().any(|one| one == line);
            all.push(next);
            if last {
                return all;
            }
        }
        panic!("no {line} after {all:?}");
    }

    /// The next notification with this line.
    pub(crate) fn wait_for(&self, line: &str) -> String {
        self.until(line).pop().unwrap()
    }
}

/// The value behind `NAME=` in a notification.
pub(crate) fn value<'a>(notification: &'a str, name: &str) -> &'a str {
    let mut lines = notification.lines();
    let found = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("no {name} in {notification:?}"))
}
