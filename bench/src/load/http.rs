//! HTTP as Chromium speaks it to a Socket.IO server: the same headers in the same order, since a
//! server may keep what is in them, and answers with a length or in chunks.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(60);
const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                     Chrome/143.0.0.0 Safari/537.36";

/// `2probe` in a frame that is masked with zeros.
pub(crate) const PROBE: [u8; 12] = *b"\x81\x86\0\0\0\x002probe";

/// The upgrade of `new WebSocket(...)`, to a new session or to one that polls.
pub(crate) fn upgrade(host: SocketAddr, sid: Option<&str>) -> String {
    let sid = sid.map_or(String::new(), |sid| format!("&sid={sid}"));
    format!(
        "GET /socket.io/?EIO=4&transport=websocket{sid} HTTP/1.1\r\n\
         Host: {host}\r\n\
         Connection: Upgrade\r\n\
         Pragma: no-cache\r\n\
         Cache-Control: no-cache\r\n\
         User-Agent: {AGENT}\r\n\
         Upgrade: websocket\r\n\
         Origin: http://{host}\r\n\
         Sec-WebSocket-Version: 13\r\n\
         Accept-Encoding: gzip, deflate, br, zstd\r\n\
         Accept-Language: en-GB,en-US;q=0.9,en;q=0.8\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
    )
}

/// A poll; without a session the handshake.
pub(crate) fn poll(host: SocketAddr, sid: Option<&str>) -> String {
    let sid = sid.map_or(String::new(), |sid| format!("&sid={sid}"));
    get(
        host,
        &format!("/socket.io/?EIO=4&transport=polling&t=p1q2r3s4{sid}"),
    )
}

/// A request for a file or a poll.
pub(crate) fn get(host: SocketAddr, target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\n{}\r\n", headers(host))
}

/// A packet by polling.
pub(crate) fn post(host: SocketAddr, sid: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /socket.io/?EIO=4&transport=polling&t=p1q2r3s4&sid={sid} HTTP/1.1\r\n{}\
         Content-Type: text/plain;charset=UTF-8\r\n\
         Origin: http://{host}\r\n\
         Content-Length: {length}\r\n\r\n{body}",
        headers(host)
    )
}

fn headers(host: SocketAddr) -> String {
    format!(
        "Host: {host}\r\n\
         Connection: keep-alive\r\n\
         User-Agent: {AGENT}\r\n\
         Accept: */*\r\n\
         Sec-Fetch-Site: same-origin\r\n\
         Sec-Fetch-Mode: cors\r\n\
         Sec-Fetch-Dest: empty\r\n\
         Referer: http://{host}/\r\n\
         Accept-Encoding: gzip, deflate, br, zstd\r\n\
         Accept-Language: en-GB,en-US;q=0.9,en;q=0.8\r\n"
    )
}

/// A whole answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Where it ends in what was received.
    pub(crate) end: usize,
}

impl Answer {
    /// The first answer in these bytes, or `None` when it is incomplete.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        let Some(head_end) = find(bytes, b"\r\n\r\n") else {
            return Ok(None);
        };
        let (head, body) = bytes.split_at(head_end + 4);
        let head = std::str::from_utf8(head)?;
        let status = head
            .strip_prefix("HTTP/1.1 ")
            .and_then(|line| line.get(..3));
        let status = status.context("no status")?.parse()?;
        let (length, chunked) = framing(head)?;
        let found = if chunked {
            chunks(body)?
        } else if status == 101 {
            Some((Vec::new(), 0))
        } else {
            let length = length.context("an answer without a length")?;
            body.get(..length).map(|body| (body.to_vec(), length))
        };
        Ok(found.map(|(body, used)| Self {
            status,
            body,
            end: head_end + 4 + used,
        }))
    }
}

/// `Content-Length`, and whether the body comes in chunks.
fn framing(head: &str) -> Result<(Option<usize>, bool)> {
    let (mut length, mut chunked) = (None, false);
    for line in head.lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse()?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = value.trim().eq_ignore_ascii_case("chunked");
        }
    }
    Ok((length, chunked))
}

/// The body of chunks without trailers, and how many bytes it took.
fn chunks(bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(line) = find(rest, b"\r\n") else {
            return Ok(None);
        };
        let digits = std::str::from_utf8(rest.get(..line).unwrap_or_default())?;
        let length = usize::from_str_radix(digits, 16)?;
        let begin = line + 2;
        let Some(chunk) = rest.get(begin..begin + length + 2) else {
            return Ok(None);
        };
        body.extend_from_slice(chunk.get(..length).unwrap_or_default());
        at += begin + length + 2;
        if length == 0 {
            return Ok(Some((body, at)));
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// A connection that waits for each answer, where one client at a time is enough.
#[derive(Debug)]
pub(crate) struct Blocking {
    stream: TcpStream,
    host: SocketAddr,
    received: Vec<u8>,
}

impl Blocking {
    pub(crate) fn connect(host: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            host,
            received: Vec::new(),
        })
    }

    /// Sends bytes, whatever they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.stream.write_all(bytes)?)
    }

    /// Sends a request and waits for the whole answer.
    pub(crate) fn ask(&mut self, request: &str) -> Result<Answer> {
        self.send(request.as_bytes())?;
        loop {
            if let Some(answer) = Answer::parse(&self.received)? {
                self.received.drain(..answer.end);
                return Ok(answer);
            }
            let mut buffer = [0; 16 * 1024];
            match self.stream.read(&mut buffer)? {
                0 => bail!("the server closed before its answer"),
                length => self
                    .received
                    .extend_from_slice(buffer.get(..length).unwrap_or_default()),
            }
        }
    }

    /// Opens a session by polling and gives its id.
    pub(crate) fn handshake(&mut self) -> Result<String> {
        let answer = self.ask(&poll(self.host, None))?;
        ensure!(answer.status == 200, "status {}", answer.status);
        sid(&answer.body)
    }

    /// Makes a WebSocket of it.
    pub(crate) fn upgrade(&mut self, sid: Option<&str>) -> Result<()> {
        let answer = self.ask(&upgrade(self.host, sid))?;
        ensure!(answer.status == 101, "no upgrade: status {}", answer.status);
        Ok(())
    }
}

/// The session id in an open packet.
pub(crate) fn sid(open: &[u8]) -> Result<String> {
    let open = std::str::from_utf8(open)?;
    let sid = open
        .strip_prefix("0{")
        .and_then(|rest| rest.split_once("\"sid\":\""))
        .and_then(|(_, rest)| rest.split_once('"'));
    Ok(sid
        .with_context(|| format!("no open packet: {open}"))?
        .0
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_with_a_length_ends_there() {
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP";
        let answer = Answer::parse(bytes).unwrap().unwrap();
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (200, b"ok".as_slice())
        );
        assert_eq!(answer.end, bytes.len() - 4);
        assert_eq!(Answer::parse(&bytes[..bytes.len() - 5]).unwrap(), None);
    }

    #[test]
    fn an_answer_in_chunks_is_put_together() {
        let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n";
        let answer = Answer::parse(bytes).unwrap().unwrap();
        assert_eq!(answer.body, b"abc0123456789");
        assert_eq!(answer.end, bytes.len());
        assert_eq!(Answer::parse(&bytes[..bytes.len() - 1]).unwrap(), None);
    }

    #[test]
    fn an_upgrade_has_no_body() {
        let bytes = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x01x";
        let answer = Answer::parse(bytes).unwrap().unwrap();
        assert_eq!((answer.status, answer.end), (101, bytes.len() - 3));
    }

    #[test]
    fn the_session_id_is_in_the_open_packet() {
        let open = br#"0{"sid":"abc_-1","upgrades":[]}"#;
        assert_eq!(sid(open).unwrap(), "abc_-1");
        assert!(sid(b"40{}").is_err());
    }
}
