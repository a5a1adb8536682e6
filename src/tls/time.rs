//! The times in certificates (RFC 5280 section 4.1.2.5): to the second, in UTC, with two digits for
//! the year until 2049 and four from then on.
//!
//! It stands beside `der`. Reading takes exactly the form that the RFC demands, of which X.680 knows
//! many more. The calendar is the Gregorian one, its years counted from March on, so that the odd
//! day of a leap year is the last one.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::tls::der::{self, Element, Malformed};

/// From 0000-03-01 to 1970-01-01.
const DAYS_BEFORE_EPOCH: i64 = 719_468;
/// In 400 years, after which the calendar repeats itself.
const DAYS_IN_CYCLE: i64 = 146_097;
const SECONDS_IN_DAY: i64 = 86_400;

/// The moment that an element tells.
pub(super) fn read(element: Element<'_>) -> Result<SystemTime, Malformed> {
    let digits = element.content.strip_suffix(b"Z").ok_or(Malformed)?;
    let (year, rest) = match (element.tag, digits.len()) {
        (der::UTC_TIME, 12) => {
            let (year, rest) = number(digits, 2)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        (der::GENERALIZED_TIME, 14) => number(digits, 4)?,
        _ => return Err(Malformed),
    };
    let (month, rest) = number(rest, 2)?;
    let (day, rest) = number(rest, 2)?;
    let (hour, rest) = number(rest, 2)?;
    let (minute, rest) = number(rest, 2)?;
    let (second, _) = number(rest, 2)?;
    let days = days(year, month, day);
    if date(days) != (year, month, day) || hour > 23 || minute > 59 || second > 59 {
        return Err(Malformed);
    }
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let moment = if seconds < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    };
    moment.ok_or(Malformed)
}

/// The element that tells a moment; one before 1970 is told as its beginning.
pub(super) fn write(moment: SystemTime) -> Vec<u8> {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs().cast_signed();
    let (year, month, day) = date(seconds / SECONDS_IN_DAY);
    let second = seconds % SECONDS_IN_DAY;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let rest = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    let (tag, text) = if year < 2050 {
        (der::UTC_TIME, format!("{:02}{rest}", year % 100))
    } else {
        (der::GENERALIZED_TIME, format!("{year:04}{rest}"))
    };
    der::element(tag, &[text.as_bytes()])
}

/// The number that so many digits make, and what is behind them.
fn number(digits: &[u8], count: usize) -> Result<(i64, &[u8]), Malformed> {
    let (digits, rest) = digits.split_at_checked(count).ok_or(Malformed)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(Malformed);
    }
    let number = digits
        .iter()
        .fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
    Ok((number, rest))
}

/// Days from 1970-01-01 to a date, whose month and day may be ones that there are not.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let (cycle, year) = (year.div_euclid(400), year.rem_euclid(400));
    // March is 0; five months from March or August on have 153 days.
    let month = (month + 9) % 12;
    let day = year * 365 + year / 4 - year / 100 + (month * 153 + 2) / 5 + day - 1;
    cycle * DAYS_IN_CYCLE + day - DAYS_BEFORE_EPOCH
}

/// Year, month and day of so many days after 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_BEFORE_EPOCH;
    let (cycle, day) = (
        days.div_euclid(DAYS_IN_CYCLE),
        days.rem_euclid(DAYS_IN_CYCLE),
    );
    // Without the days that leap years have more, each year has 365.
    let year = (day - day / 1_460 + day / 36_524 - day / (DAYS_IN_CYCLE - 1)) / 365;
    let day = day - (year * 365 + year / 4 - year / 100);
    let month = (day * 5 + 2) / 153;
    let day = day - (month * 153 + 2) / 5 + 1;
    let year = cycle * 400 + year + i64::from(month >= 10);
    (year, (month + 2) % 12 + 1, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(tag: u8, text: &str) -> Option<i64> {
        let bytes = der::element(tag, &[text.as_bytes()]);
        let element = der::Reader::new(&bytes).expect(tag).unwrap();
        let moment = read(element).ok()?;
        Some(match moment.duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_secs().cast_signed(),
            Err(before) => -before.duration().as_secs().cast_signed(),
        })
    }

    #[test]
    fn moments_are_counted_from_the_epoch_in_both_directions() {
        for (tag, text, wanted) in [
            (der::UTC_TIME, "700101000000Z", 0),
            (der::UTC_TIME, "691231235959Z", -1),
            (der::UTC_TIME, "500101000000Z", -631_152_000),
            (der::UTC_TIME, "491231235959Z", 2_524_607_999),
            (der::UTC_TIME, "240229120000Z", 1_709_208_000),
            (der::GENERALIZED_TIME, "20500101000000Z", 2_524_608_000),
            (der::GENERALIZED_TIME, "21000301000000Z", 4_107_542_400),
            (der::GENERALIZED_TIME, "00000101000000Z", -62_167_219_200),
            (der::GENERALIZED_TIME, "99991231235959Z", 253_402_300_799),
        ] {
            assert_eq!(seconds(tag, text), Some(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_or_in_another_form_is_malformed() {
        for text in [
            "",
            "Z",
            "2401010000Z",
            "240101000000",
            "240101000000+0000",
            "241301000000Z",
            "240001000000Z",
            "240100000000Z",
            "240132000000Z",
            "230229000000Z",
            "240101240000Z",
            "240101006000Z",
            "240101000060Z",
            "24010100000aZ",
            "-40101000000Z",
            "20240101000000Z",
        ] {
            assert_eq!(seconds(der::UTC_TIME, text), None, "{text}");
        }
        for text in ["240101000000Z", "20240101000000.5Z", "21000229000000Z"] {
            assert_eq!(seconds(der::GENERALIZED_TIME, text), None, "{text}");
        }
        assert_eq!(seconds(der::OCTET_STRING, "240101000000Z"), None);
    }

    #[test]
    fn every_day_of_a_cycle_has_a_date_of_its_own() {
        let first = days(1999, 1, 1);
        let mut before = date(first - 1);
        for day in first..first + DAYS_IN_CYCLE + 366 {
            let (year, month, of_month) = date(day);
            assert_eq!(days(year, month, of_month), day);
            assert!((year, month, of_month) > before);
            assert!((1..=12).contains(&month) && (1..=31).contains(&of_month));
            before = (year, month, of_month);
        }
        assert_eq!(date(days(2400, 2, 29)), (2400, 2, 29));
        assert_eq!(date(days(2100, 2, 29)), (2100, 3, 1));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for at in [
            0,
            1_709_208_001,
            2_524_607_999,
            2_524_608_000,
            253_402_300_799,
        ] {
            let moment = UNIX_EPOCH + Duration::from_secs(at);
            let bytes = write(moment);
            let tag = if at < 2_524_608_000 {
                der::UTC_TIME
            } else {
                der::GENERALIZED_TIME
            };
            let element = der::Reader::new(&bytes).expect(tag).unwrap();
            assert_eq!(read(element), Ok(moment));
        }
    }
}
