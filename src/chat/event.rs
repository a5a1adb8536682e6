//! What clients say, in types: a room's name, and what can be wrong with it.

use crate::socketio::Arg;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// Bytes of a room's name at most.
pub(super) const MAX_ROOM_NAME: usize = 64;

/// A room's name: 1 to 64 bytes, trimmed, no control characters.
pub type RoomName = heapless::String<MAX_ROOM_NAME>;

/// Why an event was not carried out; the client gets it as `{code, message}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(into = "Described")]
pub enum RoomError {
    /// `bad-arguments`: not the arguments that this event takes.
    #[error("This event takes other arguments.")]
    BadArguments,
    /// `empty-name`
    #[error("A room needs a name.")]
    EmptyName,
    /// `long-name`
    #[error("A room's name can have 64 bytes at most.")]
    LongName,
    /// `control-character`
    #[error("A room's name cannot have control characters.")]
    ControlCharacter,
    /// `full`: two people are in the room already.
    #[error("Two people are already in this room.")]
    Full,
    /// `too-many-rooms`: the server's limit is reached.
    #[error("There are too many rooms on this server.")]
    TooManyRooms,
    /// `taken-over`: another page with the same key has the seat.
    #[error("Another page has this seat now.")]
    TakenOver,
    /// `not-seated`: only somebody who sits in the room may do this.
    #[error("You are not in this room.")]
    NotSeated,
}

/// The form that clients get.
#[derive(Serialize)]
struct Described {
    code: &'static str,
    message: String,
}

impl From<RoomError> for Described {
    fn from(error: RoomError) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
        }
    }
}

impl RoomError {
    /// The stable name of the error.
    pub fn code(self) -> &'static str {
        match self {
            Self::BadArguments => "bad-arguments",
            Self::EmptyName => "empty-name",
            Self::LongName => "long-name",
            Self::ControlCharacter => "control-character",
            Self::Full => "full",
            Self::TooManyRooms => "too-many-rooms",
            Self::TakenOver => "taken-over",
            Self::NotSeated => "not-seated",
        }
    }
}

/// Reads a room's name out of an argument.
///
/// # Errors
/// [`RoomError`] if it is no string or no name.
pub(super) fn room_name(arg: Option<Arg<'_>>) -> Result<RoomName, RoomError> {
    let arg = arg.ok_or(RoomError::BadArguments)?;
    match arg.as_plain_str() {
        Some(name) => check(name),
        None => check(&arg.read::<String>().map_err(|_| RoomError::BadArguments)?),
    }
}

/// Which of the pages with one key this is: a number from 1 on that each load of the page makes up.
pub(super) type Page = NonZeroU32;

/// What somebody comes to a room for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Intent {
    /// A person asks for a seat.
    #[default]
    Asked,
    /// The page comes back by itself, to the seat that it had.
    Again,
    /// The same, and it still has the connection of the call that it was in.
    Resume,
}

/// The options of `join` and `leave`, `{"page": 7, "again": true}`: which page it is, and for `join`
/// what it comes for. Whatever else they are says nothing.
pub(super) fn options(arg: Option<Arg<'_>>) -> (Option<Page>, Intent) {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Options {
        page: Option<Page>,
        again: bool,
        resume: bool,
    }
    let options: Options = arg.and_then(|arg| arg.read().ok()).unwrap_or_default();
    let intent = match options {
        Options { resume: true, .. } => Intent::Resume,
        Options { again: true, .. } => Intent::Again,
        _ => Intent::Asked,
    };
    (options.page, intent)
}

fn check(name: &str) -> Result<RoomName, RoomError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(RoomError::EmptyName);
    }
    if name.chars().any(char::is_control) {
        return Err(RoomError::ControlCharacter);
    }
    RoomName::try_from(name).map_err(|_| RoomError::LongName)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socketio::Args;

    fn name(json: &str) -> Result<RoomName, RoomError> {
        room_name(Args::new(json, &[]).get(0))
    }

    #[test]
    fn names_are_trimmed_and_otherwise_stay_as_typed() {
        for (json, want) in [
            ("\"kitchen\"", "kitchen"),
            ("\"  My Kitchen \"", "My Kitchen"),
            ("\"K\\u00fcche \\\"2\\\"\"", "K\u{fc}che \"2\""),
            ("\"\u{1f600}\"", "\u{1f600}"),
        ] {
            assert_eq!(name(json).as_deref(), Ok(want), "{json}");
        }
        let longest = "x".repeat(MAX_ROOM_NAME);
        assert_eq!(
            name(&format!("\"{longest}\"")).as_deref(),
            Ok(longest.as_str())
        );
    }

    #[test]
    fn what_is_no_name_says_why() {
        let long = format!("\"{}\"", "\u{fc}".repeat(33));
        for (json, want) in [
            ("", RoomError::BadArguments),
            ("1", RoomError::BadArguments),
            ("null", RoomError::BadArguments),
            ("{\"room\":\"a\"}", RoomError::BadArguments),
            ("\"\"", RoomError::EmptyName),
            ("\" \\t \"", RoomError::EmptyName),
            ("\"a\\u0000b\"", RoomError::ControlCharacter),
            ("\"a\\u007fb\"", RoomError::ControlCharacter),
            (long.as_str(), RoomError::LongName),
        ] {
            assert_eq!(name(json), Err(want), "{json}");
        }
    }

    #[test]
    fn options_say_which_page_comes_and_what_for() {
        let read = |json: &str| options(Args::new(json, &[]).get(0));
        for (json, page, intent) in [
            ("{\"resume\":true,\"more\":1}", None, Intent::Resume),
            ("{\"again\":true,\"page\":7}", Some(7), Intent::Again),
            ("{\"again\":true,\"resume\":true}", None, Intent::Resume),
            ("{\"page\":4294967295}", Some(u32::MAX), Intent::Asked),
            ("{\"resume\":false}", None, Intent::Asked),
        ] {
            assert_eq!(read(json), (page.and_then(Page::new), intent), "{json}");
        }
    }

    #[test]
    fn what_are_no_options_say_nothing() {
        for json in [
            "",
            "true",
            "null",
            "{}",
            "{\"resume\":1}",
            "{\"page\":0,\"resume\":true}",
            "{\"page\":4294967296,\"resume\":true}",
            "{\"page\":\"7\",\"again\":true}",
            "[]",
        ] {
            let read = options(Args::new(json, &[]).get(0));
            assert_eq!(read, (None, Intent::Asked), "{json}");
        }
    }

    #[test]
    fn an_error_is_a_code_and_a_sentence() {
        assert_eq!(
            serde_json::to_string(&RoomError::EmptyName).ok().as_deref(),
            Some("{\"code\":\"empty-name\",\"message\":\"A room needs a name.\"}")
        );
    }
}
