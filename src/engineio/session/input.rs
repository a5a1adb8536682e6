//! What happens to a session, and what follows from it: the words of the table in the
//! module's header.

use super::ConnectionKey;
use super::outbox::Pool;
use crate::config::{Limits, Protocol};
use crate::engineio::error::{CloseReason, Reject};
use crate::engineio::packet::{Message, Packet};
use std::time::Instant;

/// What happens to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input<'a> {
    /// A GET asks for data.
    PollStarted,
    /// The client of the waiting GET went away.
    PollAborted,
    /// A POST began.
    PostStarted,
    /// A packet of a POST body.
    Posted(Packet<'a>),
    /// Something in a POST body that is no packet.
    PostedGarbage,
    /// The POST is answered.
    PostFinished,
    /// The client of the POST went away before its body was whole.
    PostAborted,
    /// A WebSocket names this session; `true` if it wants binary as text (`b64=1`).
    SocketOpened(ConnectionKey, bool),
    /// A packet on a WebSocket.
    SocketReceived(ConnectionKey, Packet<'a>),
    /// A message on a WebSocket that is no packet.
    SocketGarbage(ConnectionKey),
    /// A WebSocket ended.
    SocketLost(ConnectionKey, CloseReason),
    /// The layer above ends the session, what was sent first.
    Close(CloseReason),
    /// The layer above ends the session at once.
    Discard(CloseReason),
    /// Time has passed.
    Tick,
}

impl Input<'_> {
    /// Whether this is a packet of the client's that is no message.
    pub fn is_control(&self) -> bool {
        matches!(
            self,
            Self::Posted(packet) | Self::SocketReceived(_, packet)
                if !matches!(packet, Packet::Message(_))
        )
    }
}

/// What the one who brought the input gets back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// Nothing.
    Done,
    /// A message for the layer above.
    Message(Message<'a>),
    /// The HTTP request is refused.
    Refused(Reject),
}

/// What else is to be done; at most one of each follows from one input.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// The session ended; the layer above is told.
    pub closed: Option<CloseReason>,
    /// This WebSocket is to be closed, without a status, after what it has to send.
    pub close_socket: Option<ConnectionKey>,
    /// This WebSocket gets `3probe`.
    pub probe_reply: Option<ConnectionKey>,
    /// The connection of the POST under way is to be cut off.
    pub cut_post: bool,
    /// What the client did not do in time, but for answering a ping.
    pub missed: Option<Missed>,
}

/// What a client did not do in time, though its session did not end of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// To move to the WebSocket that it has opened.
    Upgrade,
    /// To ask once more, and so to learn that its session is over.
    End,
}

/// What a session is lent while it handles an input.
#[derive(Debug)]
pub struct Context<'a> {
    /// The time of this turn.
    pub now: Instant,
    /// Protocol settings.
    pub settings: &'a Protocol,
    /// Limits.
    pub limits: &'a Limits,
    /// Emptied buffers.
    pub pool: &'a mut Pool,
    /// Where effects are noted.
    pub effects: &'a mut Effects,
}

/// A packet did not fit: the client has stopped reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the outbox is full")]
pub struct OutboxFull;
