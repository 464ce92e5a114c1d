//! Requests that may be sent again (draft-ietf-httpapi-idempotency-key-header). The answer is kept, sealed, by the transaction
//! that did the work, so there is no moment at which the work is done and its answer unknown: whoever repeats the request, after
//! a lost answer or a crash, or at the same time, reads what the first one was told. A refused request keeps nothing and spends
//! nothing; it may be mended and sent under the same key.

use std::sync::Arc;

use super::{App, Error};
use crate::domain::digest::{self, SecretKind};
use crate::domain::idempotency_key::IdempotencyKey;
use crate::domain::time::Timestamp;
use crate::ports::vault::SealFor;
use crate::store::idempotent_answers::{self, AnswerRow};
use crate::store::platforms::PlatformRow;

/// One request under its key.
pub(super) struct Repeatable {
    digest: String,
    request_digest: String,
    platform: String,
}

impl Repeatable {
    /// `asked` is what the request is for. It is part of the request, not of the key: a key that was used for one thing is of
    /// no use for another.
    pub fn new(platform: &PlatformRow, key: &IdempotencyKey, asked: &str, body: &[u8]) -> Self {
        Self {
            digest: digest::of_secret(SecretKind::IdempotencyKey, &format!("{}|{}", platform.id, key.as_str())),
            request_digest: digest::sha256_hex(&[asked.as_bytes(), b"\n", body].concat()),
            platform: platform.id.clone(),
        }
    }

    /// The answer this request got before.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`] when the key came with another request.
    pub async fn answer(&self, app: &Arc<App>) -> Result<Option<String>, Error> {
        let (digest, now) = (self.digest.clone(), app.clock.now());
        let found = app.db.read("repeated_request", move |tx| idempotent_answers::find(tx, &digest, now)).await.map_err(Error::from)?;
        found.map(|row| self.open(app, &row)).transpose()
    }

    /// What a kept row says.
    ///
    /// # Errors
    /// As [`Self::answer`].
    pub fn open(&self, app: &App, row: &AnswerRow) -> Result<String, Error> {
        if row.request_digest != self.request_digest {
            return Err(Error::IdempotencyKeyReused);
        }
        let plain = app.vault.open(SealFor::Answer, &row.digest, &row.sealed).map_err(|_| super::damaged("kept answer"))?;
        String::from_utf8(plain).map_err(|_| super::damaged("kept answer"))
    }

    /// The answer as it is kept until `expires`.
    pub fn kept(&self, app: &App, answer: &str, expires: Timestamp) -> AnswerRow {
        AnswerRow {
            digest: self.digest.clone(),
            platform_id: self.platform.clone(),
            request_digest: self.request_digest.clone(),
            sealed: app.vault.seal(SealFor::Answer, &self.digest, answer.as_bytes()),
            expires_at: expires.millis(),
        }
    }
}
