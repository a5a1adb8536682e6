//! Binary in Socket.IO packets: placeholders in the JSON, bytes in messages of their own
//! (Socket.IO v5, "Packet encoding", binary packets).
//!
//! A placeholder is any object with `"_placeholder": true`; its `num` names the attachment.
//! It counts only in a packet that announces attachments: in a plain event it stays an object.

use super::decode::string;
use super::error::DecodeError;
use super::json;
use bytes::Bytes;
use std::ops::Range;
use std::time::Instant;

/// A placeholder in a piece of JSON: where it stands and which attachment it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placeholder {
    pub(super) at: Range<usize>,
    pub(super) attachment: usize,
}

/// The placeholders in `text`, which is valid JSON or a list of JSON values, in order.
///
/// # Errors
/// [`DecodeError::Placeholder`] if one names no attachment out of `count`.
pub(super) fn placeholders(text: &str, count: usize) -> Result<Vec<Placeholder>, DecodeError> {
    let mut found = Vec::new();
    // Objects that are open: their start and what is known of their two members so far.
    let mut open: Vec<Candidate> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' => open.push(Candidate {
                start: at,
                marked: false,
                attachment: None,
            }),
            b'}' => {
                if let Some(Candidate {
                    start,
                    marked: true,
                    attachment,
                }) = open.pop()
                {
                    let attachment = attachment
                        .filter(|n| *n < count)
                        .ok_or(DecodeError::Placeholder)?;
                    // One inside another is part of what the outer one replaces.
                    while found
                        .pop_if(|inner: &mut Placeholder| inner.at.start > start)
                        .is_some()
                    {}
                    found.push(Placeholder {
                        at: start..at + 1,
                        attachment,
                    });
                }
            }
            b'"' => {
                let rest = text.get(at..).unwrap_or_default();
                let len = json::value_len(rest).map_err(|_| DecodeError::Json)?;
                let (string, after) = rest.split_at_checked(len).unwrap_or_default();
                if let Some(candidate) = open.last_mut()
                    && let Some(value) = member_value(after)
                {
                    candidate.member(string, value);
                }
                at += len;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    Ok(found)
}

struct Candidate {
    start: usize,
    marked: bool,
    attachment: Option<usize>,
}

impl Candidate {
    /// Notes a member; of two with one name the last counts, as in JavaScript. A name may be
    /// spelt with escapes: who is told of it would find a placeholder that was not found here.
    fn member(&mut self, key: &str, value: &str) {
        match &*string(key).unwrap_or_default() {
            "_placeholder" => self.marked = scalar(value) == "true",
            "num" => self.attachment = scalar(value).parse().ok(),
            _ => {}
        }
    }
}

const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// What begins with the value behind a key, if a colon says that this was a key.
fn member_value(after: &str) -> Option<&str> {
    let value = after.trim_start_matches(SPACE).strip_prefix(':')?;
    Some(value.trim_start_matches(SPACE))
}

/// The value that `text` begins with, or nothing if that is a list or an object: those are
/// neither mark nor number, and to look into them would read each level of nesting again.
fn scalar(text: &str) -> &str {
    if text.starts_with(['[', '{']) {
        return "";
    }
    json::value_len(text)
        .ok()
        .and_then(|len| text.get(..len))
        .unwrap_or_default()
}

/// A binary packet whose attachments are still coming in.
#[derive(Debug)]
pub struct Assembly {
    /// The packet's text, which decodes (it has once already).
    pub text: String,
    /// The attachments so far, in order.
    pub attachments: Vec<Bytes>,
    expected: usize,
    /// When the next of them must have come.
    pub(super) due: Option<Instant>,
}

impl Assembly {
    pub(super) fn new(text: &str, expected: usize) -> Self {
        Self {
            text: text.to_owned(),
            // Room is made for what comes, not for what is announced.
            attachments: Vec::new(),
            expected,
            due: None,
        }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.attachments.push(Bytes::copy_from_slice(bytes));
    }

    pub(super) fn is_complete(&self) -> bool {
        self.attachments.len() == self.expected
    }

    /// Bytes it holds.
    pub fn bytes(&self) -> usize {
        self.text.len() + self.attachments.iter().map(Bytes::len).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nums(text: &str, count: usize) -> Result<Vec<(String, usize)>, DecodeError> {
        placeholders(text, count).map(|list| {
            list.into_iter()
                .map(|p| (text[p.at].to_owned(), p.attachment))
                .collect()
        })
    }

    #[test]
    fn placeholders_are_found_at_any_depth_in_order() {
        let text = r#"[{"_placeholder":true,"num":1}, {"a":{ "num" : 0 , "_placeholder" : true }}, "{\"_placeholder\":true}"]"#;
        assert_eq!(
            nums(text, 2),
            Ok(vec![
                (r#"{"_placeholder":true,"num":1}"#.to_owned(), 1),
                (r#"{ "num" : 0 , "_placeholder" : true }"#.to_owned(), 0),
            ])
        );
    }

    #[test]
    fn what_only_looks_like_a_placeholder_is_left_alone() {
        for text in [
            r#"{"_placeholder":false,"num":9}"#,
            r#"{"num":9}"#,
            r#"["_placeholder",true]"#,
            r#"{"a":"_placeholder"}"#,
        ] {
            assert_eq!(nums(text, 1), Ok(vec![]), "{text}");
        }
    }

    #[test]
    fn a_placeholder_that_names_no_attachment_is_an_error() {
        for num in ["1", "-1", "\"0\"", "null", "0.5", "1e0", "[]"] {
            let text = format!(r#"[{{"_placeholder":true,"num":{num}}}]"#);
            assert_eq!(nums(&text, 1), Err(DecodeError::Placeholder), "{text}");
        }
        assert_eq!(
            nums(r#"{"_placeholder":true}"#, 1),
            Err(DecodeError::Placeholder)
        );
    }

    #[test]
    fn a_key_that_is_spelt_with_escapes_is_the_same_key() {
        let text = r#"{"\u005fplaceholder":true,"n\u0075m":0}"#;
        assert_eq!(nums(text, 1), Ok(vec![(text.to_owned(), 0)]));
        assert_eq!(nums(text, 0), Err(DecodeError::Placeholder));
    }

    #[test]
    fn lists_and_objects_are_neither_mark_nor_number() {
        let text = r#"{"_placeholder":[true],"num":{"num":0}}"#;
        assert_eq!(nums(text, 1), Ok(vec![]));
        let text = r#"{"_placeholder":true,"num":0,"num":{"num":0}}"#;
        assert_eq!(nums(text, 1), Err(DecodeError::Placeholder));
    }

    #[test]
    fn attachments_that_are_only_announced_take_no_room() {
        assert_eq!(Assembly::new("", 1_000_000).attachments.capacity(), 0);
    }

    #[test]
    fn an_outer_placeholder_swallows_what_is_in_it() {
        let text = r#"{"_placeholder":true,"num":0,"x":{"_placeholder":true,"num":1}}"#;
        assert_eq!(nums(text, 2), Ok(vec![(text.to_owned(), 0)]));
    }
}
