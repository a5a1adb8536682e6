//! What is otherwise for a client of Socket.IO 1 and 2, which speaks revision 3 of Engine.IO
//! and revision 4 of Socket.IO; everything else is as for any client.
//!
//! | | Socket.IO 3 and 4 | Socket.IO 1 and 2 |
//! |---|---|---|
//! | the main namespace | joined like any other | joined by the server at the handshake; the first packet is `40` |
//! | a namespace, with auth | `40/a,{"token":"1"}` | `40/a?token=1` |
//! | it is joined | `40/a,{"sid":"..."}` | `40/a,` |
//! | its socket's id | random | the session's: bare in `/`, else `/a#...` |
//! | it is refused | `44/a,{"message":"no","data":{}}` | `44/a,"no"`, or the data alone |
//! | there is none | `44/a,{"message":"Invalid namespace"}` | the same |
//!
//! Source: the answers of the reference server with `allowEIO3`, and what the reference client
//! 2.x computes by itself. Left out: what a URL parser makes of a namespace beside cutting its
//! query off (`/a/../b`, `%C3%A9` for `é`).

use super::engine::Engine;
use super::socketio::SocketIo;
use crate::engineio::request::parameters;
use crate::engineio::{Revision, SessionKey};
use crate::socketio::application::{Application, Refusal};
use crate::socketio::decode::{Body, MAIN, Packet};
use crate::socketio::recovery::Pid;
use crate::socketio::{SocketId, encode};
use std::collections::BTreeMap;

impl<A: Application> SocketIo<A> {
    /// Joins the main namespace for a client that takes this for granted.
    pub(super) fn join_unasked(&mut self, engine: &mut Engine, session: SessionKey) {
        if engine.format(session).revision == Revision::V3 && engine.is_open(session) {
            self.connect(engine, session, MAIN, "{}");
            self.carry_out(engine);
        }
    }
}

/// A packet with its namespace and auth in the form of today; `auth` holds the latter.
pub(super) fn translate<'a>(
    revision: Revision,
    packet: Packet<'a>,
    auth: &'a mut String,
) -> Packet<'a> {
    if revision == Revision::V4 {
        return packet;
    }
    let named = packet.namespace.split_once('?');
    let (namespace, query) = named.unwrap_or((packet.namespace, ""));
    let body = match packet.body {
        Body::Connect(_) => {
            // Of a repeated parameter the last counts, and an object has each name once.
            let members: BTreeMap<_, _> = parameters(query).collect();
            encode::object(&members, auth);
            Body::Connect(auth)
        }
        other => other,
    };
    Packet {
        namespace,
        body,
        ..packet
    }
}

/// The id of a new socket; `None` if there are no random bytes for it.
pub(super) fn socket_id(engine: &Engine, session: SessionKey, namespace: &str) -> Option<SocketId> {
    match engine.format(session).revision {
        Revision::V3 => Some(SocketId::of_session(
            &engine.session_id(session)?,
            namespace,
        )),
        Revision::V4 => engine.random().map(SocketId::from_random),
    }
}

/// Whether the client can come back to a socket whose connection was lost: an old one is not
/// told how.
pub(super) fn is_recoverable(engine: &Engine, session: SessionKey) -> bool {
    engine.settings().recovery_max_age.is_some() && engine.format(session).revision == Revision::V4
}

/// Writes the answer to a connect that is accepted.
pub(super) fn accept(
    revision: Revision,
    namespace: &str,
    id: &SocketId,
    pid: Option<&Pid>,
    out: &mut String,
) {
    match revision {
        Revision::V3 => encode::legacy_connect(namespace, out),
        Revision::V4 => encode::connect(namespace, id, pid, out),
    }
}

/// Writes the answer to a connect that is refused.
pub(super) fn refuse(revision: Revision, namespace: &str, refusal: &Refusal, out: &mut String) {
    let (message, data) = (&refusal.message, refusal.data.as_deref());
    match revision {
        Revision::V3 => encode::legacy_connect_error(namespace, message, data, out),
        Revision::V4 => encode::connect_error(namespace, message, data, out),
    }
}

/// The refusal of a namespace that does not exist: an object for every client.
pub(super) fn unknown_namespace(revision: Revision) -> Refusal {
    let message = "Invalid namespace";
    let data = match revision {
        Revision::V3 => Some(format!("{{\"message\":\"{message}\"}}")),
        Revision::V4 => None,
    };
    Refusal {
        message: message.to_owned(),
        data,
    }
}
