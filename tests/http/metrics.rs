//! `/metrics`: who may read them, that they are what the format wants, and what they say of relays.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use parlor::config::{self, Network};
use parlor::http::{Reach, Site};

use crate::support::exposition::{Metric, read};
use crate::support::raw::{Answer, eventually, get, request, send};
use crate::support::server::Running;
use crate::support::session::{Polling, WEBSOCKET, WebSocket};

fn networks(texts: &[&str]) -> Vec<Network> {
    texts
        .iter()
        .map(|text| Network::parse(text).unwrap())
        .collect()
}

/// A server behind these proxies, with metrics for these addresses.
fn start(proxies: &[&str], allowed: &[&str]) -> Running {
    Running::start(config::Site {
        trusted_proxies: networks(proxies),
        metrics_allowed: networks(allowed),
        ..Default::default()
    })
}

fn numbers(server: &Running) -> BTreeMap<String, f64> {
    let answer = get(server.address, "/metrics", &[]);
    assert_eq!(answer.status, 200, "{answer:?}");
    let metrics = read(&answer.text());
    metrics
        .into_iter()
        .map(|(name, metric)| (name, metric.value))
        .collect()
}

fn expect_refused(answer: &Answer) {
    assert_eq!(answer.status, 403, "{answer:?}");
    let text = answer.text();
    assert!(text.contains("--metrics-allow"), "{text}");
    assert!(!text.contains("parlor_"), "{text}");
    assert_eq!(answer.must("cache-control"), "no-store");
}

#[test]
fn this_machine_reads_the_format_that_prometheus_wants() {
    let server = start(&[], &[]);
    let answer = get(server.address, "/metrics", &[]);
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.must("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    assert_eq!(answer.must("cache-control"), "no-store");
    let metrics = read(&answer.text());
    for stat in server.stats.all() {
        let name = format!("parlor_{}", stat.name);
        let total = format!("{name}_total");
        assert_eq!(
            [&name, &total]
                .iter()
                .filter(|name| metrics.contains_key(**name))
                .count(),
            1,
            "{name}"
        );
    }
    for name in [
        "process_start_time_seconds",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_max_fds",
    ] {
        assert!(metrics[name].value > 1.0, "{name}");
    }
    let kinds = metrics.values().map(|metric| metric.kind.as_str());
    let kinds: BTreeSet<_> = kinds.collect();
    assert_eq!(kinds, BTreeSet::from(["counter", "gauge", "histogram"]));
    let version = format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(metrics["parlor_build_info"].labels, version);
    assert_eq!(metrics["parlor_build_info"].value, 1.0);
}

#[test]
fn they_can_be_read_only() {
    let server = start(&[], &[]);
    let whole = get(server.address, "/metrics", &[]);
    let head = request(server.address, "HEAD", "/metrics", &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["content-type", "cache-control", "x-content-type-options"] {
        assert_eq!(head.must(name), whole.must(name));
    }
    for method in ["POST", "PUT", "DELETE"] {
        let answer = request(server.address, method, "/metrics", &["Content-Length: 0"]);
        assert_eq!(answer.status, 405, "{method}");
    }
}

#[test]
fn behind_a_proxy_the_address_that_it_names_counts() {
    let server = start(&["127.0.0.1", "10.0.0.0/8"], &["192.168.1.0/24", "fd00::5"]);
    for (forwarded, allowed) in [
        ("192.168.1.77", true),
        ("fd00::5", true),
        ("8.8.8.8, 192.168.1.77, 10.1.1.1", true),
        ("192.168.2.77", false),
        ("fd00::6", false),
        // The first address is what a client may write itself.
        ("192.168.1.77, 8.8.8.8", false),
        // Nobody is this machine by the word of a proxy, nor by being one.
        ("127.0.0.1", false),
        ("127.0.0.2", false),
        ("::1", false),
        ("unknown", false),
    ] {
        let line = format!("X-Forwarded-For: {forwarded}");
        let answer = get(server.address, "/metrics", &[&line]);
        match allowed {
            true => assert_eq!(answer.status, 200, "{forwarded}"),
            false => expect_refused(&answer),
        }
    }
    // One that names nobody may be passing anybody on.
    expect_refused(&get(server.address, "/metrics", &[]));
    let listed = start(&["127.0.0.1"], &["127.0.0.1"]);
    assert_eq!(get(listed.address, "/metrics", &[]).status, 200);
}

#[test]
fn a_proxy_that_nobody_has_named_does_not_open_them() {
    let server = start(&[], &["192.168.1.77"]);
    for forwarded in ["8.8.8.8", "192.168.1.77", "127.0.0.1", ""] {
        let line = format!("X-Forwarded-For: {forwarded}");
        expect_refused(&get(server.address, "/metrics", &[&line]));
    }
    for line in [
        "X-Real-IP: 127.0.0.1",
        "Forwarded: for=127.0.0.1",
        "Via: 1.1 proxy",
    ] {
        expect_refused(&get(server.address, "/metrics", &[line]));
    }
    assert_eq!(server.stats.requests_refused.get(), 7);
}

#[test]
fn a_port_that_is_forwarded_does_not_open_them_to_who_asks_for_another_host() {
    let server = start(&[], &[]);
    let asks = |host: &str| {
        let head = format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        send(server.address, head.as_bytes())
    };
    for host in ["192.168.1.20:4000", "[fd00::20]"] {
        expect_refused(&asks(host));
    }
    for host in ["127.0.0.1", "127.0.0.2:80", "[::1]:4000", "LocalHost:4000"] {
        assert_eq!(asks(host).status, 200, "{host}");
    }
}

#[test]
fn pages_of_others_cannot_ask_for_them() {
    let server = Running::start(config::Site {
        allowed_origins: vec!["https://pages.example".to_owned()],
        ..Default::default()
    });
    for line in [
        "Origin: https://evil.example",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
    ] {
        let answer = get(server.address, "/metrics", &[line]);
        assert_eq!(answer.status, 403, "{line}");
        assert!(!answer.text().contains("parlor_"), "{line}");
    }
    // Who is let in for the protocol is not told them either.
    let answer = get(
        server.address,
        "/metrics",
        &["Origin: https://pages.example"],
    );
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[test]
fn the_numbers_follow_what_happens_and_name_nobody() {
    let server = start(&[], &[]);
    let before = numbers(&server);
    for name in ["sessions", "rooms", "seats_taken", "seats_held"] {
        assert_eq!(before[&format!("parlor_{name}")], 0.0, "{name}");
    }
    // The one that asks.
    assert_eq!(before["parlor_connections"], 1.0);

    let mut socket = WebSocket::open(server.address, WEBSOCKET, &[]);
    let open = socket.text();
    socket.send("40{\"seat\":\"00112233445566778899aabbccddeeff\"}");
    let connected = socket.text();
    socket.send("42[\"join\",\"conservatory\"]");
    assert_eq!(socket.text(), "42[\"created\"]");
    // The end of the request before is seen by its client first.
    eventually(|| server.stats.connections.get() == 1);
    let during = numbers(&server);
    for (name, wanted) in [
        ("connections", 2.0),
        ("sessions", 1.0),
        ("sessions_opened_total", 1.0),
        ("rooms", 1.0),
        ("seats_taken", 1.0),
        ("seats_held", 0.0),
    ] {
        assert_eq!(during[&format!("parlor_{name}")], wanted, "{name}");
    }
    let text = get(server.address, "/metrics", &[]).text();
    let id = |packet: &str| packet.split('"').nth(3).unwrap().to_owned();
    for secret in ["conservatory", "00112233", &id(&open), &id(&connected)] {
        assert!(!text.contains(secret), "{secret}");
    }

    socket.send("42[\"leave\",\"conservatory\"]");
    socket.send("420[\"join\",\"\"]");
    while !socket.text().starts_with("430") {}
    assert_eq!(numbers(&server)["parlor_rooms"], 0.0);
}

#[test]
fn without_numbers_there_is_no_such_path() {
    let settings = config::Site::default();
    let site = Site::new(&settings, None, Reach::default().fixed()).unwrap();
    let config = config::Parlor {
        max_rooms: 1,
        ..Default::default()
    };
    let server = parlor::process::room_server(config).unwrap();
    let server = Running::of(server, site);
    for path in ["/metrics", "/readyz"] {
        assert_eq!(get(server.address, path, &[]).status, 404, "{path}");
    }
}

/// Somebody in the hall, with the answer to that.
fn enter(address: SocketAddr, answer: &str) -> WebSocket {
    let mut socket = WebSocket::open(address, WEBSOCKET, &[]);
    socket.text();
    socket.send("40");
    socket.text();
    socket.send("42[\"join\",\"hall\"]");
    assert_eq!(socket.text(), answer);
    socket
}

fn relay_seconds(server: &Running) -> Metric {
    let text = get(server.address, "/metrics", &[]).text();
    let mut metrics = read(&text);
    let relayed = metrics["parlor_relayed_total"].value;
    let times = metrics.remove("parlor_relay_seconds").unwrap();
    assert_eq!(times.value, relayed);
    times
}

#[test]
fn every_relayed_event_has_its_time_in_the_histogram_once() {
    let server = start(&[], &[]);
    let mut ana = enter(server.address, "42[\"created\"]");
    let mut ben = enter(server.address, "42[\"joined\"]");
    // One receiver, whose bytes the turn itself writes; then one with an acknowledgement for the
    // sender beside, which the flusher writes.
    ana.send("42[\"candidate\",1,\"hall\"]");
    assert_eq!(ben.text(), "42[\"candidate\",1]");
    ana.send("420[\"candidate\",2,\"hall\"]");
    assert_eq!(ben.text(), "42[\"candidate\",2]");
    assert_eq!(ana.text(), "430[{\"ok\":true}]");
    // To nobody, which is no relay.
    drop(ben);
    assert_eq!(ana.text(), "42[\"leave\"]");
    ana.send("421[\"candidate\",3,\"hall\"]");
    assert_eq!(ana.text(), "431[{\"ok\":true}]");
    let times = relay_seconds(&server);
    assert_eq!(times.value, 2.0);
    assert!(times.sum > 0.0 && times.sum < 10.0, "{}", times.sum);
    assert_eq!(times.ranges[0].0, 0.000_025);
}

#[test]
fn an_event_for_somebody_who_polls_is_timed_until_the_poll_is_woken() {
    let server = start(&[], &[]);
    let ben = Polling::open(server.address);
    assert_eq!(ben.post("40", &[]).status, 200);
    assert!(ben.poll(&[]).text().starts_with("40"));
    assert_eq!(ben.post("42[\"join\",\"hall\"]", &[]).status, 200);
    assert_eq!(ben.poll(&[]).text(), "42[\"created\"]");
    let mut ana = enter(server.address, "42[\"joined\"]");
    ana.send("42[\"candidate\",1,\"hall\"]");
    assert_eq!(ben.poll(&[]).text(), "42[\"candidate\",1]");
    assert_eq!(relay_seconds(&server).value, 1.0);
}
