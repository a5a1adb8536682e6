//! `/readyz`: whether new connections are let in, for a load balancer or whatever starts and stops
//! servers in turn. `/healthz` says only that the server answers.
//!
//! It stands behind `site`, and asks the gauges of `server`. Who asks has a connection already, so it
//! can be told what a new one would not learn.
//!
//! | the server | status | text |
//! |---|---|---|
//! | accepts connections | 200 | `ok` |
//! | cannot for a moment, mostly for lack of files | 503 | `paused` |
//! | stops | 503 | `stopping` |
//!
//! Left out: limits. A server with as many connections as it may have closes the next one unheard, and
//! is as it should be; `/metrics` tells.

use bytes::Bytes;
use hyper::{Response, StatusCode};

use crate::http::Body;
use crate::http::answer;
use crate::stats::Stats;

/// The answer of a server with these numbers.
pub(super) fn respond(stats: &Stats) -> Response<Body> {
    let (status, text) = match (stats.listeners.get(), stats.listeners_paused.get()) {
        (0, _) => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
        (_, 0) => (StatusCode::OK, "ok\n"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "paused\n"),
    };
    let text = Bytes::from_static(text.as_bytes());
    let mut response = answer::own("text/plain; charset=utf-8", text);
    *response.status_mut() = status;
    response
}
