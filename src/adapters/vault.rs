//! Sealing at rest with AES-256-GCM, and pseudonyms with HMAC-SHA-256. Where the keys come from is the configuration's
//! business; what is sealed is the services'.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};
use sha2::Sha256;

use crate::ports::vault::{SealFor, VaultError};
use crate::ports::{Entropy, Vault};

/// First byte of everything sealed: the layout below.
const VERSION: u8 = 1;
const KEY_ID: usize = 4;
/// NIST SP 800-38D §8.2.2: 96 random bits, good for 2^32 seals under one key.
const NONCE: usize = 12;
const TAG: usize = 16;
const HEAD: usize = 1 + KEY_ID + NONCE;

/// Keys do not make a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultKeysError {
    /// Nothing could be sealed.
    #[error("no key-encryption key is configured; give at least one of 32 bytes")]
    NoKey,
    /// Which of the two is meant could not be told when opening.
    #[error("a key-encryption key is configured twice, or two keys have the same id; remove or replace one")]
    SameKey,
}

struct Kek {
    id: [u8; KEY_ID],
    key: [u8; 32],
}

/// Seals under the first of a list of key-encryption keys and opens under any of them.
///
/// Layout: version (1 byte), key id (4), nonce (12), ciphertext, tag (16). To rotate, put a new key first and keep the old
/// one until nothing sealed under it is left. The pseudonym key stands apart because pseudonyms are compared for years: a new
/// one makes every person a stranger (their cooling-off periods and double-application checks start anew), so it is not
/// rotated with the others.
pub struct KeyVault {
    keks: Vec<Kek>,
    pseudonym_key: [u8; 32],
    entropy: Arc<dyn Entropy>,
}

impl KeyVault {
    /// A vault; the first of `keks` seals, all of them open.
    ///
    /// # Errors
    /// [`VaultKeysError`] when there is no key or the same one twice.
    pub fn new(keks: &[[u8; 32]], pseudonym_key: [u8; 32], entropy: Arc<dyn Entropy>) -> Result<Self, VaultKeysError> {
        let keks: Vec<Kek> = keks.iter().map(|key| Kek { id: key_id(key), key: *key }).collect();
        if keks.is_empty() {
            return Err(VaultKeysError::NoKey);
        }
        if keks.iter().enumerate().any(|(i, a)| keks[..i].iter().any(|b| a.id == b.id)) {
            return Err(VaultKeysError::SameKey);
        }
        Ok(Self { keks, pseudonym_key, entropy })
    }
}

impl Vault for KeyVault {
    fn seal(&self, what: SealFor, context: &str, plain: &[u8]) -> Vec<u8> {
        let nonce = self.entropy.bytes::<NONCE>();
        let kek = &self.keks[0];
        let mut tag = [0; TAG];
        let sealed = encrypt_aead(Cipher::aes_256_gcm(), &kek.key, Some(&nonce), &additional_data(what, context), plain, &mut tag)
            // safety: key, nonce and tag have the lengths the cipher wants; what remains is memory running out
            .expect("AES-256-GCM encrypts");
        let mut out = Vec::with_capacity(HEAD + sealed.len() + TAG);
        out.push(VERSION);
        out.extend_from_slice(&kek.id);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        out.extend_from_slice(&tag);
        out
    }

    fn open(&self, what: SealFor, context: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        if sealed.len() < HEAD + TAG || sealed[0] != VERSION {
            return Err(VaultError);
        }
        let (head, rest) = sealed.split_at(HEAD);
        let (id, nonce) = head[1..].split_at(KEY_ID);
        let (ciphertext, tag) = rest.split_at(rest.len() - TAG);
        let kek = self.keks.iter().find(|k| k.id == id).ok_or(VaultError)?;
        decrypt_aead(Cipher::aes_256_gcm(), &kek.key, Some(nonce), &additional_data(what, context), ciphertext, tag).map_err(|_| VaultError)
    }

    fn pseudonym(&self, realm: &str, subject: &str) -> String {
        // A realm cannot hold a NUL, so no two pairs give the same bytes.
        URL_SAFE_NO_PAD.encode(mac(&self.pseudonym_key, &[b"gosbadge/pseudonym/v1\0", realm.as_bytes(), b"\0", subject.as_bytes()]))
    }
}

/// Purpose and row are authenticated, so that a sealed value moved to another row or column does not open.
fn additional_data(what: SealFor, context: &str) -> Vec<u8> {
    [&[VERSION], what.label().as_bytes(), b"\0", context.as_bytes()].concat()
}

/// Says which key sealed a value without saying anything about the key.
fn key_id(key: &[u8; 32]) -> [u8; KEY_ID] {
    let full = mac(key, &[b"gosbadge/kek-id/v1"]);
    [full[0], full[1], full[2], full[3]]
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // safety: HMAC takes keys of any length
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key");
    parts.iter().for_each(|p| mac.update(p));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::entropy::OsEntropy;

    fn vault(keks: &[[u8; 32]]) -> KeyVault {
        KeyVault::new(keks, [9; 32], Arc::new(OsEntropy)).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn opens_what_it_sealed_and_seals_differently_each_time() {
        let v = vault(&[[1; 32]]);
        let (a, b) = (v.seal(SealFor::Note, "row-1", b"text"), v.seal(SealFor::Note, "row-1", b"text"));
        assert_ne!(a, b);
        assert_eq!(v.open(SealFor::Note, "row-1", &a).as_deref(), Ok(&b"text"[..]));
        assert_eq!(v.open(SealFor::Note, "", &v.seal(SealFor::Note, "", b"")).as_deref(), Ok(&b""[..]));
    }

    #[test]
    fn refuses_another_row_another_purpose_and_every_flipped_bit() {
        let v = vault(&[[1; 32]]);
        let sealed = v.seal(SealFor::Evidence, "row-1", b"secret");
        assert_eq!(v.open(SealFor::Evidence, "row-2", &sealed), Err(VaultError));
        assert_eq!(v.open(SealFor::Login, "row-1", &sealed), Err(VaultError));
        for bit in 0..sealed.len() * 8 {
            let mut bad = sealed.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(v.open(SealFor::Evidence, "row-1", &bad), Err(VaultError), "bit {bit}");
        }
        for len in 0..sealed.len() {
            assert_eq!(v.open(SealFor::Evidence, "row-1", &sealed[..len]), Err(VaultError), "cut to {len}");
        }
    }

    #[test]
    fn rotation_opens_the_old_and_seals_with_the_new() {
        let old = vault(&[[1; 32]]);
        let both = vault(&[[2; 32], [1; 32]]);
        let new = vault(&[[2; 32]]);
        let sealed = old.seal(SealFor::SigningKey, "k", b"key");
        assert_eq!(both.open(SealFor::SigningKey, "k", &sealed).as_deref(), Ok(&b"key"[..]));
        assert_eq!(new.open(SealFor::SigningKey, "k", &sealed), Err(VaultError));
        assert_eq!(new.open(SealFor::SigningKey, "k", &both.seal(SealFor::SigningKey, "k", b"key")).as_deref(), Ok(&b"key"[..]));
        assert_eq!(old.pseudonym("esia", "1"), both.pseudonym("esia", "1"), "pseudonyms outlive rotation");
    }

    #[test]
    fn pseudonyms_are_keyed_and_distinct() {
        let v = vault(&[[1; 32]]);
        let p = v.pseudonym("esia", "1000299654");
        assert_eq!(p.len(), 43);
        assert_eq!(p, v.pseudonym("esia", "1000299654"));
        assert_ne!(p, v.pseudonym("oidc", "1000299654"));
        assert_ne!(p, v.pseudonym("esia", "1000299655"));
        let other = KeyVault::new(&[[1; 32]], [8; 32], Arc::new(OsEntropy)).unwrap_or_else(|e| panic!("{e}"));
        assert_ne!(p, other.pseudonym("esia", "1000299654"));
    }

    #[test]
    fn refuses_no_key_and_a_key_twice() {
        assert_eq!(KeyVault::new(&[], [9; 32], Arc::new(OsEntropy)).err(), Some(VaultKeysError::NoKey));
        assert_eq!(KeyVault::new(&[[1; 32], [1; 32]], [9; 32], Arc::new(OsEntropy)).err(), Some(VaultKeysError::SameKey));
    }
}
