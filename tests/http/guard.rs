//! Who may talk to the room server, asked as browsers and others ask: every kind of request, by each
//! name, from each page.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use parlor::config::{self, Network};
use parlor::http::{Reach, Security, Site};
use rustls::server::ResolvesServerCertUsingSni;
use rustls::{ServerConfig, crypto};

use crate::support::raw::{Answer, connect, parse, send};
use crate::support::server::Running;
use crate::support::session::{POLLING, Polling, UPGRADE, WEBSOCKET};

/// One of each kind, and the status it has when nothing is wrong with it.
const REQUESTS: [(&str, &str, u16); 8] = [
    ("GET", "/", 200),
    ("HEAD", "/", 200),
    ("GET", "/chat.js", 200),
    ("GET", "/config.json", 200),
    ("GET", "/healthz", 200),
    ("GET", "/nothing", 404),
    ("GET", POLLING, 200),
    ("UPGRADE", WEBSOCKET, 101),
];

/// What a page's own scripts ask.
fn is_for_scripts(target: &str) -> bool {
    target == "/config.json" || target.starts_with("/socket.io/")
}

/// A room server that goes by `parlor.local`, with these settings beside.
fn house(settings: config::Site, security: Security) -> Running {
    let reach = Reach {
        hosts: vec!["parlor.local".to_owned()],
        ..Reach::default()
    };
    let site = Site::new(&settings, None, reach.fixed()).unwrap();
    let config = config::Parlor {
        site: settings,
        max_rooms: 1024,
        workers: 1,
        ..Default::default()
    };
    let server = parlor::process::room_server(config).unwrap();
    Running::speaking(security, server, site)
}

fn start() -> Running {
    let settings = config::Site {
        allowed_hosts: vec!["den.lan".to_owned()],
        allowed_origins: vec!["https://pages.example".to_owned()],
        ..Default::default()
    };
    house(settings, Security::Plain)
}

/// Behind a proxy on this machine, which has `calls.example`.
fn start_proxied() -> Running {
    let settings = config::Site {
        schemes: config::Schemes::HttpOnly,
        trusted_proxies: vec![Network::parse("127.0.0.1").unwrap()],
        allowed_hosts: vec!["calls.example".to_owned()],
        ..Default::default()
    };
    house(settings, Security::Plain)
}

/// The bytes of a request with exactly these headers, which is an upgrade by the method of that name.
fn bytes(method: &str, target: &str, lines: &[&str]) -> Vec<u8> {
    let (method, more): (_, &[&str]) = match method {
        "UPGRADE" => ("GET", &UPGRADE),
        method => (method, &["Connection: close"]),
    };
    let lines = [lines, more].concat().join("\r\n");
    format!("{method} {target} HTTP/1.1\r\n{lines}\r\n\r\n").into_bytes()
}

/// The head of the next answer.
fn head(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        bytes.push(byte[0]);
    }
    parse(&bytes)
}

fn asked(address: SocketAddr, method: &str, target: &str, lines: &[&str]) -> Answer {
    let mut stream = connect(address);
    stream.write_all(&bytes(method, target, lines)).unwrap();
    head(&mut stream)
}

/// Every kind of request with these headers is let in, or has this status; `only` are those that it
/// is about.
fn expect(server: &Running, lines: &[&str], refused: Option<u16>, only: fn(&str) -> bool) {
    for (method, target, usual) in REQUESTS {
        let answer = asked(server.address, method, target, lines);
        let wanted = refused.filter(|_| only(target)).unwrap_or(usual);
        assert_eq!(answer.status, wanted, "{method} {target} {lines:?}");
    }
}

const ALL: fn(&str) -> bool = |_| true;

#[test]
fn every_kind_of_request_is_refused_by_a_name_that_is_not_ours() {
    let server = start();
    for (host, refused) in [
        ("127.0.0.1:4000", None),
        ("[::1]", None),
        ("LocalHost:1", None),
        ("parlor.local.:4000", None),
        ("Den.LAN", None),
        ("rebound.example", Some(403)),
        ("parlor.local.rebound.example", Some(403)),
        ("parlor", Some(403)),
        ("a b", Some(400)),
    ] {
        expect(&server, &[&format!("Host: {host}")], refused, ALL);
    }
}

#[test]
fn a_request_without_a_host_or_with_two_is_bad_and_an_old_one_need_not_have_any() {
    let server = start();
    expect(&server, &[], Some(400), ALL);
    let twice = ["Host: localhost", "Host: localhost"];
    expect(&server, &twice, Some(400), ALL);
    let old = send(server.address, b"GET /healthz HTTP/1.0\r\n\r\n");
    assert_eq!((old.status, old.text().as_str()), (200, "ok\n"));
}

#[test]
fn a_page_of_another_site_is_refused_whatever_it_asks() {
    let server = start();
    for (origin, refused) in [
        ("http://parlor.local:4000", None),
        ("https://parlor.local:4000", None),
        ("https://pages.example", None),
        ("http://parlor.local", Some(403)),
        ("http://parlor.local:8080", Some(403)),
        ("http://127.0.0.1:4000", Some(403)),
        ("https://evil.example", Some(403)),
        ("null", Some(403)),
        ("", Some(403)),
    ] {
        let origin = format!("Origin: {origin}");
        expect(&server, &["Host: parlor.local:4000", &origin], refused, ALL);
    }
}

#[test]
fn what_a_page_of_another_site_asks_without_an_origin_is_refused_and_a_link_is_followed() {
    let server = start();
    for (site, refused) in [
        ("cross-site", Some(403)),
        ("same-site", Some(403)),
        ("same-origin", None),
        ("none", None),
    ] {
        for mode in ["navigate", "no-cors"] {
            let lines = [
                "Host: parlor.local:4000",
                &format!("Sec-Fetch-Site: {site}"),
                &format!("Sec-Fetch-Mode: {mode}"),
            ];
            expect(&server, &lines, refused, is_for_scripts);
        }
    }
}

#[test]
fn what_a_trusted_proxy_was_asked_for_counts() {
    let server = start_proxied();
    let inside = "Host: 127.0.0.1:4000";
    let outside = "X-Forwarded-Host: calls.example";
    for (lines, refused) in [
        (
            &[inside, outside, "Origin: https://calls.example"][..],
            None,
        ),
        (
            &["Host: calls.example", "Origin: https://calls.example"],
            None,
        ),
        (
            &[inside, outside, "Origin: http://127.0.0.1:4000"],
            Some(403),
        ),
        (&[inside, "X-Forwarded-Host: rebound.example"], Some(403)),
        (
            &[inside, "X-Forwarded-Host: calls.example, rebound.example"],
            Some(403),
        ),
        (&["Host: rebound.example", outside], Some(403)),
        (&[inside, "X-Forwarded-Host: a b"], Some(400)),
    ] {
        expect(&server, lines, refused, ALL);
    }
}

#[test]
fn what_anybody_else_says_of_a_host_does_not_count() {
    let server = start();
    let lines = ["Host: rebound.example", "X-Forwarded-Host: parlor.local"];
    expect(&server, &lines, Some(403), ALL);
    let lines = ["Host: parlor.local", "X-Forwarded-Host: rebound.example"];
    expect(&server, &lines, None, ALL);
}

#[test]
fn a_listed_page_may_read_the_protocols_answers_and_the_settings() {
    let server = start();
    let lines = ["Host: parlor.local:4000", "Origin: https://pages.example"];
    for target in [POLLING, "/config.json"] {
        let answer = asked(server.address, "GET", target, &lines);
        let allowed = answer.must("access-control-allow-origin");
        assert_eq!((answer.status, allowed), (200, "https://pages.example"));
        assert_eq!(answer.must("vary"), "Origin");
        let own = asked(server.address, "GET", target, &lines[..1]);
        assert_eq!(own.header("access-control-allow-origin"), None);
        assert_eq!(own.must("vary"), "Origin");
    }
    let preflight = asked(server.address, "OPTIONS", POLLING, &lines);
    assert_eq!(preflight.status, 204);
    let page = asked(server.address, "GET", "/", &lines);
    assert_eq!(page.header("access-control-allow-origin"), None);
    let evil = [lines[0], "Origin: https://evil.example"];
    let preflight = asked(server.address, "OPTIONS", POLLING, &evil);
    assert_eq!(preflight.status, 403);
    assert_eq!(preflight.header("access-control-allow-origin"), None);
    // With nothing listed there is nothing that depends on who asks.
    let strict = house(config::Site::default(), Security::Plain);
    for target in [POLLING, "/config.json"] {
        let answer = asked(strict.address, "GET", target, &lines[..1]);
        assert_eq!((answer.status, answer.header("vary")), (200, None));
    }
}

#[test]
fn a_refusal_is_a_sentence_that_repeats_nothing_and_is_counted() {
    let server = start();
    let name = send(
        server.address,
        &bytes("GET", "/", &["Host: rebound.example"]),
    );
    let page = ["Host: localhost", "Origin: https://evil.example"];
    let page = send(server.address, &bytes("GET", POLLING, &page));
    for (answer, flag) in [(&name, "--allow-host"), (&page, "--allow-origin")] {
        let text = answer.text();
        assert!(text.contains(flag) && !text.contains(".example"), "{text}");
        assert_eq!(text.lines().count(), 1);
        assert_eq!(answer.must("content-type"), "text/plain; charset=utf-8");
        assert_eq!(answer.must("cache-control"), "no-store");
        assert_eq!(answer.must("x-content-type-options"), "nosniff");
    }
    assert_eq!(server.stats.strangers_refused.get(), 2);
    assert_eq!(server.stats.requests_refused.get(), 2);
}

#[test]
fn a_session_is_not_touched_by_what_others_ask_in_its_name() {
    let server = start();
    let session = Polling::open(server.address);
    let evil = "Origin: https://evil.example";
    assert_eq!(session.post("40", &[evil]).status, 403);
    assert_eq!(session.poll(&[evil]).status, 403);
    assert_eq!(session.post("40", &[]).text(), "ok");
    assert!(session.poll(&[]).text().starts_with("40{"));
}

#[test]
fn a_connection_goes_on_after_a_refusal() {
    let server = start();
    let mut stream = connect(server.address);
    let ask = |stream: &mut TcpStream, host: &str| {
        let text = format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n");
        stream.write_all(text.as_bytes()).unwrap();
        let answer = head(stream);
        let length = answer.must("content-length").parse().unwrap();
        stream.read_exact(&mut vec![0; length]).unwrap();
        answer.status
    };
    // As that of a proxy, which carries the requests of many.
    for (host, status) in [
        ("localhost", 200),
        ("rebound.example", 403),
        ("localhost", 200),
    ] {
        assert_eq!(ask(&mut stream, host), status);
    }
}

#[test]
fn nobody_is_sent_to_https_by_a_name_that_is_not_ours() {
    let provider = Arc::new(crypto::ring::default_provider());
    let tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()));
    let settings = config::Site {
        schemes: config::Schemes::HttpsOnly,
        ..Default::default()
    };
    let server = house(settings, Security::Only(Arc::new(tls)));
    let answer = asked(server.address, "GET", "/", &["Host: parlor.local:4000"]);
    assert_eq!(answer.status, 307);
    assert_eq!(answer.must("location"), "https://parlor.local:4000/");
    for (_, target, _) in REQUESTS {
        let answer = asked(server.address, "GET", target, &["Host: rebound.example"]);
        assert_eq!((answer.status, answer.header("location")), (403, None));
    }
}

/// An application of one's own decides by itself.
#[test]
fn a_server_without_a_guard_answers_any_host_and_any_page() {
    let server = Running::echo();
    let lines = [
        "Host: rebound.example",
        "Origin: null",
        "Sec-Fetch-Site: cross-site",
    ];
    for (method, target, status) in [("GET", POLLING, 200), ("UPGRADE", WEBSOCKET, 101)] {
        assert_eq!(asked(server.address, method, target, &lines).status, status);
    }
}
