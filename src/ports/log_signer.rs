//! The transparency log's key as a port. Apart from the keys of attestations and status lists: whoever steals those can lie,
//! but cannot take the lie back out of the log.

use super::signer::SignerError;

/// Signs checkpoints with Ed25519.
pub trait LogSigner: Send + Sync {
    /// The public key.
    fn public_key(&self) -> [u8; 32];

    /// Signs a message (RFC 8032, pure Ed25519: the same message gives the same signature).
    ///
    /// # Errors
    /// [`SignerError`] when the operation fails.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError>;
}
