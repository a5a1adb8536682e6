//! What `process::systemd` offers, for a build without it: nobody to tell, nothing inherited.

use std::net::TcpListener;

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

/// No journal.
pub(crate) fn is_journal() -> bool {
    false
}

/// No format but the usual one.
pub(crate) fn lines<E>(usual: E) -> E {
    usual
}

/// No mark.
pub(crate) fn mark(line: &str) -> String {
    line.to_owned()
}
