//! The port and the certificate.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use super::Line;
use crate::config::{self, Schemes};
use crate::http::bind;
use crate::process::interfaces::is_private;
use crate::process::reach::Situation;
use crate::process::{local, urls};
use crate::tls::{self, Facts, Source, TlsError};

const DAY: Duration = Duration::from_secs(86_400);

/// Whether a server answers there, or could.
pub(super) fn port(config: &config::Parlor, running: Option<SocketAddr>) -> Line {
    if let Some(target) = running {
        return Line::ok("port", format!("Parlor answers on {target}"));
    }
    match bind::bind(&config.listen) {
        Ok(_) => Line::ok("port", "free; Parlor is not running"),
        Err(error) => Line::problem("port", error.to_string()),
    }
}

/// A certificate as browsers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    not_before: SystemTime,
    not_after: SystemTime,
    /// In lower case.
    dns: Vec<String>,
    addresses: Vec<IpAddr>,
    /// Not the user's own.
    made_here: bool,
}

impl Certificate {
    /// That of the running server, or without one that of the files.
    ///
    /// # Errors
    /// If the files cannot be used.
    pub(super) fn find(
        config: &config::Parlor,
        running: Option<SocketAddr>,
        now: SystemTime,
    ) -> Result<Option<Self>, TlsError> {
        if let Some(target) = running {
            let shown = local::certificate(target).ok();
            // Only with one that was made here an authority is offered.
            let made_here = shown.is_some() && local::authority(target).is_some();
            return Ok(shown.and_then(|der| Self::read(&der, made_here)));
        }
        if config.site.schemes == Schemes::HttpOnly {
            return Ok(None);
        }
        let served = tls::look(&config.tls, &urls::wanted(config), now)?;
        Ok(served.map(|served| Self {
            not_before: served.not_before,
            not_after: served.not_after,
            dns: served.dns,
            addresses: served.addresses,
            made_here: matches!(served.source, Source::Made(_)),
        }))
    }

    fn read(der: &[u8], made_here: bool) -> Option<Self> {
        let facts = Facts::read(der).ok()?;
        Some(Self {
            not_before: facts.not_before,
            not_after: facts.not_after,
            dns: facts.dns,
            addresses: facts.addresses,
            made_here,
        })
    }

    /// Whether it is the user's own and not for this name in `.local`, which no `*` covers.
    pub(super) fn withholds(&self, name: &str) -> bool {
        !self.made_here && !self.dns.iter().any(|covered| covered == name)
    }
}

/// Dates, and names against today's addresses.
pub(super) fn certificate(
    shown: Result<Option<Certificate>, TlsError>,
    config: &config::Parlor,
    running: bool,
    situation: &Situation,
    now: SystemTime,
) -> Line {
    const SUBJECT: &str = "certificate";
    let shown = match shown {
        Ok(shown) => shown,
        Err(error) => return Line::problem(SUBJECT, error.to_string()),
    };
    let Some(shown) = shown else {
        return match (running, config.site.schemes) {
            (_, Schemes::HttpOnly) => Line::ok(SUBJECT, "none, since only plain HTTP is spoken"),
            (true, _) => Line::problem(
                SUBJECT,
                "the running server speaks plain HTTP only: browsers give no camera to others \
                 unless a reverse proxy has a certificate; start it without --http-only",
            ),
            (false, _) => Line::ok(SUBJECT, "made when Parlor is started for the first time"),
        };
    };
    if now < shown.not_before {
        return Line::problem(
            SUBJECT,
            "it is not valid yet by this machine's clock: set the clock, see below",
        );
    }
    let Ok(left) = shown.not_after.duration_since(now) else {
        let what = if shown.made_here {
            "it has expired: renew it (parlor certificate --renew)"
        } else {
            "it has expired: replace your file (--tls-cert) with a newer one; a running server \
             takes it up by itself"
        };
        return Line::problem(SUBJECT, what);
    };
    let mut today = situation.addresses();
    today.retain(|address| is_private(*address) && !shown.addresses.contains(address));
    // One that is not in use is made to fit at the start.
    if running && shown.made_here && !today.is_empty() {
        let today: Vec<_> = today.iter().map(ToString::to_string).collect();
        return Line::problem(
            SUBJECT,
            format!(
                "it does not cover {}: the server notices new addresses within ten seconds; \
                 ask again then, and look into its log if nothing has changed",
                today.join(" and ")
            ),
        );
    }
    let days = left.as_secs() / DAY.as_secs();
    Line::ok(SUBJECT, format!("valid for {days} days"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;
    use crate::process::interfaces::tests::interface;

    fn at(days: u32) -> SystemTime {
        SystemTime::UNIX_EPOCH + DAY * days
    }

    fn shown(addresses: &[&str]) -> Certificate {
        Certificate {
            not_before: at(100),
            not_after: at(200),
            dns: vec!["parlor.local".to_owned()],
            addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
            made_here: !addresses.is_empty(),
        }
    }

    fn checked(shown: Option<&Certificate>, running: bool, day: u32) -> Line {
        let situation = Situation {
            schemes: Schemes::Both,
            bound: vec![bind::DEFAULT],
            home: vec![interface("lan0", &["192.168.1.20", "2001:db8::20"])],
            machine: None,
        };
        certificate(
            Ok(shown.cloned()),
            &config::Parlor::default(),
            running,
            &situation,
            at(day),
        )
    }

    #[test]
    fn a_certificate_is_good_within_its_dates() {
        let good = shown(&["127.0.0.1", "192.168.1.20"]);
        let line = checked(Some(&good), true, 150);
        assert_eq!(line, Line::ok("certificate", "valid for 50 days"));
        let early = checked(Some(&good), true, 99).to_string();
        assert!(
            early.starts_with("problem") && early.contains("clock"),
            "{early}"
        );
        let late = checked(Some(&good), true, 201).to_string();
        assert!(
            late.starts_with("problem") && late.contains("--renew"),
            "{late}"
        );
        let own = checked(Some(&shown(&[])), true, 201).to_string();
        assert!(
            own.contains("--tls-cert") && !own.contains("--renew"),
            "{own}"
        );
    }

    #[test]
    fn a_certificate_of_ones_own_may_leave_the_name_out() {
        let own = shown(&[]);
        assert!(own.withholds("other.local") && !own.withholds("parlor.local"));
        assert!(!shown(&["127.0.0.1"]).withholds("other.local"));
    }

    #[test]
    fn one_that_is_made_here_covers_todays_private_addresses() {
        let stale = shown(&["127.0.0.1", "192.168.1.7"]);
        let line = checked(Some(&stale), true, 150).to_string();
        assert!(line.contains("does not cover 192.168.1.20:"), "{line}");
        assert!(checked(Some(&stale), false, 150).is_ok(), "not in use");
        assert!(checked(Some(&shown(&[])), true, 150).is_ok(), "one's own");
    }

    #[test]
    #[cfg_attr(not(feature = "tls"), ignore = "is about certificates")]
    fn no_certificate_is_a_problem_only_of_a_server_that_runs() {
        assert!(checked(None, false, 150).is_ok());
        assert!(!checked(None, true, 150).is_ok());
    }

    #[test]
    fn a_port_that_somebody_else_has_is_a_problem() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let config = config::Parlor {
            listen: vec![taken.local_addr().unwrap()],
            ..Default::default()
        };
        let line = port(&config, None).to_string();
        assert!(
            line.starts_with("problem") && line.contains("--port"),
            "{line}"
        );
        assert!(port(&config, Some(taken.local_addr().unwrap())).is_ok());
        drop(taken);
        assert!(port(&config, None).is_ok());
    }
}
