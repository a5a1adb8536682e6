//! Whom an address stands for where clients are counted by address.
//!
//! It stands under what is limited for each address: connections, handshakes, wrong passcodes. An
//! IPv6 address counts as its /64, because a host has all of one; an IPv4-mapped address counts as
//! the IPv4 address it stands for.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU64;

/// What an address counts as.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn party(text: &str) -> Party {
        text.parse::<IpAddr>().expect("an address").into()
    }

    #[test]
    fn one_host_is_one_party_by_whichever_of_its_addresses() {
        for (one, other, same) in [
            ("10.0.0.1", "::ffff:10.0.0.1", true),
            ("10.0.0.1", "10.0.0.2", false),
            ("127.0.0.1", "::1", true),
            ("fd00:1:2:3::1", "fd00:1:2:3:4::2", true),
            ("fd00:1:2:3::1", "fd00:1:2:4::1", false),
        ] {
            assert_eq!(party(one) == party(other), same, "{one} {other}");
        }
    }
}
