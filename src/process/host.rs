//! This machine's name.
//!
//! It stands beside the start: the page shows the name, the announcement avoids it. Source:
//! uname(2) through a safe crate. Invariant: never fails; what cannot be found out is left away.

/// The device's name without its domain, or none if it has no useful one.
pub(crate) fn name() -> Option<String> {
    let name = rustix::system::uname().nodename().to_str().ok()?.to_owned();
    let short = name.split('.').next().unwrap_or_default();
    (!short.is_empty() && short != "localhost" && short != "(none)").then(|| short.to_owned())
}
