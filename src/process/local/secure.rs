//! TLS as far as this machine's own server needs it to be asked: the client's half of TLS 1.2 in one
//! form, over X25519 and ChaCha20-Poly1305, which every Parlor speaks.
//!
//! It stands between `local` and a TCP stream. The certificate is what it is there for; it is taken
//! as it is, and the signature that belongs to it is not looked at (see `local`, which says why that
//! is enough). So this is no TLS for anything that must be kept from others. It is here because a
//! whole client, with the verification that nobody asks it for, is 150 KB of a server that has no
//! other use for one.
//!
//! Rules: RFC 5246 (TLS 1.2; sections 5: keys, 6.2: records, 7.4: the handshake), RFC 7905
//! (ChaCha20-Poly1305), RFC 8422 (elliptic curves).
//!
//! ```text
//!   ClientHello        ------>
//!                      <------   ServerHello, Certificate, ServerKeyExchange, ServerHelloDone
//!   ClientKeyExchange,
//!   [ChangeCipherSpec], Finished ------>
//!                      <------   [ChangeCipherSpec], Finished
//! ```
//!
//! Invariants: whatever answers, it may not panic, and holds one message of [`MAX_MESSAGE`] and one
//! record at most; what is out of order ends it. Left out: everything that a client may leave out
//! (names, ALPN, tickets, resuming, renegotiation).

use std::io::{self, Read, Write};

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use ring::digest::{self, SHA256};
use ring::hmac::{self, HMAC_SHA256};
use ring::rand::{SecureRandom as _, SystemRandom};

/// Longest message of a handshake; a chain of certificates is the longest that comes.
const MAX_MESSAGE: usize = 64 * 1024;
/// Longest content of a record, and what encryption may add to it (RFC 5246 section 6.2.3).
const MAX_RECORD: usize = 16 * 1024;
const MAX_EXPANSION: usize = 2048;

/// TLS 1.2 on the wire.
const VERSION: [u8; 2] = [3, 3];

// Kinds of records (RFC 5246 section 6.2.1).
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

// Messages of a handshake (section 7.4).
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const SERVER_HELLO_DONE: u8 = 14;
const CLIENT_KEY_EXCHANGE: u8 = 16;
const FINISHED: u8 = 20;

/// The alert that nothing will follow (section 7.2.1): a warning, 0.
const CLOSE_NOTIFY: [u8; 2] = [1, 0];

/// With ECDSA (and EdDSA), and with RSA: ECDHE, ChaCha20-Poly1305, SHA-256.
const CIPHER_SUITES: [u8; 4] = [0xcc, 0xa9, 0xcc, 0xa8];
/// X25519, behind its kind: a named curve.
const CURVE: [u8; 3] = [3, 0, 29];

/// Extensions: the curve, points as they are, and all signatures there are, since none is checked.
const EXTENSIONS: &[u8] = &[
    0, 10, 0, 4, 0, 2, 0, 29, // supported_groups
    0, 11, 0, 2, 1, 0, // ec_point_formats
    0, 13, 0, 20, 0, 18, // signature_algorithms
    4, 3, 5, 3, 8, 7, 8, 4, 8, 5, 8, 6, 4, 1, 5, 1, 6, 1,
];

/// A stream over which a handshake was done.
pub(super) struct Secure<S> {
    stream: S,
    ours: Direction,
    theirs: Direction,
    certificate: Vec<u8>,
    /// What was received and not read yet, and how much of it was.
    received: Vec<u8>,
    read: usize,
}

/// What a direction's records are encrypted with.
struct Direction {
    key: LessSafeKey,
    iv: [u8; NONCE_LEN],
    records: u64,
}

impl<S: Read + Write> Secure<S> {
    /// Does a handshake.
    ///
    /// # Errors
    /// If the other side does not speak TLS 1.2 in this form, or not correctly.
    pub(super) fn connect(stream: S) -> io::Result<Self> {
        let random = SystemRandom::new();
        let mut client_random = [0; 32];
        random.fill(&mut client_random).map_err(broken)?;
        let mut handshake = Handshake {
            stream,
            transcript: digest::Context::new(&SHA256),
            received: Vec::new(),
        };
        handshake.send(CLIENT_HELLO, &client_hello(&client_random))?;

        let hello = handshake.receive(SERVER_HELLO)?;
        let server_random = server_random(&hello).ok_or_else(malformed)?;
        let chain = handshake.receive(CERTIFICATE)?;
        let certificate = first_certificate(&chain).ok_or_else(malformed)?.to_vec();
        let exchange = handshake.receive(SERVER_KEY_EXCHANGE)?;
        let server_key = server_key(&exchange).ok_or_else(malformed)?;
        handshake.receive(SERVER_HELLO_DONE)?;

        let secret = EphemeralPrivateKey::generate(&X25519, &random).map_err(broken)?;
        let key = secret.compute_public_key().map_err(broken)?;
        handshake.send(CLIENT_KEY_EXCHANGE, &[&[32], key.as_ref()].concat())?;
        let server_key = UnparsedPublicKey::new(&X25519, server_key);
        let master: [u8; 48] = agree_ephemeral(secret, &server_key, |secret| {
            expand(secret, "master secret", &[&client_random, server_random])
        })
        .map_err(broken)?;
        let keys: [u8; 88] = expand(&master, "key expansion", &[server_random, &client_random]);
        let (mut ours, mut theirs) = directions(&keys).ok_or_else(malformed)?;

        let mut finished = handshake.finished(&master, "client finished");
        write_record(&mut handshake.stream, CHANGE_CIPHER_SPEC, &[1])?;
        handshake.transcript.update(&finished);
        ours.seal(HANDSHAKE, &mut finished)?;
        write_record(&mut handshake.stream, HANDSHAKE, &finished)?;

        let wanted = handshake.finished(&master, "server finished");
        // Nothing of the handshake may be left that came without encryption.
        let changed = handshake.received.is_empty()
            && read_record(&mut handshake.stream)? == (CHANGE_CIPHER_SPEC, vec![1]);
        let (kind, mut finished) = read_record(&mut handshake.stream)?;
        if !changed || kind != HANDSHAKE || theirs.open(kind, &mut finished)? != wanted {
            return Err(malformed());
        }
        Ok(Self {
            stream: handshake.stream,
            ours,
            theirs,
            certificate,
            received: Vec::new(),
            read: 0,
        })
    }

    /// The first certificate that was shown, in DER.
    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }
}

impl<S: Read> Read for Secure<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.received.len() {
            let (kind, mut record) = read_record(&mut self.stream)?;
            let content = self.theirs.open(kind, &mut record)?;
            match kind {
                APPLICATION_DATA => (self.received, self.read) = (content.to_vec(), 0),
                ALERT if content == CLOSE_NOTIFY => return Ok(0),
                _ => return Err(malformed()),
            }
        }
        let mut left = self.received.get(self.read..).unwrap_or_default();
        let taken = left.read(buffer)?;
        self.read += taken;
        Ok(taken)
    }
}

impl<S: Write> Write for Secure<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len().min(MAX_RECORD);
        let mut record = bytes.get(..length).unwrap_or_default().to_vec();
        self.ours.seal(APPLICATION_DATA, &mut record)?;
        write_record(&mut self.stream, APPLICATION_DATA, &record)?;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// A handshake on its way.
struct Handshake<S> {
    stream: S,
    /// A hash of all messages.
    transcript: digest::Context,
    /// Messages, or parts of one, that came and were not taken yet.
    received: Vec<u8>,
}

impl<S: Read + Write> Handshake<S> {
    fn send(&mut self, kind: u8, body: &[u8]) -> io::Result<()> {
        let message = message(kind, body);
        self.transcript.update(&message);
        write_record(&mut self.stream, HANDSHAKE, &message)
    }

    /// The body of the next message, which must be of this kind.
    fn receive(&mut self, wanted: u8) -> io::Result<Vec<u8>> {
        loop {
            if let [kind, a, b, c, ..] = *self.received {
                let length = u32::from_be_bytes([0, a, b, c]) as usize;
                if kind != wanted || length > MAX_MESSAGE {
                    return Err(malformed());
                }
                if self.received.len() >= 4 + length {
                    let rest = self.received.split_off(4 + length);
                    let message = std::mem::replace(&mut self.received, rest);
                    self.transcript.update(&message);
                    return Ok(message.get(4..).unwrap_or_default().to_vec());
                }
            }
            match read_record(&mut self.stream)? {
                (HANDSHAKE, part) if !part.is_empty() => self.received.extend(part),
                _ => return Err(malformed()),
            }
        }
    }

    /// The message that ends a side's half, about all messages until now.
    fn finished(&self, master: &[u8], label: &str) -> Vec<u8> {
        let seen = self.transcript.clone().finish();
        let proof: [u8; 12] = expand(master, label, &[seen.as_ref()]);
        message(FINISHED, &proof)
    }
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = (body.len() as u32).to_be_bytes();
    [&[kind], &length[..], body].concat()
}

fn client_hello(random: &[u8; 32]) -> Vec<u8> {
    [
        &VERSION[..],
        random,
        // No session to resume; suites; no compression.
        &[0],
        &[0, CIPHER_SUITES.len() as u8],
        &CIPHER_SUITES,
        &[1, 0],
        &[0, EXTENSIONS.len() as u8],
        EXTENSIONS,
    ]
    .concat()
}

/// The random bytes of a ServerHello that takes what was offered. Its extensions may say what they
/// like.
fn server_random(hello: &[u8]) -> Option<&[u8]> {
    let (random, rest) = hello.strip_prefix(&VERSION)?.split_at_checked(32)?;
    let (&session, rest) = rest.split_first()?;
    let suite = rest.get(usize::from(session)..)?.get(..2)?;
    CIPHER_SUITES
        .chunks(2)
        .any(|one| one == suite)
        .then_some(random)
}

fn first_certificate(chain: &[u8]) -> Option<&[u8]> {
    let (_, chain) = chain.split_at_checked(3)?;
    let (length, chain) = chain.split_first_chunk::<3>()?;
    let [a, b, c] = *length;
    chain.get(..u32::from_be_bytes([0, a, b, c]) as usize)
}

/// The server's key on the curve, without the signature behind it.
fn server_key(exchange: &[u8]) -> Option<&[u8]> {
    exchange
        .strip_prefix(&CURVE)?
        .strip_prefix(&[32])?
        .get(..32)
}

/// Bytes from a secret (RFC 5246 section 5).
fn expand<const N: usize>(secret: &[u8], label: &str, seed: &[&[u8]]) -> [u8; N] {
    let key = hmac::Key::new(HMAC_SHA256, secret);
    let seed = [label.as_bytes(), &seed.concat()].concat();
    let mut bytes = [0; N];
    let mut step = hmac::sign(&key, &seed);
    for part in bytes.chunks_mut(32) {
        let made = hmac::sign(&key, &[step.as_ref(), &seed].concat());
        part.iter_mut()
            .zip(made.as_ref())
            .for_each(|(to, from)| *to = *from);
        step = hmac::sign(&key, step.as_ref());
    }
    bytes
}

/// Ours and theirs: both keys come first, then what their nonces are made from.
fn directions(keys: &[u8; 88]) -> Option<(Direction, Direction)> {
    let (our_key, rest) = keys.split_at_checked(32)?;
    let (their_key, rest) = rest.split_at_checked(32)?;
    let (our_iv, their_iv) = rest.split_at_checked(NONCE_LEN)?;
    let ours = Direction::new(our_key, our_iv)?;
    Some((ours, Direction::new(their_key, their_iv)?))
}

impl Direction {
    fn new(key: &[u8], iv: &[u8]) -> Option<Self> {
        Some(Self {
            key: LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).ok()?),
            iv: iv.try_into().ok()?,
            records: 0,
        })
    }

    /// Encrypts the content of a record of this kind.
    fn seal(&mut self, kind: u8, content: &mut Vec<u8>) -> io::Result<()> {
        let (nonce, aad) = self.next(kind, content.len());
        let sealed = self.key.seal_in_place_append_tag(nonce, aad, content);
        sealed.map_err(broken)
    }

    /// Decrypts it.
    fn open<'r>(&mut self, kind: u8, record: &'r mut [u8]) -> io::Result<&'r [u8]> {
        let length = record.len().checked_sub(CHACHA20_POLY1305.tag_len());
        let (nonce, aad) = self.next(kind, length.ok_or_else(malformed)?);
        match self.key.open_in_place(nonce, aad, record) {
            Ok(content) => Ok(content),
            Err(error) => Err(broken(error)),
        }
    }

    /// The nonce for the next record, and what is authenticated beside its content.
    fn next(&mut self, kind: u8, length: usize) -> (Nonce, Aad<[u8; 13]>) {
        let number = self.records.to_be_bytes();
        self.records += 1;
        let mut nonce = self.iv;
        let from = NONCE_LEN - number.len();
        for (byte, digit) in nonce.iter_mut().skip(from).zip(number) {
            *byte ^= digit;
        }
        let [a, b, c, d, e, f, g, h] = number;
        let [.., i, j] = length.to_be_bytes();
        let [major, minor] = VERSION;
        let aad = [a, b, c, d, e, f, g, h, kind, major, minor, i, j];
        (Nonce::assume_unique_for_key(nonce), Aad::from(aad))
    }
}

/// A record's kind and content.
fn read_record(stream: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    stream.read_exact(&mut head)?;
    let [kind, major, _, a, b] = head;
    let length = usize::from(u16::from_be_bytes([a, b]));
    if major != 3 || length > MAX_RECORD + MAX_EXPANSION {
        return Err(malformed());
    }
    let mut content = vec![0; length];
    stream.read_exact(&mut content)?;
    Ok((kind, content))
}

fn write_record(stream: &mut impl Write, kind: u8, content: &[u8]) -> io::Result<()> {
    let [major, minor] = VERSION;
    let [.., a, b] = content.len().to_be_bytes();
    stream.write_all(&[&[kind, major, minor, a, b], content].concat())
}

fn malformed() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

fn broken(_: ring::error::Unspecified) -> io::Error {
    malformed()
}

#[cfg(test)]
mod tests;
