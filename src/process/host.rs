//! This machine: its name and the addresses it can be reached at.
//!
//! It stands beside the start: the page shows the name, the banner the addresses. Source:
//! uname(2) and getifaddrs(3), both through safe crates. Invariant: never fails; what cannot be
//! found out is left away. Left out: watching for changes.

use std::net::IpAddr;

/// The device's name without its domain, or none if it has no useful one.
pub(crate) fn name() -> Option<String> {
    let name = rustix::system::uname().nodename().to_str().ok()?.to_owned();
    let short = name.split('.').next().unwrap_or_default();
    (!short.is_empty() && short != "localhost" && short != "(none)").then(|| short.to_owned())
}

/// Addresses of interfaces that others on the network may use: neither loopback nor link-local.
/// IPv4 comes first, because it is what people can type.
pub(crate) fn addresses() -> Vec<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<_> = interfaces
        .iter()
        .map(|interface| interface.ip())
        .filter(|address| reachable(*address))
        .collect();
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses
}

fn reachable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            !address.is_loopback() && !address.is_link_local() && !address.is_unspecified()
        }
        IpAddr::V6(address) => {
            !address.is_loopback() && !address.is_unicast_link_local() && !address.is_unspecified()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_link_local_are_left_out() {
        for (text, wanted) in [
            ("127.0.0.1", false),
            ("169.254.3.4", false),
            ("::1", false),
            ("fe80::1", false),
            ("192.168.1.20", true),
            ("fd00::20", true),
        ] {
            assert_eq!(text.parse().is_ok_and(reachable), wanted, "{text}");
        }
    }
}
