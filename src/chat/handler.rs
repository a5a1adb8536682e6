//! The application: reads events, asks the lobby, answers and relays.

use super::door::{self, Door};
use super::event::{Intent, RoomError, RoomName, options, room_name};
use super::lobby::{Arrival, Left, Lobby, Opposite, Role, Seated, Taken};
use super::numbers;
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

/// What a seat is acknowledged with: the role, and to a page that resumes a call whether somebody
/// has the other seat.
fn acknowledgement(seated: &Seated, intent: Intent) -> Done {
    let peer = seated.opposite != Opposite::Empty;
    match (seated.role, (intent == Intent::Resume).then_some(peer)) {
        (Role::Created, None) => "{\"ok\":true,\"role\":\"created\"}",
        (Role::Created, Some(false)) => "{\"ok\":true,\"role\":\"created\",\"peer\":false}",
        (Role::Created, Some(true)) => "{\"ok\":true,\"role\":\"created\",\"peer\":true}",
        (Role::Joined, None) => "{\"ok\":true,\"role\":\"joined\"}",
        (Role::Joined, Some(false)) => "{\"ok\":true,\"role\":\"joined\",\"peer\":false}",
        (Role::Joined, Some(true)) => "{\"ok\":true,\"role\":\"joined\",\"peer\":true}",
    }
}

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
        how: Option<Arg<'_>>,
    ) -> Result<Done, RoomError> {
        let (page, intent) = options(how);
        let arrival = Arrival {
            person: socket,
            key: io.data::<SeatKey>(socket).copied(),
            page,
            intent,
        };
        let seated = match self.lobby.join(arrival, room) {
            Ok(seated) => seated,
            Err(error) => {
                if let Some(event) = refusal(error) {
                    tracing::info!(id = %Id(io, socket), ?room, "{event}");
                    send(io, socket, event, &[]);
                }
                if error == RoomError::TooManyRooms {
                    tracing::debug!(id = %Id(io, socket), ?room, "refused: too many rooms");
                }
                return Err(error);
            }
        };
        for left in &seated.left {
            tell_peer(io, socket, left);
        }
        if let Some(taken) = &seated.taken {
            tell_of_return(io, socket, room, taken);
        }
        if intent == Intent::Resume && seated.is_over {
            send(io, socket, "leave", &[]);
        }
        let event = match seated.role {
            Role::Created => "created",
            Role::Joined => "joined",
        };
        if seated.new {
            match seated.role {
                Role::Created => tracing::info!(id = %Id(io, socket), ?room, "room created"),
                Role::Joined => tracing::info!(id = %Id(io, socket), ?room, "joined"),
            }
        }
        send(io, socket, event, &[]);
        if seated.opposite == Opposite::Away {
            send(io, socket, "peer-away", &[]);
        }
        Ok(acknowledgement(&seated, intent))
    }

    fn leave(
        &mut self,
        io: &mut Io<'_>,
        socket: SocketKey,
        room: Option<Arg<'_>>,
        how: Option<Arg<'_>>,
    ) -> Result<Done, RoomError> {
        let left = match self.leave_late(io, socket, room, how) {
            Some(left) => Some(left),
            None => {
                self.peer_in(io, socket, "leave", room)?;
                self.lobby.leave(socket)
            }
        };
        if let Some(left) = left {
            tell_peer(io, socket, &left);
        }
        Ok(OK)
    }

    /// Somebody left while there was no connection to say so by, and says it by the next one.
    fn leave_late(
        &mut self,
        io: &Io<'_>,
        socket: SocketKey,
        room: Option<Arg<'_>>,
        how: Option<Arg<'_>>,
    ) -> Option<Left> {
        let (page, _) = options(how);
        let key = *io.data::<SeatKey>(socket)?;
        if self.lobby.is_seated(socket) {
            return None;
        }
        self.lobby.leave_late(key, page?, &room_name(room).ok()?)
    }

    /// Holds the seat of somebody who was lost; `false` if it is to be given up.
    fn hold(&mut self, io: &mut Io<'_>, socket: SocketKey) -> bool {
        let until = io.now().checked_add(self.seat_hold);
        let until = until.filter(|until| *until > io.now());
        let Some(away) = until.and_then(|until| self.lobby.hold(socket, until)) else {
            return false;
        };
        tracing::info!(id = %Id(io, socket), room = ?away.left.room, "away");
        if let Some(peer) = away.left.peer {
            send(io, peer, "peer-away", &[]);
        }
        if let Some(vacated) = away.vacated {
            tell_peer(io, socket, &vacated);
        }
        if let Some(room) = away.given_up {
            tracing::debug!(?room, "given up: too many rooms with nobody there");
            self.stats.rooms_given_up.add();
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
        // A name that is the seat's as it stands needs no other look at it.
        let plain = room.and_then(|room| room.as_plain_str());
        let heard = self.lobby.heard(socket, |seated| {
            plain == Some(seated.as_str()) || room_name(room).is_ok_and(|room| room == *seated)
        });
        if let Some(peer) = heard {
            return Ok(peer);
        }
        let room = room_name(room)?;
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
            "join" => {
                room_name(args.get(0)).and_then(|room| self.join(io, socket, &room, args.get(1)))
            }
            "leave" => self.leave(io, socket, args.get(0), args.get(1)),
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
            numbers::refused(&self.stats, error);
            match error {
                // The client has the event itself; strangers to a room get no answer but the ack.
                RoomError::Full | RoomError::TakenOver | RoomError::NotSeated => {}
                _ => send(io, socket, "room-error", &[&error]),
            }
        }
        if matches!(name, "join" | "leave") {
            numbers::seats(&self.stats, &self.lobby);
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
        numbers::seats(&self.stats, &self.lobby);
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
            self.stats.seats_given_up.add();
            tell_peer(io, person, &left);
        }
        numbers::seats(&self.stats, &self.lobby);
    }
}

/// The event that says that a seat is not to be had, if it has one of its own.
fn refusal(error: RoomError) -> Option<&'static str> {
    match error {
        RoomError::Full => Some("full"),
        RoomError::TakenOver => Some("taken-over"),
        _ => None,
    }
}

/// Whether somebody whose connection ended so may come back: they have not said that they go, and
/// the server has not sent them away.
///
/// A frame that breaks the engine's protocol is a transport error, which a network that mangles
/// bytes can cause as well: the page makes a new connection and goes on. What is no Socket.IO packet
/// came whole, so a program wrote it that is no client, and it would write it again.
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
