//! How a call is counted and timed.

use std::env;
use std::hint::black_box;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Benchmark;

/// Calls of the shorter run under callgrind; one with twice as many follows.
const CALLS: u64 = 1000;
/// Batches that are timed, of which the median counts.
const BATCHES: usize = 9;

/// Prints a row for each.
pub(crate) fn table<'a>(benchmarks: impl Iterator<Item = &'a Benchmark>) {
    println!(
        "{:<44} {:>6} {:>14} {:>11} {:>9}",
        "call", "bytes", "instructions", "for a byte", "ns"
    );
    for one in benchmarks {
        let (bytes, mut call) = (one.prepare)();
        let nanoseconds = time(&mut call);
        let (count, each) = match instructions(one.name) {
            Some(count) => (
                format!("{count:.0}"),
                format!("{:.2}", count / bytes as f64),
            ),
            None => ("no valgrind".to_owned(), "-".to_owned()),
        };
        println!(
            "{:<44} {bytes:>6} {count:>14} {each:>11} {nanoseconds:>9.0}",
            one.name
        );
    }
}

/// User instructions of one call, unless there is no valgrind.
fn instructions(name: &str) -> Option<f64> {
    let [once, twice] = [CALLS, 2 * CALLS].map(|calls| collected(name, calls));
    Some((twice? - once?) as f64 / CALLS as f64)
}

/// User instructions of a run with so many calls.
fn collected(name: &str, calls: u64) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().unwrap())
        .args(["--calls", &calls.to_string(), name])
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {report}");
    let line = report
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let (_, count) = line.unwrap_or_else(|| panic!("no count: {report}"));
    Some(count.trim().parse().unwrap())
}

/// Nanoseconds of one call.
fn time(call: &mut dyn FnMut()) -> f64 {
    let mut batches: Vec<f64> = (0..BATCHES)
        .map(|_| {
            let start = Instant::now();
            (0..CALLS).for_each(|_| black_box(&mut *call)());
            start.elapsed().as_nanos() as f64 / CALLS as f64
        })
        .collect();
    batches.sort_unstable_by(f64::total_cmp);
    batches[BATCHES / 2]
}
