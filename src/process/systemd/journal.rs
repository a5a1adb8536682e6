//! Log lines as systemd's journal takes them from standard error (sd-daemon(3), systemd.exec(5)).
//!
//! It stands in the place of the usual format when standard error is the journal's: `JOURNAL_STREAM` names
//! its device and inode, so that a process whose output was sent elsewhere does not mistake that for it.
//! The journal notes the time itself. A line begins with its priority in angle brackets (syslog(3)), so
//! that `journalctl -p warning` finds warnings.
//!
//! Invariants: one event is one line, because the journal makes a record of each, and what a client sent
//! cannot begin one with a priority of its own choice; as plain as anywhere, without colours. Left out: the
//! journal's own socket and its fields; the banner, which goes to standard output as it is.

use std::env;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The priority of an error.
const ERROR: u8 = 3;

/// Whether standard error is the journal's.
pub(crate) fn is_journal() -> bool {
    let stream = env::var("JOURNAL_STREAM").ok();
    stream.is_some_and(|stream| {
        let own = io::stderr().as_fd().try_clone_to_owned();
        let own = own.and_then(|own| File::from(own).metadata());
        own.is_ok_and(|own| names(&stream, own.dev(), own.ino()))
    })
}

/// Whether this is how systemd names a stream.
fn names(stream: &str, device: u64, inode: u64) -> bool {
    let parts = stream.split_once(':');
    parts.is_some_and(|(dev, ino)| dev.parse() == Ok(device) && ino.parse() == Ok(inode))
}

/// The format for standard error: its own if that is the journal's, else the usual one.
pub(crate) fn lines<E>(usual: E) -> Lines<E> {
    Lines {
        journal: is_journal(),
        usual,
    }
}

/// A line about an error, for who writes it by hand.
pub(crate) fn mark(line: &str) -> String {
    if is_journal() {
        record(ERROR, line)
    } else {
        line.to_owned()
    }
}

/// One of two formats.
pub(crate) struct Lines<E> {
    journal: bool,
    usual: E,
}

impl<S, N, E> FormatEvent<S, N> for Lines<E>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    E: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if !self.journal {
            return self.usual.format_event(context, writer, event);
        }
        let metadata = event.metadata();
        let mut text = format!("{}: ", metadata.target());
        context.format_fields(Writer::new(&mut text), event)?;
        writeln!(writer, "{}", record(priority(*metadata.level()), &text))
    }
}

/// The priority of syslog(3).
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => ERROR,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

/// One line, whatever is in the text.
fn record(priority: u8, text: &str) -> String {
    format!(
        "<{priority}>{}",
        text.trim_end().replace(['\n', '\0'], "\\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_named_by_device_and_inode() {
        assert!(names("8:1234", 8, 1234));
        for other in [
            "", "8", "8:", ":1234", "8:1235", "9:1234", "8:1234:0", "a:b",
        ] {
            assert!(!names(other, 8, 1234), "{other}");
        }
    }

    #[test]
    fn a_record_is_one_line_with_its_priority() {
        assert_eq!(record(3, "a\n<0>b\r\n"), "<3>a\\n<0>b");
        assert_eq!(record(3, "a\0b"), "<3>a\\nb");
        assert_eq!(priority(Level::ERROR), 3);
        assert_eq!(priority(Level::TRACE), 7);
    }
}
