//! `/metrics`: who may read them, and that they are what the format wants.
//!
//! The format is Prometheus' text exposition, version 0.0.4. [`read`] takes no more than the part of
//! it that is needed here, and that without forgiveness.

use std::collections::BTreeMap;

use parlor::config::{self, Network};
use parlor::http::{Reach, Site};

use crate::support::raw::{Answer, eventually, get, request, send};
use crate::support::server::Running;
use crate::support::session::{WEBSOCKET, WebSocket};

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

/// One metric as it is written.
#[derive(Debug, PartialEq)]
struct Metric {
    kind: String,
    labels: String,
    value: f64,
}

/// Reads the whole: for each metric `# HELP`, `# TYPE`, and one sample, each of them in its line.
fn read(text: &str) -> BTreeMap<String, Metric> {
    let mut metrics = BTreeMap::new();
    let body = text.strip_suffix('\n').expect("the last line ends too");
    let lines: Vec<_> = body.split('\n').collect();
    assert_eq!(lines.len() % 3, 0, "{text}");
    for three in lines.chunks(3) {
        let help = three[0].strip_prefix("# HELP ").expect(three[0]);
        let (name, about) = help.split_once(' ').expect(help);
        assert!(is_name(name), "{name}");
        assert!(!about.trim().is_empty() && about.trim() == about, "{help}");
        let escapes = about.replace("\\\\", "").replace("\\n", "");
        assert!(!escapes.contains('\\'), "{help}");

        let kind = three[1].strip_prefix(&format!("# TYPE {name} "));
        let kind = kind.expect(three[1]);
        assert!(matches!(kind, "counter" | "gauge"), "{kind}");
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");

        let sample = three[2].strip_prefix(name).expect(three[2]);
        let (labels, value) = sample.rsplit_once(' ').expect(sample);
        assert!(labels.is_empty() || is_label(labels), "{labels}");
        assert!(value.bytes().all(|byte| byte.is_ascii_digit()), "{value}");
        let metric = Metric {
            kind: kind.to_owned(),
            labels: labels.to_owned(),
            value: value.parse().unwrap(),
        };
        let twice = metrics.insert(name.to_owned(), metric);
        assert_eq!(twice, None, "{name} is there twice");
    }
    metrics
}

/// A metric's name, or a label's.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// `{name="value"}` with nothing to be escaped.
fn is_label(text: &str) -> bool {
    let inner = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix("\"}"));
    let parts = inner.and_then(|text| text.split_once("=\""));
    parts.is_some_and(|(name, value)| is_name(name) && !value.contains(['"', '\\']))
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
    assert_eq!(get(server.address, "/metrics", &[]).status, 404);
}
