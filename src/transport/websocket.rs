//! The upgrade (RFC 6455 section 4.2), and the lean task that reads one WebSocket.
//!
//! hyper answers 101 and gives the TCP stream back; nothing of its buffers stays. The future
//! of the task that then reads is three words, because tokio rounds a task up to a multiple of
//! 128 bytes and this one just fits: the server, the read half, the connection's key. Bytes
//! are read into a buffer that all connections of a thread share.

use super::frame::{Control, Incoming, Violation, receive};
use super::reject::Answer;
use super::request::Outcome;
use super::stream::{ReadHalf, Stream, WriteHalf};
use super::{Admitted, Connection, ConnectionKey, Server, State};
use crate::engineio::session::Input;
use crate::engineio::{self, CloseReason, Reject, SessionKey};
use crate::hub::Protocol;
use bytes::Bytes;
use hyper::header::{
    CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Response, StatusCode, Version};
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;
use tokio::io::ReadBuf;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Bytes that one read can bring.
const READ_BUFFER: usize = 32 * 1024;

thread_local! {
    /// What is read lies here only until it is handled, in the same call.
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BUFFER].into_boxed_slice());
}

/// A WebSocket that was promised by a 101 which may not have been sent yet.
#[derive(Debug)]
pub struct Pending {
    key: ConnectionKey,
}

impl<P: Protocol> Server<P> {
    /// Promises a WebSocket with a session of its own.
    pub(super) fn open_websocket(&self, accept: Answer, request: engineio::Request) -> Outcome {
        self.promise(accept, |state, now, key| {
            if state.stopping {
                return Err(Reject::Full);
            }
            let opened = state.hub.open(now, request, Some(key))?;
            // The open packet waits until the socket is there.
            state.hub.engine().set_backlog(opened, key, true);
            Ok(opened)
        })
    }

    /// Promises a WebSocket to a session that may move to it.
    pub(super) fn upgrade(&self, accept: Answer, session: SessionKey, base64: bool) -> Outcome {
        self.promise(accept, |state, now, key| {
            // Refused only if the session ended just now; the socket is closed then.
            let _ = state
                .hub
                .handle(now, session, Input::SocketOpened(key, base64));
            Ok(session)
        })
    }

    /// Makes a record of the connection, then its session with `begin`.
    fn promise(
        &self,
        accept: Answer,
        begin: impl FnOnce(&mut State<P>, Instant, ConnectionKey) -> Result<SessionKey, Reject>,
    ) -> Outcome {
        let promised = self.turn(|state, now| {
            let key = state.connections.insert(Connection {
                session: SessionKey::default(),
                partial: None,
                counted: None,
                attached: false,
                closing: false,
            });
            let begun = begin(state, now, key);
            match (begun, state.connections.get_mut(key)) {
                (Ok(session), Some(connection)) => {
                    connection.session = session;
                    Ok(key)
                }
                (begun, _) => {
                    state.connections.remove(key);
                    Err(begun.err().unwrap_or(Reject::BadRequest))
                }
            }
        });
        match promised {
            Ok(key) => Outcome::Upgrade(accept, Pending { key }),
            Err(reject) => self.refused(reject, true),
        }
    }

    /// Takes over the connection of an upgrade, with what was read beyond the request. A
    /// socket that is dead already ends its session.
    pub fn attach(
        &self,
        pending: &Pending,
        admitted: Admitted<P>,
        stream: impl Into<Stream>,
        read: &Bytes,
    ) {
        match stream.into() {
            Stream::Plain(stream) => {
                let (reader, writer) = stream.into_split();
                self.adopt(pending, admitted, reader, WriteHalf::Plain(writer), read);
            }
            Stream::Secure(reader) => {
                let writer = WriteHalf::Secure(Arc::clone(&reader));
                self.adopt(pending, admitted, reader, writer, read);
            }
        }
    }

    fn adopt<H: ReadHalf>(
        &self,
        pending: &Pending,
        admitted: Admitted<P>,
        half: H,
        writer: WriteHalf,
        read: &[u8],
    ) {
        let key = pending.key;
        self.turn(|state, _| {
            let Some(connection) = state.connections.get_mut(key) else {
                return;
            };
            connection.attached = true;
            connection.counted = admitted.hand_over();
            state.opened.push((key, writer));
            state
                .hub
                .engine()
                .set_backlog(connection.session, key, false);
        });
        let mut read = read.to_vec();
        self.received(key, &mut read);
        let () = Reader::<P, H>::SMALL;
        tokio::spawn(Reader {
            server: self.clone(),
            half,
            key,
        });
    }

    /// Gives an upgrade up whose connection ended before it was made.
    pub fn abandon(&self, pending: &Pending) {
        self.turn(|state, now| state.remove(now, pending.key));
    }

    /// Handles bytes that came in on a WebSocket.
    fn received(&self, key: ConnectionKey, bytes: &mut [u8]) {
        let limit = self.settings().max_payload_bytes;
        self.turn(|state, now| {
            let Some(connection) = state.connections.get_mut(key) else {
                return;
            };
            if connection.closing {
                return;
            }
            let mut partial = connection.partial.take();
            let before = partial.as_ref().map_or(0, |partial| partial.bytes());
            let result = receive(&mut partial, bytes, limit, |incoming| {
                state.incoming(now, key, incoming)
            });
            let after = partial.as_ref().map_or(0, |partial| partial.bytes());
            let stats = state.hub.engine().stats();
            stats.release(before);
            let within = stats.reserve(after, self.limits().budget_for(after));
            if let Some(connection) = state.connections.get_mut(key)
                && within
            {
                connection.partial = partial;
            }
            match result {
                Err(violation) => state.violated(now, key, Some(violation)),
                Ok(()) if !within => state.violated(now, key, None),
                Ok(()) => {}
            }
        });
    }
}

impl<P: Protocol> State<P> {
    /// Handles one message; `false` if no more of this connection are wanted.
    fn incoming(&mut self, now: Instant, key: ConnectionKey, incoming: Incoming<'_>) -> bool {
        let Some(connection) = self.connections.get(key) else {
            return false;
        };
        let session = connection.session;
        let format = self.hub.engine().format(session);
        let mut scratch = Vec::new();
        let packet = match incoming {
            Incoming::Text(text) => format.decode_text(text, &mut scratch),
            Incoming::Binary(bytes) => format.decode_binary(bytes),
            Incoming::Ping(payload) => {
                // Only the latest of several pings needs an answer (RFC 6455 section 5.5.3).
                match self.control.last_mut() {
                    Some((to, pong @ Control::Pong(_))) if *to == key => {
                        *pong = Control::pong(payload)
                    }
                    _ => self.control.push((key, Control::pong(payload))),
                }
                self.hub.control(now, session);
                return true;
            }
            Incoming::Close(code) => {
                let goodbye = is_goodbye(code);
                self.close(now, key, code, CloseReason::TransportClose { goodbye });
                return false;
            }
        };
        let input = match packet {
            Ok(packet) => Input::SocketReceived(key, packet),
            Err(_) => Input::SocketGarbage(key),
        };
        // A session that is gone wants nothing more; its socket is being closed.
        self.hub.handle(now, session, input).is_ok()
    }

    fn violated(&mut self, now: Instant, key: ConnectionKey, violation: Option<Violation>) {
        match violation {
            Some(violation) => {
                self.hub.engine().stats().protocol_errors.add();
                tracing::debug!("a WebSocket is closed: {violation:?}");
            }
            // Counted where it was asked for.
            None => tracing::debug!("a WebSocket is closed: too many bytes are held already"),
        }
        let code = violation.map_or(1013, Violation::code);
        self.close(now, key, Some(code), CloseReason::TransportError);
    }

    /// Sends the last frame and ends the session, unless the connection is closing already.
    fn close(&mut self, now: Instant, key: ConnectionKey, code: Option<u16>, reason: CloseReason) {
        let Some(connection) = self.connections.get(key) else {
            return;
        };
        if connection.closing {
            return;
        }
        let session = connection.session;
        self.linger(key, now);
        self.control.push((key, Control::Close(code)));
        // Refused only if the session is gone, which is what was wanted.
        let _ = self
            .hub
            .handle(now, session, Input::SocketLost(key, reason));
    }
}

/// Whether a close frame says that its sender wants no more, and not that something went wrong
/// (RFC 6455 section 7.4.1): what was for both is done, a page is left, no reason at all.
fn is_goodbye(code: Option<u16>) -> bool {
    matches!(code, None | Some(1000 | 1001))
}

/// Whether a request asks for a WebSocket (RFC 6455 section 4.2.1, RFC 9110 section 7.8).
pub(super) fn is_upgrade(head: &Parts) -> bool {
    let names = |header, token: &str| {
        let values = head.headers.get_all(header).iter();
        let mut values = values.filter_map(|value| value.to_str().ok());
        values.any(|value| {
            value
                .split(',')
                .any(|one| one.trim().eq_ignore_ascii_case(token))
        })
    };
    head.version == Version::HTTP_11 && names(UPGRADE, "websocket") && names(CONNECTION, "upgrade")
}

/// The 101, or why there is none. Extensions are declined by not being named; of several
/// subprotocols the first is taken, because browsers end a connection that takes none.
pub(super) fn accept(headers: &HeaderMap) -> Result<Answer, Reject> {
    let key = headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    // 16 bytes in base64: 22 characters and two of padding.
    let key = key
        .filter(|key| key.len() == 24 && key.ends_with(b"=="))
        .ok_or(Reject::WebSocketKey)?;
    let version = headers
        .get(SEC_WEBSOCKET_VERSION)
        .ok_or(Reject::WebSocketVersion)?;
    if version != "13" && version != "8" {
        return Err(Reject::WebSocketVersion);
    }
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let out = response.headers_mut();
    out.insert(UPGRADE, HeaderValue::from_static("websocket"));
    out.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    let accept = HeaderValue::from_str(&derive_accept_key(key));
    out.insert(
        SEC_WEBSOCKET_ACCEPT,
        accept.map_err(|_| Reject::WebSocketKey)?,
    );
    if let Some(offer) = headers.get(SEC_WEBSOCKET_PROTOCOL) {
        let first = subprotocol(offer).ok_or(Reject::WebSocketProtocol)?;
        out.insert(SEC_WEBSOCKET_PROTOCOL, first);
    }
    Ok(response)
}

/// The first of a list of subprotocols, all of which must be tokens (RFC 9110 section 5.6.2), as
/// the names of headers are.
fn subprotocol(offer: &HeaderValue) -> Option<HeaderValue> {
    let offer = offer.to_str().ok()?;
    let token = |name: &str| HeaderName::from_bytes(name.as_bytes()).is_ok();
    let mut names = offer.split(',').map(str::trim);
    if !names.clone().all(token) {
        return None;
    }
    HeaderValue::from_str(names.next()?).ok()
}

/// The task of one WebSocket.
struct Reader<P: Protocol, H> {
    server: Server<P>,
    half: H,
    key: ConnectionKey,
}

impl<P: Protocol, H> Reader<P, H> {
    /// Above three words tokio's task would take 256 bytes instead of 128.
    const SMALL: () = assert!(size_of::<Self>() <= 24);
}

impl<P: Protocol, H: ReadHalf> Future for Reader<P, H> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        BUFFER.with_borrow_mut(|buffer| {
            loop {
                let mut read = ReadBuf::new(buffer);
                // The task ends when the socket does; dropping it tells the session.
                if ready!(this.half.poll_read(cx, &mut read)).is_err() {
                    return Poll::Ready(());
                }
                let more = read.remaining() == 0;
                let bytes = read.filled_mut();
                if bytes.is_empty() {
                    return Poll::Ready(());
                }
                this.server.received(this.key, bytes);
                if more {
                    // The flusher, if several are spoken to, gets its turn first, or their outboxes
                    // would fill however fast they read.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        })
    }
}

impl<P: Protocol, H> Drop for Reader<P, H> {
    fn drop(&mut self) {
        self.server.turn(|state, now| state.remove(now, self.key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(version: Version, headers: &[(&str, &str)]) -> bool {
        let mut request = hyper::Request::builder().version(version);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        is_upgrade(&request.body(()).expect("a request").into_parts().0)
    }

    #[test]
    fn an_upgrade_names_websocket_in_both_headers_and_speaks_http_1_1() {
        let both = [
            ("upgrade", "WebSocket"),
            ("connection", "keep-alive, Upgrade"),
        ];
        assert!(asks(Version::HTTP_11, &both));
        assert!(!asks(Version::HTTP_10, &both));
        assert!(!asks(Version::HTTP_11, &both[..1]));
        assert!(!asks(Version::HTTP_11, &both[1..]));
        assert!(!asks(Version::HTTP_11, &[("upgrade", "h2c"), both[1]]));
    }
}
