//! UDP port 5353, which all that speak mDNS on one machine share.
//!
//! It stands before a responder starts, because mdns-sd does not tell when it gets no socket.
//! Sharing works by `SO_REUSEADDR` and `SO_REUSEPORT` on every socket (socket(7)); who sets neither
//! has the port for itself, as avahi does with `disallow-other-stacks=yes` (avahi-daemon.conf(5)).
//!
//! Left out: keeping the socket. Between this check and the responder's own binding somebody could
//! take the port, which looks as if nobody answered.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use mdns_sd::MDNS_PORT;
use socket2::{Domain, Protocol, Socket, Type};

use super::Places;

/// Why names cannot be announced from this machine.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Another program does not share the port.
    #[error(
        "UDP port 5353 is held by another program that does not share it; if that is avahi, \
         take disallow-other-stacks=yes out of /etc/avahi/avahi-daemon.conf"
    )]
    Held,
    /// The system does not allow it.
    #[error("the system does not allow to listen on UDP port 5353: {0}")]
    Denied(io::Error),
}

/// Whether the port can be had in the families of these places. One of two is enough.
pub(super) fn check(places: &Places) -> Result<(), PortError> {
    let families = [
        IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    ];
    let mut result = Ok(());
    for any in families {
        if !places.iter().any(|(_, one)| one.is_ipv4() == any.is_ipv4()) {
            continue;
        }
        match share(SocketAddr::new(any, MDNS_PORT)) {
            Ok(_) => return Ok(()),
            Err(error) => result = Err(error),
        }
    }
    result.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => PortError::Held,
        _ => PortError::Denied(error),
    })
}

/// Binds as mdns-sd does.
pub(super) fn share(address: SocketAddr) -> io::Result<Socket> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;
    use std::net::UdpSocket;

    #[test]
    fn a_port_that_somebody_holds_for_itself_cannot_be_shared() {
        let held = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = held.local_addr().unwrap();
        assert_eq!(share(address).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(held);
        share(address).unwrap();
    }
}
