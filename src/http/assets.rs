//! The page inside the binary: a sorted table of files, each stored once, in gzip.
//!
//! It stands at the end of a request that no directory of the user's answered: `site` asks for a
//! path and sends the chosen representation without copying a byte. The table is made by
//! `build.rs` from `static/`. Content codings are those of RFC 9110 section 8.4.1.
//!
//! Every browser takes gzip. For who does not, a file is inflated at the first request and kept, so
//! that any number of requests take no more memory than the page has bytes.
//!
//! Invariants: sorted by path (found by binary search); every entity tag is strong and belongs to
//! exactly one sequence of bytes. Cost: no memory beside the binary itself, which the system
//! pages in when it is asked for, and what was inflated.
//! Left out: ranges (the files are small), compression while serving, and brotli: a seventh
//! smaller than gzip, but one more copy of the page.

use std::sync::OnceLock;

use crate::encoding::{self, Accepted, Coding};

/// One file of the page.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Path below `static/`, without a leading slash.
    pub(crate) path: &'static str,
    /// Its `Content-Type`.
    pub(crate) content_type: &'static str,
    /// Strong entity tag of the file as it was written, with its quotes.
    etag: &'static str,
    /// The file's length in bytes.
    length: usize,
    /// Strong entity tag of the file in gzip.
    gzip_etag: &'static str,
    /// The file in gzip, RFC 1952.
    gzip: &'static [u8],
    /// The file as it was written, if somebody has asked for that.
    plain: OnceLock<Vec<u8>>,
}

/// The bytes that are sent, and the tag that belongs to exactly these bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Representation {
    /// Strong entity tag, with its quotes.
    pub(crate) etag: &'static str,
    /// What the body holds.
    pub(crate) bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The file at this path, if the page has it.
pub(crate) fn find(path: &str) -> Option<&'static Asset> {
    let index = ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok()?;
    ASSETS.get(index)
}

impl Asset {
    /// The representation a client likes best, and its coding; `None` if it accepts not one.
    pub(crate) fn choose(&'static self, accepted: &Accepted) -> Option<(Coding, Representation)> {
        let coding = accepted.best()?;
        let (etag, bytes) = match coding {
            Coding::Gzip => (self.gzip_etag, self.gzip),
            Coding::Identity => (self.etag, self.plain()),
        };
        Some((coding, Representation { etag, bytes }))
    }

    /// The file as it was written.
    pub(crate) fn plain(&'static self) -> &'static [u8] {
        self.plain
            .get_or_init(|| encoding::inflate(self.gzip, self.length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_holds_the_page() {
        assert!(ASSETS.is_sorted_by(|a, b| a.path < b.path));
        assert!(find("index.html").is_some());
        assert!(find("").is_none());
        assert!(find("/index.html").is_none());
    }

    #[test]
    fn every_file_reads_back_as_it_was_written() {
        for asset in &ASSETS {
            let path = format!("{}/static/{}", env!("CARGO_MANIFEST_DIR"), asset.path);
            assert_eq!(
                asset.plain(),
                std::fs::read(path).unwrap(),
                "{}",
                asset.path
            );
            assert_eq!(asset.plain().len(), asset.length);
        }
    }

    #[test]
    fn every_representation_has_a_strong_tag_of_its_own() {
        let tags = ASSETS.iter().map(|asset| [asset.etag, asset.gzip_etag]);
        let mut tags: Vec<_> = tags.flatten().collect();
        for tag in &tags {
            assert!(
                tag.starts_with('"') && tag.ends_with('"') && tag.len() >= 26,
                "{tag}"
            );
        }
        let count = tags.len();
        tags.sort_unstable();
        tags.dedup();
        assert_eq!(tags.len(), count);
    }
}
