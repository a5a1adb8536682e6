//! Listeners that the service manager made before this process, and keeps after it: sd_listen_fds(3).
//!
//! It stands before `http::bind`, which binds beside them what they lack. `LISTEN_FDS` says how many there
//! are, beginning with descriptor 3; `LISTEN_PID` for whom; `LISTEN_FDNAMES` what they are called. While
//! nobody serves, such as during a restart, connections wait in them. They may be on ports below 1024,
//! which this process could not bind without a privilege.
//!
//! Each must be what a room server can serve: TCP, and listening. What is not is an error that names the
//! socket, because a server that is reached at half its addresses looks like one that works.
//!
//! Taking over a descriptor by its number is beyond safe Rust, so the crate listenfd does it: it sees that
//! the number is a TCP socket's, and marks it not to be passed on. Its own view of the variables is wider
//! than systemd's (it does without `LISTEN_PID`, and counts as far as it is told), so they are judged
//! here before. It clears them, and therefore must be called while there is one thread.

use std::env;
use std::net::TcpListener;

use anyhow::{Context as _, bail, ensure};
use listenfd::ListenFd;
use socket2::SockRef;

/// Sockets at most: three are what the units here make, and what is far more is a mistake.
const MAX: usize = 64;

/// Takes them over; to be called once, before anything else is opened or started.
///
/// # Errors
/// If the variables or one of the sockets are not what they should be.
pub(crate) fn inherited() -> anyhow::Result<Vec<TcpListener>> {
    let variable = |name| env::var(name).ok();
    let count = count(
        variable("LISTEN_PID").as_deref(),
        variable("LISTEN_FDS").as_deref(),
        std::process::id(),
    )?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let names = variable("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':');
    let mut sockets = ListenFd::from_env();
    (0..count)
        .map(|index| {
            let name = names.next().unwrap_or("unknown");
            let listener = take(&mut sockets, index).with_context(|| {
                let number = index + 1;
                format!(
                    "cannot serve socket {number} of {count} from the service manager, {name:?}"
                )
            })?;
            let address = listener.local_addr()?;
            tracing::debug!(%address, socket = name, "the service manager has a socket for us");
            Ok(listener)
        })
        .collect()
}

fn take(sockets: &mut ListenFd, index: usize) -> anyhow::Result<TcpListener> {
    let listener = match sockets.take_tcp_listener(index) {
        Ok(Some(listener)) => listener,
        Ok(None) => bail!("it was taken before"),
        Err(error) => bail!("{error} (ListenStream= takes a port, or an address and a port)"),
    };
    ensure!(
        SockRef::from(&listener).is_listener()?,
        "it does not listen (with Accept=yes it would be one connection: leave that out)"
    );
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// How many sockets there are for this process.
fn count(pid: Option<&str>, count: Option<&str>, own: u32) -> anyhow::Result<usize> {
    let (Some(pid), Some(count)) = (pid, count) else {
        return Ok(0);
    };
    let pid: u32 = pid
        .parse()
        .with_context(|| format!("LISTEN_PID is {pid:?}, which is no process"))?;
    if pid != own {
        return Ok(0);
    }
    let count = count
        .parse()
        .with_context(|| format!("LISTEN_FDS is {count:?}, which is no number of sockets"))?;
    ensure!(
        count <= MAX,
        "LISTEN_FDS is {count}: more than {MAX} sockets are not taken"
    );
    Ok(count)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    #[test]
    fn only_sockets_for_this_process_are_counted() {
        assert_eq!(count(Some("7"), Some("3"), 7).unwrap(), 3);
        assert_eq!(count(Some("7"), Some("64"), 7).unwrap(), 64);
        for (pid, fds) in [
            (None, None),
            (Some("7"), None),
            (None, Some("3")),
            (Some("8"), Some("3")),
            (Some("8"), Some("many")),
        ] {
            assert_eq!(count(pid, fds, 7).unwrap(), 0, "{pid:?} {fds:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_number_of_sockets_is_named() {
        for (pid, fds, wanted) in [
            ("me", "1", "LISTEN_PID is \"me\""),
            ("7", "many", "LISTEN_FDS is \"many\""),
            ("7", "-1", "LISTEN_FDS is \"-1\""),
            ("7", "65", "LISTEN_FDS is 65: more than 64"),
        ] {
            let error = count(Some(pid), Some(fds), 7).unwrap_err().to_string();
            assert!(error.starts_with(wanted), "{error}");
        }
    }
}
