//! Goodbye for addresses where mdns-sd says none: over the other family of IP.
//!
//! It stands at the end of a responder. A question for addresses may come over either family, and
//! mdns-sd answers with both kinds (Android asks so); but it announces an address, and says goodbye
//! for it, over the address's own family only. Others keep what they hear apart by family, as avahi
//! does, and would give out an address that is gone until its two minutes are over. Rule: RFC 6762
//! section 10.1, a record with a time to live of zero, sent from port 5353 (section 11).
//!
//! Invariants: nothing is waited for, and what cannot be sent is not missed. Left out: services,
//! whose goodbye goes over both families already.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use mdns_sd::MDNS_PORT;
use socket2::Socket;

use super::{Places, port};

const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);

/// Receivers ignore packets that a router may have passed on (RFC 6762 section 11).
const HOPS: u32 = 255;

/// Addresses in one packet: with the longest name they fit into Ethernet's 1500 bytes.
const MAX_RECORDS: usize = 14;

const RESPONSE: u16 = 0x8400; // an answer, authoritative
const INTERNET: u16 = 1;

/// Withdraws the addresses of these places, each under the name it has on its interface.
pub(super) fn send<'n>(places: &Places, name_on: impl Fn(&str) -> &'n str) {
    let present = if_addrs::get_if_addrs().unwrap_or_default();
    let interfaces: BTreeSet<_> = places.iter().map(|(interface, _)| interface).collect();
    for interface in interfaces {
        let here = places.iter().filter(|(name, _)| name == interface);
        let addresses: Vec<_> = here.map(|(_, address)| *address).collect();
        let own = || present.iter().filter(|one| one.name == *interface);
        let index = own().find_map(|one| one.index);
        let source = own().find_map(|one| match one.ip() {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        });
        for some in addresses.chunks(MAX_RECORDS) {
            let packet = packet(name_on(interface), some);
            let over_v4 = source.map(|source| send_v4(&packet, source));
            let over_v6 = index.map(|index| send_v6(&packet, index));
            for error in [over_v4, over_v6]
                .into_iter()
                .flatten()
                .filter_map(Result::err)
            {
                tracing::debug!(interface, %error, "an address is not withdrawn");
            }
        }
    }
}

fn send_v4(packet: &[u8], source: Ipv4Addr) -> io::Result<()> {
    let socket = shared(Ipv4Addr::UNSPECIFIED.into())?;
    socket.set_multicast_if_v4(&source)?;
    socket.set_multicast_ttl_v4(HOPS)?;
    let group = SocketAddr::from((GROUP_V4, MDNS_PORT));
    socket.send_to(packet, &group.into()).map(drop)
}

fn send_v6(packet: &[u8], index: u32) -> io::Result<()> {
    let socket = shared(Ipv6Addr::UNSPECIFIED.into())?;
    socket.set_multicast_if_v6(index)?;
    socket.set_multicast_hops_v6(HOPS)?;
    let group = SocketAddrV6::new(GROUP_V6, MDNS_PORT, 0, index);
    socket.send_to(packet, &group.into()).map(drop)
}

fn shared(any: IpAddr) -> io::Result<Socket> {
    let socket = port::share(SocketAddr::new(any, MDNS_PORT))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// A response (RFC 1035 section 4.1) with these addresses of a name, none of which is good any
/// more. Without the cache-flush bit, which would take other addresses of that name away as well.
fn packet(name: &str, addresses: &[IpAddr]) -> Vec<u8> {
    let mut records = Vec::new();
    let mut count = 0u16;
    for address in addresses {
        for label in name.split('.') {
            records.push(u8::try_from(label.len()).unwrap_or_default());
            records.extend(label.bytes());
        }
        records.push(0);
        let (kind, data) = match address {
            IpAddr::V4(address) => (1u16, address.octets().to_vec()),
            IpAddr::V6(address) => (28, address.octets().to_vec()),
        };
        let length = u16::try_from(data.len()).unwrap_or_default();
        for field in [kind, INTERNET, 0, 0, length] {
            records.extend(field.to_be_bytes()); // the two zeros are the time to live
        }
        records.extend(data);
        count += 1;
    }
    let header = [0, RESPONSE, 0, count, 0, 0];
    let header = header.into_iter().flat_map(u16::to_be_bytes);
    header.chain(records).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    #[test]
    fn a_withdrawal_names_each_address_with_no_time_to_live() {
        let addresses = ["192.168.1.20".parse().unwrap(), "fd00::20".parse().unwrap()];
        let name = b"\x06parlor\x05local\x00";
        let mut expected = b"\0\0\x84\0\0\0\0\x02\0\0\0\0".to_vec();
        expected.extend(name);
        expected.extend(b"\0\x01\0\x01\0\0\0\0\0\x04\xc0\xa8\x01\x14");
        expected.extend(name);
        expected.extend(b"\0\x1c\0\x01\0\0\0\0\0\x10\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x20");
        assert_eq!(packet("parlor.local", &addresses), expected);
    }

    #[test]
    fn a_full_packet_fits_into_a_frame() {
        let name = format!("{}.local", "n".repeat(63));
        let full = packet(&name, &[Ipv6Addr::LOCALHOST.into(); MAX_RECORDS]);
        assert!(full.len() <= 1500 - 40 - 8, "{}", full.len());
    }
}
