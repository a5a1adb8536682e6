//! Who may connect: TCP connections in all and per address, handshakes per second and
//! address ([`Party`]). Pure, under the server's lock.

use crate::config::Limits;
use crate::party::Party;
use crate::rate::Bucket;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Instant;

/// Addresses whose rate of handshakes is remembered. Beyond that strangers share one bucket.
const MAX_REMEMBERED: usize = 4096;

/// The counts.
#[derive(Debug)]
pub(super) struct Admission {
    connections: usize,
    per_address: HashMap<Party, u32>,
    handshakes: HashMap<Party, Bucket>,
    max_connections: usize,
    max_per_address: u32,
    max_handshake_rate: u32,
}

/// Whose connection it is: an address's, or nobody's own if it is a trusted proxy's, which brings
/// those of many.
pub(super) type Counted = Option<Party>;

impl Admission {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            connections: 0,
            per_address: HashMap::new(),
            handshakes: HashMap::new(),
            max_connections: limits.max_connections,
            max_per_address: u32::try_from(limits.max_connections_per_address).unwrap_or(u32::MAX),
            max_handshake_rate: limits.max_handshake_rate,
        }
    }

    /// Counts a connection in, if there is room for it.
    pub(super) fn admit(&mut self, counted: Counted) -> bool {
        if self.connections >= self.max_connections {
            return false;
        }
        if let Some(party) = counted {
            let count = self.per_address.entry(party).or_insert(0);
            if *count >= self.max_per_address {
                return false;
            }
            *count += 1;
        }
        self.connections += 1;
        true
    }

    /// Counts a connection out.
    pub(super) fn release(&mut self, counted: Counted) {
        if let Some(party) = counted {
            let Some(count) = self.per_address.get_mut(&party) else {
                return;
            };
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&party);
            }
        }
        self.connections -= 1;
    }

    /// Whether this address may make a handshake now.
    pub(super) fn handshake(&mut self, address: IpAddr, now: Instant) -> bool {
        let rate = self.max_handshake_rate;
        if self.handshakes.len() >= MAX_REMEMBERED {
            self.handshakes.retain(|_, bucket| !bucket.is_full(now));
        }
        let mut party = Party::from(address);
        if self.handshakes.len() >= MAX_REMEMBERED && !self.handshakes.contains_key(&party) {
            party = Party::OTHERS;
        }
        self.handshakes
            .entry(party)
            .or_insert_with(|| Bucket::full(now))
            .take(rate, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::time::Duration;

    fn admission(limits: Limits) -> Admission {
        Admission::new(&limits)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn connections_are_counted_in_all_and_per_address() {
        let limits = Limits {
            max_connections: 3,
            max_connections_per_address: 2,
            ..Limits::default()
        };
        let mut admission = admission(limits);
        assert!(
            admission.admit(Some(ip("10.0.0.1").into()))
                && admission.admit(Some(ip("::ffff:10.0.0.1").into()))
        );
        assert!(
            !admission.admit(Some(ip("10.0.0.1").into())),
            "two from one address, mapped or not"
        );
        assert!(admission.admit(Some(ip("10.0.0.2").into())));
        assert!(
            !admission.admit(Some(ip("10.0.0.3").into())),
            "three in all"
        );
        admission.release(Some(ip("10.0.0.1").into()));
        assert!(admission.admit(Some(ip("10.0.0.3").into())));
    }

    #[test]
    fn an_ipv6_network_of_64_bits_counts_as_one() {
        let limits = Limits {
            max_connections_per_address: 1,
            ..Limits::default()
        };
        let mut admission = admission(limits);
        assert!(admission.admit(Some(ip("fd00:1:2:3::1").into())));
        assert!(!admission.admit(Some(ip("fd00:1:2:3:4::2").into())));
        assert!(admission.admit(Some(ip("fd00:1:2:4::1").into())));
    }

    #[test]
    fn a_trusted_proxy_counts_in_all_only() {
        let limits = Limits {
            max_connections: 3,
            max_connections_per_address: 1,
            ..Limits::default()
        };
        let mut admission = admission(limits);
        assert!((0..3).all(|_| admission.admit(None)));
        assert!(!admission.admit(None) && !admission.admit(Some(ip("10.0.0.1").into())));
        admission.release(None);
        assert!(admission.admit(Some(ip("10.0.0.1").into())));
    }

    #[test]
    fn nothing_is_kept_of_those_who_left() {
        let mut admission = admission(Limits::default());
        for n in 0..100u32 {
            let address = IpAddr::V4(Ipv4Addr::from_bits(n));
            assert!(admission.admit(Some(address.into())));
            admission.release(Some(address.into()));
        }
        assert!(admission.per_address.is_empty());
        assert_eq!(admission.connections, 0);
    }

    #[test]
    fn handshakes_are_limited_by_rate_and_the_memory_for_it_is_bounded() {
        let limits = Limits {
            max_handshake_rate: 1,
            ..Limits::default()
        };
        let mut admission = admission(limits);
        let now = Instant::now();
        assert_eq!(
            (0..20)
                .filter(|_| admission.handshake(ip("10.0.0.1"), now))
                .count(),
            10
        );
        assert!(admission.handshake(ip("10.0.0.2"), now));
        for n in 0..20_000u32 {
            admission.handshake(IpAddr::V4(Ipv4Addr::from_bits(n)), now);
        }
        assert!(admission.handshakes.len() <= MAX_REMEMBERED + 1);
        assert!(admission.handshake(ip("10.0.0.9"), now + Duration::from_secs(60)));
    }
}
