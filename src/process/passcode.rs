//! The file with the passcode: read at the start, and again on SIGHUP.
//!
//! It stands between `--passcode-file` and the application, which asks for every connect whether a
//! word is the passcode. Without the flag it is systemd's credential of the name `passcode`
//! (systemd.exec(5), `LoadCredential=`), if there is one.
//!
//! Invariants: what is in the file is in no log, error or debug form; a file that cannot be used when
//! it is read again changes nothing, so a mistake opens no door. Who is connected stays so: the
//! passcode is asked for at connecting only.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::bounded;
use crate::chat::Passcode;
use crate::config::ConfigError;

/// The credential's name.
const CREDENTIAL: &str = "passcode";

/// Bytes of the file at most; what is longer than a passcode is told as that.
const MAX_FILE_BYTES: u64 = 4096;

/// The passcode, and where it is from.
#[derive(Debug)]
pub(crate) struct PasscodeFile {
    path: PathBuf,
    passcode: RwLock<Passcode>,
}

/// The file for this process, or none if nobody is to be asked.
pub(crate) fn resolve(flag: Option<PathBuf>) -> Option<PathBuf> {
    flag.or_else(|| credential(std::env::var_os("CREDENTIALS_DIRECTORY")))
}

fn credential(directory: Option<OsString>) -> Option<PathBuf> {
    let path = Path::new(&directory?).join(CREDENTIAL);
    // A service may have other credentials. One that is there and cannot be read is an error later on.
    fs::symlink_metadata(&path).is_ok().then_some(path)
}

impl PasscodeFile {
    /// Reads the file, if there is to be one.
    ///
    /// # Errors
    /// If it has no passcode.
    pub(crate) fn open(path: Option<&Path>) -> Result<Option<Arc<Self>>, ConfigError> {
        let Some(path) = path else {
            return Ok(None);
        };
        let passcode = RwLock::new(read(path)?);
        warn_of_readers(path);
        Ok(Some(Arc::new(Self {
            path: path.to_owned(),
            passcode,
        })))
    }

    /// Whether this word is the passcode.
    pub(crate) fn is(&self, word: &str) -> bool {
        let passcode = self.passcode.read();
        passcode.unwrap_or_else(PoisonError::into_inner).is(word)
    }

    /// Reads the file again. If that cannot be used, the log says so, and what was read before is kept.
    pub(crate) fn reload(&self) {
        match read(&self.path) {
            Ok(passcode) => {
                warn_of_readers(&self.path);
                *self
                    .passcode
                    .write()
                    .unwrap_or_else(PoisonError::into_inner) = passcode;
                tracing::info!("the passcode was read again");
            }
            Err(error) => tracing::warn!(%error, "the passcode stays as it was"),
        }
    }
}

fn read(path: &Path) -> Result<Passcode, ConfigError> {
    let unusable =
        |expected: &str| ConfigError::new("--passcode-file", &path.display().to_string(), expected);
    let bytes = bounded::read(path, MAX_FILE_BYTES)
        .map_err(|error| unusable(&format!("it must be a file that can be read ({error})")))?;
    let text = String::from_utf8(bytes).map_err(|_| unusable("it must be a file of text"))?;
    Passcode::parse(&text).map_err(unusable)
}

/// A group may be meant to read it; everybody on the machine hardly is.
fn warn_of_readers(path: &Path) {
    if fs::metadata(path).is_ok_and(|metadata| metadata.mode() & 0o004 != 0) {
        let file = path.display();
        tracing::warn!(%file, "everybody on this machine can read the passcode; chmod o-r takes that away");
    }
}
