//! Cross-origin resource sharing (Fetch standard, "CORS protocol"), in the form that the
//! reference server gives it.
//!
//! | setting | `Access-Control-Allow-Origin` | `Vary` |
//! |---|---|---|
//! | any | `*` | - |
//! | fixed | that origin, whoever asks | `Origin` |
//! | list, reflect, function | the asking origin if it is allowed, else none | `Origin` |
//!
//! A preflight (any OPTIONS request) is answered before anything is verified, with methods,
//! headers and age. Every other answer carries origin, credentials and exposed headers only; one
//! without the origin is still given, and it is the browser that keeps it from the page. The
//! reference server gives a 204 a length; HTTP does not allow that (RFC 9110 section 8.6), and
//! hyper takes it out.
//!
//! Invariant: nothing of a request is repeated but the value of `Origin`, copied so that an
//! answer that waits holds no buffer of its request's, and of `Access-Control-Request-Headers`.

use super::reject::{Answer, empty};
use crate::config::{self, ConfigError, Origins};
use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, HeaderName, HeaderValue, ORIGIN, VARY,
};
use hyper::{HeaderMap, Method, StatusCode};

/// Checked settings.
#[derive(Debug)]
pub(super) struct Policy {
    origins: Origins,
    /// The answer's origin where it is the same for all.
    fixed: Option<HeaderValue>,
    methods: HeaderValue,
    /// `None` reflects what was asked for.
    allowed_headers: Option<HeaderValue>,
    exposed_headers: Option<HeaderValue>,
    credentials: bool,
    max_age: Option<HeaderValue>,
    status: StatusCode,
}

impl Policy {
    pub(super) fn new(settings: config::Cors) -> Result<Self, ConfigError> {
        let fixed = match &settings.origins {
            Origins::Any if settings.credentials => {
                let expected = "browsers refuse credentials when any origin is allowed; name \
                                origins, or reflect them";
                return Err(ConfigError::new("cors.credentials", "true", expected));
            }
            Origins::Any => Some(HeaderValue::from_static("*")),
            Origins::Fixed(origin) => Some(checked_origin(origin)?),
            Origins::List(origins) => {
                for origin in origins {
                    checked_origin(origin)?;
                }
                None
            }
            Origins::Reflect | Origins::Matching(_) => None,
        };
        let method = |name: &str| Method::from_bytes(name.as_bytes()).is_ok();
        let header = |name: &str| HeaderName::from_bytes(name.as_bytes()).is_ok();
        let exposed = list("cors.exposed_headers", &settings.exposed_headers, header)?;
        let allowed = settings.allowed_headers.as_deref();
        let status = StatusCode::from_u16(settings.options_success_status);
        Ok(Self {
            fixed,
            methods: list("cors.methods", &settings.methods, method)?,
            allowed_headers: allowed
                .map(|names| list("cors.allowed_headers", names, header))
                .transpose()?,
            exposed_headers: Some(exposed).filter(|value| !value.is_empty()),
            credentials: settings.credentials,
            max_age: settings.max_age.map(|age| HeaderValue::from(age.as_secs())),
            status: status.ok().filter(StatusCode::is_success).ok_or_else(|| {
                let value = settings.options_success_status.to_string();
                let expected = "it must be from 200 to 299";
                ConfigError::new("cors.options_success_status", &value, expected)
            })?,
            origins: settings.origins,
        })
    }

    /// The answer to a preflight.
    pub(super) fn preflight(&self, request: &HeaderMap) -> Answer {
        let mut answer = empty(self.status);
        let mut headers = self.headers(request);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, self.methods.clone());
        let allowed = match &self.allowed_headers {
            Some(allowed) => Some(allowed),
            None => {
                let vary = match headers.get(VARY) {
                    Some(_) => "Origin, Access-Control-Request-Headers",
                    None => "Access-Control-Request-Headers",
                };
                headers.insert(VARY, HeaderValue::from_static(vary));
                request.get(ACCESS_CONTROL_REQUEST_HEADERS)
            }
        };
        if let Some(allowed) = allowed.filter(|allowed| !allowed.is_empty()) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed.clone());
        }
        if let Some(age) = &self.max_age {
            headers.insert(ACCESS_CONTROL_MAX_AGE, age.clone());
        }
        *answer.headers_mut() = headers;
        answer
    }

    /// The headers of any other answer to a request with these.
    pub(super) fn headers(&self, request: &HeaderMap) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let asking = request.get(ORIGIN);
        let allowed = match &self.fixed {
            Some(fixed) => Some(fixed.clone()),
            None => asking
                .filter(|origin| self.allows(origin))
                .and_then(|origin| HeaderValue::from_bytes(origin.as_bytes()).ok()),
        };
        if let Some(origin) = allowed {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
        if !matches!(self.origins, Origins::Any) {
            headers.insert(VARY, HeaderValue::from_static("Origin"));
        }
        if self.credentials {
            let value = HeaderValue::from_static("true");
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, value);
        }
        if let Some(exposed) = &self.exposed_headers {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
        headers
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        let Ok(origin) = origin.to_str() else {
            return false;
        };
        match &self.origins {
            Origins::Any | Origins::Fixed(_) | Origins::Reflect => true,
            Origins::List(origins) => origins.iter().any(|allowed| allowed == origin),
            Origins::Matching(test) => test.allows(origin),
        }
    }
}

/// An origin as browsers send it; a slash at its end, or a path, would match nothing.
fn checked_origin(origin: &str) -> Result<HeaderValue, ConfigError> {
    let host = origin.split_once("://").map_or("", |(_, host)| host);
    let written = origin == "null" || (!host.is_empty() && !host.contains('/'));
    HeaderValue::from_str(origin)
        .ok()
        .filter(|_| written && origin.is_ascii())
        .ok_or_else(|| {
            let expected = "it must be an origin such as https://example.org or \
                            http://localhost:8080, without a slash at its end";
            ConfigError::new("cors.origins", origin, expected)
        })
}

/// Names in one header, separated by commas.
fn list(
    setting: &'static str,
    names: &[String],
    good: impl Fn(&str) -> bool,
) -> Result<HeaderValue, ConfigError> {
    let bad = names.iter().find(|name| !good(name));
    let joined = names.join(",");
    match (bad, HeaderValue::from_str(&joined)) {
        (None, Ok(value)) => Ok(value),
        (bad, _) => Err(ConfigError::new(
            setting,
            bad.unwrap_or(&joined),
            "it must be a name as it stands in HTTP, without spaces",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Cors, OriginTest};
    use std::time::Duration;

    const GOOD: &str = "https://good.example";
    const OTHER: &str = "https://other.example";

    fn policy(settings: Cors) -> Policy {
        Policy::new(settings).expect("good settings")
    }

    fn from(origins: Origins) -> Cors {
        Cors {
            origins,
            ..Cors::default()
        }
    }

    fn asking(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    /// Headers as sorted lines.
    fn lines(headers: &HeaderMap) -> Vec<String> {
        let mut lines: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")))
            .collect();
        lines.sort();
        lines
    }

    #[test]
    fn the_origin_is_fixed_or_reflected_as_the_table_says() {
        let good = || GOOD.to_owned();
        let test = OriginTest::new(|origin| origin.ends_with("good.example"));
        let rows = [
            (Origins::Any, Some(OTHER), Some("*"), false),
            (Origins::Any, None, Some("*"), false),
            (Origins::Fixed(good()), Some(OTHER), Some(GOOD), true),
            (Origins::Fixed(good()), None, Some(GOOD), true),
            (Origins::List(vec![good()]), Some(GOOD), Some(GOOD), true),
            (Origins::List(vec![good()]), Some(OTHER), None, true),
            (Origins::List(vec![good()]), None, None, true),
            (Origins::Reflect, Some(OTHER), Some(OTHER), true),
            (Origins::Reflect, None, None, true),
            (
                Origins::Matching(test.clone()),
                Some(GOOD),
                Some(GOOD),
                true,
            ),
            (Origins::Matching(test), Some(OTHER), None, true),
        ];
        for (origins, origin, allowed, varies) in rows {
            let policy = policy(from(origins));
            let request: Vec<_> = origin.into_iter().map(|origin| (ORIGIN, origin)).collect();
            let mut expected = Vec::new();
            expected.extend(allowed.map(|it| format!("access-control-allow-origin: {it}")));
            expected.extend(varies.then(|| "vary: Origin".to_owned()));
            let headers = policy.headers(&asking(&request));
            assert_eq!(lines(&headers), expected, "{:?} {origin:?}", policy.origins);
        }
    }

    #[test]
    fn a_preflight_reflects_the_headers_that_are_asked_for() {
        let request = asking(&[
            (ORIGIN, GOOD),
            (ACCESS_CONTROL_REQUEST_HEADERS, "content-type,x-a"),
        ]);
        let answer = policy(from(Origins::Reflect)).preflight(&request);
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(
            lines(answer.headers()),
            [
                "access-control-allow-headers: content-type,x-a",
                "access-control-allow-methods: GET,HEAD,PUT,PATCH,POST,DELETE",
                "access-control-allow-origin: https://good.example",
                "vary: Origin, Access-Control-Request-Headers",
            ]
        );
        let answer = policy(Cors::default()).preflight(&HeaderMap::new());
        assert_eq!(
            lines(answer.headers()),
            [
                "access-control-allow-methods: GET,HEAD,PUT,PATCH,POST,DELETE",
                "access-control-allow-origin: *",
                "vary: Access-Control-Request-Headers",
            ]
        );
    }

    #[test]
    fn everything_that_is_configured_is_on_the_preflight_and_its_part_on_the_answer() {
        let policy = policy(Cors {
            origins: Origins::Fixed(GOOD.to_owned()),
            methods: vec!["GET".to_owned(), "POST".to_owned()],
            allowed_headers: Some(vec!["x-a".to_owned(), "x-b".to_owned()]),
            exposed_headers: vec!["x-c".to_owned(), "x-d".to_owned()],
            credentials: true,
            max_age: Some(Duration::from_secs(123)),
            options_success_status: 200,
        });
        let request = asking(&[(ACCESS_CONTROL_REQUEST_HEADERS, "x-z")]);
        let answer = policy.preflight(&request);
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(
            lines(answer.headers()),
            [
                "access-control-allow-credentials: true",
                "access-control-allow-headers: x-a,x-b",
                "access-control-allow-methods: GET,POST",
                "access-control-allow-origin: https://good.example",
                "access-control-expose-headers: x-c,x-d",
                "access-control-max-age: 123",
                "vary: Origin",
            ]
        );
        assert_eq!(
            lines(&policy.headers(&request)),
            [
                "access-control-allow-credentials: true",
                "access-control-allow-origin: https://good.example",
                "access-control-expose-headers: x-c,x-d",
                "vary: Origin",
            ]
        );
    }

    #[test]
    fn what_could_not_work_is_a_wrong_setting() {
        let cors = Cors::default;
        let names = || vec!["a b".to_owned()];
        let wrong = [
            ("cors.origins", from(Origins::Fixed("*".to_owned()))),
            ("cors.origins", from(Origins::Fixed(format!("{GOOD}/")))),
            (
                "cors.origins",
                from(Origins::List(vec!["good.example".to_owned()])),
            ),
            (
                "cors.origins",
                from(Origins::Fixed("https://a\r\nb: c".to_owned())),
            ),
            (
                "cors.credentials",
                Cors {
                    credentials: true,
                    ..cors()
                },
            ),
            (
                "cors.methods",
                Cors {
                    methods: names(),
                    ..cors()
                },
            ),
            (
                "cors.allowed_headers",
                Cors {
                    allowed_headers: Some(names()),
                    ..cors()
                },
            ),
            (
                "cors.exposed_headers",
                Cors {
                    exposed_headers: names(),
                    ..cors()
                },
            ),
            (
                "cors.options_success_status",
                Cors {
                    options_success_status: 404,
                    ..cors()
                },
            ),
        ];
        for (setting, settings) in wrong {
            assert_eq!(Policy::new(settings).expect_err(setting).setting, setting);
        }
    }
}
