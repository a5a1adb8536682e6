//! Room for one file handle per connection.
//!
//! It stands before binding. Most systems start a program with 1024 open files (a soft limit) and
//! let it take more by itself (the hard limit): setrlimit(2). Without that, connection 1000 would
//! meet "too many open files" long before `--max-connections`.
//!
//! Invariant: only ever raises the limit, and only as far as needed. If the system does not allow
//! enough, one warning says so; the accept loop copes with what there is.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Handles beside the connections: listeners, runtime, standard streams, files being served.
const SPARE: u64 = 128;

/// Asks the system for handles for so many connections.
pub(crate) fn allow(connections: usize) {
    let wanted = connections as u64 + SPARE;
    let limit = getrlimit(Resource::Nofile);
    let Some(raised) = raise(wanted, limit.current, limit.maximum) else {
        return;
    };
    let set = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(raised),
            maximum: limit.maximum,
        },
    );
    let allowed = if set.is_ok() {
        raised
    } else {
        limit.current.unwrap_or(raised)
    };
    if allowed < wanted {
        tracing::warn!(
            allowed,
            wanted,
            "the system allows too few open files for --max-connections"
        );
    }
}

/// How many the system would allow, and how many are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// As far as the soft limit can be raised.
    pub(crate) allowed: u64,
    /// With what is needed beside the connections.
    pub(crate) wanted: u64,
}

/// What there would be for so many connections; nothing is changed.
pub(crate) fn room(connections: usize) -> Room {
    let limit = getrlimit(Resource::Nofile);
    Room {
        allowed: limit.maximum.unwrap_or(u64::MAX),
        wanted: connections as u64 + SPARE,
    }
}

/// The new soft limit, or none if the present one is enough; absent limits are infinite.
fn raise(wanted: u64, soft: Option<u64>, hard: Option<u64>) -> Option<u64> {
    let soft = soft.filter(|soft| *soft < wanted)?;
    Some(hard.map_or(wanted, |hard| wanted.min(hard)).max(soft))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_as_far_as_needed_and_allowed() {
        assert_eq!(raise(4224, Some(1024), Some(524_288)), Some(4224));
        assert_eq!(raise(4224, Some(1024), None), Some(4224));
        assert_eq!(raise(4224, Some(1024), Some(2048)), Some(2048));
        assert_eq!(raise(4224, Some(4224), Some(524_288)), None);
        assert_eq!(raise(4224, None, None), None);
    }
}
