//! Several packets in one HTTP body: joined by the record separator (Engine.IO v4,
//! "HTTP long-polling", "Packet encoding").
//!
//! A separator at either end makes an empty packet, which is an error for who decodes it, as
//! in the reference server.

use super::error::DecodeError;

/// The byte between two packets of a payload.
pub const SEPARATOR: u8 = 0x1e;

/// The text packets of a request body, in order; never empty (an empty body is one empty
/// packet).
///
/// # Errors
/// [`DecodeError::Utf8`] if the body is not UTF-8.
pub fn split(body: &[u8]) -> Result<impl Iterator<Item = &str>, DecodeError> {
    let text = std::str::from_utf8(body).map_err(|_| DecodeError::Utf8)?;
    Ok(text.split(char::from(SEPARATOR)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(body: &[u8]) -> Vec<&str> {
        split(body).map(Iterator::collect).unwrap_or_default()
    }

    #[test]
    fn packets_come_out_in_order() {
        assert_eq!(parts(b"4hello\x1e2\x1ebAQ=="), ["4hello", "2", "bAQ=="]);
    }

    #[test]
    fn an_empty_body_and_a_trailing_separator_are_an_empty_packet() {
        assert_eq!(parts(b""), [""]);
        assert_eq!(parts(b"4a\x1e"), ["4a", ""]);
    }

    #[test]
    fn a_body_that_is_not_utf8_is_refused() {
        assert!(matches!(split(b"4\xff"), Err(DecodeError::Utf8)));
    }
}
