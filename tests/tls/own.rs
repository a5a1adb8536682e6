//! A certificate of the user's own: what is accepted, and what happens when its files change.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use parlor::config::{self, CertificateFiles, ConfigError};
use parlor::tls::{Names, Source, Tls, TlsError};
use rustls::version::TLS13;

use crate::handshake::{client, connect, run};
use crate::rig::{DAY, names, openssl, path, refresh};
use crate::support::dir::TempDir;

/// A directory with a certificate.
struct Files {
    directory: TempDir,
    settings: config::Tls,
}

impl Files {
    /// With a certificate for these alternative names, for 30 days from now.
    fn new(alternative: &str) -> Self {
        let directory = TempDir::new();
        let file = |name| directory.path().join(name);
        let own = CertificateFiles {
            certificate: file("chain.pem"),
            key: file("key.pem"),
        };
        let settings = config::Tls {
            own: Some(own),
            ..Default::default()
        };
        let files = Self {
            directory,
            settings,
        };
        files.make(alternative, &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        files
    }

    fn make(&self, alternative: &str, kind: &[&str]) {
        let (certificate, key) = (self.file("chain.pem"), self.file("key.pem"));
        let alternative = format!("subjectAltName={alternative}");
        let leaf = "basicConstraints=critical,CA:FALSE";
        let mut arguments = vec!["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=x"];
        arguments.extend([
            "-addext",
            leaf,
            "-addext",
            &alternative,
            "-keyout",
            path(&key),
            "-out",
            path(&certificate),
        ]);
        arguments.push("-newkey");
        arguments.extend(kind);
        openssl(&arguments);
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    fn open(&self) -> Tls {
        self.try_open().unwrap()
    }

    fn try_open(&self) -> Result<Tls, TlsError> {
        Tls::open(&self.settings, None, &Names::default(), SystemTime::now())
    }

    /// Why it cannot be opened.
    fn complaint(&self) -> ConfigError {
        match self.try_open().unwrap_err() {
            TlsError::Own(error) => error,
            error => panic!("{error}"),
        }
    }

    fn refresh(&self, tls: &Tls) -> Result<bool, TlsError> {
        refresh(tls, &Names::default(), SystemTime::now())
    }
}

#[test]
fn what_an_own_certificate_covers_is_what_it_says() {
    let files = Files::new("DNS:Meet.Example.com,DNS:*.home.example,IP:192.168.1.20");
    let wanted = names("meet.example.com a.home.example a.b.home.example 192.168.1.20 10.0.0.1");
    let tls = Tls::open(&files.settings, None, &wanted, SystemTime::now()).unwrap();
    let served = tls.served();
    assert_eq!(served.source, Source::Own(files.file("chain.pem")));
    assert_eq!(served.authority, None);
    assert!(served.covers_name("meet.example.com") && served.covers_name("x.home.example"));
    assert!(served.covers_address([192, 168, 1, 20].into()));
    assert_eq!(served.left_out, ["a.b.home.example", "10.0.0.1"]);
}

#[test]
fn keys_of_each_form_are_taken() {
    let files = Files::new("DNS:a.example");
    let key = files.file("key.pem");
    assert!(files.text("key.pem").contains("BEGIN PRIVATE KEY"));
    files.open();
    let sec1 = openssl(&["ec", "-in", path(&key)]);
    fs::write(
        &key,
        sec1.replace("read EC key\n", "")
            .replace("writing EC key\n", ""),
    )
    .unwrap();
    assert!(files.text("key.pem").contains("BEGIN EC PRIVATE KEY"));
    files.open();
    files.make("DNS:a.example", &["rsa:2048"]);
    files.open();
    let pkcs1 = openssl(&["rsa", "-traditional", "-in", path(&key)]);
    fs::write(&key, pkcs1.replace("writing RSA key\n", "")).unwrap();
    assert!(files.text("key.pem").contains("BEGIN RSA PRIVATE KEY"));
    files.open();
    files.make("DNS:a.example", &["ed25519"]);
    files.open();
    files.make(
        "DNS:a.example",
        &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
    );
    files.open();
}

#[test]
fn certificates_of_each_kind_are_read_as_they_are() {
    let every = "DNS:*.Home.example,DNS:a.example,IP:192.168.1.20,IP:fd00::20,email:a@a.example,\
        URI:https://a.example/,otherName:1.2.3.4;UTF8:x,dirName:someone";
    let files = Files::new("DNS:a.example");
    // Days until 2049, and until after it, when dates are written with four digits for the year.
    for (kind, subject, days) in [
        (&["rsa:2048"][..], "/CN=x", 30),
        (&["ed25519"], "/C=DE/O=Kitchen+OU=Table/CN=K\u{fc}che", 30),
        (
            &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
            "/O=x",
            36_500,
        ),
        (&["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], "/", 100_000),
    ] {
        let configuration = files.file("openssl.cnf");
        let text = format!(
            "[req]\ndistinguished_name=name\nx509_extensions=more\n[name]\n[someone]\nCN=y\n[more]\n\
             subjectAltName={every}\nbasicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n\
             certificatePolicies=1.2.3.4\nsubjectKeyIdentifier=hash\n1.2.3.4.5=DER:0500\n"
        );
        fs::write(&configuration, text).unwrap();
        let (certificate, key) = (files.file("chain.pem"), files.file("key.pem"));
        let (days_text, before) = (days.to_string(), SystemTime::now());
        let mut arguments = vec![
            "req",
            "-x509",
            "-nodes",
            "-utf8",
            "-config",
            path(&configuration),
        ];
        arguments.extend(["-days", &days_text, "-subj", subject, "-keyout", path(&key)]);
        arguments.extend(["-out", path(&certificate), "-newkey"]);
        arguments.extend(kind);
        openssl(&arguments);
        let served = files.open().served();
        assert_eq!(served.dns, ["*.home.example", "a.example"]);
        assert_eq!(
            served.addresses,
            names("192.168.1.20 fd00::20")
                .addresses
                .into_iter()
                .collect::<Vec<_>>()
        );
        // OpenSSL takes the dates from the clock, and knows whole seconds only.
        let second = Duration::from_secs(1);
        for (moment, from) in [(served.not_before, 0), (served.not_after, days)] {
            let earliest = before + DAY * from - second;
            assert!(
                (earliest..=SystemTime::now() + DAY * from).contains(&moment),
                "{subject}"
            );
        }
        let print = openssl(&[
            "x509",
            "-noout",
            "-fingerprint",
            "-sha256",
            "-in",
            path(&certificate),
        ]);
        assert!(print.trim_end().ends_with(&served.fingerprint), "{print}");
    }
}

#[test]
fn what_browsers_do_not_take_from_servers_is_refused() {
    let files = Files::new("DNS:a.example");
    let (certificate, key) = (files.file("chain.pem"), files.file("key.pem"));
    let request = files.file("request.pem");
    openssl(&[
        "req",
        "-new",
        "-key",
        path(&key),
        "-subj",
        "/CN=x",
        "-out",
        path(&request),
    ]);
    // Of version 1, since it has no extensions.
    openssl(&[
        "x509",
        "-req",
        "-in",
        path(&request),
        "-signkey",
        path(&key),
        "-out",
        path(&certificate),
    ]);
    let error = files.complaint();
    assert_eq!(error.setting, "--tls-cert");
    assert!(error.expected.contains("version 3"), "{error}");
    // With something critical that nobody knows.
    let strange = "1.2.3.4.5=critical,DER:0500";
    openssl(&[
        "req",
        "-x509",
        "-key",
        path(&key),
        "-subj",
        "/CN=x",
        "-addext",
        strange,
        "-out",
        path(&certificate),
    ]);
    assert!(files.complaint().expected.contains("version 3"));
}

#[test]
fn the_whole_chain_is_sent() {
    let files = Files::new("DNS:a.example");
    let other = Files::new("DNS:b.example");
    let chain = files.text("chain.pem") + &other.text("chain.pem");
    fs::write(files.file("chain.pem"), chain).unwrap();
    let tls = files.open();
    let der = files.file("leaf.der");
    openssl(&[
        "x509",
        "-in",
        path(&files.file("chain.pem")),
        "-outform",
        "DER",
        "-out",
        path(&der),
    ]);
    let trusting = client(&[&fs::read(&der).unwrap()], &[&TLS13], &["http/1.1"]);
    let (client, _) = run(connect(&tls, trusting, "a.example")).unwrap();
    assert_eq!(client.get_ref().1.peer_certificates().unwrap().len(), 2);
}

#[test]
fn files_that_cannot_be_used_are_wrong_settings() {
    let files = Files::new("DNS:a.example");
    let other = Files::new("DNS:a.example");
    let (chain, key) = (files.text("chain.pem"), files.text("key.pem"));
    let encrypted = files.file("encrypted.pem");
    openssl(&[
        "pkey",
        "-in",
        path(&files.file("key.pem")),
        "-aes256",
        "-passout",
        "pass:secret",
        "-out",
        path(&encrypted),
    ]);
    let encrypted = files.text("encrypted.pem");
    let cut = &chain[..chain.len() / 2];
    for (chain, key, setting, wanted) in [
        ("", key.as_str(), "--tls-cert", "certificate in PEM"),
        ("rubbish", &key, "--tls-cert", "certificate in PEM"),
        (cut, &key, "--tls-cert", "damaged"),
        (&key, &key, "--tls-cert", "certificate in PEM"),
        (&chain, "", "--tls-key", "private key in PEM"),
        (&chain, &chain, "--tls-key", "private key in PEM"),
        (&chain, &encrypted, "--tls-key", "without a password"),
        (
            &chain,
            &other.text("key.pem"),
            "--tls-key",
            "key of the first certificate",
        ),
    ] {
        fs::write(files.file("chain.pem"), chain).unwrap();
        fs::write(files.file("key.pem"), key).unwrap();
        let error = files.complaint();
        assert_eq!(error.setting, setting, "{error}");
        assert!(error.expected.contains(wanted), "{error}");
        assert!(!error.to_string().contains("BEGIN"), "{error}");
    }
    fs::remove_file(files.file("chain.pem")).unwrap();
    assert!(
        files.complaint().to_string().contains("No such file"),
        "{}",
        files.complaint()
    );
    fs::create_dir(files.file("chain.pem")).unwrap();
    assert!(
        files.complaint().to_string().contains("not a regular file"),
        "{}",
        files.complaint()
    );
}

#[test]
fn changed_files_are_taken_up() {
    let files = Files::new("DNS:a.example");
    let tls = files.open();
    let settled = || tls.is_settled(&Names::default(), SystemTime::now());
    assert!(settled() && !files.refresh(&tls).unwrap());
    files.make(
        "DNS:b.example",
        &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    );
    assert!(!settled() && files.refresh(&tls).unwrap() && settled());
    assert!(tls.served().covers_name("b.example") && !tls.served().covers_name("a.example"));
    assert!(!files.refresh(&tls).unwrap());
    assert!(!tls.reload(&Names::default(), SystemTime::now()).unwrap());
}

#[test]
fn a_bad_file_keeps_what_is_served_and_is_told_once_for_each_change() {
    let files = Files::new("DNS:a.example");
    let tls = files.open();
    let before = tls.served();
    let good = files.text("key.pem");
    fs::write(files.file("key.pem"), "rubbish").unwrap();
    assert!(
        matches!(files.refresh(&tls), Err(TlsError::Own(error)) if error.setting == "--tls-key")
    );
    assert!(!files.refresh(&tls).unwrap());
    fs::remove_file(files.file("key.pem")).unwrap();
    assert!(files.refresh(&tls).is_err());
    assert!(!files.refresh(&tls).unwrap());
    assert!(tls.reload(&Names::default(), SystemTime::now()).is_err());
    assert_eq!(tls.served(), before);
    fs::write(files.file("key.pem"), good).unwrap();
    assert!(!files.refresh(&tls).unwrap());
    assert_eq!(tls.served(), before);
}

#[test]
fn one_that_is_out_of_date_is_served_all_the_same() {
    let files = Files::new("DNS:a.example");
    let now = SystemTime::now();
    for at in [now - DAY * 9, now + DAY * 99] {
        let tls = Tls::open(&files.settings, None, &Names::default(), at).unwrap();
        assert!(!refresh(&tls, &Names::default(), at).unwrap());
        assert!(tls.served().covers_name("a.example"));
    }
}
