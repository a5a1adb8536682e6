//! Which content coding a client likes best (`Accept-Encoding`, RFC 9110 section 12.5.3), and
//! the codings that are made while serving.
//!
//! It stands between a request's headers and its answer's body: the choice of an embedded file's
//! representation ([`Accepted::best`]), and the compression of polling bodies and of the static
//! client ([`Accepted::compression`]).
//!
//! | listed | `*` listed | a coding is | `identity` is |
//! |---|---|---|---|
//! | no header at all | - | not used (the safest reading) | used |
//! | with weight q > 0 | - | acceptable with q | acceptable with q |
//! | with q = 0 | - | refused | refused |
//! | no | with q | acceptable with q, or refused if 0 | the same |
//! | no | no | refused | acceptable, after all others |
//!
//! The highest weight wins. Between equals: for an embedded file gzip, then identity;
//! for what is compressed while serving the one that the client named first, as the reference
//! server has it. A member that does not parse is left out, as if it were not there. Cost of
//! reading: no allocation; a fixed amount of state however long the list is. Left out: brotli
//! (its encoder is larger than this server) and zstd.

use flate2::Compression as Level;
use flate2::read::GzDecoder;
use flate2::write::{GzEncoder, ZlibEncoder};
use hyper::HeaderMap;
use hyper::header::{ACCEPT_ENCODING, HeaderValue};
use std::cmp::Reverse;
use std::io::{Read as _, Write as _};

/// A content coding that an embedded file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// `gzip`, RFC 1952.
    Gzip,
    /// No coding.
    Identity,
}

impl Coding {
    /// The value for `Content-Encoding`; none for identity, which must not be named there.
    pub(crate) fn header(self) -> Option<&'static str> {
        match self {
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

/// A coding that is made while serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    /// `gzip`, RFC 1952.
    Gzip,
    /// `deflate`: the zlib format, RFC 1950 (RFC 9110 section 8.4.1.2).
    Deflate,
}

impl Compression {
    /// The value for `Content-Encoding`.
    pub(crate) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        })
    }

    /// Compresses, for speed rather than size. Takes about 300 KB until it is done. `None` could
    /// only come of a destination that fails, and memory does not.
    pub(crate) fn compress(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let out = Vec::with_capacity(bytes.len() / 2);
        match self {
            Self::Gzip => {
                let mut encoder = GzEncoder::new(out, Level::fast());
                encoder.write_all(bytes).and_then(|()| encoder.finish())
            }
            Self::Deflate => {
                let mut encoder = ZlibEncoder::new(out, Level::fast());
                encoder.write_all(bytes).and_then(|()| encoder.finish())
            }
        }
        .ok()
    }
}

/// Undoes the gzip of our own build, of which every file is read by a test: it has no errors.
/// `length` is that of the result.
pub(crate) fn inflate(gzip: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    let _ = GzDecoder::new(gzip).read_to_end(&mut bytes);
    bytes
}

/// A member of the list: its weight in thousandths, 0 to 1000, and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Listed {
    weight: u16,
    place: u16,
}

/// What a client said it accepts; `None` is "not listed".
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Accepted {
    gzip: Option<Listed>,
    deflate: Option<Listed>,
    identity: Option<Listed>,
    any: Option<Listed>,
}

impl Accepted {
    /// Reads all `Accept-Encoding` lines as one list.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        let mut accepted = Self::default();
        let mut place = 0;
        for line in headers.get_all(ACCEPT_ENCODING) {
            for member in line.to_str().unwrap_or_default().split(',') {
                accepted.take(member, place);
                place = place.saturating_add(1);
            }
        }
        accepted
    }

    /// What to compress with while serving; `None` if the client takes neither. How it likes the
    /// body as it is does not count, as with the reference server.
    pub(crate) fn compression(&self) -> Option<Compression> {
        let candidate = |compression, own: Option<Listed>| {
            let listed = own.or(self.any).filter(|listed| listed.weight > 0)?;
            let named = own.is_some();
            Some(((listed.weight, named, Reverse(listed.place)), compression))
        };
        let gzip = candidate(Compression::Gzip, self.gzip);
        let deflate = candidate(Compression::Deflate, self.deflate);
        let (_, compression) = match (gzip, deflate) {
            (Some(gzip), Some(deflate)) if deflate.0 > gzip.0 => deflate,
            (gzip, deflate) => gzip.or(deflate)?,
        };
        Some(compression)
    }

    /// The best acceptable coding; `None` if all are refused.
    pub(crate) fn best(&self) -> Option<Coding> {
        match (self.weight(Coding::Gzip), self.weight(Coding::Identity)) {
            (Some(gzip), Some(identity)) if identity > gzip => Some(Coding::Identity),
            (Some(_), _) => Some(Coding::Gzip),
            (None, identity) => identity.map(|_| Coding::Identity),
        }
    }

    fn take(&mut self, member: &str, place: u16) {
        let mut parts = member.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let mut weight = 1000;
        for parameter in parts {
            let Some((key, value)) = parameter.split_once('=') else {
                return;
            };
            if !key.trim().eq_ignore_ascii_case("q") {
                return;
            }
            let Some(q) = qvalue(value.trim()) else {
                return;
            };
            weight = q;
        }
        let slot = match name {
            "*" => &mut self.any,
            // RFC 9110 section 8.4.1.3: x-gzip is the same thing.
            _ if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => {
                &mut self.gzip
            }
            _ if name.eq_ignore_ascii_case("deflate") => &mut self.deflate,
            _ if name.eq_ignore_ascii_case("identity") => &mut self.identity,
            _ => return,
        };
        *slot = Some(Listed { weight, place });
    }

    /// The weight of a coding, or `None` if it is refused.
    fn weight(&self, coding: Coding) -> Option<u16> {
        let listed = match coding {
            Coding::Gzip => self.gzip,
            Coding::Identity => self.identity,
        };
        match listed.or(self.any).map(|listed| listed.weight) {
            Some(0) => None,
            Some(weight) => Some(weight),
            None if coding == Coding::Identity => Some(0),
            None => None,
        }
    }
}

/// `qvalue`, RFC 9110 section 12.4.2, in thousandths: `0`, `1`, up to three decimals.
fn qvalue(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = decimals
        .bytes()
        .chain(*b"000")
        .take(3)
        .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;
    use Coding::{Gzip, Identity};

    fn best(value: &str) -> Option<Coding> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, value.parse().unwrap());
        Accepted::from_headers(&headers).best()
    }

    #[test]
    fn without_the_header_nothing_is_coded() {
        assert_eq!(
            Accepted::from_headers(&HeaderMap::new()).best(),
            Some(Identity)
        );
        assert_eq!(best(""), Some(Identity));
    }

    #[test]
    fn what_browsers_send_gets_gzip() {
        assert_eq!(best("gzip, deflate, br, zstd"), Some(Gzip));
        assert_eq!(best("gzip, deflate"), Some(Gzip));
        assert_eq!(best("br"), Some(Identity));
    }

    #[test]
    fn the_highest_weight_wins() {
        assert_eq!(best("identity;q=0.2, gzip;q=0.9"), Some(Gzip));
        assert_eq!(best("gzip;q=0.5, identity;q=1"), Some(Identity));
        assert_eq!(best("gzip;q=0.001"), Some(Gzip));
        assert_eq!(best("GZIP ; Q=1.000 , identity;q=0.999"), Some(Gzip));
    }

    #[test]
    fn zero_refuses() {
        assert_eq!(best("gzip;q=0"), Some(Identity));
        assert_eq!(best("br;q=0, gzip;q=0.000"), Some(Identity));
        assert_eq!(best("identity;q=0"), None);
        assert_eq!(best("*;q=0"), None);
        assert_eq!(best("deflate, identity;q=0"), None);
        assert_eq!(best("gzip, identity;q=0"), Some(Gzip));
    }

    #[test]
    fn a_star_stands_for_what_is_not_listed() {
        assert_eq!(best("*"), Some(Gzip));
        assert_eq!(best("gzip;q=0, *"), Some(Identity));
        assert_eq!(best("identity, *;q=0"), Some(Identity));
        assert_eq!(best("*;q=0.5, identity;q=0.6"), Some(Identity));
    }

    #[test]
    fn what_does_not_parse_is_not_there() {
        for wrong in [
            "gzip;q=2",
            "gzip;q=1.001",
            "gzip;q=-1",
            "gzip;q=0.1234",
            "gzip;q",
            "gzip;x=1",
            "gzip;q=.5",
            "gzipp",
            "gzip br",
        ] {
            assert_eq!(best(wrong), Some(Identity), "{wrong}");
        }
        assert_eq!(best(",, gzip ,"), Some(Gzip));
    }

    #[test]
    fn several_lines_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(ACCEPT_ENCODING, "identity;q=0.5".parse().unwrap());
        headers.append(ACCEPT_ENCODING, "gzip".parse().unwrap());
        let accepted = Accepted::from_headers(&headers);
        assert_eq!(accepted.best(), Some(Gzip));
    }

    fn compression(value: &str) -> Option<Compression> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, value.parse().unwrap());
        Accepted::from_headers(&headers).compression()
    }

    #[test]
    fn what_is_compressed_while_serving_follows_the_weights_and_then_the_clients_order() {
        let (gzip, deflate) = (Some(Compression::Gzip), Some(Compression::Deflate));
        for (value, expected) in [
            ("gzip, deflate, br", gzip),
            ("deflate, gzip", deflate),
            ("deflate;q=0.5, gzip", gzip),
            ("gzip;q=0.5, deflate", deflate),
            ("gzip;q=0, deflate", deflate),
            ("gzip;q=0, deflate;q=0", None),
            ("br", None),
            ("", None),
            ("identity", None),
            ("*", gzip),
            ("*, deflate", deflate),
            ("gzip;q=0, *", deflate),
            ("*;q=0", None),
            ("*;q=0, gzip;q=0.1", gzip),
            ("identity, gzip", gzip),
            ("identity, gzip;q=0.5", gzip),
        ] {
            assert_eq!(compression(value), expected, "{value}");
        }
        assert_eq!(
            Accepted::from_headers(&HeaderMap::new()).compression(),
            None
        );
    }

    #[test]
    fn what_is_compressed_reads_back() {
        use std::io::Read as _;
        let text = b"42[\"state\",{\"seats\":[]}]".repeat(100);
        let gzip = Compression::Gzip.compress(&text).unwrap();
        let deflate = Compression::Deflate.compress(&text).unwrap();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        GzDecoder::new(&gzip[..]).read_to_end(&mut first).unwrap();
        flate2::read::ZlibDecoder::new(&deflate[..])
            .read_to_end(&mut second)
            .unwrap();
        assert!(first == text && second == text);
        assert!(gzip.len() < 200 && deflate.len() < 200);
    }
}
