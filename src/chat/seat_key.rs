//! The secret by which somebody who was lost has their seat again.
//!
//! The page makes it up, and sends it when it connects, as `seat` of the auth object: 128 bits in 32
//! hexadecimal digits. Anything else is no key, so that nobody's seat hangs on a short secret.
//! Invariants: it is compared in constant time, and neither shown nor sent to anybody.

use crate::socketio::Arg;
use serde::Deserialize;
use std::fmt;
use std::hash::{Hash, Hasher};
use subtle::ConstantTimeEq;

/// Bytes of a key.
const BYTES: usize = 16;

/// The secret that a seat belongs to.
#[derive(Clone, Copy)]
pub struct SeatKey([u8; BYTES]);

impl SeatKey {
    /// The key in the auth object of a connect, if it has one.
    pub(super) fn in_auth(auth: Arg<'_>) -> Option<Self> {
        #[derive(Deserialize)]
        struct Auth {
            seat: String,
        }
        auth.read()
            .ok()
            .and_then(|auth: Auth| Self::parse(&auth.seat))
    }

    /// Reads 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (digits, rest) = text.as_bytes().as_chunks::<2>();
        let digits: &[[u8; 2]; BYTES] = digits.try_into().ok()?;
        let mut key = [0; BYTES];
        for (byte, [high, low]) in key.iter_mut().zip(digits) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        rest.is_empty().then_some(Self(key))
    }
}

/// The value of a hexadecimal digit.
fn digit(character: u8) -> Option<u8> {
    let value = char::from(character).to_digit(16)?;
    u8::try_from(value).ok()
}

impl PartialEq for SeatKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SeatKey {}

/// For tables that are hashed with random keys, so that their timing says nothing of it.
impl Hash for SeatKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for SeatKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SeatKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socketio::Args;

    const KEY: &str = "00112233445566778899aabbccddeeFF";

    #[test]
    fn a_key_is_128_bits_in_hexadecimal_digits() {
        let key = SeatKey::parse(KEY).expect("a key");
        assert_eq!(key.0[..3], [0x00, 0x11, 0x22]);
        assert_eq!(key.0[15], 0xff);
        assert_eq!(Some(key), SeatKey::parse(&KEY.to_lowercase()));
        for at in 0..KEY.len() {
            let mut other = KEY.to_owned();
            other.replace_range(at..=at, if &KEY[at..=at] == "7" { "8" } else { "7" });
            assert_ne!(Some(key), SeatKey::parse(&other), "{other}");
        }
    }

    #[test]
    fn anything_else_is_no_key() {
        let long = format!("{KEY}0");
        let wrong = KEY.replace('3', "g");
        let signed = KEY.replacen("00", "+0", 1);
        let wide = KEY.replacen("00", "\u{e4}", 1);
        for text in ["", &KEY[1..], &KEY[2..], &long, &wrong, &signed, &wide] {
            assert_eq!(SeatKey::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_key_is_the_seat_of_the_auth_object() {
        let of = |json: &str| Args::new(json, &[]).get(0).and_then(SeatKey::in_auth);
        let json = format!("{{\"token\":1,\"seat\":\"{KEY}\"}}");
        assert_eq!(of(&json), SeatKey::parse(KEY));
        for json in [
            "{}",
            "{\"seat\":7}",
            "{\"seat\":null}",
            "[]",
            "\"seat\"",
            "{\"seat\":\"7\"}",
        ] {
            assert_eq!(of(json), None, "{json}");
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        let key = SeatKey::parse(KEY).expect("a key");
        assert_eq!(format!("{key:?}"), "SeatKey(..)");
    }
}
