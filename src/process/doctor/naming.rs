//! The name: whether our own answer is heard on each interface, and whether avahi lets us speak.

use std::net::IpAddr;
use std::time::Duration;

use super::Line;
use super::serving::Certificate;
use crate::config;
use crate::discovery::{Heard, hear, own_label};
use crate::http::Reach;
use crate::process::cli::Feature;
use crate::process::interfaces::{self, Interface};
use crate::process::reach::Situation;

/// Time for an answer. The first question may be lost, the second comes after a second.
const PATIENCE: Duration = Duration::from_secs(3);

const SUBJECT: &str = "name";

/// Asks on each interface for the names that the running server announces.
pub(super) async fn names(
    config: &config::Parlor,
    situation: &Situation,
    said: Option<&Reach>,
    certificate: Option<&Certificate>,
) -> Vec<Line> {
    let places = places(situation);
    let wanted = own_label(&config.mdns.name, situation.machine.as_deref()) + ".local";
    let (names, line) = match said {
        _ if !Feature::Mdns.is_built() => (
            vec![],
            Line::ok(
                SUBJECT,
                "none, since this build was made without the feature mdns",
            ),
        ),
        _ if !config.mdns.enabled => (vec![], Line::ok(SUBJECT, "none, because of --no-mdns")),
        None => (
            vec![],
            Line::ok(SUBJECT, "not asked for, since Parlor is not running"),
        ),
        Some(said)
            if local_names(&said.names).is_empty()
                && certificate.is_some_and(|one| one.withholds(&wanted)) =>
        {
            (vec![], Line::ok(SUBJECT, withheld(&wanted)))
        }
        Some(_) if places.is_empty() => (
            vec![],
            Line::ok(
                SUBJECT,
                "none, since there is no interface to announce it on",
            ),
        ),
        Some(said) => (
            local_names(&said.names),
            Line::problem(
                SUBJECT,
                "the running server announces none: its log says why, unless it was started with \
                 --no-mdns or --mdns-interface",
            ),
        ),
    };
    if names.is_empty() {
        return vec![line];
    }
    let mut lines = Vec::new();
    for (interface, address) in places {
        let mut heard = (names.join(" or "), Heard::No);
        for name in &names {
            heard = match hear(name, &interface, address, PATIENCE).await {
                Heard::No => continue,
                other => (name.clone(), other),
            };
            break;
        }
        lines.push(judge(&heard.0, &interface, &heard.1));
    }
    lines
}

fn withheld(name: &str) -> String {
    format!("{name} is not told, since your own certificate does not cover it")
}

/// Interfaces that are named, but not there.
pub(super) fn interfaces(there: &[Interface], named: &[String]) -> Vec<Line> {
    let missing = interfaces::missing(there, named).map(|name| {
        let known: Vec<_> = there.iter().map(|one| &*one.name).collect();
        Line::problem(
            "interface",
            format!(
                "--mdns-interface {name}: there is none of this name; there are {}",
                known.join(", ")
            ),
        )
    });
    missing.collect()
}

/// One address on each interface, IPv4 if there is one.
fn places(situation: &Situation) -> Vec<(String, IpAddr)> {
    // A set is in order, and IPv4 before IPv6.
    let mut places: Vec<_> = situation.places().into_iter().collect();
    places.dedup_by(|later, first| later.0 == first.0);
    places
}

/// The hosts of those URLs that are mDNS names.
fn local_names(urls: &[String]) -> Vec<String> {
    let host = |url: &String| {
        let host = url.split_once("://")?.1;
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        host.ends_with(".local").then(|| host.to_owned())
    };
    urls.iter().filter_map(host).collect()
}

fn judge(name: &str, interface: &str, heard: &Heard) -> Line {
    match heard {
        Heard::Yes => Line::ok(SUBJECT, format!("{name} is heard on {interface}")),
        Heard::No => Line::problem(
            SUBJECT,
            format!(
                "{name} is not heard on {interface}: allow UDP port 5353 there, or leave the \
                 interface out with --mdns-interface"
            ),
        ),
        Heard::Cannot(reason) => Line::problem(SUBJECT, reason),
    }
}

/// What is known of avahi.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Avahi {
    running: bool,
    configuration: String,
}

impl Avahi {
    pub(super) fn find() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        // A file that was left behind may name a process that is somebody else now.
        let pid = read("/run/avahi-daemon/pid");
        let name = match pid.trim() {
            "" => String::new(),
            pid => read(&format!("/proc/{pid}/comm")),
        };
        Self {
            running: name.trim() == "avahi-daemon",
            configuration: read("/etc/avahi/avahi-daemon.conf"),
        }
    }

    /// avahi-daemon.conf(5): `key=value` lines, comments begin with `#`.
    fn forbids_others(&self) -> bool {
        let mut values = self.configuration.lines().rev().filter_map(|line| {
            let (key, value) = line.trim().split_once('=')?;
            (key.trim() == "disallow-other-stacks").then(|| value.trim().to_ascii_lowercase())
        });
        values
            .next()
            .is_some_and(|value| matches!(value.as_str(), "yes" | "true" | "on" | "1" | "y" | "t"))
    }
}

/// Whether both can live together.
pub(super) fn avahi(avahi: &Avahi) -> Line {
    match (avahi.running, avahi.forbids_others()) {
        (false, _) => Line::ok("avahi", "not running, and not needed"),
        (true, false) => Line::ok("avahi", "running, and shares the port"),
        (true, true) => Line::problem(
            "avahi",
            "running, and keeps the port to itself: take disallow-other-stacks=yes out of \
             /etc/avahi/avahi-daemon.conf and restart it",
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;
    use crate::config::Schemes;
    use crate::process::interfaces::tests::interface;

    #[test]
    fn avahi_is_a_problem_only_if_it_runs_and_keeps_the_port() {
        let checked = |running, configuration: &str| {
            avahi(&Avahi {
                running,
                configuration: configuration.to_owned(),
            })
            .is_ok()
        };
        let forbids = "[server]\ndisallow-other-stacks = yes\n";
        assert!(checked(true, "[server]\n#disallow-other-stacks=yes\n"));
        assert!(checked(true, "disallow-other-stacks=no\n") && checked(true, ""));
        assert!(checked(false, forbids) && !checked(true, forbids));
    }

    #[test]
    fn names_are_the_hosts_that_end_in_local() {
        let urls = [
            "https://parlor.local:4000",
            "https://parlor-2.local",
            "https://calls.example.org:4000",
            "https://[fd00::20]:4000",
        ];
        let urls = urls.map(str::to_owned);
        assert_eq!(local_names(&urls), ["parlor.local", "parlor-2.local"]);
    }

    #[test]
    fn each_interface_is_asked_once() {
        let situation = Situation {
            schemes: Schemes::Both,
            bound: vec!["[::]:4000".parse().unwrap()],
            home: vec![
                interface("lan0", &["fd00::1", "192.168.1.20"]),
                interface("wlan0", &["fd00::2"]),
            ],
            machine: None,
        };
        let places: Vec<_> = places(&situation)
            .into_iter()
            .map(|(name, address)| format!("{name} {address}"))
            .collect();
        assert_eq!(places, ["lan0 192.168.1.20", "wlan0 fd00::2"]);
    }

    #[test]
    fn a_named_interface_that_is_not_there_is_a_problem() {
        let there = [interface("lan0", &[]), interface("wlan0", &[])];
        let named = ["lan0", "nope0"].map(str::to_owned);
        let lines = interfaces(&there, &named);
        assert_eq!(lines.len(), 1);
        let line = lines[0].to_string();
        assert!(
            line.contains("nope0: there is none") && line.ends_with("lan0, wlan0"),
            "{line}"
        );
    }

    #[test]
    fn silence_says_what_to_do() {
        let line = judge("parlor.local", "lan0", &Heard::No).to_string();
        assert!(
            line.starts_with("problem") && line.contains("5353"),
            "{line}"
        );
        assert!(judge("parlor.local", "lan0", &Heard::Yes).is_ok());
    }
}
