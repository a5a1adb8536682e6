//! TLS as clients meet it: versions, protocol, and a certificate that changes under them.

use std::io::{self, Write as _};
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use parlor::config::Limits;
use parlor::stats::Stats;
use parlor::tls::{Served, Tls};
use parlor::transport::{Budget, Secure, Stream};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
};
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client};

use crate::rig::{State, home, names, openssl_reading, path};

type Connection = (client::TlsStream<TcpStream>, Stream);

/// A client that trusts these authorities.
pub(crate) fn client(
    trusted: &[&[u8]],
    versions: &[&'static SupportedProtocolVersion],
    protocols: &[&str],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for der in trusted {
        roots.add(CertificateDer::from(der.to_vec())).unwrap();
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    config
}

/// A client that trusts the authority, as a phone does that was given it.
fn phone(served: &Served, version: &'static SupportedProtocolVersion) -> ClientConfig {
    let authority = served.authority.as_ref().unwrap();
    client(&[&authority.der], &[version], &["h2", "http/1.1"])
}

fn budget() -> Budget {
    Budget::new(Arc::default(), &Limits::default())
}

/// A handshake over the loopback address.
pub(crate) async fn connect(tls: &Tls, client: ClientConfig, name: &str) -> io::Result<Connection> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let near = TcpStream::connect(listener.local_addr()?).await?;
    let (far, _) = listener.accept().await?;
    let accepting = tokio::spawn(Secure::accept(far, tls.acceptor(), budget()));
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connected = TlsConnector::from(Arc::new(client))
        .connect(name, near)
        .await;
    let accepted = accepting.await.unwrap();
    Ok((connected?, accepted?.into()))
}

pub(crate) fn run<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    runtime.block_on(test)
}

async fn expect_alive((client, server): &mut Connection) {
    client.write_all(b"ping").await.unwrap();
    client.flush().await.unwrap();
    let mut heard = [0; 4];
    server.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"ping");
}

fn fingerprint_seen(connection: &Connection) -> String {
    let chain = connection.0.get_ref().1.peer_certificates().unwrap();
    let hash = ring_digest(&chain[0]);
    let pairs: Vec<_> = hash.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

fn ring_digest(bytes: &[u8]) -> Vec<u8> {
    ::ring::digest::digest(&::ring::digest::SHA256, bytes)
        .as_ref()
        .to_vec()
}

#[test]
fn both_versions_of_tls_are_spoken_with_http_1_1_for_each_kind_of_name() {
    let state = State::new();
    let tls = state.open(&home(), SystemTime::now());
    for (version, wanted) in [
        (&TLS12, ProtocolVersion::TLSv1_2),
        (&TLS13, ProtocolVersion::TLSv1_3),
    ] {
        for name in ["parlor.local", "localhost", "192.168.1.20", "::1"] {
            run(async {
                let phone = phone(&tls.served(), version);
                let mut connection = connect(&tls, phone, name).await.unwrap();
                let session = connection.0.get_ref().1;
                assert_eq!(session.protocol_version(), Some(wanted));
                assert_eq!(session.alpn_protocol(), Some(&b"http/1.1"[..]));
                expect_alive(&mut connection).await;
            });
        }
    }
}

#[test]
fn a_client_without_http_1_1_is_refused_and_one_without_alpn_is_not() {
    let state = State::new();
    let tls = state.open(&home(), SystemTime::now());
    let authority = tls.served().authority.clone().unwrap().der;
    run(async {
        let modern = client(&[&authority], &[&TLS13], &["h2"]);
        let refused = connect(&tls, modern, "parlor.local").await.unwrap_err();
        assert!(
            refused.to_string().contains("NoApplicationProtocol"),
            "{refused}"
        );
        let plain = client(&[&authority], &[&TLS13], &[]);
        connect(&tls, plain, "parlor.local").await.unwrap();
    });
}

#[test]
fn a_client_that_does_not_trust_the_authority_goes_away() {
    let (state, other) = (State::new(), State::new());
    let tls = state.open(&home(), SystemTime::now());
    let stranger = phone(&other.open(&home(), SystemTime::now()).served(), &TLS13);
    let refused = run(connect(&tls, stranger, "parlor.local")).unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
}

#[test]
fn a_new_certificate_is_for_new_connections_and_old_ones_live_on() {
    let state = State::new();
    let now = SystemTime::now();
    let tls = state.open(&home(), now);
    // The acceptor is taken once, as a listener does.
    let first = tls.served();
    run(async {
        let mut old = connect(&tls, phone(&first, &TLS13), "parlor.local")
            .await
            .unwrap();
        assert_eq!(fingerprint_seen(&old), first.fingerprint);
        assert!(
            tls.refresh(&names("parlor.local den.local 10.0.0.7"), now)
                .unwrap()
        );
        let second = tls.served();
        assert_ne!(first.fingerprint, second.fingerprint);
        let mut new = connect(&tls, phone(&second, &TLS13), "10.0.0.7")
            .await
            .unwrap();
        assert_eq!(fingerprint_seen(&new), second.fingerprint);
        expect_alive(&mut old).await;
        expect_alive(&mut new).await;
    });
}

#[test]
fn of_a_client_that_does_not_read_one_record_is_held() {
    let state = State::new();
    let tls = state.open(&home(), SystemTime::now());
    let phone = phone(&tls.served(), &TLS13);
    run(async {
        let (mut client, mut server) = connect(&tls, phone, "parlor.local").await.unwrap();
        let mut written = 0;
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(more) = Pin::new(&mut server).poll_write(&mut cx, &[7; 100_000]) {
            let more = more.unwrap();
            assert!(more <= 16 * 1024, "{more} bytes at once");
            written += more;
        }
        let mut read = vec![0; written];
        let flushing = tokio::spawn(async move { server.flush().await });
        client.read_exact(&mut read).await.unwrap();
        flushing.await.unwrap().unwrap();
        assert!(read.iter().all(|&byte| byte == 7));
    });
}

#[test]
fn what_came_before_a_reset_is_read_first() {
    let state = State::new();
    let tls = state.open(&home(), SystemTime::now());
    let phone = phone(&tls.served(), &TLS13);
    run(async {
        let (mut client, mut server) = connect(&tls, phone, "parlor.local").await.unwrap();
        client.write_all(b"goodbye").await.unwrap();
        client.flush().await.unwrap();
        client.get_ref().0.set_zero_linger().unwrap();
        drop(client);
        let mut read = [0; 100];
        assert_eq!(server.read(&mut read).await.unwrap(), 7);
        assert!(server.read(&mut read).await.is_err());
    });
}

/// Browsers send their first request right behind the end of the handshake.
#[test]
fn a_request_that_comes_with_the_handshake_counts_until_it_is_read() {
    let state = State::new();
    let tls = state.open(&home(), SystemTime::now());
    let phone = Arc::new(phone(&tls.served(), &TLS13));
    let stats = Arc::new(Stats::default());
    let budget = Budget::new(Arc::clone(&stats), &Limits::default());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut wire = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let client = std::thread::spawn(move || {
        let name = ServerName::try_from("parlor.local").unwrap();
        let mut session = ClientConnection::new(phone, name).unwrap();
        session.write_tls(&mut wire).unwrap();
        while session.is_handshaking() {
            session.read_tls(&mut wire).unwrap();
            session.process_new_packets().unwrap();
        }
        session.writer().write_all(b"request").unwrap();
        let mut together = Vec::new();
        while session.wants_write() {
            session.write_tls(&mut together).unwrap();
        }
        wire.write_all(&together).unwrap();
        wire
    });
    run(async {
        let (far, _) = listener.accept().unwrap();
        far.set_nonblocking(true).unwrap();
        let far = TcpStream::from_std(far).unwrap();
        let secure = Secure::accept(far, tls.acceptor(), budget).await.unwrap();
        let mut server = Stream::from(secure);
        let wire = client.join().unwrap();
        assert_eq!(stats.buffered(), 7);
        let mut read = [0; 100];
        assert_eq!(server.read(&mut read).await.unwrap(), 7);
        // Whoever waits for more holds nothing.
        let mut cx = Context::from_waker(Waker::noop());
        let waits = Pin::new(&mut server).poll_read(&mut cx, &mut ReadBuf::new(&mut read));
        assert!(waits.is_pending());
        assert_eq!(stats.buffered(), 0);
        drop(wire);
    });
}

#[test]
fn openssl_connects_with_each_version_and_trusts_what_it_gets() {
    let state = State::new();
    let tls = state.open(&home(), SystemTime::now());
    for (flag, wanted) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let acceptor = tls.acceptor();
        let server = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_nonblocking(true).unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .build()
                .unwrap();
            runtime.block_on(async {
                let stream = TcpStream::from_std(stream).unwrap();
                let mut stream =
                    Stream::from(Secure::accept(stream, acceptor, budget()).await.unwrap());
                let _ = stream.read(&mut [0; 16]).await;
            });
        });
        let said = openssl_reading(
            &[
                "s_client",
                "-connect",
                &address,
                flag,
                "-alpn",
                "h2,http/1.1",
                "-CAfile",
                path(&state.file("authority.pem")),
                "-verify_return_error",
                "-verify_hostname",
                "parlor.local",
                "-servername",
                "parlor.local",
            ],
            b"Q\n",
        );
        server.join().unwrap();
        assert!(said.good, "{}", said.text);
        for line in [
            wanted,
            "ALPN protocol: http/1.1",
            "Verify return code: 0 (ok)",
        ] {
            assert!(said.text.contains(line), "{line} in {}", said.text);
        }
    }
}
