//! The other side of a TCP connection, and its place in the count of connections.

use super::Server;
use super::admission::Counted;
use crate::engineio::Request;
use crate::hub::Protocol;
use hyper::http::request::Parts;
use std::net::{IpAddr, SocketAddr};
use std::time::SystemTime;

/// The other side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its address; IPv4-mapped ones as IPv4.
    pub address: IpAddr,
    /// Whether it speaks TLS.
    pub secure: bool,
}

impl From<IpAddr> for Peer {
    /// A peer without TLS.
    fn from(address: IpAddr) -> Self {
        Self {
            address: address.to_canonical(),
            secure: false,
        }
    }
}

impl From<SocketAddr> for Peer {
    /// A peer without TLS.
    fn from(address: SocketAddr) -> Self {
        address.ip().into()
    }
}

impl Peer {
    /// What is to be known of a request after it is gone.
    pub(super) fn remember(self, head: &Parts) -> Request {
        let target = head.uri.path_and_query();
        let headers = head.headers.iter();
        Request::new(
            self.address,
            self.secure,
            SystemTime::now(),
            target.map_or("/", |target| target.as_str()),
            headers.map(|(name, value)| (name.as_str(), value.as_bytes())),
        )
    }
}

impl<P: Protocol> Server<P> {
    /// Counts a TCP connection in, if limits allow it. It counts until the guard is dropped.
    ///
    /// A trusted proxy's connections count in all, but not by its address.
    pub fn admit(&self, peer: impl Into<Peer>) -> Option<Admitted<P>> {
        let peer = peer.into();
        let counted = (!self.trusts(peer.address)).then(|| peer.address.into());
        let admitted = self.lock().admission.admit(counted);
        if admitted {
            self.stats().connections.add(1);
        } else {
            self.stats().connections_limited.add();
        }
        admitted.then(|| Admitted {
            server: self.clone(),
            peer,
            counted,
            guards: true,
        })
    }
}

/// A TCP connection that counts against the limits.
#[derive(Debug)]
pub struct Admitted<P: Protocol> {
    server: Server<P>,
    peer: Peer,
    counted: Counted,
    /// Whether it is this that gives the count back.
    guards: bool,
}

impl<P: Protocol> Admitted<P> {
    /// The server that it counts with.
    pub fn server(&self) -> &Server<P> {
        &self.server
    }

    /// The other side.
    pub fn peer(&self) -> Peer {
        self.peer
    }

    /// Leaves the count to a WebSocket connection, which gives it back when it ends.
    pub(super) fn hand_over(mut self) -> Counted {
        self.guards = false;
        self.counted
    }
}

impl<P: Protocol> Drop for Admitted<P> {
    fn drop(&mut self) {
        if self.guards {
            let mut state = self.server.lock();
            state.admission.release(self.counted);
            self.server.stats().connections.sub(1);
        }
    }
}
