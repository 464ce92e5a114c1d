//! The transparency log of a running service: its name, its witnesses.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Error;
use crate::domain::time::Timestamp;
use crate::domain::tlog::checkpoint::origin_of;
use crate::domain::tlog::note::{KeyKind, VerifierKey};
use crate::ports::Witness;

/// First rest after a witness failed; doubles up to [`REST_MAX`].
const REST: Duration = Duration::from_secs(5);
const REST_MAX: Duration = Duration::from_secs(600);

/// Keys under the log's name: the recorded one, or before the first checkpoint the one it will get.
///
/// # Errors
/// When the name cannot stand in a note.
pub fn named(public: &[[u8; 32]], recorded: &str, issuer: &str) -> Result<Vec<VerifierKey>, Error> {
    let name = if recorded.is_empty() { origin_of(issuer) } else { recorded.to_owned() };
    let key = |x: &[u8; 32]| VerifierKey::new(&name, KeyKind::Ed25519, *x).ok_or_else(|| super::damaged("name of the log"));
    public.iter().map(key).collect()
}

/// See the module.
pub struct TransparencyLog {
    /// Asked to sign each new checkpoint.
    pub witnesses: Vec<Arc<dyn Witness>>,
    resting: Mutex<HashMap<String, (u32, Timestamp)>>,
}

impl TransparencyLog {
    /// The log with these witnesses.
    pub fn new(witnesses: Vec<Arc<dyn Witness>>) -> Self {
        Self { witnesses, resting: Mutex::new(HashMap::new()) }
    }

    /// Whether a witness that failed is left alone for now.
    pub(super) fn rests(&self, witness: &str, now: Timestamp) -> bool {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.get(witness).is_some_and(|(_, until)| now < *until)
    }

    /// Lets a witness rest after a failure; returns for how long.
    pub(super) fn failed(&self, witness: &str, now: Timestamp) -> Duration {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = resting.entry(witness.to_owned()).or_insert((0, now));
        let rest = REST.saturating_mul(1 << entry.0.min(10)).min(REST_MAX);
        *entry = (entry.0 + 1, now.plus(rest));
        rest
    }

    /// Forgets failures of a witness that answered.
    pub(super) fn answered(&self, witness: &str) {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner).remove(witness);
    }
}
