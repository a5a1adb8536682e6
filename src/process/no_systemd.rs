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

    pub(crate) async fn reloaded(&self, _status: &str) {}

    pub(crate) async fn stopping(&self) {}

    pub(crate) async fn status(&self, _status: &str) {}

    pub(crate) async fn keep_alive<P: Protocol>(&self, _server: &Server<P>) {}
}

/// No sockets. Who passes some means them to be served, and would wonder why they are not.
pub(crate) fn inherited() -> anyhow::Result<Vec<TcpListener>> {
    let given =
        std::env::var("LISTEN_PID").is_ok_and(|process| process.parse() == Ok(std::process::id()));
    anyhow::ensure!(
        !given,
        "sockets that a service manager has made cannot be taken over: this build was made without \
         the feature \"systemd\""
    );
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
