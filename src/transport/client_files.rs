//! The official client's files, served under the protocol's path as the reference server does
//! (its `serveClient`): `/socket.io/socket.io.js` and its kin.
//!
//! They come from a directory such as `socket.io-client/dist` of the npm package, and are read
//! once, at the start, so a request never waits for the disk. All files of a directory are of one
//! release, whose version stands in the banner that every script begins with; the entity tag of
//! all of them is that version, as the reference server's is. (`package.json`, beside the
//! directory, would not be there for who copies the scripts alone.)
//!
//! | request | answer |
//! |---|---|
//! | any method, any query | 200, the file, compressed if the client likes that |
//! | `If-None-Match` is the tag, or its weak form | 304, empty; lists and `*` are not understood |
//! | a name that is not here | not answered here: it is the engine's to refuse |
//!
//! Cost: the files, 1.2 MB for all eight, and each coding of one that was asked for (a third of
//! it); it is compressed once, on the blocking pool. Unlike the reference server's the answer says
//! that it varies by `Accept-Encoding`, for caches on the way. Left out: brotli, whose encoder
//! would double the binary.

use super::reject::{Answer, answer, empty};
use crate::bounded;
use crate::config::ConfigError;
use crate::encoding::{Accepted, Compression};
use bytes::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, VARY,
};
use hyper::{HeaderMap, Response, StatusCode};
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The names that the reference server knows.
const NAMES: [&str; 8] = [
    "socket.io.esm.min.js",
    "socket.io.esm.min.js.map",
    "socket.io.js",
    "socket.io.js.map",
    "socket.io.min.js",
    "socket.io.min.js.map",
    "socket.io.msgpack.min.js",
    "socket.io.msgpack.min.js.map",
];

/// Most that one of them may have; the largest has 0.3 MB.
const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// What stands before the version in a script's banner.
const BANNER: &str = "Socket.IO v";

/// The static client, for [`Edge::client_files`](super::Edge::client_files).
#[derive(Debug)]
pub struct ClientFiles(Source);

#[derive(Debug)]
enum Source {
    Directory {
        etag: HeaderValue,
        files: Vec<Served>,
    },
    Absent(&'static str),
}

#[derive(Debug)]
struct Served {
    name: &'static str,
    bytes: Bytes,
    gzip: Arc<OnceLock<Bytes>>,
    deflate: Arc<OnceLock<Bytes>>,
}

impl ClientFiles {
    /// Reads the files of a directory. `setting` is what its user calls the directory by.
    ///
    /// # Errors
    /// If a file cannot be read or has over 2 MB, if there is no script, or if the scripts do not
    /// begin with their version.
    pub fn read(directory: &Path, setting: &'static str) -> Result<Self, ConfigError> {
        let wrong =
            |expected: &str| ConfigError::new(setting, &directory.display().to_string(), expected);
        let mut files = Vec::new();
        for name in NAMES {
            match bounded::read(&directory.join(name), MAX_BYTES).map(Bytes::from) {
                Ok(bytes) => files.push(Served {
                    name,
                    bytes,
                    gzip: Arc::default(),
                    deflate: Arc::default(),
                }),
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                    ) => {}
                Err(error) => return Err(wrong(&format!("{name} must be readable ({error})"))),
            }
        }
        let mut scripts = files.iter().filter(|file| file.name.ends_with(".js"));
        let Some(first) = scripts.next() else {
            return Err(wrong(
                "it must be a directory with the files of the npm package socket.io-client, \
                 in its folder dist",
            ));
        };
        let etag = version(&first.bytes)
            .filter(|_| scripts.all(|one| version(&one.bytes) == version(&first.bytes)))
            .and_then(|version| HeaderValue::from_str(&format!("\"{version}\"")).ok());
        let etag = etag.ok_or_else(|| {
            wrong("its scripts must begin with their version, and all with the same")
        })?;
        Ok(Self(Source::Directory { etag, files }))
    }

    /// Answers 404 with this line for each of the names, for a server whose users may look for
    /// them.
    pub fn absent(line: &'static str) -> Self {
        Self(Source::Absent(line))
    }

    /// The answer to a request for `name`, the part of its path behind the protocol's; `None` if
    /// it is not one of these files.
    pub(super) async fn respond(&self, name: &str, request: &HeaderMap) -> Option<Answer> {
        let (etag, files) = match &self.0 {
            Source::Directory { etag, files } => (etag, files),
            Source::Absent(line) => {
                let kind = "text/plain; charset=utf-8";
                let known = NAMES.contains(&name);
                return known.then(|| answer(StatusCode::NOT_FOUND, kind, *line));
            }
        };
        let file = files.iter().find(|file| file.name == name)?;
        let held = request.get(IF_NONE_MATCH).map(HeaderValue::as_bytes);
        let held = held.map(|held| held.strip_prefix(b"W/").unwrap_or(held));
        if held == Some(etag.as_bytes()) {
            return Some(empty(StatusCode::NOT_MODIFIED));
        }
        let coded = match Accepted::from_headers(request).compression() {
            Some(coding) => file.coded(coding).await.map(|bytes| (bytes, coding)),
            None => None,
        };
        let kind = match name.ends_with(".map") {
            true => "application/json; charset=utf-8",
            false => "application/javascript; charset=utf-8",
        };
        let mut response = Response::new(file.bytes.clone());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=0"));
        headers.insert(ETAG, etag.clone());
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        if let Some((bytes, coding)) = coded {
            headers.insert(CONTENT_ENCODING, coding.header());
            *response.body_mut() = bytes;
        }
        Some(response)
    }
}

impl Served {
    /// The file in a coding, made when it is first asked for.
    async fn coded(&self, coding: Compression) -> Option<Bytes> {
        let slot = match coding {
            Compression::Gzip => &self.gzip,
            Compression::Deflate => &self.deflate,
        };
        if let Some(bytes) = slot.get() {
            return Some(bytes.clone());
        }
        let (slot, bytes) = (Arc::clone(slot), self.bytes.clone());
        let made = tokio::task::spawn_blocking(move || {
            let coded = coding.compress(&bytes)?;
            Some(slot.get_or_init(|| coded.into()).clone())
        });
        made.await.ok().flatten()
    }
}

/// The version in a script's banner, which is the comment that it begins with.
fn version(script: &[u8]) -> Option<&str> {
    let start = script.get(..script.len().min(200)).unwrap_or_default();
    let start = start.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let (_, version) = start.split_once(BANNER)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-+".contains(c);
    let end = version.find(|c| !allowed(c))?;
    version.get(..end).filter(|version| !version.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_in_the_banner() {
        let script = b"/*!\n * Socket.IO v4.8.4-rc.1\n * (c) somebody\n */\n!function";
        assert_eq!(version(script), Some("4.8.4-rc.1"));
        for other in [
            &b""[..],
            b"!function(){}",
            b"/* Socket.IO v */",
            b"/* Socket.IO v4",
            b"\xff\xff",
        ] {
            assert_eq!(version(other), None);
        }
    }
}
