//! Requests that try to get out of the site, or to break it. Each is written as bytes, because
//! no client library would send it. After each the server must still answer.

use std::os::unix::fs::symlink;

use crate::support::dir::TempDir;
use crate::support::raw::{Answer, get, send};
use crate::support::server::Running;

const SECRET: &str = "nobody may read this";

/// `outer/secret.txt` beside `outer/public/`, which is served.
fn served() -> (TempDir, Running) {
    let outer = TempDir::new();
    outer.write("secret.txt", SECRET);
    outer.write("public/index.html", "<!doctype html>mine");
    outer.write("public/.hidden", SECRET);
    outer.write("public/.git/config", SECRET);
    outer.write("public/sub/page.html", "sub");
    outer.write("public-not/secret.txt", SECRET);
    let public = outer.path().join("public");
    symlink("../secret.txt", public.join("out.txt")).unwrap();
    symlink("..", public.join("up")).unwrap();
    symlink("../public-not", public.join("sibling")).unwrap();
    symlink("/etc", public.join("etc")).unwrap();
    symlink(".hidden", public.join("shown.txt")).unwrap();
    symlink("loop", public.join("loop")).unwrap();
    symlink("gone", public.join("dangling")).unwrap();
    symlink("sub/page.html", public.join("inside.html")).unwrap();
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        public.join("pipe"),
        rustix::fs::Mode::from(0o644),
    )
    .unwrap();
    let site = Running::start(parlor::config::Site {
        public: Some(public),
        ..Default::default()
    });
    (outer, site)
}

fn raw(site: &Running, target: &[u8]) -> Answer {
    let mut bytes = b"GET ".to_vec();
    bytes.extend_from_slice(target);
    bytes.extend_from_slice(b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    send(site.address, &bytes)
}

#[test]
fn no_path_leads_out() {
    let (_outer, site) = served();
    let targets: &[&[u8]] = &[
        b"/../secret.txt",
        b"/sub/../../secret.txt",
        b"/%2e%2e/secret.txt",
        b"/%2E%2e%2fsecret.txt",
        b"/..%2fsecret.txt",
        b"/..%5csecret.txt",
        b"/..\\secret.txt",
        b"/sub/..%00/secret.txt",
        b"/secret.txt%00.html",
        b"/%c0%ae%c0%ae/secret.txt",
        b"/%252e%252e/secret.txt",
        b"/%2fetc%2fpasswd",
        b"//etc/passwd",
        b"/./index.html",
        b"/sub/./page.html",
        b"/.hidden",
        b"/%2ehidden",
        b"/.git/config",
        b"/sub/.%2e/.hidden",
        b"http://localhost/../secret.txt",
        b"http://localhost/%2e%2e/secret.txt",
    ];
    for target in targets {
        let answer = raw(&site, target);
        let target = String::from_utf8_lossy(target);
        // 400 is the parser's own refusal of a target that is no URI.
        assert!(matches!(answer.status, 400 | 404), "{target}: {answer:?}");
        assert!(
            !answer.text().contains(SECRET) && !answer.text().contains("root:"),
            "{target}"
        );
    }
    assert_eq!(get(site.address, "/", &[]).text(), "<!doctype html>mine");
}

#[test]
fn a_link_serves_only_what_lies_inside_and_is_not_hidden() {
    let (_outer, site) = served();
    for path in [
        "/out.txt",
        "/up/secret.txt",
        "/up/",
        "/up",
        "/sibling/secret.txt",
        "/sibling/",
        "/etc/passwd",
        "/etc/",
        "/shown.txt",
        "/loop",
        "/loop/x",
        "/dangling",
    ] {
        let answer = get(site.address, path, &[]);
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.text().contains(SECRET), "{path}");
    }
    assert_eq!(get(site.address, "/inside.html", &[]).text(), "sub");
}

#[test]
fn a_named_pipe_is_not_opened() {
    let (_outer, site) = served();
    assert_eq!(get(site.address, "/pipe", &[]).status, 404);
}

#[test]
fn a_redirect_cannot_name_another_host() {
    let (outer, site) = served();
    outer.write("public/evil.example/index.html", "x");
    assert_eq!(raw(&site, b"//evil.example").status, 404);
    assert_eq!(raw(&site, b"/%2fevil.example").status, 404);
    assert_eq!(raw(&site, b"/\\evil.example").status, 404);
    let answer = raw(&site, b"http://localhost/evil.example?a=b");
    assert_eq!(
        (answer.status, answer.must("location")),
        (308, "/evil.example/?a=b")
    );
}

#[test]
fn a_path_of_any_length_is_answered() {
    let (_outer, site) = served();
    for length in [200, 255, 256, 1023, 1024, 1025, 4096, 8000] {
        let path = format!("/{}", "a".repeat(length));
        assert_eq!(get(site.address, &path, &[]).status, 404, "{length}");
        let deep = format!("/{}", "a/".repeat(length / 2));
        assert_eq!(get(site.address, &deep, &[]).status, 404, "{length}");
    }
}

#[test]
fn header_values_that_are_no_text_are_as_if_absent() {
    let (_outer, site) = served();
    for name in [
        "Accept-Encoding",
        "If-None-Match",
        "If-Modified-Since",
        "If-Range",
        "Range",
    ] {
        let mut bytes =
            format!("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{name}: ")
                .into_bytes();
        bytes.extend_from_slice(b"\xff\xfe, \"\xc3(\"\r\n\r\n");
        assert_eq!(send(site.address, &bytes).status, 200, "{name}");
    }
}

#[test]
fn absurd_lists_are_read_without_harm() {
    let (_outer, site) = served();
    let tags = format!("If-None-Match: {}", "\"a\",".repeat(1500));
    let codings = format!("Accept-Encoding: {}", "gzip;q=0.001,".repeat(500));
    let ranges = format!("Range: bytes={}", "0-0,".repeat(1500));
    for line in [tags, codings, ranges] {
        assert_eq!(
            get(site.address, "/", &[&line]).status,
            200,
            "{}",
            &line[..20]
        );
    }
}
