//! What a certificate should cover: the names and addresses by which this machine is opened.
//!
//! It stands between the process, which knows them, and whoever makes or judges a certificate; what
//! of it a certificate gets is decided by `names`.

use std::collections::BTreeSet;
use std::net::IpAddr;

/// What the certificate should cover. `localhost` and the loopback addresses always are, beside
/// these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Names in lower case, without a dot at the end.
    pub dns: BTreeSet<String>,
    /// Addresses of this machine.
    pub addresses: BTreeSet<IpAddr>,
}
