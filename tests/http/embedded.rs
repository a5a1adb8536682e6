//! The page inside the binary: types, tags, codings, headers, and the two addresses of our own.

use crate::support::raw::{get, request, send};
use crate::support::server::Running;

fn site() -> Running {
    Running::start(parlor::config::Site::default())
}

#[test]
fn the_page_is_served_with_every_header_it_needs() {
    let site = site();
    let answer = get(site.address, "/", &[]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.must("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.must("content-length"), answer.body.len().to_string());
    assert_eq!(answer.must("cache-control"), "no-cache");
    assert_eq!(answer.must("vary"), "Accept-Encoding");
    assert_eq!(answer.must("x-content-type-options"), "nosniff");
    assert_eq!(answer.must("referrer-policy"), "same-origin");
    assert_eq!(answer.header("content-encoding"), None);
    assert_eq!(answer.header("strict-transport-security"), None);
    let policy = answer.must("content-security-policy");
    assert!(policy.starts_with("default-src 'none';") && policy.contains("script-src 'self';"));
    assert!(
        policy.contains("connect-src 'self' ws: wss:;"),
        "Safari needs it"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    let permissions = answer.must("permissions-policy");
    assert!(permissions.contains("camera=(self), microphone=(self), display-capture=(self)"));
    assert!(
        answer
            .text()
            .to_ascii_lowercase()
            .contains("<!doctype html>")
    );
}

#[test]
fn the_pages_own_socketio_client_is_under_four_kilobytes_as_served() {
    let site = site();
    let answer = get(site.address, "/socket.js", &["Accept-Encoding: gzip"]);
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert!(answer.body.len() < 4096, "{}", answer.body.len());
}

#[test]
fn the_root_is_the_index() {
    let site = site();
    let (root, index) = (
        get(site.address, "/", &[]),
        get(site.address, "/index.html", &[]),
    );
    assert_eq!(root.body, index.body);
    assert_eq!(root.must("etag"), index.must("etag"));
    assert_eq!(get(site.address, "/index%2Ehtml?x=1", &[]).body, index.body);
}

#[test]
fn only_html_carries_the_policies() {
    let site = site();
    let script = get(site.address, "/socket.js", &[]);
    assert_eq!(script.status, 200);
    assert_eq!(
        script.must("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(script.must("x-content-type-options"), "nosniff");
    assert_eq!(script.header("content-security-policy"), None);
}

#[test]
fn the_best_coding_is_chosen_and_has_its_own_tag() {
    let site = site();
    let plain = get(site.address, "/socket.js", &[]);
    let gzip = get(
        site.address,
        "/socket.js",
        &["Accept-Encoding: gzip, deflate, br, zstd"],
    );
    assert_eq!(gzip.must("content-encoding"), "gzip");
    assert!(gzip.body.len() < plain.body.len());
    assert!(gzip.must("etag").ends_with("-gz\"") && gzip.must("etag") != plain.must("etag"));
    assert_eq!(gzip.must("content-length"), gzip.body.len().to_string());
    assert_eq!(plain.must("content-length"), plain.body.len().to_string());
    assert_eq!(gzip.must("content-type"), plain.must("content-type"));
    assert_eq!(gzip.must("vary"), "Accept-Encoding");
    assert_eq!(plain.must("vary"), "Accept-Encoding");

    let mut unpacked = Vec::new();
    std::io::copy(
        &mut flate2::read::GzDecoder::new(&gzip.body[..]),
        &mut unpacked,
    )
    .unwrap();
    assert_eq!(unpacked, plain.body);
}

#[test]
fn refusing_plain_bytes_is_answered_with_406_or_a_coding() {
    let site = site();
    assert_eq!(
        get(site.address, "/", &["Accept-Encoding: identity;q=0, gzip"]).must("content-encoding"),
        "gzip"
    );
    let refused = get(site.address, "/", &["Accept-Encoding: identity;q=0"]);
    assert_eq!(refused.status, 406);
    assert_eq!(refused.must("vary"), "Accept-Encoding");
}

#[test]
fn a_matching_tag_is_304_for_the_same_coding_only() {
    let site = site();
    let coding = "Accept-Encoding: gzip";
    let tag = get(site.address, "/", &[coding]).must("etag").to_owned();
    for list in [
        tag.clone(),
        format!("W/{tag}"),
        format!("\"other\", {tag}"),
        "*".to_owned(),
    ] {
        let answer = get(
            site.address,
            "/",
            &[coding, &format!("If-None-Match: {list}")],
        );
        assert_eq!(answer.status, 304, "{list}");
        assert!(answer.body.is_empty());
        assert_eq!(answer.must("etag"), tag);
        assert_eq!(answer.must("vary"), "Accept-Encoding");
        assert_eq!(answer.must("cache-control"), "no-cache");
        assert_eq!(answer.header("content-encoding"), None);
    }
    let match_line = format!("If-None-Match: {tag}");
    assert_eq!(
        get(site.address, "/", &[&match_line]).status,
        200,
        "identity is another representation"
    );
    assert_eq!(
        get(site.address, "/", &[coding, "If-None-Match: \"other\""]).status,
        200
    );
}

#[test]
fn a_304_leaves_the_connection_usable() {
    let site = site();
    let tag = get(site.address, "/", &[]).must("etag").to_owned();
    let two = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: {tag}\r\n\r\n\
         GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    );
    let answer = send(site.address, two.as_bytes());
    assert_eq!(answer.status, 304);
    let second = answer.text();
    assert!(
        second.starts_with("HTTP/1.1 200 OK\r\n") && second.ends_with("\r\n\r\nok\n"),
        "{second}"
    );
}

#[test]
fn a_failed_if_match_is_412() {
    let site = site();
    assert_eq!(get(site.address, "/", &["If-Match: \"other\""]).status, 412);
    assert_eq!(get(site.address, "/", &["If-Match: *"]).status, 200);
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    let site = site();
    for path in ["/", "/socket.js", "/healthz", "/config.json", "/nothing"] {
        let coding = ["Accept-Encoding: gzip"];
        let (get, head) = (
            get(site.address, path, &coding),
            request(site.address, "HEAD", path, &coding),
        );
        assert!(head.body.is_empty(), "{path}");
        assert_eq!(head.status, get.status, "{path}");
        let sorted = |answer: &crate::support::raw::Answer| {
            let mut headers = answer.headers.clone();
            headers.retain(|(name, _)| name != "date");
            headers.sort();
            headers
        };
        assert_eq!(sorted(&head), sorted(&get), "{path}");
    }
}

#[test]
fn other_methods_are_405_with_allow_where_there_is_something() {
    let site = site();
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"] {
        for path in ["/", "/healthz", "/config.json", "/socket.js"] {
            let answer = request(site.address, method, path, &[]);
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.must("allow"), "GET, HEAD");
        }
        assert_eq!(request(site.address, method, "/nothing", &[]).status, 404);
    }
}

#[test]
fn what_is_not_there_is_a_small_page() {
    let site = site();
    let answer = get(site.address, "/%3Cscript%3Ealert(1)%3C/script%3E", &[]);
    assert_eq!(answer.status, 404);
    assert_eq!(answer.must("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.must("cache-control"), "no-store");
    assert!(
        answer
            .must("content-security-policy")
            .starts_with("default-src 'none'")
    );
    assert!(answer.body.len() < 1024 && answer.text().contains("Not found"));
    assert!(
        !answer.text().contains("alert"),
        "nothing of the request comes back"
    );
}

#[test]
fn health_is_ok_and_never_stored() {
    let site = site();
    let answer = get(site.address, "/healthz", &[]);
    assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"));
    assert_eq!(answer.must("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.must("cache-control"), "no-store");
}

#[test]
fn the_page_is_told_the_servers_and_the_name() {
    let ice_servers = vec![
        "stun:10.0.0.1:3478".to_owned(),
        "turn:ann:pw@10.0.0.1".to_owned(),
    ];
    let site = Running::start(parlor::config::Site {
        ice_servers,
        ..Default::default()
    });
    let answer = get(site.address, "/config.json", &[]);
    assert_eq!(answer.must("content-type"), "application/json");
    assert_eq!(answer.must("cache-control"), "no-store");
    assert_eq!(
        answer.text(),
        format!(
            "{}{}",
            r#"{"iceServers":[{"urls":"stun:10.0.0.1:3478"},{"urls":"turn:10.0.0.1","username":"ann","credential":"pw"}],"name":"test-device""#,
            reached(&site)
        )
    );
}

#[test]
fn without_settings_the_list_of_servers_is_empty() {
    let site = site();
    assert_eq!(
        get(site.address, "/config.json", &[]).text(),
        format!(
            r#"{{"iceServers":[],"name":"test-device"{}"#,
            reached(&site)
        )
    );
}

/// The end of `/config.json` where no other device can come, and this one came by plain HTTP.
fn reached(site: &Running) -> String {
    let address = site.address;
    format!(r#","addresses":[],"names":[],"secureAddress":"https://{address}"}}"#)
}
