//! Connecting, and whole calls from the first connection to the last word.

use anyhow::Result;

use super::messages::{self, Numbered};
use super::{Bench, Samples};
use crate::load::Load;
use crate::load::client::Transport;
use crate::rows::Row;
use crate::server::{Server, Settings};

/// Candidates that each side sends in a call.
const CANDIDATES: usize = 10;

/// Clients that connect and join the namespace, over each transport.
pub(crate) fn connect(bench: &Bench<'_>, server: Server) -> Result<Samples> {
    let mut samples = Vec::new();
    for (row, transport) in [
        (Row::Connect, Transport::WebSocket),
        (Row::ConnectPolling, Transport::Polling),
        (Row::ConnectUpgrade, Transport::Upgrade),
        (Row::ConnectSecure, Transport::Secure),
    ] {
        if !has(server, transport) {
            continue;
        }
        let running = bench.start(server, &Settings::default())?;
        let mut load = Load::new(running.address)?;
        let connects = bench.sizes.connects;
        load.connect(connects / 10, transport)?;
        load.leave_all();
        let before = running.usage()?;
        load.connect(connects, transport)?;
        let used = running.usage()?.microseconds_since(&before);
        samples.push((row, used / connects as f64));
    }
    Ok(samples)
}

/// Whole calls, one after another: two connects, the seats, an offer and its answer, ten candidates
/// of each side, and the leave.
pub(crate) fn run(bench: &Bench<'_>, server: Server) -> Result<Samples> {
    let mut samples = Vec::new();
    for (row, transport) in [
        (Row::Call, Transport::WebSocket),
        (Row::CallUpgrade, Transport::Upgrade),
    ] {
        if !has(server, transport) {
            continue;
        }
        let running = bench.start(server, &Settings::default())?;
        let mut load = Load::new(running.address)?;
        let calls = bench.sizes.calls;
        for number in 0..calls / 10 + 1 {
            call(&mut load, server, transport, calls + number)?;
        }
        let before = running.usage()?;
        for number in 0..calls {
            call(&mut load, server, transport, number)?;
        }
        let used = running.usage()?.microseconds_since(&before);
        samples.push((row, used / calls as f64));
    }
    Ok(samples)
}

fn has(server: Server, transport: Transport) -> bool {
    match transport {
        Transport::WebSocket => true,
        Transport::Polling | Transport::Upgrade => server.speaks_http(),
        Transport::Secure => server.is_parlor(),
    }
}

fn call(load: &mut Load, server: Server, transport: Transport, number: usize) -> Result<()> {
    let room = messages::room(number);
    let join = messages::event("join", &room);
    let ana = load.connect_one(transport)?;
    load.send(ana, &join)?;
    load.expect(ana, b"42[\"created\"]")?;
    let ben = load.connect_one(transport)?;
    load.send(ben, &join)?;
    load.expect(ben, b"42[\"joined\"]")?;

    load.send(ben, &messages::event("ready", &room))?;
    load.expect(ana, &messages::relayed(server, "ready", &room))?;
    let mut offer = Numbered::offer(server, &room);
    load.send(ana, offer.sent(number))?;
    load.expect(ben, offer.expected(number))?;
    let mut answer = Numbered::answer(server, &room);
    load.send(ben, answer.sent(number))?;
    load.expect(ana, answer.expected(number))?;
    let mut candidate = Numbered::candidate(server, &room);
    for (sender, receiver) in [(ana, ben), (ben, ana)] {
        for number in 0..CANDIDATES {
            load.send(sender, candidate.sent(number))?;
        }
        for number in 0..CANDIDATES {
            load.expect(receiver, candidate.expected(number))?;
        }
    }
    load.send(ben, &messages::event("leave", &room))?;
    load.expect(ana, &messages::relayed(server, "leave", &room))?;
    load.leave(ana);
    load.leave(ben);
    Ok(())
}
