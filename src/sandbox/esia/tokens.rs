//! What the stand-in's JWTs say, claim for claim as ESIA's do: the code, the access token, the `id_token`, and the token response.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Esia;
use super::config::{ClientRegistration, TokenAlg};
use super::faults::{Instead, Plan, TokenName};
use super::memory::{PendingLogin, SignIn};
use super::personas::Persona;
use super::refusal::{Code, Refusal};
use super::scope::{self, Scope};
use crate::domain::time::Timestamp;

/// Life of a code.
pub(super) const CODE_LIFETIME: Duration = Duration::from_secs(240);
const ACCESS_LIFETIME_SECONDS: i64 = 3600;
const ID_LIFETIME_SECONDS: i64 = 10_800;
/// ESIA's is not public.
const REFRESH_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// The claims of an access token that the REST interface needs.
#[derive(Deserialize)]
pub(super) struct AccessClaims {
    iss: String,
    exp: i64,
    pub(super) scope: String,
    /// Absent from a system's own token.
    #[serde(rename = "urn:esia:sbj_id")]
    pub(super) subject: Option<u64>,
}

impl Esia {
    /// The authorization code, itself a JWT.
    pub(super) fn code(&self, login: &PendingLogin, sign_in: &SignIn, plan: &Plan) -> Result<String, Refusal> {
        let iat = self.now(plan).secs();
        let payload = json!({
            "iss": self.issuer_for(plan), "client_id": sign_in.client_id, "scope": sign_in.claim, "params": {},
            "urn:esia:client:state": login.state, "urn:esia:sid": sign_in.session, "urn:esia:sbj": subject(&sign_in.persona),
            "auth_mthd": "PWD", "acr": {"2fa": "otp"}, "auth_time": sign_in.auth_time.secs(),
            "nbf": iat, "iat": iat, "exp": iat + CODE_LIFETIME.as_secs().cast_signed(),
        });
        self.sign(self.token_alg_of(&sign_in.client_id), TokenName::Code, &payload, plan)
    }

    /// The token endpoint's answer to a person's code or refresh token.
    pub(super) fn person_tokens(
        &self,
        client: &ClientRegistration,
        sign_in: &SignIn,
        state: &str,
        refreshable: bool,
        plan: &Plan,
    ) -> Result<Value, Refusal> {
        let (whose, scope) = match self.substitute(TokenName::Access, plan) {
            Some(other) => (other, scope::claim_for(other, &sign_in.scopes, &BTreeSet::new())?),
            None => (&sign_in.persona, sign_in.claim.clone()),
        };
        let mut claims = self.access_claims(client, &scope, &sign_in.session, plan);
        claims.insert("urn:esia:sbj_id".into(), json!(whose.oid));
        let mut answer = self.token_response(client, claims, state, plan)?;
        if sign_in.scopes.contains(&Scope::OpenId) {
            answer["id_token"] = json!(self.id_token(client, sign_in, plan)?);
        }
        if refreshable {
            let token = self.entropy.uuid();
            self.memory.refresh_tokens.put(token.clone(), sign_in.clone(), self.clock.now(), REFRESH_LIFETIME);
            answer["refresh_token"] = json!(token);
        }
        for (name, other, instead) in [("access_token", "id_token", Instead::Id), ("id_token", "access_token", Instead::Access)] {
            let token = if name == "id_token" { TokenName::Id } else { TokenName::Access };
            if plan.forgery_of(token).is_some_and(|forgery| forgery.instead == Some(instead)) {
                answer[name] = answer[other].clone();
            }
        }
        Ok(answer)
    }

    /// The token endpoint's answer to a system asking for itself.
    pub(super) fn system_token(&self, client: &ClientRegistration, claim: &str, state: &str, plan: &Plan) -> Result<Value, Refusal> {
        let claims = self.access_claims(client, claim, &self.entropy.uuid(), plan);
        self.token_response(client, claims, state, plan)
    }

    /// The claims of an access token of ours that is in force.
    pub(super) fn open_access_token(&self, token: &str, now: Timestamp) -> Option<AccessClaims> {
        let claims: AccessClaims = serde_json::from_slice(&self.opened(token)?).ok()?;
        (claims.iss == self.issuer && now.secs() < claims.exp).then_some(claims)
    }

    /// During a rotation tokens of both keys are good.
    fn opened(&self, token: &str) -> Option<Vec<u8>> {
        let rotated = || self.new_keys.get()?.as_ref()?.open("access", token);
        self.keys.open("access", token).or_else(rotated)
    }

    /// No `aud` and no `sub`: the audience is `client_id`, the subject a number in a claim of its own.
    fn access_claims(&self, client: &ClientRegistration, scope: &str, session: &str, plan: &Plan) -> Map<String, Value> {
        let iat = self.now(plan).secs();
        let members = [
            ("iss", json!(self.issuer_for(plan))),
            ("client_id", json!(client.client_id)),
            ("scope", json!(scope)),
            ("urn:esia:sid", json!(session)),
            ("nbf", json!(iat)),
            ("iat", json!(iat)),
            ("exp", json!(iat + ACCESS_LIFETIME_SECONDS)),
        ];
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn token_response(&self, client: &ClientRegistration, claims: Map<String, Value>, state: &str, plan: &Plan) -> Result<Value, Refusal> {
        let token = self.sign(client.token_alg, TokenName::Access, &Value::Object(claims), plan)?;
        Ok(json!({"access_token": token, "state": state, "token_type": "Bearer", "expires_in": ACCESS_LIFETIME_SECONDS}))
    }

    fn id_token(&self, client: &ClientRegistration, sign_in: &SignIn, plan: &Plan) -> Result<String, Refusal> {
        let iat = self.now(plan).secs();
        let whose = self.substitute(TokenName::Id, plan).unwrap_or(&sign_in.persona);
        let mut payload = json!({
            "iss": self.issuer_for(plan), "aud": client.client_id, "sub": whose.oid, "urn:esia:sid": sign_in.session,
            "urn:esia:sbj": subject(whose), "amr": "PWD", "urn:esia:amd": "PWD", "auth_time": sign_in.auth_time.secs(),
            "nbf": iat, "iat": iat, "exp": iat + ID_LIFETIME_SECONDS,
        });
        if let Some(nonce) = &sign_in.nonce {
            payload["nonce"] = json!(nonce);
        }
        self.sign(client.token_alg, TokenName::Id, &payload, plan)
    }

    /// The other person whose token is forged into the place of this one.
    fn substitute(&self, token: TokenName, plan: &Plan) -> Option<&Arc<Persona>> {
        let forgery = plan.forgery_of(token).filter(|forgery| forgery.instead == Some(Instead::OtherPersona))?;
        self.people.persona(forgery.of.as_deref()?)
    }

    fn issuer_for<'a>(&'a self, plan: &'a Plan) -> &'a str {
        plan.issuer().unwrap_or(&self.issuer)
    }

    fn sign(&self, alg: TokenAlg, token: TokenName, payload: &Value, plan: &Plan) -> Result<String, Refusal> {
        let (sbt, ver) = match token {
            TokenName::Access => ("access", 1),
            TokenName::Id => ("id", 0),
            TokenName::Code => ("authorization_code", 1),
        };
        let keys = if plan.rotated() { self.new_keys()? } else { &self.keys };
        let members = payload.as_object().cloned().unwrap_or_default();
        let signed = keys.draft(alg, sbt, ver, members).and_then(|draft| match plan.forgery_of(token) {
            Some(forgery) => self.forge(&draft, forgery, keys),
            None => keys.sign(&draft),
        });
        signed.ok_or_else(|| Code::ServerError.into())
    }

    fn token_alg_of(&self, client_id: &str) -> TokenAlg {
        self.client(client_id).map_or_else(TokenAlg::default, |client| client.token_alg)
    }
}

/// `urn:esia:sbj`. `is_tru` is left out, not false, where the account is not confirmed.
fn subject(persona: &Persona) -> Value {
    let mut subject = json!({
        "urn:esia:sbj:typ": "P",
        "urn:esia:sbj:lvl": if persona.trusted { "PR" } else { "P" },
        "urn:esia:sbj:oid": persona.oid,
        "urn:esia:sbj:nam": format!("OID.{}", persona.oid),
    });
    if persona.trusted {
        subject["urn:esia:sbj:is_tru"] = json!(true);
    }
    subject
}
