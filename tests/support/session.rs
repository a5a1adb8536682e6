//! Engine.IO sessions by hand: a polling client of whole requests, and a WebSocket of exact
//! frames. Beside `raw`, which gives the requests.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::raw::{Answer, connect, get, request, send};

/// The query of a polling handshake.
pub(crate) const POLLING: &str = "/socket.io/?EIO=4&transport=polling";
/// The query of a WebSocket handshake.
pub(crate) const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

/// The header lines of an upgrade.
pub(crate) const UPGRADE: [&str; 4] = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/// A polling session.
pub(crate) struct Polling {
    address: SocketAddr,
    /// Path and query of its requests.
    pub(crate) path: String,
    /// Its id.
    pub(crate) sid: String,
}

impl Polling {
    /// A handshake.
    pub(crate) fn open(address: SocketAddr) -> Self {
        let sid = sid(&get(address, POLLING, &[]));
        let path = format!("{POLLING}&sid={sid}");
        Self { address, path, sid }
    }

    /// A GET.
    pub(crate) fn poll(&self, lines: &[&str]) -> Answer {
        get(self.address, &self.path, lines)
    }

    /// A GET that waits; the server has it when this returns, which a third party was told.
    pub(crate) fn begin_poll(&self) -> TcpStream {
        let mut stream = connect(self.address);
        self.begin_poll_on(&mut stream, &["Connection: close"], "");
        stream
    }

    /// The same on this connection, with these header lines, and with what is sent right behind it.
    pub(crate) fn begin_poll_on(&self, stream: &mut TcpStream, lines: &[&str], behind: &str) {
        self.begin_poll_in("1.1", stream, lines, behind);
    }

    /// The same in any version of HTTP.
    pub(crate) fn begin_poll_in(
        &self,
        version: &str,
        stream: &mut TcpStream,
        lines: &[&str],
        behind: &str,
    ) {
        let mut text = format!("GET {} HTTP/{version}\r\nHost: localhost\r\n", self.path);
        for line in lines {
            text.push_str(line);
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        text.push_str(behind);
        stream.write_all(text.as_bytes()).unwrap();
        let mut witness = WebSocket::open(self.address, WEBSOCKET, &[]);
        witness.text();
        loop {
            witness.send("4does one wait?");
            if witness.text() == "4yes" {
                return;
            }
        }
    }

    /// A POST.
    pub(crate) fn post(&self, body: &str, lines: &[&str]) -> Answer {
        let length = format!("Content-Length: {}", body.len());
        send(
            self.address,
            &self.post_bytes(body, &[lines, &[&length]].concat()),
        )
    }

    /// A POST whose body never ends; the server waits for it when this returns, as it says.
    pub(crate) fn begin_post(&self) -> TcpStream {
        let mut stream = connect(self.address);
        let lines = ["Content-Length: 10", "Expect: 100-continue"];
        stream.write_all(&self.post_bytes("", &lines)).unwrap();
        let mut told = [0; 25];
        stream.read_exact(&mut told).unwrap();
        assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(b"4half").unwrap();
        stream
    }

    /// The bytes of a POST, without a length of its own.
    pub(crate) fn post_bytes(&self, body: &str, lines: &[&str]) -> Vec<u8> {
        let mut text = format!(
            "POST {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n",
            self.path
        );
        for line in lines {
            text.push_str(line);
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        text.push_str(body);
        text.into_bytes()
    }

    /// A request of any method.
    pub(crate) fn request(&self, method: &str) -> Answer {
        request(self.address, method, &self.path, &[])
    }

    /// That the session lives, which an echo shows.
    pub(crate) fn expect_alive(&self) {
        assert_eq!(self.post("4alive", &[]).text(), "ok");
        assert_eq!(self.poll(&[]).text(), "4alive");
    }

    /// That nobody has this id any more.
    pub(crate) fn expect_gone(&self) {
        let answer = self.poll(&[]);
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (400, "{\"code\":1,\"message\":\"Session ID unknown\"}")
        );
    }
}

/// The id in the answer to a polling handshake.
pub(crate) fn sid(answer: &Answer) -> String {
    let text = answer.text();
    assert_eq!(answer.status, 200, "{answer:?}");
    let rest = text.strip_prefix("0{\"sid\":\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// A WebSocket, on TCP or on what is given.
pub(crate) struct WebSocket<S = TcpStream> {
    pub(crate) stream: S,
    /// The 101.
    pub(crate) answer: Answer,
}

impl WebSocket {
    /// An upgrade that must succeed, with extra header lines.
    pub(crate) fn open(address: SocketAddr, path: &str, lines: &[&str]) -> Self {
        Self::open_with(address, &upgrade(path, lines))
    }

    /// Somebody who has joined the room `kitchen` of the room server, in this role.
    pub(crate) fn in_kitchen(address: SocketAddr, role: &str) -> Self {
        let mut socket = Self::open(address, WEBSOCKET, &[]);
        socket.text();
        socket.send("40");
        socket.text();
        socket.send("42[\"join\",\"kitchen\"]");
        assert_eq!(socket.text(), format!("42[\"{role}\"]"));
        socket
    }

    /// The same with these bytes, of which some may be frames.
    pub(crate) fn open_with(address: SocketAddr, bytes: &[u8]) -> Self {
        Self::over(connect(address), bytes)
    }
}

impl<S: Read + Write> WebSocket<S> {
    /// The same on a connection that is there already.
    pub(crate) fn over(mut stream: S, bytes: &[u8]) -> Self {
        stream.write_all(bytes).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let answer = super::raw::parse(&head);
        assert_eq!(answer.status, 101, "{answer:?}");
        Self { stream, answer }
    }

    /// Sends a short text.
    pub(crate) fn send(&mut self, text: &str) {
        let length = u8::try_from(text.len()).unwrap();
        assert!(length < 126);
        let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
        frame.extend_from_slice(text.as_bytes());
        self.write(&frame);
    }

    /// Sends any bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// The next frame: opcode with the final bit, and payload.
    pub(crate) fn receive(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).unwrap();
        let length = match head[1] {
            126 => {
                let mut length = [0; 2];
                self.stream.read_exact(&mut length).unwrap();
                u16::from_be_bytes(length).into()
            }
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).unwrap();
        (head[0], payload)
    }

    /// The next frame, which must be a whole text.
    pub(crate) fn text(&mut self) -> String {
        let (opcode, payload) = self.receive();
        assert_eq!(opcode, 0x81);
        String::from_utf8(payload).unwrap()
    }
}

/// The bytes of an upgrade's request.
pub(crate) fn upgrade(path: &str, lines: &[&str]) -> Vec<u8> {
    let mut text = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n");
    for line in UPGRADE.iter().chain(lines) {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.into_bytes()
}
