//! What the verifier answers: a refusal of one token, or the verdict on a badge. How they come about is in the other files.

use std::fmt;

use crate::domain::attestation::AttestationClaims;
use crate::domain::status::VerifyStatus;

/// Code of a verdict for which the status list is still missing.
pub const STATUS_NOT_READ: &str = "status-not-read";

/// A token was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejection {
    /// The word of `POST /v1/verify`.
    pub status: VerifyStatus,
    /// Stable code, finer than `status`: `key-unknown`, `status-stale`.
    pub code: &'static str,
    /// One sentence for people. Never quotes the token.
    pub detail: String,
}

impl Rejection {
    /// A refusal.
    pub fn new(status: VerifyStatus, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into() }
    }

    pub(super) fn malformed(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(VerifyStatus::Malformed, code, detail)
    }

    pub(super) fn wrong_signature(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(VerifyStatus::WrongSignature, code, detail)
    }

    pub(super) fn unknown(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(VerifyStatus::Unknown, code, detail)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.status, self.code, self.detail)
    }
}

impl std::error::Error for Rejection {}

/// The answer about one badge.
#[derive(Clone, PartialEq, Debug)]
pub struct Verdict {
    /// Only [`VerifyStatus::Active`] is a yes.
    pub status: VerifyStatus,
    /// Stable code of the reason; `None` exactly when active.
    pub code: Option<&'static str>,
    /// One sentence for people; `None` exactly when active.
    pub detail: Option<String>,
    /// What the attestation says; only when its signature and form held, whatever the status.
    pub claims: Option<AttestationClaims>,
}

impl Verdict {
    /// The badge holds.
    pub(super) fn active(claims: AttestationClaims) -> Self {
        Self { status: VerifyStatus::Active, code: None, detail: None, claims: Some(claims) }
    }

    /// Where the status stands, once signature and form of the attestation held. Nothing else out of a token is ever fetched.
    pub fn list_uri(&self) -> Option<&str> {
        self.claims.as_ref().map(|claims| claims.status.status_list.uri.as_str())
    }

    /// The same verdict when the list that was fetched is refused: a broken list is the issuer's fault, or somebody's between,
    /// and not the badge's. Nobody can tell.
    #[must_use]
    pub fn without_list(self, rejection: Rejection) -> Self {
        Self { status: VerifyStatus::Unknown, code: Some(rejection.code), detail: Some(rejection.detail), claims: self.claims }
    }

    /// It does not, or nobody can tell.
    pub(super) fn refused(rejection: Rejection, claims: Option<AttestationClaims>) -> Self {
        Self { status: rejection.status, code: Some(rejection.code), detail: Some(rejection.detail), claims }
    }
}
