//! Online verification: the signature, then a look into the in-memory view. Never fails open, and never reads the database
//! when an attestation is given.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use serde_json::json;

use super::{App, Error};
use crate::domain::attestation::AttestationClaims;
use crate::domain::community::CommunityRef;
use crate::domain::reason::ReasonCode;
use crate::domain::status::{ListValue, VerifyStatus};
use crate::domain::time::Timestamp;
use crate::ports::signer::KeyPurpose;
use crate::store::badges::BadgeFacts;
use crate::store::{StoreError, Tx, badges, communities};
use crate::verifier::Rejection;

/// What is asked.
pub struct Question {
    /// An attestation, untrusted.
    pub attestation: Option<String>,
    /// A community.
    pub community: Option<CommunityRef>,
}

/// The answer, in the shape of the contract.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// `valid` or `invalid`.
    pub verdict: &'static str,
    /// Why, in one word.
    pub status: VerifyStatus,
    /// Public reason code of a suspension or revocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// The badge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub badge: Option<String>,
    /// Who stands behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<AuthorityAnswer>,
    /// The community.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub community: Option<CommunityRef>,
    /// When the attestation was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Timestamp>,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The badge's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// The instant the answer is true for.
    pub as_of: Timestamp,
}

/// The authority in an answer.
#[derive(Clone, Debug, Serialize)]
pub struct AuthorityAnswer {
    /// OGRN.
    pub ogrn: String,
    /// Short name where there is one.
    pub name: String,
    /// Kind of body.
    pub kind: String,
}

fn bare(status: VerifyStatus, as_of: Timestamp) -> Answer {
    Answer {
        verdict: if status.is_valid() { "valid" } else { "invalid" },
        status,
        reason: None,
        badge: None,
        authority: None,
        community: None,
        issued_at: None,
        expires_at: None,
        version: None,
        as_of,
    }
}

/// Answers one question.
///
/// # Errors
/// [`Error::InvalidRequest`] when nothing is asked; [`Error::StatusStale`] or [`Error::Unavailable`] when no verdict can be
/// given.
pub async fn verify(app: &Arc<App>, question: Question) -> Result<Answer, Error> {
    match (question.attestation, question.community) {
        (Some(token), community) => by_attestation(app, &token, community.as_ref()),
        (None, Some(community)) => by_community(app, community).await,
        (None, None) => Err(Error::InvalidRequest("send attestation, community, or both".to_owned())),
    }
}

/// Answers many questions; all that ask for a community alone share one look into the database.
///
/// # Errors
/// As [`verify`]; one question without an answer fails the whole batch.
pub async fn verify_all(app: &Arc<App>, questions: Vec<Question>) -> Result<Vec<Answer>, Error> {
    let asked: BTreeSet<CommunityRef> = questions.iter().filter(|q| q.attestation.is_none()).filter_map(|q| q.community.clone()).collect();
    let now = app.clock.now();
    let found: BTreeMap<CommunityRef, Option<BadgeFacts>> = if asked.is_empty() {
        BTreeMap::new()
    } else {
        let all = move |tx: &mut Tx<'_>| asked.into_iter().map(|c| facts_of(tx, &c).map(|f| (c, f))).collect::<Result<_, StoreError>>();
        app.db.read("verify_communities", all).await.map_err(Error::from)?
    };
    let mut answers = Vec::with_capacity(questions.len());
    for (n, question) in questions.into_iter().enumerate() {
        // Signatures cost a tenth of a millisecond each; others get their turn in between.
        if n % 16 == 15 {
            tokio::task::yield_now().await;
        }
        answers.push(match (question.attestation, question.community) {
            (None, Some(c)) => {
                let facts = found.get(&c).cloned().flatten();
                answer_of(c, facts, now)?
            }
            (attestation, community) => verify(app, Question { attestation, community }).await?,
        });
    }
    Ok(answers)
}

fn by_attestation(app: &Arc<App>, token: &str, community: Option<&CommunityRef>) -> Result<Answer, Error> {
    let now = app.clock.now();
    let mut looked_up = None;
    // The same order of checks as offline, so that both give the same word. The view knows more than a list does (reason,
    // version), so its answer is taken out here.
    let verdict = app.keys.known().verifier.verify_with(token, community, now, |claims| {
        looked_up = Some((of_claims(claims), app.view.get(app, claims)));
        Ok(ListValue::Valid)
    });
    let Some((of_claims, found)) = looked_up else {
        let shown_for = community.filter(|_| verdict.status == VerifyStatus::WrongCommunity).cloned();
        return Ok(Answer { community: shown_for, ..bare(verdict.status, now) });
    };
    let (entry, as_of) = found?;
    let Some(entry) = entry else { return Ok(bare(VerifyStatus::Unknown, as_of)) };
    let base = bare(entry.status, as_of);
    Ok(Answer {
        reason: entry.reason,
        badge: Some(entry.badge.to_string()),
        version: Some(entry.version),
        as_of,
        status: base.status,
        verdict: base.verdict,
        ..of_claims
    })
}

fn of_claims(c: &AttestationClaims) -> Answer {
    Answer {
        authority: Some(AuthorityAnswer {
            ogrn: c.legal_entity.identifier.ogrn.clone(),
            name: c.organization_name.clone(),
            kind: c.legal_entity.authority_kind.as_str().to_owned(),
        }),
        community: Some(c.community.reference()),
        issued_at: Some(Timestamp::from_secs(c.iat)),
        expires_at: Some(Timestamp::from_secs(c.exp)),
        ..bare(VerifyStatus::Unknown, Timestamp::EPOCH)
    }
}

async fn by_community(app: &Arc<App>, community: CommunityRef) -> Result<Answer, Error> {
    let now = app.clock.now();
    let asked = community.clone();
    let found = app.db.read("verify_community", move |tx| facts_of(tx, &asked)).await.map_err(Error::from)?;
    answer_of(community, found, now)
}

/// What stands behind a community: the badge in force, else the last that was. A prepared badge is nothing yet.
fn facts_of(tx: &mut Tx<'_>, community: &CommunityRef) -> Result<Option<BadgeFacts>, StoreError> {
    let Some(c) = communities::by_number(tx, community.platform.as_str(), community.id.as_str())? else { return Ok(None) };
    let current = badges::current_of(tx, &c.id)?;
    let badge = match current {
        Some(b) => Some(b),
        None => badges::history_of(tx, &c.id)?.into_iter().next(),
    };
    match badge {
        Some(b) => badges::facts(tx, &b.id),
        None => Ok(None),
    }
}

fn answer_of(community: CommunityRef, found: Option<BadgeFacts>, now: Timestamp) -> Result<Answer, Error> {
    let Some((badge, _, authority)) = found else { return Ok(Answer { community: Some(community), ..bare(VerifyStatus::Unknown, now) }) };
    let ran_out = badge.expires_at <= now.millis();
    let status = match super::status_view::verify_status(badge.state()?) {
        VerifyStatus::Active | VerifyStatus::Suspended if ran_out => VerifyStatus::Expired,
        other => other,
    };
    Ok(Answer {
        reason: badge.reason.as_deref().and_then(|r| r.parse().ok()),
        badge: Some(badge.id),
        authority: Some(AuthorityAnswer {
            ogrn: authority.ogrn,
            name: if authority.short_name.is_empty() { authority.full_name } else { authority.short_name },
            kind: authority.kind,
        }),
        community: Some(community),
        issued_at: badge.issued_at.map(Timestamp::from_millis),
        expires_at: Some(Timestamp::from_millis(badge.expires_at)),
        version: Some(badge.version),
        ..bare(status, now)
    })
}

/// OpenID Federation trust mark status: a signed answer about one mark, or `None` for one we never issued.
///
/// # Errors
/// [`Error::StatusStale`] when no verdict can be given.
pub fn trust_mark_status(app: &Arc<App>, mark: &str) -> Result<Option<String>, Error> {
    let now = app.clock.now();
    let status = match app.keys.known().verifier.attestation(mark, now) {
        Ok(attested) => match known(app, &attested.claims)? {
            Some(status) => status,
            None => return Ok(None),
        },
        Err(Rejection { status: VerifyStatus::Expired, .. }) => VerifyStatus::Expired,
        // Not ours, or not a mark at all: "unknown mark" (OpenID Federation 1.1, trust mark status endpoint).
        Err(_) => return Ok(None),
    };
    let claims = json!({ "iss": app.settings.issuer, "iat": now.secs(), "trust_mark": mark, "status": status.trust_mark_status() });
    let typ = "trust-mark-status-response+jwt";
    let signed = app.keys.sign_jwt(KeyPurpose::Badge, typ, &claims.to_string())?;
    Ok(Some(signed.token))
}

fn known(app: &Arc<App>, claims: &AttestationClaims) -> Result<Option<VerifyStatus>, Error> {
    let (entry, _) = app.view.get(app, claims)?;
    Ok(entry.map(|e| e.status).filter(|s| *s != VerifyStatus::Unknown))
}
