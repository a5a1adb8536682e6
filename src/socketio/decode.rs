//! A Socket.IO packet in its text form (Socket.IO v5, "Packet encoding"):
//! `<type>[<attachments>-][<namespace>,][<ack id>][<JSON>]`.
//!
//! Everything borrows from the message. The JSON is validated and its outer array opened, so
//! that the event's name is known; the arguments stay text. The rules of what each type
//! accepts are those of the reference parser 4.2.

use super::error::DecodeError;
use super::json;
use std::borrow::Cow;

/// The namespace of a packet that names none.
pub const MAIN: &str = "/";

/// Names of events that only the library itself emits; from a client they break the protocol.
const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];

/// A packet as it was received, attachments not yet joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The namespace it is for.
    pub namespace: &'a str,
    /// Binary attachments that follow in messages of their own.
    pub attachments: usize,
    /// What it says.
    pub body: Body<'a>,
    /// Bytes of an event's first two arguments, with the white space around them but without
    /// commas; 0 for one that is not there.
    pub lens: [usize; 2],
}

/// What a packet says, by type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body<'a> {
    /// `0`, with the client's auth object, `{}` if it gave none.
    Connect(&'a str),
    /// `1`
    Disconnect,
    /// `2` and `5`
    Event {
        /// Its name; a number is passed as its digits. `None` for an event without a payload,
        /// which nobody gets.
        name: Option<Cow<'a, str>>,
        /// The arguments after the name: the inside of a JSON array.
        args: &'a str,
        /// The id under which the client wants an answer.
        ack: Option<u64>,
    },
    /// `3` and `6`
    Ack {
        /// The id under which the server asked; an answer without one is ignored.
        id: Option<u64>,
        /// The arguments: the inside of a JSON array.
        args: &'a str,
    },
    /// `4`: only servers send it.
    ConnectError,
}

/// Decodes one text message.
///
/// # Errors
/// [`DecodeError`] for everything that the reference parser throws on.
pub fn decode(text: &str, max_attachments: usize) -> Result<Packet<'_>, DecodeError> {
    let kind = *text.as_bytes().first().ok_or(DecodeError::UnknownType)?;
    let mut rest = text.get(1..).ok_or(DecodeError::UnknownType)?;
    let mut attachments = 0;
    if let b'5' | b'6' = kind {
        (attachments, rest) = attachment_count(rest, max_attachments)?;
    }
    let namespace;
    (namespace, rest) = split_namespace(rest);
    let id;
    (id, rest) = ack_id(rest)?;
    let mut lens = [0; 2];
    let payload = match rest {
        "" => None,
        _ => Some(payload(rest)?),
    };
    let body = match kind {
        b'0' => Body::Connect(match payload {
            None => "{}",
            Some((json, _)) if json.starts_with('{') => json,
            Some(_) => return Err(DecodeError::Payload),
        }),
        b'1' if payload.is_none() => Body::Disconnect,
        b'1' => return Err(DecodeError::Payload),
        b'2' | b'5' => {
            let (name, args) = match payload {
                None if attachments > 0 => return Err(DecodeError::Payload),
                None => (None, ""),
                Some((json, ends)) => {
                    let (name, args);
                    (name, args, lens) = event(json, ends)?;
                    (Some(name), args)
                }
            };
            Body::Event {
                name,
                args,
                ack: id,
            }
        }
        b'3' | b'6' => Body::Ack {
            id,
            args: match payload {
                None if attachments > 0 => return Err(DecodeError::Payload),
                None => "",
                Some((json, _)) => array(json)?,
            },
        },
        b'4' => Body::ConnectError,
        _ => return Err(DecodeError::UnknownType),
    };
    Ok(Packet {
        namespace,
        attachments,
        body,
        lens,
    })
}

fn attachment_count(text: &str, max: usize) -> Result<(usize, &str), DecodeError> {
    let (digits, rest) = text.split_once('-').ok_or(DecodeError::AttachmentCount)?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DecodeError::AttachmentCount);
    }
    match digits.parse::<usize>() {
        Ok(count) if (1..=max).contains(&count) => Ok((count, rest)),
        _ => Err(DecodeError::AttachmentCount),
    }
}

fn split_namespace(text: &str) -> (&str, &str) {
    if !text.starts_with('/') {
        return (MAIN, text);
    }
    text.split_once(',').unwrap_or((text, ""))
}

fn ack_id(text: &str) -> Result<(Option<u64>, &str), DecodeError> {
    let end = text
        .bytes()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(text.len());
    match text.split_at_checked(end) {
        None | Some(("", _)) => Ok((None, text)),
        Some((digits, rest)) => digits
            .parse()
            .map(|id| (Some(id), rest))
            .map_err(|_| DecodeError::AckId),
    }
}

/// The whole rest as one JSON value, white space around it removed, and where in it the first
/// elements end if it is an array.
fn payload(text: &str) -> Result<(&str, [usize; 3]), DecodeError> {
    let outline = json::outline(text).map_err(|_| DecodeError::Json)?;
    if !json::is_blank_from(text, outline.len) {
        return Err(DecodeError::Json);
    }
    // Of the white space of ASCII only that of JSON was let through.
    let json = text.trim_ascii_start();
    let before = text.len() - json.len();
    let ends = outline.ends.map(|at| at.saturating_sub(before));
    Ok((json.trim_ascii_end(), ends))
}

/// The inside of a JSON array.
fn array(json: &str) -> Result<&str, DecodeError> {
    json::between(json, b'[', b']').ok_or(DecodeError::Payload)
}

/// The name of an event, its arguments, and the lengths of the first two of those.
fn event(json: &str, ends: [usize; 3]) -> Result<(Cow<'_, str>, &str, [usize; 2]), DecodeError> {
    let inside = array(json)?;
    // The bracket stands before what is inside.
    let [name_end, first_end, second_end] = ends.map(|at| at.saturating_sub(1));
    let first = inside.get(..name_end).unwrap_or_default().trim_ascii();
    let args = inside.get(name_end + 1..).unwrap_or_default();
    let trimmed = args.trim_ascii_start();
    let args_start = name_end + 1 + args.len() - trimmed.len();
    let lens = [
        first_end.saturating_sub(args_start),
        second_end.saturating_sub(first_end + 1),
    ];
    let name = match first.as_bytes().first() {
        Some(b'"') => string(first)?,
        Some(b'-' | b'0'..=b'9') => Cow::Borrowed(first),
        _ => return Err(DecodeError::Payload),
    };
    if first.starts_with('"') && RESERVED.contains(&&*name) {
        return Err(DecodeError::ReservedEvent);
    }
    Ok((name, trimmed.trim_ascii_end(), lens))
}

/// The characters of a JSON string. One with a lone surrogate escape has no Rust form.
pub(super) fn string(json: &str) -> Result<Cow<'_, str>, DecodeError> {
    let inside = json::between(json, b'"', b'"').ok_or(DecodeError::Payload)?;
    // It was validated: what does not stand for itself is an escape.
    if json::plain_len(inside.as_bytes()) == inside.len() {
        return Ok(Cow::Borrowed(inside));
    }
    serde_json::from_str(json)
        .map(Cow::Owned)
        .map_err(|_| DecodeError::Payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(text: &str) -> Packet<'_> {
        decode(text, 10).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn event<'a>(name: &'a str, args: &'a str, ack: Option<u64>) -> Body<'a> {
        Body::Event {
            name: Some(name.into()),
            args,
            ack,
        }
    }

    #[test]
    fn connects_carry_a_namespace_and_an_object() {
        let connect = |namespace, auth| Packet {
            namespace,
            attachments: 0,
            body: Body::Connect(auth),
            lens: [0; 2],
        };
        assert_eq!(ok("0"), connect("/", "{}"));
        assert_eq!(ok("0{\"a\":1}"), connect("/", "{\"a\":1}"));
        assert_eq!(ok("0/a"), connect("/a", "{}"));
        assert_eq!(ok("0/a,"), connect("/a", "{}"));
        assert_eq!(ok("0/a,{\"x\":1}"), connect("/a", "{\"x\":1}"));
        assert_eq!(ok("0/a?q=1"), connect("/a?q=1", "{}"));
    }

    #[test]
    fn events_keep_their_arguments_as_text() {
        assert_eq!(ok("2[\"a\"]").body, event("a", "", None));
        assert_eq!(
            ok("2[\"a\", 1e400 , {\"b\":[ ]}]").body,
            event("a", "1e400 , {\"b\":[ ]}", None)
        );
        assert_eq!(
            ok("2/n,7[\"a\",null]"),
            Packet {
                namespace: "/n",
                attachments: 0,
                body: event("a", "null", Some(7)),
                lens: [4, 0],
            }
        );
        assert_eq!(ok("2/,[\"a\"]").namespace, "/");
        assert_eq!(ok("2007[\"a\"]").body, event("a", "", Some(7)));
        assert_eq!(ok("2[1,\"x\"]").body, event("1", "\"x\"", None));
        assert_eq!(ok("2[\"\\u0061\"] \n").body, event("a", "", None));
        assert_eq!(
            ok("2").body,
            Body::Event {
                name: None,
                args: "",
                ack: None
            }
        );
        assert_eq!(
            ok("51-[\"m\",{\"_placeholder\":true,\"num\":0}]").attachments,
            1
        );
    }

    #[test]
    fn acks_and_disconnects_decode() {
        assert_eq!(
            ok("30[]").body,
            Body::Ack {
                id: Some(0),
                args: ""
            }
        );
        assert_eq!(
            ok("30").body,
            Body::Ack {
                id: Some(0),
                args: ""
            }
        );
        assert_eq!(
            ok("3/a,12[1,2]").body,
            Body::Ack {
                id: Some(12),
                args: "1,2"
            }
        );
        assert_eq!(ok("61-0[{\"_placeholder\":true,\"num\":0}]").attachments, 1);
        assert_eq!(ok("1").body, Body::Disconnect);
        assert_eq!(
            ok("1/a,"),
            Packet {
                namespace: "/a",
                attachments: 0,
                body: Body::Disconnect,
                lens: [0; 2],
            }
        );
        assert_eq!(ok("4{\"message\":\"x\"}").body, Body::ConnectError);
    }

    #[test]
    fn the_lengths_of_the_first_two_arguments_are_known() {
        for (text, args, lens) in [
            ("2[\"a\"]", "", [0, 0]),
            ("2[\"a\",[1,2]]", "[1,2]", [5, 0]),
            ("2[\"a\",1,\"b\"]", "1,\"b\"", [1, 3]),
            (
                "27 [ \"a\" , {\"b\":1,\"c\":2} ,3, 4 ] ",
                "{\"b\":1,\"c\":2} ,3, 4",
                [14, 1],
            ),
        ] {
            let packet = ok(text);
            assert_eq!(packet.lens, lens, "{text}");
            let Body::Event { args: found, .. } = packet.body else {
                panic!("{text}");
            };
            assert_eq!(found, args);
            let known = json::elements_of(args, lens);
            assert!(known.eq(json::elements(args)), "{text}");
        }
    }

    #[test]
    fn an_argument_with_white_space_behind_it_is_not_lost() {
        let packet = ok("2[\"a\", 1 , \"b\" \n]");
        assert_eq!(packet.body, event("a", "1 , \"b\"", None));
        let known = json::elements_of("1 , \"b\"", packet.lens);
        assert_eq!(known.collect::<Vec<_>>(), ["1", "\"b\""]);
    }

    #[test]
    fn what_the_reference_parser_throws_on_is_refused() {
        for text in [
            "",
            "7",
            " 2[]",
            "abc",
            "\u{e9}",
            "0[]",
            "0null",
            "0\"s\"",
            "0,",
            "0{",
            "1{}",
            "2{}",
            "2[]",
            "2[null]",
            "2[{}]",
            "2[\"connect\"]",
            "2[\"disconnecting\"]",
            "2[\"newListener\"]",
            "2[\"\\u0063onnect\"]",
            "21.5[\"a\"]",
            "2-1[\"a\"]",
            "2abc[\"a\"]",
            "2[\"a\"",
            "2[\"a\"]x",
            "30{}",
            "30null",
            "5[\"a\"]",
            "50-[\"a\"]",
            "5-[\"a\"]",
            "5-1-[\"a\"]",
            "51.5-[\"a\"]",
            "511-[\"a\"]",
            "51-",
            "61-0",
            "5x-[\"a\"]",
            "299999999999999999999[\"a\"]",
        ] {
            assert!(decode(text, 10).is_err(), "{text}");
        }
    }
}
