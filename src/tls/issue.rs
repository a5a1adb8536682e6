//! Writing certificates: the two kinds that are made here, an authority and a leaf, in DER and in the
//! text of files.
//!
//! It stands under `authority` and `leaf`, which say what is in one. Rules: RFC 5280 sections 4.1 and
//! 4.2, RFC 7093 section 2 (a key's identifier), RFC 7468 (the text). Invariant: the issuer's name and
//! key identifier are bytes that come from its own certificate, so that they are the same however
//! that was written.

use std::net::IpAddr;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};

use crate::tls::error::TlsError;
use crate::tls::key::Key;
use crate::tls::names::{Constraints, Names};
use crate::tls::{der, oid, random, time};

/// Bits of the key usage (RFC 5280 section 4.2.1.3), the first one on the left, with the number of
/// bits behind them that are not in use.
const DIGITAL_SIGNATURE: [u8; 2] = [7, 0b1000_0000];
const CERTIFICATE_AND_CRL_SIGN: [u8; 2] = [1, 0b0000_0110];

/// What a certificate says.
pub(super) struct Content<'c> {
    /// Who vouches for it, as a distinguished name in DER.
    pub(super) issuer: &'c [u8],
    /// Whom it is for, as such a name.
    pub(super) subject: &'c [u8],
    pub(super) not_before: SystemTime,
    pub(super) not_after: SystemTime,
    /// SubjectPublicKeyInfo in DER.
    pub(super) public_key: &'c [u8],
    pub(super) extensions: Vec<Vec<u8>>,
}

impl Content<'_> {
    /// The certificate in DER, signed with the issuer's key.
    pub(super) fn sign(&self, key: &Key) -> Result<Vec<u8>, TlsError> {
        let version = der::element(der::INTEGER, &[&[2]]);
        let extensions: Vec<&[u8]> = self.extensions.iter().map(Vec::as_slice).collect();
        let extensions = der::element(der::SEQUENCE, &extensions);
        let name = der::element(der::OBJECT_IDENTIFIER, &[oid::ECDSA_WITH_SHA256]);
        let algorithm = der::element(der::SEQUENCE, &[&name]);
        let (from, until) = (time::write(self.not_before), time::write(self.not_after));
        let content = der::element(
            der::SEQUENCE,
            &[
                &der::element(der::explicit(0), &[&version]),
                &der::element(der::INTEGER, &[&random::serial()?]),
                &algorithm,
                self.issuer,
                &der::element(der::SEQUENCE, &[&from, &until]),
                self.subject,
                self.public_key,
                &der::element(der::explicit(3), &[&extensions]),
            ],
        );
        let signature = der::element(der::BIT_STRING, &[&[0], &key.sign(&content)?]);
        Ok(der::element(
            der::SEQUENCE,
            &[&content, &algorithm, &signature],
        ))
    }
}

/// A distinguished name with nothing but a common name.
pub(super) fn common_name(text: &str) -> Vec<u8> {
    let kind = der::element(der::OBJECT_IDENTIFIER, &[oid::COMMON_NAME]);
    let text = der::element(der::UTF8_STRING, &[text.as_bytes()]);
    let attribute = der::element(der::SEQUENCE, &[&kind, &text]);
    der::element(der::SEQUENCE, &[&der::element(der::SET, &[&attribute])])
}

/// What an authority's certificate has beside names and dates. It signs no other authorities; its
/// constraints are critical.
pub(super) fn for_authority(constraints: &Constraints, public_key: &[u8]) -> Vec<Vec<u8>> {
    let mut extensions = vec![key_usage(CERTIFICATE_AND_CRL_SIGN), server_only()];
    let domains = constraints.domains.iter();
    let domains = domains.map(|name| der::element(oid::DNS_NAME, &[name.as_bytes()]));
    let networks = constraints.networks.iter();
    let networks = networks.map(|network| {
        der::element(
            oid::IP_ADDRESS,
            &[&octets(network.address()), &octets(network.mask())],
        )
    });
    let permitted: Vec<_> = domains
        .chain(networks)
        .flat_map(|name| der::element(der::SEQUENCE, &[&name]))
        .collect();
    if !permitted.is_empty() {
        let permitted = der::element(der::explicit(0), &[&permitted]);
        extensions.push(extension(oid::NAME_CONSTRAINTS, true, &[&permitted]));
    }
    let (yes, longest) = (
        der::element(der::BOOLEAN, &[&[0xff]]),
        der::element(der::INTEGER, &[&[0]]),
    );
    extensions.push(key_identifier(public_key));
    extensions.push(extension(oid::BASIC_CONSTRAINTS, true, &[&yes, &longest]));
    extensions
}

/// What a leaf's certificate has beside dates: for these names, vouched for by the key that has this
/// identifier.
pub(super) fn for_leaf(names: &Names, signer_id: &[u8], public_key: &[u8]) -> Vec<Vec<u8>> {
    let signer = der::element(der::implicit(0), &[signer_id]);
    let mut extensions = vec![extension(oid::AUTHORITY_KEY_IDENTIFIER, false, &[&signer])];
    let dns = names.dns.iter();
    let dns = dns.map(|name| der::element(oid::DNS_NAME, &[name.as_bytes()]));
    let addresses = names.addresses.iter();
    let addresses = addresses.map(|address| der::element(oid::IP_ADDRESS, &[&octets(*address)]));
    let alternatives: Vec<u8> = dns.chain(addresses).flatten().collect();
    if !alternatives.is_empty() {
        extensions.push(extension(
            oid::SUBJECT_ALTERNATIVE_NAME,
            false,
            &[&alternatives],
        ));
    }
    extensions.extend([
        key_usage(DIGITAL_SIGNATURE),
        server_only(),
        key_identifier(public_key),
        extension(oid::BASIC_CONSTRAINTS, true, &[]),
    ]);
    extensions
}

/// An extension whose value is a sequence of these elements.
fn extension(name: &[u8], critical: bool, parts: &[&[u8]]) -> Vec<u8> {
    extension_of(name, critical, &der::element(der::SEQUENCE, parts))
}

fn extension_of(name: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let name = der::element(der::OBJECT_IDENTIFIER, &[name]);
    let value = der::element(der::OCTET_STRING, &[value]);
    // What is the default is not written.
    let critical = if critical {
        der::element(der::BOOLEAN, &[&[0xff]])
    } else {
        Vec::new()
    };
    der::element(der::SEQUENCE, &[&name, &critical, &value])
}

fn key_usage(bits: [u8; 2]) -> Vec<u8> {
    extension_of(
        oid::KEY_USAGE,
        true,
        &der::element(der::BIT_STRING, &[&bits]),
    )
}

/// For servers of TLS and nothing else.
fn server_only() -> Vec<u8> {
    let server = der::element(der::OBJECT_IDENTIFIER, &[oid::SERVER_AUTHENTICATION]);
    extension(oid::EXTENDED_KEY_USAGE, false, &[&server])
}

/// A key's identifier: the beginning of a hash of it.
fn key_identifier(public_key: &[u8]) -> Vec<u8> {
    let hash = digest(&SHA256, public_key);
    let id = hash.as_ref().get(..20).unwrap_or_default();
    extension_of(
        oid::SUBJECT_KEY_IDENTIFIER,
        false,
        &der::element(der::OCTET_STRING, &[id]),
    )
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// A certificate and its key as the text of a file (RFC 7468 sections 5 and 10).
pub(super) fn text(certificate: &[u8], key: &[u8]) -> String {
    let mut text = String::new();
    for (label, der) in [("CERTIFICATE", certificate), ("PRIVATE KEY", key)] {
        text += &format!("-----BEGIN {label}-----\n");
        // Lines of 64 characters.
        for line in der.chunks(48) {
            STANDARD.encode_string(line, &mut text);
            text.push('\n');
        }
        text += &format!("-----END {label}-----\n");
    }
    text
}
