//! The keyrings as this process knows them: which keys sign, which are published, and the verifier made of the published ones.
//! The database is what counts; every process follows it, so that a change made anywhere is in force everywhere without restart.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::Error;
use crate::domain::digest;
use crate::domain::signing_key::{KeyPurpose, KeyState};
use crate::domain::time::Timestamp;
use crate::ports::signer::{HeldKey, NoteSignature, SignedJwt};
use crate::ports::vault::SealFor;
use crate::ports::{Signer, Vault};
use crate::store::keys::{self, KeyRow};
use crate::store::{Db, StoreError};
use crate::verifier::Verifier;

/// The published side of the keys, fixed until the next change.
pub struct Known {
    /// Checks attestations and lists with the published keys.
    pub verifier: Verifier,
    /// `/.well-known/jwks.json`
    pub key_set: String,
    /// Its strong entity tag, quoted.
    pub etag: String,
    published: Vec<(KeyPurpose, KeyState, Value)>,
    /// Public halves of every log key there ever was, the ones that sign first.
    log_keys: Vec<[u8; 32]>,
    compromised_log_keys: Vec<([u8; 32], i64)>,
    seen: Vec<(String, String)>,
    /// The signed set of past keys, made when first asked for; it says the same until the next change.
    pub(super) past: OnceLock<String>,
}

impl Known {
    /// Published keys of a purpose as JWKs, the one that signs first.
    pub fn published(&self, purpose: KeyPurpose) -> impl Iterator<Item = &Value> {
        let of = |state| self.published.iter().filter(move |(p, s, _)| *p == purpose && *s == state).map(|(_, _, jwk)| jwk);
        of(KeyState::Active).chain(of(KeyState::Next)).chain(of(KeyState::Retired))
    }

    /// Name of the key that signs.
    pub fn active(&self, purpose: KeyPurpose) -> Option<&str> {
        let found = self.published.iter().find(|(p, s, _)| *p == purpose && *s == KeyState::Active);
        found.and_then(|(_, _, jwk)| jwk["kid"].as_str())
    }

    /// Public halves of the log's keys: the ones that sign checkpoints now.
    pub fn signing_log_keys(&self) -> &[[u8; 32]] {
        let signs = |(p, s, _): &&(KeyPurpose, KeyState, Value)| *p == KeyPurpose::Log && matches!(s, KeyState::Active | KeyState::Next);
        let n = self.published.iter().filter(signs).count();
        &self.log_keys[..n.min(self.log_keys.len())]
    }

    /// Public halves of every key the log ever had and nobody called compromised.
    pub fn good_log_keys(&self) -> &[[u8; 32]] {
        &self.log_keys
    }

    /// Those that were called compromised, and when: what they signed before may still be told from the rest.
    pub fn compromised_log_keys(&self) -> &[([u8; 32], i64)] {
        &self.compromised_log_keys
    }
}

/// See the module.
pub struct Keyrings {
    db: Db,
    vault: Arc<dyn Vault>,
    signer: Arc<dyn Signer>,
    issuer: String,
    known: RwLock<Arc<Known>>,
    following: Mutex<()>,
    whole: AtomicBool,
}

impl Keyrings {
    /// Reads the keys; makes those that are missing.
    ///
    /// # Errors
    /// [`Error`] when the database is away or a key cannot be used.
    pub async fn open(db: Db, vault: Arc<dyn Vault>, signer: Arc<dyn Signer>, issuer: &str, now: Timestamp) -> Result<Self, Error> {
        // What is there must open before anything is sealed beside it: a wrong key-encryption key makes no keys of its own.
        let rows = db.read("list_keys", keys::list).await.map_err(Error::from)?;
        if let Some(shut) = held(&*vault, &rows)?.1.into_iter().next() {
            return Err(Error::Internal(shut));
        }
        make_missing(&db, &*vault, &*signer, now).await?;
        let rows = db.read("list_keys", keys::list).await.map_err(Error::from)?;
        let known = Arc::new(known(issuer, &rows)?);
        signer.hold(held(&*vault, &rows)?.0).map_err(|e| Error::Internal(e.to_string()))?;
        let known = RwLock::new(known);
        Ok(Self { db, vault, signer, issuer: issuer.to_owned(), known, following: Mutex::new(()), whole: AtomicBool::new(true) })
    }

    /// The published side as it is now.
    pub fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether every key that is to sign does.
    pub fn whole(&self) -> bool {
        self.whole.load(Ordering::Relaxed)
    }

    /// Takes up what changed since the last look. A key that does not open signs nothing, and hinders no other: above all not that
    /// a key which was called compromised is dropped.
    ///
    /// # Errors
    /// [`Error`] when the database is away or the published keys make no set.
    pub async fn follow(&self) -> Result<(), Error> {
        let _turn = self.following.lock().await;
        let mut states = self.db.read("follow_keys", keys::states).await.map_err(Error::from)?;
        states.sort();
        if self.known().seen == states {
            return Ok(());
        }
        let rows = self.db.read("list_keys", keys::list).await.map_err(Error::from)?;
        let fresh = Arc::new(known(&self.issuer, &rows)?);
        let (held, shut) = held(&*self.vault, &rows)?;
        for why in &shut {
            tracing::error!(why, "a signing key cannot be used");
        }
        // Both at once for whoever signs: no signature without the published key that checks it.
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let taken = self.signer.hold(held);
        self.whole.store(shut.is_empty() && taken.is_ok(), Ordering::Relaxed);
        *known = fresh;
        taken.map_err(|e| Error::Internal(e.to_string()))
    }

    /// Makes the keys that are missing and takes them up.
    ///
    /// # Errors
    /// As [`Self::follow`].
    pub async fn complete(&self, now: Timestamp) -> Result<(), Error> {
        make_missing(&self.db, &*self.vault, &*self.signer, now).await?;
        self.follow().await
    }

    /// Signs claims with the active key of a purpose.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn sign_jwt(&self, purpose: KeyPurpose, typ: &str, claims: &str) -> Result<SignedJwt, Error> {
        let _unchanged = self.known.read().unwrap_or_else(PoisonError::into_inner);
        self.signer.sign_jwt(purpose, typ, claims).map_err(|e| Error::Unavailable(e.to_string()))
    }

    /// Signs a message of the transparency log with its keys.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn sign_note(&self, message: &[u8]) -> Result<Vec<NoteSignature>, Error> {
        let _unchanged = self.known.read().unwrap_or_else(PoisonError::into_inner);
        self.signer.sign_note(message).map_err(|e| Error::Unavailable(e.to_string()))
    }
}

/// Every purpose has a key that signs and one that is announced, so that the next change finds a key all verifiers know.
async fn make_missing(db: &Db, vault: &dyn Vault, signer: &dyn Signer, now: Timestamp) -> Result<(), Error> {
    let rows = db.read("list_keys", keys::list).await.map_err(Error::from)?;
    for purpose in KeyPurpose::ALL {
        for state in [KeyState::Active, KeyState::Next] {
            if rows.iter().any(|r| r.purpose == purpose.as_str() && r.state == state.as_str()) {
                continue;
            }
            let new = signer.generate(purpose).map_err(|e| Error::Internal(e.to_string()))?;
            let row = KeyRow {
                sealed: vault.seal(SealFor::SigningKey, &new.kid, &new.private),
                kid: new.kid,
                purpose: purpose.as_str().to_owned(),
                state: state.as_str().to_owned(),
                public_jwk: new.public_jwk,
                created_at: now.millis(),
                due_at: None,
                activated_at: (state == KeyState::Active).then(|| now.millis()),
                retired_at: None,
                withdrawn_at: None,
                compromised_at: None,
                updated_by: "make_key".to_owned(),
            };
            match db.write("make_key", move |tx| keys::insert(tx, &row)).await {
                // Another process made it at the same moment; its key counts.
                Ok(()) | Err(StoreError::Duplicate) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }
    Ok(())
}

fn known(issuer: &str, rows: &[KeyRow]) -> Result<Known, Error> {
    let mut published = Vec::new();
    let (mut log_keys, mut compromised_log_keys) = (Vec::new(), Vec::new());
    for row in rows {
        let (purpose, state) = (row.purpose()?, row.state()?);
        let jwk: Value = serde_json::from_str(&row.public_jwk).map_err(|_| super::damaged("public key"))?;
        if purpose == KeyPurpose::Log {
            let x = jwk["x"].as_str().and_then(digest::base64url_32).ok_or_else(|| super::damaged("public key of the log"))?;
            match state {
                KeyState::Active => log_keys.push((0, x)),
                KeyState::Next => log_keys.push((1, x)),
                KeyState::Retired | KeyState::Withdrawn => log_keys.push((2, x)),
                KeyState::Compromised => compromised_log_keys.push((x, row.compromised_at.unwrap_or(0))),
            }
        }
        if state.is_published() {
            published.push((purpose, state, jwk));
        }
    }
    log_keys.sort_by_key(|(rank, _)| *rank);
    let in_set: Vec<&Value> = published.iter().filter(|(p, ..)| p.is_in_key_set()).map(|(_, _, jwk)| jwk).collect();
    let key_set = json!({ "keys": in_set }).to_string();
    let verifier = Verifier::new(issuer, key_set.as_bytes()).map_err(|e| Error::Internal(e.to_string()))?;
    let mut seen: Vec<_> = rows.iter().map(|r| (r.kid.clone(), r.state.clone())).collect();
    seen.sort();
    Ok(Known {
        verifier,
        etag: format!("\"{}\"", &digest::sha256_hex(key_set.as_bytes())[..32]),
        key_set,
        published,
        log_keys: log_keys.into_iter().map(|(_, x)| x).collect(),
        compromised_log_keys,
        seen,
        past: OnceLock::new(),
    })
}

/// The private halves that sign, opened: of each purpose the active key, of the log the announced one too. And what is wrong
/// with those that do not open.
fn held(vault: &dyn Vault, rows: &[KeyRow]) -> Result<(Vec<HeldKey>, Vec<String>), Error> {
    let (mut held, mut shut) = (Vec::new(), Vec::new());
    for state in [KeyState::Active, KeyState::Next] {
        for row in rows.iter().filter(|r| r.state == state.as_str()) {
            let purpose = row.purpose()?;
            if state == KeyState::Next && !purpose.next_signs_too() {
                continue;
            }
            match vault.open(SealFor::SigningKey, &row.kid, &row.sealed) {
                Ok(private) => held.push(HeldKey { kid: row.kid.clone(), purpose, private }),
                Err(_) => shut
                    .push(format!("signing key {} does not open: keys.kek must hold the key-encryption key it was sealed under", row.kid)),
            }
        }
    }
    Ok((held, shut))
}
