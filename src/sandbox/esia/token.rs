//! `/aas/oauth2/te` and `/aas/oauth2/v3/te`: redeems codes and refresh tokens, gives systems tokens of their own. What the tokens say is
//! in `tokens`.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::sha::sha256;
use serde_json::Value;

use super::config::ClientRegistration;
use super::faults::Plan;
use super::forge::override_members;
use super::memory::{Challenge, ChallengeMethod};
use super::params::Params;
use super::refusal::{Code, Refusal};
use super::scope::{self, Scope};
use super::{Esia, Generation, gost, signature};

/// `POST /aas/oauth2/te`
pub(super) async fn first_generation(esia: web::Data<Esia>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    answer(&esia, Generation::V1, &request, &body)
}

/// `POST /aas/oauth2/v3/te`
pub(super) async fn second_generation(esia: web::Data<Esia>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    answer(&esia, Generation::V2, &request, &body)
}

fn answer(esia: &Esia, generation: Generation, request: &HttpRequest, body: &[u8]) -> HttpResponse {
    let is_form = actix_web::HttpMessage::content_type(request).eq_ignore_ascii_case("application/x-www-form-urlencoded");
    let params = match if is_form { Params::parse(body) } else { Ok(Params::none()) } {
        Ok(params) => params,
        Err(refusal) => return refusal.json(None),
    };
    let plan = Plan::of(request);
    if let Some(code) = plan.error() {
        return Refusal::from(code).json(params.get("state"));
    }
    match esia.grant(generation, &params, &plan) {
        Ok(mut answer) => {
            if let Some(members) = answer.as_object_mut() {
                plan.forgeries().for_each(|forgery| override_members(members, &forgery.answer));
            }
            HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(answer)
        }
        Err(refusal) => refusal.json(params.get("state")),
    }
}

/// The three grants.
#[derive(Clone, Copy)]
enum Grant {
    AuthorizationCode,
    ClientCredentials,
    RefreshToken,
}

impl Grant {
    fn of(params: &Params) -> Result<Self, Refusal> {
        match params.get("grant_type") {
            // ESIA names all that is missing at once; so does this list when the grant is not known yet.
            None => Err(params
                .require(&["state", "client_id", "client_secret", "grant_type", "scope", "timestamp"])
                .err()
                .unwrap_or(Code::MissingParameter.into())),
            Some("authorization_code") => Ok(Self::AuthorizationCode),
            Some("client_credentials") => Ok(Self::ClientCredentials),
            Some("refresh_token") => Ok(Self::RefreshToken),
            Some(_) => Err(Code::UnsupportedGrant.into()),
        }
    }

    fn check_mandatory(self, generation: Generation, params: &Params) -> Result<(), Refusal> {
        let mut names = vec!["state", "client_id", "client_secret", "scope", "timestamp"];
        match (self, generation) {
            (Self::AuthorizationCode, Generation::V1) => names.extend(["code", "redirect_uri"]),
            (Self::AuthorizationCode, Generation::V2) => names.extend(["code", "redirect_uri", "client_certificate_hash"]),
            (Self::ClientCredentials, Generation::V1) => {}
            (Self::ClientCredentials, Generation::V2) => names.extend(["redirect_uri", "client_certificate_hash"]),
            // One known client of the second generation sends neither address nor hash here.
            (Self::RefreshToken, _) => names.push("refresh_token"),
        }
        params.require(&names)
    }

    /// The strings the client may have signed. `code` enters the second generation's string wherever the request has one, which is
    /// only with its own grant; the refresh string is contested between known clients, so both are taken.
    fn signed(self, generation: Generation, params: &Params) -> Vec<String> {
        match (self, generation) {
            (_, Generation::V1) => vec![signature::first_generation_string(params)],
            (Self::RefreshToken, Generation::V2) => vec![signature::second_generation_string(params), signature::refresh_string(params)],
            (_, Generation::V2) => vec![signature::second_generation_string(params)],
        }
    }
}

impl Esia {
    fn grant(&self, generation: Generation, params: &Params, plan: &Plan) -> Result<Value, Refusal> {
        Self::check_generation(generation)?;
        let grant = Grant::of(params)?;
        grant.check_mandatory(generation, params)?;
        let client = self.client(params.text("client_id")).ok_or(Code::ClientNotAllowed)?;
        params.check_state()?;
        params.check_timestamp(self.now(plan), self.timestamp_window)?;
        signature::check(&self.clients, client, generation, params, &grant.signed(generation, params))?;
        match grant {
            Grant::AuthorizationCode => self.redeem_code(client, generation, params, plan),
            Grant::ClientCredentials => self.for_system(client, generation, params, plan),
            Grant::RefreshToken => self.refresh(client, generation, params, plan),
        }
    }

    fn redeem_code(&self, client: &ClientRegistration, generation: Generation, params: &Params, plan: &Plan) -> Result<Value, Refusal> {
        let now = self.clock.now();
        // Another client's try leaves the code to its owner; the owner's first try uses it up, whatever comes of it.
        let own = |sign_in: &str| sign_in == client.client_id;
        let issued = self.memory.codes.take_if(params.text("code"), now, |issued| own(&issued.sign_in.client_id));
        let issued = issued.ok_or(Code::InvalidGrant)?;
        if issued.redirect_text != params.text("redirect_uri") {
            return Err(Code::InvalidGrant.into());
        }
        if scope::parse(params.text("scope"), generation)? != issued.sign_in.scopes {
            return Err(Refusal::because(Code::BadScope, "The scope differs from that of the authorization request."));
        }
        check_pkce(issued.code_challenge.as_ref(), params.get("code_verifier"))?;
        self.memory.remember_staff(&issued.sign_in.persona);
        self.person_tokens(client, &issued.sign_in, params.text("state"), issued.offline, plan)
    }

    /// A system asks for itself: organisation scopes only, each for an organisation that exists.
    fn for_system(&self, client: &ClientRegistration, generation: Generation, params: &Params, plan: &Plan) -> Result<Value, Refusal> {
        if let Some(redirect_uri) = params.get("redirect_uri")
            && !client.redirect_uris.iter().any(|registered| registered == redirect_uri)
        {
            return Err(Code::RedirectNotAllowed.into());
        }
        let scopes = scope::parse(params.text("scope"), generation)?;
        let mut words = Vec::new();
        for scope in &scopes {
            match scope {
                Scope::Organisation { oid, text } if self.people.organisation(*oid).is_some() => words.push(text.as_str()),
                Scope::Organisation { oid, .. } => {
                    return Err(Refusal::because(Code::BadScope, format!("There is no organisation {oid}.")));
                }
                Scope::OpenId | Scope::Person(_) => {
                    return Err(Refusal::because(Code::BadScope, "A system's own token takes organisation scopes only."));
                }
            }
        }
        if words.is_empty() {
            return Err(Code::NoScope.into());
        }
        self.system_token(client, &words.join(" "), params.text("state"), plan)
    }

    fn refresh(&self, client: &ClientRegistration, generation: Generation, params: &Params, plan: &Plan) -> Result<Value, Refusal> {
        let now = self.clock.now();
        let own = |sign_in: &super::memory::SignIn| sign_in.client_id == client.client_id;
        let sign_in = self.memory.refresh_tokens.take_if(params.text("refresh_token"), now, own).ok_or(Code::InvalidGrant)?;
        if scope::parse(params.text("scope"), generation)? != sign_in.scopes {
            return Err(Refusal::because(Code::BadScope, "The scope differs from that of the authorization request."));
        }
        self.person_tokens(client, &sign_in, params.text("state"), true, plan)
    }
}

/// RFC 7636 §4.6, with ESIA's codes.
fn check_pkce(challenge: Option<&Challenge>, verifier: Option<&str>) -> Result<(), Refusal> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Code::PkceNotStarted.into()),
        (Some(challenge), Some(verifier)) if digest_of(verifier, challenge.method).as_deref() == Some(&challenge.text) => Ok(()),
        (Some(_), _) => Err(Code::PkceMismatch.into()),
    }
}

fn digest_of(verifier: &str, method: ChallengeMethod) -> Option<String> {
    match method {
        ChallengeMethod::Sha256 => Some(URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()))),
        ChallengeMethod::Streebog => Some(URL_SAFE_NO_PAD.encode(openssl::hash::hash(gost::streebog()?, verifier.as_bytes()).ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pkce_follows_the_rfcs_example() {
        // RFC 7636 appendix B.
        let (verifier, challenge) = ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let challenge = &Challenge { method: ChallengeMethod::Sha256, text: challenge.to_owned() };
        assert_eq!(check_pkce(Some(challenge), Some(verifier)), Ok(()));
        assert_eq!(check_pkce(None, None), Ok(()));
        assert_eq!(check_pkce(None, Some(verifier)), Err(Code::PkceNotStarted.into()));
        assert_eq!(check_pkce(Some(challenge), Some("x")), Err(Code::PkceMismatch.into()));
        assert_eq!(check_pkce(Some(challenge), None), Err(Code::PkceMismatch.into()));
    }
}
