//! What the suites share: a state directory, moments, OpenSSL, and a TLS client.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parlor::config;
use parlor::tls::{Names, Tls, TlsError};

use crate::support::dir::TempDir;

pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// 2026-11-22, a day like any other.
pub(crate) fn today() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_305_600)
}

pub(crate) fn days_later(days: u32) -> SystemTime {
    today() + DAY * days
}

/// Names separated by spaces; what looks like an address is one.
pub(crate) fn names(text: &str) -> Names {
    let mut names = Names::default();
    for name in text.split_whitespace() {
        match name.parse() {
            Ok(address) => drop(names.addresses.insert(address)),
            Err(_) => drop(names.dns.insert(name.to_owned())),
        }
    }
    names
}

/// What a home server covers.
pub(crate) fn home() -> Names {
    names("parlor.local 192.168.1.20 fd00::20")
}

/// Refreshes, which must change nothing where that is foretold, and leave nothing to do.
pub(crate) fn refresh(tls: &Tls, names: &Names, now: SystemTime) -> Result<bool, TlsError> {
    let (settled, before) = (tls.is_settled(names, now), tls.served());
    let refreshed = tls.refresh(names, now);
    if settled {
        assert!(matches!(refreshed, Ok(false)), "{refreshed:?}");
        assert_eq!(tls.served(), before);
    }
    assert!(refreshed.is_err() || tls.is_settled(names, now));
    refreshed
}

/// A state directory that vanishes.
pub(crate) struct State {
    directory: TempDir,
    pub(crate) settings: config::Tls,
}

impl State {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new();
        let settings = config::Tls {
            state_dir: Some(directory.path().join("state")),
            ..Default::default()
        };
        Self {
            directory,
            settings,
        }
    }

    pub(crate) fn unconstrained() -> Self {
        let mut state = Self::new();
        state.settings.unconstrained = true;
        state
    }

    pub(crate) fn open(&self, names: &Names, now: SystemTime) -> Tls {
        self.try_open(names, now).unwrap()
    }

    pub(crate) fn try_open(&self, names: &Names, now: SystemTime) -> Result<Tls, TlsError> {
        Tls::open(&self.settings, Some("kitchen-pi"), names, now)
    }

    /// A file of the state directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join("state").join(name)
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.file(name)).unwrap()
    }

    /// OpenSSL trusts the certificate by the authority, as they are in their files.
    pub(crate) fn expect_trusted(&self, now: SystemTime) {
        let (authority, server) = (self.file("authority.pem"), self.file("server.pem"));
        let said = verified(&authority, &server, &[], now);
        assert!(said.good, "{}", said.text);
    }

    /// A file beside the state directory.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// What the directory has, in order.
    pub(crate) fn list(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.file("")).unwrap();
        let mut names: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// What a run of OpenSSL left behind.
pub(crate) struct Said {
    pub(crate) good: bool,
    /// Both outputs.
    pub(crate) text: String,
}

/// Runs OpenSSL, with what it is to read.
pub(crate) fn openssl_reading(arguments: &[&str], input: &[u8]) -> Said {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("openssl: {error}; apt-get install openssl brings it"));
    // It may have ended before it has read anything.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    Said {
        good: output.status.success(),
        text: String::from_utf8_lossy(&text).into_owned(),
    }
}

/// Runs OpenSSL, which must succeed.
pub(crate) fn openssl(arguments: &[&str]) -> String {
    let said = openssl_reading(arguments, b"");
    assert!(said.good, "openssl {arguments:?}: {}", said.text);
    said.text
}

/// A certificate as OpenSSL describes it, with one space wherever there are some.
pub(crate) fn described(file: &Path) -> String {
    let text = openssl(&["x509", "-noout", "-text", "-in", path(file)]);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether OpenSSL trusts a certificate at that time, and what it says.
pub(crate) fn verified(
    authority: &Path,
    certificate: &Path,
    more: &[&str],
    at: SystemTime,
) -> Said {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap().as_secs().to_string();
    let mut arguments = vec!["verify", "-x509_strict", "-purpose", "sslserver"];
    arguments.extend(["-attime", &seconds, "-CAfile", path(authority)]);
    arguments.extend(more);
    arguments.push(path(certificate));
    openssl_reading(&arguments, b"")
}

pub(crate) fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
