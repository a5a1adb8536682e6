//! The servers that are measured, and how each is started: pinned to its own processor, on a free
//! port of the loopback address, with a ping interval that the scenario chooses.
//!
//! All of them print `http://ADDRESS` when they listen. Parlor's limits are raised by its flags, and
//! nothing of it is switched off.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::load::http;
use crate::options::Paths;
use crate::process::{Memory, Usage};

/// Limits of Parlor's that the load is below of.
const PARLOR_LIMITS: &[&str] = &[
    "--max-connections=20000",
    "--max-connections-per-address=20000",
    "--max-handshake-rate=1000000",
    "--max-event-rate=1000000",
    "--max-rooms=20000",
];
/// One that was asked to end does so within this, or is killed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Server {
    Floor,
    Parlor,
    /// Another binary of Parlor's, for a table of its own.
    Other,
    Socketioxide,
    SocketIo,
}

impl Server {
    pub(crate) const ALL: [Self; 5] = [
        Self::Floor,
        Self::Parlor,
        Self::Other,
        Self::Socketioxide,
        Self::SocketIo,
    ];

    /// The name in tables and on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Parlor => "parlor",
            Self::Other => "parlor (other)",
            Self::Socketioxide => "socketioxide",
            Self::SocketIo => "socket.io",
        }
    }

    pub(crate) fn is_parlor(self) -> bool {
        matches!(self, Self::Parlor | Self::Other)
    }

    /// Whether it speaks HTTP: polling, upgrades, files. The floor does not.
    pub(crate) fn speaks_http(self) -> bool {
        self != Self::Floor
    }

    /// The floor passes frames on as they are; the others drop the room's name.
    pub(crate) fn relays_verbatim(self) -> bool {
        self == Self::Floor
    }

    fn command(self, paths: &Paths, settings: &Settings) -> Vec<OsString> {
        let interval = settings.ping_interval.as_millis();
        let timeout = settings.ping_timeout.as_millis();
        let mut command: Vec<OsString> = Vec::new();
        match self {
            Self::Floor => {
                command.push(paths.floor.clone().into());
                command.push(format!("--ping-interval={interval}").into());
            }
            Self::Parlor | Self::Other => {
                let binary = match self {
                    Self::Other => paths.other.as_ref().unwrap_or(&paths.parlor),
                    _ => &paths.parlor,
                };
                command.push(binary.into());
                command.push("--listen=127.0.0.1:0".into());
                let mut state = OsString::from("--state-dir=");
                state.push(&paths.state);
                command.push(state);
                command.push(format!("--ping-interval={interval}ms").into());
                command.push(format!("--ping-timeout={timeout}ms").into());
                command.push(format!("--workers={}", settings.workers).into());
                command.extend(PARLOR_LIMITS.iter().map(OsString::from));
                command.extend(paths.parlor_flags.iter().map(OsString::from));
            }
            Self::Socketioxide | Self::SocketIo => {
                if self == Self::SocketIo {
                    command.push("node".into());
                    command.push(paths.node_server.clone().into());
                } else {
                    command.push(paths.socketioxide.clone().into());
                }
                command.push(format!("--ping-interval={interval}").into());
                command.push(format!("--ping-timeout={timeout}").into());
                let mut public = OsString::from("--public=");
                public.push(&paths.public);
                command.push(public);
            }
        }
        command
    }
}

/// How a server is started.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) ping_interval: Duration,
    pub(crate) ping_timeout: Duration,
    /// Threads of Parlor's.
    pub(crate) workers: usize,
    /// The file that callgrind writes, if the server is to run in it.
    pub(crate) callgrind: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(60),
            ping_timeout: Duration::from_secs(60),
            workers: 1,
            callgrind: None,
        }
    }
}

/// A running server. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    pub(crate) server: Server,
    pub(crate) address: SocketAddr,
    /// From before its process was made to the end of the head of its first answer.
    pub(crate) first_answer: Duration,
}

impl Running {
    pub(crate) fn start(server: Server, paths: &Paths, settings: &Settings) -> Result<Self> {
        let mut command = Vec::new();
        if let Some(processors) = &paths.server_processors {
            let all = settings.workers > 1;
            let list = if all {
                &paths.all_processors
            } else {
                processors
            };
            command.extend(["taskset", "-c", list].map(OsString::from));
        }
        if let Some(file) = &settings.callgrind {
            let mut output = OsString::from("--callgrind-out-file=");
            output.push(file);
            command.extend(["valgrind", "-q", "--tool=callgrind"].map(OsString::from));
            command.push(output);
        }
        command.extend(server.command(paths, settings));
        let [program, arguments @ ..] = command.as_slice() else {
            bail!("no command");
        };
        let began = Instant::now();
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{} does not start", program.display()))?;
        let output = child.stdout.take().context("no standard output")?;
        let address = address(output);
        let mut running = Self {
            child,
            server,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            first_answer: Duration::ZERO,
        };
        running.address = address.with_context(|| {
            let command: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
            format!(
                "it ended without printing an address: {}",
                command.join(" ")
            )
        })?;
        http::Blocking::connect(running.address)?.upgrade(None)?;
        running.first_answer = began.elapsed();
        Ok(running)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn memory(&self) -> Result<Memory> {
        Memory::of(self.id())
    }

    pub(crate) fn usage(&self) -> Result<Usage> {
        Usage::of(self.id())
    }

    /// Ends it by SIGTERM and waits, as callgrind writes its file at the end.
    pub(crate) fn stop(mut self) -> Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let until = Instant::now() + PATIENCE;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > until {
                bail!("{} does not end", self.server.name());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // An error here is that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first address that is printed. What comes later is read too, so that it blocks nobody.
fn address(output: ChildStdout) -> Result<SocketAddr> {
    let mut lines = BufReader::new(output).lines();
    let found = lines.find_map(|line| address_in(&line.ok()?));
    std::thread::spawn(move || lines.for_each(drop));
    found.context("no address was printed")
}

/// The address in a line such as `  http://127.0.0.1:4000/`.
fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, address) = line.split_once("http://")?;
    let end = address.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':');
    address.get(..end.unwrap_or(address.len()))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_a_line_with_and_without_a_path() {
        let expected = "127.0.0.1:4000".parse().ok();
        assert_eq!(address_in("  http://127.0.0.1:4000/"), expected);
        assert_eq!(address_in("http://127.0.0.1:4000"), expected);
        assert_eq!(address_in("Parlor is ready."), None);
        assert_eq!(address_in("http://parlor.local/"), None);
    }
}
