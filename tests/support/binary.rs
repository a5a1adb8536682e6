//! The real binary: started with its own environment, watched through its pipes, and ended by its
//! handle if the test did not.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Instant;

use super::dir::TempDir;
use super::raw::LIMIT;

/// The binary's path.
pub(crate) const PATH: &str = env!("CARGO_BIN_EXE_parlor");

/// The binary with these arguments.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(PATH);
    command.args(arguments);
    command
}

/// What a run that ended by itself left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Exit code.
    pub(crate) code: i32,
    /// Everything on standard output.
    pub(crate) stdout: String,
    /// Everything on standard error.
    pub(crate) stderr: String,
}

/// Runs to the end.
pub(crate) fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    Parlor::spawn(command(arguments), environment).ended()
}

/// Which output nobody reads: writing to it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// Both are read.
    Nothing,
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What it is given as its standard streams: nothing to read, and pipes that are read.
#[derive(Debug)]
pub(crate) struct Streams {
    pub(crate) stdin: Stdio,
    pub(crate) stdout: Stdio,
    pub(crate) stderr: Stdio,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            stdin: Stdio::null(),
            stdout: Stdio::piped(),
            stderr: Stdio::piped(),
        }
    }
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Parlor {
    child: Child,
    /// Lines on standard output.
    pub(crate) stdout: Lines,
    /// Lines on standard error.
    pub(crate) stderr: Lines,
    /// Where it keeps its certificate, unless the test says where; removed after its end.
    _state: TempDir,
}

impl Parlor {
    /// Starts it and returns when its banner names an address.
    pub(crate) fn start(arguments: &[&str], environment: &[(&str, &str)]) -> (Self, SocketAddr) {
        let mut parlor = Self::spawn(command(arguments), environment);
        let address = parlor.address();
        (parlor, address)
    }

    /// The next address in the banner.
    pub(crate) fn address(&mut self) -> SocketAddr {
        let line = self.stdout.wait_for("http://");
        let Some(line) = line else {
            self.give_up("no address in a banner")
        };
        let address = line
            .trim()
            .trim_start_matches("http://")
            .trim_end_matches('/');
        address.replace("localhost", "127.0.0.1").parse().unwrap()
    }

    /// Starts a command with this environment and no other: no `PARLOR_...` of the developer's, and
    /// a state directory of its own.
    pub(crate) fn spawn(command: Command, environment: &[(&str, &str)]) -> Self {
        Self::spawn_with(command, environment, Unread::Nothing)
    }

    /// The same, with one output whose reader is gone before the first word.
    pub(crate) fn spawn_with(
        command: Command,
        environment: &[(&str, &str)],
        unread: Unread,
    ) -> Self {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut streams = Streams::default();
        match unread {
            Unread::Nothing => drop(writer),
            Unread::Stdout => streams.stdout = writer.into(),
            Unread::Stderr => streams.stderr = writer.into(),
        }
        Self::spawn_on(command, environment, streams)
    }

    /// The same, with standard streams of the test's own.
    pub(crate) fn spawn_on(
        mut command: Command,
        environment: &[(&str, &str)],
        streams: Streams,
    ) -> Self {
        let state = TempDir::new();
        command
            .env_clear()
            .env("XDG_STATE_HOME", state.path())
            .envs(environment.iter().copied());
        command
            .stdin(streams.stdin)
            .stdout(streams.stdout)
            .stderr(streams.stderr);
        let mut child = command.spawn().unwrap();
        let stdout = child
            .stdout
            .take()
            .map_or_else(|| Lines::of(std::io::empty()), Lines::of);
        let stderr = child
            .stderr
            .take()
            .map_or_else(|| Lines::of(std::io::empty()), Lines::of);
        Self {
            child,
            stdout,
            stderr,
            _state: state,
        }
    }

    /// Sends a signal to this process and to no other.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal)
            .unwrap();
    }

    /// Waits for the end, which must come: the pipes close when the process is gone.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        if !(self.stdout.wait_for_end() && self.stderr.wait_for_end()) {
            self.give_up("it is still running");
        }
        self.child.wait().unwrap()
    }

    /// Waits for the end and takes everything together.
    pub(crate) fn ended(mut self) -> Ended {
        let status = self.wait();
        let code = status
            .code()
            .unwrap_or_else(|| panic!("ended by a signal: {status}"));
        Ended {
            code,
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
        }
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn give_up(&mut self, what: &str) -> ! {
        let _ = self.child.kill();
        self.stdout.wait_for_end();
        self.stderr.wait_for_end();
        panic!(
            "{what}; stdout: {}; stderr: {}",
            self.stdout.text(),
            self.stderr.text()
        );
    }
}

impl Drop for Parlor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One of its outputs, read by a thread so that a full pipe never stops the server.
#[derive(Debug)]
pub(crate) struct Lines {
    coming: Receiver<String>,
    seen: String,
    _reader: JoinHandle<()>,
}

impl Lines {
    /// Those that come out of it.
    pub(crate) fn of(pipe: impl Read + Send + 'static) -> Self {
        let (send, coming) = channel();
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            coming,
            seen: String::new(),
            _reader: reader,
        }
    }

    /// The next line that has this in it, or none if the output ends or the time is over.
    pub(crate) fn wait_for(&mut self, part: &str) -> Option<String> {
        let end = Instant::now() + LIMIT;
        while let Ok(line) = self.next(end) {
            if line.contains(part) {
                return Some(line);
            }
        }
        None
    }

    /// Whether the output ends in time.
    pub(crate) fn wait_for_end(&mut self) -> bool {
        let end = Instant::now() + LIMIT;
        loop {
            if let Err(error) = self.next(end) {
                return error == RecvTimeoutError::Disconnected;
            }
        }
    }

    /// Everything that came so far.
    pub(crate) fn text(&self) -> String {
        self.seen.clone()
    }

    fn next(&mut self, end: Instant) -> Result<String, RecvTimeoutError> {
        let line = self
            .coming
            .recv_timeout(end.saturating_duration_since(Instant::now()))?;
        self.seen.push_str(&line);
        self.seen.push('\n');
        Ok(line)
    }
}
