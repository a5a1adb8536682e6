//! The tables of `LIMITS.md` say what the code does: defaults, flags, constants and counters.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use parlor::config::{Limits, Protocol};
use parlor::stats::{Stats, Value};

use crate::support::binary::run;

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The rows of the table whose first column has this heading.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let text = file("LIMITS.md");
    let heading = format!("| {heading} |");
    let table = text.lines().skip_while(|line| !line.starts_with(&heading));
    let cells = |row: &str| {
        row.split('|')
            .skip(1)
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    let rows = table.skip(2).take_while(|line| line.starts_with('|'));
    rows.map(cells).collect()
}

/// What stands in the marks of code in a cell.
fn codes(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// A number with its unit: bytes, or milliseconds.
fn value(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let unit = match unit.trim() {
        "" | "bytes" | "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "KiB" => 1024,
        "MiB" => 1024 * 1024,
        _ => return None,
    };
    Some(number.parse::<u64>().ok()? * unit)
}

/// All fields: one that is new does not compile before it is named here.
macro_rules! fields {
    ($limits:expr, $($name:ident)*) => {{
        let Limits { $($name),* } = $limits;
        [$((stringify!($name), u64::try_from($name).unwrap())),*]
    }};
}

fn defaults(limits: Limits) -> Vec<(&'static str, u64)> {
    let all = fields!(limits,
        max_connections max_connections_per_address max_waiting_sessions max_requests
        max_handshake_rate max_event_rate max_buffered_bytes max_outbox_packets max_outbox_bytes
        max_attachments max_namespaces max_name_bytes max_rooms_per_socket max_pending_acks
        max_recovery_packets max_recovery_bytes max_recovery_sessions
    );
    all.to_vec()
}

#[test]
fn every_limit_is_in_the_table_with_its_defaults() {
    let rows = rows("setting");
    let (room, library) = (defaults(Limits::room_server()), defaults(Limits::default()));
    for ((name, room), (_, library)) in room.into_iter().zip(library) {
        let row = rows.iter().find(|row| codes(&row[0]).next() == Some(name));
        let row = row.unwrap_or_else(|| panic!("{name} is not in the table"));
        assert_eq!(value(&row[2]), Some(room), "{name} of the room server");
        assert_eq!(value(&row[3]), Some(library), "{name} of the library");
    }
    let Protocol {
        connect_timeout,
        upgrade_timeout,
        ping_timeout,
        max_payload_bytes,
        ..
    } = Protocol::default();
    let milliseconds = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap();
    for (name, default) in [
        ("connect_timeout", milliseconds(connect_timeout)),
        ("upgrade_timeout", milliseconds(upgrade_timeout)),
        ("ping_timeout", milliseconds(ping_timeout)),
        (
            "max_payload_bytes",
            u64::try_from(max_payload_bytes).unwrap(),
        ),
    ] {
        let row = rows.iter().find(|row| codes(&row[0]).next() == Some(name));
        assert_eq!(value(&row.unwrap()[3]), Some(default), "{name}");
    }
}

#[test]
fn every_flag_in_the_table_has_the_default_that_stands_there() {
    let help = run(&["--help"], &[]).stdout;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut flags = 0;
    for row in rows("setting") {
        for flag in codes(&row[1]) {
            let (_, behind) = help.split_once(&format!(" {flag} <")).expect("a flag");
            let (_, behind) = behind.split_once("[default: ").expect("a default");
            let (default, _) = behind.split_once(']').expect("an end");
            assert_eq!(value(&row[2]), value(default), "{flag}");
            assert!(value(default).is_some(), "{flag}: {default}");
            flags += 1;
        }
    }
    // In the help a flag has its value behind it, and where it is only mentioned it has not.
    let limits = help.split(" --max-").skip(1).filter(|rest| {
        rest.split(' ')
            .nth(1)
            .is_some_and(|value| value.starts_with('<'))
    });
    let others = 2;
    assert_eq!(
        flags,
        limits.count() + others,
        "those, --ping-timeout and --seat-hold"
    );
}

#[test]
fn every_constant_in_the_table_has_the_value_that_stands_there() {
    let rows = rows("constant");
    assert!(!rows.is_empty());
    for row in rows {
        let named: Vec<_> = codes(&row[0]).collect();
        let [name, path] = named[..] else {
            panic!("{row:?} names a constant and its file");
        };
        let source = file(path);
        let (_, behind) = source
            .split_once(&format!("const {name}: "))
            .unwrap_or_else(|| panic!("{path} has no {name}"));
        let (_, behind) = behind.split_once(" = ").unwrap();
        let (expression, _) = behind.split_once(';').unwrap();
        let written = match expression.strip_prefix("Duration::from_") {
            Some(time) => time
                .replace("secs(", "1000 * ")
                .replace("millis(", "")
                .replace(')', ""),
            None => expression.replace('_', ""),
        };
        let factors = written
            .split(" * ")
            .map(|factor| factor.parse::<u64>().unwrap());
        assert_eq!(value(&row[1]), Some(factors.product()), "{name}");
    }
}

#[test]
fn the_tables_have_the_counters_of_limits_and_no_others() {
    let settings = rows("setting").into_iter().map(|row| row[5].clone());
    let constants = rows("constant").into_iter().map(|row| row[4].clone());
    let cells: Vec<String> = settings.chain(constants).collect();
    assert!(cells.iter().all(|cell| codes(cell).next().is_some()));
    let named: BTreeSet<&str> = cells.iter().flat_map(|cell| codes(cell)).collect();
    let stats = Stats::default();
    let counters: BTreeSet<&str> = stats
        .all()
        .filter(|stat| matches!(stat.value, Value::Counter(_)))
        .map(|stat| stat.name)
        .collect();
    // What else is counted.
    let others = BTreeSet::from([
        "connects_refused",
        "ignored",
        "joins_refused",
        "panics",
        "passcodes_wrong",
        "relayed",
        "sessions_opened",
        "strangers_refused",
    ]);
    let of_limits: BTreeSet<&str> = counters.difference(&others).copied().collect();
    assert_eq!(named, of_limits);
}
