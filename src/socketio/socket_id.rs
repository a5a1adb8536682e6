//! The public id of a socket: other clients may see it, so it says nothing about the session.
//!
//! Except for a client of Socket.IO 2, which never asks for its id but takes its session's for
//! it: bare in the main namespace, behind `<namespace>#` in any other. Such an id is as secret
//! as the session's, so its debug form hides it, and [`SocketId::public`] is `None`; its wire
//! form is for that client alone.
//! Source: the reference client 2.x (`Manager.generateId`).

use super::decode::MAIN;
use crate::engineio::SessionId;
use crate::engineio::random_id::{LEN, RANDOM_BYTES, RandomId};
use std::fmt;
use std::hash::{Hash, Hasher};

/// What everybody may call a socket by; for a client of Socket.IO 2, what nobody else may know.
#[derive(Clone)]
pub struct SocketId(Form);

#[derive(Clone)]
enum Form {
    Public(RandomId),
    Session(RandomId),
    /// `<namespace>#<session id>`
    Prefixed(Box<str>),
}

const _: () = assert!(size_of::<SocketId>() <= 24);

impl SocketId {
    /// Makes the id from random bytes; the caller answers for their quality.
    pub fn from_random(bytes: [u8; RANDOM_BYTES]) -> Self {
        Self(Form::Public(RandomId::from_random(bytes)))
    }

    /// The id under which a client of Socket.IO 2 knows itself in a namespace.
    pub(crate) fn of_session(session: &SessionId, namespace: &str) -> Self {
        Self(match namespace {
            MAIN => Form::Session(session.random_id()),
            _ => Form::Prefixed(format!("{namespace}#{}", session.as_str()).into()),
        })
    }

    /// Reads an id; `None` if it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.starts_with('/') {
            return RandomId::parse(text).map(|id| Self(Form::Public(id)));
        }
        let (_, id) = text.rsplit_once('#')?;
        RandomId::parse(id)?;
        Some(Self(Form::Prefixed(text.into())))
    }

    /// The id as it stands on the wire.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Form::Public(id) | Form::Session(id) => id.as_str(),
            Form::Prefixed(text) => text,
        }
    }

    /// The id if anybody may see it, for logs and for other clients. One that was
    /// [read](Self::parse) is taken for what it looks like.
    pub fn public(&self) -> Option<&str> {
        match &self.0 {
            Form::Public(id) => Some(id.as_str()),
            Form::Session(_) | Form::Prefixed(_) => None,
        }
    }
}

impl PartialEq for SocketId {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for SocketId {}

/// Only of the random characters: a client may have chosen the namespace, and the maps of ids
/// have a fast hasher.
impl Hash for SocketId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let random = self.as_str().as_bytes().last_chunk::<LEN>();
        random.hash(state);
    }
}

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SocketId({})", self.public().unwrap_or("secret"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn session() -> SessionId {
        SessionId::from_random([0; RANDOM_BYTES])
    }

    #[test]
    fn an_id_shows_itself() {
        let id = SocketId::from_random([0; RANDOM_BYTES]);
        assert_eq!(id.to_string(), "AAAAAAAAAAAAAAAAAAAA");
        assert_eq!(format!("{id:?}"), "SocketId(AAAAAAAAAAAAAAAAAAAA)");
    }

    #[test]
    fn an_id_that_is_the_sessions_is_written_but_not_printed() {
        for (namespace, text) in [
            ("/", "AAAAAAAAAAAAAAAAAAAA"),
            ("/a#b", "/a#b#AAAAAAAAAAAAAAAAAAAA"),
        ] {
            let id = SocketId::of_session(&session(), namespace);
            assert_eq!(id.as_str(), text);
            assert_eq!(format!("{id:?}"), "SocketId(secret)");
            assert_eq!(id.public(), None);
        }
    }

    #[test]
    fn an_id_is_found_by_the_text_it_is_written_as() {
        let names = ["/", "/a", "/b"];
        let of = |name| SocketId::of_session(&session(), name);
        let map: HashMap<_, _> = names.iter().map(|name| (of(name), *name)).collect();
        for name in names {
            let read = SocketId::parse(of(name).as_str());
            assert_eq!(read.and_then(|id| map.get(&id)), Some(&name));
        }
    }

    #[test]
    fn what_cannot_be_an_id_is_none() {
        for text in [
            "",
            "/a#",
            "#AAAAAAAAAAAAAAAAAAAA",
            "/AAAAAAAAAAAAAAAAAAAA",
            "/a#AAAAAAAAAAAAAAAAAAA\u{e9}",
        ] {
            assert_eq!(SocketId::parse(text), None, "{text}");
        }
    }
}
