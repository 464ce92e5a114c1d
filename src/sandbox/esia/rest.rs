//! `/rs`: a person's record, contacts and roles, an organisation's record; each field only for a granted scope.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use openssl::sha::sha256;
use serde_json::{Value, json};

use super::faults::Plan;
use super::forge::override_members;
use super::personas::{Membership, Persona};
use super::tokens::AccessClaims;
use super::{Esia, scope};

/// ESIA keeps the time of the last change; the invented people never change.
const UPDATED_ON: i64 = 1_748_779_200;

/// Why the interface shows nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// No token, or none of ours in force.
    #[error("Unauthorized")]
    Unauthorized,
    /// The token does not reach so far.
    #[error("SecurityErrorEnum.scopeNotAllowed")]
    ScopeNotAllowed,
    /// The token reaches, but there is nothing.
    #[error("Not Found")]
    NoSuchObject,
}

impl ResponseError for Refused {
    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Unauthorized => HttpResponse::Unauthorized().insert_header((header::WWW_AUTHENTICATE, "Bearer")).body(self.to_string()),
            Self::ScopeNotAllowed => HttpResponse::Forbidden().json(json!({"code": "ESIA-005029", "message": self.to_string()})),
            Self::NoSuchObject => HttpResponse::NotFound().body(self.to_string()),
        }
    }
}

type Answer = Result<HttpResponse, Refused>;

/// `GET /rs/prns/{oid}[?embed=(contacts.elements)]`
pub(super) async fn person(esia: web::Data<Esia>, request: HttpRequest, oid: web::Path<u64>) -> Answer {
    let (token, persona) = esia.person_in(&request, *oid)?;
    let granted = |name| scope::grants_person(&token.scope, name, persona.oid);
    let mut body = json!({
        "stateFacts": ["EntityRoot"], "trusted": persona.trusted, "status": "REGISTERED", "verifying": false,
        "containsUpCfmCode": false, "rIdDoc": persona.oid % 10_000, "updatedOn": UPDATED_ON,
    });
    if granted("fullname") {
        body["lastName"] = json!(persona.last_name);
        body["firstName"] = json!(persona.first_name);
        body["middleName"] = json!(persona.middle_name);
    }
    for (name, field, value) in [
        ("birthdate", "birthDate", persona.birth_date.as_str()),
        ("birthplace", "birthPlace", "посёлок Примерный"),
        ("gender", "gender", persona.gender.as_str()),
        ("snils", "snils", persona.snils.as_str()),
        ("inn", "inn", persona.inn.as_str()),
        ("id_doc", "citizenship", "RUS"),
    ] {
        if granted(name) && !value.is_empty() {
            body[field] = json!(value);
        }
    }
    if embeds(&request, "contacts.elements") {
        body["contacts"] = collection(contacts_of(persona, &token));
    }
    Ok(tagged_for(&Plan::of(&request), body))
}

/// `GET /rs/prns/{oid}/roles`, always inline.
pub(super) async fn roles(esia: web::Data<Esia>, request: HttpRequest, oid: web::Path<u64>) -> Answer {
    let (token, persona) = esia.person_in(&request, *oid)?;
    if !scope::grants_person(&token.scope, "usr_org", persona.oid) {
        return Err(Refused::ScopeNotAllowed);
    }
    let plan = Plan::of(&request);
    let persona = plan.forgeries().find_map(|forgery| esia.people.persona(forgery.of.as_deref()?)).unwrap_or(persona);
    let roles = persona.memberships.iter().map(|membership| role(persona, membership)).collect();
    Ok(tagged_for(&plan, collection(roles)))
}

/// `GET /rs/prns/{oid}/ctts[?embed=(elements)]`: objects when embedded, addresses otherwise.
pub(super) async fn contacts(esia: web::Data<Esia>, request: HttpRequest, oid: web::Path<u64>) -> Answer {
    let (token, persona) = esia.person_in(&request, *oid)?;
    let mut elements = contacts_of(persona, &token);
    if !embeds(&request, "elements") {
        let address = |contact: &Value| json!(format!("{}/rs/prns/{}/ctts/{}", esia.base_url, persona.oid, contact["id"]));
        elements = elements.iter().map(address).collect();
    }
    Ok(tagged(collection(elements)))
}

/// `GET /rs/prns/{oid}/ctts/{id}`
pub(super) async fn contact(esia: web::Data<Esia>, request: HttpRequest, path: web::Path<(u64, u64)>) -> Answer {
    let (oid, id) = path.into_inner();
    let (token, persona) = esia.person_in(&request, oid)?;
    let contact = contacts_of(persona, &token).into_iter().find(|contact| contact["id"] == id);
    contact.map(tagged).ok_or(Refused::NoSuchObject)
}

/// Collections no invented person has anything in.
pub(super) async fn empty_collection(esia: web::Data<Esia>, request: HttpRequest, path: web::Path<(u64, String)>) -> Answer {
    esia.person_in(&request, path.0)?;
    Ok(tagged(collection(Vec::new())))
}

/// `GET /rs/orgs/{oid}`
pub(super) async fn organisation(esia: web::Data<Esia>, request: HttpRequest, oid: web::Path<u64>) -> Answer {
    let token = esia.bearer(&request)?;
    if !scope::touches_organisation(&token.scope, *oid) {
        return Err(Refused::ScopeNotAllowed);
    }
    let plan = Plan::of(&request);
    let forged = plan.forgeries().find_map(|forgery| forgery.organisation);
    let organisation = esia.people.organisation(forged.unwrap_or(*oid)).ok_or(Refused::NoSuchObject)?;
    let mut body = json!({"stateFacts": ["Identifiable"], "oid": organisation.oid, "isLiquidated": organisation.liquidated});
    for (name, field, value) in [
        ("org_shortname", "shortName", Some(organisation.short_name.as_str())),
        ("org_fullname", "fullName", Some(organisation.full_name.as_str())),
        ("org_type", "type", Some(organisation.org_type.as_str())),
        ("org_ogrn", "ogrn", organisation.ogrn.as_deref()),
        ("org_inn", "inn", organisation.inn.as_deref()),
        ("org_kpp", "kpp", organisation.kpp.as_deref()),
        ("org_leg", "leg", Some(organisation.okopf.as_str())),
        ("org_oktmo", "oktmo", organisation.oktmo.as_deref()),
        ("org_agencytype", "agencyType", organisation.agency_type.as_deref()),
        ("org_agencyterrange", "agencyTerRange", organisation.territory.as_deref()),
    ] {
        if let Some(value) = value.filter(|_| scope::grants_organisation(&token.scope, name, *oid)) {
            body[field] = organisation.record.get(field).cloned().unwrap_or_else(|| json!(value));
        }
    }
    Ok(tagged_for(&plan, body))
}

impl Esia {
    /// The request's token, if it is one of ours and in force.
    fn bearer(&self, request: &HttpRequest) -> Result<AccessClaims, Refused> {
        let sent = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        // RFC 7235 §2.1: the scheme is case-insensitive.
        let token = sent.and_then(|sent| sent.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        token.and_then(|(_, token)| self.open_access_token(token.trim(), self.now(&Plan::of(request)))).ok_or(Refused::Unauthorized)
    }

    /// The person the token speaks for, who must be the one asked about.
    fn person_in(&self, request: &HttpRequest, oid: u64) -> Result<(AccessClaims, &Arc<Persona>), Refused> {
        let token = self.bearer(request)?;
        let persona = self.people.personas.iter().find(|persona| persona.oid == oid && token.subject == Some(oid));
        Ok((token, persona.ok_or(Refused::ScopeNotAllowed)?))
    }
}

fn role(persona: &Persona, membership: &Membership) -> Value {
    let organisation = &membership.organisation;
    let mut role = json!({
        "oid": organisation.oid, "prnOid": persona.oid, "fullName": organisation.full_name, "shortName": organisation.short_name,
        "type": organisation.org_type.as_str(), "chief": membership.chief, "admin": membership.admin,
        "active": membership.active, "hasRightOfSubstitution": membership.chief, "hasApprovalTabAccess": false,
        "isLiquidated": organisation.liquidated,
    });
    if let Some(ogrn) = &organisation.ogrn {
        role["ogrn"] = json!(ogrn);
    }
    if let Some(branch) = &membership.branch {
        role["branchOid"] = json!(branch.oid);
        if let Some(name) = &branch.name {
            role["branchName"] = json!(name);
        }
    }
    role
}

/// Contacts the token may see. Addresses in `.example` (RFC 2606) reach nobody.
fn contacts_of(persona: &Persona, token: &AccessClaims) -> Vec<Value> {
    let granted =
        |name| scope::grants_person(&token.scope, name, persona.oid) || scope::grants_person(&token.scope, "contacts", persona.oid);
    let entry = |id: u64, kind: &str, value: String| json!({"stateFacts": ["Identifiable"], "id": id, "type": kind, "vrfStu": "VERIFIED", "value": value});
    let number = persona.oid % 10_000;
    let mut contacts = Vec::new();
    if granted("email") {
        contacts.push(entry(number * 10 + 1, "EML", format!("{}@primerny.example", persona.id)));
    }
    if granted("mobile") {
        contacts.push(entry(number * 10 + 2, "MBT", format!("+7(999)000{number:04}")));
    }
    contacts
}

fn collection(elements: Vec<Value>) -> Value {
    json!({"stateFacts": ["hasSize"], "size": elements.len(), "elements": elements})
}

/// Whether the request's `embed=(a,b)` names `what`.
fn embeds(request: &HttpRequest, what: &str) -> bool {
    url::form_urlencoded::parse(request.query_string().as_bytes())
        .filter(|(name, _)| name == "embed")
        .any(|(_, value)| value.trim_matches(['(', ')']).split(',').any(|word| word.trim() == what))
}

/// The body with whatever is to be forged about it.
fn tagged_for(plan: &Plan, mut body: Value) -> HttpResponse {
    if let Some(members) = body.as_object_mut() {
        plan.forgeries().for_each(|forgery| override_members(members, &forgery.answer));
    }
    tagged(body)
}

/// Adds the `eTag` every body carries.
fn tagged(mut body: Value) -> HttpResponse {
    let digest = sha256(body.to_string().as_bytes());
    body["eTag"] = json!(digest[..20].iter().map(|byte| format!("{byte:02X}")).collect::<String>());
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}
