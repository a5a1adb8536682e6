//! The table: a row for what was measured, a column for each server, and for Parlor how it
//! compares with the floor and with socketioxide.

use crate::options::Sizes;
use crate::results::{Results, Summary};
use crate::rows::{Row, Unit};
use crate::server::Server;

/// Cells as text, the heading first.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) heading: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// The rows that have a sample, with one of Parlor's binaries among the servers.
    pub(crate) fn of(results: &Results, sizes: &Sizes, parlor: Server) -> Self {
        let servers = [
            Server::Floor,
            parlor,
            Server::Socketioxide,
            Server::SocketIo,
        ];
        let mut heading = vec!["".to_owned(), "unit".to_owned()];
        heading.extend(servers.map(|server| server.name().to_owned()));
        heading.extend(["/ floor", "/ socketioxide"].map(str::to_owned));
        let mut rows = Vec::new();
        for &row in Row::ALL {
            let cells = servers.map(|server| results.get(row, server));
            if cells.iter().all(Option::is_none) {
                continue;
            }
            let unit = row.unit();
            let mut line = vec![row.title(sizes), unit.name().to_owned()];
            line.extend(cells.map(|cell| cell.map_or("-".to_owned(), |cell| summary(cell, unit))));
            for other in [Server::Floor, Server::Socketioxide] {
                line.push(ratio(
                    results.median(row, parlor),
                    results.median(row, other),
                ));
            }
            rows.push(line);
        }
        Self { heading, rows }
    }

    /// Columns in line, for a terminal.
    pub(crate) fn text(&self) -> String {
        let lines = || std::iter::once(&self.heading).chain(&self.rows);
        let width = |column: usize| {
            let cells = lines().filter_map(|line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.heading.len()).map(width).collect();
        let mut text = String::new();
        for line in lines() {
            let cells = line.iter().zip(&widths).enumerate();
            let cells = cells.map(|(column, (cell, &width))| match column {
                0 | 1 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
            text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
        }
        text
    }
}

/// The median, and behind it how far the rounds were apart.
fn summary(cell: Summary, unit: Unit) -> String {
    let median = number(cell.median, unit);
    let (least, most) = (number(cell.least, unit), number(cell.most, unit));
    if least == most {
        median
    } else {
        format!("{median} ({least}..{most})")
    }
}

/// A number with as many digits as its unit deserves, thousands apart.
pub(crate) fn number(value: f64, unit: Unit) -> String {
    let text = format!("{value:.*}", unit.digits(value));
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", whole),
    };
    let mut out = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

fn ratio(value: Option<f64>, of: Option<f64>) -> String {
    match (value, of) {
        (Some(value), Some(of)) if of > 0.0 && value > 0.0 => format!("{:.2}", value / of),
        _ => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;

    fn sizes() -> Sizes {
        Options::parse(std::iter::empty()).unwrap().sizes
    }

    #[test]
    fn numbers_have_digits_by_unit_and_thousands_apart() {
        assert_eq!(number(1_234_567.4, Unit::Bytes), "1 234 567");
        assert_eq!(number(999.0, Unit::Bytes), "999");
        assert_eq!(number(-1234.0, Unit::Bytes), "-1 234");
        assert_eq!(number(5.678, Unit::Microseconds), "5.68");
        assert_eq!(number(4411.4, Unit::Microseconds), "4 411");
        assert_eq!(number(0.5, Unit::Number), "0.50");
    }

    #[test]
    fn a_table_has_rows_with_samples_only_and_ratios_of_parlor() {
        let mut results = Results::default();
        results.add(Row::Connect, Server::Floor, 10.0);
        results.add(Row::Connect, Server::Parlor, 15.0);
        results.add(Row::Connect, Server::Parlor, 15.0);
        results.add(Row::Connect, Server::Socketioxide, 60.0);
        let table = Table::of(&results, &sizes(), Server::Parlor);
        let cells: Vec<_> = table.rows.iter().flatten().map(String::as_str).collect();
        let expected = [
            "CPU per connect, WebSocket",
            "µs",
            "10.00",
            "15.00",
            "60.00",
            "-",
        ];
        assert_eq!(cells, [expected.as_slice(), &["1.50", "0.25"]].concat());
    }

    #[test]
    fn the_spread_stands_behind_a_median() {
        let mut results = Results::default();
        for sample in [1.0, 2.0, 4.0] {
            results.add(Row::Connect, Server::Parlor, sample);
        }
        let table = Table::of(&results, &sizes(), Server::Parlor);
        assert_eq!(table.rows[0][3], "2.00 (1.00..4.00)");
    }

    #[test]
    fn columns_of_the_text_stand_below_each_other() {
        let table = Table {
            heading: ["", "unit", "a"].map(str::to_owned).to_vec(),
            rows: vec![["row", "µs", "12"].map(str::to_owned).to_vec()],
        };
        assert_eq!(table.text(), "     unit   a\nrow  µs    12\n");
    }
}
