//! What whoever watches the server is told of rooms: how many there are, and what was refused.
//!
//! It stands beside the handler, which calls it when something has changed. The numbers are in
//! [`Stats`]; LIMITS.md and METRICS.md say what each of them means.

use super::event::RoomError;
use super::lobby::Lobby;
use crate::stats::Stats;

/// What has become of the seats.
pub(super) fn seats(stats: &Stats, lobby: &Lobby) {
    stats.rooms.set(lobby.len());
    stats.seats_taken.set(lobby.seats());
    stats.seats_held.set(lobby.held());
}

/// An event that was not carried out.
pub(super) fn refused(stats: &Stats, error: RoomError) {
    let counter = match error {
        RoomError::TooManyRooms => &stats.rooms_limited,
        RoomError::Full | RoomError::TakenOver => &stats.joins_refused,
        RoomError::NotSeated => &stats.ignored,
        RoomError::BadArguments
        | RoomError::EmptyName
        | RoomError::LongName
        | RoomError::ControlCharacter => &stats.events_refused,
    };
    counter.add();
}
