//! The files in `systemd/` beside the binary: every setting is in the environment file and no other, and
//! every line of the service is explained.

use crate::support::binary::run;

const SETTINGS: &str = include_str!("../../../systemd/parlor.env");
const SERVICE: &str = include_str!("../../../systemd/parlor.service");

/// A variable, and what stands for its value.
type Setting<'t> = (&'t str, &'t str);

/// Settings of the file, which are all commented.
fn settings() -> Vec<Setting<'static>> {
    let lines = SETTINGS.lines().filter_map(|line| line.strip_prefix('#'));
    lines
        .filter(|line| line.starts_with("PARLOR_"))
        .map(|line| line.split_once('=').expect(line))
        .collect()
}

/// Variables of `parlor --help`, with their defaults.
fn known(help: &str) -> Vec<(&str, Option<&str>)> {
    let lines = help.lines().filter(|line| line.starts_with("      --"));
    lines
        .map(|line| {
            let variable = line.split("[env: ").nth(1).expect(line);
            let end = variable.find(['=', ']']).expect(line);
            let default = line.split("[default: ").nth(1);
            (
                &variable[..end],
                default.map(|text| text.trim_end_matches(']')),
            )
        })
        .collect()
}

#[test]
fn the_environment_file_has_every_setting_with_its_default_and_no_other() {
    let help = run(&["--help"], &[("COLUMNS", "10000")]).stdout;
    let known = known(&help);
    assert!(known.len() > 30, "{known:?}");
    let settings = settings();
    let names: Vec<_> = settings.iter().map(|(name, _)| *name).collect();
    let wanted: Vec<_> = known.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, wanted);
    for ((name, value), (_, default)) in settings.iter().zip(known) {
        if let Some(default) = default {
            assert_eq!(*value, default, "{name}");
        }
        assert!(
            !value.is_empty(),
            "{name}: neither a default nor an example"
        );
    }
}

#[test]
fn every_setting_of_the_environment_file_is_explained_and_commented() {
    let lines: Vec<_> = SETTINGS.lines().collect();
    for line in &lines {
        assert!(line.is_empty() || line.starts_with('#'), "{line}");
    }
    for pair in lines.windows(2) {
        if pair[1].starts_with("#PARLOR_") {
            let words = pair[0].strip_prefix("# ").unwrap_or_default();
            assert!(words.ends_with('.'), "{}: {}", pair[1], pair[0]);
        }
    }
}

#[test]
fn every_value_of_the_environment_file_is_one_that_the_server_takes() {
    let settings: Vec<_> = settings()
        .into_iter()
        // As systemd reads it.
        .map(|(name, value)| (name, value.trim_matches('"')))
        .collect();
    // Flags for the address, so that nobody is asked for what is an example.
    let ended = run(&["urls", "--bind", "127.0.0.1", "--port", "0"], &settings);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let ended = run(&["urls", "--port", "0"], &[("PARLOR_LISTEN", "nowhere")]);
    assert_eq!(ended.code, 2, "a wrong one is found in this way");
}

#[test]
fn every_line_of_the_service_is_explained() {
    let (_, service) = SERVICE.split_once("[Service]\n").unwrap();
    let (service, _) = service.split_once("[Install]\n").unwrap();
    let lines: Vec<_> = service.lines().filter(|line| !line.is_empty()).collect();
    // What these say follows from the line before.
    let follow = [
        "ExecStart",
        "RestartSec",
        "AmbientCapabilities",
        "StateDirectoryMode",
    ];
    for pair in lines.windows(2) {
        if pair[1].starts_with('#') {
            continue;
        }
        let (key, _) = pair[1].split_once('=').expect(pair[1]);
        assert!(
            pair[0].starts_with('#') || follow.contains(&key),
            "{} has no word above it",
            pair[1]
        );
    }
    assert!(lines[0].starts_with('#'), "{}", lines[0]);
}
