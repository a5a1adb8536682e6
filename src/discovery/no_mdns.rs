//! Stands in for `mdns` in a build without the feature of that name: nobody can be asked, and nothing is
//! announced. The room server does not even try, because its command line has announcing switched off.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

use super::{Places, Service};

/// What came of a question.
#[derive(Debug)]
pub enum Heard {
    /// Somebody said that the name has this address.
    Yes,
    /// Nobody did in time.
    No,
    /// It could not be asked.
    Cannot(String),
}

/// Says that nobody can be asked.
pub async fn hear(_: &str, _: &str, _: IpAddr, _: Duration) -> Heard {
    Heard::Cannot(Absent.to_string())
}

#[derive(Debug, thiserror::Error)]
#[error("this build was made without the feature \"mdns\"")]
pub(super) struct Absent;

/// One that never runs.
#[derive(Debug)]
pub(super) struct Responder(Infallible);

impl Responder {
    pub(super) fn start(_: &Service, _: &Places) -> Result<Self, Absent> {
        Err(Absent)
    }

    pub(super) fn places(&self) -> &Places {
        match self.0 {}
    }

    pub(super) fn names(&self) -> BTreeSet<String> {
        match self.0 {}
    }

    pub(super) async fn renamed(&mut self) -> Option<()> {
        match self.0 {}
    }

    pub(super) async fn stop(self) {
        match self.0 {}
    }
}
