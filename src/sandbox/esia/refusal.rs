//! ESIA's own errors: the numbered codes, the OAuth word each goes with, and the shapes they travel in. What counts as an error is
//! decided elsewhere.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

/// Every code known in public. Those no request can cause here are reached by a fault of the kind `error`. The table below has a text
/// for each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub(super) enum Code {
    ScopeNotAllowed,
    CertificateMismatch,
    InvalidParameter,
    Declined,
    ClientNotAllowed,
    BadScope,
    ServerError,
    Overloaded,
    UnsupportedResponse,
    InvalidGrant,
    UnsupportedGrant,
    NoScope,
    MissingParameter,
    WrongTime,
    NoPermission,
    RedirectNotAllowed,
    Unreadable,
    PkceNotStarted,
    PkceMismatch,
    NoSecondFactor,
    SecretWrong,
    NotConfirmed,
    WrongRoles,
    WrongObjectType,
    WrongUserType,
    NotEmployee,
    ClientUnknown,
    ConsentTypeMissing,
    ConsentTypeUnknown,
    ConsentScopeMissing,
    ConsentScopeTooWide,
    ConsentScopeForbidden,
    ConsentActionMissing,
    ConsentActionUnknown,
    ConsentPurposeMissing,
    ConsentWrongExpiry,
    ConsentPurposeUnknown,
    ConsentOnePurpose,
    NoGrants,
}

/// Code, number, OAuth word, text. The texts of 007005, 007011, 007014, 007053, 005029 and of the code without a number are those seen
/// in the field; ESIA took the wording of RFC 6749 §4.1.2.1 and §5.2, so the others follow it, or say in English what the
/// published list of codes says. The OAuth words of 007002, 007019 and of all from 007046 on, 007053 and 007194 excepted, are not public.
#[rustfmt::skip]
const TABLE: [(Code, &str, &str, &str); 39] = [
    (Code::ScopeNotAllowed, "005029", "insufficient_scope", "SecurityErrorEnum.scopeNotAllowed"),
    (Code::CertificateMismatch, "007002", "unauthorized_client", "The certificate does not belong to the mnemonic, or the system has none."),
    (Code::InvalidParameter, "007003", "invalid_request", "The request includes an invalid parameter value or a repeated parameter."),
    (Code::Declined, "007004", "access_denied", "The resource owner or authorization server denied the request."),
    (Code::ClientNotAllowed, "007005", "unauthorized_client", "The client is not authorized to request an access token using this method."),
    (Code::BadScope, "007006", "invalid_scope", "The requested scope is invalid, unknown, or malformed."),
    (Code::ServerError, "007007", "server_error", "The authorization server encountered an unexpected condition."),
    (Code::Overloaded, "007008", "temporarily_unavailable", "The authorization server is currently unable to handle the request due to a \
      temporary overloading or maintenance of the server."),
    (Code::UnsupportedResponse, "007009", "unsupported_response_type", "The authorization server does not support this response type."),
    (Code::InvalidGrant, "007011", "invalid_grant", "The provided authorization grant or refresh token is invalid, expired, revoked, does \
      not match the redirection URI used in the authorization request, or was issued to another client."),
    (Code::UnsupportedGrant, "007012", "unsupported_grant_type", "The authorization grant type is not supported."),
    (Code::NoScope, "007013", "invalid_scope", "The request does not contain any scope."),
    (Code::MissingParameter, "007014", "invalid_request", "The request doesn`t contain the mandatory parameter"),
    (Code::WrongTime, "007015", "invalid_request", "The request time is wrong."),
    (Code::NoPermission, "007019", "access_denied", "There is no permission for the access."),
    (Code::RedirectNotAllowed, "007023", "invalid_request", "The redirect_uri is not among the allowed."),
    (Code::Unreadable, "007038", "invalid_request", "The parameters of the request cannot be read."),
    (Code::PkceNotStarted, "007039", "invalid_grant", "The authorization request did not contain code_challenge."),
    (Code::PkceMismatch, "007040", "invalid_grant", "The code_verifier does not match the code_challenge."),
    (Code::NoSecondFactor, "007046", "access_denied", "A second factor is required and not available to the user."),
    (Code::SecretWrong, "007053", "access_denied", "OAuthErrorEnum.clientSecretWrong"),
    (Code::NotConfirmed, "007055", "access_denied", "The account of the user is not confirmed."),
    (Code::WrongRoles, "007060", "invalid_request", "The value of the parameter roles is wrong."),
    (Code::WrongObjectType, "007061", "invalid_request", "The value of the parameter obj_type is wrong."),
    (Code::WrongUserType, "007062", "access_denied", "The type or role of the user is not the requested one."),
    (Code::NotEmployee, "007194", "access_denied", "The user is not an employee of the requested organisation."),
    (Code::ClientUnknown, "008010", "invalid_client", "The client cannot be authenticated."),
    (Code::ConsentTypeMissing, "036700", "invalid_request", "The mnemonic of the consent type is missing."),
    (Code::ConsentTypeUnknown, "036701", "invalid_request", "There is no such consent type."),
    (Code::ConsentScopeMissing, "036702", "invalid_scope", "A scope which the consent type demands is missing."),
    (Code::ConsentScopeTooWide, "036703", "invalid_scope", "The scopes go beyond what the consent type permits."),
    (Code::ConsentScopeForbidden, "036704", "invalid_scope", "The consent type takes no scopes."),
    (Code::ConsentActionMissing, "036705", "invalid_request", "At least one action is needed."),
    (Code::ConsentActionUnknown, "036706", "invalid_request", "There is no such action."),
    (Code::ConsentPurposeMissing, "036707", "invalid_request", "At least one purpose is needed."),
    (Code::ConsentWrongExpiry, "036716", "invalid_request", "The time of expiry of the consent is wrong."),
    (Code::ConsentPurposeUnknown, "036726", "invalid_request", "There is no such purpose."),
    (Code::ConsentOnePurpose, "036727", "invalid_request", "Exactly one purpose is needed."),
    (Code::NoGrants, "", "access_denied", "OAuthErrorEnum.noGrants"),
];

impl From<Code> for &'static str {
    fn from(code: Code) -> Self {
        code.name()
    }
}

impl TryFrom<String> for Code {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| {
            let known: Vec<&str> = TABLE.iter().map(|(code, ..)| code.name()).collect();
            format!("there is no code {text:?}; there are {}", known.join(", "))
        })
    }
}

/// How the code without a number is named in faults.
const NO_GRANTS: &str = "noGrants";

impl Code {
    fn entry(self) -> (&'static str, &'static str, &'static str) {
        let found = TABLE.iter().find(|(code, ..)| *code == self);
        // A test holds that every code stands in the table.
        found.map_or(("007007", "server_error", ""), |(_, number, word, text)| (*number, *word, *text))
    }

    /// Reads `007053`, `ESIA-007053` or `noGrants`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let wanted = text.strip_prefix("ESIA-").unwrap_or(text);
        TABLE
            .iter()
            .find(|(code, number, ..)| *number == wanted && !number.is_empty() || *code == Self::NoGrants && wanted == NO_GRANTS)
            .map(|e| e.0)
    }

    /// As [`Code::parse`] reads it.
    pub(super) fn name(self) -> &'static str {
        if self == Self::NoGrants { NO_GRANTS } else { self.entry().0 }
    }

    /// Every code with its text, for a list to choose from.
    pub(super) fn all() -> impl Iterator<Item = (Self, &'static str)> {
        TABLE.iter().map(|(code, _, _, text)| (*code, *text))
    }
}

/// One refused request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    /// Which error.
    pub(super) code: Code,
    text: String,
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self { code, text: code.entry().2.to_owned() }
    }
}

impl Refusal {
    /// With a text of the stand-in's own, where the cause is worth telling.
    pub(super) fn because(code: Code, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    /// 007014 with the names ESIA lists in brackets.
    pub(super) fn missing(names: &[&str]) -> Self {
        Self { code: Code::MissingParameter, text: format!("{} [{}].", Code::MissingParameter.entry().2, names.join(", ")) }
    }

    /// `ESIA-007053: OAuthErrorEnum.clientSecretWrong`
    pub(super) fn description(&self) -> String {
        match self.code.entry().0 {
            "" => self.text.clone(),
            number => format!("ESIA-{number}: {}", self.text),
        }
    }

    /// Sends the browser back with the error. The caller has made sure that the address is registered.
    pub(super) fn redirect(&self, redirect_uri: &Url, state: Option<&str>) -> HttpResponse {
        let mut to = redirect_uri.clone();
        to.query_pairs_mut().append_pair("error_description", &self.description());
        if let Some(state) = state {
            to.query_pairs_mut().append_pair("state", state);
        }
        to.query_pairs_mut().append_pair("error", self.code.entry().1);
        HttpResponse::Found().insert_header((header::LOCATION, to.as_str())).finish()
    }

    /// The token endpoint's answer.
    pub(super) fn json(&self, state: Option<&str>) -> HttpResponse {
        let mut body = json!({"error": self.code.entry().1, "error_description": self.description()});
        if let Some(state) = state {
            body["state"] = json!(state);
        }
        HttpResponse::BadRequest().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
    }

    /// The REST interface's answer. Only that of 005029 has been seen; 403 is the one status clients are known to handle beside 401.
    pub(super) fn rest(&self) -> HttpResponse {
        let status = match self.code {
            Code::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Code::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::FORBIDDEN,
        };
        let number = self.code.entry().0;
        let code = if number.is_empty() { self.text.clone() } else { format!("ESIA-{number}") };
        HttpResponse::build(status).json(json!({"code": code, "message": self.text}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_sorted() {
        assert!(TABLE[..38].windows(2).all(|w| w[0].1 < w[1].1));
        for (at, (code, ..)) in TABLE.iter().enumerate() {
            assert_eq!(*code as usize, at, "{code:?}: the table follows the list of codes");
            assert_eq!(Code::parse(code.name()), Some(*code));
        }
        assert_eq!(Code::parse("ESIA-007053"), Some(Code::SecretWrong));
        for bad in ["", "7053", "ESIA-", "nogrants"] {
            assert_eq!(Code::parse(bad), None, "{bad}");
        }
    }
}
