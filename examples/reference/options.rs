//! The official server's options, under its names and in its units, as far as this crate has
//! the setting. A name that is not here is an error, so none is ignored silently.

use std::time::Duration;

use parlor::config::Protocol;
use serde::Deserialize;

/// Options that were given; the others stay as the profile has them. Times in milliseconds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Options {
    ping_interval: Option<u64>,
    ping_timeout: Option<u64>,
    upgrade_timeout: Option<u64>,
    connect_timeout: Option<u64>,
    /// Bytes.
    max_http_buffer_size: Option<usize>,
    transports: Option<Vec<Transport>>,
    allow_upgrades: Option<bool>,
    path: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Transport {
    Polling,
    WebSocket,
}

impl Options {
    /// Reads a JSON object.
    pub(crate) fn parse(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// Changes the settings to what was given.
    pub(crate) fn lay_over(&self, settings: &mut Protocol) {
        set_time(&mut settings.ping_interval, self.ping_interval);
        set_time(&mut settings.ping_timeout, self.ping_timeout);
        set_time(&mut settings.upgrade_timeout, self.upgrade_timeout);
        set_time(&mut settings.connect_timeout, self.connect_timeout);
        set(&mut settings.max_payload_bytes, self.max_http_buffer_size);
        set(&mut settings.allow_upgrades, self.allow_upgrades);
        if let Some(transports) = &self.transports {
            settings.polling = transports.contains(&Transport::Polling);
            settings.websocket = transports.contains(&Transport::WebSocket);
        }
        if let Some(path) = &self.path {
            // The official server adds the slash if it is missing.
            settings.path = format!("{}/", path.trim_end_matches('/'));
        }
    }
}

fn set<T>(setting: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *setting = value;
    }
}

fn set_time(setting: &mut Duration, milliseconds: Option<u64>) {
    set(setting, milliseconds.map(Duration::from_millis));
}
