//! What Linux tells of another process: memory, processor time, files, wake-ups (proc(5)).
//!
//! Processor time is that of `schedstat`, in nanoseconds; `stat` counts in hundredths of a second.
//! It includes the kernel's part of system calls, but not what the kernel does on its own, such as
//! the delivery of packets between two loopback sockets in the sender's name.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context, Result};

/// Memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Pages in memory, those that are shared with others (the program's text) included.
    pub(crate) resident: u64,
    /// Pages that it has alone: unique set size.
    pub(crate) own: u64,
}

impl Memory {
    pub(crate) fn of(process: u32) -> Result<Self> {
        Self::parse(&read(process, "smaps_rollup")?)
    }

    fn parse(text: &str) -> Result<Self> {
        let bytes = |name: &str| -> Result<u64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
            let number = number.with_context(|| format!("no {name} in smaps_rollup"))?;
            Ok(number.parse::<u64>()? * 1024)
        };
        Ok(Self {
            resident: bytes("Rss:")?,
            own: bytes("Private_Clean:")? + bytes("Private_Dirty:")?,
        })
    }
}

/// What the threads of a process have used so far, by thread.
#[derive(Debug, Default)]
pub(crate) struct Usage(HashMap<u32, Thread>);

#[derive(Debug, Default, Clone, Copy)]
struct Thread {
    nanoseconds: u64,
    wake_ups: u64,
}

impl Usage {
    pub(crate) fn of(process: u32) -> Result<Self> {
        let mut threads = HashMap::new();
        for entry in fs::read_dir(format!("/proc/{process}/task"))? {
            let name = entry?.file_name();
            let Some(thread) = name.to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let file =
                |what: &str| fs::read_to_string(format!("/proc/{process}/task/{thread}/{what}"));
            // One that has just ended has no files any more.
            if let (Ok(times), Ok(status)) = (file("schedstat"), file("status")) {
                let thread_usage = Thread {
                    nanoseconds: run_time(&times)?,
                    wake_ups: voluntary_switches(&status)?,
                };
                threads.insert(thread, thread_usage);
            }
        }
        Ok(Self(threads))
    }

    /// Microseconds on a processor since `before`, of the threads that are still there.
    pub(crate) fn microseconds_since(&self, before: &Self) -> f64 {
        self.since(before, |thread| thread.nanoseconds) / 1000.0
    }

    /// How often a thread went to sleep since `before`, and so was woken.
    pub(crate) fn wake_ups_since(&self, before: &Self) -> f64 {
        self.since(before, |thread| thread.wake_ups)
    }

    fn since(&self, before: &Self, of: impl Fn(&Thread) -> u64) -> f64 {
        let gone_by = |id: &u32| before.0.get(id).map_or(0, &of);
        let all = self.0.iter();
        all.map(|(id, thread)| of(thread).saturating_sub(gone_by(id)) as f64)
            .sum()
    }
}

/// The first number of a `schedstat`: nanoseconds on a processor.
fn run_time(schedstat: &str) -> Result<u64> {
    let first = schedstat.split_whitespace().next();
    Ok(first.context("an empty schedstat")?.parse()?)
}

fn voluntary_switches(status: &str) -> Result<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    Ok(line.context("no switches in a status")?.trim().parse()?)
}

/// How many files the process has open.
pub(crate) fn open_files(process: u32) -> Result<usize> {
    Ok(fs::read_dir(format!("/proc/{process}/fd"))?.count())
}

fn read(process: u32, what: &str) -> Result<String> {
    let path = format!("/proc/{process}/{what}");
    fs::read_to_string(&path).context(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLLUP: &str = "55d4c0000000-7ffc15d9f000 ---p 00000000 00:00 0    [rollup]\n\
        Rss:                4100 kB\nPss:                2000 kB\nShared_Clean:       1000 kB\n\
        Private_Clean:      1100 kB\nPrivate_Dirty:      2000 kB\n";

    #[test]
    fn own_memory_is_both_kinds_of_private_pages() {
        let memory = Memory::parse(ROLLUP).unwrap();
        assert_eq!(memory.own, 3100 * 1024);
        assert_eq!(memory.resident, 4100 * 1024);
    }

    #[test]
    fn a_rollup_without_private_pages_is_an_error() {
        assert!(Memory::parse("Rss: 4 kB\nPrivate_Clean: 4 kB\n").is_err());
        assert!(Memory::parse("Rss: 4\nPrivate_Clean: 4 kB\nPrivate_Dirty: 4 kB\n").is_err());
    }

    #[test]
    fn the_first_number_of_schedstat_counts() {
        assert_eq!(run_time("123456 99 7\n").unwrap(), 123_456);
        assert!(run_time("\n").is_err());
    }

    #[test]
    fn only_voluntary_switches_are_wake_ups() {
        let status = "Name:\tx\nvoluntary_ctxt_switches:\t17\nnonvoluntary_ctxt_switches:\t4\n";
        assert_eq!(voluntary_switches(status).unwrap(), 17);
    }

    #[test]
    fn a_thread_that_came_counts_whole_and_one_that_went_not_at_all() {
        let thread = |nanoseconds| Thread {
            nanoseconds,
            wake_ups: 0,
        };
        let before = Usage(HashMap::from([(1, thread(1000)), (2, thread(9000))]));
        let after = Usage(HashMap::from([(1, thread(4000)), (3, thread(2000))]));
        assert!((after.microseconds_since(&before) - 5.0).abs() < 1e-9);
    }

    #[test]
    fn this_process_has_memory_and_files() {
        let id = std::process::id();
        assert!(Memory::of(id).unwrap().own > 0);
        assert!(open_files(id).unwrap() > 0);
        assert!(!Usage::of(id).unwrap().0.is_empty());
    }
}
