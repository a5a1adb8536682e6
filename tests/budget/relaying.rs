//! What a relayed message allocates once the buffers have grown: nothing, from the WebSocket of one
//! to that of another.

use crate::socketless::Server;
use allocation_counter::measure;
use parlor::chat::Chat;
use parlor::engineio::SessionKey;
use parlor::engineio::session::ConnectionKey;
use parlor::socketio::{Application, Argument, Event, Handshake, Io, SocketKey};
use parlor::stats::Stats;
use std::sync::Arc;
use std::time::Duration;

/// Allocations of a hundred messages, after a hundred others.
fn allocations<A: Application>(
    server: &mut Server<A>,
    from: (SessionKey, ConnectionKey),
    text: &str,
    sent: &str,
) -> u64 {
    for _ in 0..100 {
        server.relay(from, text);
        assert_eq!(String::from_utf8_lossy(&server.sent), sent);
    }
    let measured = measure(|| (0..100).for_each(|_| server.relay(from, text)));
    assert_eq!(measured.bytes_current, 0, "nothing piles up");
    measured.count_total
}

#[test]
fn a_candidate_is_relayed_to_the_peer_without_an_allocation() {
    let stats = Arc::new(Stats::default());
    let mut server = Server::new(
        Chat::new(10, Duration::from_secs(120), Arc::clone(&stats)),
        stats,
    );
    let (one, two) = (server.connect(), server.connect());
    for person in [one, two] {
        server.relay(person, "42[\"join\",\"kitchen\"]");
    }
    let text = "42[\"candidate\",{\"candidate\":\"candidate:1 1 UDP\"},\"kitchen\"]";
    let sent = "42[\"candidate\",{\"candidate\":\"candidate:1 1 UDP\"}]";
    assert_eq!(allocations(&mut server, one, text, sent), 0);
}

/// Everybody else hears what somebody says, or whispers in the room `r`.
struct Shout;

impl Application for Shout {
    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        let first = event.args.get(0);
        let arg = first.as_ref().map(|arg| arg as &dyn Argument);
        let others = io.others(event.socket);
        let to = match event.name {
            "whisper" => others.to("r"),
            _ => others,
        };
        to.emit("said", arg.as_slice()).unwrap();
    }

    fn connect(&mut self, io: &mut Io<'_>, socket: SocketKey, _: &Handshake<'_>) {
        io.join(socket, "r").unwrap();
    }
}

#[test]
fn a_broadcast_is_encoded_and_delivered_without_an_allocation() {
    let mut server = Server::new(Shout, Arc::new(Stats::default()));
    let all = [server.connect(), server.connect(), server.connect()];
    let sent = "42[\"said\",\"hello\"]".repeat(2);
    assert_eq!(
        allocations(&mut server, all[0], "42[\"say\",\"hello\"]", &sent),
        0
    );
}

#[test]
fn a_broadcast_to_rooms_allocates_the_list_of_their_names_and_nothing_else() {
    let mut server = Server::new(Shout, Arc::new(Stats::default()));
    let all = [server.connect(), server.connect(), server.connect()];
    let sent = "42[\"said\",\"hello\"]".repeat(2);
    let text = "42[\"whisper\",\"hello\"]";
    // One for a hundred receivers as for one, and freed at once: not worth a bound on names.
    assert_eq!(allocations(&mut server, all[0], text, &sent), 100);
}
