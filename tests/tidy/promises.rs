//! The table at the end of `SECURITY.md`: each promise names tests that are there.

use crate::protocol;
use crate::rules::Finding;

pub(crate) const PATH: &str = "SECURITY.md";
/// The heading that the table stands under.
const HEADING: &str = "## What is promised, and how it is tested";

/// Checks the table in `text`, and gives how many promises it has. `read` gives the text of a file by
/// its path from the package's root.
pub(crate) fn table(
    text: &str,
    read: impl Fn(&str) -> Option<String>,
    findings: &mut Vec<Finding>,
) -> usize {
    let mut promises = 0;
    let rows = text.lines().enumerate();
    for (number, row) in rows.skip_while(|(_, line)| *line != HEADING) {
        let Some(cells) = row
            .strip_prefix("| ")
            .and_then(|row| row.strip_suffix(" |"))
        else {
            continue;
        };
        let mut report = |what: String| {
            findings.push(Finding {
                path: PATH.to_owned(),
                line: number + 1,
                what,
            });
        };
        match cells.split_once(" | ") {
            Some(("promised", _)) => {}
            Some((_, shown)) => {
                promises += 1;
                protocol::tests(shown, &read, &mut report);
            }
            None => report("one cell, not two".to_owned()),
        }
    }
    promises
}
