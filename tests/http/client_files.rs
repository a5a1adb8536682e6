//! The official client's files under the protocol's path.

use std::io::Read as _;

use crate::support::dir::TempDir;
use crate::support::raw::{get, request};
use crate::support::server::Running;
use flate2::read::{GzDecoder, ZlibDecoder};
use parlor::config::{Cors, Origins, Protocol};
use parlor::transport::{ClientFiles, Edge};

const NAMES: [&str; 4] = [
    "socket.io.js",
    "socket.io.min.js",
    "socket.io.esm.min.js",
    "socket.io.msgpack.min.js",
];

fn script(name: &str) -> String {
    format!(
        "/*!\n * Socket.IO v4.8.4\n */\n// {name}\n{}",
        "let a;".repeat(500)
    )
}

/// A directory like that of the npm package.
fn directory() -> TempDir {
    let dir = TempDir::new();
    for name in NAMES {
        dir.write(name, script(name));
        dir.write(&format!("{name}.map"), "{\"version\":3}");
    }
    dir.write("socket.io.secret.js", "not to be served");
    dir
}

fn serving(dir: &TempDir) -> Running {
    let files = ClientFiles::read(dir.path(), "client").unwrap();
    let cors = Cors {
        origins: Origins::Reflect,
        ..Cors::default()
    };
    let edge = Edge::default().client_files(files).cors(cors).unwrap();
    Running::echo_with(Protocol::default(), edge)
}

#[test]
fn every_file_is_served_with_the_reference_servers_headers() {
    let server = serving(&directory());
    for name in NAMES {
        for (name, kind, body) in [
            (
                name.to_owned(),
                "application/javascript; charset=utf-8",
                script(name),
            ),
            (
                format!("{name}.map"),
                "application/json; charset=utf-8",
                "{\"version\":3}".into(),
            ),
        ] {
            let answer = get(server.address, &format!("/socket.io/{name}?x=1"), &[]);
            assert_eq!((answer.status, answer.text()), (200, body), "{name}");
            assert_eq!(answer.must("content-type"), kind);
            assert_eq!(answer.must("etag"), "\"4.8.4\"");
            assert_eq!(answer.must("cache-control"), "public, max-age=0");
            assert_eq!(answer.header("content-encoding"), None);
        }
    }
}

#[test]
fn any_method_is_served_and_a_preflight_is_one() {
    let server = serving(&directory());
    let path = "/socket.io/socket.io.js";
    for method in ["POST", "PUT", "DELETE"] {
        assert_eq!(request(server.address, method, path, &[]).status, 200);
    }
    let head = request(server.address, "HEAD", path, &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    let origin = ["Origin: https://a.example"];
    let answer = get(server.address, path, &origin);
    assert_eq!(
        answer.must("access-control-allow-origin"),
        "https://a.example"
    );
    assert_eq!(answer.all("vary"), ["Accept-Encoding", "Origin"]);
    assert_eq!(
        request(server.address, "OPTIONS", path, &origin).status,
        204
    );
}

#[test]
fn a_copy_that_is_still_good_is_not_sent_again() {
    let server = serving(&directory());
    let status = |tag: &str| {
        let line = format!("If-None-Match: {tag}");
        let answer = get(server.address, "/socket.io/socket.io.js", &[&line]);
        if answer.status == 304 {
            assert!(answer.body.is_empty() && answer.header("content-type").is_none());
        }
        answer.status
    };
    assert_eq!(status("\"4.8.4\""), 304);
    assert_eq!(status("W/\"4.8.4\""), 304);
    // Neither lists nor a star are understood, as with the reference server.
    for other in ["\"4.8.3\"", "4.8.4", "*", "\"4.8.3\", \"4.8.4\""] {
        assert_eq!(status(other), 200, "{other}");
    }
}

#[test]
fn files_are_compressed_as_the_client_likes_best() {
    let server = serving(&directory());
    // Twice each: made the first time, kept for the second.
    for _ in 0..2 {
        for (accepted, coding) in [
            ("gzip, deflate, br", Some("gzip")),
            ("deflate", Some("deflate")),
            ("gzip;q=0.1, deflate;q=0.2", Some("deflate")),
            ("br", None),
        ] {
            let line = format!("Accept-Encoding: {accepted}");
            let answer = get(server.address, "/socket.io/socket.io.js", &[&line]);
            assert_eq!(answer.header("content-encoding"), coding, "{accepted}");
            let mut text = String::new();
            match coding {
                Some("gzip") => GzDecoder::new(&answer.body[..]).read_to_string(&mut text),
                Some(_) => ZlibDecoder::new(&answer.body[..]).read_to_string(&mut text),
                None => answer.body.as_slice().read_to_string(&mut text),
            }
            .unwrap();
            assert_eq!(text, script("socket.io.js"));
        }
    }
}

#[test]
fn any_other_name_is_the_engines_to_refuse() {
    let server = serving(&directory());
    for name in [
        "socket.io.secret.js",
        "a/socket.io.js",
        "socket.io.js/",
        "../x",
        "",
    ] {
        let answer = get(server.address, &format!("/socket.io/{name}"), &[]);
        assert_eq!(answer.status, 400, "{name}");
        assert!(answer.text().contains("\"code\":0"), "{name}");
    }
    assert_eq!(get(server.address, "/socket.io.js", &[]).status, 404);
    // A server without the files knows none of the names.
    let answer = get(Running::echo().address, "/socket.io/socket.io.js", &[]);
    assert_eq!(
        (answer.status, answer.text().contains("\"code\":0")),
        (400, true)
    );
}

#[test]
fn the_room_server_says_how_the_client_can_be_served() {
    let server = Running::start(parlor::config::Site::default());
    let answer = get(server.address, "/socket.io/socket.io.min.js", &[]);
    assert_eq!(answer.status, 404);
    assert_eq!(answer.must("content-type"), "text/plain; charset=utf-8");
    assert!(
        answer.text().contains("--client-dir DIR"),
        "{}",
        answer.text()
    );
}

#[test]
fn the_room_server_serves_the_files_of_its_setting() {
    let dir = directory();
    let server = Running::start(parlor::config::Site {
        client_dir: Some(dir.path().to_owned()),
        ..Default::default()
    });
    let answer = get(server.address, "/socket.io/socket.io.min.js", &[]);
    assert_eq!(
        (answer.status, answer.text()),
        (200, script("socket.io.min.js"))
    );
}

#[test]
fn a_directory_that_cannot_be_what_was_meant_is_a_wrong_setting() {
    let read = |dir: &TempDir| ClientFiles::read(dir.path(), "--client-dir");
    let dir = TempDir::new();
    let empty = read(&dir).unwrap_err();
    assert_eq!(empty.setting, "--client-dir");
    assert!(empty.expected.contains("socket.io-client"), "{empty}");
    let missing = ClientFiles::read(&dir.path().join("gone"), "--client-dir").unwrap_err();
    assert!(missing.expected.contains("socket.io-client"), "{missing}");
    // A map alone is no client, and a script without its banner is not the official one.
    dir.write("socket.io.js.map", "{}");
    assert!(read(&dir).is_err());
    dir.write("socket.io.js", "!function(){}");
    assert!(read(&dir).unwrap_err().expected.contains("version"));
    dir.write("socket.io.js", "/*! Socket.IO v4.8.3 */");
    assert!(read(&dir).is_ok());
    dir.write("socket.io.min.js", "/*! Socket.IO v4.8.4 */");
    assert!(read(&dir).unwrap_err().expected.contains("same"));
    dir.write("socket.io.min.js", "x".repeat(2 * 1024 * 1024 + 1));
    assert!(read(&dir).unwrap_err().expected.contains("2097152 bytes"));
}
