//! Handshakes with rustls, and with those that do not keep to the rules.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::io::Cursor;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use proptest::prelude::*;
use rcgen::{CertificateParams, KeyPair, SignatureAlgorithm};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};

use super::*;

/// A server of rustls with a certificate of this kind, and that certificate.
fn server(
    kind: &'static SignatureAlgorithm,
    versions: &[&'static SupportedProtocolVersion],
) -> (Arc<ServerConfig>, CertificateDer<'static>) {
    let key = KeyPair::generate_for(kind).unwrap();
    let params = CertificateParams::new(["parlor.local".to_owned()]).unwrap();
    let certificate = CertificateDer::from(params.self_signed(&key).unwrap());
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    (Arc::new(config), certificate)
}

/// A connection to somebody who does this with it.
fn beside(act: impl FnOnce(TcpStream) + Send + 'static) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    thread::spawn(move || act(listener.accept().unwrap().0));
    stream
}

/// One that speaks TLS, sends back what it gets until there is a line's end, and says farewell.
fn echo(config: Arc<ServerConfig>) -> impl FnOnce(TcpStream) + Send + 'static {
    move |mut stream| {
        let mut session = ServerConnection::new(config).unwrap();
        let mut heard = Vec::new();
        while !heard.ends_with(b"\n") {
            // The other side may go away as it likes.
            if session.complete_io(&mut stream).is_err() {
                return;
            }
            let mut part = [0; 4096];
            while let Ok(length @ 1..) = session.reader().read(&mut part) {
                heard.extend(&part[..length]);
                session.writer().write_all(&part[..length]).unwrap();
            }
        }
        session.send_close_notify();
        while session.wants_write() {
            session.write_tls(&mut stream).unwrap();
        }
        let _ = stream.shutdown(Shutdown::Write);
        // Whoever has more to say is heard out, since unread bytes would cut off what was said.
        let _ = io::copy(&mut stream, &mut io::sink());
    }
}

#[test]
fn rustls_is_understood_with_each_kind_of_key() {
    for kind in [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ED25519,
    ] {
        let (config, certificate) = server(kind, &[&TLS13, &TLS12]);
        let mut secure = Secure::connect(beside(echo(config))).unwrap();
        assert_eq!(secure.certificate(), &*certificate);
        // More than one record each way.
        let said = [vec![b'x'; 3 * MAX_RECORD], b"\n".to_vec()].concat();
        secure.write_all(&said).unwrap();
        let mut answer = Vec::new();
        secure.read_to_end(&mut answer).unwrap();
        assert!(answer == said, "{} bytes", answer.len());
    }
}

#[test]
fn who_does_not_speak_this_is_an_error() {
    let (config, _) = server(&rcgen::PKCS_ECDSA_P256_SHA256, &[&TLS13]);
    assert!(Secure::connect(beside(echo(config))).is_err());
    for answer in [
        &b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"[..],
        // An alert, a message of another kind, one that is too long, nothing.
        &[ALERT, 3, 3, 0, 2, 2, 40],
        &[HANDSHAKE, 3, 3, 0, 4, FINISHED, 0, 0, 0],
        &[HANDSHAKE, 3, 3, 0, 4, SERVER_HELLO, 255, 255, 255],
        &[HANDSHAKE, 3, 3, 0, 0],
        &[HANDSHAKE, 3, 3, 255, 255],
        b"",
    ] {
        let connected = Secure::connect(Scripted::new(answer));
        assert!(connected.is_err(), "{answer:?}");
    }
}

#[test]
fn a_record_that_was_changed_on_its_way_is_an_error() {
    let keys: [u8; 88] = expand(b"secret", "key expansion", &[]);
    let (mut ours, _) = directions(&keys).unwrap();
    let sealed = {
        let mut record = b"good morning".to_vec();
        ours.seal(APPLICATION_DATA, &mut record).unwrap();
        record
    };
    let open = |kind, mut record: Vec<u8>| {
        let (mut theirs, _) = directions(&keys).unwrap();
        theirs.open(kind, &mut record).map(<[u8]>::to_vec)
    };
    assert_eq!(
        open(APPLICATION_DATA, sealed.clone()).unwrap(),
        b"good morning"
    );
    assert!(open(ALERT, sealed.clone()).is_err());
    for place in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        assert!(open(APPLICATION_DATA, changed).is_err(), "{place}");
    }
    assert!(open(APPLICATION_DATA, vec![0; 15]).is_err());
}

/// RFC 5246 has no vector; this one was published on the list of its working group.
#[test]
fn secrets_are_expanded_as_the_standard_says() {
    let secret = hex("9bbe436ba940f017b17652849a71db35");
    let seed = hex("a0ba9f936cda311827a6f796ffd5198c");
    let wanted = hex(
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a\
         6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab\
         4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701\
         87347b66",
    );
    let made: [u8; 100] = expand(&secret, "test label", &[&seed]);
    assert_eq!(made.to_vec(), wanted);
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// Somebody whose answers are known, whatever is said.
struct Scripted(Cursor<Vec<u8>>);

impl Scripted {
    fn new(answer: &[u8]) -> Self {
        Self(Cursor::new(answer.to_vec()))
    }
}

impl Read for Scripted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Scripted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn handshake_record(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut record = Vec::new();
    write_record(&mut record, HANDSHAKE, &message(kind, body)).unwrap();
    record
}

proptest! {
    #[test]
    fn any_answer_is_an_error_and_no_panic(
        answer: Vec<u8>,
        messages: [Vec<u8>; 3],
        cut in 0..400_usize,
    ) {
        prop_assert!(Secure::connect(Scripted::new(&answer)).is_err());
        // The same behind a beginning that is right.
        let [hello, chain, exchange] = messages;
        let hello = [&VERSION[..], &[7; 32], &[0], &[0xcc, 0xa9], &hello].concat();
        let exchange = [&CURVE[..], &[32], &[9; 32], &exchange].concat();
        let mut script = [
            handshake_record(SERVER_HELLO, &hello),
            handshake_record(CERTIFICATE, &[&[0, 0, 9, 0, 0, 2, 5, 0], &chain[..]].concat()),
            handshake_record(SERVER_KEY_EXCHANGE, &exchange),
            handshake_record(SERVER_HELLO_DONE, &[]),
            vec![CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1],
            answer,
        ]
        .concat();
        script.truncate(cut);
        prop_assert!(Secure::connect(Scripted::new(&script)).is_err());
    }
}
