//! How the room server is reached: by which schemes, with which certificate, under which name,
//! and through whom.

use std::net::IpAddr;
use std::path::PathBuf;

/// What the port speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Schemes {
    /// HTTPS and plain HTTP, told apart by a connection's first byte.
    #[cfg_attr(feature = "tls", default)]
    Both,
    /// HTTPS; who comes by plain HTTP is sent there.
    HttpsOnly,
    /// Plain HTTP: TLS is somebody else's, such as a reverse proxy's. All that there is without the
    /// feature `tls`.
    #[cfg_attr(not(feature = "tls"), default)]
    HttpOnly,
}

/// Which certificate is served, and where what is made for that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// Directory of the authority and the certificate that are made here; `None` keeps them in
    /// memory, so that they are others after a restart.
    pub state_dir: Option<PathBuf>,
    /// Whether the authority may vouch for any name, instead of those of a home network only.
    pub unconstrained: bool,
    /// A certificate of the user's own, served instead of one that is made here.
    pub own: Option<CertificateFiles>,
}

/// A certificate and its key in PEM (RFC 7468).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The whole chain, leaf first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Whether and how the server is announced on the network (RFC 6762, RFC 6763).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mdns {
    /// Whether it is announced at all.
    pub enabled: bool,
    /// The wanted name in `.local`, without that: one label.
    pub name: String,
    /// Interfaces to announce on; empty means those of the home network.
    pub interfaces: Vec<String>,
}

impl Default for Mdns {
    fn default() -> Self {
        Self {
            enabled: true,
            name: "parlor".to_owned(),
            interfaces: Vec::new(),
        }
    }
}

/// TURN servers with credentials that end (the REST scheme of
/// draft-uberti-behave-turn-rest-00).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Their URLs (RFC 7065), without user and password.
    pub urls: Vec<String>,
    /// File with the secret that is shared with them.
    pub secret_file: PathBuf,
}

/// A block of IP addresses (RFC 4632): an address and how many of its first bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads `192.168.1.0/24`, `fd00::/8`, or an address alone.
    ///
    /// ```
    /// use parlor::config::Network;
    /// let home = Network::parse("192.168.1.0/24").unwrap();
    /// assert!(home.contains("192.168.1.77".parse().unwrap()));
    /// assert!(home.contains("::ffff:192.168.1.77".parse().unwrap()));
    /// assert!(!home.contains("192.168.2.1".parse().unwrap()));
    /// assert!(Network::parse("::1").unwrap().contains("::1".parse().unwrap()));
    /// assert!(Network::parse("192.168.1.0/33").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => bits,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|prefix| *prefix <= bits)?
            }
            Some(_) => return None,
        };
        Some(Self { address, prefix })
    }

    /// Its address, as it was given.
    #[cfg_attr(
        not(feature = "tls"),
        expect(dead_code, reason = "only a certificate has it")
    )]
    pub(crate) fn address(&self) -> IpAddr {
        self.address
    }

    /// Ones where the bits of an address count.
    #[cfg_attr(
        not(feature = "tls"),
        expect(dead_code, reason = "only a certificate has it")
    )]
    pub(crate) fn mask(&self) -> IpAddr {
        // No bits at all would be one more than can be shifted out.
        let zeros = u32::from(self.prefix);
        match self.address {
            IpAddr::V4(_) => (!u32::MAX.checked_shr(zeros).unwrap_or(0))
                .to_be_bytes()
                .into(),
            IpAddr::V6(_) => (!u128::MAX.checked_shr(zeros).unwrap_or(0))
                .to_be_bytes()
                .into(),
        }
    }

    /// Whether an address is in it. An IPv4-mapped one is taken for IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let differ = match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).leading_zeros()
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).leading_zeros()
            }
            _ => return false,
        };
        differ >= u32::from(self.prefix)
    }
}
