//! Where the certificates that are made here are kept.
//!
//! It stands at the start and before the actions that look at them. The first that is there:
//! `--state-dir`; `STATE_DIRECTORY`, which systemd sets (systemd.exec(5), `StateDirectory=`; several
//! are separated by colons); `parlor` in `XDG_STATE_HOME`, which must be absolute (XDG Base Directory
//! Specification); `~/.local/state/parlor`. Without any of them everything stays in memory.
//! Left out: making the directory, which the store does when it has something to keep.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The directory for this process, or none if nothing says where.
pub(crate) fn resolve(flag: Option<PathBuf>) -> Option<PathBuf> {
    flag.or_else(|| from(|name| std::env::var_os(name)))
}

fn from(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let absolute = |name| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path: &PathBuf| path.is_absolute())
    };
    let first = |list: OsString| {
        let first = list.to_str()?.split(':').next()?.to_owned();
        Some(PathBuf::from(first)).filter(|path| path.is_absolute())
    };
    variable("STATE_DIRECTORY")
        .and_then(first)
        .or_else(|| absolute("XDG_STATE_HOME").map(|state| state.join("parlor")))
        .or_else(|| absolute("HOME").map(|home| home.join(Path::new(".local/state/parlor"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)]) -> Option<String> {
        let variable = |wanted: &str| {
            let mut all = variables.iter();
            all.find(|(name, _)| *name == wanted)
                .map(|(_, value)| OsString::from(value))
        };
        from(variable).map(|path| path.display().to_string())
    }

    #[test]
    fn the_service_managers_directory_wins_over_the_users() {
        let home = ("HOME", "/home/ann");
        let xdg = ("XDG_STATE_HOME", "/var/ann");
        let systemd = ("STATE_DIRECTORY", "/var/lib/parlor:/var/lib/other");
        let wanted = |text: &str| Some(text.to_owned());
        assert_eq!(found(&[home, xdg, systemd]), wanted("/var/lib/parlor"));
        assert_eq!(found(&[home, xdg]), wanted("/var/ann/parlor"));
        assert_eq!(found(&[home]), wanted("/home/ann/.local/state/parlor"));
        assert_eq!(found(&[]), None);
    }

    #[test]
    fn what_is_empty_or_relative_is_not_taken() {
        let empty = ("STATE_DIRECTORY", "");
        let relative = ("XDG_STATE_HOME", "state");
        assert_eq!(
            found(&[empty, relative, ("HOME", "/home/ann")]),
            Some("/home/ann/.local/state/parlor".to_owned())
        );
        assert_eq!(found(&[("HOME", "")]), None);
    }
}
