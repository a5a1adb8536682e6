//! The start, a file, and how often a server wakes.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::{Bench, Samples};
use crate::load::Load;
use crate::load::client::Transport;
use crate::load::http::{Blocking, get};
use crate::rows::Row;
use crate::server::{Server, Settings};

/// Starts of one round.
const STARTS: usize = 5;
/// Clients whose wake-ups are counted. Their pings are spread over the interval, which is the
/// dearest: those that are due together cost one wake-up.
const CLIENTS: usize = 100;
/// Ping intervals in which they are counted.
const INTERVALS: u32 = 3;
/// What a server does after its start or a change is done by then.
const SETTLED: Duration = Duration::from_millis(500);

/// Memory after the start, and the time to the first answer. Keys are made before.
pub(crate) fn start(bench: &Bench<'_>, server: Server) -> Result<Samples> {
    let mut samples = Vec::new();
    drop(bench.start(server, &Settings::default())?);
    for number in 0..STARTS {
        let running = bench.start(server, &Settings::default())?;
        let time = running.first_answer.as_secs_f64() * 1000.0;
        samples.push((Row::FirstAnswer, time));
        if number == 0 {
            std::thread::sleep(SETTLED);
            let memory = running.memory()?;
            samples.push((Row::Resident, memory.resident as f64 / 1e6));
            samples.push((Row::Own, memory.own as f64 / 1e6));
        }
    }
    let binary = match server {
        Server::Parlor => Some(&bench.paths.parlor),
        Server::Other => bench.paths.other.as_ref(),
        _ => None,
    };
    if let Some(binary) = binary {
        samples.push((Row::BinarySize, binary.metadata()?.len() as f64 / 1e6));
    }
    Ok(samples)
}

/// A script of the page, over a connection that is kept.
pub(crate) fn file(bench: &Bench<'_>, server: Server) -> Result<Samples> {
    let running = bench.start(server, &Settings::default())?;
    let mut connection = Blocking::connect(running.address)?;
    let request = get(running.address, "/chat.js");
    let mut ask = |times: usize| -> Result<()> {
        for _ in 0..times {
            let answer = connection.ask(&request)?;
            ensure!(answer.status == 200, "status {}", answer.status);
            ensure!(!answer.body.is_empty(), "an empty file");
        }
        Ok(())
    };
    let requests = bench.sizes.requests;
    ask(requests / 10)?;
    let before = running.usage()?;
    ask(requests)?;
    let used = running.usage()?.microseconds_since(&before);
    Ok(vec![(Row::Static, used / requests as f64)])
}

/// Wake-ups of all threads: without clients, and for each answered ping of idle ones beyond that.
pub(crate) fn wake_ups(bench: &Bench<'_>, server: Server) -> Result<Samples> {
    let interval = Duration::from_secs(2);
    let settings = Settings {
        ping_interval: interval,
        ..Settings::default()
    };
    let running = bench.start(server, &settings)?;
    std::thread::sleep(SETTLED);
    let before = running.usage()?;
    std::thread::sleep(bench.sizes.quiet);
    let quiet = running.usage()?.wake_ups_since(&before) / bench.sizes.quiet.as_secs_f64();

    let mut load = Load::new(running.address)?;
    for _ in 0..CLIENTS {
        load.connect(1, Transport::WebSocket)?;
        load.stay(interval / CLIENTS as u32)?;
    }
    let (before, pings) = (running.usage()?, load.pings());
    load.stay(interval * INTERVALS)?;
    let woken = running.usage()?.wake_ups_since(&before);
    let pings = load.pings() - pings;
    ensure!(pings > 0, "nobody was pinged");
    let beyond = woken - quiet * (interval * INTERVALS).as_secs_f64();
    Ok(vec![
        (Row::WakeQuiet, quiet),
        (Row::WakeClient, beyond / pings as f64),
    ])
}
