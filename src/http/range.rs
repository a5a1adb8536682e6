//! A part of a file: `Range` with one byte range, RFC 9110 section 14.
//!
//! It stands between the preconditions and the body of a file from the user's directory; a video
//! cannot be wound, nor a download resumed, without it.
//!
//! | `Range` | outcome |
//! |---|---|
//! | absent, another unit, does not parse, several ranges | the whole file (sections 14.2, 15.3.7: a server may ignore it) |
//! | `bytes=a-b`, `a-`, `-n` that overlaps the file | that part, 206 |
//! | the same, but past the end, or `-0` | 416 |
//!
//! Several ranges are ignored rather than answered as `multipart/byteranges`: no browser asks, and
//! many small ranges are an old way to make a server work (RFC 9110 section 17.15).

/// What to send of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it, 200.
    Whole,
    /// `length` bytes from `start`, 206; `length` is at least 1 and the part lies in the file.
    Some {
        /// Offset of the first byte.
        start: u64,
        /// Bytes in all.
        length: u64,
    },
    /// Nothing of it, 416.
    Unsatisfiable,
}

/// Reads a `Range` header's value for a file of `size` bytes.
pub(crate) fn part(value: &str, size: u64) -> Part {
    let Some((first, last)) = single(value) else {
        return Part::Whole;
    };
    let (start, end) = match (first, last) {
        (None, None) => return Part::Whole,
        (Some(first), Some(last)) if first > last => return Part::Whole,
        (Some(first), last) => (
            first,
            last.map_or(size, |last| last.saturating_add(1).min(size)),
        ),
        (None, Some(suffix)) => (size.saturating_sub(suffix), size),
    };
    match end.checked_sub(start) {
        None | Some(0) => Part::Unsatisfiable,
        Some(length) => Part::Some { start, length },
    }
}

/// `bytes=first-last` with either number absent.
fn single(value: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, range) = value.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    Some((number(first)?, number(last)?))
}

/// Digits only, or nothing. A number too large for any file is as good as the largest.
fn number(text: &str) -> Option<Option<u64>> {
    if text.is_empty() {
        return Some(None);
    }
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_a_part() {
        assert_eq!(
            part("bytes=0-3", 10),
            Part::Some {
                start: 0,
                length: 4
            }
        );
        assert_eq!(
            part("bytes=5-", 10),
            Part::Some {
                start: 5,
                length: 5
            }
        );
        assert_eq!(
            part("bytes=-3", 10),
            Part::Some {
                start: 7,
                length: 3
            }
        );
        assert_eq!(
            part("bytes=9-9", 10),
            Part::Some {
                start: 9,
                length: 1
            }
        );
        assert_eq!(
            part("Bytes= 0-0", 10),
            Part::Some {
                start: 0,
                length: 1
            }
        );
    }

    #[test]
    fn what_reaches_past_the_end_is_cut() {
        assert_eq!(
            part("bytes=5-99", 10),
            Part::Some {
                start: 5,
                length: 5
            }
        );
        assert_eq!(
            part("bytes=-99", 10),
            Part::Some {
                start: 0,
                length: 10
            }
        );
        assert_eq!(
            part("bytes=0-99999999999999999999999", 10),
            Part::Some {
                start: 0,
                length: 10
            }
        );
        assert_eq!(
            part("bytes=0-18446744073709551615", 10),
            Part::Some {
                start: 0,
                length: 10
            }
        );
    }

    #[test]
    fn nothing_of_the_file_is_unsatisfiable() {
        for value in [
            "bytes=10-",
            "bytes=10-20",
            "bytes=-0",
            "bytes=99999999999999999999999-",
        ] {
            assert_eq!(part(value, 10), Part::Unsatisfiable, "{value}");
        }
        assert_eq!(part("bytes=0-", 0), Part::Unsatisfiable);
        assert_eq!(part("bytes=-5", 0), Part::Unsatisfiable);
    }

    #[test]
    fn everything_else_is_the_whole_file() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=3-2",
            "bytes=a-b",
            "bytes=0-1,3-4",
            "lines=0-1",
            "bytes=+1-2",
            "bytes=0x1-2",
        ] {
            assert_eq!(part(value, 10), Part::Whole, "{value}");
        }
    }
}
