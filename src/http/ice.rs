//! One ICE server for the page: a STUN or TURN address, RFC 7064 and RFC 7065.
//!
//! It stands between `--ice-server`, or `--turn-url` with [`turn`](super::turn), and `/config.json`, whose `iceServers` a browser takes as
//! they are (`RTCIceServer`).
//!
//! ```text
//! stun:HOST[:PORT]   stuns:HOST[:PORT]
//! turn:USER:PASSWORD@HOST[:PORT][?transport=udp|tcp]   turns: likewise
//! ```
//!
//! User and password are not part of RFC 7065; they are written before the host, as other tools do,
//! because a browser refuses a TURN server without them (WebRTC, "set a configuration") and then
//! makes no call at all. They are percent-encoded where they hold `@`, `:`, `,` or `%`. Everybody
//! who opens the page can read them: that is how TURN in a browser works.
//!
//! Invariant: what parses is accepted by `new RTCPeerConnection`. An error never repeats a password.

use std::net::Ipv6Addr;

use serde::Serialize;

use crate::config::ConfigError;
use crate::http::path::percent_decode;

/// An `RTCIceServer` dictionary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IceServer {
    urls: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
}

const EXPECTED: &str =
    "stun:HOST[:PORT], stuns:..., turn:USER:PASSWORD@HOST[:PORT][?transport=udp|tcp] or turns:...";

impl IceServer {
    /// Reads one `--ice-server` value.
    ///
    /// # Errors
    /// If it is not one of the forms above; the error hides what stands before an `@`.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::read(text).ok_or_else(|| ConfigError {
            setting: "--ice-server",
            value: without_login(text),
            expected: format!("it must be {EXPECTED}"),
        })
    }

    /// A TURN server at a URL that was checked, with the credentials that are right now.
    pub(crate) fn turn(url: &TurnUrl, username: &str, credential: &str) -> Self {
        Self {
            urls: url.0.clone(),
            username: Some(username.to_owned()),
            credential: Some(credential.to_owned()),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let scheme = scheme.to_ascii_lowercase();
        match scheme.as_str() {
            "stun" | "stuns" => {
                address(rest)?;
                Some(Self {
                    urls: format!("{scheme}:{rest}"),
                    username: None,
                    credential: None,
                })
            }
            "turn" | "turns" => {
                let (login, rest) = rest.rsplit_once('@')?;
                let (user, password) = login.split_once(':')?;
                turn_place(rest)?;
                Some(Self {
                    urls: format!("{scheme}:{rest}"),
                    username: Some(word(user)?),
                    credential: Some(word(password)?),
                })
            }
            _ => None,
        }
    }
}

/// The URL of a TURN server without user and password, as RFC 7065 has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TurnUrl(String);

impl TurnUrl {
    /// Reads one `--turn-url` value.
    ///
    /// # Errors
    /// If it is not `turn:` or `turns:` with an address; the error hides what stands before an `@`.
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::read(text).ok_or_else(|| ConfigError {
            setting: "--turn-url",
            value: without_login(text),
            expected: "it must be turn:HOST[:PORT][?transport=udp|tcp] or turns:..., without user \
                and password, which are made from --turn-secret-file"
                .to_owned(),
        })
    }

    fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let scheme = scheme.to_ascii_lowercase();
        turn_place(rest)?;
        matches!(scheme.as_str(), "turn" | "turns").then(|| Self(format!("{scheme}:{rest}")))
    }
}

/// What an error may repeat: a URL without what stands before its last `@`.
fn without_login(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, host)) => format!("...@{host}"),
        None => text.to_owned(),
    }
}

/// Checks `address ["?transport=" ("udp" / "tcp")]`.
fn turn_place(text: &str) -> Option<()> {
    let (place, transport) = text
        .split_once('?')
        .map_or((text, None), |(place, query)| (place, Some(query)));
    address(place)?;
    matches!(transport, None | Some("transport=udp" | "transport=tcp")).then_some(())
}

/// User or password: percent-decoded text, not empty.
fn word(text: &str) -> Option<String> {
    let text = String::from_utf8(percent_decode(text)?).ok()?;
    (!text.is_empty() && text.len() <= 512).then_some(text)
}

/// Checks `host [":" port]`: a name, an IPv4 address, or an IPv6 address in brackets.
fn address(text: &str) -> Option<()> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (
                None,
                if after.is_empty() {
                    None
                } else {
                    Some(after.strip_prefix(':')?)
                },
            )
        }
        None => match text.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(text), None),
        },
    };
    if let Some(host) = host {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if host.is_empty() || host.len() > 253 || !host.bytes().all(plain) {
            return None;
        }
    }
    match port {
        Some(port) => {
            let digits = port.bytes().all(|byte| byte.is_ascii_digit());
            (digits && port.parse::<u16>().is_ok_and(|port| port > 0)).then_some(())
        }
        None => Some(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    fn json(text: &str) -> String {
        serde_json::to_string(&IceServer::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn stun_is_an_address() {
        assert_eq!(json("stun:192.168.1.5"), r#"{"urls":"stun:192.168.1.5"}"#);
        assert_eq!(
            json("STUN:stun.example:3478"),
            r#"{"urls":"stun:stun.example:3478"}"#
        );
        assert_eq!(
            json("stuns:[2001:db8::1]:5349"),
            r#"{"urls":"stuns:[2001:db8::1]:5349"}"#
        );
    }

    #[test]
    fn turn_has_a_user_and_a_password() {
        assert_eq!(
            json("turn:ann:s%3Acret%40@turn.example:3478?transport=tcp"),
            r#"{"urls":"turn:turn.example:3478?transport=tcp","username":"ann","credential":"s:cret@"}"#
        );
        assert!(IceServer::parse("turns:u:p@[::1]").is_ok());
    }

    #[test]
    fn what_a_browser_would_refuse_is_refused_here() {
        for wrong in [
            "",
            "stun",
            "stun:",
            "stun://host",
            "http://host",
            "stun:host:0",
            "stun:host:65536",
            "stun:host:",
            "stun:ho st",
            "stun:host?transport=udp",
            "stun:user:pw@host",
            "stun:[::1",
            "stun:[::1]x",
            "stun:[nope]",
            "turn:host",
            "turn:user@host",
            "turn::pw@host",
            "turn:u:@host",
            "turn:u:p@host?transport=sctp",
            "turn:u:p@host?x",
            "stun:host:+1",
        ] {
            assert!(IceServer::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_turn_url_has_no_user() {
        let read = |text| TurnUrl::parse(text).map(|url| url.0);
        assert_eq!(
            read("TURNS:turn.example:5349?transport=tcp").unwrap(),
            "turns:turn.example:5349?transport=tcp"
        );
        assert_eq!(read("turn:[fd00::1]").unwrap(), "turn:[fd00::1]");
        for wrong in ["turn:", "stun:host", "host:3478", "turn:host?transport=x"] {
            assert!(TurnUrl::parse(wrong).is_err(), "{wrong}");
        }
        let error = TurnUrl::parse("turn:ann:hush@host").unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("--turn-url") && !text.contains("hush"),
            "{text}"
        );
    }

    #[test]
    fn an_error_keeps_the_password_to_itself() {
        let error = IceServer::parse("turn:ann:secret@host:x")
            .unwrap_err()
            .to_string();
        assert!(
            !error.contains("secret") && !error.contains("ann"),
            "{error}"
        );
        assert!(
            error.contains("--ice-server") && error.contains("host:x"),
            "{error}"
        );
    }
}
