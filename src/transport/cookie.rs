//! The cookie with the session's id, on the answer to a polling handshake and nowhere else
//! (RFC 6265 section 4.1.1; attributes in the reference server's order).
//!
//! Everything but the id is put together once, when the settings are checked.

use crate::config::{self, ConfigError, SameSite};
use crate::engineio::SessionId;
use hyper::header::{HeaderName, HeaderValue};
use std::fmt::Write as _;

/// A checked cookie.
#[derive(Debug)]
pub(super) struct Cookie {
    /// Name and `=`.
    start: String,
    /// Every attribute, each with `; ` before it.
    attributes: String,
}

impl Cookie {
    pub(super) fn new(settings: &config::Cookie) -> Result<Self, ConfigError> {
        // A header's name has the form of a cookie's: a token (RFC 9110 section 5.6.2).
        if HeaderName::from_bytes(settings.name.as_bytes()).is_err() {
            return Err(ConfigError::new(
                "cookie.name",
                &settings.name,
                "it must be a token",
            ));
        }
        let values = [
            ("cookie.domain", &settings.domain),
            ("cookie.path", &settings.path),
        ];
        for (setting, value) in values {
            if let Some(value) = value
                && !value
                    .bytes()
                    .all(|b| (b' '..=b'~').contains(&b) && b != b';')
            {
                let expected = "it must be visible ASCII characters without a semicolon";
                return Err(ConfigError::new(setting, value, expected));
            }
        }
        if settings.same_site == Some(SameSite::None) && !settings.secure {
            let expected = "browsers drop such a cookie unless it is secure";
            return Err(ConfigError::new("cookie.same_site", "None", expected));
        }
        let mut attributes = String::new();
        // Writing to a String cannot fail.
        if let Some(age) = settings.max_age {
            let _ = write!(attributes, "; Max-Age={}", age.as_secs());
        }
        if let Some(domain) = &settings.domain {
            let _ = write!(attributes, "; Domain={domain}");
        }
        if let Some(path) = &settings.path {
            let _ = write!(attributes, "; Path={path}");
        }
        if settings.http_only {
            attributes.push_str("; HttpOnly");
        }
        if settings.secure {
            attributes.push_str("; Secure");
        }
        attributes.push_str(match settings.same_site {
            Some(SameSite::Strict) => "; SameSite=Strict",
            Some(SameSite::Lax) => "; SameSite=Lax",
            Some(SameSite::None) => "; SameSite=None",
            None => "",
        });
        Ok(Self {
            start: format!("{}=", settings.name),
            attributes,
        })
    }

    /// The value of `Set-Cookie` for this session.
    pub(super) fn header(&self, id: &SessionId) -> Option<HeaderValue> {
        let value = [&self.start, id.as_str(), &self.attributes].concat();
        let mut value = HeaderValue::from_str(&value).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn header(settings: &config::Cookie) -> String {
        let id = SessionId::from_random([0; 15]);
        let cookie = Cookie::new(settings).expect("good settings");
        let value = cookie.header(&id).expect("a header's value");
        assert!(value.is_sensitive());
        value.to_str().expect("text").to_owned()
    }

    #[test]
    fn the_default_is_the_reference_servers() {
        assert_eq!(
            header(&config::Cookie::default()),
            "io=AAAAAAAAAAAAAAAAAAAA; Path=/; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn every_attribute_can_be_set_and_left_out() {
        let bare = config::Cookie {
            name: "sid".to_owned(),
            path: None,
            http_only: false,
            same_site: None,
            ..config::Cookie::default()
        };
        assert_eq!(header(&bare), "sid=AAAAAAAAAAAAAAAAAAAA");
        let full = config::Cookie {
            name: "sid".to_owned(),
            path: Some("/custom".to_owned()),
            domain: Some("example.org".to_owned()),
            max_age: Some(Duration::from_secs(86_400)),
            http_only: true,
            secure: true,
            same_site: Some(SameSite::None),
        };
        assert_eq!(
            header(&full),
            "sid=AAAAAAAAAAAAAAAAAAAA; Max-Age=86400; Domain=example.org; Path=/custom; \
             HttpOnly; Secure; SameSite=None"
        );
    }

    #[test]
    fn what_would_break_the_header_or_be_dropped_by_browsers_is_refused() {
        let default = config::Cookie::default;
        let wrong = [
            (
                "cookie.name",
                config::Cookie {
                    name: String::new(),
                    ..default()
                },
            ),
            (
                "cookie.name",
                config::Cookie {
                    name: "a=b".to_owned(),
                    ..default()
                },
            ),
            (
                "cookie.path",
                config::Cookie {
                    path: Some("/; Secure".to_owned()),
                    ..default()
                },
            ),
            (
                "cookie.domain",
                config::Cookie {
                    domain: Some("a\r\nb".to_owned()),
                    ..default()
                },
            ),
            (
                "cookie.same_site",
                config::Cookie {
                    same_site: Some(SameSite::None),
                    ..default()
                },
            ),
        ];
        for (setting, settings) in wrong {
            let error = Cookie::new(&settings).expect_err(setting);
            assert_eq!(error.setting, setting);
        }
    }
}
