//! The HTTP edge: the web site and the sockets it is served on.
//!
//! It stands between a connection and the bytes of an answer. Whoever routes a request gives
//! everything that is not the protocol's to a [`Fallback`], which the room server's [`Site`] is;
//! the protocol's own answers use [`Body`] as well, so that one connection has one body type.
//!
//! | file | one concern |
//! |---|---|
//! | `bind` | listening sockets, and words for what went wrong |
//! | `welcome`, `redirect` | TLS or plain HTTP on one port, and the way from one to the other |
//! | `guard`, `host` | who may talk to the room server: names, addresses and origins of requests |
//! | `server` | listeners, and how long what they accept may go on |
//! | `connection`, `router`, `rewind` | one connection between protocol and pages, in hyper's hands only while it has to do |
//! | `site`, `answer` | the order in which a path is looked up; the answers and their headers |
//! | `path` | a request's path as a safe relative name |
//! | `assets` | the embedded page, in the coding that a client likes best |
//! | `public_dir`, `file`, `range` | a directory of the user's own |
//! | `conditional` | 304 and 412 |
//! | `page_config` | `/config.json` |
//! | `ready`, `metrics` | whether new connections are let in, and the server's numbers, for whoever watches it |
//! | `ice`, `turn` | its servers, and credentials for them that end |
//! | `reach` | what other devices can open, and who vouches for it |
//! | `trust`, `visitor` | the trust page, and whose steps it shows first |
//! | `authority` | the local authority as a download |
//! | `qr`, `escape` | pictures of addresses; text within markup |
//! | `security`, `error_page`, `content_type` | headers and small pages |
//! | `body` | bytes, nothing, or a file read in chunks |
//!
//! Invariants: no request can make it panic, allocate more than a fixed amount, or leave the
//! served directory; an answer never borrows from its request. Left out: directory listings,
//! uploads, compression of files while serving, and HSTS (a home server must stay reachable by plain
//! HTTP).

mod answer;
mod assets;
mod authority;
pub mod bind;
pub mod body;
mod conditional;
pub mod connection;
mod content_type;
mod error_page;
mod escape;
mod file;
pub mod guard;
pub(crate) mod host;
pub mod ice;
#[cfg_attr(not(feature = "metrics"), path = "no_metrics.rs")]
mod metrics;
mod page_config;
mod path;
mod public_dir;
mod qr;
mod range;
pub mod reach;
mod ready;
mod redirect;
mod rewind;
mod router;
mod security;
pub mod server;
pub mod site;
mod trust;
pub(crate) mod turn;
mod visitor;
pub mod welcome;

pub use body::Body;
pub use guard::Guard;
pub use reach::{Reach, Reached};
pub use server::Fallback;
pub use site::Site;
pub use welcome::Security;
