//! Names of what certificates say, as `inspect` finds and `issue` writes them: object identifiers,
//! the content of the element only (X.690 section 8.19), and the kinds of a general name.

use crate::tls::der::implicit;

/// `commonName`, 2.5.4.3 (RFC 5280 appendix A.1).
pub(super) const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

// Extensions, 2.5.29.n (RFC 5280 section 4.2.1).
pub(super) const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 14];
pub(super) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
pub(super) const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 17];
pub(super) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
pub(super) const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
pub(super) const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 31];
pub(super) const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 35];
pub(super) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];

/// `id-kp-serverAuth`, 1.3.6.1.5.5.7.3.1 (RFC 5280 section 4.2.1.12).
pub(super) const SERVER_AUTHENTICATION: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];

/// `id-ecPublicKey`, 1.2.840.10045.2.1 (RFC 5480 section 2.1.1).
pub(super) const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// `secp256r1`, 1.2.840.10045.3.1.7 (RFC 5480 section 2.1.1.1).
pub(super) const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// `ecdsa-with-SHA256`, 1.2.840.10045.4.3.2 (RFC 5758 section 3.2).
pub(super) const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];

// Tags of general names (RFC 5280 section 4.2.1.6).
pub(super) const DNS_NAME: u8 = implicit(2);
pub(super) const IP_ADDRESS: u8 = implicit(7);
