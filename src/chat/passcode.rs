//! The word that everybody must know who wants to talk to a server that has one.
//!
//! It comes from a file, by `process`, and from clients as `passcode` of the auth object.
//! Invariants: it is compared in constant time, whatever is presented; it is neither shown nor sent to
//! anybody. Left out: a hash of it, because its file has it in the clear too.

use crate::socketio::Arg;
use serde::Deserialize;
use std::fmt;
use subtle::ConstantTimeEq;

/// Bytes of a passcode at most.
const MAX_BYTES: usize = 128;

/// A passcode: 1 to 128 bytes without control characters.
#[derive(Clone)]
pub struct Passcode {
    /// Zeros behind its end.
    bytes: [u8; MAX_BYTES],
    len: usize,
}

impl Passcode {
    /// Reads a passcode: one line, with its end or without.
    ///
    /// # Errors
    /// What it would have to be, in words that do not repeat it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let line = text.strip_suffix('\n').unwrap_or(text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() {
            return Err("it must have a passcode in its only line");
        }
        if line.chars().any(char::is_control) {
            return Err("it must be one line without control characters");
        }
        Self::of(line).ok_or("its passcode can have 128 bytes at most")
    }

    fn of(word: &str) -> Option<Self> {
        let mut bytes = [0; MAX_BYTES];
        bytes
            .get_mut(..word.len())?
            .copy_from_slice(word.as_bytes());
        let len = word.len();
        Some(Self { bytes, len })
    }

    /// Whether this is the passcode. What is too long for one is none.
    pub fn is(&self, word: &str) -> bool {
        Self::of(word).is_some_and(|word| {
            let same = self.bytes.ct_eq(&word.bytes) & self.len.ct_eq(&word.len);
            same.into()
        })
    }
}

impl fmt::Debug for Passcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passcode(..)")
    }
}

/// What the auth object of a connect presents; an empty one is none.
pub(super) fn presented(auth: Arg<'_>) -> Option<String> {
    #[derive(Deserialize)]
    struct Auth {
        passcode: String,
    }
    let auth: Auth = auth.read().ok()?;
    Some(auth.passcode).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socketio::Args;

    #[test]
    fn a_passcode_is_a_line_with_its_end_or_without() {
        for text in ["open sesame", "open sesame\n", "open sesame\r\n"] {
            let passcode = Passcode::parse(text).expect("a passcode");
            assert!(passcode.is("open sesame"), "{text:?}");
        }
        let longest = "\u{fc}".repeat(64);
        assert!(Passcode::parse(&longest).expect("a passcode").is(&longest));
    }

    #[test]
    fn what_is_no_passcode_says_why_and_not_what_it_was() {
        let long = "x".repeat(129);
        for (text, why) in [
            ("", "in its only line"),
            ("\n", "in its only line"),
            ("\r\n", "in its only line"),
            ("two\nlines", "control characters"),
            ("one\n\n", "control characters"),
            ("a\tb", "control characters"),
            ("a\0", "control characters"),
            (&long, "128 bytes at most"),
        ] {
            let error = Passcode::parse(text).expect_err(text);
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }

    #[test]
    fn only_the_whole_passcode_is_it() {
        let passcode = Passcode::parse("sesame").expect("a passcode");
        let long = "sesame".repeat(30);
        for word in ["", "s", "sesam", "sesame ", "Sesame", "sesame\0", &long] {
            assert!(!passcode.is(word), "{word:?}");
        }
    }

    #[test]
    fn it_is_the_passcode_of_the_auth_object() {
        let of = |json: &str| Args::new(json, &[]).get(0).and_then(presented);
        assert_eq!(
            of("{\"seat\":\"x\",\"passcode\":\"s\\u0065same\"}").as_deref(),
            Some("sesame")
        );
        for json in [
            "{}",
            "{\"passcode\":7}",
            "{\"passcode\":\"\"}",
            "{\"passcode\":null}",
            "\"sesame\"",
        ] {
            assert_eq!(of(json), None, "{json}");
        }
    }

    #[test]
    fn a_passcode_is_not_shown() {
        let passcode = Passcode::parse("sesame").expect("a passcode");
        assert_eq!(format!("{passcode:?}"), "Passcode(..)");
    }
}
