//! The public id of a socket: other clients may see it, so it says nothing about the session.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;

const LEN: usize = 20;

/// Twenty URL-safe characters made of 120 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SocketId([u8; LEN]);

impl SocketId {
    /// Makes the id from random bytes; the caller answers for their quality.
    pub fn from_random(bytes: [u8; 15]) -> Self {
        let mut id = [b'A'; LEN];
        // 15 bytes are exactly 20 base64 characters, so this cannot fall short.
        let _ = URL_SAFE_NO_PAD.encode_slice(bytes, &mut id);
        Self(id)
    }

    /// Reads an id; `None` if it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let id: [u8; LEN] = text.as_bytes().try_into().ok()?;
        id.is_ascii().then_some(Self(id))
    }

    /// The id as it stands on the wire.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
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
    fn an_id_reads_back_and_shows_itself() {
        let id = SocketId::from_random([0; 15]);
        assert_eq!(id.to_string(), "AAAAAAAAAAAAAAAAAAAA");
        assert_eq!(SocketId::parse("AAAAAAAAAAAAAAAAAAAA"), Some(id));
        assert_eq!(SocketId::parse("kitchen"), None);
    }
}
