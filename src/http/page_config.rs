//! `/config.json`: what the page must know, made for each request.
//!
//! It stands between the settings, what is reached now, and the page (`static/settings.js`).
//!
//! ```json
//! {"iceServers": [{"urls": "turn:...", "username": "...", "credential": "..."}],
//!  "name": "kitchen-pi",
//!  "addresses": ["https://192.168.1.20:4000"], "names": ["https://parlor.local:4000"],
//!  "secureAddress": "https://192.168.1.20:4000"}
//! ```
//!
//! `iceServers` are `RTCIceServer` dictionaries; TURN's credentials end after a day. `addresses` and
//! `names` are those that other devices can open, the best first. `secureAddress` is there for
//! who came by plain HTTP only. `name` is `null` if the machine has no useful one.

use bytes::Bytes;
use serde::Serialize;

use crate::http::ice::IceServer;
use crate::http::reach::Reach;

/// The whole answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageConfig<'a> {
    pub(crate) ice_servers: Vec<IceServer>,
    pub(crate) name: Option<&'a str>,
    pub(crate) addresses: &'a [String],
    pub(crate) names: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secure_address: Option<String>,
}

impl<'a> PageConfig<'a> {
    /// What is to be said about this server; `secure_address` if the page needs one.
    pub(crate) fn new(
        ice_servers: Vec<IceServer>,
        name: Option<&'a str>,
        reach: &'a Reach,
        secure_address: Option<String>,
    ) -> Self {
        Self {
            ice_servers,
            name,
            addresses: &reach.addresses,
            names: &reach.names,
            secure_address,
        }
    }

    /// As JSON. Strings in a structure always have that form; the fallback is a page without
    /// servers.
    pub(crate) fn json(&self) -> Bytes {
        serde_json::to_vec(self)
            .unwrap_or_else(|_| br#"{"iceServers":[],"name":null}"#.to_vec())
            .into()
    }
}
