//! TURN servers whose credentials end: the REST scheme of draft-uberti-behave-turn-rest-00.
//!
//! It stands between `--turn-url` with `--turn-secret-file` and `/config.json`. The server and the
//! TURN server share a secret; a user's name is the second at which it ends, and its password is
//! `base64(HMAC-SHA1(secret, name))`, so the TURN server can check both without asking anybody.
//! Whoever opens the page can relay for a day, and no longer.
//!
//! Invariants: the secret is in no log, error or debug form; a file that cannot be read when it
//! is read again changes nothing. Both clocks must agree to within the day. Left out: watching
//! the file.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

use crate::bounded;
use crate::config::{self, ConfigError};
use crate::http::ice::{IceServer, TurnUrl};

/// How long a name and its password are good for.
const LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// Bytes of the file at most; a secret is some tens of characters.
const MAX_FILE_BYTES: u64 = 4096;

/// The TURN servers, and the secret shared with them.
#[derive(Debug)]
pub(crate) struct TurnServers {
    urls: Vec<TurnUrl>,
    secret_file: PathBuf,
    secret: RwLock<Secret>,
}

/// The first line of the secret's file.
struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl TurnServers {
    /// Checks the URLs and reads the secret.
    ///
    /// # Errors
    /// If a URL is not TURN's, or the file has no secret.
    pub(crate) fn new(settings: &config::Turn) -> Result<Self, ConfigError> {
        let urls = settings.urls.iter().map(|url| TurnUrl::parse(url));
        Ok(Self {
            urls: urls.collect::<Result<_, _>>()?,
            secret: RwLock::new(Secret::read(&settings.secret_file)?),
            secret_file: settings.secret_file.clone(),
        })
    }

    /// Reads the secret again.
    ///
    /// # Errors
    /// If the file has none; the secret of before is kept.
    pub(crate) fn reload(&self) -> Result<(), ConfigError> {
        let secret = Secret::read(&self.secret_file)?;
        *self.secret.write().unwrap_or_else(PoisonError::into_inner) = secret;
        Ok(())
    }

    /// The servers with credentials that are good for a day from `now`.
    pub(crate) fn servers(&self, now: SystemTime) -> Vec<IceServer> {
        let end = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .saturating_add(LIFE)
            .as_secs();
        let username = format!("{end}:parlor");
        let credential = self
            .secret
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .credential(&username);
        self.urls
            .iter()
            .map(|url| IceServer::turn(url, &username, &credential))
            .collect()
    }
}

impl Secret {
    fn read(file: &Path) -> Result<Self, ConfigError> {
        let unusable = |expected: String| ConfigError {
            setting: "--turn-secret-file",
            value: file.display().to_string(),
            expected,
        };
        let bytes = bounded::read(file, MAX_FILE_BYTES)
            .map_err(|error| unusable(format!("it must be a file that can be read ({error})")))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| unusable("it must be a file of text".to_owned()))?;
        match text.lines().next().map(str::trim) {
            Some(secret) if !secret.is_empty() => Ok(Self(secret.to_owned())),
            _ => Err(unusable(
                "its first line must be the secret that the TURN server shares".to_owned(),
            )),
        }
    }

    fn credential(&self, username: &str) -> String {
        // HMAC takes keys of any length (RFC 2104 section 2); the fallback is never made.
        let mac = Hmac::<Sha1>::new_from_slice(self.0.as_bytes()).map(|mac| {
            let mac = mac.chain_update(username.as_bytes());
            STANDARD.encode(mac.finalize().into_bytes())
        });
        mac.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    fn servers(secret: &str) -> TurnServers {
        TurnServers {
            urls: vec![
                TurnUrl::parse("turn:192.168.1.2").unwrap(),
                TurnUrl::parse("turns:192.168.1.2:5349?transport=tcp").unwrap(),
            ],
            secret_file: PathBuf::from("/nowhere/secret"),
            secret: RwLock::new(Secret(secret.to_owned())),
        }
    }

    #[test]
    fn credentials_are_the_hmac_of_a_name_that_ends_in_a_day() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let json = serde_json::to_value(servers("north").servers(now)).unwrap();
        // printf 1700086400:parlor | openssl dgst -sha1 -hmac north -binary | base64
        let wanted = serde_json::json!([
            {"urls": "turn:192.168.1.2", "username": "1700086400:parlor",
             "credential": "8b+ia5Vd6iq7Xbnk6HwstCOxEv4="},
            {"urls": "turns:192.168.1.2:5349?transport=tcp", "username": "1700086400:parlor",
             "credential": "8b+ia5Vd6iq7Xbnk6HwstCOxEv4="},
        ]);
        assert_eq!(json, wanted);
    }

    #[test]
    fn a_clock_before_1970_is_no_panic() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(5);
        assert_eq!(servers("north").servers(before).len(), 2);
    }

    #[test]
    fn the_secret_is_in_no_debug_form() {
        let text = format!("{:?}", servers("north"));
        assert!(!text.contains("north"), "{text}");
    }

    #[test]
    fn a_file_that_cannot_be_read_again_keeps_the_secret() {
        let kept = servers("north");
        let error = kept.reload().unwrap_err().to_string();
        assert!(error.contains("--turn-secret-file"), "{error}");
        let now = SystemTime::UNIX_EPOCH;
        assert_eq!(kept.servers(now), servers("north").servers(now));
    }
}
