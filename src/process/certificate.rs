//! `parlor certificate`: what is served, until when, for which names, and whom devices trust for it;
//! with `--renew`, another certificate first.
//!
//! It stands beside serving and needs no running server: it reads the same files. One that runs takes
//! a renewed certificate up when it next looks, within seconds. It is asked for its authority all the
//! same, since its files may be others: a service has its own directory, and who is not told would
//! compare a fingerprint that no device ever sees. Standard output has the description and nothing
//! else. Left out: checking it against the world, which `parlor doctor` does.

use std::fmt;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::bail;

use crate::config;
use crate::process::{local, urls};
use crate::tls::{self, Served, Source, TlsError};

const DAY: u64 = 86_400;
/// A day before the last one that can be written as a date (RFC 9110 section 5.6.7).
const LAST_DATE: Duration = Duration::from_secs(253_402_300_800 - DAY);

/// Shows the certificate of a server with these settings, or renews it first.
pub(crate) fn run(config: &config::Parlor, renew: bool) -> anyhow::Result<()> {
    let (settings, names, now) = (&config.tls, urls::wanted(config), SystemTime::now());
    if let (true, Some(own)) = (renew, &settings.own) {
        bail!(
            "{} is a certificate of your own: renew it where it comes from; a running server takes \
             the new file up by itself",
            own.certificate.display()
        );
    }
    let mut served = tls::look(settings, &names, now).map_err(blame)?;
    let elsewhere = Elsewhere::find(local::ask(config).map(|(at, _)| at), served.as_ref());
    if renew {
        if let Some(elsewhere) = elsewhere {
            bail!("nothing was renewed: {elsewhere}");
        }
        served = tls::renew(settings, &names, now).map_err(blame)?;
    }
    let text = match (elsewhere, served) {
        (None, Some(served)) => text(&served, now),
        (Some(elsewhere), None) => elsewhere.text(),
        (Some(elsewhere), Some(served)) => format!(
            "{}\nFound here, which no device sees while that server runs\n\n{}",
            elsewhere.text(),
            text(&served, now)
        ),
        (None, None) => bail!(nothing_yet(settings.state_dir.as_deref())),
    };
    let mut stdout = std::io::stdout().lock();
    // Whoever closed it has seen enough.
    let _ = stdout.write_all(text.as_bytes());
    Ok(())
}

/// A server that runs here and offers devices another authority than the one that is found here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Elsewhere {
    at: SocketAddr,
    fingerprint: String,
}

impl Elsewhere {
    /// Asks the running server, given where it answers and what is found here.
    pub(crate) fn find(running: Option<SocketAddr>, found: Option<&Served>) -> Option<Self> {
        let at = running?;
        let fingerprint = local::authority(at)?;
        Self { at, fingerprint }.unless_of(found)
    }

    fn unless_of(self, found: Option<&Served>) -> Option<Self> {
        let authority = found.and_then(|served| served.authority.as_ref());
        let same = authority.is_some_and(|known| known.fingerprint == self.fingerprint);
        (!same).then_some(self)
    }

    fn text(&self) -> String {
        format!(
            "Authority that devices may trust\n  {:<12} the server that runs here, at {}\n  {:<12} {}\n\
             Note: {self}\n",
            "told by", self.at, "SHA-256", self.fingerprint
        )
    }
}

/// What that means, and how to look there.
impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the server at {} has an authority that is not found here, so it keeps its files \
             elsewhere: to look there, give its directory with --state-dir, as the user that runs \
             it; for the systemd unit: with sudo, --state-dir /var/lib/parlor",
            self.at
        )
    }
}

/// A wrong setting is one here too, and so has its exit code.
pub(crate) fn blame(error: TlsError) -> anyhow::Error {
    match error {
        TlsError::Own(error) => error.into(),
        error => error.into(),
    }
}

fn nothing_yet(directory: Option<&Path>) -> String {
    match directory {
        Some(directory) => format!(
            "there is no certificate in {} yet: start parlor once with the same settings and as the \
             same user, and it makes one",
            directory.display()
        ),
        None => "there is no state directory, so the certificate is in the memory of the server \
                 only; give a directory with --state-dir"
            .to_owned(),
    }
}

fn text(served: &Served, now: SystemTime) -> String {
    let mut lines = vec!["Certificate".to_owned()];
    let mut line = |label: &str, value: &str| lines.push(format!("  {label:<12} {value}"));
    match &served.source {
        Source::Made(file) => {
            line("made by", "Parlor");
            if let Some(file) = file {
                line("file", &file.display().to_string());
            }
        }
        Source::Own(file) => {
            line("made by", "somebody else: it is your own");
            line("file", &file.display().to_string());
        }
    }
    let addresses = served.addresses.iter().map(ToString::to_string);
    let covered: Vec<_> = served.dns.iter().cloned().chain(addresses).collect();
    line("covers", &list(&covered));
    if !served.left_out.is_empty() {
        line("not covered", &list(&served.left_out));
    }
    line("valid from", &date(served.not_before));
    line(
        "valid until",
        &until(served.not_before, served.not_after, now),
    );
    line("SHA-256", &served.fingerprint);
    if let Some(authority) = &served.authority {
        lines.push("Authority that devices may trust".to_owned());
        let mut line = |label: &str, value: &str| lines.push(format!("  {label:<12} {value}"));
        line("name", &authority.name);
        if let Some(file) = &authority.file {
            line("file", &file.display().to_string());
        }
        line(
            "valid until",
            &until(authority.not_before, authority.not_after, now),
        );
        line("SHA-256", &authority.fingerprint);
    }
    lines.push(String::new());
    lines.join("\n")
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    }
}

/// Such as `22 Nov 2026 19:04 UTC`.
fn date(moment: SystemTime) -> String {
    let moment = moment.clamp(UNIX_EPOCH, UNIX_EPOCH + LAST_DATE);
    // `Sun, 22 Nov 2026 19:04:10 GMT`, whatever the date.
    let text = httpdate::fmt_http_date(moment);
    format!("{} UTC", text.get(5..22).unwrap_or(&text))
}

/// The last day, and how far away it is.
fn until(not_before: SystemTime, not_after: SystemTime, now: SystemTime) -> String {
    let days = |time: Duration| match time.as_secs() / DAY {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    let distance = match (
        not_before.duration_since(now),
        not_after.duration_since(now),
    ) {
        (Ok(wait), _) if !wait.is_zero() => format!("not valid for another {}", days(wait)),
        (_, Ok(left)) => format!("{} left", days(left)),
        (_, Err(past)) => format!("expired {} ago", days(past.duration())),
    };
    format!("{} ({distance})", date(not_after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Authority;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn served(source: Source) -> Served {
        Served {
            source,
            dns: vec!["localhost".to_owned(), "parlor.local".to_owned()],
            addresses: vec!["192.168.1.20".parse().unwrap()],
            not_before: at(1_795_374_250),
            not_after: at(1_795_374_250 + 397 * DAY),
            left_out: vec!["kitchen".to_owned()],
            authority: None,
            fingerprint: "AB:CD".to_owned(),
        }
    }

    #[test]
    fn what_was_made_here_is_shown_with_its_authority() {
        let mut served = served(Source::Made(Some("/state/server.pem".into())));
        served.authority = Some(Authority {
            name: "Parlor on kitchen (3f9a)".to_owned(),
            der: bytes::Bytes::new(),
            fingerprint: "EF:01".to_owned(),
            not_before: at(1_735_689_600),
            not_after: at(1_735_689_600 + 7305 * DAY),
            file: Some("/state/parlor-ca.crt".into()),
        });
        let wanted = "\
Certificate
  made by      Parlor
  file         /state/server.pem
  covers       localhost, parlor.local, 192.168.1.20
  not covered  kitchen
  valid from   22 Nov 2026 19:04 UTC
  valid until  24 Dec 2027 19:04 UTC (396 days left)
  SHA-256      AB:CD
Authority that devices may trust
  name         Parlor on kitchen (3f9a)
  file         /state/parlor-ca.crt
  valid until  01 Jan 2045 00:00 UTC (6614 days left)
  SHA-256      EF:01
";
        assert_eq!(text(&served, at(1_795_374_250 + 1)), wanted);
    }

    #[test]
    fn a_certificate_of_the_users_own_has_no_authority() {
        let text = text(&served(Source::Own("/etc/own.pem".into())), at(0));
        assert!(
            text.contains("it is your own\n  file         /etc/own.pem\n"),
            "{text}"
        );
        assert!(!text.contains("Authority"), "{text}");
    }

    #[test]
    fn another_authority_than_the_running_servers_is_told() {
        let other = || Elsewhere {
            at: "[::1]:4000".parse().unwrap(),
            fingerprint: "EF:01".to_owned(),
        };
        let mut found = served(Source::Made(None));
        assert!(other().unless_of(None).is_some());
        assert!(other().unless_of(Some(&found)).is_some());
        let mut authority = Authority {
            name: "Parlor".to_owned(),
            der: bytes::Bytes::new(),
            fingerprint: "AA:AA".to_owned(),
            not_before: at(0),
            not_after: at(DAY),
            file: None,
        };
        found.authority = Some(authority.clone());
        assert!(other().unless_of(Some(&found)).is_some());
        authority.fingerprint = "EF:01".to_owned();
        found.authority = Some(authority);
        assert_eq!(other().unless_of(Some(&found)), None);
        let text = other().text();
        assert!(
            text.contains("the server that runs here, at [::1]:4000\n  SHA-256      EF:01\n"),
            "{text}"
        );
    }

    #[test]
    fn the_end_of_a_certificate_is_told_from_every_side() {
        let (from, to) = (at(10 * DAY), at(20 * DAY));
        for (now, wanted) in [
            (
                at(8 * DAY),
                "21 Jan 1970 00:00 UTC (not valid for another 2 days)",
            ),
            (from, "21 Jan 1970 00:00 UTC (10 days left)"),
            (at(19 * DAY), "21 Jan 1970 00:00 UTC (1 day left)"),
            (to, "21 Jan 1970 00:00 UTC (0 days left)"),
            (at(21 * DAY), "21 Jan 1970 00:00 UTC (expired 1 day ago)"),
        ] {
            assert_eq!(until(from, to, now), wanted);
        }
    }

    #[test]
    fn dates_outside_of_what_can_be_written_are_the_nearest_ones() {
        assert_eq!(
            date(at(0) - Duration::from_secs(1)),
            "01 Jan 1970 00:00 UTC"
        );
        assert_eq!(
            date(at(u64::from(u32::MAX) * 1000)),
            "31 Dec 9999 00:00 UTC"
        );
    }
}
