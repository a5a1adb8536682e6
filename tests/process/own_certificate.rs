//! A certificate of the user's own under the running binary: SIGHUP takes a new one up, and a bad
//! one leaves the old in place.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustix::process::Signal;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto};

use crate::support::binary::Parlor;
use crate::support::dir::TempDir;
use crate::support::raw::connect;

const NAME: &str = "calls.example.org";

type Made = CertifiedKey<KeyPair>;

fn made() -> Made {
    generate_simple_self_signed([NAME.to_owned()]).unwrap()
}

/// Whether the server shows exactly this certificate.
fn shows(address: SocketAddr, wanted: &Made) -> bool {
    let mut roots = RootCertStore::empty();
    roots.add(wanted.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(NAME).unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(session, connect(address));
    let asked = stream.write_all(
        b"GET /healthz HTTP/1.1\r\nHost: calls.example.org\r\nConnection: close\r\n\r\n",
    );
    let mut answer = String::new();
    asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.ends_with("ok\n")
}

struct Files {
    _dir: TempDir,
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn new(made: &Made) -> Self {
        let dir = TempDir::new();
        let files = Self {
            certificate: dir.path().join("chain.pem"),
            key: dir.path().join("key.pem"),
            _dir: dir,
        };
        files.write(made);
        files
    }

    fn write(&self, made: &Made) {
        std::fs::write(&self.key, made.signing_key.serialize_pem()).unwrap();
        std::fs::write(&self.certificate, made.cert.pem()).unwrap();
    }
}

#[test]
fn a_hangup_takes_a_new_certificate_up_and_a_bad_one_leaves_the_old() {
    let (first, second) = (made(), made());
    let files = Files::new(&first);
    let arguments = [
        "--listen",
        "127.0.0.1:0",
        "--tls-cert",
        files.certificate.to_str().unwrap(),
        "--tls-key",
        files.key.to_str().unwrap(),
    ];
    let (mut parlor, address) = Parlor::start(&arguments, &[]);
    assert!(shows(address, &first) && !shows(address, &second));
    std::fs::write(&files.certificate, "no certificate\n").unwrap();
    parlor.signal(Signal::HUP);
    let line = parlor
        .stderr
        .wait_for("the certificate stays as it is")
        .unwrap();
    assert!(
        line.contains("WARN") && line.contains("chain.pem"),
        "{line}"
    );
    assert!(shows(address, &first));
    files.write(&second);
    parlor.signal(Signal::HUP);
    let line = parlor.stderr.wait_for("INFO parlor::tls").unwrap();
    assert!(shows(address, &second) && !shows(address, &first), "{line}");
}
