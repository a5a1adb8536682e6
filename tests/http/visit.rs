//! Asking the site without a socket: from another device nothing comes over the loopback.

use std::net::IpAddr;

use hyper::{HeaderMap, Method, Response, Uri};
use parlor::config;
use parlor::http::reach::Authority;
use parlor::http::{Body, Fallback, Reach, Site};
use parlor::transport::Peer;

/// Another device.
pub(crate) const LAN: &str = "192.168.1.77";
/// What is reached in these tests, with a local authority.
pub(crate) fn home() -> Reach {
    Reach {
        addresses: vec!["https://192.168.1.20:4000".to_owned()],
        names: vec!["https://parlor.local:4000".to_owned()],
        hosts: Vec::new(),
        authority: Some(Authority {
            der: b"\x30\x03der".as_slice().into(),
            fingerprint: format!("{}FF", "AB:".repeat(31)),
        }),
        on_443: false,
    }
}

/// The site of a machine with a strange name.
pub(crate) fn site(settings: &config::Site, reach: Reach) -> Site {
    Site::new(settings, Some("kitchen <pi>".to_owned()), reach.fixed()).unwrap()
}

/// Somebody at this address, by HTTPS or not.
pub(crate) fn peer(address: &str, secure: bool) -> Peer {
    let address: IpAddr = address.parse().unwrap();
    Peer {
        secure,
        ..address.into()
    }
}

/// An answer and its body, if that is in memory.
pub(crate) struct Answer {
    pub(crate) response: Response<Body>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        Some(self.response.headers().get(name)?.to_str().unwrap())
    }

    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(crate) fn is_trust_page(&self) -> bool {
        self.text.contains("One step before the camera")
    }
}

/// Asks as a connection would; the answer with its body.
pub(crate) fn ask(
    site: &Site,
    peer: Peer,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
) -> Answer {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = hyper::header::HeaderName::try_from(*name).unwrap();
        map.insert(name, value.parse().unwrap());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let method = Method::try_from(method).unwrap();
    let uri: Uri = target.parse().unwrap();
    let mut response = runtime.block_on(site.respond(peer, &method, &uri, &map));
    let text = match response.body_mut() {
        Body::Full(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Body::Empty => String::new(),
        Body::File(_) => "(a file)".to_owned(),
    };
    Answer { response, text }
}

/// GET, from the address that is reached.
pub(crate) fn get(site: &Site, peer: Peer, target: &str) -> Answer {
    ask(site, peer, "GET", target, &[("host", "192.168.1.20:4000")])
}
