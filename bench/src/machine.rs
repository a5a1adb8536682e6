//! The machine that is measured on: its processors, shared out between load and server, its limits,
//! and what is said of it beside the results.

use std::fs;

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::options::Paths;

/// A file for each idle client, here and in the server, which inherits the limit, and some more.
const FILES: u64 = 8192;

/// Raises the soft limit of open files as far as is needed.
pub(crate) fn raise_file_limit() -> Result<()> {
    let limits = getrlimit(Resource::Nofile);
    if limits.current.is_some_and(|current| current < FILES) {
        ensure!(
            limits.maximum.is_none_or(|maximum| maximum >= FILES),
            "{FILES} open files are needed: ulimit -n {FILES}, as root"
        );
        let wanted = Rlimit {
            current: Some(FILES),
            maximum: limits.maximum,
        };
        setrlimit(Resource::Nofile, wanted).context("the limit of open files")?;
    }
    Ok(())
}

/// Where there are two processors, the last is the server's and the first is this process's.
pub(crate) fn share_processors(paths: &mut Paths) -> Result<()> {
    let allowed = sched_getaffinity(None)?;
    let numbers: Vec<usize> = (0..CpuSet::MAX_CPU)
        .filter(|&cpu| allowed.is_set(cpu))
        .collect();
    let [first, .., last] = *numbers.as_slice() else {
        return Ok(());
    };
    let mut own = CpuSet::new();
    own.set(first);
    sched_setaffinity(None, &own)?;
    paths.server_processors = Some(last.to_string());
    paths.all_processors = format!("{first},{last}");
    Ok(())
}

/// Processor, number of them, and kernel.
pub(crate) fn facts() -> Vec<(String, String)> {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model(&processors).unwrap_or("unknown");
    let count = std::thread::available_parallelism();
    let cores = processors
        .lines()
        .filter(|line| line.starts_with("processor"));
    let cores = cores.count().max(count.map_or(1, usize::from));
    let system = rustix::system::uname();
    let kernel = system.release().to_string_lossy();
    [
        ("processor", format!("{model}, {cores} of them")),
        ("kernel", format!("Linux {kernel}")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// The processor's name in `/proc/cpuinfo`; ARM has none there.
fn model(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| {
        line.starts_with("model name") || line.starts_with("Model") || line.starts_with("CPU part")
    })?;
    Some(line.split_once(':')?.1.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_named() {
        let text = "processor\t: 0\nmodel name\t: A Processor (R)\nmodel\t: 7\n";
        assert_eq!(model(text), Some("A Processor (R)"));
        assert_eq!(model("processor\t: 0\nCPU part\t: 0xd08\n"), Some("0xd08"));
        assert_eq!(model(""), None);
    }
}
