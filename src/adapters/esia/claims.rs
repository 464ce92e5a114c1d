//! What ESIA's tokens say, and whether it is meant for us and for now. Signatures are checked before.
//!
//! Strict structs: a claim of the wrong JSON type fails, and is not taken for absent (as in CVE-2026-25537); `iss` in an array is
//! no issuer.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::jwt::TokenFault;
use super::settings::{Nonce, REQUIRED_SCOPES};
use crate::domain::time::Timestamp;

/// Prefix of full-form scopes, literally so on every stand.
pub(super) const SCOPE_PREFIX: &str = "http://esia.gosuslugi.ru/";

/// Claims of an access token: no `aud` and no `sub`, the audience is `client_id`.
#[derive(Deserialize)]
pub(super) struct AccessClaims {
    iss: String,
    client_id: String,
    scope: String,
    exp: i64,
    nbf: i64,
    iat: i64,
    /// The person; a system's own token has none.
    #[serde(rename = "urn:esia:sbj_id")]
    subject: Option<u64>,
}

/// Claims of an id token.
#[derive(Deserialize)]
pub(super) struct IdClaims {
    iss: String,
    aud: String,
    sub: u64,
    exp: i64,
    nbf: i64,
    iat: i64,
    nonce: Option<String>,
    amr: Option<String>,
    acr: Option<Value>,
    #[serde(rename = "urn:esia:sbj")]
    person: Option<PersonClaims>,
}

#[derive(Deserialize)]
struct PersonClaims {
    #[serde(rename = "urn:esia:sbj:oid")]
    oid: Option<u64>,
    /// Absent when the account is not confirmed.
    #[serde(rename = "urn:esia:sbj:is_tru")]
    confirmed: Option<bool>,
}

/// Of an authorization code, read without any check.
#[derive(Deserialize)]
pub(super) struct CodeClaims {
    pub client_id: String,
}

/// Whom and when tokens must be for.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub now: Timestamp,
    pub leeway: Duration,
}

struct Times {
    exp: i64,
    nbf: i64,
    iat: i64,
}

impl Expected<'_> {
    fn check(&self, issuer: &str, audience: &str, t: &Times) -> Result<(), TokenFault> {
        let at = |seconds| Timestamp::from_secs(seconds);
        let wrong = if issuer != self.issuer {
            "its issuer is not esia.issuer"
        } else if audience != self.client_id {
            "it was issued to another client"
        } else if t.exp <= t.iat {
            "it expires before it was issued"
        } else if at(t.exp).plus(self.leeway) <= self.now {
            "it has expired; compare clocks"
        } else if at(t.nbf) > self.now.plus(self.leeway) || at(t.iat) > self.now.plus(self.leeway) {
            "it is from the future; compare clocks"
        } else {
            return Ok(());
        };
        Err(TokenFault::Value(wrong))
    }
}

impl AccessClaims {
    fn check(&self, expected: Expected<'_>) -> Result<(), TokenFault> {
        expected.check(&self.iss, &self.client_id, &Times { exp: self.exp, nbf: self.nbf, iat: self.iat })
    }

    /// Checks a person's token and gives the person's id.
    pub(super) fn check_person(&self, expected: Expected<'_>) -> Result<u64, TokenFault> {
        self.check(expected)?;
        let subject = self.subject.ok_or(TokenFault::Claims)?;
        let own = subject.to_string();
        // ESIA writes `usr_org?oid=<the person's own>`; another person's would be somebody else's grant.
        let granted = |wanted: &str| {
            scopes(&self.scope).any(|(name, query)| name == wanted && query.is_none_or(|q| q.strip_prefix("oid=") == Some(own.as_str())))
        };
        if REQUIRED_SCOPES.iter().all(|s| granted(s)) {
            Ok(subject)
        } else {
            Err(TokenFault::Value("its scope lacks openid or usr_org of this person"))
        }
    }

    /// Checks the system's own token for the record of one organisation.
    pub(super) fn check_system(&self, expected: Expected<'_>, wanted: &[String], oid: &str) -> Result<(), TokenFault> {
        self.check(expected)?;
        let query = format!("org_oid={oid}");
        if wanted.iter().all(|w| scopes(&self.scope).any(|(name, q)| name == w && q == Some(query.as_str()))) {
            Ok(())
        } else {
            Err(TokenFault::Value("its scope lacks what was asked about the organisation; have the scopes granted to the system"))
        }
    }

    pub(super) fn expires(&self) -> Timestamp {
        Timestamp::from_secs(self.exp)
    }

    /// The granted scopes as the token writes them.
    pub(super) fn into_scope(self) -> String {
        self.scope
    }
}

impl IdClaims {
    /// Checks the token against the access token's subject and the login's nonce.
    pub(super) fn check(&self, expected: Expected<'_>, subject: u64, nonce: Nonce, sent: &str) -> Result<(), TokenFault> {
        expected.check(&self.iss, &self.aud, &Times { exp: self.exp, nbf: self.nbf, iat: self.iat })?;
        if self.sub != subject || self.person.as_ref().and_then(|p| p.oid).is_some_and(|oid| oid != subject) {
            return Err(TokenFault::Value("it is about another person than the access token"));
        }
        match (nonce, self.nonce.as_deref()) {
            (Nonce::Off, _) | (Nonce::Send, None) => Ok(()),
            (Nonce::Require, None) => Err(TokenFault::Value("it has no nonce; compare esia.nonce with the technological portal")),
            (_, Some(came)) if came == sent => Ok(()),
            (_, Some(_)) => Err(TokenFault::OtherLogin),
        }
    }

    pub(super) fn confirmed(&self) -> bool {
        self.person.as_ref().and_then(|p| p.confirmed).unwrap_or(false)
    }

    /// `PWD` or `DS`.
    pub(super) fn method(&self) -> Option<String> {
        self.amr.clone()
    }

    /// Seen as an object, `{"2fa":"otp"}`, which reads here as `2fa:otp`.
    pub(super) fn acr(&self) -> Option<String> {
        match self.acr.as_ref()? {
            Value::String(word) => Some(word.clone()),
            Value::Object(members) => {
                let words: Vec<String> = members.iter().filter_map(|(k, v)| Some(format!("{k}:{}", v.as_str()?))).collect();
                Some(words.join(" "))
            }
            _ => None,
        }
    }
}

/// What a person's token says about one organisation's record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum OrganisationGrant {
    /// At least one of the scopes, for this organisation.
    This,
    /// Scopes, and all for other organisations.
    Another,
    /// Nothing about any organisation.
    Nothing,
}

/// Finds whether `granted` reaches the record of the organisation `oid`.
pub(super) fn organisation_grant(granted: &str, wanted: &[String], oid: &str) -> OrganisationGrant {
    let of_an_organisation = || scopes(granted).filter_map(|(name, query)| Some((name, query?.strip_prefix("org_oid=")?)));
    if of_an_organisation().any(|(name, of)| of == oid && wanted.iter().any(|w| w == name)) {
        OrganisationGrant::This
    } else if of_an_organisation().next().is_some() {
        OrganisationGrant::Another
    } else {
        OrganisationGrant::Nothing
    }
}

/// Granted scopes as names and queries; the order says nothing.
fn scopes(granted: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    granted.split_ascii_whitespace().map(|s| {
        let s = s.strip_prefix(SCOPE_PREFIX).unwrap_or(s);
        s.split_once('?').map_or((s, None), |(name, query)| (name, Some(query)))
    })
}
