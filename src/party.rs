//! What an address counts as where clients are counted by address: connections, handshakes and
//! sessions.
//!
//! An IPv6 address counts as its /64, because a host has all of one; an IPv4-mapped address
//! counts as the IPv4 address it stands for. Loopback is not exempt. 8 bytes.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU64;

/// Those who count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Party(NonZeroU64);

impl Party {
    /// Those for whom there is no place of their own.
    pub(crate) const OTHERS: Self = Self(NonZeroU64::MAX);
}

impl From<IpAddr> for Party {
    fn from(address: IpAddr) -> Self {
        let bits = match address.to_canonical() {
            IpAddr::V4(v4) => u64::from(v4.to_bits()),
            // The first 64 bits; no global /64 has the upper 32 bits of an IPv4 party, zero.
            IpAddr::V6(v6) if v6.is_loopback() => u64::from(Ipv4Addr::LOCALHOST.to_bits()),
            IpAddr::V6(v6) => (v6.to_bits() >> 64) as u64,
        };
        // Nobody connects from the unspecified address.
        NonZeroU64::new(bits).map_or(Self::OTHERS, Self)
    }
}
