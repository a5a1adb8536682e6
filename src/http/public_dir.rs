//! A directory of the user's own, served over the embedded page (`--public`).
//!
//! It stands after `path`, which lets only plain names through, and before `file`, which turns the
//! opened file into an answer.
//!
//! Rules: the real place of every file, symbolic links resolved, is inside the real directory and
//! has no hidden name on its way; only regular files are opened, because opening a named pipe
//! waits for ever; a directory means its `index.html`, with a redirect to the name with a slash so
//! that the page's relative links work. Size and time are those of the opened file, not of the
//! name. Whoever may write into the directory is trusted not to swap names while they are looked
//! up.
//!
//! Cost: three to five system calls per request, on the blocking pool. Left out: listings,
//! compression, and `.well-known` (a dot is a dot).

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::task::spawn_blocking;

use crate::http::content_type;
use crate::http::path::SitePath;

/// How long a file must rest before its tag is strong: file systems count in steps of up to two
/// seconds (FAT), and two changes within one step leave the same time (RFC 9110 section 8.8.1).
const REST: Duration = Duration::from_secs(2);

/// The directory, by its real path.
#[derive(Debug, Clone)]
pub(crate) struct PublicDir {
    root: Arc<Path>,
}

/// What was found under a path.
#[derive(Debug)]
pub(crate) enum Found {
    /// A file that may be sent.
    File(OpenFile),
    /// A directory with an `index.html`, asked for without its slash.
    Directory,
    /// Something that is not served: outside, hidden, not a regular file, or not readable.
    Refused,
    /// Nothing; the embedded page may have it.
    Missing,
}

/// An opened regular file, and what its answer must say.
#[derive(Debug)]
pub(crate) struct OpenFile {
    /// The handle the body reads from.
    pub(crate) file: File,
    /// Bytes in all.
    pub(crate) size: u64,
    /// Entity tag with quotes, weak while the file is fresh.
    pub(crate) etag: String,
    /// Last change in whole seconds; none if the system does not know, or it lies in the future.
    pub(crate) modified: Option<SystemTime>,
    /// By the name that was asked for.
    pub(crate) content_type: &'static str,
}

impl PublicDir {
    /// A directory that exists now.
    ///
    /// # Errors
    /// If it cannot be resolved or read, or is not a directory.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let root: PathBuf = fs::canonicalize(root)?;
        fs::read_dir(&root)?;
        Ok(Self { root: root.into() })
    }

    /// Looks a path up on the blocking pool.
    pub(crate) async fn find(&self, path: &SitePath) -> Found {
        let (root, path) = (Arc::clone(&self.root), path.clone());
        // A task that was cancelled by the runtime's end has nobody left to answer.
        spawn_blocking(move || find(&root, &path))
            .await
            .unwrap_or(Found::Refused)
    }
}

fn find(root: &Path, path: &SitePath) -> Found {
    look(root, path).unwrap_or_else(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename => {
            Found::Missing
        }
        _ => {
            tracing::debug!(path = %path.relative, %error, "cannot serve this file");
            Found::Refused
        }
    })
}

fn look(root: &Path, path: &SitePath) -> io::Result<Found> {
    let name = path.file();
    let real = fs::canonicalize(root.join(&name))?;
    if !inside(root, &real) {
        return Ok(Found::Refused);
    }
    let kind = fs::metadata(&real)?;
    if kind.is_dir() {
        let index = !path.directory
            && fs::metadata(real.join("index.html")).is_ok_and(|index| index.is_file());
        return Ok(if index {
            Found::Directory
        } else {
            Found::Missing
        });
    }
    if !kind.is_file() {
        return Ok(Found::Refused);
    }
    let file = File::open(&real)?;
    let opened = file.metadata()?;
    if !opened.is_file() {
        return Ok(Found::Refused);
    }
    let now = SystemTime::now();
    Ok(Found::File(OpenFile {
        size: opened.len(),
        etag: etag(&opened, now),
        modified: opened
            .modified()
            .ok()
            .filter(|modified| *modified <= now)
            .map(whole_seconds),
        content_type: content_type::of(&name),
        file,
    }))
}

/// Whether a real path lies in the root with no hidden name below it.
fn inside(root: &Path, real: &Path) -> bool {
    real.strip_prefix(root).is_ok_and(|rest| {
        rest.iter()
            .all(|name| !name.as_encoded_bytes().starts_with(b"."))
    })
}

/// Time to the nanosecond and size: strong once the file has rested, weak before.
fn etag(metadata: &Metadata, now: SystemTime) -> String {
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let rested = now.duration_since(modified).is_ok_and(|age| age > REST);
    let nanos = modified
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    format!(
        "{}\"{nanos:x}-{:x}\"",
        if rested { "" } else { "W/" },
        metadata.len()
    )
}

/// HTTP dates have no fractions (RFC 9110 section 5.6.7), so comparing must not have them either.
fn whole_seconds(time: SystemTime) -> SystemTime {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_visible_names_below_the_root_are_inside() {
        let root = Path::new("/srv/page");
        assert!(inside(root, Path::new("/srv/page/a/b.html")));
        assert!(inside(root, Path::new("/srv/page")));
        assert!(!inside(root, Path::new("/srv/page2/a")));
        assert!(!inside(root, Path::new("/srv")));
        assert!(!inside(root, Path::new("/srv/page/.git/config")));
    }

    #[test]
    fn seconds_are_cut_not_rounded() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1999);
        assert_eq!(
            whole_seconds(time),
            SystemTime::UNIX_EPOCH + Duration::from_secs(1)
        );
    }
}
