//! Offline checking with cached keys and status lists: what a real platform runs each time it draws a badge. A network failure
//! costs freshness until the status list's own `exp`, and after that the badge; never the other way round.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, ETAG, HeaderMap, IF_NONE_MATCH};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::domain::attestation::AttestationClaims;
use crate::domain::community::CommunityRef;
use crate::domain::status::VerifyStatus;
use crate::domain::time::Timestamp;
use crate::verifier::{KEY_SET_MAX, LIST_TOKEN_MAX, StatusList, Verifier};

use super::badge::Evidence;
use super::bounded::Bounded;
use super::gosbadge::read_capped;

/// Keys are asked for again after this long.
const KEYS_AGE: Duration = Duration::from_secs(5 * 60);
/// An unknown `kid`, or a failed fetch, triggers at most one request in this long: made-up tokens must not make us hammer gosbadge.
const RETRY: Duration = Duration::from_secs(5);
/// Age of a list that names no `ttl`.
const TTL: Duration = Duration::from_secs(60);

/// Cached keys and lists of one issuer.
pub(super) struct Trust {
    pub(super) http: reqwest::Client,
    issuer: String,
    // Held across the request, so that a hundred page views make one request.
    keys: Mutex<Keys>,
    lists: Mutex<Bounded<String, Held>>,
}

#[derive(Default)]
struct Keys {
    held: Option<(Arc<Verifier>, Vec<String>, Timestamp)>,
    tried_at: Option<Timestamp>,
}

/// One status list, perhaps not had yet.
#[derive(Default)]
struct Held {
    list: Option<Fetched>,
    tried_at: Option<Timestamp>,
}

#[derive(Clone)]
struct Fetched {
    list: Arc<StatusList>,
    etag: Option<String>,
    confirmed_at: Timestamp,
}

/// Outcome of one check.
pub(super) struct Check {
    pub(super) evidence: Evidence,
    /// Present when the signature held.
    pub(super) claims: Option<AttestationClaims>,
}

#[derive(Deserialize)]
struct UnverifiedHeader {
    kid: Option<String>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<UnverifiedHeader>,
}

impl Trust {
    pub(super) fn new(http: reqwest::Client, issuer: String) -> Self {
        Self { http, issuer, keys: Mutex::default(), lists: Mutex::new(Bounded::new(64)) }
    }

    /// Checks `token` for `community`. `max_age` bounds the age of the status list below its own `ttl`; zero asks now.
    pub(super) async fn check(&self, token: &str, community: &CommunityRef, max_age: Option<Duration>, now: Timestamp) -> Check {
        let unavailable = Check { evidence: Evidence::Unavailable, claims: None };
        let Some(verifier) = self.verifier_for(token, now).await else { return unavailable };
        let attested = match verifier.attestation(token, now) {
            Ok(attested) => attested,
            Err(rejection) => return Check { evidence: Evidence::Checked { status: rejection.status, list_iat: None }, claims: None },
        };
        let uri = &attested.claims.status.status_list.uri;
        // An address outside the issuer would let a token choose its own judge.
        if !uri.starts_with(&format!("{}/", self.issuer)) {
            return Check { evidence: Evidence::Checked { status: VerifyStatus::Malformed, list_iat: None }, claims: None };
        }
        let Some(list) = self.list(uri, max_age, now).await else {
            return Check { claims: Some(attested.claims), ..unavailable };
        };
        let verdict = verifier.verify(token, &list.list, Some(community), now);
        Check { evidence: Evidence::Checked { status: verdict.status, list_iat: Some(list.list.issued_at()) }, claims: verdict.claims }
    }

    /// Keys, fetched again when old or when they lack the token's `kid`. Old keys stay in use while gosbadge is away: the
    /// status list's `exp` bounds how long that can last.
    async fn verifier_for(&self, token: &str, now: Timestamp) -> Option<Arc<Verifier>> {
        let kid = unverified_kid(token);
        let mut keys = self.keys.lock().await;
        let enough = keys.held.as_ref().is_some_and(|(_, kids, at)| now.since(*at) < KEYS_AGE && kid.is_none_or(|k| kids.contains(&k)));
        let tried_lately = keys.tried_at.is_some_and(|at| now.since(at) < RETRY);
        if !enough && !tried_lately {
            keys.tried_at = Some(now);
            if let Some((verifier, kids)) = self.fetch_keys().await {
                keys.held = Some((verifier, kids, now));
            }
        }
        keys.held.as_ref().map(|(verifier, ..)| verifier.clone())
    }

    async fn fetch_keys(&self) -> Option<(Arc<Verifier>, Vec<String>)> {
        let response = self.http.get(format!("{}/.well-known/jwks.json", self.issuer)).send().await.ok()?.error_for_status().ok()?;
        let body = read_capped(response, KEY_SET_MAX).await.ok()?;
        let kids = serde_json::from_slice::<KeySet>(&body).ok()?.keys.into_iter().filter_map(|k| k.kid).collect();
        Some((Arc::new(Verifier::new(&self.issuer, &body).ok()?), kids))
    }

    /// A status list that has not expired; as fresh as asked for where gosbadge answers.
    async fn list(&self, uri: &str, max_age: Option<Duration>, now: Timestamp) -> Option<Fetched> {
        let mut lists = self.lists.lock().await;
        let key = uri.to_owned();
        if !lists.contains(&key) {
            lists.insert(key.clone(), Held::default());
        }
        let held = lists.get_mut(&key)?;
        let fresh = held.list.as_ref().is_some_and(|f| {
            let ttl = f.list.ttl().unwrap_or(TTL);
            now.since(f.confirmed_at) < max_age.map_or(ttl, |m| m.min(ttl))
        });
        let tried_lately = max_age != Some(Duration::ZERO) && held.tried_at.is_some_and(|at| now.since(at) < RETRY);
        if !fresh && !tried_lately {
            held.tried_at = Some(now);
            if let Some(newer) = self.fetch_list(uri, held.list.as_ref(), now).await {
                held.list = Some(newer);
                held.tried_at = None;
            }
        }
        held.list.clone().filter(|f| f.list.expires_at() > now)
    }

    async fn fetch_list(&self, uri: &str, held: Option<&Fetched>, now: Timestamp) -> Option<Fetched> {
        let mut request = self.http.get(uri).header(ACCEPT, "application/statuslist+jwt");
        if let Some(etag) = held.and_then(|f| f.etag.as_deref()) {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let response = request.send().await.ok()?;
        if response.status() == StatusCode::NOT_MODIFIED {
            return held.map(|f| Fetched { confirmed_at: now, ..f.clone() });
        }
        let response = response.error_for_status().ok()?;
        let etag = text(response.headers(), ETAG.as_str());
        let token = String::from_utf8(read_capped(response, LIST_TOKEN_MAX).await.ok()?).ok()?;
        let verifier = self.verifier_for(token.trim(), now).await?;
        let list = verifier.status_list(token.trim(), uri, now).ok()?;
        // A list older than the one we hold is a replay, by a cache or by somebody worse.
        if held.is_some_and(|f| list.issued_at() < f.list.issued_at()) {
            return None;
        }
        Some(Fetched { list: Arc::new(list), etag, confirmed_at: now })
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn unverified_kid(token: &str) -> Option<String> {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    serde_json::from_slice::<UnverifiedHeader>(&header).ok()?.kid
}
