//! All that speaks mDNS, in a build with the feature of that name; `no_mdns` beside this directory stands
//! in for it elsewhere.
//!
//! It stands below [`Discovery`](super::Discovery), which knows when to announce and nothing of how.

mod port;
mod query;
mod responder;
mod withdrawal;

use super::{Places, Service};

pub use port::PortError;
pub use query::{Heard, hear};
pub(in crate::discovery) use responder::Responder;
