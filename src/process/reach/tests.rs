//! What is told of which listeners, interfaces and certificates.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
use super::*;
use crate::process::interfaces::tests::interface;
use std::time::UNIX_EPOCH;

fn situation(bound: &[&str]) -> Situation {
    Situation {
        schemes: Schemes::Both,
        bound: bound.iter().map(|text| text.parse().unwrap()).collect(),
        home: vec![
            interface("lan0", &["192.168.1.20", "fd00::20", "fe80::20"]),
            interface("usb0", &["fe80::7"]),
        ],
        machine: Some("Kitchen-Pi".to_owned()),
    }
}

fn announced() -> BTreeSet<String> {
    BTreeSet::from(["parlor.local".to_owned()])
}

fn served(source: Source, dns: &[&str], addresses: &[&str]) -> Served {
    Served {
        source,
        dns: dns.iter().map(|&name| name.to_owned()).collect(),
        addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
        not_before: UNIX_EPOCH,
        not_after: UNIX_EPOCH,
        left_out: Vec::new(),
        authority: None,
        fingerprint: String::new(),
    }
}

#[test]
fn only_what_the_certificate_covers_is_told() {
    let all = situation(&["[::]:4000"]);
    let made = served(Source::Made(None), &["parlor.local"], &["192.168.1.20"]);
    let reach = all.reach(&announced(), Some(&made));
    assert_eq!(reach.addresses, ["https://192.168.1.20:4000"]);
    assert_eq!(reach.names, ["https://parlor.local:4000"]);
    let other = served(Source::Made(None), &["parlor-2.local"], &["fd00::20"]);
    let reach = all.reach(&announced(), Some(&other));
    assert_eq!(reach.addresses, ["https://[fd00::20]:4000"]);
    assert!(reach.names.is_empty());
}

#[test]
fn without_tls_everything_is_told_with_http() {
    let plain = Situation {
        schemes: Schemes::HttpOnly,
        ..situation(&["[::]:80"])
    };
    let reach = plain.reach(&announced(), None);
    assert_eq!(
        reach.addresses,
        ["http://192.168.1.20", "http://[fd00::20]"]
    );
    assert_eq!(reach.names, ["http://parlor.local"]);
}

#[test]
fn the_names_of_a_certificate_of_ones_own_are_told() {
    let own = served(
        Source::Own("chain.pem".into()),
        &["*.example.org", "calls.example.org", "localhost"],
        &[],
    );
    let reach = situation(&["[::]:443"]).reach(&announced(), Some(&own));
    assert_eq!(reach.names, ["https://calls.example.org"]);
}

#[test]
fn an_address_that_is_not_listened_on_is_not_announced() {
    let names = |bound: &[&str]| -> Vec<String> {
        let places = situation(bound).places().into_iter();
        places
            .map(|(name, address)| format!("{name} {address}"))
            .collect()
    };
    let all = ["lan0 192.168.1.20", "lan0 fd00::20", "usb0 fe80::7"];
    assert_eq!(names(&["[::]:4000"]), all);
    assert_eq!(names(&["0.0.0.0:4000"]), ["lan0 192.168.1.20"]);
    assert_eq!(names(&["[::]:4000", "127.0.0.1:4000"]), all[1..]);
    assert_eq!(names(&["[fd00::20]:4000"]), ["lan0 fd00::20"]);
    assert_eq!(names(&["127.0.0.1:4000", "[::1]:4000"]), [""; 0]);
}

#[test]
fn an_interface_without_an_announcement_is_opened_all_the_same() {
    let mut situation = situation(&["[::]:4000"]);
    situation.home[0].quiet = true;
    let places: Vec<_> = situation
        .places()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(places, ["usb0"]);
    let sockets: Vec<_> = situation
        .sockets()
        .iter()
        .map(SocketAddr::to_string)
        .collect();
    assert_eq!(sockets, ["192.168.1.20:4000", "[fd00::20]:4000"]);
}

#[test]
fn the_certificate_is_for_every_name_and_address_of_this_machine() {
    let names = situation(&["[::]:4000", "203.0.113.5:4001"]).names(&announced());
    let dns: Vec<_> = names.dns.iter().map(String::as_str).collect();
    assert_eq!(
        dns,
        [
            "kitchen-pi",
            "kitchen-pi.local",
            "localhost",
            "parlor.local"
        ]
    );
    let addresses: Vec<_> = names.addresses.iter().map(IpAddr::to_string).collect();
    assert_eq!(
        addresses,
        [
            "127.0.0.1",
            "192.168.1.20",
            "203.0.113.5",
            "::1",
            "fd00::20"
        ]
    );
}

#[test]
fn this_machine_opens_localhost_and_what_is_told_nowhere_else() {
    let local = |bound: &[&str]| {
        let situation = situation(bound);
        let reach = situation.reach(&announced(), None);
        situation.local(&reach)
    };
    assert_eq!(local(&["[::]:5", "0.0.0.0:5"]), ["http://localhost:5"]);
    assert_eq!(local(&["127.0.0.1:1"]), ["http://127.0.0.1:1"]);
    assert_eq!(local(&["192.168.1.20:1"]), [""; 0]);
    let uncovered = situation(&["203.0.113.5:1"]);
    assert_eq!(uncovered.local(&Reach::default()), ["http://203.0.113.5:1"]);
    assert!(uncovered.is_open() && !situation(&["[::1]:1"]).is_open());
}

#[test]
fn the_port_that_need_not_be_typed_is_told_alone() {
    let all = situation(&["[::]:80", "[::]:443", "[::]:4000"]);
    let reach = all.reach(&announced(), None);
    assert_eq!(
        reach.addresses,
        ["https://192.168.1.20", "https://[fd00::20]"]
    );
    assert_eq!(reach.names, ["https://parlor.local"]);
    assert!(reach.on_443);
    assert_eq!(all.local(&reach), ["http://localhost"]);
    let plain = Situation {
        schemes: Schemes::HttpOnly,
        ..all
    };
    let reach = plain.reach(&announced(), None);
    assert_eq!(reach.names, ["http://parlor.local"]);
    assert_eq!(reach.addresses.len(), 2);
    assert!(!reach.on_443);
}

#[test]
fn the_other_schemes_port_is_told_only_where_there_is_no_other() {
    let told = |bound: &[&str]| {
        let situation = situation(bound);
        let reach = situation.reach(&announced(), None);
        let local = situation.local(&reach);
        let addresses = reach.addresses.into_iter();
        let v4 = addresses.filter(|url| url.contains("192."));
        [v4.collect(), reach.names, local].concat().join(" ")
    };
    let first = "https://192.168.1.20:4000 https://parlor.local:4000 ";
    assert_eq!(
        told(&["[::]:80", "[::]:4000"]),
        format!("{first}http://localhost")
    );
    assert_eq!(
        told(&["[::]:443", "127.0.0.1:4000"]),
        "https://192.168.1.20 https://parlor.local http://localhost:443 http://127.0.0.1:4000"
    );
    assert_eq!(
        told(&["[::]:80"]),
        "https://192.168.1.20:80 https://parlor.local:80 http://localhost"
    );
}

#[test]
fn the_network_is_told_a_port_of_our_own_in_whatever_order_they_come() {
    let port = |bound: &[&str]| situation(bound).port();
    assert_eq!(port(&["[::]:80", "[::]:443", "[::]:4000"]), Some(4000));
    assert_eq!(port(&["[::]:5000", "[::]:443", "[::]:4000"]), Some(5000));
    assert_eq!(port(&["127.0.0.1:4000", "[::]:80", "[::]:443"]), Some(443));
    assert_eq!(port(&["[::]:80"]), Some(80));
    assert_eq!(port(&["[::1]:4000"]), None);
}
