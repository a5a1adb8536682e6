//! The file with the results: what it was measured on, and a table for each binary of Parlor's.

use std::fmt::Write;

use super::Table;

/// The whole document. `tables` have a title each.
pub(crate) fn document(facts: &[(String, String)], tables: &[(String, Table)]) -> String {
    let mut text = String::from(
        "# Results\n\nWritten by `scripts/bench --save`. What the rows mean, and how far they can be trusted, is in\n\
         [README.md](README.md). The median of all rounds, in brackets the least and the most of them.\n\
         Of every row less is better. Compare numbers of one table only.\n\n",
    );
    // Writing to a text cannot fail.
    for (name, value) in facts {
        let _ = writeln!(text, "* {name}: {}", cell(value));
    }
    for (title, table) in tables {
        let _ = writeln!(text, "\n## {title}\n");
        line(&mut text, &table.heading);
        let marks = table.heading.iter().enumerate();
        let marks: Vec<_> = marks
            .map(|(column, _)| if column < 2 { "---" } else { "--:" }.to_owned())
            .collect();
        line(&mut text, &marks);
        for row in &table.rows {
            line(&mut text, row);
        }
    }
    text
}

fn line(text: &mut String, cells: &[String]) {
    let cells: Vec<_> = cells.iter().map(|text| cell(text)).collect();
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

/// What stands in a cell must not end it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_its_facts_and_a_table_with_aligned_columns() {
        let table = Table {
            heading: ["", "unit", "parlor"].map(str::to_owned).to_vec(),
            rows: vec![["a|b", "µs", "1.00"].map(str::to_owned).to_vec()],
        };
        let facts = [("date".to_owned(), "today".to_owned())];
        let text = document(&facts, &[("The release binary".to_owned(), table)]);
        assert!(text.contains("* date: today\n"));
        let expected = "## The release binary\n\n|  | unit | parlor |\n| --- | --- | --: |\n\
                        | a\\|b | µs | 1.00 |\n";
        assert!(text.ends_with(expected), "{text}");
    }
}
