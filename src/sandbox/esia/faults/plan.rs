//! What strikes one request: whom the request concerns, found out before anybody answers it, and what the answer has to look like.

use std::rc::Rc;

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::{HttpMessage as _, HttpRequest};

use super::board::Sight;
use super::{Forgery, Kind, Place, TokenName};
use crate::domain::time::Timestamp;
use crate::sandbox::esia::authorize::PERSONA_HEADER;
use crate::sandbox::esia::params::Params;
use crate::sandbox::esia::refusal::Code;
use crate::sandbox::esia::{Esia, Persona, scope};

/// The faults of one request; handlers find it in the request's extensions.
#[derive(Clone, Default)]
pub(in super::super) struct Plan(Rc<Vec<Kind>>);

impl Plan {
    /// The plan of a request on its way.
    pub(in super::super) fn of(request: &HttpRequest) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_default()
    }

    pub(super) fn kinds(&self) -> &[Kind] {
        &self.0
    }

    /// The error to answer with.
    pub(in super::super) fn error(&self) -> Option<Code> {
        self.find(|kind| if let Kind::Error { code } = kind { Some(*code) } else { None })
    }

    /// The issuer to name.
    pub(in super::super) fn issuer(&self) -> Option<&str> {
        self.find(|kind| if let Kind::WrongIssuer { issuer } = kind { Some(issuer.as_str()) } else { None })
    }

    /// Whether the new key signs.
    pub(in super::super) fn rotated(&self) -> bool {
        self.0.iter().any(|kind| matches!(kind, Kind::RotatedCertificate { .. }))
    }

    /// Seconds by which the clock is off.
    fn skew(&self) -> i64 {
        self.find(|kind| if let Kind::ClockSkew { seconds } = kind { Some(*seconds) } else { None }).unwrap_or(0)
    }

    /// Everything to be forged.
    pub(in super::super) fn forgeries(&self) -> impl Iterator<Item = &Forgery> {
        self.0.iter().filter_map(|kind| if let Kind::Forge(forgery) = kind { Some(&**forgery) } else { None })
    }

    /// What is to be forged about a token.
    pub(in super::super) fn forgery_of(&self, token: TokenName) -> Option<&Forgery> {
        self.forgeries().find(|forgery| forgery.token == Some(token))
    }

    fn find<'a, T>(&'a self, wanted: impl FnMut(&'a Kind) -> Option<T>) -> Option<T> {
        self.0.iter().find_map(wanted)
    }
}

/// Which place a request arrives at.
pub(super) fn place(method: &Method, path: &str) -> Option<Place> {
    match path {
        "/aas/oauth2/ac" | "/aas/oauth2/v2/ac" => Some(Place::Ac),
        "/login" if method == Method::POST => Some(Place::Ac),
        "/aas/oauth2/te" | "/aas/oauth2/v3/te" => Some(Place::Te),
        _ if path.starts_with("/rs/orgs/") => Some(Place::Organisation),
        _ if path.starts_with("/rs/prns/") && path.ends_with("/roles") => Some(Place::Roles),
        _ if path.starts_with("/rs/prns/") => Some(Place::Person),
        _ => None,
    }
}

impl Esia {
    /// The stand-in's idea of now, as this request meets it.
    pub(in super::super) fn now(&self, plan: &Plan) -> Timestamp {
        Timestamp::from_secs(self.clock.now().secs().saturating_add(plan.skew()))
    }

    /// What strikes this request. Counts it.
    pub(super) fn plan(&self, request: &ServiceRequest, place: Option<Place>, body: &[u8]) -> Plan {
        let params = Params::parse(body).unwrap_or_else(|_| Params::none());
        let at_system = place == Some(Place::Te) && params.get("grant_type") == Some("client_credentials");
        let place = if at_system { Some(Place::SystemToken) } else { place };
        let personas = match place {
            Some(Place::Ac) => self.at_ac(request, &params),
            Some(Place::Te) => self.at_te(&params),
            Some(Place::SystemToken) => self.staff(&scope::organisations(params.text("scope"))),
            Some(Place::Person | Place::Roles) => self.ids(|p| oid_in(request.path()) == Some(p.oid)),
            Some(Place::Organisation) => self.staff(oid_in(request.path()).as_slice()),
            Some(Place::Any) | None => Vec::new(),
        };
        Plan(Rc::new(self.faults.strike(&Sight { place, personas: &personas })))
    }

    fn at_ac(&self, request: &ServiceRequest, params: &Params) -> Vec<String> {
        let header = request.headers().get(PERSONA_HEADER).and_then(|value| value.to_str().ok());
        let chosen = header.or(params.get("persona"));
        match (chosen, self.unasked(request.request())) {
            (Some(chosen), _) => self.ids(|persona| persona.id == chosen),
            (None, Some(persona)) if request.path() != "/login" => vec![persona.id.clone()],
            _ => Vec::new(),
        }
    }

    /// Whose code or refresh token is presented.
    fn at_te(&self, params: &Params) -> Vec<String> {
        let now = self.clock.now();
        let code = params.get("code").and_then(|code| self.memory.codes.peek(code, now)).map(|issued| issued.sign_in);
        let refresh = params.get("refresh_token").and_then(|token| self.memory.refresh_tokens.peek(token, now));
        code.or(refresh).map(|sign_in| sign_in.persona.id.clone()).into_iter().collect()
    }

    /// For whom a system asks about these organisations.
    fn staff(&self, oids: &[u64]) -> Vec<String> {
        oids.iter().filter_map(|oid| self.memory.last_of_staff(*oid)).collect()
    }

    fn ids(&self, wanted: impl Fn(&Persona) -> bool) -> Vec<String> {
        self.people.personas.iter().filter(|persona| wanted(persona)).map(|persona| persona.id.clone()).collect()
    }
}

/// The number in the third part of `/rs/…/{oid}`.
fn oid_in(path: &str) -> Option<u64> {
    path.split('/').nth(3)?.parse().ok()
}
