//! Profiles `eio4` and `eio3`: Engine.IO without Socket.IO on top. Every message comes back in
//! its own kind, text or binary. The heart beats fast, so that a suite can wait for it.

use std::time::Duration;

use parlor::config;
use parlor::engineio::{CloseReason, Message, Request, SessionKey};
use parlor::hub::Engine;
use parlor::transport::Protocol;

pub(crate) fn settings() -> config::Protocol {
    config::Protocol {
        path: "/engine.io/".to_owned(),
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        ..config::Protocol::default()
    }
}

/// A protocol on the bare engine.
pub(crate) struct Echo;

impl Protocol for Echo {
    fn open(&mut self, _: &mut Engine, _: SessionKey, _: Request) {}

    fn message(&mut self, engine: &mut Engine, session: SessionKey, message: Message<'_>) {
        engine.send(session, message);
    }

    fn close(&mut self, _: &mut Engine, _: SessionKey, _: CloseReason) {}
}
