//! The elements of an array that was scanned, one after the other, as text.
//!
//! It stands behind the scan, and trusts it: what was accepted is only looked through for commas,
//! and not even that where the scan has told how long an element is.

use super::plain_end;

/// The elements of a JSON array that [`value_len`](super::value_len) has accepted, as text without white space
/// around it. `inside` is what stands between the brackets. It is not checked again, only looked
/// through for commas outside of strings and brackets.
pub fn elements(inside: &str) -> Elements<'_> {
    elements_of(inside, [0; 2])
}

/// The same, if the lengths of the first two are known, with the white space around them but
/// without commas; else 0.
pub(in crate::socketio) fn elements_of(inside: &str, lens: [usize; 2]) -> Elements<'_> {
    Elements { rest: inside, lens }
}

/// Iterator over the elements of an array. See [`elements`].
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    rest: &'a str,
    lens: [usize; 2],
}

impl<'a> Elements<'a> {
    /// What has not been taken yet, without the comma before it.
    pub fn rest(&self) -> &'a str {
        self.rest.trim_ascii()
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let [len, next] = self.lens;
        self.lens = [next, 0];
        let len = match len {
            0 => element_len(self.rest.as_bytes()),
            // White space at the end may have been cut off.
            known => known.min(self.rest.len()),
        };
        let (value, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest.strip_prefix(',').unwrap_or(rest);
        // In JSON there is no other white space between values than that of ASCII.
        Some(value.trim_ascii()).filter(|value| !value.is_empty())
    }
}

/// Bytes up to the comma after the first element, or to the end.
fn element_len(text: &[u8]) -> usize {
    let mut at = 0;
    let mut depth = 0_usize;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at += 1;
                loop {
                    at = plain_end(text, at);
                    match text.get(at) {
                        // With what it escapes.
                        Some(b'\\') => at += 2,
                        _ => break,
                    }
                }
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => break,
            _ => {}
        }
        at += 1;
    }
    at.min(text.len())
}
