//! ESIA's REST reads: the person, the person's organisations, an organisation. Bodies as captured in the field; members not
//! known here are passed over, since ESIA adds some without notice.

use oauth2::HttpRequest;
use oauth2::http::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use oauth2::http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::errors::{explain, fault};
use super::transport::At;
use crate::domain::refusal::RefusalCode::{F17, F18};
use crate::ports::identity_provider::{IdpError, RoleBranch, RoleOrgType, UnverifiedOrganisation, UnverifiedRole};

/// A member sent as text by some stands and as a number by others.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    Word(String),
    Number(u64),
}

impl Text {
    fn into_string(self) -> String {
        match self {
            Self::Word(s) => s,
            Self::Number(n) => n.to_string(),
        }
    }
}

/// `None` also for an empty text, as ESIA writes `"leg":""`.
fn filled(text: Option<Text>) -> Option<String> {
    text.map(Text::into_string).filter(|s| !s.trim().is_empty())
}

/// `/rs/prns/{oid}`.
#[derive(Deserialize)]
pub(super) struct RawPerson {
    /// Whether the account is confirmed.
    pub trusted: Option<bool>,
}

/// `/rs/prns/{oid}/roles`; `size` says nothing the list does not.
#[derive(Deserialize)]
pub(super) struct RawRoles {
    elements: Option<Vec<RawRole>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRole {
    oid: Text,
    prn_oid: Option<Text>,
    full_name: Option<String>,
    short_name: Option<String>,
    ogrn: Option<Text>,
    #[serde(rename = "type")]
    org_type: Option<String>,
    // Missing flags count against the person: nothing is granted by silence.
    chief: Option<bool>,
    admin: Option<bool>,
    active: Option<bool>,
    is_liquidated: Option<bool>,
    branch_oid: Option<Text>,
    branch_name: Option<String>,
}

impl RawRoles {
    pub(super) fn into_roles(self, person: u64) -> Result<Vec<UnverifiedRole>, IdpError> {
        let person = person.to_string();
        self.elements.unwrap_or_default().into_iter().map(|r| r.into_role(&person)).collect()
    }
}

impl RawRole {
    fn into_role(self, person: &str) -> Result<UnverifiedRole, IdpError> {
        if filled(self.prn_oid).is_some_and(|oid| oid != person) {
            return Err(fault(F17, "ESIA's list of roles is about another person than the token"));
        }
        let branch_name = self.branch_name.filter(|n| !n.is_empty());
        let branch = match (filled(self.branch_oid), branch_name) {
            (None, None) => None,
            // Half a branch is a branch: it must not pass for the head office, whose OGRN it shares.
            (oid, name) => Some(RoleBranch { oid: oid.unwrap_or_default(), name: name.unwrap_or_default() }),
        };
        Ok(UnverifiedRole {
            oid: checked_oid(&self.oid.into_string())?.to_owned(),
            full_name: self.full_name.unwrap_or_default(),
            short_name: self.short_name.unwrap_or_default(),
            ogrn: filled(self.ogrn),
            org_type: match self.org_type.as_deref() {
                Some("AGENCY") => RoleOrgType::Agency,
                Some("LEGAL") => RoleOrgType::Legal,
                Some("BUSINESS") => RoleOrgType::Business,
                _ => RoleOrgType::Other,
            },
            chief: self.chief.unwrap_or(false),
            admin: self.admin.unwrap_or(false),
            active: self.active.unwrap_or(false),
            liquidated: self.is_liquidated.unwrap_or(false),
            branch,
        })
    }
}

/// `/rs/orgs/{oid}`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawOrganisation {
    oid: Option<Text>,
    full_name: Option<String>,
    short_name: Option<String>,
    ogrn: Option<Text>,
    inn: Option<Text>,
    kpp: Option<Text>,
    leg: Option<Text>,
    oktmo: Option<Text>,
    agency_type: Option<Text>,
    agency_ter_range: Option<Text>,
    is_liquidated: Option<bool>,
}

impl RawOrganisation {
    pub(super) fn into_organisation(self, asked: &str) -> Result<UnverifiedOrganisation, IdpError> {
        if filled(self.oid).is_some_and(|oid| oid != asked) {
            return Err(fault(F17, "ESIA answered with another organisation than was asked for"));
        }
        Ok(UnverifiedOrganisation {
            full_name: self.full_name.filter(|s| !s.is_empty()),
            short_name: self.short_name.filter(|s| !s.is_empty()),
            ogrn: filled(self.ogrn),
            inn: filled(self.inn),
            kpp: filled(self.kpp),
            okopf: filled(self.leg),
            oktmo: filled(self.oktmo),
            agency_type: filled(self.agency_type),
            agency_territory: filled(self.agency_ter_range),
            liquidated: self.is_liquidated,
        })
    }
}

/// An id as ESIA makes them: digits. Anything else would change the path or the scope it is put into.
pub(super) fn checked_oid(oid: &str) -> Result<&str, IdpError> {
    if (1..=20).contains(&oid.len()) && oid.bytes().all(|b| b.is_ascii_digit()) {
        Ok(oid)
    } else {
        Err(fault(F17, "an organisation's id at ESIA is not a number"))
    }
}

#[derive(Deserialize)]
struct RestError {
    code: Option<String>,
    message: Option<String>,
}

/// Reads one object with a bearer token.
pub(super) async fn get<T: DeserializeOwned>(url: String, token: &str, http: &At<'_>) -> Result<T, IdpError> {
    let mut bearer =
        HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| fault(F17, "the access token does not fit into a header"))?;
    bearer.set_sensitive(true);
    let mut request = HttpRequest::new(Vec::new());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = url.try_into().map_err(|_| fault(F17, "an address at ESIA cannot be formed; check esia.base_url"))?;
    request.headers_mut().insert(AUTHORIZATION, bearer);
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));

    let answer = http.transport.send(request, http.now).await?;
    let body = answer.body();
    if answer.status() != StatusCode::OK {
        return Err(rest_error(answer.status(), body));
    }
    serde_json::from_slice(body).map_err(|_| {
        // Told apart for the operator: a page in place of JSON passes by itself, a changed body does not.
        if serde_json::from_slice::<IgnoredAny>(body).is_err() {
            fault(F18, "ESIA's answer is not JSON; it may be a maintenance page")
        } else {
            fault(F17, "ESIA's answer has a member of the wrong type")
        }
    })
}

fn rest_error(status: StatusCode, body: &[u8]) -> IdpError {
    let said: Option<RestError> = serde_json::from_slice(body).ok();
    if let Some(RestError { code: Some(code), message }) = said
        && code.starts_with("ESIA-")
    {
        return explain("", &format!("{code}: {}", message.unwrap_or_default()));
    }
    let code = if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS { F18 } else { F17 };
    fault(code, format!("ESIA refused a read with status {}", status.as_u16()))
}
