//! Values on the command line and in the environment: numbers with a range, sizes, times,
//! addresses and log levels.
//!
//! It stands inside `cli`, which names the flag; here an error only says what would have been
//! accepted, starting with "must be". Units: sizes are bytes, with `KiB`, `MiB`, `GiB` (IEC
//! 80000-13) or `KB`, `MB`, `GB` (powers of ten); times have `ms`, `s` or `m`.
//!
//! Invariant: no value is rounded or cut; what is out of range is an error. Cost: nothing.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::config::Network;
use crate::http::host::{Host, Origin, Place};

/// A whole number from `min` to `max`.
pub(crate) fn whole<T>(min: u64, max: u64) -> impl Fn(&str) -> Result<T, String> + Clone
where
    T: TryFrom<u64>,
{
    move |text| {
        let number = digits(text).filter(|number| (min..=max).contains(number));
        let value = number.and_then(|number| T::try_from(number).ok());
        value.ok_or_else(|| format!("must be a whole number from {min} to {max}"))
    }
}

/// A number of bytes from `min` to `max`, such as `131072`, `128KiB` or `1MB`.
pub(crate) fn size(min: usize, max: usize) -> impl Fn(&str) -> Result<usize, String> + Clone {
    const UNITS: [(&str, u64); 8] = [
        ("", 1),
        ("B", 1),
        ("KIB", 1 << 10),
        ("MIB", 1 << 20),
        ("GIB", 1 << 30),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
    ];
    move |text| {
        let bytes = with_unit(text, |unit| {
            UNITS
                .iter()
                .find(|(name, _)| unit.eq_ignore_ascii_case(name))
                .map(|(_, factor)| *factor)
        });
        let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok());
        bytes
            .filter(|bytes| (min..=max).contains(bytes))
            .ok_or_else(|| {
                format!(
                    "must be a size from {} to {}, such as 131072, 128KiB or 1MiB",
                    show(min),
                    show(max)
                )
            })
    }
}

/// Whether something is on: `true` or `false`, `1` or `0`. On the command line the flag alone
/// says so; this is for its variable.
pub(crate) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("must be true or false".to_owned()),
    }
}

/// A time from 100 milliseconds to an hour, such as `25s`, `500ms` or `2m`.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let millis = with_unit(text, |unit| match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        _ => None,
    });
    let millis = millis.filter(|millis| (100..=3_600_000).contains(millis));
    millis.map(Duration::from_millis).ok_or_else(|| {
        "must be a time from 100ms to 60m with its unit, such as 25s or 500ms".to_owned()
    })
}

/// The same, or `0` for what need not be.
pub(crate) fn time_or_none(text: &str) -> Result<Duration, String> {
    match text {
        "0" | "0s" => Ok(Duration::ZERO),
        _ => time(text).map_err(|expected| format!("{expected}, or 0 for none")),
    }
}

/// An IP address; brackets around IPv6 are taken off.
pub(crate) fn address(text: &str) -> Result<IpAddr, String> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse()
        .map_err(|_| "must be an IP address of this machine, such as 192.168.1.20 or ::".to_owned())
}

/// An address and port.
pub(crate) fn socket(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "must be ADDR:PORT with an IP address, such as 192.168.1.20:4000 or [::]:4000".to_owned()
    })
}

/// An address, or a block of them.
pub(crate) fn network(text: &str) -> Result<Network, String> {
    Network::parse(text).ok_or_else(|| {
        "must be an IP address or a network, such as 127.0.0.1 or 172.16.0.0/12".to_owned()
    })
}

/// A host's name without anything else, in lower case and without a dot at its end.
pub(crate) fn host_name(text: &str) -> Result<String, String> {
    let place = Place::parse(text).filter(|_| !text.contains(':'));
    match place.map(|place| place.host) {
        Some(Host::Name(name)) => Ok(name.to_ascii_lowercase()),
        Some(Host::Address(_)) => Err("must be a name: addresses are let in anyway".to_owned()),
        None => Err(
            "must be the name of a host without scheme and port, such as calls.example.org"
                .to_owned(),
        ),
    }
}

/// An origin, as browsers write it.
pub(crate) fn origin(text: &str) -> Result<String, String> {
    let origin = Origin::parse(text).map(|origin| origin.to_string());
    origin.ok_or_else(|| {
        "must be an origin such as https://example.org or http://localhost:8080, without a slash \
         at its end"
            .to_owned()
    })
}

/// One label of a host name (RFC 1123 section 2.1), in lower case. Three of its 63 characters are
/// left for a number, in case somebody else has the name.
pub(crate) fn label(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let fits = (1..=60).contains(&text.len())
        && text.bytes().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-');
    fits.then(|| text.to_ascii_lowercase()).ok_or_else(|| {
        "must be 1 to 60 letters, digits and hyphens, without .local, such as parlor".to_owned()
    })
}

/// A level for everything, or levels by target: `info`, `warn,parlor::hub=debug`.
///
/// Read here and not by `Targets`, which takes an unknown word for a target and switches all its
/// lines on.
pub(crate) fn levels(text: &str) -> Result<Targets, String> {
    let wrong = || {
        "must be error, warn, info, debug or trace, or levels by target such as warn,parlor::hub=debug".to_owned()
    };
    let mut levels = Targets::new().with_default(LevelFilter::INFO);
    for part in text.split(',').map(str::trim) {
        levels = match part.split_once('=') {
            None => levels.with_default(level(part).ok_or_else(wrong)?),
            Some(("", _)) => return Err(wrong()),
            Some((target, name)) => {
                levels.with_target(target.trim(), level(name.trim()).ok_or_else(wrong)?)
            }
        };
    }
    Ok(levels)
}

fn level(name: &str) -> Option<LevelFilter> {
    let known = ["off", "error", "warn", "info", "debug", "trace"];
    known
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
        .then(|| name.parse().ok())
        .flatten()
}

/// Digits and a unit's factor, multiplied; `None` for an unknown unit or too large a number.
fn with_unit(text: &str, factor: impl Fn(&str) -> Option<u64>) -> Option<u64> {
    let end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    digits(number)?.checked_mul(factor(unit.trim())?)
}

/// Digits only: no sign, no spaces.
fn digits(text: &str) -> Option<u64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

/// A size in the largest unit that leaves a whole number.
fn show(bytes: usize) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes >> shift > 0 && bytes.trailing_zeros() >= shift {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    #[test]
    fn numbers_have_a_range() {
        let parse = whole::<u16>(1, 64);
        assert_eq!(parse("1"), Ok(1));
        assert_eq!(parse("64"), Ok(64));
        for wrong in [
            "0",
            "65",
            "-1",
            "+1",
            "",
            " 1",
            "1.5",
            "ten",
            "99999999999999999999",
        ] {
            assert_eq!(
                parse(wrong).unwrap_err(),
                "must be a whole number from 1 to 64",
                "{wrong}"
            );
        }
    }

    #[test]
    fn sizes_have_units() {
        let parse = size(1024, 64 << 20);
        for (text, bytes) in [
            ("131072", 131_072),
            ("131072B", 131_072),
            ("128KiB", 131_072),
            ("128kib", 131_072),
            ("1MiB", 1_048_576),
            ("1 MB", 1_000_000),
            ("64MiB", 67_108_864),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for wrong in [
            "1023",
            "65MiB",
            "1TiB",
            "KiB",
            "1.5MiB",
            "-1KiB",
            "",
            "99999999999GiB",
            "1K",
        ] {
            let error = parse(wrong).unwrap_err();
            assert!(error.contains("from 1KiB to 64MiB"), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_switch_is_true_or_false_and_nothing_that_looks_like_it() {
        for (text, on) in [("true", true), ("1", true), ("false", false), ("0", false)] {
            assert_eq!(switch(text), Ok(on), "{text}");
        }
        for wrong in ["", "TRUE", "yes", "2"] {
            assert!(switch(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_need_a_unit() {
        assert_eq!(time("25s"), Ok(Duration::from_secs(25)));
        assert_eq!(time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(time("2m"), Ok(Duration::from_secs(120)));
        for wrong in ["25", "0s", "99ms", "61m", "1h", "", "s", "-1s", "1.5s"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_need_not_be_may_have_no_time() {
        for none in ["0", "0s"] {
            assert_eq!(time_or_none(none), Ok(Duration::ZERO));
        }
        assert_eq!(time_or_none("2m"), time("2m"));
        for wrong in ["25", "00", "0.0s", ""] {
            assert!(time_or_none(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_may_have_brackets() {
        assert_eq!(address("::"), address("[::]"));
        assert!(
            address("192.168.1.20").is_ok()
                && address("localhost").is_err()
                && address("1.2.3.4:5").is_err()
        );
        assert!(
            socket("[::1]:80").is_ok()
                && socket("1.2.3.4").is_err()
                && socket("localhost:80").is_err()
        );
    }

    #[test]
    fn a_name_is_one_label() {
        assert_eq!(label("Parlor-2").as_deref(), Ok("parlor-2"));
        for wrong in [
            "",
            "-a",
            "a-",
            "a.b",
            "parlor.local",
            "a b",
            "a_b",
            &"a".repeat(61),
        ] {
            assert!(label(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_host_is_a_name_alone_and_an_origin_what_browsers_send() {
        assert_eq!(host_name("Den.LAN.").as_deref(), Ok("den.lan"));
        for wrong in [
            "", "a:80", "a:", "http://a", "a/b", "*.lan", "[::1]", "10.0.0.1",
        ] {
            assert!(host_name(wrong).is_err(), "{wrong}");
        }
        let written = origin("HTTPS://Pages.Example:443");
        assert_eq!(written.as_deref(), Ok("https://pages.example"));
        for wrong in ["", "null", "*", "pages.example", "https://pages.example/"] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn levels_are_names_alone_or_by_target() {
        use tracing_subscriber::filter::LevelFilter;
        assert_eq!(
            levels("DEBUG").unwrap().default_level(),
            Some(LevelFilter::DEBUG)
        );
        let both = levels("warn, parlor::hub=trace").unwrap();
        assert_eq!(both.default_level(), Some(LevelFilter::WARN));
        assert!(both.would_enable("parlor::hub", &tracing::Level::TRACE));
        assert!(!both.would_enable("parlor::http", &tracing::Level::INFO));
        for wrong in [
            "loud",
            "",
            "parlor",
            "parlor=loud",
            "=debug",
            "info,",
            "3",
            "parlor=",
        ] {
            assert!(levels(wrong).is_err(), "{wrong}");
        }
    }
}
