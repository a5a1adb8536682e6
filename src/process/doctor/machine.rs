//! The machine: its clock, how many files it lets us open, where we keep the certificate, and the
//! passcode's file.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::Line;
use crate::config::{self, Schemes};
use crate::process::open_files as limits;
use crate::process::passcode::PasscodeFile;

/// What is known of the time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    now: SystemTime,
    /// When this program was put on the disk, which was not in the future.
    installed: Option<SystemTime>,
    /// Whether a service that sets the clock says that it has, as far as one can be seen.
    synchronised: bool,
}

impl Clock {
    pub(super) fn find(now: SystemTime) -> Self {
        let program = std::env::current_exe().and_then(std::fs::metadata);
        // systemd-timesyncd(8) makes the first, chronyd the second while it runs.
        let synchronised = [
            "/run/systemd/timesync/synchronized",
            "/run/chrony/chronyd.pid",
        ];
        Self {
            now,
            installed: program.and_then(|program| program.modified()).ok(),
            synchronised: synchronised.iter().any(|path| Path::new(path).exists()),
        }
    }
}

/// Whether the clock can be right. A board without a battery starts in the past.
pub(super) fn clock(clock: &Clock) -> Line {
    // An archive may carry times of another zone.
    let slack = Duration::from_secs(86_400);
    match clock.installed {
        Some(installed) if clock.now + slack < installed => Line::problem(
            "clock",
            "it is before the day on which this program was installed: set it (date --set), or \
             let it be set from the network (timedatectl set-ntp true)",
        ),
        _ if clock.synchronised => Line::ok("clock", "set from the network"),
        _ => Line::ok(
            "clock",
            "possible; whether it is set from the network cannot be seen",
        ),
    }
}

/// Whether people can be asked for a passcode, if they are to be.
pub(super) fn passcode(file: Option<&Path>) -> Option<Line> {
    let line = match PasscodeFile::open(file) {
        Ok(None) => return None,
        Ok(Some(_)) => Line::ok("passcode", "asked for"),
        Err(error) => Line::problem("passcode", error.to_string()),
    };
    Some(line)
}

/// Whether there can be as many connections as were asked for.
pub(super) fn open_files(connections: usize) -> Line {
    files_for(connections, limits::room(connections))
}

fn files_for(connections: usize, room: limits::Room) -> Line {
    let limits::Room { allowed, wanted } = room;
    if allowed < wanted {
        return Line::problem(
            "open files",
            format!(
                "the system allows {allowed}, --max-connections {connections} needs {wanted}: raise \
                 the hard limit (ulimit -Hn; LimitNOFILE= in a unit), or lower --max-connections"
            ),
        );
    }
    Line::ok(
        "open files",
        format!("enough for {connections} connections"),
    )
}

const SUBJECT: &str = "state directory";

/// Whether the certificate can be kept, and is kept from others.
pub(super) fn state_dir(config: &config::Parlor) -> Line {
    if config.site.schemes == Schemes::HttpOnly || config.tls.own.is_some() {
        return Line::ok(SUBJECT, "not needed: no certificate is made here");
    }
    let Some(directory) = &config.tls.state_dir else {
        return Line::problem(
            SUBJECT,
            "none, so that devices must trust another authority after each restart: give one with \
             --state-dir",
        );
    };
    let shown = directory.display();
    let metadata = match std::fs::metadata(directory) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return unmade(directory);
        }
        Err(error) => {
            let what = format!("{shown}: {error}: give another with --state-dir");
            return Line::problem(SUBJECT, what);
        }
    };
    let mode = metadata.permissions().mode() & 0o777;
    if !metadata.is_dir() {
        Line::problem(
            SUBJECT,
            format!("{shown} is no directory: give another with --state-dir"),
        )
    } else if mode & 0o077 != 0 {
        Line::problem(
            SUBJECT,
            format!("others may look into {shown} (mode {mode:o}): chmod 700 {shown}"),
        )
    } else if !is_writable(directory) {
        Line::problem(
            SUBJECT,
            format!("{shown} cannot be written to: give it to the user that runs parlor (chown)"),
        )
    } else {
        Line::ok(SUBJECT, shown.to_string())
    }
}

/// One that is not there yet: the first start makes it, with the directories above it.
fn unmade(directory: &Path) -> Line {
    let shown = directory.display();
    let above = directory.ancestors().skip(1).map(|above| {
        let here = above.as_os_str().is_empty();
        if here { Path::new(".") } else { above }
    });
    match above.into_iter().find(|above| above.exists()) {
        Some(above) if is_writable(above) => {
            Line::ok(SUBJECT, format!("{shown} is made at the first start"))
        }
        above => Line::problem(
            SUBJECT,
            format!(
                "{shown} cannot be made, since {} cannot be written to: give another with \
                 --state-dir, or make it and give it to the user that runs parlor (chown)",
                above.unwrap_or(directory).display()
            ),
        ),
    }
}

/// Tries it, since modes do not tell of read-only file systems.
fn is_writable(directory: &Path) -> bool {
    let path = directory.join(format!(".doctor-{}", std::process::id()));
    let made = std::fs::File::create_new(&path).is_ok();
    made && std::fs::remove_file(&path).is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    #[test]
    fn a_clock_from_before_the_installation_is_wrong() {
        let day = |days: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400);
        let checked = |now, installed, synchronised| {
            clock(&Clock {
                now: day(now),
                installed,
                synchronised,
            })
        };
        assert!(!checked(10, Some(day(20_000)), true).is_ok());
        assert!(checked(20_000, Some(day(20_000)), false).is_ok());
        assert!(
            checked(20_000, None, false)
                .to_string()
                .contains("cannot be seen")
        );
        assert!(
            checked(20_001, None, true)
                .to_string()
                .contains("set from the network")
        );
    }

    #[test]
    fn too_few_files_say_how_many_are_needed() {
        let room = |allowed| limits::Room {
            allowed,
            wanted: 4224,
        };
        let line = files_for(4096, room(1024)).to_string();
        assert!(
            line.starts_with("problem") && line.contains("4224"),
            "{line}"
        );
        assert!(files_for(4096, room(4224)).is_ok());
    }

    #[test]
    #[cfg_attr(not(feature = "tls"), ignore = "is about certificates")]
    fn a_state_directory_is_there_private_and_writable_or_will_be_made() {
        let place = std::env::temp_dir().join(format!("parlor-doctor-{}", std::process::id()));
        std::fs::create_dir_all(&place).unwrap();
        let checked = |directory: Option<&Path>| {
            let mut config = config::Parlor::default();
            config.tls.state_dir = directory.map(Path::to_path_buf);
            state_dir(&config).to_string()
        };
        let mode = |bits| {
            std::fs::set_permissions(&place, std::fs::Permissions::from_mode(bits)).unwrap();
        };
        mode(0o700);
        assert!(checked(Some(&place)).starts_with("ok"));
        mode(0o755);
        assert!(checked(Some(&place)).contains("chmod 700"));
        assert!(checked(Some(&place.join("new"))).contains("first start"));
        let file = place.join("file");
        std::fs::write(&file, "").unwrap();
        assert!(checked(Some(&file)).contains("no directory"));
        for never in [file.join("new"), "/proc/parlor/new".into()] {
            let line = checked(Some(&never));
            assert!(
                line.starts_with("problem") && line.contains("--state-dir"),
                "{line}"
            );
        }
        assert!(checked(None).contains("--state-dir"));
        std::fs::remove_dir_all(&place).unwrap();
    }
}
