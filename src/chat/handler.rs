//! The application: reads events, asks the lobby, answers and relays.

use super::door::{self, Door};
use super::event::{RoomError, RoomName, resumes, room_name};
use super::lobby::{Arrival, Left, Lobby, Role, Taken};
use super::seat_key::SeatKey;
use crate::socketio::{
    Admission, Application, Arg, Argument, DisconnectReason, Event, Handshake, Io, Raw, SocketId,
    SocketKey,
};
use crate::stats::Stats;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The video-chat application.
#[derive(Debug)]
pub struct Chat {
    door: Door,
    lobby: Lobby,
    seat_hold: Duration,
    stats: Arc<Stats>,
}

/// What an event that was carried out is acknowledged with.
type Done = &'static str;

const OK: Done = "{\"ok\":true}";
const OK_CREATED: Done = "{\"ok\":true,\"role\":\"created\"}";
const OK_JOINED: Done = "{\"ok\":true,\"role\":\"joined\"}";

impl Chat {
    /// An application with room for so many calls. The seat of somebody who has a key and is lost
    /// is held for `seat_hold`; no time at all means that no seat is.
    pub fn new(max_rooms: usize, seat_hold: Duration, stats: Arc<Stats>) -> Self {
        Self {
            door: Door::open(Arc::clone(&stats)),
            lobby: Lobby::new(max_rooms),
            seat_hold,
            stats,
        }
    }

    /// Asks everybody who connects for a passcode; `check` is whether a word is it, and is to take the
    /// same time for each ([`Passcode::is`](super::Passcode::is)).
    pub fn with_passcode(mut self, check: impl Fn(&str) -> bool + Send + 'static) -> Self {
        self.door.lock(Box::new(check));
        self
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
        resume: bool,
    ) -> Result<Done, RoomError> {
        let arrival = Arrival {
            person: socket,
            key: io.data::<SeatKey>(socket).copied(),
            resume,
        };
        let seated = match self.lobby.join(arrival, room) {
            Ok(seated) => seated,
            Err(RoomError::Full) => {
                tracing::info!(id = %Id(io, socket), ?room, "full");
                send(io, socket, "full", &[]);
                return Err(RoomError::Full);
            }
            Err(error) => return Err(error),
        };
        if let Some(left) = seated.left {
            tell_peer(io, socket, &left);
        }
        if let Some(taken) = &seated.taken {
            tell_of_return(io, socket, room, taken);
            if resume && !taken.resumed {
                send(io, socket, "leave", &[]);
            }
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
        if seated.peer_away {
            send(io, socket, "peer-away", &[]);
        }
        Ok(done)
    }

    fn leave(
        &mut self,
        io: &mut Io<'_>,
        socket: SocketKey,
        room: Option<Arg<'_>>,
    ) -> Result<Done, RoomError> {
        self.peer_in(io, socket, "leave", room)?;
        if let Some(left) = self.lobby.leave(socket) {
            tell_peer(io, socket, &left);
        }
        Ok(OK)
    }

    /// Tells who watches the server what has become of the seats.
    fn count(&self) {
        self.stats.rooms.set(self.lobby.len());
        self.stats.seats_taken.set(self.lobby.seats());
        self.stats.seats_held.set(self.lobby.held());
    }

    /// Holds the seat of somebody who was lost; `false` if it is to be given up.
    fn hold(&mut self, io: &mut Io<'_>, socket: SocketKey) -> bool {
        let until = io.now().checked_add(self.seat_hold);
        let until = until.filter(|until| *until > io.now());
        let Some(away) = until.and_then(|until| self.lobby.hold(socket, until)) else {
            return false;
        };
        tracing::info!(id = %Id(io, socket), room = ?away.room, "away");
        if let Some(peer) = away.peer {
            send(io, peer, "peer-away", &[]);
        }
        true
    }

    fn relay(
        &mut self,
        io: &mut Io<'_>,
        socket: SocketKey,
        name: &str,
        room: Option<Arg<'_>>,
        payload: Option<Arg<'_>>,
    ) -> Result<Done, RoomError> {
        if let Some(peer) = self.peer_in(io, socket, name, room)? {
            match &payload {
                Some(payload) => send(io, peer, name, &[payload]),
                None => send(io, peer, name, &[]),
            }
            self.stats.relayed.add();
        }
        Ok(OK)
    }

    /// Who sits opposite and is there, if the socket has a seat in this room.
    fn peer_in(
        &mut self,
        io: &Io<'_>,
        socket: SocketKey,
        name: &str,
        room: Option<Arg<'_>>,
    ) -> Result<Option<SocketKey>, RoomError> {
        let seat = self.lobby.heard(socket);
        // A name that is the seat's as it stands needs no other look at it.
        let plain = room.and_then(|room| room.as_plain_str());
        if let Some((seated, peer)) = seat
            && plain == Some(seated.as_str())
        {
            return Ok(peer);
        }
        let room = room_name(room)?;
        if let Some((seated, peer)) = seat
            && *seated == room
        {
            return Ok(peer);
        }
        self.stats.ignored.add();
        tracing::debug!(id = %Id(io, socket), event = name, ?room, "ignored: not in this room");
        Err(RoomError::NotSeated)
    }
}

impl Application for Chat {
    fn admit(
        &mut self,
        io: &mut Io<'_>,
        socket: SocketKey,
        handshake: &Handshake<'_>,
    ) -> Admission {
        self.door
            .knock(io.now(), socket, handshake.address, handshake.auth)
    }

    fn connect(&mut self, io: &mut Io<'_>, socket: SocketKey, handshake: &Handshake<'_>) {
        tracing::info!(id = %Id(io, socket), "connected");
        if let Some(key) = SeatKey::in_auth(handshake.auth) {
            log_failure(io.set_data(socket, key));
        }
    }

    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        let Event {
            socket,
            name,
            args,
            reply,
        } = event;
        let result = match name {
            "join" => room_name(args.get(0))
                .and_then(|room| self.join(io, socket, &room, resumes(args.get(1)))),
            "leave" => self.leave(io, socket, args.get(0)),
            "ready" => self.relay(io, socket, name, args.get(0), None),
            "offer" | "answer" | "candidate" => {
                let mut args = args.iter();
                let payload = args.next().ok_or(RoomError::BadArguments);
                payload.and_then(|payload| self.relay(io, socket, name, args.next(), Some(payload)))
            }
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
        if matches!(name, "join" | "leave") {
            self.count();
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
        if !(is_lost(reason) && self.hold(io, socket))
            && let Some(left) = self.lobby.leave(socket)
            // Calls survive a restart of the server, so nobody is told to hang up.
            && reason != DisconnectReason::ServerShuttingDown
        {
            tell_peer(io, socket, &left);
        }
        self.count();
    }

    fn deadline(&self) -> Option<Instant> {
        let (lobby, door) = (self.lobby.deadline(), self.door.deadline());
        lobby.into_iter().chain(door).min()
    }

    fn tick(&mut self, io: &mut Io<'_>) {
        while let Some((socket, right)) = self.door.tell(io.now()) {
            match right {
                true => io.accept(socket),
                false => io.refuse(socket, door::wrong()),
            }
        }
        while let Some((person, left)) = self.lobby.expire(io.now()) {
            tell_peer(io, person, &left);
        }
        self.count();
    }
}

/// Whether somebody whose connection ended so may come back: they have not said that they go, and
/// the server has not sent them away.
fn is_lost(reason: DisconnectReason) -> bool {
    match reason {
        DisconnectReason::TransportClose { goodbye } => !goodbye,
        DisconnectReason::TransportError | DisconnectReason::PingTimeout => true,
        DisconnectReason::ClientNamespaceDisconnect
        | DisconnectReason::ServerNamespaceDisconnect
        | DisconnectReason::ForcedClose
        | DisconnectReason::ForcedServerClose
        | DisconnectReason::ParseError
        | DisconnectReason::ServerShuttingDown => false,
    }
}

fn tell_peer(io: &mut Io<'_>, socket: SocketKey, left: &Left) {
    tracing::info!(id = %Id(io, socket), room = ?left.room, "left");
    if let Some(peer) = left.peer {
        send(io, peer, "leave", &[]);
    }
}

/// Tells those concerned that a seat was taken over by its key.
fn tell_of_return(io: &mut Io<'_>, socket: SocketKey, room: &RoomName, taken: &Taken) {
    let resumed = taken.resumed;
    tracing::info!(id = %Id(io, socket), ?room, resumed, "back by its key");
    if let Some(displaced) = taken.from {
        send(io, displaced, "taken-over", &[]);
    }
    let news = match (resumed, taken.from) {
        (false, _) => Some("leave"),
        // Only of who was away has the other been told.
        (true, None) => Some("peer-back"),
        (true, Some(_)) => None,
    };
    if let (Some(peer), Some(news)) = (taken.peer, news) {
        send(io, peer, news, &[]);
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
