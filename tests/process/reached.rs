//! How it is reached: the certificate's place, SIGHUP, `parlor urls` and `parlor doctor`.
//!
//! On loopback only, so nothing is announced; names in a real network are another suite's.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;

use crate::support::binary::{Ended, Parlor, run};
use crate::support::dir::TempDir;
use crate::support::raw::get;

fn ask(action: &str, address: SocketAddr, environment: &[(&str, &str)]) -> Ended {
    run(&[action, "--listen", &address.to_string()], environment)
}

/// An address that nobody listens on.
fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

#[test]
fn the_certificate_is_kept_where_the_service_manager_says() {
    let (state, home) = (TempDir::new(), TempDir::new());
    let directory = state.path().join("parlor");
    let environment = [
        ("STATE_DIRECTORY", directory.to_str().unwrap()),
        ("XDG_STATE_HOME", home.path().to_str().unwrap()),
    ];
    let (parlor, _) = Parlor::start(&["--listen", "127.0.0.1:0"], &environment);
    parlor.signal(Signal::TERM);
    assert_eq!(parlor.ended().code, 0);
    let mode = std::fs::metadata(&directory).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert!(std::fs::read_dir(&directory).unwrap().count() > 0);
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn without_a_place_for_the_certificate_it_warns_and_serves() {
    let environment = [("XDG_STATE_HOME", "")];
    let (parlor, address) = Parlor::start(&["--listen", "127.0.0.1:0"], &environment);
    assert_eq!(get(address, "/healthz", &[]).status, 200);
    parlor.signal(Signal::TERM);
    let ended = parlor.ended();
    assert!(ended.stderr.contains("--state-dir"), "{}", ended.stderr);
}

#[test]
fn plain_http_alone_needs_no_certificate() {
    let state = TempDir::new();
    let environment = [("XDG_STATE_HOME", state.path().to_str().unwrap())];
    let arguments = ["--listen", "127.0.0.1:0", "--http-only"];
    let (parlor, address) = Parlor::start(&arguments, &environment);
    assert_eq!(get(address, "/healthz", &[]).status, 200);
    parlor.signal(Signal::TERM);
    assert_eq!(parlor.ended().code, 0);
    assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0);
}

#[test]
fn a_hangup_has_files_read_again_and_ends_nothing() {
    let dir = TempDir::new();
    let secret = dir.write("secret", "one\n");
    let arguments = [
        "--listen",
        "127.0.0.1:0",
        "--turn-url",
        "turn:10.0.0.1",
        "--turn-secret-file",
        secret.to_str().unwrap(),
    ];
    let (mut parlor, address) = Parlor::start(&arguments, &[]);
    std::fs::write(&secret, "").unwrap();
    parlor.signal(Signal::HUP);
    // An empty file has no secret, which is said, and the old one stays.
    let line = parlor.stderr.wait_for("--turn-secret-file").unwrap();
    assert!(line.contains("WARN"), "{line}");
    let config = get(address, "/config.json", &[]).text();
    assert!(config.contains("credential"), "{config}");
}

#[test]
fn the_urls_are_those_of_the_running_server() {
    for more in [&[][..], &["--https-only"], &["--http-only"]] {
        let arguments = [&["--listen", "127.0.0.1:0"], more].concat();
        let mut command = crate::support::binary::command(&arguments);
        command.arg("--log=info");
        let mut parlor = Parlor::spawn(command, &[]);
        let line = parlor.stdout.wait_for("://").unwrap();
        let host = line.trim().split_once("://").unwrap().1;
        let address = host.trim_end_matches('/').parse().unwrap();
        // Asked with other settings, as somebody would who does not know them.
        let urls = ask("urls", address, &[]);
        assert_eq!(urls.code, 0, "{}", urls.stderr);
        assert_eq!(urls.stdout, format!("  http://{address}/\n"));
    }
}

#[test]
fn without_a_server_the_urls_are_what_they_would_be() {
    let address = free();
    let urls = ask("urls", address, &[]);
    assert_eq!(urls.code, 0);
    let port = address.port();
    assert!(
        urls.stdout
            .starts_with(&format!("Parlor is not running here on port {port}.")),
        "{}",
        urls.stdout
    );
    assert!(urls.stdout.ends_with(&format!("\n  http://{address}/\n")));
}

#[test]
fn the_doctor_finds_a_running_server_in_order() {
    let state = TempDir::new();
    std::fs::set_permissions(state.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let environment = [("STATE_DIRECTORY", state.path().to_str().unwrap())];
    let (_parlor, address) = Parlor::start(&["--listen", "127.0.0.1:0"], &environment);
    let doctor = ask("doctor", address, &environment);
    let network = line_of(&doctor, "network");
    let wanted = format!("listens on {address} only: leave out --bind");
    assert!(
        network.starts_with("problem") && network.contains(&wanted),
        "{network}"
    );
    // Avahi, clock and firewall are the machine's own.
    for (subject, wanted) in [
        ("port", format!("Parlor answers on {address}")),
        ("certificate", "valid for 395 days".to_owned()),
        ("name", "no interface to announce it on".to_owned()),
        ("firewall", "only this machine can connect".to_owned()),
        ("open files", "enough for 4096 connections".to_owned()),
        ("state directory", state.path().display().to_string()),
    ] {
        let line = line_of(&doctor, subject);
        assert!(line.starts_with("ok "), "{line}");
        assert!(line.contains(&wanted), "{wanted} in {line}");
    }
    let fine = doctor.stdout.lines().all(|line| line.starts_with("ok "));
    assert_eq!(doctor.code, i32::from(!fine), "{}", doctor.stdout);
}

#[test]
fn a_server_that_keeps_its_files_elsewhere_is_told() {
    let (theirs, mine) = (private_dir(), private_dir());
    let their = [("STATE_DIRECTORY", theirs.path().to_str().unwrap())];
    let my = [("STATE_DIRECTORY", mine.path().to_str().unwrap())];
    for more in [&[][..], &["--https-only"]] {
        let arguments = [&["--listen", "127.0.0.1:0"], more].concat();
        let command = crate::support::binary::command(&arguments);
        let mut parlor = Parlor::spawn(command, &their);
        let line = parlor.stdout.wait_for("://127.0.0.1:").unwrap();
        let host = line.trim().split_once("://").unwrap().1;
        let address: SocketAddr = host.trim_end_matches('/').parse().unwrap();
        let fingerprint = |shown: &Ended| -> String {
            let (_, authority) = shown.stdout.split_once("Authority").unwrap();
            let line = authority.lines().find(|line| line.contains("SHA-256"));
            line.unwrap().trim_start().to_owned()
        };
        let same = ask("certificate", address, &their);
        assert!(!same.stdout.contains("elsewhere"), "{}", same.stdout);
        // Nothing of one's own: the server's is shown, and nothing is made.
        let shown = ask("certificate", address, &my);
        assert_eq!(shown.code, 0, "{}", shown.stderr);
        assert_eq!(fingerprint(&shown), fingerprint(&same));
        for part in ["--state-dir", &address.to_string()] {
            assert!(shown.stdout.contains(part), "{}", shown.stdout);
        }
        let listen = address.to_string();
        let renewed = run(&["certificate", "--renew", "--listen", &listen], &my);
        assert_eq!((renewed.code, &*renewed.stdout), (1, ""));
        assert!(renewed.stderr.contains("elsewhere"), "{}", renewed.stderr);
        let doctor = ask("doctor", address, &my);
        let said = line_of(&doctor, "authority");
        assert!(
            said.starts_with("ok") && said.contains("/var/lib/parlor"),
            "{said}"
        );
        assert_eq!(std::fs::read_dir(mine.path()).unwrap().count(), 0);
    }
    // One of one's own is shown too, behind the one that devices see.
    let (own, _) = Parlor::start(&["--listen", "127.0.0.1:0"], &my);
    let (_other, address) = Parlor::start(&["--listen", "127.0.0.1:0"], &their);
    drop(own);
    let shown = ask("certificate", address, &my).stdout;
    assert!(
        shown.starts_with("Authority") && shown.contains("\nCertificate\n"),
        "{shown}"
    );
}

#[test]
fn a_name_that_ones_own_certificate_does_not_cover_is_no_problem() {
    // One for loopback alone, taken for somebody's own.
    let state = private_dir();
    let environment = [("STATE_DIRECTORY", state.path().to_str().unwrap())];
    drop(Parlor::start(&["--listen", "127.0.0.1:0"], &environment));
    let own = state.path().join("server.pem");
    let own = own.to_str().unwrap();
    // Open to others, and announced nowhere.
    let settings = |listen| {
        let naming = ["--mdns-interface", "nope0", "--log", "info"];
        [
            &["--listen", listen, "--tls-cert", own, "--tls-key", own],
            &naming[..],
        ]
        .concat()
    };
    let (mut parlor, address) = Parlor::start(&settings("0.0.0.0:0"), &[]);
    let line = parlor.stderr.wait_for("the name is not told").unwrap();
    assert!(line.contains("INFO") && line.contains(".local"), "{line}");
    let listen = format!("0.0.0.0:{}", address.port());
    let doctor = run(&[&["doctor"], &settings(&listen)[..]].concat(), &[]);
    let name = line_of(&doctor, "name");
    assert!(
        name.starts_with("ok ") && name.contains("certificate does not cover it"),
        "{name}"
    );
    let interface = line_of(&doctor, "interface");
    assert!(
        interface.starts_with("problem") && interface.contains("nope0"),
        "{interface}"
    );
}

fn private_dir() -> TempDir {
    let state = TempDir::new();
    std::fs::set_permissions(state.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    state
}

#[test]
fn the_doctor_tells_of_a_problem_by_its_exit_code() {
    let state = TempDir::new();
    std::fs::set_permissions(state.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let environment = [("STATE_DIRECTORY", state.path().to_str().unwrap())];
    let doctor = ask("doctor", taken.local_addr().unwrap(), &environment);
    assert_eq!(doctor.code, 1, "{}", doctor.stdout);
    let port = line_of(&doctor, "port");
    assert!(
        port.starts_with("problem") && port.contains("is in use"),
        "{port}"
    );
    let directory = line_of(&doctor, "state directory");
    assert!(directory.contains("chmod 700"), "{directory}");
    // Nothing is made by looking.
    assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0);
}

fn line_of<'o>(doctor: &'o Ended, subject: &str) -> &'o str {
    let found = doctor.stdout.lines().find(|line| {
        let rest = line
            .split_once(' ')
            .map_or("", |(_, rest)| rest.trim_start());
        rest.starts_with(&format!("{subject} "))
    });
    found.unwrap_or_else(|| panic!("nothing about {subject} in {}", doctor.stdout))
}
