//! A second Socket.IO decoder, over serde_json and by the letter of the protocol (Socket.IO v5,
//! "Packet encoding"): slow, and written without a look at ours, to judge it by.

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Arrays and objects inside one another that are accepted, empty ones not counted.
const DEEPEST: usize = 127;

/// Event names that clients may not use.
const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) attachments: usize,
    pub(crate) body: Body<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body<'a> {
    Connect(&'a str),
    Disconnect,
    Event {
        /// `None` without a payload.
        name: Option<String>,
        args: Vec<&'a str>,
        id: Option<u64>,
    },
    Ack {
        args: Vec<&'a str>,
        id: Option<u64>,
    },
    ConnectError,
}

/// `None` for what the protocol does not allow.
pub(crate) fn decode(text: &str, most_attachments: usize) -> Option<Packet<'_>> {
    let kind = text.chars().next()?;
    let mut rest = &text[kind.len_utf8()..];
    let mut attachments = 0;
    if let '5' | '6' = kind {
        let dash = rest.find('-')?;
        attachments = number(&rest[..dash])?.try_into().ok()?;
        if attachments == 0 || attachments > most_attachments {
            return None;
        }
        rest = &rest[dash + 1..];
    }
    let mut namespace = "/";
    if rest.starts_with('/') {
        let comma = rest.find(',');
        namespace = &rest[..comma.unwrap_or(rest.len())];
        rest = &rest[comma.map_or(rest.len(), |comma| comma + 1)..];
    }
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let id = match digits {
        0 => None,
        _ => Some(number(&rest[..digits])?),
    };
    rest = &rest[digits..];
    let json = match rest {
        "" => None,
        _ => Some(value(rest)?),
    };
    let body = match (kind, json) {
        ('0', None) => Body::Connect("{}"),
        ('0', Some(json)) if json.starts_with('{') => Body::Connect(json),
        ('1', None) => Body::Disconnect,
        ('2', None) => Body::Event {
            name: None,
            args: Vec::new(),
            id,
        },
        ('3', None) => Body::Ack {
            args: Vec::new(),
            id,
        },
        ('2' | '5', Some(json)) => {
            let mut args = array(json)?;
            let name = match args.first()?.chars().next()? {
                '"' => serde_json::from_str(args[0])
                    .ok()
                    .filter(|name: &String| !RESERVED.contains(&name.as_str()))?,
                '-' | '0'..='9' => args[0].to_owned(),
                _ => return None,
            };
            args.remove(0);
            Body::Event {
                name: Some(name),
                args,
                id,
            }
        }
        ('3' | '6', Some(json)) => Body::Ack {
            args: array(json)?,
            id,
        },
        ('4', _) => Body::ConnectError,
        _ => return None,
    };
    Some(Packet {
        namespace,
        attachments,
        body,
    })
}

fn number(digits: &str) -> Option<u64> {
    let only_digits = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit());
    digits.parse().ok().filter(|_| only_digits)
}

/// The one JSON value in the text, without white space around it.
fn value(text: &str) -> Option<&str> {
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    // First the brackets, so that what follows need not fear for its stack.
    let shallow = brackets(raw.get()) <= DEEPEST + 1 && Node::new(raw.get()).depth() <= DEEPEST;
    shallow.then(|| raw.get())
}

fn array(json: &str) -> Option<Vec<&str>> {
    let list: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    Some(list.into_iter().map(RawValue::get).collect())
}

/// How deep the brackets of valid JSON stand in one another.
fn brackets(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// JSON as a tree, numbers and strings as they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node<'a> {
    Scalar(&'a str),
    Array(Vec<Node<'a>>),
    /// Its members in order, double ones too.
    Object(Vec<(String, Node<'a>)>),
}

/// The members of an object.
struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Each)
    }
}

impl<'a> Node<'a> {
    /// `json` is valid and not deep.
    pub(crate) fn new(json: &'a str) -> Self {
        match json.chars().next() {
            Some('[') => {
                let list = array(json).expect("is an array");
                Self::Array(list.into_iter().map(Self::new).collect())
            }
            Some('{') => {
                let Members(list) = serde_json::from_str(json).expect("is an object");
                let named = list.into_iter().map(|(key, value)| {
                    // A key with half a surrogate pair has no Rust form, and is no key of ours.
                    let name = serde_json::from_str(key.get());
                    let name = name.unwrap_or_else(|_| key.get().to_owned());
                    (name, Self::new(value.get()))
                });
                Self::Object(named.collect())
            }
            _ => Self::Scalar(json),
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::Scalar(_) => 0,
            Self::Array(list) => list.iter().map(|node| 1 + node.depth()).max().unwrap_or(0),
            Self::Object(list) => list
                .iter()
                .map(|(_, node)| 1 + node.depth())
                .max()
                .unwrap_or(0),
        }
    }

    fn member(&self, name: &str) -> Option<&Self> {
        let Self::Object(list) = self else {
            return None;
        };
        // Of two with one name JavaScript keeps the last.
        let found = list.iter().rfind(|(other, _)| other == name);
        found.map(|(_, value)| value)
    }

    /// Whether it stands for an attachment, and for which, if it says so in a usable way.
    pub(crate) fn placeholder(&self) -> Option<Option<usize>> {
        if self.member("_placeholder") != Some(&Node::Scalar("true")) {
            return None;
        }
        Some(match self.member("num") {
            Some(Node::Scalar(num)) => number(num).and_then(|num| num.try_into().ok()),
            _ => None,
        })
    }

    /// Whether every placeholder in it, also in another one, names one of `count` attachments.
    pub(crate) fn fits(&self, count: usize) -> bool {
        let inside = match self {
            Self::Scalar(_) => true,
            Self::Array(list) => list.iter().all(|node| node.fits(count)),
            Self::Object(list) => list.iter().all(|(_, node)| node.fits(count)),
        };
        inside
            && self
                .placeholder()
                .is_none_or(|num| num.is_some_and(|num| num < count))
    }

    /// Whether both say the same, placeholders being the attachments that they stand for.
    pub(crate) fn says(&self, own: &[Vec<u8>], other: &Node<'_>, others: &[Vec<u8>]) -> bool {
        // Without attachments a placeholder is an object like any other.
        let mine = self.placeholder().filter(|_| !own.is_empty()).flatten();
        let theirs = other.placeholder().filter(|_| !others.is_empty()).flatten();
        match (self, other) {
            _ if mine.is_some() || theirs.is_some() => {
                let mine = mine.and_then(|num| own.get(num));
                mine.is_some() && mine == theirs.and_then(|num| others.get(num))
            }
            (Self::Scalar(one), Node::Scalar(two)) => one == two,
            (Self::Array(one), Node::Array(two)) => {
                let mut both = one.iter().zip(two);
                one.len() == two.len() && both.all(|(one, two)| one.says(own, two, others))
            }
            (Self::Object(one), Node::Object(two)) => {
                let mut both = one.iter().zip(two);
                let same = |(one, two): (&(String, Node<'_>), &(String, Node<'_>))| {
                    one.0 == two.0 && one.1.says(own, &two.1, others)
                };
                one.len() == two.len() && both.all(same)
            }
            _ => false,
        }
    }
}
