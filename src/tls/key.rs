//! Keys that are made here: ECDSA on P-256, which every browser knows and a small board is quick
//! with.
//!
//! It stands under `authority` and `leaf`. Rules: RFC 5958 (PKCS #8, the form in the files), RFC 5480
//! (the public key), RFC 5758 (signatures). Invariant: what is secret leaves only as [`Secret`], for
//! the store and for rustls.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use rustls::pki_types::PrivatePkcs8KeyDer;

use crate::tls::error::TlsError;
use crate::tls::{der, oid};

/// A key as its file has it.
pub(super) type Secret = PrivatePkcs8KeyDer<'static>;

/// A key that can sign.
pub(super) struct Key(EcdsaKeyPair);

impl Key {
    /// Makes one, and what the store keeps of it.
    pub(super) fn generate() -> Result<(Self, Secret), TlsError> {
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let secret = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())
            .map_err(|_| TlsError::Making("no key can be made".to_owned()))?;
        let secret = Secret::from(secret.as_ref().to_vec());
        let key = Self::read(secret.secret_pkcs8_der());
        let key = key.map_err(|what| TlsError::Making(what.to_owned()))?;
        Ok((key, secret))
    }

    /// Reads one in PKCS #8; the error says in a few words what is wrong.
    pub(super) fn read(secret: &[u8]) -> Result<Self, &'static str> {
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        EcdsaKeyPair::from_pkcs8(algorithm, secret, &SystemRandom::new())
            .map(Self)
            .map_err(|_| "its key cannot be used")
    }

    /// SubjectPublicKeyInfo in DER.
    pub(super) fn public(&self) -> Vec<u8> {
        let kind = der::element(der::OBJECT_IDENTIFIER, &[oid::EC_PUBLIC_KEY]);
        let curve = der::element(der::OBJECT_IDENTIFIER, &[oid::P256]);
        let algorithm = der::element(der::SEQUENCE, &[&kind, &curve]);
        // All bits of its last byte are in use.
        let point = der::element(der::BIT_STRING, &[&[0], self.0.public_key().as_ref()]);
        der::element(der::SEQUENCE, &[&algorithm, &point])
    }

    /// A signature by ECDSA with SHA-256, in DER.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TlsError> {
        let signature = self.0.sign(&SystemRandom::new(), message);
        let signature =
            signature.map_err(|_| TlsError::Making("it cannot be signed".to_owned()))?;
        Ok(signature.as_ref().to_vec())
    }
}
