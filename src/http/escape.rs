//! Text within markup, HTML and XML alike.
//!
//! It stands before every text in a page or profile that is not a constant: what a request says
//! (its host, its path) and what the machine is called. HTML section 13.3, XML 1.0 section 2.4.
//!
//! Invariant: the result is text wherever it stands, between tags and in a quoted attribute. It is
//! not for scripts, styles or unquoted attributes, which no page here fills in.

/// The text with what markup would read replaced by references, and control characters left out,
/// which XML cannot say at all.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => {}
            character if character.is_control() => {}
            character => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(
            escaped("<a href=\"'x'\">&amp;\u{0}\n\u{7f}é</a>"),
            "&lt;a href=&quot;&#39;x&#39;&quot;&gt;&amp;amp;é&lt;/a&gt;"
        );
    }
}
