//! A key of the transparency log in memory: Ed25519 through `openssl`.

use openssl::error::ErrorStack;
use openssl::pkey::{Id, PKey, Private};
use openssl::sign::Signer;

use crate::ports::signer::SignerError;

/// A key of the log.
pub struct LogKey {
    private: PKey<Private>,
    public: [u8; 32],
}

impl LogKey {
    /// Makes a new key; the private half as it is sealed at rest (PKCS#8, DER).
    ///
    /// # Errors
    /// OpenSSL's errors.
    pub fn generate() -> Result<Vec<u8>, ErrorStack> {
        PKey::generate_ed25519()?.private_key_to_pkcs8()
    }

    /// From an unsealed private key.
    ///
    /// # Errors
    /// [`SignerError`] when it is not an Ed25519 key.
    pub fn new(pkcs8: &[u8]) -> Result<Self, SignerError> {
        let bad = |why: String| SignerError(format!("the key of the transparency log cannot be read: {why}"));
        let private = PKey::private_key_from_der(pkcs8).map_err(|e| bad(e.to_string()))?;
        if private.id() != Id::ED25519 {
            return Err(bad("not an Ed25519 key".to_owned()));
        }
        let public = private.raw_public_key().map_err(|e| bad(e.to_string()))?;
        let public = public.try_into().map_err(|_| bad("its public half has another length".to_owned()))?;
        Ok(Self { private, public })
    }

    /// The public half.
    pub const fn public_key(&self) -> [u8; 32] {
        self.public
    }

    /// Signs a message.
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        let mut signer = Signer::new_without_digest(&self.private).map_err(|e| SignerError(e.to_string()))?;
        let signature = signer.sign_oneshot_to_vec(message).map_err(|e| SignerError(e.to_string()))?;
        signature.try_into().map_err(|_| SignerError("an Ed25519 signature has 64 bytes".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tlog::checkpoint::Checkpoint;
    use crate::domain::tlog::note::{KeyKind, SignedNote, VerifierKey};
    use crate::verifier::log::{LogFault, checkpoint};

    /// Made here with one library, checked there with another.
    #[test]
    fn signs_what_the_verifier_accepts_and_nothing_else() {
        let signer = LogKey::new(&LogKey::generate().unwrap()).unwrap();
        let key = VerifierKey::new("badge.example.ru/log", KeyKind::Ed25519, signer.public_key()).unwrap();
        let said = Checkpoint { origin: "badge.example.ru/log".to_owned(), size: 7, root: [5; 32] };
        let line = key.line(&signer.sign(said.text().as_bytes()).unwrap());
        let note = SignedNote { text: said.text(), signatures: vec![line] }.to_string();
        assert_eq!(checkpoint(&note, std::slice::from_ref(&key)).map(|c| c.0), Ok(said));
        assert_eq!(checkpoint(&note.replacen("\n7\n", "\n8\n", 1), std::slice::from_ref(&key)).err(), Some(LogFault::Signature));
        let other = VerifierKey::new("badge.example.ru/log", KeyKind::Ed25519, [1; 32]).unwrap();
        assert_eq!(checkpoint(&note, &[other]).err(), Some(LogFault::Signature));
        assert!(LogKey::new(b"no key").is_err());
    }
}
