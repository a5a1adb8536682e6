//! Socket.IO packets on their way out, as whole Engine.IO text packets (`4` first), written
//! behind one another into one buffer.

use super::decode::MAIN;
use super::json::plain_len;
use super::recovery::Pid;
use super::socket_id::SocketId;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// `40{"sid":"..."}`: the answer to a connect that is accepted; with `"pid"` if the socket can be
/// recovered.
pub(crate) fn connect(namespace: &str, id: &SocketId, pid: Option<&Pid>, out: &mut String) {
    header('0', 0, namespace, None, out);
    out.push_str("{\"sid\":\"");
    out.push_str(id.as_str());
    if let Some(pid) = pid {
        out.push_str("\",\"pid\":\"");
        out.push_str(pid.as_str());
    }
    out.push_str("\"}");
}

/// `40`: the same for a client of Socket.IO 2.
pub(crate) fn legacy_connect(namespace: &str, out: &mut String) {
    header('0', 0, namespace, None, out);
}

/// `44{"message":"..."}`: the answer to a connect that is refused. `data` is JSON text.
pub(crate) fn connect_error(namespace: &str, message: &str, data: Option<&str>, out: &mut String) {
    header('4', 0, namespace, None, out);
    out.push_str("{\"message\":");
    string(message, out);
    if let Some(data) = data {
        out.push_str(",\"data\":");
        out.push_str(data);
    }
    out.push('}');
}

/// `44"..."`: the same for a client of Socket.IO 2, which gets `data` in place of the message.
pub(crate) fn legacy_connect_error(
    namespace: &str,
    message: &str,
    data: Option<&str>,
    out: &mut String,
) {
    header('4', 0, namespace, None, out);
    match data {
        Some(data) => out.push_str(data),
        None => string(message, out),
    }
}

/// A JSON object of strings.
pub(crate) fn object(members: &BTreeMap<Cow<'_, str>, Cow<'_, str>>, out: &mut String) {
    out.push('{');
    for (at, (name, value)) in members.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        string(name, out);
        out.push(':');
        string(value, out);
    }
    out.push('}');
}

/// `41`: the socket is disconnected from its namespace.
pub(crate) fn disconnect(namespace: &str, out: &mut String) {
    header('1', 0, namespace, None, out);
}

/// The start of an event, up to its name: `42["name"`. Arguments and `]` follow.
pub(crate) fn event(
    attachments: usize,
    namespace: &str,
    ack: Option<u64>,
    name: &str,
    out: &mut String,
) {
    header(
        if attachments == 0 { '2' } else { '5' },
        attachments,
        namespace,
        ack,
        out,
    );
    out.push('[');
    string(name, out);
}

/// The start of an answer: `437[`. Arguments and `]` follow.
pub(crate) fn ack(attachments: usize, namespace: &str, id: u64, out: &mut String) {
    header(
        if attachments == 0 { '3' } else { '6' },
        attachments,
        namespace,
        Some(id),
        out,
    );
    out.push('[');
}

fn header(kind: char, attachments: usize, namespace: &str, id: Option<u64>, out: &mut String) {
    out.push('4');
    out.push(kind);
    // Writing to a String cannot fail.
    if attachments > 0 {
        let _ = write!(out, "{attachments}-");
    }
    if namespace != MAIN {
        out.push_str(namespace);
        out.push(',');
    }
    if let Some(id) = id {
        let _ = write!(out, "{id}");
    }
}

/// A JSON string. Non-ASCII stays as it is, as JavaScript writes it.
fn string(text: &str, out: &mut String) {
    out.push('"');
    if plain_len(text.as_bytes()) < text.len() {
        for c in text.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                c if c < ' ' => {
                    let _ = write!(out, "\\u{:04x}", u32::from(c));
                }
                c => out.push(c),
            }
        }
    } else {
        out.push_str(text);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn packets_have_their_fields_in_the_order_of_the_protocol() {
        let id = SocketId::from_random([0; 15]);
        assert_eq!(
            written(|o| connect("/", &id, None, o)),
            "40{\"sid\":\"AAAAAAAAAAAAAAAAAAAA\"}"
        );
        assert_eq!(
            written(|o| connect("/a", &id, None, o)),
            "40/a,{\"sid\":\"AAAAAAAAAAAAAAAAAAAA\"}"
        );
        assert_eq!(
            written(|o| connect_error("/zzz", "no", None, o)),
            "44/zzz,{\"message\":\"no\"}"
        );
        assert_eq!(
            written(|o| connect_error("/", "n\"o", Some("{\"a\":1}"), o)),
            "44{\"message\":\"n\\\"o\",\"data\":{\"a\":1}}"
        );
        assert_eq!(written(|o| legacy_connect("/", o)), "40");
        assert_eq!(written(|o| legacy_connect("/a", o)), "40/a,");
        assert_eq!(
            written(|o| legacy_connect_error("/", "n\"o", None, o)),
            "44\"n\\\"o\""
        );
        assert_eq!(
            written(|o| legacy_connect_error("/a", "no", Some("[1]"), o)),
            "44/a,[1]"
        );
        assert_eq!(written(|o| disconnect("/", o)), "41");
        assert_eq!(written(|o| disconnect("/a", o)), "41/a,");
        assert_eq!(written(|o| event(0, "/", None, "hi", o)), "42[\"hi\"");
        assert_eq!(
            written(|o| event(2, "/a", Some(7), "hi", o)),
            "452-/a,7[\"hi\""
        );
        assert_eq!(written(|o| ack(0, "/", 7, o)), "437[");
        assert_eq!(written(|o| ack(1, "/a", 0, o)), "461-/a,0[");
    }

    #[test]
    fn strings_are_escaped_as_json_and_stay_readable() {
        for text in [
            "plain",
            "a\"b\\c",
            "\n\r\t\u{8}\u{c}\u{1}",
            "\u{e9}\u{1f600}",
        ] {
            let json = written(|o| string(text, o));
            assert_eq!(
                serde_json::from_str::<String>(&json).ok().as_deref(),
                Some(text)
            );
            assert_eq!(Some(json), serde_json::to_string(text).ok());
        }
    }

    #[test]
    fn an_object_of_strings_is_json() {
        let members = [("a\"", "\n"), ("b", ""), ("", "\u{e9}")];
        let members: BTreeMap<Cow<'_, str>, Cow<'_, str>> = members
            .map(|(name, value)| (name.into(), value.into()))
            .into();
        for members in [BTreeMap::new(), members] {
            let json = written(|o| object(&members, o));
            assert_eq!(serde_json::from_str(&json).ok(), Some(members));
        }
    }
}
