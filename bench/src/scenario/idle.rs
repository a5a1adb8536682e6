//! Memory: of clients that stay and say nothing but their pongs, and of those that have left.
//!
//! It is the server's own (unique set size): what the kernel holds for its sockets is not in it,
//! nor is what it shares with other processes.

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use super::{Bench, Samples};
use crate::load::Load;
use crate::load::client::Transport;
use crate::load::http::{self, Blocking};
use crate::process::open_files;
use crate::rows::Row;
use crate::server::{Running, Server, Settings};

/// A server forgets clients that have left within this.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a server is asked whether it has.
const PAUSE: Duration = Duration::from_millis(50);
const MEGABYTE: f64 = 1e6;

/// All kinds of idle clients, one process for each.
pub(crate) fn run(bench: &Bench<'_>, server: Server) -> Result<Samples> {
    let [first, slope] = web_sockets(bench, server)?;
    let mut samples = vec![(Row::IdleWebSocket, first), (Row::IdleSlope, slope)];
    if server.speaks_http() {
        let bytes = per_client(bench, server, Transport::Polling)?;
        samples.push((Row::IdlePolling, bytes));
    }
    if server.is_parlor() {
        let bytes = per_client(bench, server, Transport::Secure)?;
        samples.push((Row::IdleSecure, bytes));
    }
    Ok(samples)
}

/// Bytes per idle WebSocket client, and from so many to twice as many.
pub(crate) fn web_sockets(bench: &Bench<'_>, server: Server) -> Result<[f64; 2]> {
    let clients = bench.sizes.idle;
    let (running, mut load) = pinging(bench, server)?;
    let before = running.memory()?.own;
    load.connect(clients, Transport::WebSocket)?;
    load.answer_pings(2)?;
    let half = running.memory()?.own;
    load.connect(clients, Transport::WebSocket)?;
    load.answer_pings(2)?;
    let all = running.memory()?.own;
    Ok([each(before, half, clients), each(half, all, clients)])
}

fn per_client(bench: &Bench<'_>, server: Server, transport: Transport) -> Result<f64> {
    let (running, mut load) = pinging(bench, server)?;
    let before = running.memory()?.own;
    load.connect(bench.sizes.idle, transport)?;
    load.answer_pings(2)?;
    Ok(each(before, running.memory()?.own, bench.sizes.idle))
}

/// Clients that come and leave, several times.
pub(crate) fn cycles(bench: &Bench<'_>, server: Server) -> Result<Samples> {
    let (running, mut load) = pinging(bench, server)?;
    let start = running.memory()?.own;
    let files = open_files(running.id())?;
    let mut after = Vec::new();
    for _ in 0..bench.sizes.cycles {
        load.connect(bench.sizes.idle, Transport::WebSocket)?;
        load.answer_pings(1)?;
        load.leave_all();
        forgotten(&running, files)?;
        after.push(running.memory()?.own);
    }
    let above = |memory: u64| (memory as f64 - start as f64) / MEGABYTE;
    let [first, .., before_last, last] = *after.as_slice() else {
        bail!("at least three cycles");
    };
    Ok(vec![
        (Row::Cycle1, above(first)),
        (Row::CycleLast, above(last)),
        (Row::CycleGrowth, above(last) - above(before_last)),
    ])
}

/// Clients that give up on every step of their way: a connection without a word, half a request, a
/// session that is never polled, one whose upgrade ends after the 101, and one that ends after its
/// probe.
pub(crate) fn churn(bench: &Bench<'_>, server: Server) -> Result<Samples> {
    // Short, as sessions that nobody polls live until they have missed a ping.
    let settings = Settings {
        ping_interval: Duration::from_secs(1),
        ping_timeout: Duration::from_secs(1),
        ..Settings::default()
    };
    let running = bench.start(server, &settings)?;
    give_up(&running, 20)?;
    std::thread::sleep(settings.ping_interval + settings.ping_timeout + PAUSE);
    let start = running.memory()?.own;
    let files = open_files(running.id())?;
    let mut after = Vec::new();
    for _ in 0..3 {
        give_up(&running, bench.sizes.churn)?;
        std::thread::sleep(settings.ping_interval + settings.ping_timeout + PAUSE);
        forgotten(&running, files)?;
        after.push(running.memory()?.own as f64);
    }
    let left = open_files(running.id())?.saturating_sub(files);
    let [_, before_last, last] = *after.as_slice() else {
        bail!("three times");
    };
    Ok(vec![
        (Row::ChurnMemory, (last - start as f64) / MEGABYTE),
        (Row::ChurnGrowth, (last - before_last) / MEGABYTE),
        (Row::ChurnFiles, left as f64),
    ])
}

fn give_up(running: &Running, times: usize) -> Result<()> {
    let host = running.address;
    let upgrade = http::upgrade(host, None);
    let half = upgrade.split_at(upgrade.len() / 2).0;
    for _ in 0..times {
        Blocking::connect(host)?;
        Blocking::connect(host)?.send(half.as_bytes())?;
        Blocking::connect(host)?.handshake()?;
        for probe in [b"".as_slice(), &http::PROBE] {
            let mut polling = Blocking::connect(host)?;
            let sid = polling.handshake()?;
            let mut socket = Blocking::connect(host)?;
            socket.upgrade(Some(&sid))?;
            socket.send(probe)?;
        }
    }
    Ok(())
}

/// A server that pings often, and its clients.
fn pinging(bench: &Bench<'_>, server: Server) -> Result<(Running, Load)> {
    let settings = Settings {
        ping_interval: bench.sizes.ping_interval,
        ..Settings::default()
    };
    let running = bench.start(server, &settings)?;
    let mut load = Load::new(running.address)?;
    // What is made once, at the first client, is not of any client.
    load.connect(1, Transport::WebSocket)?;
    load.leave_all();
    std::thread::sleep(PAUSE);
    Ok((running, load))
}

/// Waits until a server has no more files open than these.
fn forgotten(running: &Running, files: usize) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    loop {
        let open = open_files(running.id())?;
        if open <= files {
            std::thread::sleep(PAUSE);
            return Ok(());
        }
        ensure!(
            Instant::now() < until,
            "{open} files are open after all clients have left, {files} before they came"
        );
        std::thread::sleep(PAUSE);
    }
}

fn each(before: u64, after: u64, clients: usize) -> f64 {
    (after as f64 - before as f64) / clients as f64
}
