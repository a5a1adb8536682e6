//! The firewall, as far as it can be seen.
//!
//! ufw and firewalld keep their settings in files, some of which only root may read; what the kernel
//! has is shown to root alone (nft(8)). So there are three answers: the port is let in, it is not, or
//! that cannot be seen, which comes with the command that lets it in and counts as no problem.

use super::Line;

/// What can be seen of firewalls.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// `/etc/ufw/ufw.conf`.
    ufw: String,
    /// `/etc/ufw/user.rules`, if it may be read.
    ufw_rules: Option<String>,
    /// Whether firewalld runs.
    firewalld: bool,
    /// What firewalld was told to let in, if it may be read.
    firewalld_zones: Option<String>,
    /// What `nft list ruleset` says, if it may be asked.
    ruleset: Option<String>,
}

impl Facts {
    pub(super) fn find() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).ok();
        Self {
            ufw: read("/etc/ufw/ufw.conf").unwrap_or_default(),
            ufw_rules: read("/etc/ufw/user.rules"),
            firewalld: std::path::Path::new("/run/firewalld/lock").exists()
                || read("/run/firewalld.pid").is_some(),
            firewalld_zones: zones(),
            ruleset: ruleset(),
        }
    }
}

/// All zones' files behind each other.
fn zones() -> Option<String> {
    let entries = std::fs::read_dir("/etc/firewalld/zones").ok()?;
    let texts = entries.filter_map(|entry| std::fs::read_to_string(entry.ok()?.path()).ok());
    Some(texts.collect())
}

fn ruleset() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let listed = std::process::Command::new("nft")
        .args(["list", "ruleset"])
        .output()
        .ok()
        .filter(|listed| listed.status.success())?;
    String::from_utf8(listed.stdout).ok()
}

/// Whether TCP connections to this port are let in; without a port nobody is to come.
pub(super) fn check(facts: &Facts, port: Option<u16>) -> Line {
    const SUBJECT: &str = "firewall";
    let Some(port) = port else {
        return Line::ok(SUBJECT, "not asked, since only this machine can connect");
    };
    let (name, commands, open) = if is_ufw_on(&facts.ufw) {
        let commands = format!("sudo ufw allow {port}/tcp; sudo ufw allow 5353/udp");
        let rules = facts.ufw_rules.as_deref();
        ("ufw", commands, rules.map(|rules| ufw_allows(rules, port)))
    } else if facts.firewalld {
        let commands = format!(
            "sudo firewall-cmd --permanent --add-port={port}/tcp --add-service=mdns; \
             sudo firewall-cmd --reload"
        );
        let zones = facts.firewalld_zones.as_deref();
        (
            "firewalld",
            commands,
            zones.map(|zones| zone_allows(zones, port)),
        )
    } else {
        let commands = format!("accept TCP port {port} and UDP port 5353 in its input chain");
        match facts.ruleset.as_deref() {
            Some(rules) if !drops_input(rules) => {
                return Line::ok(SUBJECT, "none that drops what comes in");
            }
            Some(rules) => ("nftables", commands, Some(rules_mention(rules, port))),
            None => {
                return Line::ok(
                    SUBJECT,
                    "neither ufw nor firewalld; others cannot be seen (nft, as root)",
                );
            }
        }
    };
    match open {
        Some(true) => Line::ok(SUBJECT, format!("{name} lets port {port} in")),
        Some(false) => {
            let what = format!("{name} does not let port {port} in: {commands}");
            Line::problem(SUBJECT, what)
        }
        None => Line::ok(
            SUBJECT,
            format!(
                "{name} is on, and what it lets in cannot be seen without root; if other devices \
                 cannot connect: {commands}"
            ),
        ),
    }
}

fn is_ufw_on(configuration: &str) -> bool {
    let mut lines = configuration.lines().map(str::trim);
    lines.any(|line| line.eq_ignore_ascii_case("ENABLED=yes"))
}

/// ufw writes each rule as a comment too: `### tuple ### allow tcp 4000 0.0.0.0/0 any ... in`. The
/// protocol may be `any`, the ports a list with ranges.
fn ufw_allows(rules: &str, port: u16) -> bool {
    rules.lines().any(|line| {
        let fields: Vec<_> = line.split_ascii_whitespace().collect();
        match fields.as_slice() {
            [
                "###",
                "tuple",
                "###",
                "allow" | "limit",
                "tcp" | "any",
                ports,
                ..,
            ] => *ports == "any" || ports.split(',').any(|range| within(range, ':', port)),
            _ => false,
        }
    })
}

/// firewalld.zone(5): `<port protocol="tcp" port="4000"/>`, the port may be a range.
fn zone_allows(zones: &str, port: u16) -> bool {
    zones.split('<').any(|tag| {
        let value = tag
            .strip_prefix("port ")
            .filter(|tag| tag.contains("\"tcp\""))
            .and_then(|tag| tag.split(" port=\"").nth(1).or(tag.strip_prefix("port=\"")))
            .and_then(|value| value.split('"').next());
        value.is_some_and(|range| within(range, '-', port))
    })
}

/// Whether a chain for what comes in drops what no rule accepts.
fn drops_input(ruleset: &str) -> bool {
    ruleset
        .lines()
        .any(|line| line.contains("hook input") && line.contains("policy drop"))
}

/// Whether a rule that accepts names the port: `tcp dport 4000 accept`, `tcp dport { 22, 4000-4010 }`.
fn rules_mention(ruleset: &str, port: u16) -> bool {
    ruleset.lines().any(|line| {
        let Some((_, ports)) = line.split_once("dport ") else {
            return false;
        };
        let ports = ports.split("accept").next().unwrap_or_default();
        line.contains("accept")
            && ports
                .split(|one: char| !one.is_ascii_digit() && one != '-')
                .any(|range| within(range, '-', port))
    })
}

/// Whether a port is this one or in this range.
fn within(range: &str, between: char, port: u16) -> bool {
    let (first, last) = range.split_once(between).unwrap_or((range, range));
    match (first.parse::<u16>(), last.parse::<u16>()) {
        (Ok(first), Ok(last)) => (first..=last).contains(&port),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(facts: Facts) -> String {
        check(&facts, Some(4000)).to_string()
    }

    #[test]
    fn ufw_is_asked_for_the_port() {
        let with = |rules: Option<&str>| {
            checked(Facts {
                ufw: "# on\nENABLED=yes\n".to_owned(),
                ufw_rules: rules.map(str::to_owned),
                ..Facts::default()
            })
        };
        let allow = "### tuple ### allow tcp 22,3999:4001 0.0.0.0/0 any 0.0.0.0/0 in\n";
        let other = "### tuple ### allow udp 4000 0.0.0.0/0 any 0.0.0.0/0 in\n\
                     ### tuple ### deny tcp 4000 0.0.0.0/0 any 0.0.0.0/0 in\n";
        assert!(with(Some(allow)).starts_with("ok"));
        assert!(with(Some(other)).contains("sudo ufw allow 4000/tcp"));
        assert!(with(Some(other)).starts_with("problem"));
        let unseen = with(None);
        assert!(unseen.starts_with("ok") && unseen.contains("ufw allow 4000/tcp"));
    }

    #[test]
    fn firewalld_is_asked_for_the_port() {
        let with = |zones: &str| {
            checked(Facts {
                firewalld: true,
                firewalld_zones: Some(zones.to_owned()),
                ..Facts::default()
            })
        };
        for open in [
            r#"<zone><port protocol="tcp" port="4000"/></zone>"#,
            r#"<zone><port port="3000-5000" protocol="tcp"/></zone>"#,
        ] {
            assert!(with(open).starts_with("ok"), "{open}");
        }
        for closed in ["", r#"<zone><port protocol="udp" port="4000"/></zone>"#] {
            assert!(with(closed).starts_with("problem"), "{closed}");
        }
    }

    #[test]
    fn the_kernels_rules_count_if_they_drop_by_default() {
        let with = |ruleset: Option<&str>| {
            checked(Facts {
                ruleset: ruleset.map(str::to_owned),
                ..Facts::default()
            })
        };
        let chain = "type filter hook input priority filter; policy drop;\n";
        let open = format!("{chain}tcp dport {{ 22, 3999-4001 }} accept\n");
        assert!(with(Some(&open)).starts_with("ok"));
        let closed = format!("{chain}tcp dport 22 accept\nip saddr 10.0.0.1 drop\n");
        assert!(with(Some(&closed)).starts_with("problem"));
        assert!(with(Some("")).contains("none that drops"));
        assert!(with(None).contains("cannot be seen"));
    }

    #[test]
    fn a_server_for_this_machine_alone_needs_nothing() {
        assert!(check(&Facts::default(), None).is_ok());
    }
}
