//! Keeps the provider's key set, and reads it again when it is old or a token names a key it lacks.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::errors::fault;
use super::id_token::{TokenFault, refuse};
use super::key_set::{KeySet, KeySetFault, TrustedKey};
use super::settings::TokenAlg;
use super::transport::Transport;
use crate::domain::refusal::RefusalCode::{F17, F18};
use crate::domain::time::Timestamp;
use crate::ports::identity_provider::IdpError;

/// Least time between two readings caused by unknown keys, so that nobody makes us hammer the provider.
const REFETCH_INTERVAL: Duration = Duration::from_secs(10);

struct Kept {
    uri: String,
    set: Arc<KeySet>,
    since: Timestamp,
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    /// When an unknown key last caused a reading.
    refetched: Option<Timestamp>,
}

/// The key set and its age.
pub(super) struct Keys {
    lifetime: Duration,
    transport: Arc<Transport>,
    state: Mutex<State>,
    /// Held by the login that reads the set because of an unknown key.
    refetching: tokio::sync::Mutex<()>,
}

impl Keys {
    pub(super) fn new(lifetime: Duration, transport: Arc<Transport>) -> Self {
        Self { lifetime, transport, state: Mutex::default(), refetching: tokio::sync::Mutex::default() }
    }

    /// Gives the one key for a token of this algorithm and key id to `attempt`.
    ///
    /// Where the kept set has none, or its key does not fit, the set is read again, once: the provider may have changed keys
    /// since, even between the code and this token, and not every provider names them.
    pub(super) async fn with_key<T>(
        &self,
        uri: &str,
        (alg, kid): (TokenAlg, Option<&str>),
        now: Timestamp,
        attempt: impl Fn(&TrustedKey) -> Result<T, TokenFault>,
    ) -> Result<T, IdpError> {
        let attempt = |set: &KeySet| attempt(set.choose(alg, kid)?);
        let Some(set) = self.fresh(uri, now) else { return attempt(&*self.read(uri, now).await?).map_err(refuse) };
        match attempt(&set) {
            Err(TokenFault::Key(_) | TokenFault::Signature) => {}
            outcome => return outcome.map_err(refuse),
        }
        // Of several logins that meet a new key at once, one reads the set and the others use what it read.
        let _one = self.refetching.lock().await;
        let newest = match self.fresh(uri, now) {
            Some(newer) if !Arc::ptr_eq(&newer, &set) => newer,
            _ if self.may_refetch(now) => self.read(uri, now).await?,
            _ => set,
        };
        attempt(&newest).map_err(refuse)
    }

    /// The kept set, unless it is too old: a key that was withdrawn must not live on here.
    fn fresh(&self, uri: &str, now: Timestamp) -> Option<Arc<KeySet>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.kept.as_ref().filter(|k| k.uri == uri && now.since(k.since) < self.lifetime).map(|k| Arc::clone(&k.set))
    }

    fn may_refetch(&self, now: Timestamp) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let due = state.refetched.is_none_or(|at| now.since(at) >= REFETCH_INTERVAL);
        if due {
            state.refetched = Some(now);
        }
        due
    }

    /// Reads the set now.
    pub(super) async fn read(&self, uri: &str, now: Timestamp) -> Result<Arc<KeySet>, IdpError> {
        let answer = self.transport.get(uri, None).await?;
        if !answer.status.is_success() {
            return Err(fault(F18, format!("the provider's key set is answered with status {}", answer.status.as_u16())));
        }
        let set = KeySet::parse(&answer.body).map_err(|e| fault(if e == KeySetFault::Form { F18 } else { F17 }, e.to_string()))?;
        let set = Arc::new(set);
        let fresh = Kept { uri: uri.to_owned(), set: Arc::clone(&set), since: now };
        self.state.lock().unwrap_or_else(PoisonError::into_inner).kept = Some(fresh);
        Ok(set)
    }
}
