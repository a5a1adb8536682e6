//! A request's path as a safe relative name.
//!
//! It stands before every look-up, embedded or on disk: what it lets through has only plain
//! segments, so joining it to a directory cannot lead out of it. Percent-decoding is that of RFC
//! 3986 section 2.1, done once and per segment, so `%2e%2e%2f` is seen as what it means and
//! `%252e` stays a strange name.
//!
//! Refused: no leading slash (`*`, authority form), an empty segment (`//`: a redirect to it would
//! leave the server), a segment that starts with a dot (`.`, `..`, hidden files), and any segment
//! with a slash, backslash, NUL or other control character in it, or that is not UTF-8.
//! Cost: one string, at most [`MAX_BYTES`] long. Left out: anything about which files exist.

/// Longest path that is looked at, in bytes as sent; longer ones name nothing here.
const MAX_BYTES: usize = 1024;

/// A decoded path below the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SitePath {
    /// Segments joined by `/`, without a leading or trailing one; empty for the root.
    pub(crate) relative: String,
    /// Whether it ended in a slash and so means the directory's `index.html`.
    pub(crate) directory: bool,
}

impl SitePath {
    /// Reads a URI's path; `None` if it is one that is refused.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let rest = path.strip_prefix('/')?;
        if rest.len() > MAX_BYTES {
            return None;
        }
        let (rest, directory) = match rest.strip_suffix('/') {
            Some(rest) => (rest, true),
            None => (rest, rest.is_empty()),
        };
        let mut relative = String::with_capacity(rest.len());
        if rest.is_empty() {
            // `//` has an empty segment; `/` is the root.
            return (path.len() == 1).then_some(Self {
                relative,
                directory,
            });
        }
        for segment in rest.split('/') {
            let segment = String::from_utf8(percent_decode(segment)?).ok()?;
            if segment.is_empty() || segment.starts_with('.') || segment.chars().any(is_unsafe) {
                return None;
            }
            if !relative.is_empty() {
                relative.push('/');
            }
            relative.push_str(&segment);
        }
        Some(Self {
            relative,
            directory,
        })
    }

    /// The file this path means: itself, or a directory's `index.html`.
    pub(crate) fn file(&self) -> String {
        match (self.directory, self.relative.is_empty()) {
            (false, _) => self.relative.clone(),
            (true, true) => "index.html".to_owned(),
            (true, false) => format!("{}/index.html", self.relative),
        }
    }
}

fn is_unsafe(character: char) -> bool {
    matches!(character, '/' | '\\') || character.is_control()
}

/// Decodes `%41` and the like; `None` if a percent sign is not followed by two hex digits.
pub(crate) fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' {
            hex(bytes.next()?)? * 16 + hex(bytes.next()?)?
        } else {
            byte
        });
    }
    Some(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    fn file(path: &str) -> Option<String> {
        SitePath::parse(path).map(|path| path.file())
    }

    #[test]
    fn plain_paths_are_relative_names() {
        assert_eq!(file("/").unwrap(), "index.html");
        assert_eq!(file("/chat.js").unwrap(), "chat.js");
        assert_eq!(file("/a/b/").unwrap(), "a/b/index.html");
        assert_eq!(
            SitePath::parse("/a/b").unwrap(),
            SitePath {
                relative: "a/b".into(),
                directory: false
            }
        );
    }

    #[test]
    fn percent_signs_are_decoded_once() {
        assert_eq!(file("/my%20page.html").unwrap(), "my page.html");
        assert_eq!(file("/caf%C3%a9").unwrap(), "café");
        assert_eq!(file("/%252e%252e").unwrap(), "%2e%2e");
    }

    #[test]
    fn nothing_leads_out() {
        for path in [
            "/..",
            "/../",
            "/../etc/passwd",
            "/a/../b",
            "/a/..",
            "/.",
            "/./a",
            "/%2e%2e/etc/passwd",
            "/%2E./x",
            "/..%2fetc",
            "/a%2f..%2fb",
            "/a%2Fb",
            "/..%5cetc",
            "/a\\b",
            "/a%00",
            "/a%00.html",
            "/a%0d%0a",
            "/a%7f",
            "//",
            "//evil.example/",
            "/a//b",
            "///",
            "",
            "*",
            "a",
            "/.git/config",
            "/a/.env",
            "/%2egit",
            "/a%",
            "/a%4",
            "/a%zz",
            "/%ff",
            "/%c0%ae%c0%ae/",
            "/.well-known/x",
        ] {
            assert_eq!(SitePath::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_very_long_path_names_nothing() {
        assert!(SitePath::parse(&format!("/{}", "a".repeat(MAX_BYTES))).is_some());
        assert!(SitePath::parse(&format!("/{}", "a".repeat(MAX_BYTES + 1))).is_none());
    }
}
