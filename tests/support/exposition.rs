//! Reads what `/metrics` says: Prometheus' text exposition, version 0.0.4.
//!
//! It takes no more than the part of the format that is used here, and that without forgiveness: for
//! each metric `# HELP`, `# TYPE` and its samples, in this order; a histogram's ranges from the
//! shortest to `+Inf`, each with the counts of those before it, then `_sum` and `_count`.

use std::collections::BTreeMap;

/// One metric as it is written.
#[derive(Debug, PartialEq)]
pub(crate) struct Metric {
    /// `counter`, `gauge` or `histogram`.
    pub(crate) kind: String,
    /// What is said of it.
    pub(crate) about: String,
    /// Labels of its only sample, braces and all; none for a histogram.
    pub(crate) labels: String,
    /// Its value; of a histogram the number of all.
    pub(crate) value: f64,
    /// A histogram's ranges: the longest of each, and how many are not longer.
    pub(crate) ranges: Vec<(f64, f64)>,
    /// The sum of a histogram.
    pub(crate) sum: f64,
}

/// Reads the whole.
pub(crate) fn read(text: &str) -> BTreeMap<String, Metric> {
    let mut metrics = BTreeMap::new();
    let body = text.strip_suffix('\n').expect("the last line ends too");
    let mut lines = body.split('\n').peekable();
    while let Some(line) = lines.next() {
        let help = line.strip_prefix("# HELP ").expect(line);
        let (name, about) = help.split_once(' ').expect(help);
        assert!(is_name(name), "{name}");
        assert!(!about.trim().is_empty() && about.trim() == about, "{help}");
        let escapes = about.replace("\\\\", "").replace("\\n", "");
        assert!(!escapes.contains('\\'), "{help}");

        let line = lines.next().expect("a type");
        let kind = line.strip_prefix(&format!("# TYPE {name} ")).expect(line);
        let mut samples = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            samples.push(sample(name, line));
        }
        let metric = Metric {
            kind: kind.to_owned(),
            about: about.to_owned(),
            labels: String::new(),
            value: 0.0,
            ranges: Vec::new(),
            sum: 0.0,
        };
        let metric = match kind {
            "counter" | "gauge" => single(metric, &samples),
            "histogram" => histogram(metric, &samples),
            _ => panic!("{kind} is no type"),
        };
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
        let twice = metrics.insert(name.to_owned(), metric);
        assert_eq!(twice, None, "{name} is there twice");
    }
    metrics
}

/// What stands behind the metric's name, the labels and the value.
fn sample<'a>(name: &str, line: &'a str) -> (&'a str, &'a str, f64) {
    let rest = line.strip_prefix(name).expect(line);
    let (rest, value) = rest.rsplit_once(' ').expect(rest);
    let (suffix, labels) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
    assert!(labels.is_empty() || is_label(labels), "{labels}");
    (suffix, labels, value.parse().expect(value))
}

fn single(metric: Metric, samples: &[(&str, &str, f64)]) -> Metric {
    let [("", labels, value)] = samples else {
        panic!("{metric:?} has one sample: {samples:?}");
    };
    assert!(value.fract() == 0.0 && *value >= 0.0, "{value}");
    Metric {
        labels: (*labels).to_owned(),
        value: *value,
        ..metric
    }
}

fn histogram(metric: Metric, samples: &[(&str, &str, f64)]) -> Metric {
    let [ranges @ .., ("_sum", "", sum), ("_count", "", count)] = samples else {
        panic!("{metric:?} ends with a sum and a count: {samples:?}");
    };
    let ranges: Vec<_> = ranges
        .iter()
        .map(|(suffix, labels, value)| {
            assert_eq!(*suffix, "_bucket");
            let up_to = labels.strip_prefix("{le=\"").expect(labels);
            let up_to = up_to.strip_suffix("\"}").expect(labels);
            let up_to = up_to.replace("+Inf", "inf").parse().expect(labels);
            (up_to, *value)
        })
        .collect();
    assert!(
        ranges.is_sorted_by(|one, next| one.0 < next.0 && one.1 <= next.1),
        "{ranges:?}"
    );
    assert_eq!(ranges.last(), Some(&(f64::INFINITY, *count)));
    Metric {
        value: *count,
        ranges,
        sum: *sum,
        ..metric
    }
}

/// A metric's name, or a label's.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// `{name="value"}` with nothing to be escaped.
fn is_label(text: &str) -> bool {
    let inner = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix("\"}"));
    let parts = inner.and_then(|text| text.split_once("=\""));
    parts.is_some_and(|(name, value)| is_name(name) && !value.contains(['"', '\\']))
}
