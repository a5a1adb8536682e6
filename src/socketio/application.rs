//! What a program built on this server writes: plain synchronous methods that are told what
//! happens and are given an [`Io`] to answer with.
//!
//! A callback runs while the server is locked, so it must not wait. What it emits leaves when
//! it returns. If it panics, what it emitted is dropped, that client is closed, and the server
//! goes on.

use super::acks::{AckError, AckTicket};
use super::args::{Arg, Args};
use super::decode::MAIN;
use super::emit::{Io, Reply};
use super::error::DisconnectReason;
use super::registry::SocketKey;
use serde::Serialize;
use std::net::IpAddr;

/// A Socket.IO application.
pub trait Application: Send + 'static {
    /// Whether a namespace of this name exists. Asked for each connect to one that has no
    /// socket yet; `/` alone is the default.
    fn has_namespace(&mut self, name: &str) -> bool {
        name == MAIN
    }

    /// A client asks to join a namespace. What is emitted to the socket here leaves after the
    /// answer; if the answer is a refusal it is dropped, and rooms joined here are left.
    fn connect(
        &mut self,
        io: &mut Io<'_>,
        socket: SocketKey,
        handshake: &Handshake<'_>,
    ) -> Admission {
        let _ = (io, socket, handshake);
        Admission::Accept
    }

    /// A socket sent an event.
    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>);

    /// An answer came, or will not come any more.
    fn answer(&mut self, io: &mut Io<'_>, ticket: AckTicket, outcome: Result<Args<'_>, AckError>) {
        let _ = (io, ticket, outcome);
    }

    /// A socket is leaving. It still is in its rooms, but emissions do not reach it any more.
    fn disconnect(&mut self, io: &mut Io<'_>, socket: SocketKey, reason: DisconnectReason) {
        let _ = (io, socket, reason);
    }
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
    /// The auth object that came with the connect, `{}` if none did.
    pub auth: Arg<'a>,
    /// The address that the engine session came from.
    pub address: IpAddr,
}

impl<'a> Handshake<'a> {
    pub(crate) fn new(auth: &'a str, address: IpAddr) -> Self {
        Self {
            auth: Arg::plain(auth),
            address,
        }
    }
}

/// The decision on a connect.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Admission {
    /// The socket is connected.
    Accept,
    /// The client gets a connect error; its other namespaces are not affected.
    Refuse(Refusal),
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
    ///
    /// # Errors
    /// serde_json's, if the data has no JSON form.
    pub fn with_data(mut self, data: &impl Serialize) -> Result<Self, serde_json::Error> {
        self.data = Some(serde_json::to_string(data)?);
        Ok(self)
    }
}
