//! The application: reads events, asks the lobby, answers and relays.

use super::event::{RoomError, RoomName, payload_and_room, room_name};
use super::lobby::{Left, Lobby, Role};
use crate::socketio::{
    Application, Arg, Argument, DisconnectReason, Event, Handshake, Io, Raw, SocketId, SocketKey,
};
use crate::stats::Stats;
use std::sync::Arc;

/// The video-chat application.
#[derive(Debug)]
pub struct Chat {
    lobby: Lobby,
    stats: Arc<Stats>,
}

/// What an event that was carried out is acknowledged with.
type Done = &'static str;

const OK: Done = "{\"ok\":true}";
const OK_CREATED: Done = "{\"ok\":true,\"role\":\"created\"}";
const OK_JOINED: Done = "{\"ok\":true,\"role\":\"joined\"}";

impl Chat {
    /// An application with room for so many calls.
    pub fn new(max_rooms: usize, stats: Arc<Stats>) -> Self {
        Self {
            lobby: Lobby::new(max_rooms),
            stats,
        }
    }

    /// Who sits where.
    pub fn lobby(&self) -> &Lobby {
        &self.lobby
    }

    fn join(
        &mut self,
        io: &mut Io<'_>,
        socket: SocketKey,
        room: &RoomName,
    ) -> Result<Done, RoomError> {
        let seated = match self.lobby.join(socket, room) {
            Ok(seated) => seated,
            Err(RoomError::Full) => {
                tracing::info!(id = %Id(io, socket), ?room, "full");
                send(io, socket, "full", &[]);
                return Err(RoomError::Full);
            }
            Err(error) => return Err(error),
        };
        if let Some(left) = seated.left {
            self.tell_peer(io, socket, &left);
        }
        let (event, done) = match seated.role {
            Role::Created => ("created", OK_CREATED),
            Role::Joined => ("joined", OK_JOINED),
        };
        if seated.new {
            match seated.role {
                Role::Created => tracing::info!(id = %Id(io, socket), ?room, "room created"),
                Role::Joined => tracing::info!(id = %Id(io, socket), ?room, "joined"),
            }
        }
        send(io, socket, event, &[]);
        Ok(done)
    }

    fn leave(
        &mut self,
        io: &mut Io<'_>,
        socket: SocketKey,
        room: &RoomName,
    ) -> Result<Done, RoomError> {
        self.check_seat(io, socket, "leave", room)?;
        if let Some(left) = self.lobby.leave(socket) {
            self.tell_peer(io, socket, &left);
        }
        Ok(OK)
    }

    fn tell_peer(&self, io: &mut Io<'_>, socket: SocketKey, left: &Left) {
        tracing::info!(id = %Id(io, socket), room = ?left.room, "left");
        if let Some(peer) = left.peer {
            send(io, peer, "leave", &[]);
        }
    }

    fn relay(
        &mut self,
        io: &mut Io<'_>,
        socket: SocketKey,
        name: &str,
        room: &RoomName,
        payload: Option<Arg<'_>>,
    ) -> Result<Done, RoomError> {
        self.check_seat(io, socket, name, room)?;
        if let Some(peer) = self.lobby.peer(socket) {
            match &payload {
                Some(payload) => send(io, peer, name, &[payload]),
                None => send(io, peer, name, &[]),
            }
            self.stats.relayed.add();
        }
        Ok(OK)
    }

    fn check_seat(
        &self,
        io: &Io<'_>,
        socket: SocketKey,
        name: &str,
        room: &RoomName,
    ) -> Result<(), RoomError> {
        if self.lobby.room(socket) == Some(room) {
            return Ok(());
        }
        self.stats.ignored.add();
        tracing::debug!(id = %Id(io, socket), event = name, ?room, "ignored: not in this room");
        Err(RoomError::NotSeated)
    }
}

impl Application for Chat {
    fn connect(&mut self, io: &mut Io<'_>, socket: SocketKey, _: &Handshake<'_>) {
        tracing::info!(id = %Id(io, socket), "connected");
    }

    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        let Event {
            socket,
            name,
            args,
            reply,
        } = event;
        let result = match name {
            "join" => room_name(args.get(0)).and_then(|room| self.join(io, socket, &room)),
            "leave" => room_name(args.get(0)).and_then(|room| self.leave(io, socket, &room)),
            "ready" => {
                room_name(args.get(0)).and_then(|room| self.relay(io, socket, name, &room, None))
            }
            "offer" | "answer" | "candidate" => payload_and_room(args)
                .and_then(|(payload, room)| self.relay(io, socket, name, &room, Some(payload))),
            // Clients of other programs may say other things; they are not for us.
            _ => return,
        };
        if let Err(error) = result {
            match error {
                // The client has `full` itself; strangers to a room get no answer but the ack.
                RoomError::Full | RoomError::NotSeated => {}
                _ => send(io, socket, "room-error", &[&error]),
            }
        }
        if let Some(reply) = reply {
            let sent = match result {
                Ok(done) => io.reply(reply, &[&Raw(done)]),
                Err(error) => io.reply(reply, &[&Refused { error }]),
            };
            log_failure(sent);
        }
    }

    fn disconnect(&mut self, io: &mut Io<'_>, socket: SocketKey, reason: DisconnectReason) {
        tracing::info!(id = %Id(io, socket), %reason, "disconnected");
        let Some(left) = self.lobby.leave(socket) else {
            return;
        };
        // Calls survive a restart of the server, so nobody is told to hang up.
        if reason != DisconnectReason::ServerShuttingDown {
            self.tell_peer(io, socket, &left);
        }
    }
}

/// The acknowledgement of an event that was not carried out.
#[derive(serde::Serialize)]
struct Refused {
    error: RoomError,
}

fn send(io: &mut Io<'_>, socket: SocketKey, name: &str, args: &[&dyn Argument]) {
    log_failure(io.emit(socket, name, args));
}

fn log_failure(sent: Result<(), crate::socketio::EmitError>) {
    if let Err(error) = sent {
        tracing::debug!(%error, "not sent");
    }
}

/// What a line of the log calls a socket, looked up only if it is logged: its id, or its key if
/// the id is a secret.
struct Id<'a, 'b>(&'a Io<'b>, SocketKey);

impl std::fmt::Display for Id<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.id(self.1).as_ref().and_then(SocketId::public) {
            Some(id) => f.write_str(id),
            None => write!(f, "{:?}", self.1),
        }
    }
}
