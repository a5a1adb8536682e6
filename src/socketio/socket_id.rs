//! The public id of a socket: other clients may see it, so it says nothing about the session.

use crate::engineio::random_id::{RANDOM_BYTES, RandomId};
use std::fmt;

/// What everybody may call a socket by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SocketId(RandomId);

impl SocketId {
    /// Makes the id from random bytes; the caller answers for their quality.
    pub fn from_random(bytes: [u8; RANDOM_BYTES]) -> Self {
        Self(RandomId::from_random(bytes))
    }

    /// Reads an id; `None` if it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        RandomId::parse(text).map(Self)
    }

    /// The id as it stands on the wire.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SocketId({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_shows_itself() {
        let id = SocketId::from_random([0; RANDOM_BYTES]);
        assert_eq!(id.to_string(), "AAAAAAAAAAAAAAAAAAAA");
    }
}
