//! What a program built on this server writes: plain synchronous methods that are told what
//! happens and are given an [`Io`] to answer with.
//!
//! A callback runs while the server is locked, so it must not wait. What it emits leaves when
//! it returns. If it panics, what it emitted is dropped, that client is closed, and the server
//! goes on.

use super::acks::{AckError, AckTicket};
use super::answers::{Answers, BroadcastTicket};
use super::args::{Arg, Args};
use super::decode::MAIN;
use super::emit::{Io, Reply};
use super::error::DisconnectReason;
use super::registry::SocketKey;
use crate::engineio::Request;
use std::net::IpAddr;
use std::time::Instant;

/// A Socket.IO application.
pub trait Application: Send + 'static {
    /// Whether a namespace of this name exists. Asked for each connect to one that is not open;
    /// `/` alone is the default. A name that only this client thought of is best
    /// [`Dynamic`](Namespace::Dynamic).
    fn namespace(&mut self, name: &str, auth: Arg<'_>) -> Namespace {
        let _ = auth;
        match name {
            MAIN => Namespace::Static,
            _ => Namespace::Unknown,
        }
    }

    /// Decides whether a socket may connect, after all
    /// [middlewares](crate::hub::SocketIo::with_middleware). It cannot be sent anything yet; rooms
    /// that it joins here are left if it is refused. A socket that is recovered passes this and
    /// the middlewares by, unless
    /// [`recovery_skips_middlewares`](crate::config::Protocol::recovery_skips_middlewares) is off.
    fn admit(
        &mut self,
        io: &mut Io<'_>,
        socket: SocketKey,
        handshake: &Handshake<'_>,
    ) -> Admission {
        let _ = (io, socket, handshake);
        Admission::Accept
    }

    /// A socket is connected. What is emitted here leaves after the answer to its connect, and
    /// after the packets it missed if it was [recovered](Handshake::recovered).
    fn connect(&mut self, io: &mut Io<'_>, socket: SocketKey, handshake: &Handshake<'_>) {
        let _ = (io, socket, handshake);
    }

    /// A socket sent an event, whatever its name.
    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>);

    /// An answer came, or will not come any more.
    fn answer(&mut self, io: &mut Io<'_>, ticket: AckTicket, outcome: Result<Args<'_>, AckError>) {
        let _ = (io, ticket, outcome);
    }

    /// A broadcast that asked for answers has all that it will get.
    fn answers(&mut self, io: &mut Io<'_>, ticket: BroadcastTicket, answers: Answers) {
        let _ = (io, ticket, answers);
    }

    /// A socket is leaving. It still is in its rooms, but emissions do not reach it any more.
    fn disconnect(&mut self, io: &mut Io<'_>, socket: SocketKey, reason: DisconnectReason) {
        let _ = (io, socket, reason);
    }

    /// When [`tick`](Self::tick) is due, if at all. Asked at the start and after each callback, so it
    /// must be cheap: every message passes here.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// The time that was asked for has come ([`Io::now`]). What was due is to be done with: a
    /// [`deadline`](Self::deadline) that still lies in the past is due again at once.
    fn tick(&mut self, io: &mut Io<'_>) {
        let _ = io;
    }
}

/// Whether a namespace exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace {
    /// It does not: the client gets the connect error `Invalid namespace`.
    Unknown,
    /// It does, and once opened it stays open: its acknowledgement ids go on counting.
    Static,
    /// It does while somebody is in it, and is made anew for the next.
    Dynamic,
}

/// An event that a socket sent.
#[derive(Debug)]
pub struct Event<'a> {
    /// The sender.
    pub socket: SocketKey,
    /// The event's name.
    pub name: &'a str,
    /// Its arguments.
    pub args: Args<'a>,
    /// Where an answer goes, if the sender wants one.
    pub reply: Option<Reply>,
}

/// What is known of a client that asks to connect; lent for the call.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Handshake<'a> {
    /// The namespace that it wants to join.
    pub namespace: &'a str,
    /// The auth object that came with the connect, `{}` if none did.
    pub auth: Arg<'a>,
    /// The address that the engine session came from.
    pub address: IpAddr,
    /// Whether the socket goes on where an earlier connection was lost: with its id, its rooms,
    /// its data and the packets that it missed.
    pub recovered: bool,
    /// The request that began the engine session: URL, query, headers, time, whether by TLS.
    /// `None` for a client that joins a namespace later than
    /// [`request_kept`](crate::config::Protocol::request_kept) after its handshake, or if there
    /// was no room to keep it (`max_buffered_bytes`).
    pub request: Option<&'a Request>,
}

/// The decision on a connect.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Admission {
    /// The socket may connect, as far as this is concerned.
    Accept,
    /// The client gets a connect error; its other namespaces are not affected.
    Refuse(Refusal),
    /// To be decided later, by [`Io::accept`] or [`Io::refuse`] with the socket's key. A client
    /// that joins nothing within `connect_timeout` is closed all the same, and after that time a
    /// connect is given up. What was found out meanwhile can be stored with the socket
    /// ([`Io::set_data`]) before it is accepted.
    Later,
}

/// Why a connect is refused, in the form that the client gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The error's `message`.
    pub message: String,
    /// The error's `data`, as JSON text.
    pub data: Option<String>,
}

impl Refusal {
    /// A refusal without data.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            data: None,
        }
    }

    /// The same refusal with data, which the client finds in the error's `data`.
    /// [`serde_json::json`] writes it.
    pub fn with_data(mut self, data: &serde_json::Value) -> Self {
        self.data = Some(data.to_string());
        self
    }
}
