//! Micro benchmarks: what one call costs on the path of a message, counted in instructions.
//!
//! ```text
//! cargo bench                  all of them: instructions, and time as a hint
//! cargo bench -- json          those whose name has this in it
//! ```
//!
//! Instructions are user instructions by callgrind, the same for the same binary whatever else the
//! machine does; a call costs the difference between 2 N and N calls, divided by N. Without
//! valgrind there are only times, which are worth little on a machine that does other things.
//! `cargo test` runs each once, so that they stay right.
//!
//! Rows that begin with `peer` are what others take for the same work.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark may fail loudly, and prints"
)]

mod calls;
mod count;
#[path = "../../tests/support/socketless.rs"]
mod socketless;

use std::env;

/// One thing to measure: it is made ready once, and called many times.
struct Benchmark {
    name: &'static str,
    prepare: fn() -> Ready,
}

/// The bytes that a call works on, and the call, which fails if it gives something else than it
/// must.
type Ready = (usize, Box<dyn FnMut()>);

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let all = calls::all();
    match words.as_slice() {
        // This very program, as callgrind runs it.
        ["--calls", count, name] => {
            let one = all.iter().find(|one| one.name == *name).unwrap();
            let (_, mut call) = (one.prepare)();
            (0..count.parse::<u64>().unwrap()).for_each(|_| call());
        }
        words if words.contains(&"--bench") => {
            let wanted: Vec<&str> = words
                .iter()
                .copied()
                .filter(|word| !word.starts_with("--"))
                .collect();
            let chosen = all.iter().filter(|one| {
                wanted.is_empty() || wanted.iter().any(|word| one.name.contains(word))
            });
            count::table(chosen);
        }
        // `cargo test`, or by hand: once each.
        _ => all.iter().for_each(|one| {
            let (_, mut call) = (one.prepare)();
            call();
        }),
    }
}
