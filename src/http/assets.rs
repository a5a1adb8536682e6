//! The page inside the binary: a sorted table of files, each in up to three codings.
//!
//! It stands at the end of a request that no directory of the user's answered: `site` asks for a
//! path and sends the chosen representation without copying a byte. The table is made by
//! `build.rs` from `static/`. Content codings are those of RFC 9110 section 8.4.1.
//!
//! Invariants: sorted by path (found by binary search); every entity tag is strong and belongs to
//! exactly one sequence of bytes; a coding is there only if it is smaller. Cost: no memory beside
//! the binary itself, which the system pages in when it is asked for.
//! Left out: ranges (the files are small) and compression while serving.

use crate::encoding::{Accepted, Coding};

/// One file of the page.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Path below `static/`, without a leading slash.
    pub(crate) path: &'static str,
    /// Its `Content-Type`.
    pub(crate) content_type: &'static str,
    /// The file as it was written.
    pub(crate) identity: Representation,
    /// The file in brotli, RFC 7932.
    pub(crate) brotli: Option<Representation>,
    /// The file in gzip, RFC 1952.
    pub(crate) gzip: Option<Representation>,
}

/// The bytes that are sent, and the tag that belongs to exactly these bytes.
#[derive(Debug)]
pub(crate) struct Representation {
    /// Strong entity tag, with its quotes.
    pub(crate) etag: &'static str,
    /// What the body holds.
    pub(crate) bytes: &'static [u8],
}

static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The file at this path, if the page has it.
pub(crate) fn find(path: &str) -> Option<&'static Asset> {
    let index = ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok()?;
    ASSETS.get(index)
}

impl Asset {
    /// The representation a client likes best, and its coding; `None` if it accepts not one.
    pub(crate) fn choose(&self, accepted: &Accepted) -> Option<(Coding, &Representation)> {
        let coding = accepted.best(|coding| self.get(coding).is_some())?;
        Some((coding, self.get(coding)?))
    }

    /// Whether the answer depends on `Accept-Encoding`.
    pub(crate) fn varies(&self) -> bool {
        self.brotli.is_some() || self.gzip.is_some()
    }

    fn get(&self, coding: Coding) -> Option<&Representation> {
        match coding {
            Coding::Brotli => self.brotli.as_ref(),
            Coding::Gzip => self.gzip.as_ref(),
            Coding::Identity => Some(&self.identity),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    #[test]
    fn the_table_is_sorted_and_holds_the_page() {
        assert!(ASSETS.is_sorted_by(|a, b| a.path < b.path));
        assert!(find("index.html").is_some());
        assert!(find("").is_none());
        assert!(find("/index.html").is_none());
    }

    #[test]
    fn a_coding_is_kept_only_if_it_is_smaller() {
        for asset in ASSETS {
            for coded in [&asset.brotli, &asset.gzip].into_iter().flatten() {
                assert!(
                    coded.bytes.len() < asset.identity.bytes.len(),
                    "{}",
                    asset.path
                );
            }
        }
    }

    #[test]
    fn every_coding_has_a_strong_tag_of_its_own() {
        for asset in ASSETS {
            let all = [
                Some(&asset.identity),
                asset.brotli.as_ref(),
                asset.gzip.as_ref(),
            ];
            let mut tags: Vec<_> = all.into_iter().flatten().map(|one| one.etag).collect();
            for tag in &tags {
                assert!(
                    tag.starts_with('"') && tag.ends_with('"') && tag.len() >= 26,
                    "{tag}"
                );
            }
            let count = tags.len();
            tags.sort_unstable();
            tags.dedup();
            assert_eq!(tags.len(), count, "{}", asset.path);
        }
    }
}
