//! The first words: what to open, and on a terminal a code to scan and a fingerprint to compare.
//!
//! It stands between binding and serving; the connections it invites wait in the system's queue
//! until the accept loop runs. Written to standard output, one address per line, the best to share
//! first, `https://` before plain HTTP on this machine itself. Whoever reads it through a pipe, such
//! as systemd's journal, gets the addresses alone.
//!
//! The code is that of an IP address, because many phones cannot resolve `.local`.
//!
//! Invariants: it waits for nothing, so a name may still be probed for; a closed standard output is
//! no error.

use std::io::{self, IsTerminal as _, Write as _};

use crate::config::Schemes;
use crate::http::Reach;
use crate::process::qr;
use crate::process::reach::Situation;

/// More addresses of one kind than this are only noise (private IPv6 addresses).
const MAX_ADDRESSES: usize = 8;

/// Prints what to open.
pub(crate) fn print(situation: &Situation, reach: &Reach) {
    say(&(opening(situation, reach) + &extras(situation, reach)));
}

/// Prints it again because it has changed; a pipe has the log's line already.
pub(crate) fn print_again(situation: &Situation, reach: &Reach) {
    if io::stdout().is_terminal() {
        say(&format!(
            "\nThe addresses have changed.\n{}{}",
            list(situation, reach),
            extras(situation, reach)
        ));
    }
}

fn say(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
}

/// The heading and the addresses.
fn opening(situation: &Situation, reach: &Reach) -> String {
    let list = list(situation, reach);
    let which = if list.lines().count() == 1 {
        "this"
    } else {
        "one of these"
    };
    let mut from = " on this machine".to_owned();
    if situation.is_open() {
        from.push_str(" or another one on your network");
    }
    format!("Parlor is ready. Open {which}{from}:\n{list}")
}

/// The best name and the best address in one line, for a service manager that shows one.
pub(crate) fn status(situation: &Situation, reach: &Reach) -> String {
    let first = |urls: &[String]| urls.first().cloned();
    let mut best: Vec<_> = [first(&reach.names), first(&reach.addresses)]
        .into_iter()
        .flatten()
        .collect();
    if best.is_empty() {
        best.extend(situation.local(reach).into_iter().take(1));
    }
    let best: Vec<_> = best.iter().map(|url| format!("{url}/")).collect();
    format!("Open {}", best.join(" or "))
}

/// One address per line, and a note where none of them gives others a camera.
pub(crate) fn list(situation: &Situation, reach: &Reach) -> String {
    let shared = reach.names.iter().take(MAX_ADDRESSES);
    let shared = shared.chain(reach.addresses.iter().take(MAX_ADDRESSES));
    let mut text: String = shared
        .chain(&situation.local(reach))
        .map(|url| format!("  {url}/\n"))
        .collect();
    let mut told = reach.names.iter().chain(&reach.addresses).peekable();
    let secure = told.peek().is_some() && told.all(|url| url.starts_with("https:"));
    if situation.is_open() && !secure {
        text.push_str(
            "A browser gives camera and microphone only to http://localhost and to https:// \
             addresses.\n",
        );
    }
    text
}

/// What is only for people at a terminal: the code and the fingerprint.
pub(crate) fn extras(situation: &Situation, reach: &Reach) -> String {
    if !io::stdout().is_terminal() {
        return String::new();
    }
    let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    for_people(situation.schemes, reach, colours)
}

/// Without TLS there is nothing to scan: that address gives no camera, and what a reverse proxy is
/// called is not known here.
fn for_people(schemes: Schemes, reach: &Reach, colours: bool) -> String {
    let mut text = String::new();
    let all = reach.addresses.iter().chain(&reach.names);
    let best = all.into_iter().find(|url| url.starts_with("https:"));
    if let Some((url, code)) = best.and_then(|url| Some((url, qr::draw(url, colours)?))) {
        text.push_str(&format!("\n{code}\nScan it with a phone to open {url}/\n"));
        if reach.authority.is_some() {
            // Where plain HTTP is not spoken one reads it behind the warning, late but not in vain.
            let scheme = if schemes == Schemes::HttpsOnly {
                "https"
            } else {
                "http"
            };
            let rest = url.trim_start_matches("https");
            text.push_str(&format!(
                "Its browser warns the first time; {scheme}{rest}/trust.html says why, and what to \
                 press.\n"
            ));
        }
    }
    if let Some(authority) = &reach.authority
        && best.is_some()
    {
        text.push_str(&format!(
            "\nBefore a device is told to trust this server, compare the fingerprint (SHA-256) that \
             it shows\nwith this one:\n  {}\n",
            authority.fingerprint
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;
    use crate::http::reach::Authority;

    fn situation(bound: &[&str]) -> Situation {
        Situation {
            schemes: Schemes::Both,
            bound: bound.iter().map(|text| text.parse().unwrap()).collect(),
            home: Vec::new(),
            machine: None,
        }
    }

    fn reach() -> Reach {
        Reach {
            addresses: vec!["https://192.168.1.20:4000".to_owned()],
            names: vec!["https://parlor.local:4000".to_owned()],
            hosts: Vec::new(),
            authority: Some(Authority {
                der: bytes::Bytes::new(),
                fingerprint: "AB:CD".to_owned(),
            }),
            on_443: false,
        }
    }

    #[test]
    fn the_name_comes_first_and_this_machine_last() {
        assert_eq!(
            opening(&situation(&["[::]:4000"]), &reach()),
            "Parlor is ready. Open one of these on this machine or another one on your network:\n  \
             https://parlor.local:4000/\n  https://192.168.1.20:4000/\n  http://localhost:4000/\n"
        );
    }

    #[test]
    fn one_line_has_the_best_name_and_the_best_address() {
        let told = |reach: &Reach| status(&situation(&["[::]:4000"]), reach);
        assert_eq!(
            told(&reach()),
            "Open https://parlor.local:4000/ or https://192.168.1.20:4000/"
        );
        assert_eq!(told(&Reach::default()), "Open http://localhost:4000/");
    }

    #[test]
    fn loopback_alone_is_for_this_machine() {
        assert_eq!(
            opening(&situation(&["127.0.0.1:4000"]), &Reach::default()),
            "Parlor is ready. Open this on this machine:\n  http://127.0.0.1:4000/\n"
        );
        assert!(
            opening(&situation(&["127.0.0.1:1", "[::1]:1"]), &Reach::default())
                .starts_with("Parlor is ready. Open one of these on this machine:\n")
        );
    }

    #[test]
    fn plain_addresses_come_with_a_note_about_the_camera() {
        let note = "only to http://localhost and to https://";
        let plain = Reach {
            addresses: vec!["http://192.168.1.20:4000".to_owned()],
            ..Reach::default()
        };
        let all = situation(&["[::]:4000"]);
        assert!(list(&all, &plain).contains(note));
        assert!(list(&all, &Reach::default()).contains(note));
        assert!(!list(&all, &reach()).contains(note));
    }

    #[test]
    fn people_get_the_code_of_an_address_and_the_fingerprint() {
        let text = for_people(Schemes::Both, &reach(), true);
        assert!(text.contains(&qr::draw("https://192.168.1.20:4000", true).unwrap()));
        assert!(text.contains("to open https://192.168.1.20:4000/\n"));
        assert!(text.contains("; http://192.168.1.20:4000/trust.html says why"));
        assert!(text.ends_with("\nwith this one:\n  AB:CD\n"));
        assert_eq!(for_people(Schemes::Both, &Reach::default(), true), "");
        let only = for_people(Schemes::HttpsOnly, &reach(), true);
        assert!(only.contains("; https://192.168.1.20:4000/trust.html says why"));
        let plain = Reach {
            addresses: vec!["http://192.168.1.20:4000".to_owned()],
            ..Reach::default()
        };
        assert_eq!(for_people(Schemes::HttpOnly, &plain, true), "");
    }

    #[test]
    fn many_addresses_are_cut() {
        let many = Reach {
            addresses: (0..20).map(|n| format!("https://10.0.0.{n}:1")).collect(),
            ..Reach::default()
        };
        let lines = list(&situation(&["[::]:1"]), &many).lines().count();
        assert_eq!(lines, MAX_ADDRESSES + 1);
    }
}
