//! The secret id of a session: whoever has it is the client, so it reaches no log.

pub use super::random_id::RANDOM_BYTES;
use super::random_id::RandomId;
use std::fmt;

/// What a client calls its session by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId(RandomId);

impl SessionId {
    /// Makes the id from random bytes; the caller answers for their quality.
    pub fn from_random(bytes: [u8; RANDOM_BYTES]) -> Self {
        Self(RandomId::from_random(bytes))
    }

    /// Reads an id that a client sent; `None` if it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        RandomId::parse(text).map(Self)
    }

    /// The id as it stands on the wire.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Its characters as an id that does not hide itself.
    pub(crate) fn random_id(&self) -> RandomId {
        self.0
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_does_not_print_itself() {
        let id = SessionId::from_random([7; RANDOM_BYTES]);
        assert!(!format!("{id:?}").contains(id.as_str()));
    }
}
