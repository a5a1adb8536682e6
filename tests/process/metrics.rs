//! METRICS.md says what `/metrics` does: every metric with its type, its unit and its sentence, and no
//! other.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::binary::Parlor;
use crate::support::exposition::read;
use crate::support::raw::get;

/// Type, unit and sentence of each metric in the page's tables.
fn documented() -> BTreeMap<String, [String; 3]> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("METRICS.md");
    let page = fs::read_to_string(path).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows = rows.map(|row| {
        let (name, rest) = row.split_once("` | ").expect(row);
        let cells: Vec<_> = rest.trim_end_matches('|').split('|').collect();
        let cells: [&str; 3] = cells.try_into().expect(row);
        (name.to_owned(), cells.map(|cell| cell.trim().to_owned()))
    });
    let mut metrics = BTreeMap::new();
    for (name, cells) in rows {
        let twice = metrics.insert(name.clone(), cells);
        assert_eq!(twice, None, "{name}");
    }
    metrics
}

#[test]
fn the_page_has_every_metric_as_it_is_told_and_no_others() {
    let (_parlor, address) = Parlor::start(&["--listen", "127.0.0.1:0"], &[]);
    let told = read(&get(address, "/metrics", &[]).text());
    let page = documented();
    assert_eq!(
        told.keys().collect::<Vec<_>>(),
        page.keys().collect::<Vec<_>>()
    );
    for (name, metric) in &told {
        let [kind, unit, about] = &page[name];
        assert_eq!((kind, about), (&metric.kind, &metric.about), "{name}");
        let base = name.strip_suffix("_total").unwrap_or(name);
        for (suffix, wanted) in [("_seconds", "seconds"), ("_bytes", "bytes")] {
            assert_eq!(base.ends_with(suffix), unit == wanted, "{name}: {unit}");
        }
    }
}
