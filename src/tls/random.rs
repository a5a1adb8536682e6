//! Random bytes for certificates and for the names of temporary files.

use ring::error::Unspecified;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::tls::error::TlsError;

/// Bytes nobody can guess.
pub(super) fn bytes<const N: usize>() -> Result<[u8; N], TlsError> {
    let mut bytes = [0; N];
    fill(&mut bytes)
        .map_err(|_| TlsError::Making("the system gives no random bytes".to_owned()))?;
    Ok(bytes)
}

/// As many of them as there is room for.
pub(super) fn fill(bytes: &mut [u8]) -> Result<(), Unspecified> {
    SystemRandom::new().fill(bytes)
}

/// A serial number: positive and of at most 20 bytes (RFC 5280 section 4.1.2.2).
pub(super) fn serial() -> Result<[u8; 16], TlsError> {
    let mut bytes = bytes::<16>()?;
    // Neither negative nor shortened.
    bytes[0] = bytes[0] & 0x3f | 0x40;
    Ok(bytes)
}
