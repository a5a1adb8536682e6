//! How other devices reach this server: what the page, the trust page and the QR codes tell, and
//! what the guard lets in.
//!
//! It comes from the process, which knows the interfaces, the names and the certificate, over a
//! watch channel, because all of them change while the server runs. Invariant: with TLS only
//! what the certificate covers is told.

use bytes::Bytes;
use hyper::http::uri;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::watch;

/// What can be opened from other devices now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Base addresses by IP, such as `https://192.168.1.20:4000`, without a slash at the end, the
    /// best one to share first.
    pub addresses: Vec<String>,
    /// The same by name, such as `https://parlor.local:4000`.
    pub names: Vec<String>,
    /// Names that this server goes by, told or not, in lower case and without a dot at the end. Of one
    /// from a certificate of the user's own the first label may be `*`.
    pub hosts: Vec<String>,
    /// Who vouches for the certificate, unless it is one of the user's own.
    pub authority: Option<Authority>,
    /// Whether HTTPS is spoken on its own port too, which nobody has to type.
    pub on_443: bool,
}

/// The local authority, for devices that are to trust it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Its certificate in DER (RFC 5280 section 4.1).
    pub der: Bytes,
    /// SHA-256 of that, in hexadecimal pairs with colons.
    pub fingerprint: String,
}

/// The latest [`Reach`].
pub type Reached = watch::Receiver<Arc<Reach>>;

impl Reach {
    /// This one for ever.
    pub fn fixed(self) -> Reached {
        watch::channel(Arc::new(self)).1
    }

    /// Whether it goes by this name, in any case and without a dot at the end. As for a browser that
    /// checks a certificate `*` stands for a whole first label (RFC 9525 section 6.3).
    pub(crate) fn goes_by(&self, name: &str) -> bool {
        let parent = name.split_once('.').map(|(_, parent)| parent);
        self.hosts.iter().any(|own| match own.strip_prefix("*.") {
            Some(domain) => {
                domain.contains('.')
                    && parent.is_some_and(|parent| parent.eq_ignore_ascii_case(domain))
            }
            None => own.eq_ignore_ascii_case(name),
        })
    }

    /// Where somebody who came to `host` (as in the `Host` header) finds the same server by HTTPS:
    /// under the same name if that is covered, else at the best address. If nothing is known yet
    /// it is the same host, since one port speaks both. `None` without any of these.
    pub(crate) fn secure_address(&self, host: Option<&str>) -> Option<String> {
        let all = || {
            let all = self.addresses.iter().chain(&self.names);
            all.filter_map(|address| Some((address, address.strip_prefix("https://")?)))
        };
        let same = host.and_then(|host| {
            let exact = all().find(|(_, known)| known.eq_ignore_ascii_case(host));
            exact.or_else(|| {
                all().find(|(_, known)| name_of(known).eq_ignore_ascii_case(name_of(host)))
            })
        });
        match same.or_else(|| all().next()) {
            Some((address, _)) => Some(address.clone()),
            None => host.and_then(|host| https_at(host, self.on_443)),
        }
    }
}

/// A host without its port and without the dot that ends a full name.
fn name_of(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    };
    name.strip_suffix('.').unwrap_or(name)
}

/// HTTPS at the host and port that somebody came to by plain HTTP, as in the `Host` header; `None`
/// if that is no such text.
///
/// One port speaks both, and a client leaves out port 80, which HTTPS would not find by itself
/// (RFC 9110 sections 4.2.1 and 7.2). Where port 443 is open too (`on_443`) it does.
pub(crate) fn https_at(host: &str, on_443: bool) -> Option<String> {
    let place = uri::Authority::try_from(host).ok()?;
    // A URL's authority may name a user as well.
    let host = (!host.contains('@')).then(|| place.host())?;
    Some(match place.port_u16().unwrap_or(80) {
        80 if on_443 => format!("https://{host}"),
        port => format!("https://{host}:{port}"),
    })
}

/// Whether other machines can connect to the port that nobody has to type for HTTPS.
pub(crate) fn is_on_443(bound: impl IntoIterator<Item = SocketAddr>) -> bool {
    bound
        .into_iter()
        .any(|address| address.port() == 443 && !address.ip().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> Reach {
        let all = |texts: &[&str]| texts.iter().copied().map(str::to_owned).collect();
        Reach {
            addresses: all(&["https://192.168.1.20:4000", "https://[fd00::20]:4000"]),
            names: all(&["https://parlor.local:4000"]),
            ..Reach::default()
        }
    }

    #[test]
    fn who_came_to_a_covered_host_stays_there() {
        for (host, wanted) in [
            ("192.168.1.20:4000", "https://192.168.1.20:4000"),
            ("[fd00::20]:4000", "https://[fd00::20]:4000"),
            ("[FD00::20]", "https://[fd00::20]:4000"),
            ("Parlor.local:4000", "https://parlor.local:4000"),
            ("parlor.local.:80", "https://parlor.local:4000"),
        ] {
            assert_eq!(home().secure_address(Some(host)).as_deref(), Some(wanted));
        }
    }

    #[test]
    fn who_came_to_another_host_is_sent_to_the_best_address() {
        for host in [
            None,
            Some("evil.example"),
            Some("192.168.1.2"),
            Some("\"><b>"),
        ] {
            assert_eq!(
                home().secure_address(host).as_deref(),
                Some("https://192.168.1.20:4000")
            );
        }
    }

    #[test]
    fn without_any_knowledge_it_is_the_same_host_if_that_is_one() {
        let unknown = Reach::default();
        assert_eq!(
            unknown.secure_address(Some("kitchen-pi:4000")).as_deref(),
            Some("https://kitchen-pi:4000")
        );
        assert_eq!(
            unknown.secure_address(Some("[fd00::20]")).as_deref(),
            Some("https://[fd00::20]:80")
        );
        for host in [None, Some(""), Some("a/b"), Some("a\"b"), Some("u@h")] {
            assert_eq!(unknown.secure_address(host), None);
        }
    }

    #[test]
    fn who_came_to_port_80_finds_port_443_if_that_is_open() {
        for (host, wanted) in [
            ("kitchen-pi", "https://kitchen-pi"),
            ("[fd00::20]:80", "https://[fd00::20]"),
            ("kitchen-pi:4000", "https://kitchen-pi:4000"),
        ] {
            assert_eq!(https_at(host, true).as_deref(), Some(wanted));
        }
        let told = Reach {
            addresses: vec!["https://192.168.1.20".to_owned()],
            on_443: true,
            ..Reach::default()
        };
        for host in ["192.168.1.20", "192.168.1.20:80", "192.168.1.20:4000"] {
            let secure = told.secure_address(Some(host));
            assert_eq!(secure.as_deref(), Some("https://192.168.1.20"), "{host}");
        }
    }

    #[test]
    fn it_goes_by_its_names_and_by_those_that_a_wildcard_stands_for() {
        let reach = Reach {
            hosts: ["parlor.local", "*.example.org", "*.net", "*"]
                .map(str::to_owned)
                .into(),
            ..home()
        };
        for name in ["parlor.local", "PARLOR.Local", "calls.Example.org"] {
            assert!(reach.goes_by(name), "{name}");
        }
        for name in [
            "example.org",
            "a.calls.example.org",
            "evil.net",
            "evil",
            "xparlor.local",
            "parlor",
        ] {
            assert!(!reach.goes_by(name), "{name}");
        }
    }

    #[test]
    fn a_plain_address_is_not_taken_for_a_secure_one() {
        let plain = Reach {
            addresses: vec!["http://192.168.1.20:4000".to_owned()],
            ..Reach::default()
        };
        assert_eq!(plain.secure_address(None), None);
    }
}
