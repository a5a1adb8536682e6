//! What clients say, in types: a room's name, and what can be wrong with it.

use crate::socketio::Arg;
use serde::{Deserialize, Serialize};

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

/// Whether the second argument of `join` says that the page still has the connection of the call
/// it was in: `{"resume": true}`. Whatever else it is says nothing.
pub(super) fn resumes(arg: Option<Arg<'_>>) -> bool {
    #[derive(Deserialize)]
    struct Options {
        resume: bool,
    }
    let options = arg.and_then(|arg| arg.read().ok());
    options.is_some_and(|options: Options| options.resume)
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
    fn a_call_is_resumed_only_if_it_is_said_so() {
        let says = |json: &str| resumes(Args::new(json, &[]).get(0));
        assert!(says("{\"resume\":true,\"more\":1}"));
        for json in [
            "",
            "true",
            "null",
            "{}",
            "{\"resume\":1}",
            "{\"resume\":false}",
            "[]",
        ] {
            assert!(!says(json), "{json}");
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
