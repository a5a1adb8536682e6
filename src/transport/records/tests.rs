//! Sessions of rustls's client against ours, over a wire that the tests hold in their hands.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
use super::*;
use proptest::prelude::*;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, SupportedProtocolVersion};
use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::sync::LazyLock;

/// One certificate for all, for both sides.
static CONFIGS: LazyLock<(Arc<ServerConfig>, RootCertStore)> = LazyLock::new(|| {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (Arc::new(server), roots)
});

/// A client of rustls and our side, with a wire between them that a test holds in its hands.
struct Pair {
    client: ClientConnection,
    server: Records,
    /// How many bytes come at once, and for how many there is room, in turn.
    pieces: Vec<usize>,
    room: Vec<usize>,
    /// What the server has read.
    read: Vec<u8>,
}

impl Pair {
    fn new(version: &'static SupportedProtocolVersion, pieces: &[usize], room: &[usize]) -> Self {
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(CONFIGS.1.clone())
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        Self {
            client: ClientConnection::new(Arc::new(config), name).unwrap(),
            server: Records::new(Arc::clone(&CONFIGS.0)).unwrap(),
            pieces: pieces.to_vec(),
            room: room.to_vec(),
            read: Vec::new(),
        }
    }

    /// A pair that has shaken hands.
    fn connected(
        version: &'static SupportedProtocolVersion,
        pieces: &[usize],
        room: &[usize],
    ) -> Self {
        let mut pair = Self::new(version, pieces, room);
        while pair.server.is_handshaking() || pair.client.is_handshaking() {
            pair.exchange().unwrap();
        }
        pair
    }

    /// Carries what both have to say, until neither has anything.
    fn exchange(&mut self) -> Result<(), Error> {
        while self.client.wants_write() {
            let mut wire = Vec::new();
            self.client.write_tls(&mut wire).unwrap();
            let mut out = Vec::new();
            let result = self.deliver(&wire, &mut out);
            self.hear(&out);
            result?;
        }
        Ok(())
    }

    /// Gives the server bytes of the wire in pieces, and reads with the room there is.
    fn deliver(&mut self, mut wire: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        while !wire.is_empty() {
            let (piece, rest) = wire.split_at(next(&mut self.pieces).min(wire.len()));
            wire = rest;
            let mut bytes = [self.server.partial(), piece].concat();
            let mut room = vec![0; next(&mut self.room)];
            let mut buf = ReadBuf::new(&mut room);
            self.server.take(&mut buf);
            let result = self.server.receive(&mut bytes, &mut buf, out);
            self.read.extend_from_slice(buf.filled());
            result?;
        }
        Ok(())
    }

    /// Reads what had no room before.
    fn take_rest(&mut self) {
        loop {
            let mut room = [0; 100];
            let mut buf = ReadBuf::new(&mut room);
            self.server.take(&mut buf);
            if buf.filled().is_empty() {
                return;
            }
            self.read.extend_from_slice(buf.filled());
        }
    }

    /// Gives the client bytes of the wire.
    fn hear(&mut self, mut wire: &[u8]) {
        while !wire.is_empty() {
            self.client.read_tls(&mut wire).unwrap();
            self.client.process_new_packets().unwrap();
        }
    }

    /// What the client has read.
    fn heard(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        let _ = self.client.reader().read_to_end(&mut heard);
        heard
    }

    fn keeps_nothing(&self) -> bool {
        self.server.partial.capacity() == 0 && self.server.plain.capacity() == 0
    }
}

/// The numbers in a circle.
fn next(numbers: &mut [usize]) -> usize {
    numbers.rotate_left(1);
    *numbers.last().unwrap()
}

const ALL: usize = 64 * 1024;

#[test]
fn a_handshake_in_single_bytes_is_made_and_an_idle_session_keeps_nothing() {
    for version in [&TLS12, &TLS13] {
        let mut pair = Pair::connected(version, &[1], &[ALL]);
        pair.exchange().unwrap();
        assert!(pair.keeps_nothing(), "{:?}", pair.server);
    }
}

#[test]
fn what_has_no_room_is_read_next() {
    let mut pair = Pair::connected(&TLS13, &[ALL], &[3]);
    pair.client.writer().write_all(b"0123456789").unwrap();
    pair.client.writer().write_all(b"abc").unwrap();
    pair.exchange().unwrap();
    assert_eq!(pair.read, b"012");
    pair.take_rest();
    assert_eq!(pair.read, b"0123456789abc");
    assert!(pair.keeps_nothing());
}

#[test]
fn what_is_kept_of_a_record_is_as_large_as_it_has_to_be() {
    let mut pair = Pair::connected(&TLS13, &[ALL], &[ALL]);
    let mut wire = Vec::new();
    for _ in 0..2 {
        pair.client.writer().write_all(&[7; 12_000]).unwrap();
        pair.client.write_tls(&mut wire).unwrap();
    }
    let (begun, rest) = wire.split_at(9_000);
    let (ended, rest) = rest.split_at(wire.len() / 2 - 9_000 + 1);
    let out = &mut Vec::new();
    for (piece, held) in [(begun, 9_000), (ended, 1), (rest, 0)] {
        pair.deliver(piece, out).unwrap();
        assert_eq!(pair.server.held(), held);
    }
    assert_eq!(pair.read, [7; 24_000]);
}

#[test]
fn nothing_is_kept_of_what_comes_behind_a_goodbye() {
    let mut pair = Pair::connected(&TLS13, &[ALL], &[ALL]);
    let mut wire = Vec::new();
    pair.client.send_close_notify();
    pair.client.write_tls(&mut wire).unwrap();
    wire.resize(20_000, 0);
    pair.deliver(&wire, &mut Vec::new()).unwrap();
    assert!(pair.server.is_at_end() && pair.keeps_nothing());
}

#[test]
fn early_data_is_not_offered() {
    let mut config = ServerConfig::clone(&CONFIGS.0);
    config.max_early_data_size = 1;
    assert!(Records::new(Arc::new(config)).is_err());
}

#[test]
fn new_keys_are_taken_up_and_answered() {
    let mut pair = Pair::connected(&TLS13, &[7], &[ALL]);
    pair.client.refresh_traffic_keys().unwrap();
    pair.client.writer().write_all(b"new").unwrap();
    pair.exchange().unwrap();
    assert_eq!(pair.read, b"new");
    let mut out = Vec::new();
    pair.server.send(b"ours", &mut out).unwrap();
    pair.hear(&out);
    assert_eq!(pair.heard(), b"ours");
}

#[test]
fn after_a_goodbye_nothing_more_is_read_and_something_may_still_be_said() {
    for version in [&TLS12, &TLS13] {
        let mut pair = Pair::connected(version, &[ALL], &[ALL]);
        pair.client.writer().write_all(b"last").unwrap();
        pair.client.send_close_notify();
        pair.exchange().unwrap();
        assert_eq!(pair.read, b"last");
        assert!(pair.server.is_at_end());
        let mut out = Vec::new();
        pair.server.send(b"too", &mut out).unwrap();
        pair.server.finish(&mut out).unwrap();
        pair.hear(&out);
        assert_eq!(pair.heard(), b"too");
    }
}

#[test]
fn nothing_can_be_sent_before_the_handshake() {
    let mut server = Records::new(Arc::clone(&CONFIGS.0)).unwrap();
    let mut out = Vec::new();
    assert_eq!(
        server.send(b"x", &mut out),
        Err(Error::HandshakeNotComplete)
    );
    assert!(out.is_empty());
}

#[test]
fn a_record_that_was_tampered_with_is_an_error_with_an_alert() {
    let mut pair = Pair::connected(&TLS13, &[ALL], &[ALL]);
    let mut wire = Vec::new();
    pair.client.writer().write_all(b"secret").unwrap();
    pair.client.write_tls(&mut wire).unwrap();
    *wire.last_mut().unwrap() ^= 1;
    let mut out = Vec::new();
    assert_eq!(pair.deliver(&wire, &mut out), Err(Error::DecryptError));
    pair.client.read_tls(&mut &*out).unwrap();
    let alert = pair.client.process_new_packets().unwrap_err();
    assert!(matches!(alert, Error::AlertReceived(_)), "{alert}");
}

proptest! {
    #[test]
    fn whatever_the_pieces_all_arrives_in_order_both_ways(
        pieces in prop::collection::vec(1_usize..6000, 1..20),
        room in prop::collection::vec(1_usize..6000, 1..20),
        messages in prop::collection::vec((any::<bool>(), 1_usize..16 * 1024), 1..20),
        modern: bool,
    ) {
        let version = if modern { &TLS13 } else { &TLS12 };
        let mut pair = Pair::connected(version, &pieces, &room);
        let (mut said, mut heard, mut sent) = (Vec::new(), Vec::new(), Vec::new());
        // Records that are under way may be overtaken by those of the other side.
        let mut wire = VecDeque::new();
        for (number, (ours, length)) in (0_u8..).zip(messages) {
            let message = vec![number; length];
            if ours {
                let mut out = Vec::new();
                pair.server.send(&message, &mut out).unwrap();
                pair.hear(&out);
                heard.extend(pair.heard());
                sent.extend(message);
            } else {
                pair.client.writer().write_all(&message).unwrap();
                let mut bytes = Vec::new();
                while pair.client.wants_write() {
                    pair.client.write_tls(&mut bytes).unwrap();
                }
                wire.extend(bytes);
                said.extend(message);
            }
            let some: Vec<u8> = wire.drain(..wire.len() / 2).collect();
            pair.deliver(&some, &mut Vec::new()).unwrap();
        }
        let rest: Vec<u8> = wire.into();
        pair.deliver(&rest, &mut Vec::new()).unwrap();
        pair.take_rest();
        prop_assert!(pair.read == said);
        prop_assert!(heard == sent);
        prop_assert!(pair.keeps_nothing());
    }

    #[test]
    fn whatever_comes_there_is_an_answer_or_an_error(
        wire in prop::collection::vec(any::<u8>(), 0..300),
        begin in 0_usize..600,
        pieces in prop::collection::vec(1_usize..300, 1..5),
        connected: bool,
    ) {
        let mut pair = if connected {
            Pair::connected(&TLS13, &pieces, &[50])
        } else {
            Pair::new(&TLS13, &pieces, &[50])
        };
        // The beginning of something right, then anything.
        let mut bytes = Vec::new();
        if connected {
            pair.client.writer().write_all(&[0; 300]).unwrap();
        }
        pair.client.write_tls(&mut bytes).unwrap();
        bytes.truncate(begin);
        bytes.extend(wire);
        let mut out = Vec::new();
        let result = pair.deliver(&bytes, &mut out);
        // Then it has ended, however often it is asked.
        if result.is_err() {
            prop_assert!(pair.deliver(&bytes, &mut Vec::new()).is_err());
        }
    }
}
