//! Reading client certificates as a port.

use crate::domain::client_certificate::ClientCertificate;
use crate::domain::time::Timestamp;

/// Reads certificates that requests came with.
pub trait Certificates: Send + Sync {
    /// What a certificate (DER) says, and whether the configured authorities vouch for it as a client's at `now`, with the help of
    /// the certificates in `chain`. `None` when it is no certificate.
    fn read(&self, der: &[u8], chain: &[Vec<u8>], now: Timestamp) -> Option<ClientCertificate>;

    /// Whether any authority is configured.
    fn has_authorities(&self) -> bool;
}
