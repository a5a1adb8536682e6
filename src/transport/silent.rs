//! A protocol that hears and says nothing, for tests of what stands below it; who tests may speak in
//! its place.

use super::{Server, State};
use crate::engineio::handshake::Transport;
use crate::engineio::{CloseReason, Message, Request, SessionId, SessionKey};
use crate::hub::{Engine, Protocol};

/// Says nothing.
pub(crate) struct Silent;

impl Protocol for Silent {
    fn open(&mut self, _: &mut Engine, _: SessionKey, _: Request) {}
    fn message(&mut self, _: &mut Engine, _: SessionKey, _: Message<'_>) {}
    fn close(&mut self, _: &mut Engine, _: SessionKey, _: CloseReason) {}
}

impl Server<Silent> {
    /// Whether a poll of this session waits.
    pub(crate) fn has_poll(&self, sid: &str) -> bool {
        self.turn(|state, _| {
            let session = find(state, sid);
            state.hub.engine().is_writable(session)
        })
    }

    /// Sends a text to this session.
    pub(crate) fn say(&self, sid: &str, text: &str) {
        self.turn(|state, _| {
            let session = find(state, sid);
            state.hub.engine().send(session, Message::Text(text));
        });
    }
}

fn find(state: &State<Silent>, sid: &str) -> SessionKey {
    let found = state.hub.find(SessionId::parse(sid), Transport::Polling);
    found.expect("a session")
}
