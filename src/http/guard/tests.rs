//! The guard's table, row by row, without a server.

use super::*;
use crate::http::Reach;
use proptest::prelude::*;

/// One that lets in `--allow-host den.lan --allow-origin https://pages.example`, on a machine with a
/// name, an announced one and a certificate of the user's own.
fn guard() -> Guard {
    let settings = config::Site {
        allowed_hosts: vec!["den.lan".to_owned()],
        allowed_origins: vec!["https://pages.example".to_owned()],
        ..config::Site::default()
    };
    let hosts = [
        "kitchen-pi",
        "kitchen-pi.local",
        "parlor-2.local",
        "*.calls.example",
    ];
    let reach = Reach {
        hosts: hosts.map(str::to_owned).into(),
        ..Reach::default()
    };
    Guard::new(&settings, reach.fixed())
}

/// What is decided about a GET of this target with these header lines.
fn decided(target: &str, lines: &[(&str, &str)], forwarded: Option<&str>) -> &'static str {
    let mut request = Request::get(target);
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    name_of(guard().check(
        &request.body(()).expect("a request"),
        forwarded,
        target.starts_with("/socket.io/"),
    ))
}

fn name_of(decision: Result<(), Refusal<'_>>) -> &'static str {
    match decision {
        Ok(()) => "let in",
        Err(Refusal::NoHost) => "no host",
        Err(Refusal::Host(_)) => "host",
        Err(Refusal::Origin(_)) => "origin",
        Err(Refusal::Site) => "site",
    }
}

#[test]
fn addresses_and_own_names_are_let_in_and_other_names_are_not() {
    for (host, wanted) in [
        ("192.168.1.20:4000", "let in"),
        ("203.0.113.7", "let in"),
        ("[fd00::20]:4000", "let in"),
        ("[fe80::1%eth0]:4000", "let in"),
        ("localhost:4000", "let in"),
        ("LOCALHOST.", "let in"),
        ("app.localhost", "let in"),
        ("kitchen-pi", "let in"),
        ("Kitchen-Pi.local:80", "let in"),
        ("parlor-2.local.:4000", "let in"),
        ("ours.calls.example", "let in"),
        ("DEN.lan:1", "let in"),
        ("parlor.local", "host"),
        ("evil.example:4000", "host"),
        ("localhost.evil.example", "host"),
        ("notlocalhost", "host"),
        ("den.lan.evil.example", "host"),
        ("a.den.lan", "host"),
        ("127.1", "host"),
        ("", "no host"),
        ("a b", "no host"),
        ("ann@localhost", "no host"),
        ("localhost, localhost", "no host"),
        ("caf\u{e9}", "no host"),
    ] {
        for target in [
            "/",
            "/chat.js",
            "/config.json",
            "/healthz",
            "/socket.io/?EIO=4",
        ] {
            assert_eq!(decided(target, &[("host", host)], None), wanted, "{host:?}");
        }
    }
}

#[test]
fn a_request_names_one_host_unless_it_is_of_http_1_0() {
    assert_eq!(decided("/", &[], None), "no host");
    let twice = [("host", "localhost"), ("host", "localhost")];
    assert_eq!(decided("/", &twice, None), "no host");
    let old = |lines: &[(&str, &str)]| {
        let mut request = Request::get("/").version(Version::HTTP_10);
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        name_of(guard().check(&request.body(()).expect("a request"), None, false))
    };
    assert_eq!(old(&[]), "let in");
    assert_eq!(old(&twice), "no host");
    assert_eq!(old(&[("host", "evil.example")]), "host");
    assert_eq!(old(&[("origin", "http://localhost")]), "origin");
}

#[test]
fn every_host_that_is_named_must_be_ours_and_the_proxys_is_the_one_that_was_asked_for() {
    let evil = "http://evil.example/";
    assert_eq!(decided(evil, &[("host", "localhost")], None), "host");
    let own = "http://localhost:4000/";
    assert_eq!(decided(own, &[("host", "localhost:4000")], None), "let in");
    assert_eq!(decided(own, &[], None), "no host");
    assert_eq!(
        decided("http://ann@localhost/", &[("host", "localhost")], None),
        "no host"
    );
    let asked = |host, forwarded, origin| {
        decided("/", &[("host", host), ("origin", origin)], Some(forwarded))
    };
    let (inside, outside) = ("127.0.0.1:4000", "den.lan");
    assert_eq!(asked(inside, outside, "https://den.lan"), "let in");
    assert_eq!(asked(inside, outside, "http://127.0.0.1:4000"), "origin");
    assert_eq!(asked(inside, "evil.example", "http://evil.example"), "host");
    // A page that was rebound can say so, if its proxy lets it.
    assert_eq!(asked("evil.example", outside, "https://den.lan"), "host");
    assert_eq!(asked(inside, "/", "https://den.lan"), "no host");
}

#[test]
fn a_page_may_ask_its_own_server_and_those_that_list_its_origin() {
    let host = ("host", "192.168.1.20:4000");
    for (origin, wanted) in [
        ("http://192.168.1.20:4000", "let in"),
        ("https://192.168.1.20:4000", "let in"),
        ("https://pages.example", "let in"),
        ("https://pages.example:443", "origin"),
        ("http://pages.example", "origin"),
        ("https://pages.example.evil.example", "origin"),
        ("http://192.168.1.20", "origin"),
        ("http://192.168.1.20:8080", "origin"),
        ("http://kitchen-pi:4000", "origin"),
        ("null", "origin"),
        ("", "origin"),
        ("192.168.1.20:4000", "origin"),
        ("https://192.168.1.20:4000/", "origin"),
        ("caf\u{e9}", "origin"),
    ] {
        for target in ["/", "/chat.js", "/config.json", "/socket.io/?EIO=4"] {
            // What else a browser says does not matter then.
            for site in ["same-origin", "cross-site"] {
                let lines = [host, ("origin", origin), ("sec-fetch-site", site)];
                assert_eq!(decided(target, &lines, None), wanted, "{origin:?} {target}");
            }
        }
    }
    let twice = [host, ("origin", "http://192.168.1.20:4000")];
    let twice = [&twice[..], &twice[1..]].concat();
    assert_eq!(decided("/", &twice, None), "origin");
}

#[test]
fn without_an_origin_pages_of_others_may_link_and_embed_but_not_ask() {
    for (target, cross, own) in [
        ("/", "let in", "let in"),
        ("/chat.js", "let in", "let in"),
        ("/config.json", "site", "let in"),
        ("/config%2Ejson?x", "site", "let in"),
        ("/socket.io/?EIO=4&transport=polling", "site", "let in"),
    ] {
        for (site, wanted) in [
            ("cross-site", cross),
            ("same-site", cross),
            ("same-origin", own),
            ("none", own),
        ] {
            for mode in ["navigate", "no-cors", "cors"] {
                let lines = [
                    ("host", "localhost"),
                    ("sec-fetch-site", site),
                    ("sec-fetch-mode", mode),
                ];
                assert_eq!(decided(target, &lines, None), wanted, "{target} {site}");
            }
        }
    }
}

#[test]
fn a_name_that_is_announced_later_is_let_in_from_then_on() {
    let (tell, told) = tokio::sync::watch::channel(std::sync::Arc::new(Reach::default()));
    let guard = Guard::new(&config::Site::default(), told);
    let request = Request::get("/").header("host", "parlor.local");
    let request = request.body(()).expect("a request");
    assert_eq!(name_of(guard.check(&request, None, false)), "host");
    tell.send_replace(std::sync::Arc::new(Reach {
        hosts: vec!["parlor.local".to_owned()],
        ..Reach::default()
    }));
    assert_eq!(name_of(guard.check(&request, None, false)), "let in");
}

#[test]
fn a_refusal_names_the_flag_that_would_let_it_in() {
    let host = Place::parse("pi.lan:4000").expect("a place").host;
    let reason = Refusal::Host(host).reason();
    assert!(reason.contains("--allow-host pi.lan "), "{reason}");
    let origin = Origin::parse("HTTP://Pi.lan:80").expect("an origin");
    let reason = Refusal::Origin(Some(origin)).reason();
    assert!(reason.contains("--allow-origin http://pi.lan "), "{reason}");
    for (refusal, status) in [
        (Refusal::NoHost, 400),
        (Refusal::Host(host), 403),
        (Refusal::Origin(Some(origin)), 403),
        (Refusal::Origin(None), 403),
        (Refusal::Site, 403),
    ] {
        let answer = refusal.answer();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()[CONTENT_TYPE], "text/plain; charset=utf-8");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert!(answer.body().ends_with(b".\n"));
    }
}

#[test]
fn of_many_refusals_one_a_minute_is_told() {
    let (guard, start) = (guard(), Instant::now());
    let told = |seconds| guard.may_speak(start + Duration::from_secs(seconds));
    assert!(told(0));
    assert_eq!((0..60).filter(|&second| told(second)).count(), 0);
    assert!(told(60));
    assert!(!told(61));
}

#[test]
fn a_listed_origin_may_read_and_others_are_told_that_it_depends() {
    let shared = |guard: &Guard, origin: &str| {
        let mut request = HeaderMap::new();
        request.insert(ORIGIN, HeaderValue::from_str(origin).expect("a value"));
        let mut answer = HeaderMap::new();
        guard.share(&request, &mut answer);
        let value = |name| {
            answer
                .get(name)
                .and_then(|value: &HeaderValue| value.to_str().ok())
        };
        format!("{:?} {:?}", value(ACCESS_CONTROL_ALLOW_ORIGIN), value(VARY))
    };
    let listed = "https://pages.example";
    let guarded = guard();
    assert_eq!(
        shared(&guarded, listed),
        r#"Some("https://pages.example") Some("Origin")"#
    );
    assert_eq!(
        shared(&guarded, "http://localhost"),
        r#"None Some("Origin")"#
    );
    let strict = Guard::new(&config::Site::default(), Reach::default().fixed());
    assert_eq!(shared(&strict, listed), "None None");
}

proptest! {
    #[test]
    fn who_is_let_in_by_a_name_is_let_in_by_one_of_ours(host in "[a-zA-Z0-9.:@\\[\\]-]{0,24}") {
        if decided("/", &[("host", &host)], None) == "let in" {
            let place = Place::parse(&host).expect("a place");
            match place.host {
                Host::Address(_) => {}
                Host::Name(name) => {
                    let name = name.to_ascii_lowercase();
                    prop_assert!(name == "localhost" || name.ends_with(".localhost") || name == "den.lan", "{}", name);
                }
            }
        }
    }
}
