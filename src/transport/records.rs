//! One TLS session that has no buffers: bytes of the wire in, bytes of the stream out, and back.
//!
//! It stands between the socket of [`secure`](super::secure) and rustls, whose sessions usually keep
//! 4 KB for each client to read into. Here they read into what the caller lends, and only a record
//! whose end has not come is kept, as a frame is (`websocket`). Rules: RFC 8446 and RFC 5246, which
//! rustls knows; the order of its states is that of its `unbuffered` module.
//!
//! Invariants: what is kept of the wire is less than one record, or than one message of the handshake,
//! of which the socket's reader bounds the size; decrypted bytes that the reader had no room for are less
//! than what one call was given. An idle session keeps neither. It does no I/O. Left out: early data (RFC 8446 section 2.3), which could be
//! played again.

use std::fmt;
use std::sync::Arc;

use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncryptError, InsufficientSizeError, UnbufferedStatus,
    WriteTraffic,
};
use rustls::{Error, ServerConfig};
use tokio::io::ReadBuf;

/// What a record has beside its content, usually: header, type, tag, and in TLS 1.2 a nonce.
const OVERHEAD: usize = 5 + 1 + 16 + 8;

/// The session of a server.
pub(super) struct Records {
    session: UnbufferedServerConnection,
    /// The beginning of a record, or of a message that is spread over several.
    partial: Vec<u8>,
    /// Decrypted, with no room for it yet; `taken` bytes of it had some.
    plain: Vec<u8>,
    taken: usize,
    /// The other side has said that nothing more will come.
    ended: bool,
    /// Why it is over. rustls may not be asked again then.
    failed: Option<Error>,
}

/// Without what was decrypted.
impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records")
            .field("partial", &self.partial.len())
            .field("plain", &self.plain.len())
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl Records {
    /// A session that waits for the first message of its client.
    ///
    /// # Errors
    /// If the settings offer early data, or nothing that can be spoken.
    pub(super) fn new(config: Arc<ServerConfig>) -> Result<Self, Error> {
        if config.max_early_data_size > 0 {
            return Err(Error::General("early data is not supported".to_owned()));
        }
        Ok(Self {
            session: UnbufferedServerConnection::new(config)?,
            partial: Vec::new(),
            plain: Vec::new(),
            taken: 0,
            ended: false,
            failed: None,
        })
    }

    /// # Errors
    /// Why it is over, if it is.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.session.is_handshaking()
    }

    /// Whether the other side has said that nothing more will come, and all was taken.
    pub(super) fn is_at_end(&self) -> bool {
        self.ended && self.plain.is_empty()
    }

    /// Bytes that are allocated for what is kept.
    pub(super) fn held(&self) -> usize {
        self.partial.capacity() + self.plain.capacity()
    }

    /// What has to stand before the bytes that [`receive`](Self::receive) is given.
    pub(super) fn partial(&self) -> &[u8] {
        &self.partial
    }

    /// Gives what was decrypted earlier, as far as there is room.
    pub(super) fn take(&mut self, buf: &mut ReadBuf<'_>) {
        let rest = self.plain.get(self.taken..).unwrap_or_default();
        let fitting = rest.get(..buf.remaining()).unwrap_or(rest);
        buf.put_slice(fitting);
        self.taken += fitting.len();
        if self.taken == self.plain.len() {
            self.plain = Vec::new();
            self.taken = 0;
        }
    }

    /// Takes bytes of the wire in, those of [`partial`](Self::partial) first, which it decrypts where
    /// they lie. What is to be answered is added to `out`.
    ///
    /// # Errors
    /// If they are not TLS; `out` then has the alert.
    pub(super) fn receive(
        &mut self,
        wire: &mut [u8],
        buf: &mut ReadBuf<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.check()?;
        let (plain, ended) = (&mut self.plain, &mut self.ended);
        let mut read = |bytes: &[u8]| {
            // What came before it is taken first.
            let room = if plain.is_empty() { buf.remaining() } else { 0 };
            let (fitting, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            buf.put_slice(fitting);
            plain.reserve_exact(rest.len());
            plain.extend_from_slice(rest);
        };
        let nothing = |_: Traffic<'_>, _: &mut Vec<u8>| Ok(());
        let (consumed, result) = drive(&mut self.session, wire, &mut read, ended, out, nothing);
        let rest = wire.get(consumed..).unwrap_or_default();
        // As large as it has to be; what comes behind a goodbye is not read.
        self.partial = if *ended { Vec::new() } else { rest.to_vec() };
        self.failed = result.clone().err();
        result
    }

    /// Adds to `out` the records of these bytes.
    ///
    /// # Errors
    /// Before the handshake allows it, after both sides have said goodbye, and when the keys are used up.
    pub(super) fn send(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        self.write(out, |mut traffic, out| {
            append(out, bytes.len() + OVERHEAD, |room| {
                traffic.encrypt(bytes, room).map_err(Full::from)
            })
        })
    }

    /// Adds to `out` that nothing more will be sent (`close_notify`, RFC 8446 section 6.1).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.write(out, |mut traffic, out| {
            append(out, 2 + OVERHEAD, |room| {
                traffic.queue_close_notify(room).map_err(Full::from)
            })
        })
    }

    fn write(
        &mut self,
        out: &mut Vec<u8>,
        write: impl FnOnce(Traffic<'_>, &mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.check()?;
        let mut write = Some(write);
        let (plain, ended) = (&mut self.plain, &mut self.ended);
        // All complete records were read before, but rustls does not know that.
        let mut read = |bytes: &[u8]| plain.extend_from_slice(bytes);
        let once = |traffic: Traffic<'_>, out: &mut Vec<u8>| match write.take() {
            Some(write) => write(traffic, out),
            None => Ok(()),
        };
        let wire = &mut self.partial;
        let (consumed, result) = drive(&mut self.session, wire, &mut read, ended, out, once);
        self.partial.drain(..consumed.min(self.partial.len()));
        result?;
        match write {
            None => Ok(()),
            Some(_) => Err(Error::HandshakeNotComplete),
        }
    }
}

type Traffic<'c> = WriteTraffic<'c, ServerConnectionData>;

/// Takes the session as far as these bytes of the wire go, and tells how many are done with.
fn drive(
    session: &mut UnbufferedServerConnection,
    wire: &mut [u8],
    read: &mut impl FnMut(&[u8]),
    ended: &mut bool,
    out: &mut Vec<u8>,
    mut write: impl FnMut(Traffic<'_>, &mut Vec<u8>) -> Result<(), Error>,
) -> (usize, Result<(), Error>) {
    let (mut consumed, mut result) = (0, Ok(true));
    // After an error what is to be said about it is all that is left to do.
    while matches!(result, Ok(true)) || (result.is_err() && session.wants_write()) {
        let wire = wire.get_mut(consumed..).unwrap_or_default();
        let (discard, more) = step(session, wire, read, ended, out, &mut write);
        consumed += discard;
        result = result.and(more);
    }
    (consumed, result.map(|_| ()))
}

/// Takes the session one state on, and tells how many bytes of the wire are done with, and whether
/// there is more to do. `write` has its turn when the session has none of its own.
fn step(
    session: &mut UnbufferedServerConnection,
    wire: &mut [u8],
    read: &mut impl FnMut(&[u8]),
    ended: &mut bool,
    out: &mut Vec<u8>,
    write: &mut impl FnMut(Traffic<'_>, &mut Vec<u8>) -> Result<(), Error>,
) -> (usize, Result<bool, Error>) {
    let UnbufferedStatus { mut discard, state } = session.process_tls_records(wire);
    let more = state.and_then(|state| match state {
        ConnectionState::ReadTraffic(mut traffic) => {
            while let Some(record) = traffic.next_record() {
                let record = record?;
                read(record.payload);
                discard += record.discard;
            }
            Ok(true)
        }
        ConnectionState::EncodeTlsData(mut data) => {
            append(out, 0, |room| data.encode(room).map_err(Full::from)).map(|()| true)
        }
        // They are sent before anything that is added later.
        ConnectionState::TransmitTlsData(data) => {
            data.done();
            Ok(true)
        }
        ConnectionState::PeerClosed => {
            *ended = true;
            Ok(true)
        }
        ConnectionState::WriteTraffic(traffic) => write(traffic, out).map(|()| false),
        ConnectionState::BlockedHandshake | ConnectionState::Closed => Ok(false),
        _ => Err(Error::General("a state that is not known".to_owned())),
    });
    (discard, more)
}

/// Why nothing could be written.
enum Full {
    /// So many bytes are needed.
    Needs(usize),
    Never(Error),
}

impl From<EncodeError> for Full {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::InsufficientSize(InsufficientSizeError { required_size }) => {
                Self::Needs(required_size)
            }
            EncodeError::AlreadyEncoded => Self::Never(Error::General(error.to_string())),
        }
    }
}

impl From<EncryptError> for Full {
    fn from(error: EncryptError) -> Self {
        match error {
            EncryptError::InsufficientSize(InsufficientSizeError { required_size }) => {
                Self::Needs(required_size)
            }
            EncryptError::EncryptExhausted => Self::Never(Error::EncryptError),
        }
    }
}

/// Has bytes written behind those of `out`, with as much room as they turn out to need.
fn append(
    out: &mut Vec<u8>,
    expected: usize,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, Full>,
) -> Result<(), Error> {
    let before = out.len();
    let mut room = expected;
    loop {
        out.resize(before + room, 0);
        let written = write(out.get_mut(before..).unwrap_or_default());
        out.truncate(before + *written.as_ref().unwrap_or(&0));
        match written {
            Ok(_) => return Ok(()),
            // More each time, so that this ends whatever rustls asks for.
            Err(Full::Needs(size)) if size > room => room = size,
            Err(Full::Needs(_)) => return Err(Error::EncryptError),
            Err(Full::Never(error)) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
