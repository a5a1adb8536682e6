//! The real binary: started with its own environment, watched through its pipes, and ended by its
//! handle if the test did not.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Instant;

use crate::support::raw::LIMIT;

/// The binary with a clean environment: no `PARLOR_...` of the developer's own.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    command
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// What a run that ends by itself left behind.
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
    let child = command(arguments)
        .envs(environment.iter().copied())
        .spawn()
        .unwrap();
    let mut parlor = Parlor::watch(child);
    let status = parlor.wait();
    Ended {
        code: status.code().unwrap(),
        stdout: parlor.stdout(),
        stderr: parlor.stderr(),
    }
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Parlor {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
    readers: Vec<JoinHandle<()>>,
    errors: Receiver<String>,
}

impl Parlor {
    /// Starts it and returns when its banner names an address.
    pub(crate) fn start(arguments: &[&str], environment: &[(&str, &str)]) -> (Self, SocketAddr) {
        let child = command(arguments)
            .envs(environment.iter().copied())
            .spawn()
            .unwrap();
        let mut parlor = Self::watch(child);
        let line = parlor.line_with("http://");
        let address = line
            .trim()
            .trim_start_matches("http://")
            .trim_end_matches('/');
        let address = address.replace("localhost", "127.0.0.1").parse().unwrap();
        (parlor, address)
    }

    fn watch(mut child: Child) -> Self {
        let (send_line, lines) = channel();
        let (send_error, errors) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let readers = vec![
            std::thread::spawn(move || {
                for line in stdout.lines() {
                    let _ = send_line.send(line.unwrap());
                }
            }),
            std::thread::spawn(move || {
                let mut text = String::new();
                stderr.read_to_string(&mut text).unwrap();
                let _ = send_error.send(text);
            }),
        ];
        Self {
            child,
            lines,
            seen: Vec::new(),
            readers,
            errors,
        }
    }

    /// Waits for a line on standard output.
    pub(crate) fn line_with(&mut self, part: &str) -> String {
        let end = Instant::now() + LIMIT;
        loop {
            let Ok(line) = self
                .lines
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            else {
                self.give_up(&format!("no line with {part:?}"));
            };
            self.seen.push(line.clone());
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Sends a signal to this process and to no other.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal)
            .unwrap();
    }

    /// Waits for the end, which must come: the pipe closes when the process is gone.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + LIMIT;
        loop {
            match self
                .lines
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Disconnected) => return self.child.wait().unwrap(),
                Err(RecvTimeoutError::Timeout) => self.give_up("it is still running"),
            }
        }
    }

    fn give_up(&mut self, what: &str) -> ! {
        let _ = self.child.kill();
        let stderr = self.stderr();
        panic!("{what}; stdout: {:?}; stderr: {stderr}", self.seen);
    }

    /// Everything on standard output, after the end.
    pub(crate) fn stdout(&mut self) -> String {
        self.seen.extend(self.lines.iter());
        self.seen.iter().map(|line| format!("{line}\n")).collect()
    }

    /// Everything on standard error, after the end.
    pub(crate) fn stderr(&mut self) -> String {
        self.errors.recv_timeout(LIMIT).unwrap()
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Parlor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}
