//! Listening sockets, and words for what went wrong.
//!
//! It stands at the very start: what is bound here is handed to the accept loop as a list. Listeners that
//! somebody else has made for this server, such as a service manager, stand in the same list, and what is
//! bound is what they lack ([`bind_beside`]). Rules: `SO_REUSEADDR`, so that a restart need not wait for
//! old connections to time out (socket(7)); `[::]` also takes IPv4 (`IPV6_V6ONLY` off, RFC 3493
//! section 5.3) unless an IPv4 address on the same port is listed too; a system without IPv6 gets
//! `0.0.0.0` instead. Sockets are non-blocking, as tokio wants them.
//!
//! Invariant: all or nothing; an error closes what was bound before it.
//! Left out: taking the listeners that a process was started with (`process::systemd`), and giving up
//! rights after binding (the service manager's work).

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
    /// A listener that was there already has it too, or a part of it.
    #[error(
        "cannot listen on {0} beside {1}, a socket that this process was started with: leave the \
         address out, or change the socket (under systemd: systemctl edit parlor.socket)"
    )]
    Beside(SocketAddr, SocketAddr),
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

    /// Puts it down to a listener that was there before, if it is one's.
    fn beside(self, there: &[SocketAddr]) -> Self {
        let Self::InUse(address) = self else {
            return self;
        };
        let overlaps = |other: &&SocketAddr| {
            let any = address.ip().is_unspecified() || other.ip().is_unspecified();
            other.port() == address.port() && (any || other.ip() == address.ip())
        };
        match there.iter().find(overlaps) {
            Some(other) => Self::Beside(address, *other),
            None => self,
        }
    }
}

/// Binds every address, or [`DEFAULT`] if there is none; port 0 is any free port.
///
/// # Errors
/// For the first address that cannot be bound.
pub fn bind(listen: &[SocketAddr]) -> Result<Vec<TcpListener>, BindError> {
    bind_beside(Vec::new(), listen)
}

/// The listeners that are there already, and one for every address that none of them has. [`DEFAULT`] is
/// bound only if there are neither.
///
/// # Errors
/// For the first address that cannot be bound. One that is a part of what an earlier listener takes is
/// among these: whoever names one address of this machine does not want the others to be served.
pub fn bind_beside(
    there: Vec<TcpListener>,
    listen: &[SocketAddr],
) -> Result<Vec<TcpListener>, BindError> {
    let listen = if listen.is_empty() && there.is_empty() {
        &[DEFAULT]
    } else {
        listen
    };
    let taken: Vec<_> = there
        .iter()
        .filter_map(|one| one.local_addr().ok())
        .collect();
    let mut listeners = there;
    for (index, &address) in listen.iter().enumerate() {
        let named = || listen.iter().take(index).chain(&taken);
        // Naming an address twice is no reason to fail, except that port 0 is each time another.
        if address.port() != 0 && named().any(|other| *other == address) {
            continue;
        }
        let mut all = listen.iter().chain(&taken);
        let v4_listed = address.port() != 0
            && all.any(|other| other.is_ipv4() && other.port() == address.port());
        let bound = bind_one(address, v4_listed, &taken);
        listeners.extend(bound.map_err(|error| error.beside(&taken))?);
    }
    Ok(listeners)
}

/// None if it is there already by another address.
fn bind_one(
    address: SocketAddr,
    v4_listed: bool,
    taken: &[SocketAddr],
) -> Result<Option<TcpListener>, BindError> {
    let v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port()));
    match open(address, v4_listed) {
        Err(error) if without_ipv6(&error) && is_any_v6(address) && taken.contains(&v4) => Ok(None),
        Err(error) if without_ipv6(&error) && is_any_v6(address) && !v4_listed => open(v4, false)
            .map(Some)
            .map_err(|error| BindError::new(v4, error)),
        result => result
            .map(Some)
            .map_err(|error| BindError::new(address, error)),
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
    fn beside_listeners_that_are_there_only_what_is_asked_for_is_bound() {
        let there = || bind(&[any("127.0.0.1:0")]).unwrap();
        let alone = bind_beside(there(), &[]).unwrap();
        assert_eq!(alone.len(), 1, "and not the default");
        let first = there();
        let same = first[0].local_addr().unwrap();
        let both = bind_beside(first, &[same, any("127.0.0.2:0"), same]).unwrap();
        let ips: Vec<_> = both
            .iter()
            .map(|one| one.local_addr().unwrap().ip().to_string())
            .collect();
        assert_eq!(ips, ["127.0.0.1", "127.0.0.2"]);
    }

    #[test]
    fn the_ipv6_wildcard_leaves_ipv4_to_a_listener_that_is_there() {
        let there = bind(&[any("0.0.0.0:0")]).unwrap();
        let port = there[0].local_addr().unwrap().port();
        let both = bind_beside(there, &[any(&format!("[::]:{port}"))]).unwrap();
        assert_eq!(both.len(), 2);
    }

    #[test]
    fn one_address_is_not_bound_beside_a_listener_on_all() {
        let there = bind(&[any("[::]:0")]).unwrap();
        let theirs = there[0].local_addr().unwrap();
        let one = any(&format!("127.0.0.1:{}", theirs.port()));
        let error = bind_beside(there, &[one]).unwrap_err().to_string();
        let wanted = format!("cannot listen on {one} beside {theirs}, a socket that");
        assert!(error.starts_with(&wanted), "{error}");
        assert!(error.contains("systemctl edit parlor.socket"), "{error}");
    }

    #[test]
    fn a_port_of_somebody_elses_is_not_put_down_to_a_listener_that_is_there() {
        let taken = bind(&[any("127.0.0.1:0")]).unwrap();
        let address = taken[0].local_addr().unwrap();
        let there = bind(&[any(&format!("127.0.0.2:{}", address.port()))]).unwrap();
        let error = bind_beside(there, &[address]).unwrap_err();
        assert!(matches!(error, BindError::InUse(_)), "{error}");
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
