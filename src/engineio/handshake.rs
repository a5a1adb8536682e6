//! What a request to the protocol's path asks for, and the answer to a new client.
//!
//! The order of the checks is part of the contract (a client sees which error wins):
//! transport, then session id or method, then the application, then the revision. The reference
//! server also looks for characters in `Origin` that HTTP does not allow; here no such request
//! gets past the parser.
//! Source: Engine.IO v4 "Handshake" and the reference server's `verify`.

use super::error::Reject;
use super::request::parameters;
use super::revision::{Format, Revision};
use super::session_id::SessionId;
use crate::config::Protocol;
use std::borrow::Cow;
use std::fmt::Write as _;

/// How a client talks to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// HTTP long-polling.
    Polling,
    /// WebSocket.
    WebSocket,
}

/// The protocol's own parameters of a URL query; of a repeated one the last counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query<'a> {
    transport: Option<Cow<'a, str>>,
    sid: Option<Cow<'a, str>>,
    eio: Option<Cow<'a, str>>,
    b64: bool,
    jsonp: bool,
}

/// What a request asks for once its form is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// A new session over this transport; [`Query::format`] has yet to be checked.
    Handshake(Transport),
    /// A request of a session that exists, if anybody has this id (`None`: nobody can).
    Session(Transport, Option<SessionId>),
}

impl<'a> Query<'a> {
    /// Reads the part of a URL behind `?`.
    pub fn parse(query: &'a str) -> Self {
        let mut found = Self::default();
        for (name, value) in parameters(query) {
            match &*name {
                "transport" => found.transport = Some(value),
                "sid" => found.sid = Some(value),
                "EIO" => found.eio = Some(value),
                "b64" => found.b64 = !value.is_empty(),
                "j" => found.jsonp = true,
                _ => {}
            }
        }
        found
    }

    /// The first checks, in the order of the contract. `upgrade` tells whether the request
    /// asks for a WebSocket, `get` whether its method is GET.
    ///
    /// # Errors
    /// The [`Reject`] that wins.
    pub fn intent(&self, get: bool, upgrade: bool, settings: &Protocol) -> Result<Intent, Reject> {
        let transport = match self.transport.as_deref() {
            Some("polling") if settings.polling => Transport::Polling,
            Some("websocket") if settings.websocket => Transport::WebSocket,
            _ => return Err(Reject::TransportUnknown),
        };
        match self.sid.as_deref().filter(|sid| !sid.is_empty()) {
            Some(sid) => Ok(Intent::Session(transport, SessionId::parse(sid))),
            None if !get => Err(Reject::BadHandshakeMethod),
            None if upgrade != (transport == Transport::WebSocket) => Err(Reject::BadRequest),
            None if self.wants_jsonp(transport) => Err(Reject::BadRequest),
            None => Ok(Intent::Handshake(transport)),
        }
    }

    /// Whether a client asks for a script as the answer to a poll, which is not spoken here: only
    /// browsers without CORS need it.
    pub fn wants_jsonp(&self, transport: Transport) -> bool {
        self.jsonp && transport == Transport::Polling
    }

    /// Whether the client wants binary as text on this transport.
    pub fn wants_base64(&self) -> bool {
        self.b64
    }

    /// The revision that a request names: all but 4 count as 3, which is what clients from before
    /// there was the parameter speak. Every request of a session must name that of its handshake.
    pub fn revision(&self) -> Revision {
        match self.eio.as_deref() {
            Some("4") => Revision::V4,
            _ => Revision::V3,
        }
    }

    /// The last check of a handshake: whether the client's revision is spoken, and how it wants
    /// its packets.
    ///
    /// # Errors
    /// [`Reject::UnsupportedProtocol`] for a revision that is not spoken.
    pub fn format(&self, settings: &Protocol) -> Result<Format, Reject> {
        match self.revision() {
            Revision::V3 if !settings.allow_eio3 => Err(Reject::UnsupportedProtocol),
            revision => Ok(Format {
                revision,
                base64: self.b64,
            }),
        }
    }
}

/// The open packet (`0{...}`), keys in the reference server's order.
pub fn open_packet(id: &SessionId, transport: Transport, settings: &Protocol) -> String {
    let upgrades = match transport {
        Transport::Polling if settings.websocket && settings.allow_upgrades => "\"websocket\"",
        _ => "",
    };
    let mut packet = String::with_capacity(128);
    // Writing to a String cannot fail.
    let _ = write!(
        packet,
        "0{{\"sid\":\"{}\",\"upgrades\":[{upgrades}],\"pingInterval\":{},\"pingTimeout\":{},\"maxPayload\":{}}}",
        id.as_str(),
        settings.ping_interval.as_millis(),
        settings.ping_timeout.as_millis(),
        settings.max_payload_bytes,
    );
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent(query: &str, get: bool, upgrade: bool) -> Result<Intent, Reject> {
        Query::parse(query).intent(get, upgrade, &Protocol::default())
    }

    #[test]
    fn a_transport_that_is_missing_unknown_or_off_wins_over_everything() {
        for query in [
            "",
            "EIO=4",
            "transport=abc",
            "transport=constructor&sid=x",
            "transport=__proto__",
            "transport=webtransport&EIO=4",
            "transport=polling&transport=webtransport",
        ] {
            assert_eq!(
                intent(query, false, false),
                Err(Reject::TransportUnknown),
                "{query}"
            );
        }
        let off = Protocol {
            polling: false,
            ..Protocol::default()
        };
        assert_eq!(
            Query::parse("transport=polling&EIO=4").intent(true, false, &off),
            Err(Reject::TransportUnknown)
        );
    }

    #[test]
    fn a_handshake_is_a_get_of_the_right_transport() {
        assert_eq!(
            intent("transport=polling&EIO=4", true, false),
            Ok(Intent::Handshake(Transport::Polling))
        );
        assert_eq!(
            intent("transport=websocket", true, true),
            Ok(Intent::Handshake(Transport::WebSocket))
        );
        assert_eq!(
            intent("transport=polling&EIO=9", false, false),
            Err(Reject::BadHandshakeMethod)
        );
        assert_eq!(
            intent("transport=websocket&EIO=4", true, false),
            Err(Reject::BadRequest)
        );
        assert_eq!(
            intent("transport=polling&EIO=4", true, true),
            Err(Reject::BadRequest)
        );
    }

    #[test]
    fn jsonp_is_refused_after_the_method_and_means_nothing_to_websocket() {
        let jsonp = "transport=polling&EIO=4&j=0";
        assert_eq!(intent(jsonp, true, false), Err(Reject::BadRequest));
        assert_eq!(intent(jsonp, false, false), Err(Reject::BadHandshakeMethod));
        assert_eq!(
            intent("transport=websocket&EIO=4&j=0", true, true),
            Ok(Intent::Handshake(Transport::WebSocket))
        );
        // Of a session that nobody knows, that is said first.
        assert_eq!(
            intent("transport=polling&sid=nobody&j=0", true, false),
            Ok(Intent::Session(Transport::Polling, None))
        );
    }

    #[test]
    fn an_empty_sid_is_a_handshake_and_any_other_is_looked_up() {
        assert_eq!(
            intent("transport=polling&sid=", true, false),
            Ok(Intent::Handshake(Transport::Polling))
        );
        assert_eq!(
            intent("transport=polling&sid=nobody", false, false),
            Ok(Intent::Session(Transport::Polling, None))
        );
        let sid = SessionId::from_random([1; 15]);
        let query = format!("transport=polling&sid=first&sid={}", sid.as_str());
        assert_eq!(
            intent(&query, true, false),
            Ok(Intent::Session(Transport::Polling, Some(sid)))
        );
    }

    fn format(query: &str, allow_eio3: bool) -> Result<Format, Reject> {
        let settings = Protocol {
            allow_eio3,
            ..Protocol::default()
        };
        Query::parse(query).format(&settings)
    }

    #[test]
    fn only_revision_four_is_spoken_unless_told_otherwise_and_the_last_of_several_counts() {
        for query in ["", "EIO=abc", "EIO=3", "EIO=5", "EIO=4&EIO=3"] {
            assert_eq!(
                format(query, false),
                Err(Reject::UnsupportedProtocol),
                "{query}"
            );
            let revision = format(query, true).map(|format| format.revision);
            assert_eq!(revision, Ok(Revision::V3), "{query}");
        }
        for allow_eio3 in [false, true] {
            assert_eq!(format("EIO=3&EIO=4", allow_eio3), Ok(Format::default()));
        }
    }

    #[test]
    fn a_client_says_so_if_it_cannot_take_bytes() {
        for (query, base64) in [("EIO=4&b64=1", true), ("EIO=4&b64=", false)] {
            assert_eq!(
                format(query, false).map(|format| format.base64),
                Ok(base64),
                "{query}"
            );
        }
    }

    #[test]
    fn the_open_packet_has_the_reference_servers_keys_in_its_order() {
        let id = SessionId::from_random([0; 15]);
        assert_eq!(
            open_packet(&id, Transport::Polling, &Protocol::default()),
            "0{\"sid\":\"AAAAAAAAAAAAAAAAAAAA\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\
             \"pingTimeout\":20000,\"maxPayload\":1000000}"
        );
        assert!(
            open_packet(&id, Transport::WebSocket, &Protocol::default())
                .contains("\"upgrades\":[]")
        );
        let no_upgrades = Protocol {
            allow_upgrades: false,
            ..Protocol::default()
        };
        assert!(open_packet(&id, Transport::Polling, &no_upgrades).contains("\"upgrades\":[]"));
    }
}
