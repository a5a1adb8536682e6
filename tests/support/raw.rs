//! HTTP/1.1 by hand: exact bytes out, and an answer taken apart without forgiveness.
//!
//! Left out: chunked answers and connections that are kept; a request asks for `close` unless it is
//! sent with [`send`] and says otherwise itself.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// A test that waits longer than this has found a bug.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// Waits until another thread has made this so.
pub(crate) fn eventually(is_so: impl Fn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !is_so() {
        assert!(Instant::now() < end, "it did not come to this in time");
        std::thread::yield_now();
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Status code, 200 and so on.
    pub(crate) status: u16,
    /// Header lines in order, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// Everything after the empty line, to the end of the connection.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The value of a header that is there once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self
            .headers
            .iter()
            .filter(|(other, _)| other == name)
            .map(|(_, value)| value.as_str());
        let first = found.next();
        assert!(
            found.next().is_none(),
            "{name} is there twice: {:?}",
            self.headers
        );
        first
    }

    /// The values of a header, in order.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let found = self.headers.iter().filter(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str()).collect()
    }

    /// The same, for a header that must be there.
    pub(crate) fn must(&self, name: &str) -> &str {
        self.header(name)
            .unwrap_or_else(|| panic!("{name} is missing: {self:?}"))
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// GET with extra header lines, such as `&["If-None-Match: *"]`.
pub(crate) fn get(address: SocketAddr, path: &str, lines: &[&str]) -> Answer {
    request(address, "GET", path, lines)
}

/// Any method, without a body.
pub(crate) fn request(address: SocketAddr, method: &str, path: &str, lines: &[&str]) -> Answer {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for line in lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    send(address, text.as_bytes())
}

/// Writes these bytes and reads to the end of the connection.
pub(crate) fn send(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = connect(address);
    stream.write_all(bytes).unwrap();
    read(stream)
}

/// Reads to the end of the connection.
pub(crate) fn read(mut stream: TcpStream) -> Answer {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    parse(&answer)
}

/// A connection that cannot hang a test.
pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, LIMIT).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    stream
}

/// Takes an answer apart.
pub(crate) fn parse(answer: &[u8]) -> Answer {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let end =
        end.unwrap_or_else(|| panic!("no whole answer: {:?}", String::from_utf8_lossy(answer)));
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().strip_prefix("HTTP/1.").unwrap()[2..5]
        .parse()
        .unwrap();
    let headers = lines
        .map(|line| {
            line.split_once(": ")
                .unwrap_or_else(|| panic!("not a header: {line:?}"))
        })
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Answer {
        status,
        headers,
        body: answer[end + 4..].to_vec(),
    }
}
