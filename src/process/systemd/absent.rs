//! What `process::systemd` offers, for a build without it: nobody to tell, nothing inherited.

use std::net::TcpListener;

use tracing_subscriber::layer::Identity;

use crate::hub::Protocol;
use crate::transport::Server;

/// No manager.
#[derive(Debug, Clone)]
pub(crate) struct Manager;

impl Manager {
    pub(crate) fn find() -> Self {
        Self
    }

    pub(crate) async fn ready(&self, _status: &str) {}

    pub(crate) async fn reloading(&self) {}

    pub(crate) async fn stopping(&self) {}

    pub(crate) async fn status(&self, _status: &str) {}

    pub(crate) async fn keep_alive<P: Protocol>(&self, _server: &Server<P>) {}
}

/// No sockets.
pub(crate) fn inherited() -> anyhow::Result<Vec<TcpListener>> {
    Ok(Vec::new())
}

/// No format of its own.
pub(crate) fn layer() -> Option<Identity> {
    None
}

/// No mark.
pub(crate) fn mark(line: &str) -> String {
    line.to_owned()
}
