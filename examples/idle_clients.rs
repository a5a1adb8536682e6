//! Measures a server's memory with many idle WebSocket clients. `scripts/measure` runs it.
//!
//! ```text
//! idle_clients CLIENTS COMMAND [FLAG...]
//! ```
//!
//! It starts the command (Parlor, or another Socket.IO server that takes `--listen` and prints its
//! address), takes the time to its first answer, then connects the clients as Chromium would: the
//! same request headers, spread over addresses of the loopback network. Each joins the main
//! namespace, stays, and answers pings. Memory is read when every client has answered a ping, so
//! that what a heartbeat costs is in it. It is the server's own, by `smaps_rollup` (proc(5)): what
//! the kernel holds for its sockets is not in any process.
//!
//! The clients speak WebSocket by hand (RFC 6455 section 5.2): all that they meet are short
//! frames, and a mask of zeros is a mask.

#![allow(
    clippy::print_stdout,
    reason = "what it measured goes to standard output"
)]

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs, io};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

/// Handshakes that may be under way at one time.
const AT_ONCE: usize = 100;
/// Clients on each loopback address, from 127.1.0.1 on.
const PER_ADDRESS: usize = 50;
/// Starts of which the median time counts.
const STARTS: usize = 5;
/// No step of a run that works takes as long.
const PATIENCE: Duration = Duration::from_secs(120);
/// Every client answers one ping before memory is read.
const PING_INTERVAL: &str = "5s";

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let clients = arguments.next().context("how many clients?")?;
    let clients: usize = clients.parse().context("the number of clients")?;
    let command: Vec<String> = arguments.collect();
    ensure!(
        !command.is_empty(),
        "which server? Its command follows the number of clients"
    );

    let mut starts = Vec::new();
    for _ in 1..STARTS {
        starts.push(Server::start(&command)?.first_answer);
    }
    let server = Server::start(&command)?;
    starts.push(server.first_answer);
    starts.sort();

    let after_start = server.memory()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let with_clients = runtime.block_on(async {
        let answered = connect_all(server.address, clients).await?;
        ensure!(
            answered == clients,
            "{answered} of {clients} clients stayed"
        );
        server.memory()
    })?;

    report(
        "start to first answer",
        &format!("{:.1} ms", milliseconds(starts[STARTS / 2])),
    );
    report(
        "memory after start, resident",
        &kibibytes(after_start.resident),
    );
    report(
        "memory after start, of its own",
        &kibibytes(after_start.own),
    );
    report(
        &format!("memory with {clients} idle clients, resident"),
        &kibibytes(with_clients.resident),
    );
    report(
        &format!("memory with {clients} idle clients, of its own"),
        &kibibytes(with_clients.own),
    );
    let each = |after: u64, before: u64| {
        let bytes = after.saturating_sub(before) / clients.max(1) as u64;
        format!("{bytes} bytes")
    };
    report(
        "each idle client, resident",
        &each(with_clients.resident, after_start.resident),
    );
    report(
        "each idle client, of its own",
        &each(with_clients.own, after_start.own),
    );
    Ok(())
}

fn report(what: &str, value: &str) {
    println!("{what:<48} {value:>14}");
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn kibibytes(bytes: u64) -> String {
    format!("{} KiB", bytes / 1024)
}

/// The server's process; it is killed when this is dropped.
struct Server {
    child: Child,
    address: SocketAddr,
    /// From before the process was made to the end of its first HTTP answer.
    first_answer: Duration,
}

impl Server {
    fn start(command: &[String]) -> Result<Self> {
        let [program, flags @ ..] = command else {
            bail!("no command");
        };
        let began = Instant::now();
        let mut child = Command::new(program)
            .args(flags)
            .args(["--listen", "127.0.0.1:0", "--ping-interval", PING_INTERVAL])
            .args(["--max-connections", "20000"])
            .args(["--max-connections-per-address", "20000"])
            .args(["--max-handshake-rate", "100000"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{program} does not start"))?;
        let output = child.stdout.take().context("no standard output")?;
        let mut lines = BufReader::new(output).lines();
        let address = lines.find_map(|line| address_in(&line.ok()?));
        // What it prints later must not block it.
        std::thread::spawn(move || lines.for_each(drop));
        let mut server = Self {
            child,
            address: address.context("it ended without printing an address")?,
            first_answer: Duration::ZERO,
        };
        server.ask_over_http()?;
        server.first_answer = began.elapsed();
        Ok(server)
    }

    /// One request, and its answer to the end.
    fn ask_over_http(&self) -> Result<()> {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let address = self.address;
        write!(
            stream,
            "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        BufReader::new(stream)
            .take(64)
            .read_to_string(&mut answer)?;
        ensure!(answer.starts_with("HTTP/1.1 "), "no HTTP answer: {answer}");
        Ok(())
    }

    fn memory(&self) -> Result<Memory> {
        Memory::of(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error here is that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address in a line such as `Listening on http://127.0.0.1:4000/`.
fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, address) = line.split_once("http://")?;
    let end = address.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':');
    address.get(..end.unwrap_or(address.len()))?.parse().ok()
}

/// A process's memory in bytes.
#[derive(Debug, Clone, Copy)]
struct Memory {
    /// Pages in memory, those it shares with others (the program's text) included.
    resident: u64,
    /// Pages that it has alone.
    own: u64,
}

impl Memory {
    fn of(process: u32) -> Result<Self> {
        let path = format!("/proc/{process}/smaps_rollup");
        let text = fs::read_to_string(Path::new(&path)).context(path)?;
        let bytes = |name: &str| -> Result<u64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
            Ok(number
                .with_context(|| format!("no {name}"))?
                .parse::<u64>()?
                * 1024)
        };
        Ok(Self {
            resident: bytes("Rss:")?,
            own: bytes("Private_Clean:")? + bytes("Private_Dirty:")?,
        })
    }
}

/// Connects all clients and gives how many of them have answered a ping and still are there.
async fn connect_all(server: SocketAddr, clients: usize) -> Result<usize> {
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    let (answered, mut all_answered) = mpsc::channel(clients.max(1));
    for number in 0..clients {
        let (gate, answered) = (Arc::clone(&gate), answered.clone());
        tokio::spawn(async move {
            let ended = match Client::connect(server, number, &gate).await {
                Ok(client) => client.stay(&answered).await,
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                // The receiver is gone once enough clients were counted.
                let _ = answered
                    .send(Err(format!("client {number}: {error:#}")))
                    .await;
            }
        });
    }
    drop(answered);
    let mut count = 0;
    while count < clients {
        match timeout(PATIENCE, all_answered.recv()).await? {
            Some(Ok(())) => count += 1,
            Some(Err(error)) => bail!(error),
            None => break,
        }
    }
    Ok(count)
}

/// A WebSocket that has joined the main namespace.
struct Client {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Client {
    async fn connect(server: SocketAddr, number: usize, gate: &Semaphore) -> Result<Self> {
        let _turn = gate.acquire().await?;
        let socket = TcpSocket::new_v4()?;
        let host = u32::try_from(number / PER_ADDRESS)?;
        let own = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 1, 0, 1)) + host);
        socket.bind(SocketAddr::from((own, 0)))?;
        let stream = socket.connect(server).await?;
        stream.set_nodelay(true)?;
        let mut client = Self {
            stream,
            received: Vec::new(),
        };
        client.stream.write_all(request(server).as_bytes()).await?;
        let head = client.head().await?;
        ensure!(
            head.starts_with("HTTP/1.1 101 "),
            "no switch to WebSocket: {head}"
        );
        client.expect("0{").await?;
        client.send("40").await?;
        client.expect("40{").await?;
        // What it needed to begin is given back: thousands of these are kept.
        client.received = Vec::new();
        Ok(client)
    }

    /// Answers pings until the server ends it, and tells of the first.
    async fn stay(mut self, answered: &mpsc::Sender<Result<(), String>>) -> Result<()> {
        let mut beats = 0_u64;
        loop {
            let message = self.receive().await?;
            ensure!(message == "2", "an unexpected message: {message}");
            self.send("3").await?;
            beats += 1;
            if beats == 1 {
                // As above: an error is that nobody counts any more.
                let _ = answered.send(Ok(())).await;
            }
        }
    }

    async fn more(&mut self) -> Result<()> {
        let mut buffer = [0; 1024];
        let length = self.stream.read(&mut buffer).await?;
        if length == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        self.received.extend_from_slice(&buffer[..length]);
        Ok(())
    }

    /// The head of the HTTP answer.
    async fn head(&mut self) -> Result<String> {
        loop {
            let end = self
                .received
                .windows(4)
                .position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let rest = self.received.split_off(end + 4);
                let head = std::mem::replace(&mut self.received, rest);
                return Ok(String::from_utf8(head)?);
            }
            self.more().await?;
        }
    }

    /// The next message: a text in one frame of less than 64 KiB.
    async fn receive(&mut self) -> Result<String> {
        loop {
            let (begin, length) = match *self.received.as_slice() {
                [0x81, length @ 0..=125, ..] => (2, usize::from(length)),
                [0x81, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
                [0x81] | [] | [0x81, 126, ..] => (usize::MAX, 0),
                [first, ..] => bail!("a frame that begins with {first:#x}"),
            };
            if begin < usize::MAX && self.received.len() >= begin + length {
                let rest = self.received.split_off(begin + length);
                let frame = std::mem::replace(&mut self.received, rest);
                return Ok(String::from_utf8(frame[begin..].to_vec())?);
            }
            self.more().await?;
        }
    }

    async fn expect(&mut self, start: &str) -> Result<()> {
        let message = self.receive().await?;
        ensure!(message.starts_with(start), "{message} instead of {start}");
        Ok(())
    }

    /// A short text in one frame, masked with zeros.
    async fn send(&mut self, text: &str) -> Result<()> {
        let mut frame = vec![0x81, 0x80 | u8::try_from(text.len())?, 0, 0, 0, 0];
        frame.extend_from_slice(text.as_bytes());
        Ok(self.stream.write_all(&frame).await?)
    }
}

/// The request that Chromium sends for `new WebSocket(...)`: a server may keep what is in it.
fn request(server: SocketAddr) -> String {
    [
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
        &format!("Host: {server}"),
        "Connection: Upgrade",
        "Pragma: no-cache",
        "Cache-Control: no-cache",
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/143.0.0.0 Safari/537.36",
        "Upgrade: websocket",
        &format!("Origin: http://{server}"),
        "Sec-WebSocket-Version: 13",
        "Accept-Encoding: gzip, deflate, br, zstd",
        "Accept-Language: en-GB,en-US;q=0.9,en;q=0.8",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        "\r\n",
    ]
    .join("\r\n")
}
