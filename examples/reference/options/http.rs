//! The options `cors` and `cookie`, which the official server passes on to its packages of these
//! names, in the forms that JSON can have. An expression of JavaScript is `{"regex": "..."}`.

use std::time::Duration;

use parlor::config::{self, OriginTest, Origins, SameSite};
use regex_lite::Regex;
use serde::{Deserialize, Deserializer};

/// `true` for the defaults, `false` for nothing, or an object.
#[derive(Debug, Clone)]
pub(super) struct Switch<T>(Option<T>);

impl<T> Switch<T> {
    /// What it is set to if it is on.
    pub(super) fn on(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<'de, T: Default + Deserialize<'de>> Deserialize<'de> for Switch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form<T> {
            On(bool),
            Set(T),
        }
        Ok(Self(match Form::deserialize(deserializer)? {
            Form::On(on) => on.then(T::default),
            Form::Set(value) => Some(value),
        }))
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Cookie {
    name: Option<String>,
    path: Option<Path>,
    domain: Option<String>,
    /// Seconds.
    max_age: Option<u64>,
    http_only: Option<bool>,
    secure: bool,
    same_site: Option<Site>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Path {
    Set(bool),
    At(String),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Site {
    /// `true` is short for strict, `false` for not a word about it.
    Short(bool),
    Named(SiteName),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SiteName {
    Strict,
    Lax,
    None,
}

impl Site {
    fn setting(self) -> Option<SameSite> {
        match self {
            Self::Short(false) => None,
            Self::Short(true) | Self::Named(SiteName::Strict) => Some(SameSite::Strict),
            Self::Named(SiteName::Lax) => Some(SameSite::Lax),
            Self::Named(SiteName::None) => Some(SameSite::None),
        }
    }
}

impl Cookie {
    pub(super) fn setting(&self) -> config::Cookie {
        let usual = config::Cookie::default();
        let path = match &self.path {
            None | Some(Path::Set(true)) => usual.path,
            Some(Path::Set(false)) => None,
            Some(Path::At(path)) => Some(path.clone()),
        };
        config::Cookie {
            name: self.name.clone().unwrap_or(usual.name),
            domain: self.domain.clone(),
            max_age: self.max_age.map(Duration::from_secs),
            http_only: self.http_only.unwrap_or(usual.http_only),
            secure: self.secure,
            same_site: self.same_site.map_or(usual.same_site, Site::setting),
            path,
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Cors {
    origin: Option<Origin>,
    methods: Option<Names>,
    allowed_headers: Option<Names>,
    exposed_headers: Option<Names>,
    credentials: bool,
    /// Seconds.
    max_age: Option<u64>,
    options_success_status: Option<u16>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Origin {
    Reflect(bool),
    One(Pattern),
    Several(Vec<Pattern>),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Pattern {
    Text(String),
    Expression {
        #[serde(deserialize_with = "expression")]
        regex: Regex,
    },
}

fn expression<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Regex, D::Error> {
    let text = String::deserialize(deserializer)?;
    Regex::new(&text).map_err(serde::de::Error::custom)
}

impl Pattern {
    fn matches(&self, origin: &str) -> bool {
        match self {
            Self::Text(text) => text == origin,
            Self::Expression { regex } => regex.is_match(origin),
        }
    }
}

/// A list, or one text with commas.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Names {
    Text(String),
    List(Vec<String>),
}

impl Names {
    fn list(&self) -> Vec<String> {
        match self {
            Self::Text(text) => text.split(',').map(|name| name.trim().to_owned()).collect(),
            Self::List(list) => list.clone(),
        }
    }
}

impl Cors {
    /// `None` if it is switched off by an `origin` of `false`.
    pub(super) fn setting(&self) -> Option<config::Cors> {
        let usual = config::Cors::default();
        Some(config::Cors {
            origins: match &self.origin {
                None => usual.origins,
                Some(origin) => origin.setting()?,
            },
            methods: self.methods.as_ref().map_or(usual.methods, Names::list),
            allowed_headers: self.allowed_headers.as_ref().map(Names::list),
            exposed_headers: self
                .exposed_headers
                .as_ref()
                .map(Names::list)
                .unwrap_or_default(),
            credentials: self.credentials,
            max_age: self.max_age.map(Duration::from_secs),
            options_success_status: self
                .options_success_status
                .unwrap_or(usual.options_success_status),
        })
    }
}

impl Origin {
    fn setting(&self) -> Option<Origins> {
        Some(match self {
            Self::Reflect(false) => return None,
            Self::Reflect(true) => Origins::Reflect,
            Self::One(Pattern::Text(text)) if text == "*" => Origins::Any,
            Self::One(Pattern::Text(text)) => Origins::Fixed(text.clone()),
            Self::One(pattern) => matching(vec![pattern.clone()]),
            Self::Several(patterns) => matching(patterns.clone()),
        })
    }
}

fn matching(patterns: Vec<Pattern>) -> Origins {
    let test = move |origin: &str| patterns.iter().any(|pattern| pattern.matches(origin));
    Origins::Matching(OriginTest::new(test))
}
