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
            state.cut_lingering(now);
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

#[cfg(test)]
mod tests {
    use crate::config::{Limits, Protocol};
    use crate::engineio::SessionKey;
    use crate::transport::silent::Silent;
    use crate::transport::{Connection, LINGER, Server};
    use std::sync::Arc;

    #[test]
    fn a_closed_websocket_whose_client_does_not_end_it_is_cut_off_and_counted() {
        let (settings, limits) = (Protocol::default(), Limits::default());
        let server = Server::new(settings, limits, Arc::default(), Silent);
        let mut state = server.lock();
        let now = std::time::Instant::now();
        let keys = [(); 2].map(|()| {
            state.connections.insert(Connection {
                session: SessionKey::default(),
                partial: None,
                counted: None,
                attached: false,
                closing: false,
            })
        });
        for key in keys {
            state.linger(key, now);
        }
        // This one has ended by itself.
        state.connections.remove(keys[1]);
        state.cut_lingering(now);
        assert_eq!(server.stats().closes_unanswered.get(), 0);
        state.cut_lingering(now + LINGER);
        assert_eq!(server.stats().closes_unanswered.get(), 1);
        assert_eq!(state.cut, [keys[0]]);
    }
}
