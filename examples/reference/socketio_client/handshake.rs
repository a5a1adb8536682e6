//! The official server's handshake object, which its applications find at `socket.handshake`.

use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use parlor::socketio::Handshake;
use serde::Serialize;
use serde_json::{Map, Value};

/// What a client's first request and its connect said.
#[derive(Serialize)]
pub(crate) struct Object {
    headers: Map<String, Value>,
    time: String,
    address: IpAddr,
    /// Whether a page of another origin asks.
    xdomain: bool,
    secure: bool,
    /// Milliseconds since 1970.
    issued: u128,
    url: String,
    query: Map<String, Value>,
    auth: Value,
}

impl Object {
    pub(crate) fn new(handshake: &Handshake<'_>) -> Self {
        let request = handshake.request;
        let time = request.map_or(UNIX_EPOCH, |request| request.time);
        let text = |(name, value): (&str, &str)| (name.to_owned(), value.into());
        Self {
            headers: request.map_or_else(Map::new, |request| request.headers().map(text).collect()),
            time: iso8601(time),
            address: handshake.address,
            xdomain: request.is_some_and(|request| request.header("origin").is_some()),
            secure: request.is_some_and(|request| request.secure),
            issued: since_1970(time).as_millis(),
            url: request.map_or_else(String::new, |request| request.url().to_owned()),
            query: request.map_or_else(Map::new, |request| {
                let parameters = request.parameters();
                parameters
                    .map(|(name, value)| (name, value.into()))
                    .collect()
            }),
            auth: handshake.auth.read().unwrap_or_default(),
        }
    }
}

fn since_1970(time: SystemTime) -> std::time::Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A time as JavaScript writes it in JSON: `1994-11-06T08:49:37.000Z`.
pub(crate) fn iso8601(time: SystemTime) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    // `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
    let date = httpdate::fmt_http_date(time);
    let mut parts = date.split(' ').skip(1);
    let mut part = || parts.next().unwrap_or_default();
    let (day, month, year, clock) = (part(), part(), part(), part());
    let month = 1 + MONTHS
        .iter()
        .position(|name| *name == month)
        .unwrap_or_default();
    let milliseconds = since_1970(time).subsec_millis();
    format!("{year}-{month:02}-{day}T{clock}.{milliseconds:03}Z")
}
