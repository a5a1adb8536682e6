//! Network interfaces: which of them are of the home network, and with which addresses.
//!
//! It stands before everything that names an address: announcement, certificate, banner, QR code.
//! [`list`] asks the system (getifaddrs(3), and the tables of `/proc/self/net` for default routes and
//! passing addresses, see proc_net(5)); the rest is rules over that list:
//!
//! - an interface counts if it is up and has a default route or a private address (RFC 1918,
//!   RFC 3927, RFC 4193). A network without internet has no default route;
//! - point-to-point links and what containers and virtual machines bring do not, unless they are
//!   named with `--mdns-interface`; loopback never does;
//! - with `--mdns-interface` the others count as before, but nothing is announced on them: a name
//!   that is mistyped takes no address away;
//! - link-local addresses are used only where an interface has no other of that family;
//! - IPv6 addresses that pass (RFC 8981) are not listed: each new one would need a new certificate,
//!   of which browsers warn again.
//!
//! Invariant: never fails; what cannot be found out is left away. Left out: being told of changes
//! by the kernel (netlink), which would need `unsafe` or another crate; the list is read anew
//! every few seconds instead.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv6Addr};

/// One interface with its addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Interface {
    /// Such as `eth0`.
    pub(crate) name: String,
    /// In the system's order.
    pub(crate) addresses: Vec<IpAddr>,
    /// Whether it is up and has a carrier.
    pub(crate) up: bool,
    /// Whether it leads to one other machine only, as a tunnel does.
    pub(crate) point_to_point: bool,
    /// Whether packets for the rest of the world leave through it.
    pub(crate) default_route: bool,
    /// Whether others are named with `--mdns-interface`, so that nothing is announced here.
    pub(crate) quiet: bool,
}

/// Beginnings of names that containers, virtual machines and their bridges have.
const VIRTUAL: &[&str] = &[
    "br-", "cali", "cni", "docker", "flannel", "lxcbr", "lxdbr", "podman", "vboxnet", "veth",
    "virbr", "vmnet", "vnet",
];

/// All interfaces that have an address.
///
/// # Errors
/// If the system does not tell, as when there are no file descriptors left: that is not to be taken
/// for a machine without a network.
pub(crate) fn list() -> io::Result<Vec<Interface>> {
    // Not `/proc/net`: a service manager may hide all of `/proc` but the processes.
    let table = |name| std::fs::read_to_string(format!("/proc/self/net/{name}"));
    let read = |name| table(name).unwrap_or_default();
    let mut routed = default_routes_v4(&read("route"));
    routed.extend(default_routes_v6(&read("ipv6_route")));
    let passing = passing(&read("if_inet6"));
    let mut interfaces: Vec<Interface> = Vec::new();
    for one in if_addrs::get_if_addrs()? {
        if passing.contains(&one.ip()) {
            continue;
        }
        match interfaces.iter_mut().find(|known| known.name == one.name) {
            Some(known) => known.addresses.push(one.ip()),
            None => interfaces.push(Interface {
                addresses: vec![one.ip()],
                up: one.is_oper_up(),
                point_to_point: one.is_p2p(),
                default_route: routed.contains(&one.name),
                quiet: false,
                name: one.name,
            }),
        }
    }
    Ok(interfaces)
}

/// Those of the home network and those that are named, the one with the default route first.
pub(crate) fn home(interfaces: &[Interface], named: &[String]) -> Vec<Interface> {
    let mut home: Vec<_> = interfaces
        .iter()
        .filter(|one| one.up)
        .filter(|one| one.is_home() || (named.contains(&one.name) && !one.is_loopback()))
        .cloned()
        .collect();
    for one in &mut home {
        one.quiet = !named.is_empty() && !named.contains(&one.name);
    }
    home.sort_by_key(|one| !one.default_route);
    home
}

/// Those that are named but not there, or without an address.
pub(crate) fn missing<'n>(
    interfaces: &'n [Interface],
    named: &'n [String],
) -> impl Iterator<Item = &'n str> {
    let known = |name: &&String| !interfaces.iter().any(|one| one.name == **name);
    named.iter().filter(known).map(String::as_str)
}

/// The addresses that others on the network can type, IPv4 first: a link-local IPv6 address needs
/// a zone, which no browser takes.
pub(crate) fn openable(home: &[Interface]) -> Vec<IpAddr> {
    let mut addresses: Vec<_> = home
        .iter()
        .flat_map(Interface::used)
        .filter(|address| address.is_ipv4() || !is_link_local(*address))
        .collect();
    // Stable: the order of the interfaces stays. Of IPv6 those of the home network come first,
    // the others may be new tomorrow (RFC 8981).
    addresses.sort_by_key(|address| (address.is_ipv6(), !is_private(*address)));
    addresses
}

impl Interface {
    fn is_home(&self) -> bool {
        !self.point_to_point
            && !VIRTUAL.iter().any(|prefix| self.name.starts_with(prefix))
            && !self.is_loopback()
            && (self.default_route || self.addresses.iter().any(|address| is_private(*address)))
    }

    fn is_loopback(&self) -> bool {
        self.addresses.iter().any(IpAddr::is_loopback)
    }

    /// Its addresses without those that are there only in case there is no other.
    pub(crate) fn used(&self) -> impl Iterator<Item = IpAddr> + '_ {
        let routable = |v4: bool| {
            self.addresses
                .iter()
                .any(|one| one.is_ipv4() == v4 && !is_link_local(*one))
        };
        let (v4, v6) = (routable(true), routable(false));
        self.addresses.iter().copied().filter(move |address| {
            !is_link_local(*address) || !(if address.is_ipv4() { v4 } else { v6 })
        })
    }
}

/// Whether an address is of a home network and of no other.
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        // fd00::/8: the half of fc00::/7 that is in use (RFC 4193 section 3.1).
        IpAddr::V6(address) => address.octets().first() == Some(&0xfd),
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// A route's flag that packets to it are refused (`RTF_REJECT`).
const REJECT: u32 = 0x200;

/// Flags of an IPv6 address that was made to be used for a time only, or is not to be used for
/// anything new (`IFA_F_TEMPORARY`, `IFA_F_DEPRECATED`).
const PASSING: u32 = 0x01 | 0x20;

/// The IPv6 addresses in `if_inet6` that will not stay.
fn passing(table: &str) -> BTreeSet<IpAddr> {
    let address = |line: &str| {
        let fields: Vec<_> = line.split_ascii_whitespace().collect();
        let [address, _, _, _, flags, _] = fields.as_slice() else {
            return None;
        };
        let flags = u32::from_str_radix(flags, 16).ok()?;
        let bits = u128::from_str_radix(address, 16).ok()?;
        (flags & PASSING != 0).then(|| Ipv6Addr::from_bits(bits).into())
    };
    table.lines().filter_map(address).collect()
}

/// Interfaces with a default route in `route`.
fn default_routes_v4(table: &str) -> BTreeSet<String> {
    let route = |line: &str| {
        let fields: Vec<_> = line.split_ascii_whitespace().collect();
        match fields.as_slice() {
            [name, "00000000", _, flags, _, _, _, "00000000", ..] => {
                usable(flags).then(|| (*name).to_owned())
            }
            _ => None,
        }
    };
    table.lines().skip(1).filter_map(route).collect()
}

/// The same for `ipv6_route`, which has no heading.
fn default_routes_v6(table: &str) -> BTreeSet<String> {
    let route = |line: &str| {
        let fields: Vec<_> = line.split_ascii_whitespace().collect();
        match fields.as_slice() {
            [to, "00", _, _, _, _, _, _, flags, name] if to.bytes().all(|byte| byte == b'0') => {
                usable(flags).then(|| (*name).to_owned())
            }
            _ => None,
        }
    };
    table.lines().filter_map(route).collect()
}

fn usable(flags: &str) -> bool {
    u32::from_str_radix(flags, 16).is_ok_and(|flags| flags & REJECT == 0)
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    /// An interface that is up.
    pub(crate) fn interface(name: &str, addresses: &[&str]) -> Interface {
        Interface {
            name: name.to_owned(),
            addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
            up: true,
            ..Interface::default()
        }
    }

    fn chosen(interfaces: &[Interface], named: &[&str]) -> Vec<String> {
        let named: Vec<_> = named.iter().map(|&name| name.to_owned()).collect();
        let names = home(interfaces, &named).into_iter().map(|one| one.name);
        names.collect()
    }

    #[test]
    fn a_private_address_is_enough_and_a_default_route_too() {
        let routed = Interface {
            default_route: true,
            ..interface("eth0", &["203.0.113.5"])
        };
        let all = [
            interface("lan0", &["192.168.77.1"]),
            interface("wlan0", &["fd00::1"]),
            interface("usb0", &["169.254.7.7"]),
            interface("wan0", &["203.0.113.9", "2001:db8::9"]),
            interface("other0", &["fe80::1"]),
            routed,
        ];
        assert_eq!(chosen(&all, &[]), ["eth0", "lan0", "wlan0", "usb0"]);
    }

    #[test]
    fn loopback_containers_tunnels_and_what_is_down_do_not_count() {
        let tunnel = Interface {
            point_to_point: true,
            ..interface("wg0", &["10.8.0.1"])
        };
        let down = Interface {
            up: false,
            ..interface("eth1", &["192.168.1.7"])
        };
        let routed = Interface {
            default_route: true,
            ..interface("docker0", &["172.17.0.1"])
        };
        let all = [
            interface("lo", &["127.0.0.1", "::1"]),
            interface("br-0a1b2c", &["172.18.0.1"]),
            interface("veth12", &["10.0.0.1"]),
            interface("virbr0", &["192.168.122.1"]),
            interface("podman0", &["10.88.0.1"]),
            tunnel,
            down,
            routed,
        ];
        assert_eq!(chosen(&all, &[]), [""; 0]);
        assert_eq!(chosen(&all, &["virbr0", "eth1", "lo", "none"]), ["virbr0"]);
    }

    #[test]
    fn a_named_interface_decides_on_the_announcement_alone() {
        let all = [
            interface("lan0", &["192.168.1.20"]),
            interface("virbr0", &["192.168.122.1"]),
        ];
        let loud = |named: &[&str]| -> Vec<String> {
            let named: Vec<_> = named.iter().map(|&name| name.to_owned()).collect();
            let home = home(&all, &named);
            assert!(home.iter().any(|one| one.name == "lan0"), "{named:?}");
            let loud = home.into_iter().filter(|one| !one.quiet);
            loud.map(|one| one.name).collect()
        };
        assert_eq!(loud(&[]), ["lan0"]);
        assert_eq!(loud(&["lan0"]), ["lan0"]);
        assert_eq!(loud(&["virbr0"]), ["virbr0"]);
        assert_eq!(loud(&["nope0"]), [""; 0]);
        let named = ["nope0", "lan0"].map(str::to_owned);
        assert_eq!(missing(&all, &named).collect::<Vec<_>>(), ["nope0"]);
    }

    #[test]
    fn a_bridge_of_the_users_own_counts() {
        assert_eq!(chosen(&[interface("br0", &["192.168.1.20"])], &[]), ["br0"]);
    }

    #[test]
    fn ipv4_comes_first_and_the_home_network_before_the_world() {
        let lan = interface(
            "lan0",
            &["2001:db8::20", "fd00::20", "fe80::20", "192.168.1.20"],
        );
        let usb = interface("usb0", &["169.254.7.7", "fe80::7"]);
        let texts: Vec<_> = openable(&[lan, usb])
            .iter()
            .map(IpAddr::to_string)
            .collect();
        assert_eq!(
            texts,
            ["192.168.1.20", "169.254.7.7", "fd00::20", "2001:db8::20"]
        );
    }

    #[test]
    fn link_local_addresses_are_used_where_there_is_no_other() {
        let used = |addresses: &[&str]| -> Vec<_> {
            let one = interface("lan0", addresses);
            one.used().map(|address| address.to_string()).collect()
        };
        assert_eq!(
            used(&["192.168.1.20", "169.254.1.1", "fe80::1"]),
            ["192.168.1.20", "fe80::1"]
        );
        assert_eq!(
            used(&["169.254.1.1", "fd00::1", "fe80::1"]),
            ["169.254.1.1", "fd00::1"]
        );
    }

    #[test]
    fn addresses_that_pass_are_read_from_the_kernels_table() {
        let table = "fd000000000000000000000000000020 02 40 00 80 lan0\n\
            fd0000000000000012345678 9abcdef0\n\
            fd00000000000000123456789abcdef0 02 40 00 01 lan0\n\
            fd00000000000000123456789abcdef1 02 40 00 21 lan0\n\
            fe800000000000000000000000000020 02 40 20 80 lan0\n";
        let texts: Vec<_> = passing(table).iter().map(IpAddr::to_string).collect();
        assert_eq!(
            texts,
            ["fd00::1234:5678:9abc:def0", "fd00::1234:5678:9abc:def1"]
        );
    }

    #[test]
    fn default_routes_are_read_from_the_kernels_tables() {
        let v4 = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
            eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
            *\t00000000\t00000000\t0200\t0\t0\t0\t00000000\t0\t0\t0\n\
            eth1\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n\
            half\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0\n";
        assert_eq!(default_routes_v4(v4), BTreeSet::from(["eth0".to_owned()]));
        let zero = "0".repeat(32);
        let line = |to: &str, bits, flags, name| {
            format!("{to} {bits} {zero} 00 {zero} 00000400 00000001 00000000 {flags} {name}\n")
        };
        let v6 = line(&zero, "00", "00450003", "wlan0")
            + &line(&zero, "00", "00200200", "lo")
            + &line("fe800000000000000000000000000000", "40", "00000001", "eth0");
        assert_eq!(default_routes_v6(&v6), BTreeSet::from(["wlan0".to_owned()]));
        assert!(default_routes_v4("").is_empty() && default_routes_v6("x y z\n").is_empty());
    }
}
