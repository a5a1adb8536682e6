//! Twenty URL-safe characters made of 120 random bits: the form of every id on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Random bytes that make one id.
pub const RANDOM_BYTES: usize = 15;
/// Characters of an id.
pub(crate) const LEN: usize = 20;

/// An id, without a word on whether it is a secret: the types around it say that.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RandomId([u8; LEN]);

impl RandomId {
    pub(crate) fn from_random(bytes: [u8; RANDOM_BYTES]) -> Self {
        let mut id = [b'A'; LEN];
        // 15 bytes are exactly 20 base64 characters, so this cannot fall short.
        let _ = URL_SAFE_NO_PAD.encode_slice(bytes, &mut id);
        Self(id)
    }

    /// `None` if the text cannot be one of ours.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let id: [u8; LEN] = text.as_bytes().try_into().ok()?;
        id.is_ascii().then_some(Self(id))
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_twenty_url_safe_characters_and_reads_back() {
        let id = RandomId::from_random([0xfb; RANDOM_BYTES]);
        assert_eq!(id.as_str(), "-_v7-_v7-_v7-_v7-_v7");
        assert!(RandomId::parse(id.as_str()) == Some(id));
    }

    #[test]
    fn other_lengths_and_other_alphabets_are_no_ids() {
        for text in ["", "constructor", "éééééééééé", "AAAAAAAAAAAAAAAAAAAAA"] {
            assert!(RandomId::parse(text).is_none(), "{text}");
        }
    }
}
