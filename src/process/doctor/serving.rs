//! The port and the certificate.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

use x509_parser::extensions::GeneralName;

use super::Line;
use crate::config::{self, Schemes};
use crate::http::bind;
use crate::process::interfaces::is_private;
use crate::process::reach::Situation;
use crate::process::{local, urls};
use crate::tls::{self, TlsError};

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
    addresses: Vec<IpAddr>,
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
            return Ok(shown.and_then(|der| Self::read(&der)));
        }
        if config.site.schemes == Schemes::HttpOnly {
            return Ok(None);
        }
        let served = tls::look(&config.tls, &urls::wanted(config), now)?;
        Ok(served.map(|served| Self {
            not_before: served.not_before,
            not_after: served.not_after,
            addresses: served.addresses,
        }))
    }

    fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
        let time = |time: x509_parser::time::ASN1Time| {
            let seconds = u64::try_from(time.timestamp()).ok()?;
            Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
        };
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.map(|names| &names.value.general_names);
        let address = |name: &GeneralName<'_>| match name {
            GeneralName::IPAddress(bytes) => match bytes.len() {
                4 => <[u8; 4]>::try_from(*bytes).ok().map(IpAddr::from),
                _ => <[u8; 16]>::try_from(*bytes).ok().map(IpAddr::from),
            },
            _ => None,
        };
        Some(Self {
            not_before: time(certificate.validity().not_before)?,
            not_after: time(certificate.validity().not_after)?,
            addresses: names.into_iter().flatten().filter_map(address).collect(),
        })
    }

    /// Those made here always cover loopback, which no public authority vouches for.
    fn is_made_here(&self) -> bool {
        self.addresses.iter().any(IpAddr::is_loopback)
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
        return Line::problem(
            SUBJECT,
            "it has expired: renew it (parlor certificate --renew, or where your own comes from)",
        );
    };
    let mut today = situation.addresses();
    today.retain(|address| is_private(*address) && !shown.addresses.contains(address));
    // One that is not in use is made to fit at the start.
    if running && shown.is_made_here() && !today.is_empty() {
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
            addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
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
            late.starts_with("problem") && late.contains("expired"),
            "{late}"
        );
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
