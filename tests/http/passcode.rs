//! Whose guesses count together: an address's, and behind a proxy a client's.

use std::net::SocketAddr;

use parlor::config::{self, Network};

use crate::support::dir::TempDir;
use crate::support::raw::eventually;
use crate::support::server::Running;
use crate::support::session::{WEBSOCKET, WebSocket};

/// A server that asks for `sesame`, behind a proxy on this machine.
fn start(dir: &TempDir) -> Running {
    let site = config::Site {
        trusted_proxies: vec![Network::parse("127.0.0.1").unwrap()],
        ..Default::default()
    };
    let config = config::Parlor {
        passcode_file: Some(dir.write("passcode", "sesame\n")),
        site,
        max_rooms: 1,
        ..Default::default()
    };
    Running::of(parlor::process::room_server(config).unwrap(), ())
}

/// Somebody behind the proxy presents this.
fn presents(address: SocketAddr, client: &str, passcode: &str) -> WebSocket {
    let line = format!("X-Forwarded-For: {client}");
    let mut socket = WebSocket::open(address, WEBSOCKET, &[&line]);
    assert!(socket.text().starts_with('0'));
    socket.send(&format!("40{{\"passcode\":\"{passcode}\"}}"));
    socket
}

/// `in`, or the code of the refusal.
fn told(address: SocketAddr, client: &str, passcode: &str) -> String {
    let text = presents(address, client, passcode).text();
    let code = text.split_once("\"code\":\"").map(|(_, rest)| rest);
    let code = code.and_then(|rest| rest.split('"').next());
    code.unwrap_or(if text.starts_with("40{") { "in" } else { &text })
        .to_owned()
}

#[test]
fn behind_a_proxy_each_client_guesses_for_itself() {
    let dir = TempDir::new();
    let server = start(&dir);
    let address = server.address;
    let stats = &server.stats;
    let mut waiting = Vec::new();
    // However slow this machine is, some guess is one too many.
    for guesses in 1.. {
        waiting.push(presents(address, "192.168.1.7", "mustard"));
        eventually(|| stats.passcodes_wrong.get() + stats.passcodes_limited.get() == guesses);
        if stats.passcodes_limited.get() > 0 {
            break;
        }
    }
    assert!(waiting.len() > 10);
    assert_eq!(told(address, "192.168.1.8", "mustard"), "passcode");
    assert_eq!(told(address, "192.168.1.8", "sesame"), "in");
}
