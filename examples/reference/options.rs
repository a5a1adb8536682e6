//! The official server's options, under its names and in its units, as far as this crate has
//! the setting. A name that is not here is an error, so none is ignored silently.
//!
//! One is not the official server's: `denyWith`, which stands for an `allowRequest` that refuses
//! handshakes with the key `deny` in their query, in these words.

mod http;

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use http::{Cookie, Cors, Switch};
use parlor::config::Protocol;
use parlor::transport::{ClientFiles, Edge};
use serde::Deserialize;

use crate::gate::Gate;

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
    #[serde(rename = "allowEIO3")]
    allow_eio3: Option<bool>,
    path: Option<String>,
    add_trailing_slash: Option<bool>,
    initial_packet: Option<String>,
    connection_state_recovery: Option<Recovery>,
    cleanup_empty_child_namespaces: bool,
    http_compression: Option<Switch<Compression>>,
    cookie: Option<Switch<Cookie>>,
    cors: Option<Cors>,
    serve_client: Option<bool>,
    deny_with: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Transport {
    Polling,
    WebSocket,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Recovery {
    max_disconnection_duration: u64,
    skip_middlewares: bool,
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            max_disconnection_duration: 120_000,
            skip_middlewares: true,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Compression {
    /// Bytes.
    threshold: usize,
}

impl Default for Compression {
    fn default() -> Self {
        Self { threshold: 1024 }
    }
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
        set(&mut settings.allow_eio3, self.allow_eio3);
        set(&mut settings.trailing_slash, self.add_trailing_slash);
        if let Some(transports) = &self.transports {
            settings.polling = transports.contains(&Transport::Polling);
            settings.websocket = transports.contains(&Transport::WebSocket);
        }
        if let Some(path) = &self.path {
            settings.path = format!("{}/", path.trim_end_matches('/'));
        }
        if let Some(packet) = &self.initial_packet {
            settings.initial_packet = Some(packet.clone());
        }
        if let Some(recovery) = &self.connection_state_recovery {
            let age = Duration::from_millis(recovery.max_disconnection_duration);
            settings.recovery_max_age = Some(age);
            settings.recovery_skips_middlewares = recovery.skip_middlewares;
        }
        if let Some(compression) = &self.http_compression {
            settings.http_compression = compression.on().map(|on| on.threshold);
        }
    }

    /// Whether a namespace that was made for a client goes when all have left it.
    pub(crate) fn cleans_up(&self) -> bool {
        self.cleanup_empty_child_namespaces
    }

    /// Who may begin a session.
    pub(crate) fn gate(&self) -> Gate {
        self.deny_with
            .clone()
            .map_or_else(Gate::default, Gate::denying)
    }

    /// Whether the client's files are asked for in so many words.
    pub(crate) fn wants_client_files(&self) -> bool {
        self.serve_client == Some(true)
    }

    /// The HTTP side. The client's files are served if there are any, unless that is switched off.
    pub(crate) fn edge(&self, client_files: Option<&Path>) -> Result<Edge> {
        let mut edge = Edge::default();
        if let Some(cookie) = self.cookie.as_ref().and_then(Switch::on) {
            edge = edge.cookie(cookie.setting())?;
        }
        if let Some(cors) = self.cors.as_ref().and_then(Cors::setting) {
            edge = edge.cors(cors)?;
        }
        match client_files.filter(|_| self.serve_client != Some(false)) {
            Some(directory) => {
                let files = ClientFiles::read(directory, "--client-files")?;
                Ok(edge.client_files(files))
            }
            None => Ok(edge),
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
