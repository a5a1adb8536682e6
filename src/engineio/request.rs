//! The HTTP request that began a session, as far as the layers above may look at it: address,
//! URL and headers.
//!
//! `transport` makes it once a handshake; whoever stands on top of the session keeps it for as
//! long as it is of use. URL and headers lie packed in one string, so that a kept request pins
//! nothing of the connection's buffers and costs little more than its characters.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::time::SystemTime;

/// The parameters of a query, decoded, in order (URL standard,
/// "application/x-www-form-urlencoded").
pub fn parameters(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(query.as_bytes())
}

/// Bytes of target and headers that a browser sends at most, as a rule.
const TYPICAL: usize = 1024;

/// A handshake's request.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The address that it came from; IPv4-mapped ones as IPv4.
    pub address: IpAddr,
    /// Whether it came over TLS.
    pub secure: bool,
    /// When it came.
    pub time: SystemTime,
    /// The target, then one line `name:value` a header.
    text: Box<str>,
}

impl Request {
    /// A request from its parts. `url` is the request's target (RFC 9112 section 3.2);
    /// header names are in lower case, and bytes of a value beyond ASCII are read as Latin-1,
    /// which is what HTTP gives them (RFC 9110 section 5.5).
    pub fn new<'h>(
        address: IpAddr,
        secure: bool,
        time: SystemTime,
        url: &str,
        headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
    ) -> Self {
        let mut text = Vec::with_capacity(TYPICAL);
        text.extend_from_slice(url.as_bytes());
        for (name, value) in headers {
            text.push(b'\n');
            text.extend_from_slice(name.as_bytes());
            text.push(b':');
            if value.is_ascii() && !value.contains(&b'\n') {
                text.extend_from_slice(value);
                continue;
            }
            // HTTP allows no line break in a value; one here would make up a header.
            for byte in value.iter().filter(|byte| **byte != b'\n') {
                let character = char::from(*byte);
                text.extend_from_slice(character.encode_utf8(&mut [0; 2]).as_bytes());
            }
        }
        // It is UTF-8 by the way it was made.
        let text = String::from_utf8(text).unwrap_or_default();
        Self {
            address,
            secure,
            time,
            text: text.into(),
        }
    }

    /// A request of which only the address is known, for servers without HTTP and for tests.
    pub fn from_address(address: IpAddr) -> Self {
        Self::new(address, false, SystemTime::UNIX_EPOCH, "", [])
    }

    /// The target as it was asked for, for example `/socket.io/?EIO=4&transport=polling`.
    pub fn url(&self) -> &str {
        self.text.split('\n').next().unwrap_or_default()
    }

    /// The part of the URL behind `?`, as it was sent.
    pub fn query(&self) -> &str {
        self.url().split_once('?').map_or("", |(_, query)| query)
    }

    /// The value of a parameter of the query, decoded; of a repeated one the last.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.parameters()
            .filter_map(|(other, value)| (other == name).then_some(value))
            .last()
    }

    /// The parameters of the query, decoded, in order.
    pub fn parameters(&self) -> impl Iterator<Item = (String, String)> + '_ {
        parameters(self.query()).map(|(name, value)| (name.into(), value.into()))
    }

    /// The headers in order, names in lower case; a repeated one is there several times.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.text
            .split('\n')
            .skip(1)
            .filter_map(|line| line.split_once(':'))
    }

    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers()
            .find_map(|(other, value)| (other == name).then_some(value))
    }

    /// Bytes that it holds beside itself.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }
}

/// Without the text: cookies and tokens are in it.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("address", &self.address)
            .field("secure", &self.secure)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn request(url: &str, headers: &[(&str, &[u8])]) -> Request {
        let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let headers = headers.iter().copied();
        Request::new(from, false, SystemTime::UNIX_EPOCH, url, headers)
    }

    #[test]
    fn a_request_gives_back_its_target_and_its_headers_in_order() {
        let request = request(
            "/socket.io/?EIO=4&a=%C3%A4&a=b+c",
            &[("host", b"pi:4000"), ("cookie", b"a=1"), ("cookie", b"b=2")],
        );
        assert_eq!(request.url(), "/socket.io/?EIO=4&a=%C3%A4&a=b+c");
        assert_eq!(request.query(), "EIO=4&a=%C3%A4&a=b+c");
        assert_eq!(request.parameter("a").as_deref(), Some("b c"));
        assert_eq!(request.parameter("b"), None);
        assert_eq!(request.header("cookie"), Some("a=1"));
        assert_eq!(
            request.headers().collect::<Vec<_>>(),
            [("host", "pi:4000"), ("cookie", "a=1"), ("cookie", "b=2")]
        );
    }

    #[test]
    fn a_value_beyond_ascii_is_latin_1_and_cannot_make_up_a_header() {
        let request = request("/", &[("x", b"\xe4\nevil: 1"), ("y", b"")]);
        assert_eq!(request.header("x"), Some("\u{e4}evil: 1"));
        assert_eq!(request.header("y"), Some(""));
        assert_eq!(request.header("evil"), None);
    }

    #[test]
    fn its_debug_form_tells_no_secret() {
        let text = format!("{:?}", request("/?token=s", &[("cookie", b"s=s3cret")]));
        assert!(
            !text.contains("s3cret") && !text.contains("token"),
            "{text}"
        );
    }
}
