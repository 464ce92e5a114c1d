//! What the stand-in remembers between requests, in bounded memory: nothing survives a restart.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use url::Url;

use super::personas::Persona;
use super::scope::Scope;
use super::wanted::Wanted;
use crate::domain::time::Timestamp;

/// Entries of each kind; beyond it the one closest to its end is dropped.
const CAPACITY: usize = 4096;

/// An authorization request that passed every check and waits for a person.
#[derive(Clone)]
pub(super) struct PendingLogin {
    pub(super) client_id: String,
    pub(super) redirect_uri: Url,
    /// As sent, for the exact comparison at the token endpoint.
    pub(super) redirect_text: String,
    pub(super) state: String,
    pub(super) scopes: BTreeSet<Scope>,
    pub(super) organisation_names: BTreeSet<&'static str>,
    pub(super) offline: bool,
    pub(super) nonce: Option<String>,
    pub(super) code_challenge: Option<Challenge>,
    pub(super) wanted: Wanted,
}

/// A PKCE challenge (RFC 7636).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Challenge {
    pub(super) method: ChallengeMethod,
    pub(super) text: String,
}

/// The digest of a PKCE challenge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ChallengeMethod {
    /// `S256`
    Sha256,
    /// `GOST3411`: the one name seen in the field, in a hobby client. Here it is base64url of Streebog-256.
    Streebog,
}

/// One sign-in of one person for one client.
#[derive(Clone)]
pub(super) struct SignIn {
    pub(super) client_id: String,
    pub(super) persona: Arc<Persona>,
    pub(super) scopes: BTreeSet<Scope>,
    /// The granted scope as tokens say it.
    pub(super) claim: String,
    /// `urn:esia:sid`
    pub(super) session: String,
    pub(super) auth_time: Timestamp,
    pub(super) nonce: Option<String>,
}

/// What a code stands for.
#[derive(Clone)]
pub(super) struct IssuedCode {
    pub(super) sign_in: SignIn,
    pub(super) redirect_text: String,
    pub(super) offline: bool,
    pub(super) code_challenge: Option<Challenge>,
}

/// Everything remembered.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) logins: Expiring<PendingLogin>,
    pub(super) codes: Expiring<IssuedCode>,
    pub(super) refresh_tokens: Expiring<SignIn>,
    last_of_staff: Mutex<HashMap<u64, String>>,
}

impl Memory {
    /// Remembers that this person got tokens.
    pub(super) fn remember_staff(&self, persona: &Persona) {
        let mut last = self.last_of_staff.lock().unwrap_or_else(PoisonError::into_inner);
        last.extend(persona.memberships.iter().map(|m| (m.organisation.oid, persona.id.clone())));
    }

    /// Who of an organisation's people got tokens last: for whom a system most likely asks about the organisation.
    pub(super) fn last_of_staff(&self, oid: u64) -> Option<String> {
        self.last_of_staff.lock().unwrap_or_else(PoisonError::into_inner).get(&oid).cloned()
    }
}

/// Values by secret key, each until its end.
pub(super) struct Expiring<T>(Mutex<HashMap<String, (Timestamp, T)>>);

impl<T> Default for Expiring<T> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<T> Expiring<T> {
    /// Remembers `value` for `lifetime`.
    pub(super) fn put(&self, key: String, value: T, now: Timestamp, lifetime: Duration) {
        let mut entries = self.lock();
        if entries.len() >= CAPACITY {
            entries.retain(|_, (until, _)| *until > now);
        }
        if entries.len() >= CAPACITY {
            let first_to_end = entries.iter().min_by_key(|(_, (until, _))| *until).map(|(key, _)| key.clone());
            first_to_end.and_then(|key| entries.remove(&key));
        }
        entries.insert(key, (now.plus(lifetime), value));
    }

    /// Takes the value out if `wanted` says so; afterwards it is gone, so that two takers cannot both have it.
    pub(super) fn take_if(&self, key: &str, now: Timestamp, wanted: impl FnOnce(&T) -> bool) -> Option<T> {
        let mut entries = self.lock();
        let (until, value) = entries.get(key)?;
        if *until <= now || !wanted(value) {
            return None;
        }
        entries.remove(key).map(|(_, value)| value)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Timestamp, T)>> {
        // Every change is a single insert or remove, so a panic elsewhere cannot have left the map half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Expiring<T> {
    /// A copy of the value, which stays.
    pub(super) fn peek(&self, key: &str, now: Timestamp) -> Option<T> {
        self.lock().get(key).filter(|(until, _)| *until > now).map(|(_, value)| value.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn forgets_at_the_end_and_after_one_taking() {
        let entries = Expiring::default();
        let now = Timestamp::from_secs(1000);
        entries.put("a".into(), 1, now, SECOND);
        assert_eq!(entries.peek("a", now), Some(1));
        assert_eq!(entries.peek("a", now.plus(SECOND)), None);
        assert_eq!(entries.take_if("a", now, |_| false), None);
        assert_eq!(entries.take_if("a", now, |_| true), Some(1));
        assert_eq!(entries.take_if("a", now, |_| true), None);
    }

    #[test]
    fn stays_bounded() {
        let entries = Expiring::default();
        let now = Timestamp::from_secs(1000);
        entries.put("first".into(), 0, now, SECOND);
        for i in 0..CAPACITY {
            entries.put(i.to_string(), i, now, SECOND * 2);
        }
        assert_eq!(entries.lock().len(), CAPACITY);
        assert_eq!(entries.peek("first", now), None);
    }
}
