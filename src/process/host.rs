//! This machine's name.
//!
//! It stands beside the start: the page shows the name, the announcement avoids it, the guard lets in
//! who asks for it. Source: uname(2) through a safe crate. Invariant: never fails; what cannot be found
//! out is left away.

/// The device's name without its domain, or none if it has no useful one.
pub(crate) fn name() -> Option<String> {
    short(&node()?)
}

/// The device's name with its domain, in lower case, if it is set so.
pub(crate) fn full_name() -> Option<String> {
    full(&node()?)
}

fn node() -> Option<String> {
    rustix::system::uname()
        .nodename()
        .to_str()
        .ok()
        .map(str::to_owned)
}

fn short(node: &str) -> Option<String> {
    let short = node.split('.').next().unwrap_or_default();
    (!short.is_empty() && short != "localhost" && short != "(none)").then(|| short.to_owned())
}

fn full(node: &str) -> Option<String> {
    let full = node.trim_end_matches('.').to_ascii_lowercase();
    (short(node).is_some() && full.contains('.')).then_some(full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_a_short_name_and_may_have_a_full_one() {
        for (node, name, with_domain) in [
            ("Kitchen-Pi", Some("Kitchen-Pi"), None),
            ("Kitchen-Pi.lan", Some("Kitchen-Pi"), Some("kitchen-pi.lan")),
            ("pi.example.org.", Some("pi"), Some("pi.example.org")),
            ("pi.", Some("pi"), None),
            ("localhost", None, None),
            ("localhost.localdomain", None, None),
            ("(none)", None, None),
            ("", None, None),
        ] {
            assert_eq!(short(node).as_deref(), name, "{node}");
            assert_eq!(full(node).as_deref(), with_domain, "{node}");
        }
    }
}
