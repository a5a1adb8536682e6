//! What a relayed message costs: rooms of two, in each of which one side sends and the other
//! receives, with so many messages under way. Each is checked where it arrives: order and bytes.

use std::path::Path;
use std::{fs, io};

use anyhow::{Context, Result, ensure};

use super::messages::{self, Numbered};
use super::{Bench, Samples};
use crate::load::Load;
use crate::load::client::Transport;
use crate::rows::Row;
use crate::server::{Running, Server, Settings};

/// Rooms with somebody in them.
struct Rooms {
    rooms: Vec<Room>,
    /// The room of a receiver, by its number as a client.
    of_receiver: Vec<Option<usize>>,
}

struct Room {
    sender: usize,
    message: Numbered,
    sent: usize,
    received: usize,
}

/// All that one server does with candidates and offers, one process for each number of rooms.
pub(crate) fn run(bench: &Bench<'_>, server: Server) -> Result<Samples> {
    let messages = bench.sizes.messages;
    let mut samples = Vec::new();
    for (rooms, rows) in [
        (1, [Row::Relay1, Row::Relay1Burst]),
        (50, [Row::Relay50, Row::Relay50Burst]),
    ] {
        let running = bench.start(server, &Settings::default())?;
        let mut load = Load::new(running.address)?;
        let mut seated = Rooms::seat(&mut load, rooms, |room| Numbered::candidate(server, room))?;
        seated.relay(&mut load, messages / 5, 8)?;
        for (row, window) in rows.into_iter().zip([1, 8]) {
            samples.push((row, seated.measure(&running, &mut load, messages, window)?));
        }
        if rooms > 1 {
            for room in &mut seated.rooms {
                let name = messages::room(room.sender / 2);
                room.message = Numbered::offer(server, &name);
            }
            seated.relay(&mut load, messages / 20, 1)?;
            let cost = seated.measure(&running, &mut load, messages / 4, 1)?;
            samples.push((Row::Offer, cost));
        }
    }
    Ok(samples)
}

/// The same with two threads.
pub(crate) fn workers(bench: &Bench<'_>, server: Server) -> Result<Samples> {
    let settings = Settings {
        workers: 2,
        ..Settings::default()
    };
    let running = bench.start(server, &settings)?;
    let mut load = Load::new(running.address)?;
    let mut seated = Rooms::seat(&mut load, 50, |room| Numbered::candidate(server, room))?;
    seated.relay(&mut load, bench.sizes.messages / 5, 1)?;
    let cost = seated.measure(&running, &mut load, bench.sizes.messages, 1)?;
    Ok(vec![(Row::RelayWorkers, cost)])
}

/// Runs of which the least counts: what a server does besides, now and then, only adds to it.
const RUNS: usize = 3;

/// User instructions per candidate in one room, window 1: those of a run with twice as many
/// messages less those of another one.
pub(crate) fn instructions(bench: &Bench<'_>, server: Server) -> Result<Samples> {
    let messages = bench.sizes.counted;
    let (mut once, mut twice) = (u64::MAX, u64::MAX);
    for _ in 0..RUNS {
        once = once.min(count(bench, server, messages)?);
        twice = twice.min(count(bench, server, messages * 2)?);
    }
    let each = twice.saturating_sub(once) as f64 / messages as f64;
    Ok(vec![(Row::Instructions, each)])
}

fn count(bench: &Bench<'_>, server: Server, messages: usize) -> Result<u64> {
    let file = bench.paths.state.join("callgrind.out");
    match fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let settings = Settings {
        callgrind: Some(file.clone()),
        ..Settings::default()
    };
    let running = bench.start(server, &settings)?;
    let mut load = Load::new(running.address)?;
    let mut seated = Rooms::seat(&mut load, 1, |room| Numbered::candidate(server, room))?;
    seated.relay(&mut load, messages, 1)?;
    running.stop()?;
    totals(&file)
}

/// The instructions in a file of callgrind's.
fn totals(file: &Path) -> Result<u64> {
    let text = fs::read_to_string(file).context("callgrind wrote no file")?;
    parse_totals(&text).context("callgrind wrote no totals")
}

fn parse_totals(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("totals:"))?;
    line.trim().parse().ok()
}

impl Rooms {
    /// Connects and seats two clients for each room.
    fn seat(load: &mut Load, rooms: usize, message: impl Fn(&str) -> Numbered) -> Result<Self> {
        let clients = load.connect(rooms * 2, Transport::WebSocket)?;
        let mut of_receiver = vec![None; clients.len()];
        let mut seated = Vec::with_capacity(rooms);
        for number in 0..rooms {
            let name = messages::room(number);
            let (sender, receiver) = (number * 2, number * 2 + 1);
            for (client, answer) in [(sender, "created"), (receiver, "joined")] {
                load.send(client, &messages::event("join", &name))?;
                load.expect(client, format!("42[\"{answer}\"]").as_bytes())?;
            }
            if let Some(place) = of_receiver.get_mut(receiver) {
                *place = Some(number);
            }
            seated.push(Room {
                sender,
                message: message(&name),
                sent: 0,
                received: 0,
            });
        }
        Ok(Self {
            rooms: seated,
            of_receiver,
        })
    }

    /// Microseconds of the server's for each of so many messages.
    fn measure(
        &mut self,
        running: &Running,
        load: &mut Load,
        messages: usize,
        window: usize,
    ) -> Result<f64> {
        let before = running.usage()?;
        let relayed = self.relay(load, messages, window)?;
        Ok(running.usage()?.microseconds_since(&before) / relayed as f64)
    }

    /// Relays so many messages, as many in each room, and gives how many that were.
    fn relay(&mut self, load: &mut Load, messages: usize, window: usize) -> Result<usize> {
        let each = (messages / self.rooms.len()).max(1);
        let all = each * self.rooms.len();
        for room in &mut self.rooms {
            (room.sent, room.received) = (0, 0);
            for _ in 0..window.min(each) {
                room.send(load)?;
            }
        }
        let mut received = 0;
        while received < all {
            load.turn_or_fail()?;
            while let Some((client, message)) = load.next() {
                let number = self.of_receiver.get(client).copied().flatten();
                let room = number.and_then(|number| self.rooms.get_mut(number));
                let room = room.context("a message for somebody who only sends")?;
                let expected = room.message.expected(room.received);
                ensure!(
                    message == expected,
                    "message {} of a room arrived as {}",
                    room.received,
                    message.escape_ascii()
                );
                room.received += 1;
                received += 1;
                if room.sent < each {
                    room.send(load)?;
                }
            }
        }
        Ok(all)
    }
}

impl Room {
    fn send(&mut self, load: &mut Load) -> Result<()> {
        load.send(self.sender, self.message.sent(self.sent))?;
        self.sent += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_totals_of_callgrind_count() {
        let text = "version: 1\nevents: Ir\ntotals: 1\n\ntotals: 123456\n";
        assert_eq!(parse_totals(text), Some(123_456));
        assert_eq!(parse_totals("events: Ir\n"), None);
    }
}
