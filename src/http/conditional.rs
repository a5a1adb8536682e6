//! Preconditions: whether a client's copy is still good. RFC 9110 section 13.
//!
//! It stands between the choice of a representation and its body. The order is that of section
//! 13.2.2:
//!
//! | step | header | when | outcome if it fails |
//! |---|---|---|---|
//! | 1 | `If-Match` | present; strong comparison | 412 |
//! | 2 | `If-Unmodified-Since` | no `If-Match`, a date is known | 412 |
//! | 3 | `If-None-Match` | present; weak comparison | 304 |
//! | 4 | `If-Modified-Since` | no `If-None-Match`, a date is known | 304 |
//! | 5 | `If-Range` | with `Range`; strong comparison | the whole file instead of a part |
//!
//! Everything here is for GET and HEAD. Dates that do not parse are ignored (section 13.1.3); a
//! list of tags that does not parse ends there. Cost: no allocation.

use std::time::SystemTime;

use hyper::HeaderMap;
use hyper::header::{
    HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE,
};

/// What is known about the chosen representation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Validators<'a> {
    /// Entity tag with its quotes, and `W/` before it if it is weak.
    pub(crate) etag: &'a str,
    /// Last change, in whole seconds as `Last-Modified` says it.
    pub(crate) modified: Option<SystemTime>,
}

/// What the preconditions ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Send it.
    Proceed,
    /// 304: the client's copy is good.
    NotModified,
    /// 412: the client wanted something else.
    Failed,
}

impl Validators<'_> {
    /// Steps 1 to 4 of the table.
    pub(crate) fn evaluate(&self, headers: &HeaderMap) -> Outcome {
        if headers.contains_key(IF_MATCH) {
            if !self.listed(headers, &IF_MATCH, strong) {
                return Outcome::Failed;
            }
        } else if let (Some(limit), Some(modified)) =
            (date(headers, &IF_UNMODIFIED_SINCE), self.modified)
            && modified > limit
        {
            return Outcome::Failed;
        }
        if headers.contains_key(IF_NONE_MATCH) {
            if self.listed(headers, &IF_NONE_MATCH, weak) {
                return Outcome::NotModified;
            }
        } else if let (Some(since), Some(modified)) =
            (date(headers, &IF_MODIFIED_SINCE), self.modified)
            && modified <= since
        {
            return Outcome::NotModified;
        }
        Outcome::Proceed
    }

    /// Step 5: whether a `Range` may be honoured. A date counts only while the tag is strong,
    /// which `public_dir` makes it once the file has rested (section 8.8.2.2).
    pub(crate) fn range_holds(&self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(IF_RANGE) else {
            return true;
        };
        let Ok(value) = value.to_str() else {
            return false;
        };
        if value.ends_with('"') {
            return strong(value.trim(), self.etag);
        }
        self.modified.is_some()
            && date(headers, &IF_RANGE) == self.modified
            && !self.etag.starts_with("W/")
    }

    fn listed(&self, headers: &HeaderMap, name: &HeaderName, same: fn(&str, &str) -> bool) -> bool {
        headers
            .get_all(name)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .any(|line| line.trim() == "*" || tags(line).any(|tag| same(tag, self.etag)))
    }
}

/// Section 8.8.3.2: both are strong and the same.
fn strong(a: &str, b: &str) -> bool {
    a == b && !a.starts_with("W/")
}

/// Section 8.8.3.2: the same apart from weakness.
fn weak(a: &str, b: &str) -> bool {
    a.strip_prefix("W/").unwrap_or(a) == b.strip_prefix("W/").unwrap_or(b)
}

/// The entity tags of a list. A tag may hold commas, so the quotes decide.
fn tags(mut rest: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let open = if rest.starts_with("W/\"") { 3 } else { 1 };
        if open == 1 && !rest.starts_with('"') {
            return None;
        }
        let close = rest.get(open..)?.find('"')?;
        let (tag, after) = rest.split_at_checked(open + close + 1)?;
        rest = after;
        Some(tag)
    })
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?.trim()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;
    use std::time::Duration;

    const OLDER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const NEWER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    fn file(etag: &str) -> Validators<'_> {
        Validators {
            etag,
            modified: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)),
        }
    }

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    fn none_match(value: &str) -> Outcome {
        Validators {
            etag: "\"a,b\"",
            modified: None,
        }
        .evaluate(&headers(&[(IF_NONE_MATCH, value)]))
    }

    #[test]
    fn a_listed_tag_or_a_star_is_not_modified() {
        for same in [
            "\"a,b\"",
            "W/\"a,b\"",
            "\"x\", \"a,b\"",
            "\"x\",W/\"y\" , W/\"a,b\"",
            "*",
            " \"a,b\" ",
        ] {
            assert_eq!(none_match(same), Outcome::NotModified, "{same}");
        }
    }

    #[test]
    fn another_tag_or_one_that_does_not_parse_is_sent_again() {
        for other in [
            "\"a\"",
            "\"b\"",
            "a,b",
            "\"a,b",
            "\"A,B\"",
            "",
            "junk \"a,b\"",
            "w/\"a,b\"",
        ] {
            assert_eq!(none_match(other), Outcome::Proceed, "{other}");
        }
    }

    #[test]
    fn several_lines_are_one_list() {
        let lines = headers(&[(IF_NONE_MATCH, "\"x\""), (IF_NONE_MATCH, "\"t\"")]);
        assert_eq!(file("\"t\"").evaluate(&lines), Outcome::NotModified);
    }

    #[test]
    fn a_date_counts_only_without_a_tag() {
        assert_eq!(
            file("\"t\"").evaluate(&headers(&[(IF_MODIFIED_SINCE, SAME)])),
            Outcome::NotModified
        );
        assert_eq!(
            file("\"t\"").evaluate(&headers(&[(IF_MODIFIED_SINCE, NEWER)])),
            Outcome::NotModified
        );
        assert_eq!(
            file("\"t\"").evaluate(&headers(&[(IF_MODIFIED_SINCE, OLDER)])),
            Outcome::Proceed
        );
        assert_eq!(
            file("\"t\"").evaluate(&headers(&[(IF_MODIFIED_SINCE, "yesterday")])),
            Outcome::Proceed
        );
        let both = headers(&[(IF_MODIFIED_SINCE, SAME), (IF_NONE_MATCH, "\"x\"")]);
        assert_eq!(file("\"t\"").evaluate(&both), Outcome::Proceed);
    }

    #[test]
    fn if_match_is_strong_and_comes_first() {
        assert_eq!(
            file("\"t\"").evaluate(&headers(&[(IF_MATCH, "\"t\"")])),
            Outcome::Proceed
        );
        assert_eq!(
            file("\"t\"").evaluate(&headers(&[(IF_MATCH, "*")])),
            Outcome::Proceed
        );
        assert_eq!(
            file("\"t\"").evaluate(&headers(&[(IF_MATCH, "W/\"t\"")])),
            Outcome::Failed
        );
        assert_eq!(
            file("W/\"t\"").evaluate(&headers(&[(IF_MATCH, "W/\"t\"")])),
            Outcome::Failed
        );
        let both = headers(&[(IF_MATCH, "\"x\""), (IF_NONE_MATCH, "\"t\"")]);
        assert_eq!(file("\"t\"").evaluate(&both), Outcome::Failed);
        assert_eq!(
            file("\"t\"").evaluate(&headers(&[(IF_UNMODIFIED_SINCE, OLDER)])),
            Outcome::Failed
        );
        assert_eq!(
            file("\"t\"").evaluate(&headers(&[(IF_UNMODIFIED_SINCE, SAME)])),
            Outcome::Proceed
        );
    }

    #[test]
    fn a_part_is_sent_only_of_the_very_same_file() {
        assert!(file("\"t\"").range_holds(&HeaderMap::new()));
        assert!(file("\"t\"").range_holds(&headers(&[(IF_RANGE, "\"t\"")])));
        assert!(file("\"t\"").range_holds(&headers(&[(IF_RANGE, SAME)])));
        assert!(!file("\"t\"").range_holds(&headers(&[(IF_RANGE, NEWER)])));
        assert!(!file("\"t\"").range_holds(&headers(&[(IF_RANGE, "\"x\"")])));
        assert!(!file("W/\"t\"").range_holds(&headers(&[(IF_RANGE, "W/\"t\"")])));
        assert!(!file("W/\"t\"").range_holds(&headers(&[(IF_RANGE, SAME)])));
        assert!(!file("\"t\"").range_holds(&headers(&[(IF_RANGE, "soon")])));
    }
}
