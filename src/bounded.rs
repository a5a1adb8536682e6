//! Reading a file that somebody named, without surprises: whole, within a bound, and never waiting.
//!
//! It stands under what is read from the disk once (certificates, secrets, the official client's
//! files). Left out: files that are sent to clients, which are read in pieces.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// Reads a file of at most so many bytes.
///
/// # Errors
/// If it cannot be read, is larger, or is no regular file: opening a named pipe would wait for a
/// writer.
pub(crate) fn read(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let found = fs::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    // One byte more than is there, so that the end is found without growing.
    let room = found.len().min(max_bytes).saturating_add(1);
    let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
    File::open(path)?
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        let larger = format!("it has more than {max_bytes} bytes");
        return Err(io::Error::other(larger));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    #[test]
    fn a_file_may_have_all_bytes_that_are_allowed_and_not_one_more() {
        let here = Path::new(file!());
        let size = fs::metadata(here).unwrap().len();
        assert_eq!(read(here, size).unwrap().len() as u64, size);
        let larger = read(here, size - 1).unwrap_err().to_string();
        assert_eq!(larger, format!("it has more than {} bytes", size - 1));
        let empty = read(Path::new("/dev/null"), 1).unwrap_err().to_string();
        assert_eq!(empty, "it is not a regular file");
    }
}
