//! The table of `tests/README.md`: its lines are numbered without a gap, and each names tests that
//! are there, or says why there is none.

use crate::rules::Finding;

pub(crate) const PATH: &str = "tests/README.md";
/// The heading that the table stands under.
const HEADING: &str = "## The protocol, line by line";
/// What the last cell of a line begins with that nothing shows.
const NOT_SHOWN: &str = "not shown: ";

/// Checks the table in `text`, and gives how many lines of the protocol it has. `read` gives the
/// text of a file by its path from `tests/`.
pub(crate) fn table(
    text: &str,
    read: impl Fn(&str) -> Option<String>,
    findings: &mut Vec<Finding>,
) -> usize {
    let (mut section, mut line_of_section, mut lines) = (0, 0, 0);
    let rows = text.lines().enumerate();
    for (number, row) in rows.skip_while(|(_, line)| *line != HEADING) {
        let mut report = |what: String| {
            findings.push(Finding {
                path: PATH.to_owned(),
                line: number + 1,
                what,
            });
        };
        let Some(cells) = row.strip_prefix("| ").and_then(|row| row.strip_suffix('|')) else {
            continue;
        };
        let cells: Vec<&str> = cells.split(" | ").map(str::trim).collect();
        let [name, _, shown] = cells[..] else {
            report(format!("{} cells, not three", cells.len()));
            continue;
        };
        if name == "line" {
            continue;
        }
        if let Some(heading) = name.strip_prefix("**") {
            section += 1;
            line_of_section = 0;
            if heading != format!("{section}**") {
                report(format!("section {section} is called {name}"));
            }
            continue;
        }
        lines += 1;
        line_of_section += 1;
        if name != format!("{section}.{line_of_section}") {
            report(format!("line {section}.{line_of_section} is called {name}"));
        }
        if !shown.starts_with(NOT_SHOWN) {
            tests(shown, &read, &mut report);
        }
    }
    lines
}

/// Checks one cell of a table: a file between backticks, and then the titles of tests in it; perhaps more.
pub(crate) fn tests(
    cell: &str,
    read: impl Fn(&str) -> Option<String>,
    report: &mut impl FnMut(String),
) {
    let mut file: Option<(&str, String)> = None;
    let mut titles = 0;
    for span in cell.split('`').skip(1).step_by(2) {
        let is_rust = span.ends_with(".rs");
        if is_rust || span.ends_with(".mjs") {
            file = read(span).map(|text| (span, text));
            if file.is_none() {
                report(format!("there is no {span}"));
            }
            continue;
        }
        titles += 1;
        let Some((path, text)) = &file else {
            continue;
        };
        let is_there = if path.ends_with(".rs") {
            text.contains(&format!("fn {span}()"))
        } else {
            let quoted = |quote: char| text.contains(&format!("{quote}{span}{quote}"));
            ['"', '\'', '`'].into_iter().any(quoted)
        };
        if !is_there {
            report(format!("no test in {path} is called {span:?}"));
        }
    }
    if titles == 0 {
        report("names no test".to_owned());
    }
}
