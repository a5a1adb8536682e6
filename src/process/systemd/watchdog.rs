//! Signs of life for the service manager, which ends and restarts a service that gives none
//! (sd_watchdog_enabled(3); `WatchdogSec=` in systemd.service(5)).
//!
//! It stands between `Server::beat` and the manager. A sign is given only when a beat has come of it: the
//! clock has made a turn with the server's lock, and the flusher has been able to write. A timer that
//! answered by itself would go on answering beside a server that does not.
//!
//! Twice in the time that the manager gives, as it recommends, so that one that is late is none that is
//! missing. `WATCHDOG_PID` is for another process if it is not ours. Left out: asking to be ended
//! (`WATCHDOG=trigger`): what could ask is what hangs.

use std::env;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::manager::Manager;
use crate::hub::Protocol;
use crate::transport::Server;

impl Manager {
    /// Gives signs of life as long as there are any, if they are wanted.
    pub(crate) async fn keep_alive<P: Protocol>(&self, server: &Server<P>) {
        let variable = |name| env::var(name).ok();
        let own = std::process::id();
        let every = every(
            variable("WATCHDOG_USEC").as_deref(),
            variable("WATCHDOG_PID").as_deref(),
            own,
        );
        let Some(every) = every else {
            return;
        };
        let mut tick = tokio::time::interval(every);
        // After a pause of the whole machine one sign is enough.
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            server.beat().await;
            self.alive().await;
        }
    }
}

/// Time between two signs, if this process is to give them.
fn every(micros: Option<&str>, pid: Option<&str>, own: u32) -> Option<Duration> {
    let micros = micros?;
    if pid.is_some_and(|pid| pid.parse() != Ok(own)) {
        return None;
    }
    match micros.parse() {
        Ok(micros @ 2..) => Some(Duration::from_micros(micros) / 2),
        _ => {
            tracing::warn!(
                micros,
                "WATCHDOG_USEC is no time: no signs of life are given"
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_signs_of_life_are_given_in_the_watchdogs_time() {
        let half = Some(Duration::from_secs(15));
        assert_eq!(every(Some("30000000"), None, 7), half);
        assert_eq!(every(Some("30000000"), Some("7"), 7), half);
    }

    #[test]
    fn nobody_gives_them_who_was_not_asked() {
        assert_eq!(every(None, Some("7"), 7), None);
        for pid in ["8", "", "me"] {
            assert_eq!(every(Some("30000000"), Some(pid), 7), None, "{pid}");
        }
        for micros in ["0", "1", "", "-2", "soon", "99999999999999999999999"] {
            assert_eq!(every(Some(micros), None, 7), None, "{micros}");
        }
    }
}
