//! `/aas/oauth2/ac` and `/aas/oauth2/v2/ac`: checks an authorization request and finds out who answers it. Signing in by hand is in
//! `sign_in`.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, json};
use url::Url;

use super::config::ClientRegistration;
use super::faults::Plan;
use super::forge::override_members;
use super::memory::{Challenge, ChallengeMethod, IssuedCode, PendingLogin, SignIn};
use super::params::Params;
use super::personas::Persona;
use super::refusal::{Code, Refusal};
use super::sign_in::{COOKIE, LOGIN_LIFETIME};
use super::tokens::CODE_LIFETIME;
use super::wanted::Wanted;
use super::{Esia, Generation, gost, http_address, page, permissions, scope, signature};
use crate::domain::time::Timestamp;

/// Skips the sign-in page: the id of a persona.
pub(super) const PERSONA_HEADER: &str = "x-sandbox-persona";
/// With [`PERSONA_HEADER`]: `deny` refuses consent in that person's name.
const DECISION_HEADER: &str = "x-sandbox-decision";

/// `GET /aas/oauth2/ac`
pub(super) async fn first_generation_get(esia: web::Data<Esia>, request: HttpRequest) -> HttpResponse {
    answer(&esia, Generation::V1, &request, request.query_string().as_bytes())
}

/// `POST /aas/oauth2/ac`
pub(super) async fn first_generation_post(esia: web::Data<Esia>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    answer(&esia, Generation::V1, &request, &body)
}

/// `GET /aas/oauth2/v2/ac`
pub(super) async fn second_generation_get(esia: web::Data<Esia>, request: HttpRequest) -> HttpResponse {
    answer(&esia, Generation::V2, &request, request.query_string().as_bytes())
}

/// `POST /aas/oauth2/v2/ac`
pub(super) async fn second_generation_post(esia: web::Data<Esia>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    answer(&esia, Generation::V2, &request, &body)
}

fn answer(esia: &Esia, generation: Generation, request: &HttpRequest, text: &[u8]) -> HttpResponse {
    let asked = Params::parse(text).and_then(|params| {
        let (client, redirect_uri) = esia.who_asks(&params)?;
        Ok((params, client, redirect_uri))
    });
    // RFC 6749 §4.1.2.1: with a wrong client or return address the browser is not sent anywhere.
    let (params, client, redirect_uri) = match asked {
        Ok(asked) => asked,
        Err(refusal) => return page::refusal(&refusal),
    };
    let plan = Plan::of(request);
    if let Some(code) = plan.error() {
        return Refusal::from(code).redirect(&redirect_uri, params.get("state"));
    }
    match esia.admit(generation, &params, client, redirect_uri.clone(), esia.now(&plan)) {
        Ok(login) => decide(esia, request, login),
        Err(refusal) => refusal.redirect(&redirect_uri, params.get("state")),
    }
}

/// The persona named by header, the one signed in unasked, or the sign-in page.
fn decide(esia: &Esia, request: &HttpRequest, login: PendingLogin) -> HttpResponse {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let plan = Plan::of(request);
    let persona = match header(PERSONA_HEADER) {
        Some(wanted) => match esia.people.persona(wanted) {
            Some(persona) => Some(persona),
            None => return page::unknown_persona(&esia.people),
        },
        None => esia.unasked(request),
    };
    match persona {
        Some(_) if header(DECISION_HEADER) == Some("deny") => {
            Refusal::from(Code::Declined).redirect(&login.redirect_uri, Some(&login.state))
        }
        Some(persona) => esia.finish(&login, persona, &plan),
        None => {
            let id = esia.entropy.token();
            esia.memory.logins.put(id.clone(), login, esia.clock.now(), LOGIN_LIFETIME);
            HttpResponse::Found().insert_header((header::LOCATION, format!("{}/login?request={id}", esia.base_url))).finish()
        }
    }
}

impl Esia {
    /// Who is signed in without being asked.
    pub(super) fn unasked(&self, request: &HttpRequest) -> Option<&Arc<Persona>> {
        self.auto_approve.as_ref().filter(|_| request.cookie(COOKIE).is_none())
    }

    fn who_asks(&self, params: &Params) -> Result<(&ClientRegistration, Url), Refusal> {
        params.require(&["client_id", "redirect_uri"])?;
        let client = self.client(params.text("client_id")).ok_or(Code::ClientNotAllowed)?;
        let redirect_uri = params.text("redirect_uri");
        if !client.redirect_uris.iter().any(|registered| registered == redirect_uri) {
            return Err(Code::RedirectNotAllowed.into());
        }
        Ok((client, http_address(redirect_uri).ok_or(Code::RedirectNotAllowed)?))
    }

    /// Every check of an authorization request behind a known client and return address.
    fn admit(
        &self,
        generation: Generation,
        params: &Params,
        client: &ClientRegistration,
        to: Url,
        now: Timestamp,
    ) -> Result<PendingLogin, Refusal> {
        Self::check_generation(generation)?;
        params.require(&["client_secret", "response_type", "scope", "state", "timestamp"])?;
        if generation == Generation::V2 {
            params.require(&["client_certificate_hash"])?;
        }
        if params.text("response_type") != "code" {
            return Err(Code::UnsupportedResponse.into());
        }
        params.check_state()?;
        params.check_timestamp(now, self.timestamp_window)?;
        let (signed, names) = match generation {
            Generation::V1 => (signature::first_generation_string(params), BTreeSet::new()),
            Generation::V2 => (signature::second_generation_string(params), scope::parse_organisation_names(params.text("scope_org"))?),
        };
        signature::check(&self.clients, client, generation, params, &[signed])?;
        permissions::check(params.get("permissions"))?;
        let scopes = scope::parse(params.text("scope"), generation)?;
        if scopes.is_empty() {
            return Err(Code::NoScope.into());
        }
        Ok(PendingLogin {
            client_id: client.client_id.clone(),
            redirect_uri: to,
            redirect_text: params.text("redirect_uri").to_owned(),
            state: params.text("state").to_owned(),
            scopes,
            organisation_names: names,
            offline: wants_offline(params)?,
            nonce: params.get("nonce").map(str::to_owned),
            code_challenge: code_challenge(params)?,
            wanted: Wanted::read(params)?,
        })
    }

    /// Sends the browser back with a code, or with the reason why this person gives none.
    pub(super) fn finish(&self, login: &PendingLogin, persona: &Arc<Persona>, plan: &Plan) -> HttpResponse {
        match self.issue_code(login, persona, plan) {
            Ok(code) => {
                let mut pairs = Map::new();
                pairs.insert("code".to_owned(), json!(code));
                pairs.insert("state".to_owned(), json!(login.state));
                plan.forgeries().for_each(|forgery| override_members(&mut pairs, &forgery.answer));
                let mut to = login.redirect_uri.clone();
                for (name, value) in &pairs {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    to.query_pairs_mut().append_pair(name, &text);
                }
                HttpResponse::Found().insert_header((header::LOCATION, to.as_str())).finish()
            }
            Err(refusal) => refusal.redirect(&login.redirect_uri, Some(&login.state)),
        }
    }

    fn issue_code(&self, login: &PendingLogin, persona: &Arc<Persona>, plan: &Plan) -> Result<String, Refusal> {
        login.wanted.check(persona)?;
        let now = self.now(plan);
        let sign_in = SignIn {
            client_id: login.client_id.clone(),
            persona: Arc::clone(persona),
            scopes: login.scopes.clone(),
            claim: scope::claim_for(persona, &login.scopes, &login.organisation_names)?,
            session: self.entropy.uuid(),
            auth_time: now,
            nonce: login.nonce.clone(),
        };
        let code = self.code(login, &sign_in, plan)?;
        let (redirect_text, code_challenge) = (login.redirect_text.clone(), login.code_challenge.clone());
        let issued = IssuedCode { sign_in, redirect_text, offline: login.offline, code_challenge };
        self.memory.codes.put(code.clone(), issued, self.clock.now(), CODE_LIFETIME);
        Ok(code)
    }
}

/// `access_type`; clients in the field may leave it out, which means `online`.
fn wants_offline(params: &Params) -> Result<bool, Refusal> {
    match params.get("access_type") {
        None | Some("online") => Ok(false),
        Some("offline") => Ok(true),
        Some(_) => Err(Refusal::because(Code::InvalidParameter, "The parameter access_type must be online or offline.")),
    }
}

/// PKCE is optional. RFC 7636 §4.2: a challenge is the base64url of a digest of 32 bytes. ESIA's own method name is not public.
fn code_challenge(params: &Params) -> Result<Option<Challenge>, Refusal> {
    let Some(text) = params.get("code_challenge") else { return Ok(None) };
    let method = match params.get("code_challenge_method") {
        Some("S256") => Some(ChallengeMethod::Sha256),
        Some("GOST3411") if gost::gost_available() => Some(ChallengeMethod::Streebog),
        _ => None,
    };
    let whole = URL_SAFE_NO_PAD.decode(text).is_ok_and(|digest| digest.len() == 32);
    let method = method.filter(|_| whole).ok_or_else(|| {
        let text = "PKCE here means code_challenge_method=S256, or GOST3411 with the engine, and a 43-character code_challenge.";
        Refusal::because(Code::InvalidParameter, text)
    })?;
    Ok(Some(Challenge { method, text: text.to_owned() }))
}
