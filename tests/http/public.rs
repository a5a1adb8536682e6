//! A directory of the user's own: what it serves, and that the embedded page shows through.

use std::fs;
use std::time::{Duration, SystemTime};

use crate::support::dir::TempDir;
use crate::support::raw::{connect, get, request};
use crate::support::server::Running;
use parlor::config::Site;

fn serve(dir: &TempDir) -> Running {
    Running::start(Site {
        public: Some(dir.path().to_owned()),
        ..Default::default()
    })
}

#[test]
fn its_files_come_before_the_embedded_ones_which_show_through() {
    let dir = TempDir::new();
    dir.write("index.html", "<!doctype html>mine");
    let site = serve(&dir);
    assert_eq!(get(site.address, "/", &[]).text(), "<!doctype html>mine");
    assert_eq!(
        get(site.address, "/index.html", &[]).text(),
        "<!doctype html>mine"
    );
    assert_eq!(get(site.address, "/socket.js", &[]).status, 200);
    assert_eq!(get(site.address, "/healthz", &[]).text(), "ok\n");
}

#[test]
fn its_pages_get_a_policy_only_if_one_is_set() {
    let dir = TempDir::new();
    dir.write("index.html", "x");
    dir.write("a.txt", "x");
    let bare = serve(&dir);
    let answer = get(bare.address, "/", &[]);
    assert_eq!(answer.header("content-security-policy"), None);
    assert_eq!(answer.must("x-content-type-options"), "nosniff");
    assert_eq!(answer.must("referrer-policy"), "same-origin");
    assert!(answer.must("permissions-policy").contains("camera=(self)"));

    let csp = Some("default-src 'self'".to_owned());
    let strict = Running::start(Site {
        public: Some(dir.path().to_owned()),
        csp,
        ..Default::default()
    });
    assert_eq!(
        get(strict.address, "/", &[]).must("content-security-policy"),
        "default-src 'self'"
    );
    assert_eq!(
        get(strict.address, "/a.txt", &[]).header("content-security-policy"),
        None
    );
}

#[test]
fn a_large_file_comes_whole() {
    let dir = TempDir::new();
    let content: Vec<u8> = (0..1_000_003_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    dir.write("film.webm", &content);
    let site = serve(&dir);
    let answer = get(site.address, "/film.webm", &[]);
    assert_eq!(answer.must("content-type"), "video/webm");
    assert_eq!(answer.must("content-length"), "1000003");
    assert_eq!(answer.header("transfer-encoding"), None);
    assert!(answer.body == content);
}

#[test]
fn an_empty_file_is_an_answer_too() {
    let dir = TempDir::new();
    dir.write("empty.txt", "");
    let site = serve(&dir);
    let answer = get(site.address, "/empty.txt", &[]);
    assert_eq!((answer.status, answer.must("content-length")), (200, "0"));
    assert_eq!(
        request(site.address, "HEAD", "/empty.txt", &[]).must("content-length"),
        "0"
    );
}

#[test]
fn head_says_the_length_and_reads_nothing() {
    let dir = TempDir::new();
    dir.write("a.bin", vec![7; 100_000]);
    let site = serve(&dir);
    let head = request(site.address, "HEAD", "/a.bin", &["Range: bytes=0-1"]);
    assert_eq!((head.status, head.must("content-length")), (200, "100000"));
    assert!(head.body.is_empty());
}

#[test]
fn a_copy_that_is_still_good_is_304_by_tag_and_by_date() {
    let dir = TempDir::new();
    let path = dir.write("a.css", "one");
    let site = serve(&dir);
    let first = get(site.address, "/a.css", &[]);
    let (tag, date) = (
        first.must("etag").to_owned(),
        first.must("last-modified").to_owned(),
    );
    assert!(tag.starts_with('"'), "an hour old: strong");
    assert_eq!(first.must("cache-control"), "no-cache");
    let by_tag = get(site.address, "/a.css", &[&format!("If-None-Match: {tag}")]);
    assert_eq!((by_tag.status, by_tag.must("etag")), (304, tag.as_str()));
    assert!(by_tag.body.is_empty());
    assert_eq!(
        get(
            site.address,
            "/a.css",
            &[&format!("If-Modified-Since: {date}")]
        )
        .status,
        304
    );
    let older = "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT";
    assert_eq!(get(site.address, "/a.css", &[older]).status, 200);

    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(1800))
        .unwrap();
    assert_eq!(
        get(site.address, "/a.css", &[&format!("If-None-Match: {tag}")]).status,
        200
    );
    assert_eq!(
        get(
            site.address,
            "/a.css",
            &[&format!("If-Modified-Since: {date}")]
        )
        .status,
        200
    );
}

#[test]
fn a_fresh_file_has_a_weak_tag_that_still_revalidates() {
    let dir = TempDir::new();
    let path = dir.write_fresh("a.txt", "new");
    // A clock that is ahead keeps the file fresh however slow this test is.
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(3600))
        .unwrap();
    let site = serve(&dir);
    let answer = get(site.address, "/a.txt", &[]);
    let tag = answer.must("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    assert_eq!(
        answer.header("last-modified"),
        None,
        "a date in the future must not be sent"
    );
    assert_eq!(
        get(site.address, "/a.txt", &[&format!("If-None-Match: {tag}")]).status,
        304
    );
    let part = ["Range: bytes=0-0", &format!("If-Range: {tag}")].map(str::to_owned);
    assert_eq!(
        get(site.address, "/a.txt", &[&part[0], &part[1]]).status,
        200
    );
}

#[test]
fn one_range_is_a_part() {
    let dir = TempDir::new();
    dir.write("a.txt", "0123456789");
    let site = serve(&dir);
    let whole = get(site.address, "/a.txt", &[]);
    assert_eq!(whole.must("accept-ranges"), "bytes");
    for (range, content, said) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=0-99", "0123456789", "bytes 0-9/10"),
    ] {
        let answer = get(site.address, "/a.txt", &[&format!("Range: {range}")]);
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (206, content),
            "{range}"
        );
        assert_eq!(answer.must("content-range"), said);
        assert_eq!(answer.must("content-length"), content.len().to_string());
        assert_eq!(answer.must("etag"), whole.must("etag"));
    }
    let past = get(site.address, "/a.txt", &["Range: bytes=10-"]);
    assert_eq!(
        (past.status, past.must("content-range")),
        (416, "bytes */10")
    );
    assert_eq!(
        get(site.address, "/a.txt", &["Range: bytes=0-1,3-4"]).text(),
        "0123456789"
    );
    let tag = whole.must("etag");
    let same = get(
        site.address,
        "/a.txt",
        &["Range: bytes=0-0", &format!("If-Range: {tag}")],
    );
    assert_eq!((same.status, same.text().as_str()), (206, "0"));
    let other = get(
        site.address,
        "/a.txt",
        &["Range: bytes=0-0", "If-Range: \"other\""],
    );
    assert_eq!((other.status, other.text().as_str()), (200, "0123456789"));
}

#[test]
fn a_directory_is_its_index_with_a_slash() {
    let dir = TempDir::new();
    dir.write("my docs/index.html", "docs");
    dir.write("bare/a.txt", "x");
    let site = serve(&dir);
    let answer = get(site.address, "/my%20docs?a=b", &[]);
    assert_eq!(
        (answer.status, answer.must("location")),
        (308, "/my%20docs/?a=b")
    );
    assert_eq!(answer.must("content-length"), "0");
    assert_eq!(get(site.address, "/my%20docs/", &[]).text(), "docs");
    assert_eq!(get(site.address, "/bare", &[]).status, 404);
    assert_eq!(get(site.address, "/bare/", &[]).status, 404, "no listing");
    assert_eq!(get(site.address, "/bare/a.txt/", &[]).status, 404);
}

#[test]
fn its_files_can_only_be_read() {
    let dir = TempDir::new();
    dir.write("a.txt", "x");
    let site = serve(&dir);
    let answer = request(site.address, "DELETE", "/a.txt", &[]);
    assert_eq!((answer.status, answer.must("allow")), (405, "GET, HEAD"));
    assert!(dir.path().join("a.txt").exists());
}

#[test]
fn changes_show_without_a_restart() {
    let dir = TempDir::new();
    let site = serve(&dir);
    assert_eq!(get(site.address, "/late.txt", &[]).status, 404);
    dir.write("late.txt", "now");
    assert_eq!(get(site.address, "/late.txt", &[]).text(), "now");
    fs::remove_file(dir.path().join("late.txt")).unwrap();
    assert_eq!(get(site.address, "/late.txt", &[]).status, 404);
}

#[test]
fn a_file_that_becomes_shorter_breaks_the_connection_rather_than_the_length() {
    use std::io::{Read, Write};
    let dir = TempDir::new();
    // Larger than what sockets and buffers can hold, so it cannot have been read to its end yet.
    let size = 32 * 1024 * 1024;
    let path = dir.write("big.bin", vec![1; size]);
    let site = serve(&dir);
    let mut stream = connect(site.address);
    stream
        .write_all(b"GET /big.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    let mut first = [0; 1024];
    stream.read_exact(&mut first).unwrap();
    fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_len(100)
        .unwrap();
    let mut rest = Vec::new();
    // The end comes without the rest, as a close or a reset.
    let _ = stream.read_to_end(&mut rest);
    assert!(rest.len() < size);
    assert_eq!(get(site.address, "/healthz", &[]).status, 200);
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let dir = TempDir::new();
    let file = dir.write("file", "x");
    for path in [dir.path().join("gone"), file] {
        let site = Site {
            public: Some(path.clone()),
            ..Default::default()
        };
        let error = parlor::http::Site::new(&site, None, parlor::http::Reach::default().fixed())
            .unwrap_err();
        assert_eq!(
            (error.setting, error.value),
            ("--public", path.display().to_string())
        );
    }
}

#[test]
fn a_policy_that_is_no_header_value_is_refused() {
    let site = Site {
        csp: Some("a\r\nX: y".to_owned()),
        ..Default::default()
    };
    assert_eq!(
        parlor::http::Site::new(&site, None, parlor::http::Reach::default().fixed())
            .unwrap_err()
            .setting,
        "--csp"
    );
}
