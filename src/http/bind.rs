//! Listening sockets, and words for what went wrong.
//!
//! It stands at the very start: what is bound here is handed to the accept loop as a list, beside
//! which inherited sockets can stand. Rules: `SO_REUSEADDR`, so that a restart need not wait for
//! old connections to time out (socket(7)); `[::]` also takes IPv4 (`IPV6_V6ONLY` off, RFC 3493
//! section 5.3) unless an IPv4 address on the same port is listed too; a system without IPv6 gets
//! `0.0.0.0` instead. Sockets are non-blocking, as tokio wants them.
//!
//! Invariant: all or nothing; an error closes what was bound before it.
//! Left out: inherited sockets, and giving up rights after binding (the service manager's work).

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Where the room server listens if nothing else is asked for, with the default port.
pub const DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), 4000);

/// Connections the system keeps waiting for the accept loop; it may cut this (`somaxconn`).
const BACKLOG: i32 = 1024;

/// An address that cannot be listened on, and what to try.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody listens there already.
    #[error(
        "cannot listen on {0}: port {port} is in use: another Parlor may be running; \
         stop it or choose another with --port",
        port = .0.port()
    )]
    InUse(SocketAddr),
    /// Ports below 1024 need a right.
    #[error(
        "cannot listen on {0}: permission denied: choose a port of 1024 or above with --port, \
         or give the program CAP_NET_BIND_SERVICE"
    )]
    Denied(SocketAddr),
    /// No interface has this address.
    #[error(
        "cannot listen on {0}: this machine does not have the address {address}: \
         choose one it has with --bind, or leave it out to listen on all",
        address = .0.ip()
    )]
    NotAvailable(SocketAddr),
    /// Anything else the system says.
    #[error("cannot listen on {0}: {1}")]
    Other(SocketAddr, io::Error),
}

impl BindError {
    fn new(address: SocketAddr, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::InUse(address),
            io::ErrorKind::PermissionDenied => Self::Denied(address),
            io::ErrorKind::AddrNotAvailable => Self::NotAvailable(address),
            _ => Self::Other(address, error),
        }
    }
}

/// Binds every address, or [`DEFAULT`] if there is none; port 0 is any free port.
///
/// # Errors
/// For the first address that cannot be bound.
pub fn bind(listen: &[SocketAddr]) -> Result<Vec<TcpListener>, BindError> {
    let listen = if listen.is_empty() {
        &[DEFAULT]
    } else {
        listen
    };
    let mut listeners = Vec::with_capacity(listen.len());
    for (index, &address) in listen.iter().enumerate() {
        // Naming an address twice is no reason to fail, except that port 0 is each time another.
        if address.port() != 0 && listen.iter().take(index).any(|other| *other == address) {
            continue;
        }
        let v4_listed = listen
            .iter()
            .any(|other| other.is_ipv4() && other.port() == address.port() && address.port() != 0);
        listeners.push(bind_one(address, v4_listed)?);
    }
    Ok(listeners)
}

fn bind_one(address: SocketAddr, v4_listed: bool) -> Result<TcpListener, BindError> {
    match open(address, v4_listed) {
        Err(error) if without_ipv6(&error) && is_any_v6(address) && !v4_listed => {
            let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port()));
            open(address, false).map_err(|error| BindError::new(address, error))
        }
        result => result.map_err(|error| BindError::new(address, error)),
    }
}

fn open(address: SocketAddr, v6_only: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if is_any_v6(address) {
        socket.set_only_v6(v6_only)?;
    }
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn is_any_v6(address: SocketAddr) -> bool {
    address.is_ipv6() && address.ip().is_unspecified()
}

/// Whether the system has no IPv6 at all: the kernel was built or started without it.
fn without_ipv6(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;
    use std::net::TcpStream;

    fn any(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_wildcard_takes_ipv4_too() {
        let listeners = bind(&[any("[::]:0")]).unwrap();
        let port = listeners[0].local_addr().unwrap().port();
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    }

    #[test]
    fn both_wildcards_on_one_port_do_not_collide() {
        // A port that was free a moment ago; both families are bound at once.
        let port = TcpListener::bind("0.0.0.0:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let listen = [
            any(&format!("0.0.0.0:{port}")),
            any(&format!("[::]:{port}")),
        ];
        assert_eq!(bind(&listen).unwrap().len(), 2);
    }

    #[test]
    fn an_address_named_twice_is_bound_once() {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let address = any(&format!("127.0.0.1:{port}"));
        assert_eq!(bind(&[address, address]).unwrap().len(), 1);
        assert_eq!(
            bind(&[any("127.0.0.1:0"), any("127.0.0.1:0")])
                .unwrap()
                .len(),
            2
        );
    }

    #[test]
    fn a_used_port_says_what_to_try() {
        let taken = bind(&[any("127.0.0.1:0")]).unwrap();
        let address = taken[0].local_addr().unwrap();
        let error = bind(&[address]).unwrap_err().to_string();
        let wanted = format!(
            "port {} is in use: another Parlor may be running; stop it or choose another with --port",
            address.port()
        );
        assert!(error.ends_with(&wanted), "{error}");
    }

    #[test]
    fn an_address_of_another_machine_is_named() {
        // RFC 5737: a documentation address is nobody's.
        let error = bind(&[any("192.0.2.1:0")]).unwrap_err();
        assert!(matches!(error, BindError::NotAvailable(_)), "{error}");
        assert!(
            error
                .to_string()
                .contains("does not have the address 192.0.2.1")
        );
    }

    #[test]
    fn a_low_port_without_the_right_says_what_to_try() {
        let error =
            BindError::new(any("[::]:80"), io::ErrorKind::PermissionDenied.into()).to_string();
        assert!(
            error.contains("[::]:80") && error.contains("1024") && error.contains("--port"),
            "{error}"
        );
    }
}
