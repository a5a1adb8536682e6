//! `parlor doctor`.
use crate::config;
use std::process::ExitCode;
pub(crate) fn run(_config: &config::Parlor) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
