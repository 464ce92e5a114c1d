//! Sealing of secrets and personal data at rest, as a port.

/// What sealed bytes are for; bound into the seal, so that a record moved to another column does not open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SealFor {
    /// The encrypted evidence record about a representative.
    Evidence,
    /// What must be remembered between the login redirect and the callback.
    Login,
    /// A webhook secret.
    WebhookSecret,
    /// A private signing key.
    SigningKey,
    /// An operator's private note.
    Note,
    /// An answer kept for a repeated request.
    Answer,
    /// What must be remembered between going to a platform's sign-in and coming back.
    PlatformPass,
    /// What a person wrote to operators.
    Explanation,
    /// The `Authorization` header a platform wants on its events.
    StreamAuthorization,
}

impl SealFor {
    /// Label bound into the seal as additional data.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Evidence => "gosbadge/evidence/v1",
            Self::Login => "gosbadge/login/v1",
            Self::WebhookSecret => "gosbadge/webhook-secret/v1",
            Self::SigningKey => "gosbadge/signing-key/v1",
            Self::Note => "gosbadge/note/v1",
            Self::Answer => "gosbadge/answer/v1",
            Self::PlatformPass => "gosbadge/platform-pass/v1",
            Self::Explanation => "gosbadge/explanation/v1",
            Self::StreamAuthorization => "gosbadge/stream-authorization/v1",
        }
    }
}

/// Sealed bytes did not open: wrong key-encryption key, or altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed record does not open with the configured key-encryption key")]
pub struct VaultError;

/// Seals under the key-encryption key of the configuration.
pub trait Vault: Send + Sync {
    /// Seals `plain`; `context` (a row id, say) is bound in and needed to open.
    fn seal(&self, what: SealFor, context: &str, plain: &[u8]) -> Vec<u8>;

    /// Opens what [`Self::seal`] made.
    ///
    /// # Errors
    /// [`VaultError`] when anything differs.
    fn open(&self, what: SealFor, context: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError>;

    /// A keyed pseudonym of a person in an identity provider's realm: the same person gives the same 43 characters, and without
    /// the key nobody can get back or test a guess.
    fn pseudonym(&self, realm: &str, subject: &str) -> String;
}
