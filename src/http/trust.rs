//! The trust page: why a browser wants HTTPS, and the two ways to it.
//!
//! It stands before every HTML page that somebody asks for by plain HTTP from another device, where
//! a browser gives no camera; `site` decides that. The words are those of `static/trust.html`, which
//! is a template:
//!
//! | mark | becomes |
//! |---|---|
//! | `{secure}` | the HTTPS address of what was asked for |
//! | `{host}` | its host, to be recognised in a browser's warning |
//! | `{watch}` | the same page without the trust page before it, by plain HTTP |
//! | `{fingerprint}` | SHA-256 of the authority, with places to break the line |
//! | `<!-- begin NAME -->` ... `<!-- end NAME -->` | itself or nothing: `authority` if there is a local one, `own` if not; `secure` or `nowhere` by whether there is an address |
//! | `<!-- ways KIND -->` ... `<!-- end KIND -->` with `<!-- way KEY: TITLE -->` in it | the visitor's own way, then the others folded |
//!
//! The page itself came over plain HTTP and may be forged on its way: so its first step is to
//! compare the fingerprint with the one that the server's terminal shows.
//!
//! Invariants: what a request says (its host, its path) is escaped; nothing of it decides more
//! than an order and a link. The page is never stored, so it varies by nothing. Cost: about 8 KB
//! copied a few times for each visit.

use crate::http::escape::escaped;
use crate::http::reach::Authority;
use crate::http::visitor::Visitor;

/// What is filled in.
#[derive(Debug)]
pub(crate) struct TrustPage<'a> {
    /// HTTPS address of this server, without a slash at the end.
    pub(crate) address: Option<&'a str>,
    /// Path and query that were asked for; `None` if that was the trust page itself.
    pub(crate) target: Option<&'a str>,
    /// The local authority, unless the certificate is one of the user's own.
    pub(crate) authority: Option<&'a Authority>,
    /// Who looks at it.
    pub(crate) visitor: Visitor,
}

impl TrustPage<'_> {
    /// The page.
    pub(crate) fn render(&self, template: &str) -> String {
        let mut page = template.to_owned();
        for (name, kept) in [
            ("authority", self.authority.is_some()),
            ("own", self.authority.is_none()),
            ("secure", self.address.is_some()),
            ("nowhere", self.address.is_none()),
        ] {
            page = with_section(&page, &format!("begin {name}"), name, |inside| {
                if kept {
                    inside.to_owned()
                } else {
                    String::new()
                }
            });
        }
        for (kind, own) in [
            ("browsers", self.visitor.browser.key()),
            ("systems", self.visitor.system.key()),
        ] {
            page = with_section(&page, &format!("ways {kind}"), kind, |inside| {
                ways(inside, own)
            });
        }
        let address = self.address.unwrap_or_default();
        let host = address.strip_prefix("https://").unwrap_or(address);
        let fingerprint = self.authority.map(|authority| &*authority.fingerprint);
        let target = self.target.unwrap_or("/");
        // In place of a page it stands under that page's name; by its own it would lead to itself.
        let watch = if self.target.is_some() {
            "?watch"
        } else {
            "/?watch"
        };
        // One after another is safe: of what is filled in only the target may hold such a mark, and
        // it comes last.
        page.replace("{fingerprint}", &breakable(fingerprint.unwrap_or_default()))
            .replace("{host}", &escaped(host))
            .replace("{watch}", watch)
            .replace("{secure}", &escaped(&format!("{address}{target}")))
    }
}

/// Replaces what stands between `<!-- begin -->` and `<!-- end NAME -->`, wherever that is.
fn with_section(text: &str, begin: &str, name: &str, change: impl Fn(&str) -> String) -> String {
    let (begin, end) = (
        format!("<!-- {begin} -->\n"),
        format!("<!-- end {name} -->\n"),
    );
    let mut rest = text;
    let mut out = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once(&begin) {
        let Some((inside, after)) = after.split_once(&end) else {
            break;
        };
        out.push_str(before);
        out.push_str(&change(inside));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Of several ways the own one open and first, the others folded under their titles.
fn ways(text: &str, own: &str) -> String {
    let (mut first, mut others) = (String::new(), String::new());
    for way in text.split("<!-- way ").skip(1) {
        let Some((mark, words)) = way.split_once(" -->\n") else {
            continue;
        };
        let (key, title) = mark.split_once(": ").unwrap_or((mark, mark));
        if key == own {
            first = format!(
                "<section class=\"way\" data-way=\"{key}\">\n<h3>{title}</h3>\n{words}</section>\n"
            );
        } else {
            others.push_str(&format!(
                "<details class=\"way\" data-way=\"{key}\">\n<summary>{title}</summary>\n{words}</details>\n"
            ));
        }
    }
    first + &others
}

/// A fingerprint that may be broken after every eighth pair: 32 of them fill four lines.
fn breakable(fingerprint: &str) -> String {
    let pairs: Vec<_> = fingerprint.split(':').map(escaped).collect();
    let lines: Vec<_> = pairs.chunks(8).map(|line| line.join(":")).collect();
    lines.join(":<wbr>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::visitor::{Browser, System};

    const TEMPLATE: &str = include_str!("../../static/trust.html");

    const IPHONE: Visitor = Visitor {
        system: System::Ios,
        browser: Browser::Safari,
    };

    fn authority() -> Authority {
        Authority {
            der: b"der".as_slice().into(),
            fingerprint: format!("{}FF", "AB:".repeat(31)),
        }
    }

    fn page(authority: Option<&Authority>, address: Option<&str>, target: &str) -> String {
        TrustPage {
            address,
            target: Some(target),
            authority,
            visitor: IPHONE,
        }
        .render(TEMPLATE)
    }

    #[test]
    fn no_mark_of_the_template_is_left() {
        for authority in [None, Some(&authority())] {
            for address in [None, Some("https://a:1")] {
                let page = page(authority, address, "/");
                assert!(!page.contains('{') && !page.contains("<!-- "), "{page}");
            }
        }
    }

    #[test]
    fn every_visitor_has_a_way_of_their_own() {
        let visitors = [
            (System::Ios, Browser::Safari),
            (System::Mac, Browser::Chrome),
            (System::Android, Browser::Firefox),
            (System::Windows, Browser::Edge),
            (System::Linux, Browser::Chrome),
            (System::Firefox, Browser::Firefox),
        ];
        for (system, browser) in visitors {
            let text = TrustPage {
                address: Some("https://a:1"),
                target: None,
                authority: Some(&authority()),
                visitor: Visitor { system, browser },
            }
            .render(TEMPLATE);
            for (key, all) in [(browser.key(), 4), (system.key(), 6)] {
                let open = format!("<section class=\"way\" data-way=\"{key}\">");
                assert_eq!(
                    text.matches(&open).count(),
                    if browser.key() == system.key() { 2 } else { 1 },
                    "{open} of {all}"
                );
            }
            assert_eq!(text.matches("<section class=\"way\"").count(), 2);
            assert_eq!(text.matches("<details class=\"way\"").count(), 3 + 5);
        }
    }

    #[test]
    fn the_own_way_comes_before_the_others() {
        let page = page(Some(&authority()), Some("https://a:1"), "/");
        let own = page.find("data-way=\"ios\"");
        for other in ["mac", "android", "windows", "linux", "firefox"] {
            let other = page.rfind(&format!("data-way=\"{other}\""));
            assert!(own.is_some() && own < other, "{other:?}");
        }
    }

    #[test]
    fn comparing_the_fingerprint_comes_before_both_ways() {
        let page = page(Some(&authority()), Some("https://a:1"), "/");
        let line = format!("{}<wbr>", "AB:".repeat(8));
        let lines = format!("{}{}FF", line.repeat(3), "AB:".repeat(7));
        let at = page.find(&lines);
        assert!(at.is_some(), "{page}");
        assert!(at < page.find("href=\"https://a:1/\""));
        assert!(at < page.find("/parlor-ca.mobileconfig"));
    }

    #[test]
    fn a_certificate_of_the_users_own_needs_no_trusting() {
        let page = page(None, Some("https://a:1"), "/");
        assert!(page.contains("href=\"https://a:1/\""));
        assert!(
            !page.contains("parlor-ca") && !page.contains("fingerprint"),
            "{page}"
        );
    }

    #[test]
    fn what_was_asked_for_is_text() {
        let page = page(
            Some(&authority()),
            Some("https://a:1"),
            "/\"><script>{host}&x'",
        );
        assert!(page.contains("href=\"https://a:1/&quot;&gt;&lt;script&gt;{host}&amp;x&#39;\""));
        assert!(!page.contains("\"><script>"));
    }
}
