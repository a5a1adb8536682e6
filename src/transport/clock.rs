//! The one task that watches the time: it sleeps until the earliest deadline of all sessions
//! and lingering sockets, or until somebody sets an earlier one, or asks for a [beat](super::beat).

use super::Server;
use crate::hub::Protocol;

/// Runs until the server's runtime ends.
pub(super) async fn run<P: Protocol>(server: Server<P>) {
    loop {
        let next = server.turn(|state, now| {
            state.beat |= server.0.beat.is_wanted();
            state.hub.tick(now);
            while let Some((at, key)) = state.lingering.front().copied()
                && at <= now
            {
                state.lingering.pop_front();
                state.cut.push(key);
            }
            state.armed = state.deadline();
            state.armed
        });
        let set = server.0.clock.notified();
        match next {
            // Too late or set anew: either way it is time to look again.
            Some(at) => _ = tokio::time::timeout_at(at.into(), set).await,
            None => set.await,
        }
    }
}
