//! Stands in for `metrics` in a build without the feature of that name: there are none, and nobody
//! can make any, so `/metrics` is no path of the site's.

use std::convert::Infallible;
use std::sync::Arc;

use hyper::{HeaderMap, Response};

use crate::config;
use crate::http::Body;
use crate::stats::Stats;
use crate::transport::Peer;

/// What is never made.
#[derive(Debug)]
pub(super) struct Metrics(Infallible);

impl Metrics {
    /// None.
    pub(super) fn new(_: &config::Site, _: Arc<Stats>) -> Option<Self> {
        None
    }

    /// Is never asked.
    pub(super) fn respond(&self, _: Peer, _: &HeaderMap) -> Response<Body> {
        match self.0 {}
    }
}
