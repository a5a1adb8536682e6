//! What the site answers by scheme and by whom: the trust page, the authority's files, codes,
//! and `/config.json`.

use parlor::config::{self, Schemes};
use parlor::http::{Reach, Site};

use crate::support::dir::TempDir;
use crate::visit::{LAN, ask, get, home, peer, site};

const LINUX_FIREFOX: &str =
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

fn default_site() -> Site {
    site(&config::Site::default(), home())
}

#[test]
fn a_page_by_plain_http_from_another_device_is_the_trust_page() {
    let site = default_site();
    for target in ["/", "/index.html", "/?transport=polling"] {
        let answer = get(&site, peer(LAN, false), target);
        assert!(answer.is_trust_page(), "{target}");
        assert_eq!(answer.status(), 200);
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
        assert_eq!(answer.header("strict-transport-security"), None);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'"),
            "{policy}"
        );
        assert!(
            answer
                .text
                .contains(&format!("href=\"https://192.168.1.20:4000{target}\""))
        );
    }
}

#[test]
fn who_has_https_or_is_this_machine_or_goes_without_a_camera_gets_the_page() {
    let site = default_site();
    for (peer, target) in [
        (peer(LAN, true), "/"),
        (peer("127.0.0.1", false), "/"),
        (peer("::1", false), "/"),
        (peer("::ffff:127.0.0.1", false), "/"),
        (peer(LAN, false), "/?watch"),
        (peer(LAN, false), "/?transport=polling&watch=1"),
    ] {
        let answer = get(&site, peer, target);
        assert!(
            !answer.is_trust_page() && answer.text.contains("join-form"),
            "{peer:?} {target}"
        );
    }
    assert!(get(&site, peer(LAN, false), "/?watching").is_trust_page());
}

/// In place of a page it leads to that page, by its own name not back to itself.
#[test]
fn from_the_trust_page_there_is_a_way_on_without_a_camera() {
    let site = default_site();
    let plain = peer(LAN, false);
    for (target, link, way) in [
        ("/", "?watch", "/?watch"),
        ("/index.html?a", "?watch", "/index.html?watch"),
        ("/trust.html", "/?watch", "/?watch"),
    ] {
        let answer = get(&site, plain, target);
        let wanted = format!("data-room href=\"{link}\"");
        assert!(answer.text.contains(&wanted), "{target}");
        assert!(!get(&site, plain, way).is_trust_page(), "{target}");
    }
}

/// However a name is written, what the server makes itself is not the file it is made of.
#[test]
fn the_template_of_the_trust_page_is_not_for_reading() {
    for schemes in [Schemes::Both, Schemes::HttpOnly] {
        let settings = config::Site {
            schemes,
            ..Default::default()
        };
        let site = site(&settings, home());
        for target in ["/trust.html", "/%74rust.html", "/trust%2ehtml"] {
            let answer = get(&site, peer(LAN, true), target);
            assert!(!answer.text.contains("{fingerprint}"), "{target}");
            assert_eq!(answer.status() == 200, schemes == Schemes::Both, "{target}");
        }
    }
}

#[test]
fn behind_a_proxy_that_has_the_certificate_there_is_no_trust_page() {
    let schemes = Schemes::HttpOnly;
    let settings = config::Site {
        schemes,
        ..Default::default()
    };
    let site = site(&settings, Reach::default());
    assert!(!get(&site, peer(LAN, false), "/").is_trust_page());
    assert_eq!(get(&site, peer(LAN, false), "/trust.html").status(), 404);
    assert!(
        !get(&site, peer(LAN, false), "/config.json")
            .text
            .contains("secureAddress")
    );
}

#[test]
fn what_is_no_page_works_by_plain_http() {
    let site = default_site();
    let plain = peer(LAN, false);
    for target in [
        "/chat.js",
        "/styles.css",
        "/trust.css",
        "/healthz",
        "/config.json",
        "/qr.svg?x",
    ] {
        let answer = get(&site, plain, target);
        assert_eq!(answer.status(), 200, "{target}");
        assert!(!answer.is_trust_page(), "{target}");
    }
    let missing = get(&site, plain, "/nothing.html");
    assert_eq!(missing.status(), 404);
    assert!(!missing.is_trust_page());
}

#[test]
fn a_copy_that_the_browser_kept_of_the_page_does_not_hide_the_trust_page() {
    let site = default_site();
    let page = get(&site, peer(LAN, true), "/");
    let tag = [("if-none-match", page.header("etag").unwrap())];
    assert_eq!(ask(&site, peer(LAN, true), "GET", "/", &tag).status(), 304);
    let answer = ask(&site, peer(LAN, false), "GET", "/", &tag);
    assert!(answer.is_trust_page());
    assert_eq!((answer.status(), answer.header("etag")), (200, None));
}

#[test]
fn the_users_own_pages_are_barred_too_and_their_other_files_are_not() {
    let dir = TempDir::new();
    dir.write("index.html", "<!doctype html>mine");
    dir.write("sub/index.html", "<!doctype html>mine");
    dir.write("a.txt", "mine");
    let public = Some(dir.path().to_owned());
    let site = site(
        &config::Site {
            public,
            ..Default::default()
        },
        home(),
    );
    let plain = peer(LAN, false);
    assert!(get(&site, plain, "/").is_trust_page());
    let sub = get(&site, plain, "/sub/");
    assert!(sub.text.contains("href=\"https://192.168.1.20:4000/sub/\""));
    assert_eq!(get(&site, plain, "/?watch").text, "(a file)");
    assert_eq!(get(&site, plain, "/a.txt").text, "(a file)");
    assert_eq!(get(&site, plain, "/sub").status(), 308);
    assert_eq!(get(&site, peer(LAN, true), "/").text, "(a file)");
}

#[test]
fn head_has_the_trust_pages_headers_and_a_post_is_refused() {
    let site = default_site();
    let plain = peer(LAN, false);
    let whole = get(&site, plain, "/").text.len().to_string();
    let host = [("host", "192.168.1.20:4000")];
    let head = ask(&site, plain, "HEAD", "/", &host);
    assert_eq!((head.status(), head.text.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), Some(whole.as_str()));
    for target in [
        "/",
        "/trust.html",
        "/qr.svg?x",
        "/parlor-ca.crt",
        "/config.json",
    ] {
        let answer = ask(&site, plain, "POST", target, &host);
        assert_eq!(
            (answer.status(), answer.header("allow")),
            (405, Some("GET, HEAD")),
            "{target}"
        );
    }
}

#[test]
fn a_strange_host_or_target_writes_nothing_into_the_page() {
    let plain = peer(LAN, false);
    let evil = "\"><script>alert(1)</script>";
    for reach in [home(), Reach::default()] {
        let site = site(&config::Site::default(), reach);
        let answer = ask(
            &site,
            plain,
            "GET",
            "/?a='b",
            &[("host", evil), ("user-agent", evil)],
        );
        assert!(answer.is_trust_page());
        assert!(!answer.text.contains("alert(1)"), "{}", answer.text);
        assert!(!answer.text.contains("'b"));
    }
}

#[test]
fn the_address_to_continue_at_is_the_one_that_the_visitor_knows() {
    let site = default_site();
    let plain = peer(LAN, false);
    for (host, wanted) in [
        ("parlor.local:4000", "https://parlor.local:4000/"),
        ("192.168.1.20:4000", "https://192.168.1.20:4000/"),
        ("evil.example", "https://192.168.1.20:4000/"),
    ] {
        let answer = ask(&site, plain, "GET", "/", &[("host", host)]);
        assert!(
            answer
                .text
                .contains(&format!("id=\"continue\" data-room href=\"{wanted}\"")),
            "{host}"
        );
        let config = ask(&site, plain, "GET", "/config.json", &[("host", host)]).text;
        assert!(config.contains(&format!(
            "\"secureAddress\":\"{}\"",
            wanted.trim_end_matches('/')
        )));
    }
}

#[test]
fn the_visitors_own_steps_come_first_and_the_fingerprint_before_them() {
    let headers = [("host", "parlor.local:4000"), ("user-agent", LINUX_FIREFOX)];
    let text = ask(&default_site(), peer(LAN, false), "GET", "/", &headers).text;
    let at = |what: &str| {
        text.find(what)
            .unwrap_or_else(|| panic!("{what} is missing"))
    };
    assert!(at("AB:AB:") < at("id=\"continue\""));
    assert!(at("<h3>In Firefox</h3>") < at("<summary>In Safari</summary>"));
    assert!(at("<h3>In Firefox, on any system</h3>") < at("<summary>On Android</summary>"));
}

#[test]
fn with_a_certificate_of_ones_own_there_is_only_a_way_to_continue() {
    let authority = None;
    let site = site(
        &config::Site::default(),
        Reach {
            authority,
            ..home()
        },
    );
    let answer = get(&site, peer(LAN, false), "/");
    assert!(answer.is_trust_page() && answer.text.contains("id=\"continue\""));
    assert!(!answer.text.contains("parlor-ca"));
    for file in ["/parlor-ca.crt", "/parlor-ca.mobileconfig"] {
        assert_eq!(get(&site, peer(LAN, false), file).status(), 404);
    }
}

#[test]
fn the_authority_can_be_downloaded_over_both_schemes() {
    let site = default_site();
    for peer in [peer(LAN, false), peer(LAN, true), peer("127.0.0.1", false)] {
        let der = get(&site, peer, "/parlor-ca.crt");
        assert_eq!(der.text, "0\u{3}der");
        assert_eq!(
            der.header("content-type"),
            Some("application/x-x509-ca-cert")
        );
        assert_eq!(
            der.header("content-disposition"),
            Some("attachment; filename=\"parlor-ca.crt\"")
        );
        assert_eq!(der.header("cache-control"), Some("no-store"));
        let profile = get(&site, peer, "/parlor-ca.mobileconfig");
        assert_eq!(
            profile.header("content-type"),
            Some("application/x-apple-aspen-config")
        );
        assert!(
            profile
                .header("content-disposition")
                .unwrap()
                .contains("parlor-ca.mobileconfig")
        );
        assert!(
            profile
                .text
                .contains("<string>com.apple.security.root</string>")
        );
        assert!(
            profile
                .text
                .contains("<string>Parlor on kitchen &lt;pi&gt;</string>")
        );
        let head = ask(&site, peer, "HEAD", "/parlor-ca.crt", &[]);
        assert_eq!(
            (head.text.as_str(), head.header("content-length")),
            ("", Some("5"))
        );
    }
}

/// Safari on iOS gives a profile to Settings when it navigates to one. A link that says `download`
/// puts it among the files, where it cannot be installed.
#[test]
fn the_profile_is_opened_and_not_saved() {
    let text = get(&default_site(), peer(LAN, false), "/").text;
    assert_eq!(text.matches("href=\"/parlor-ca.mobileconfig\">").count(), 2);
    assert_eq!(text.matches("/parlor-ca.mobileconfig").count(), 2);
}

#[test]
fn a_code_is_a_picture_and_what_is_none_is_refused() {
    let site = default_site();
    let peer = peer(LAN, true);
    let code = get(
        &site,
        peer,
        "/qr.svg?https%3A%2F%2F192.168.1.20%3A4000%2F%23kitchen",
    );
    assert_eq!(code.status(), 200);
    assert_eq!(code.header("content-type"), Some("image/svg+xml"));
    assert_eq!(code.header("cache-control"), Some("private, max-age=86400"));
    assert_eq!(code.header("x-content-type-options"), Some("nosniff"));
    assert!(code.text.starts_with("<svg ") && !code.text.contains("kitchen"));
    let long = format!("/qr.svg?{}", "x".repeat(513));
    for wrong in ["/qr.svg", "/qr.svg?", "/qr.svg?%", "/qr.svg?%0a", &long] {
        assert_eq!(get(&site, peer, wrong).status(), 400, "{wrong}");
    }
}

#[test]
fn the_page_is_told_addresses_and_names() {
    let config = get(&default_site(), peer(LAN, true), "/config.json").text;
    assert_eq!(
        config,
        r#"{"iceServers":[],"name":"kitchen <pi>","addresses":["https://192.168.1.20:4000"],"names":["https://parlor.local:4000"]}"#
    );
}
