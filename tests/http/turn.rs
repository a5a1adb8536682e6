//! TURN servers in `/config.json`: credentials that end, and the secret they come from.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use parlor::config::{self, Turn};
use parlor::http::{Reach, Site};

use crate::support::dir::TempDir;
use crate::visit::{LAN, get, home, peer, site};

fn turn(secret_file: PathBuf) -> config::Site {
    config::Site {
        turn: Some(Turn {
            urls: vec!["turn:192.168.1.2".to_owned()],
            secret_file,
        }),
        ..Default::default()
    }
}

/// User and password of the only ICE server.
fn credentials(site: &Site) -> (String, String) {
    let text = get(site, peer(LAN, true), "/config.json").text;
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let server = &json["iceServers"][0];
    let field = |name: &str| server[name].as_str().unwrap().to_owned();
    assert_eq!(field("urls"), "turn:192.168.1.2");
    (field("username"), field("credential"))
}

#[test]
fn turn_credentials_last_a_day_and_follow_the_secret_when_it_is_read_again() {
    let dir = TempDir::new();
    let file = dir.write("secret", "  north \nand a second line\n");
    let site = site(&turn(file.clone()), home());
    let (username, _) = credentials(&site);
    let end: u64 = username.strip_suffix(":parlor").unwrap().parse().unwrap();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    assert!((now + 86_390..=now + 86_400).contains(&end), "{username}");

    // The password belongs to its name, so that of the same second is compared.
    let same_second = |change: &dyn Fn()| loop {
        let before = credentials(&site);
        change();
        let after = credentials(&site);
        if before.0 == after.0 {
            return (before.1, after.1);
        }
    };
    let (before, after) = same_second(&|| {
        dir.write("secret", "");
        site.reload();
    });
    assert_eq!(before, after, "an empty file keeps the old secret");
    let (before, after) = same_second(&|| {
        dir.write("secret", "north");
        site.reload();
        let _ = credentials(&site);
        dir.write("secret", "south");
    });
    assert_eq!(before, after, "a file is not read before it is time");
    site.reload();
    let (south, north) = same_second(&|| {
        dir.write("secret", "north");
        site.reload();
    });
    assert_ne!(south, north);
}

#[test]
fn turn_settings_that_cannot_work_are_refused_at_the_start() {
    let dir = TempDir::new();
    let refused = |settings: &config::Site| {
        Site::new(settings, None, Reach::default().fixed())
            .unwrap_err()
            .to_string()
    };
    for (file, words) in [
        (
            dir.write("empty", "\nsecret on the second line\n"),
            "first line",
        ),
        (dir.path().join("missing"), "can be read"),
        (dir.write("binary", [0xff, 0xfe]), "file of text"),
    ] {
        let error = refused(&turn(file));
        assert!(error.starts_with("--turn-secret-file: "), "{error}");
        assert!(
            error.contains(words) && !error.contains("second line"),
            "{error}"
        );
    }
    let mut settings = turn(dir.write("secret", "north"));
    settings.turn.as_mut().unwrap().urls = vec!["stun:192.168.1.2".to_owned()];
    assert!(refused(&settings).starts_with("--turn-url: "));
}
