//! `/metrics`: the server's numbers for whoever watches it, as Prometheus reads them.
//!
//! It stands behind `site`. The format is Prometheus' text exposition, version 0.0.4: for each metric a
//! line with `# HELP`, one with `# TYPE`, and one with name and value (a histogram has one for each of its
//! ranges); names in lower case with their unit, counters ending in `_total`. All [`Stats`] are in it as
//! `parlor_...`, METRICS.md lists them; and beside them
//!
//! | metric | from |
//! |---|---|
//! | `parlor_build_info` | the version |
//! | `process_start_time_seconds` | the clock at the start |
//! | `process_resident_memory_bytes` | `VmRSS` in `/proc/self/status` (proc(5)) |
//! | `process_open_fds`, `process_max_fds` | `/proc/self/fd`; getrlimit(2) |
//!
//! They are told to this machine itself and to the addresses of `--metrics-allow`; everybody else gets 403.
//! Behind a trusted proxy it is the client's address that counts. A request that a proxy may have handed
//! on is not from this machine, whatever address it seems to come from: one of a trusted proxy's own,
//! one with a field that proxies add ([`FORWARDED`]), or one that asks for another host than a
//! loopback address or `localhost`. So a proxy or a forwarded port beside the server does not open this to
//! all. It does to a client that names such a host on purpose where neither adds a field.
//!
//! Invariants: there is no address, id or name of a room in it; a number that the system does not
//! tell is left out. Left out: other formats, labels by client.

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use hyper::header::{self, HeaderName};
use hyper::{HeaderMap, Response, StatusCode};

use crate::config::{self, Network};
use crate::http::Body;
use crate::http::answer;
use crate::http::host::{Host, Place};
use crate::stats::{Stats, Times, Value};
use crate::transport::Peer;

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Fields of requests that a proxy has handed on (RFC 7239, RFC 9110 section 7.6.3, and usage).
const FORWARDED: [HeaderName; 4] = [
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-real-ip"),
    header::FORWARDED,
    header::VIA,
];

const FORBIDDEN: &str = "Metrics are for this machine itself and for the addresses that are named to \
    --metrics-allow. Behind a reverse proxy its own address has to be named, too.\n";

/// What is told, and to whom.
#[derive(Debug)]
pub(super) struct Metrics {
    stats: Arc<Stats>,
    started: SystemTime,
    allowed: Vec<Network>,
    proxies: Vec<Network>,
}

impl Metrics {
    /// Numbers of a server that starts now. Without the feature `metrics` there are none.
    pub(super) fn new(settings: &config::Site, stats: Arc<Stats>) -> Option<Self> {
        Some(Self {
            stats,
            started: SystemTime::now(),
            allowed: settings.metrics_allowed.clone(),
            proxies: settings.trusted_proxies.clone(),
        })
    }

    /// The answer to this peer.
    pub(super) fn respond(&self, peer: Peer, headers: &HeaderMap) -> Response<Body> {
        if self.may_read(peer, headers) {
            return answer::own(CONTENT_TYPE, self.text().into());
        }
        self.stats.requests_refused.add();
        let address = peer.address;
        tracing::debug!("metrics were refused (--metrics-allow {address} would tell them)");
        let text = Bytes::from_static(FORBIDDEN.as_bytes());
        let mut response = answer::own("text/plain; charset=utf-8", text);
        *response.status_mut() = StatusCode::FORBIDDEN;
        response
    }

    fn may_read(&self, peer: Peer, headers: &HeaderMap) -> bool {
        let is_in = |networks: &[Network]| networks.iter().any(|one| one.contains(peer.address));
        let forwarded = || {
            let has = |field| headers.contains_key(field);
            is_in(&self.proxies) || FORWARDED.iter().any(has)
        };
        is_in(&self.allowed)
            || (peer.address.is_loopback() && asks_this_machine(headers) && !forwarded())
    }

    fn text(&self) -> String {
        let mut text = String::with_capacity(12 * 1024);
        for stat in self.stats.all() {
            let name = stat.name;
            match stat.value {
                Value::Counter(count) => counter(&mut text, name, stat.about, count),
                Value::Gauge(value) => {
                    let name = format!("parlor_{name}");
                    gauge(&mut text, &name, stat.about, &value.to_string());
                }
                Value::Histogram(times) => histogram(&mut text, name, stat.about, &times),
            }
        }
        describe(
            &mut text,
            "parlor_build_info",
            "The version, as a label.",
            "gauge",
        );
        let version = env!("CARGO_PKG_VERSION");
        let _ = writeln!(text, "parlor_build_info{{version=\"{version}\"}} 1");
        self.process(&mut text);
        text
    }

    /// What every process has, by the names that Prometheus' own libraries give it.
    fn process(&self, text: &mut String) {
        let started = self.started.duration_since(SystemTime::UNIX_EPOCH);
        let seconds = started.unwrap_or_default().as_secs();
        let numbers = [
            (
                "process_start_time_seconds",
                "Start of the process, in seconds since 1970.",
                Some(seconds),
            ),
            (
                "process_resident_memory_bytes",
                "Memory that the process has in RAM.",
                resident_bytes(),
            ),
            ("process_open_fds", "Open files and sockets.", open_files()),
            (
                "process_max_fds",
                "Files and sockets that may be open.",
                rustix::process::getrlimit(rustix::process::Resource::Nofile).current,
            ),
        ];
        for (name, about, value) in numbers {
            if let Some(value) = value {
                gauge(text, name, about, &value.to_string());
            }
        }
    }
}

/// Whether a request is for a host that is the client's own machine.
fn asks_this_machine(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    match host.and_then(Place::parse).map(|place| place.host) {
        Some(Host::Address(address)) => address.to_canonical().is_loopback(),
        Some(Host::Name(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

fn counter(text: &mut String, name: &str, about: &str, count: u64) {
    let name = format!("parlor_{name}_total");
    describe(text, &name, about, "counter");
    let _ = writeln!(text, "{name} {count}");
}

/// A sample for each range, which counts the shorter ones too (`le` is "less or equal"), then the sum
/// and the number of all.
fn histogram(text: &mut String, name: &str, about: &str, times: &Times) {
    let name = format!("parlor_{name}");
    describe(text, &name, about, "histogram");
    for (time, count) in times.up_to() {
        let seconds = time.as_secs_f64();
        let _ = writeln!(text, "{name}_bucket{{le=\"{seconds}\"}} {count}");
    }
    let count = times.count();
    let _ = writeln!(text, "{name}_bucket{{le=\"+Inf\"}} {count}");
    let _ = writeln!(text, "{name}_sum {}", times.sum().as_secs_f64());
    let _ = writeln!(text, "{name}_count {count}");
}

fn gauge(text: &mut String, name: &str, about: &str, value: &str) {
    describe(text, name, about, "gauge");
    let _ = writeln!(text, "{name} {value}");
}

/// The two lines before a value. In the first a backslash and a line's end are escaped.
fn describe(text: &mut String, name: &str, about: &str, kind: &str) {
    let about = about.replace('\\', "\\\\").replace('\n', "\\n");
    let _ = writeln!(text, "# HELP {name} {about}\n# TYPE {name} {kind}");
}

fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// How many there are, less the one by which they are counted.
fn open_files() -> Option<u64> {
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    u64::try_from(open.saturating_sub(1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_line_is_escaped() {
        let mut text = String::new();
        gauge(&mut text, "a", "one\\two\nthree", "1");
        assert_eq!(text, "# HELP a one\\\\two\\nthree\n# TYPE a gauge\na 1\n");
    }

    #[test]
    fn the_process_knows_its_memory_and_its_files() {
        assert!(resident_bytes().is_some_and(|bytes| bytes > 1 << 20));
        assert!(open_files().is_some_and(|files| files > 2));
    }
}
