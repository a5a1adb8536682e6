//! The secret id of a session: whoever has it is the client, so it reaches no log.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;

/// Random bytes that make one id.
pub const RANDOM_BYTES: usize = 15;
const LEN: usize = 20;

/// Twenty URL-safe characters made of 120 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId([u8; LEN]);

impl SessionId {
    /// Makes the id from random bytes; the caller answers for their quality.
    pub fn from_random(bytes: [u8; RANDOM_BYTES]) -> Self {
        let mut id = [b'A'; LEN];
        // 15 bytes are exactly 20 base64 characters, so this cannot fall short.
        let _ = URL_SAFE_NO_PAD.encode_slice(bytes, &mut id);
        Self(id)
    }

    /// Reads an id that a client sent; `None` if it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let id: [u8; LEN] = text.as_bytes().try_into().ok()?;
        id.is_ascii().then_some(Self(id))
    }

    /// The id as it stands on the wire.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
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
    fn an_id_is_twenty_url_safe_characters_and_reads_back() {
        let id = SessionId::from_random([0xfb; RANDOM_BYTES]);
        assert_eq!(id.as_str(), "-_v7-_v7-_v7-_v7-_v7");
        assert_eq!(SessionId::parse(id.as_str()), Some(id));
    }

    #[test]
    fn other_lengths_and_other_alphabets_are_no_ids() {
        assert_eq!(SessionId::parse(""), None);
        assert_eq!(SessionId::parse("constructor"), None);
        assert_eq!(SessionId::parse("éééééééééé"), None);
    }

    #[test]
    fn an_id_does_not_print_itself() {
        let id = SessionId::from_random([7; RANDOM_BYTES]);
        assert!(!format!("{id:?}").contains(id.as_str()));
    }
}
