//! systemd as the manager of this process, without its library: what it gives, and what it is told.
//!
//! It stands beside `serve`, on the path of no byte. Everything comes from variables that systemd sets
//! for a service (systemd.exec(5), "Environment Variables Set or Propagated"); where they are not set
//! nothing is told, nothing is taken over, and logs look as anywhere else.
//!
//! | file | what | source |
//! |---|---|---|
//! | `manager` | ready, reloading, stopping, and a sentence for `systemctl status` | sd_notify(3) |
//! | `watchdog` | signs of life | sd_watchdog_enabled(3) |
//! | `sockets` | listeners that systemd made | sd_listen_fds(3) |
//! | `journal` | log lines with a priority and without a time of their own | sd-daemon(3) |
//!
//! Invariant: a manager that does not listen holds nobody up. Left out: the store of file
//! descriptors, because clients come back by themselves; notifications over `vsock:`, which are a virtual
//! machine's; the journal's own protocol, since what it has more than lines nobody would read.

mod journal;
mod manager;
mod sockets;
mod watchdog;

pub(crate) use journal::{is_journal, lines, mark};
pub(crate) use manager::Manager;
pub(crate) use sockets::inherited;
