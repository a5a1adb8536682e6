//! The drawing for the README: bars of a few rows, in a file that stands alone. It takes its colours
//! from whether the reader's page is light or dark, and has no scripts and no fonts of its own.

use std::fmt::Write;

use super::number;
use crate::options::Sizes;
use crate::results::Results;
use crate::rows::Row;
use crate::server::Server;

const ROWS: [Row; 6] = [
    Row::Resident,
    Row::IdleWebSocket,
    Row::Connect,
    Row::Relay50,
    Row::Call,
    Row::Instructions,
];
const SERVERS: [Server; 4] = [
    Server::Floor,
    Server::Parlor,
    Server::Socketioxide,
    Server::SocketIo,
];
const WIDTH: f64 = 760.0;
const MARGIN: f64 = 16.0;
/// Where bars begin: the servers' names stand before.
const BARS: f64 = 130.0;
/// The longest bar; its number stands behind.
const LONGEST: f64 = 500.0;
const BAR: f64 = 14.0;
const STEP: f64 = 20.0;
const TITLE: f64 = 24.0;
const GAP: f64 = 18.0;

const STYLE: &str = "\
text { font-family: system-ui, sans-serif; font-size: 13px; fill: #1f2328 }
.title { font-weight: 600 }
.server { text-anchor: end }
.floor { fill: #b4bac1 } .parlor { fill: #1a7f37 } .peer { fill: #6e7781 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.floor { fill: #484f58 } .parlor { fill: #3fb950 } .peer { fill: #8b949e }
}";

/// The drawing of the rows that were measured.
pub(crate) fn drawing(results: &Results, sizes: &Sizes) -> String {
    let mut body = String::new();
    let mut y = MARGIN;
    for row in ROWS {
        let bars = SERVERS.map(|server| (server, results.median(row, server)));
        let most = bars
            .iter()
            .filter_map(|(_, value)| *value)
            .fold(0.0, f64::max);
        if most <= 0.0 {
            continue;
        }
        let title = escape(&row.title(sizes));
        // Writing to a text cannot fail.
        let _ = writeln!(
            body,
            "<text class=\"title\" x=\"{MARGIN}\" y=\"{}\">{title}</text>",
            y + 13.0
        );
        y += TITLE;
        for (server, value) in bars {
            let Some(value) = value else { continue };
            bar(&mut body, y, server, value / most, &label(row, value));
            y += STEP;
        }
        y += GAP;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{y}\" \
         viewBox=\"0 0 {WIDTH} {y}\" role=\"img\">\n<title>Parlor and others, less is better</title>\n\
         <style>\n{STYLE}\n</style>\n{body}</svg>\n"
    )
}

fn bar(body: &mut String, y: f64, server: Server, share: f64, label: &str) {
    let class = match server {
        Server::Floor => "floor",
        Server::Parlor | Server::Other => "parlor",
        Server::Socketioxide | Server::SocketIo => "peer",
    };
    // A bar that cannot be seen would say zero.
    let width = (share * LONGEST).max(1.0);
    let (name, text) = (escape(server.name()), y + 11.0);
    let _ = writeln!(
        body,
        "<text class=\"server\" x=\"{}\" y=\"{text}\">{name}</text>\
         <rect class=\"{class}\" x=\"{BARS}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\"/>\
         <text x=\"{:.1}\" y=\"{text}\">{}</text>",
        BARS - 8.0,
        BARS + width + 6.0,
        escape(label)
    );
}

fn label(row: Row, value: f64) -> String {
    let unit = row.unit();
    let label = format!("{} {}", number(value, unit), unit.name());
    label.trim_end().to_owned()
}

/// Text as it may stand in XML.
fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;

    fn sizes() -> Sizes {
        Options::parse(std::iter::empty()).unwrap().sizes
    }

    #[test]
    fn text_cannot_leave_its_element() {
        assert_eq!(escape("a<b>&\"c\""), "a&lt;b&gt;&amp;&quot;c&quot;");
    }

    #[test]
    fn the_longest_bar_is_the_most_and_others_are_their_share() {
        let mut results = Results::default();
        results.add(Row::Connect, Server::SocketIo, 800.0);
        results.add(Row::Connect, Server::Parlor, 40.0);
        let drawing = drawing(&results, &sizes());
        assert!(drawing.contains("width=\"500.0\""), "{drawing}");
        assert!(drawing.contains("width=\"25.0\""), "{drawing}");
        assert!(drawing.contains("800.0 µs"), "{drawing}");
        assert_eq!(drawing.matches("<rect").count(), 2);
    }

    #[test]
    fn rows_without_samples_are_left_out() {
        let drawing = drawing(&Results::default(), &sizes());
        assert!(!drawing.contains("<rect"));
    }
}
