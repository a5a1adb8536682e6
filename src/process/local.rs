//! Asking the server that runs on this machine: what it says of itself, and which certificate it
//! shows.
//!
//! It stands in the actions `urls`, `doctor` and `certificate`, because only the running server knows
//! what its name became, and which certificate it took. It is asked over loopback, or over the address it was told
//! to listen on, or over those of the home network, which are this machine's as well.
//!
//! The certificate is not verified: nothing secret is sent, what comes back is shown to whoever
//! asked, and a certificate that cannot be verified is among the things to be found.
//!
//! Invariants: since anybody may listen on that port, it is bounded in time and bytes as a whole, and
//! nothing is handed on that a terminal would take for a command.

#[cfg_attr(not(feature = "tls"), path = "local/no_secure.rs")]
mod secure;

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::config;
use crate::http::{Reach, bind};
use crate::process::reach::Situation;
use crate::process::urls;
use crate::tls::{self, Facts};
use secure::Secure;

/// Time for connecting, and then for everything else; the server is on this machine.
const PATIENCE: Duration = Duration::from_secs(2);

/// Longest answer that is read.
const MAX_ANSWER: u64 = 64 * 1024;

/// What a running server says of itself in `/config.json`.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Said {
    /// What makes it Parlor's.
    #[serde(rename = "iceServers")]
    _ice_servers: serde::de::IgnoredAny,
    #[serde(default)]
    addresses: Vec<String>,
    #[serde(default)]
    names: Vec<String>,
}

impl Said {
    /// What can be opened, as it says.
    pub(crate) fn reach(mut self) -> Reach {
        self.addresses.retain(|url| is_printable_url(url));
        self.names.retain(|url| is_printable_url(url));
        Reach {
            addresses: self.addresses,
            names: self.names,
            ..Reach::default()
        }
    }
}

/// Whether it is a URL of the kind that is told, without what moves a terminal's cursor or colours
/// its text.
fn is_printable_url(text: &str) -> bool {
    let is_web = text.starts_with("http://") || text.starts_with("https://");
    is_web && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Where a server with these settings can be asked; port 0 cannot be known.
fn targets(config: &config::Parlor, situation: &Situation) -> Vec<SocketAddr> {
    let listen = match config.listen.as_slice() {
        [] => &[bind::DEFAULT],
        listen => listen,
    };
    let mut targets = Vec::new();
    for one in listen.iter().filter(|one| one.port() != 0) {
        let ips = match one.ip() {
            ip if !ip.is_unspecified() => vec![ip],
            IpAddr::V4(_) => vec![Ipv4Addr::LOCALHOST.into()],
            // Without IPv6 in the system the server takes 0.0.0.0.
            IpAddr::V6(_) => vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()],
        };
        targets.extend(ips.into_iter().map(|ip| SocketAddr::new(ip, one.port())));
    }
    // It may have been started with one of these only.
    for one in situation.sockets() {
        if one.port() != 0 && !targets.contains(&one) {
            targets.push(one);
        }
    }
    targets
}

/// The first Parlor that answers, with where it did.
pub(crate) fn ask(config: &config::Parlor) -> Option<(SocketAddr, Said)> {
    targets(config, &urls::situation(config))
        .into_iter()
        .find_map(|target| Some((target, get(target, "/config.json", said)?)))
}

/// The fingerprint of the authority that the server there offers to devices; none if it offers none.
pub(crate) fn authority(target: SocketAddr) -> Option<String> {
    get(target, "/parlor-ca.crt", |der| {
        Facts::read(der).ok()?;
        Some(tls::fingerprint(der))
    })
}

/// What `read` makes of the answer. With `--https-only` plain HTTP is only sent on.
fn get<T>(target: SocketAddr, path: &str, read: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
    let plain = || {
        read(body(
            &exchange(&mut connect(target).ok()?, target, path).ok()?,
        )?)
    };
    let secure = || {
        read(body(
            &exchange(&mut handshake(target).ok()?, target, path).ok()?,
        )?)
    };
    plain().or_else(secure)
}

/// The certificate that is served there, in DER.
///
/// # Errors
/// If no TLS is spoken.
pub(crate) fn certificate(target: SocketAddr) -> io::Result<Vec<u8>> {
    handshake(target).map(|stream| stream.certificate().to_vec())
}

fn connect(target: SocketAddr) -> io::Result<Bounded> {
    Ok(Bounded {
        stream: TcpStream::connect_timeout(&target, PATIENCE)?,
        until: Instant::now() + PATIENCE,
    })
}

/// A stream that ends at a moment, however slowly bytes still come.
struct Bounded {
    stream: TcpStream,
    until: Instant,
}

impl Bounded {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(Some(left))
    }
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn handshake(target: SocketAddr) -> io::Result<Secure<Bounded>> {
    Secure::connect(connect(target)?)
}

fn exchange(
    stream: &mut (impl Read + Write),
    target: SocketAddr,
    path: &str,
) -> io::Result<Vec<u8>> {
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {target}\r\nConnection: close\r\n\r\n"
    )?;
    stream.flush()?;
    let mut answer = Vec::new();
    let end = stream.take(MAX_ANSWER).read_to_end(&mut answer);
    // Who closes without a word of TLS has said all the same what there was to say.
    if let Err(error) = end
        && error.kind() != io::ErrorKind::UnexpectedEof
    {
        return Err(error);
    }
    Ok(answer)
}

/// What comes behind the head of an answer, unless that is a refusal.
fn body(answer: &[u8]) -> Option<&[u8]> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, rest) = answer.split_at(end);
    let body = rest.get(4..)?;
    head.starts_with(b"HTTP/1.1 200 ").then_some(body)
}

fn said(body: &[u8]) -> Option<Said> {
    serde_json::from_slice(body).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;
    use crate::process::interfaces::tests::interface;

    #[test]
    fn only_an_answer_of_parlors_counts() {
        let answer = |status: &str, text: &str| {
            said(body(format!("{status}\r\nA: b\r\n\r\n{text}").as_bytes())?)
        };
        let ok = "HTTP/1.1 200 OK";
        let ours =
            r#"{"iceServers":[],"name":"x","addresses":["https://10.0.0.1:4000"],"names":[]}"#;
        let reach = answer(ok, ours).unwrap().reach();
        assert_eq!(reach.addresses, ["https://10.0.0.1:4000"]);
        assert!(answer(ok, r#"{"iceServers":[]}"#).is_some());
        assert_eq!(answer(ok, "{}"), None);
        assert_eq!(answer(ok, "<html>"), None);
        assert_eq!(answer("HTTP/1.1 307 Temporary Redirect", ours), None);
        assert_eq!(said(b"\xff"), None);
        assert_eq!(body(b"HTTP/1.1 200 OK\r\n\r\n\xff"), Some(&b"\xff"[..]));
        assert_eq!(body(b"HTTP/1.1 200 OK\r\n"), None);
    }

    #[test]
    fn nothing_that_a_terminal_would_obey_is_handed_on() {
        let said: Said = serde_json::from_value(serde_json::json!({
            "iceServers": [],
            "addresses": ["https://10.0.0.1:4000", "https://\u{1b}[2J", "\u{9b}31m", "https://a\nb"],
            "names": ["https://parlor.local:4000", "https://parlor.local 4000", "parlor.local"],
        }))
        .unwrap();
        let reach = said.reach();
        assert_eq!(reach.addresses, ["https://10.0.0.1:4000"]);
        assert_eq!(reach.names, ["https://parlor.local:4000"]);
    }

    #[test]
    fn who_always_has_another_byte_does_not_keep_us_for_ever() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut stream = connect(listener.local_addr().unwrap()).unwrap();
        let (mut other, _) = listener.accept().unwrap();
        other.write_all(b"ab").unwrap();
        stream.read_exact(&mut [0]).unwrap();
        stream.until = Instant::now();
        let late = stream.read(&mut [0]).unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
        assert_eq!(
            stream.write(b"c").unwrap_err().kind(),
            io::ErrorKind::TimedOut
        );
    }

    #[test]
    fn a_server_is_asked_over_loopback_or_where_it_listens() {
        let targets = |listen: &[&str]| -> Vec<String> {
            let config = config::Parlor {
                listen: listen.iter().map(|text| text.parse().unwrap()).collect(),
                ..Default::default()
            };
            let situation = Situation {
                home: vec![interface("lan0", &["192.168.1.20"])],
                ..urls::situation(&config)
            };
            let targets = targets(&config, &situation);
            targets.iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            targets(&[]),
            ["[::1]:4000", "127.0.0.1:4000", "192.168.1.20:4000"]
        );
        assert_eq!(
            targets(&["192.168.1.20:81", "127.0.0.1:0"]),
            ["192.168.1.20:81"]
        );
        assert_eq!(targets(&["127.0.0.1:80"]), ["127.0.0.1:80"]);
        assert_eq!(targets(&["0.0.0.0:0"]), [""; 0]);
    }
}
