//! A protocol that hears and says nothing, for tests of what stands below it.

use crate::engineio::{CloseReason, Message, Request, SessionKey};
use crate::hub::{Engine, Protocol};

/// Says nothing.
pub(crate) struct Silent;

impl Protocol for Silent {
    fn open(&mut self, _: &mut Engine, _: SessionKey, _: Request) {}
    fn message(&mut self, _: &mut Engine, _: SessionKey, _: Message<'_>) {}
    fn close(&mut self, _: &mut Engine, _: SessionKey, _: CloseReason) {}
}
