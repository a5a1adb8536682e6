//! Stands in for `secure` in a build without the feature `tls`: a connection that nobody can make, so
//! that every [`Stream`](super::Stream) is plain.

use crate::config::Limits;
use crate::stats::Stats;
use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::ReadBuf;
use tokio::net::TcpStream;

/// What handshakes would be made with.
#[derive(Debug)]
pub struct ServerConfig(Infallible);

/// The budget that counts what connections over TLS hold: nothing.
#[derive(Debug, Clone)]
pub struct Budget;

impl Budget {
    /// That of any server.
    pub fn new(_: Arc<Stats>, _: &Limits) -> Self {
        Self
    }
}

/// A TLS connection.
#[derive(Debug)]
pub struct Secure(Infallible);

impl Secure {
    /// Is never asked.
    ///
    /// # Errors
    /// None.
    pub async fn accept(_: TcpStream, config: Arc<ServerConfig>, _: Budget) -> io::Result<Self> {
        match config.0 {}
    }

    pub(super) fn tcp(&self) -> &TcpStream {
        match self.0 {}
    }

    pub(super) fn poll_read(
        &self,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.0 {}
    }

    pub(super) fn try_write(&self, _: &[u8]) -> io::Result<usize> {
        match self.0 {}
    }

    pub(super) fn poll_write(&self, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        match self.0 {}
    }

    pub(super) fn poll_write_vectored(
        &self,
        _: &mut Context<'_>,
        _: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.0 {}
    }

    pub(super) fn poll_flush(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.0 {}
    }

    pub(super) fn poll_shutdown(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.0 {}
    }

    pub(super) fn held(&self) -> usize {
        match self.0 {}
    }

    pub(super) fn say_goodbye(&self) {
        match self.0 {}
    }
}
