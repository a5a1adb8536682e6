//! Files with certificates and keys: read with a bound, written whole or not at all.
//!
//! It stands under `store` (what is made here) and `own` (what the user brings). Rules: a new file
//! is readable by its owner only from its first moment; it is written under another name in the
//! same directory and synced before it gets its own, and the directory is synced after that, so
//! that a power cut leaves the old file or the new one (rename(2), link(2), fsync(2)).
//!
//! Invariant: [`create`] never replaces anything, because link(2) does not. Left out: what a power
//! cut leaves under a temporary name stays there.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use crate::bounded;
use crate::tls::error::TlsError;
use crate::tls::random;

/// A long chain with its key takes some 20 KB.
const MAX_BYTES: u64 = 1 << 20;

/// What tells one state of a file from another without reading it. It is taken before a file is
/// read, or from the very file that is written, so that no change goes unnoticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl Stamp {
    /// That of a file as it is now; none if it is not there or cannot be looked at.
    pub(super) fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().as_ref().map(Self::from)
    }
}

impl From<&fs::Metadata> for Stamp {
    fn from(metadata: &fs::Metadata) -> Self {
        Self {
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// Reads a file.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    bounded::read(path, MAX_BYTES)
}

/// Whether others than its owner may read a file.
pub(super) fn is_open_to_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.mode() & 0o077 != 0)
}

/// Makes a directory for its owner only, and those above it, unless it is there.
pub(super) fn make_directory(path: &Path) -> Result<(), TlsError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(unwritable(path))
}

/// Writes a file that is not there yet; none if one is, which stays as it is.
pub(super) fn create(path: &Path, text: &[u8], mode: u32) -> Result<Option<Stamp>, TlsError> {
    let temporary = Temporary::write(path, text, mode)?;
    let stamp = temporary.stamp;
    match fs::hard_link(&temporary.path, path) {
        Ok(()) => sync_directory(path).map(|()| Some(stamp)),
        // A file system without links, such as FAT: two that do this in the same moment could
        // replace each other's file there.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !is_there(path) => {
            temporary.rename(path).map(Some)
        }
        Err(_) => Ok(None),
    }
}

/// Writes a file in place of what is there.
pub(super) fn replace(path: &Path, text: &[u8], mode: u32) -> Result<Stamp, TlsError> {
    Temporary::write(path, text, mode)?.rename(path)
}

/// Whether anything has this name, be it a link that leads nowhere.
pub(super) fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// A written file without its name; removed unless it gets that.
struct Temporary {
    path: PathBuf,
    stamp: Stamp,
}

impl Temporary {
    fn write(target: &Path, text: &[u8], mode: u32) -> Result<Self, TlsError> {
        let directory = directory_of(target);
        let tag = u64::from_ne_bytes(random::bytes()?);
        let path = directory.join(format!(".new-{tag:016x}"));
        let stamp = write(&path, text, mode).map_err(|cause| {
            let _ = fs::remove_file(&path);
            unwritable(target)(cause)
        })?;
        Ok(Self { path, stamp })
    }

    fn rename(self, target: &Path) -> Result<Stamp, TlsError> {
        fs::rename(&self.path, target).map_err(unwritable(target))?;
        sync_directory(target).map(|()| self.stamp)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename it is not there any more.
        let _ = fs::remove_file(&self.path);
    }
}

/// Writes a new file to the disk.
fn write(path: &Path, text: &[u8], mode: u32) -> io::Result<Stamp> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    // What root writes into a service's directory must stay readable for the service.
    let (ours, directory) = (file.metadata()?, fs::metadata(directory_of(path))?);
    if (ours.uid(), ours.gid()) != (directory.uid(), directory.gid()) {
        // Only root may; for everybody else the file is their own.
        let _ = fchown(&file, Some(directory.uid()), Some(directory.gid()));
    }
    file.write_all(text)?;
    file.sync_all()?;
    Ok(Stamp::from(&file.metadata()?))
}

fn sync_directory(file: &Path) -> Result<(), TlsError> {
    File::open(directory_of(file))
        .and_then(|directory| directory.sync_all())
        .map_err(unwritable(file))
}

fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> TlsError {
    |cause| TlsError::Unwritable {
        path: path.to_owned(),
        cause,
    }
}
