//! ESIA's own errors: the numbered codes, the OAuth word each goes with, and the two shapes they travel in. What counts as an error is
//! decided elsewhere.

use actix_web::HttpResponse;
use actix_web::http::header;
use serde_json::json;
use url::Url;

/// The codes the stand-in answers with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Code {
    /// A parameter is wrong or repeated.
    InvalidParameter,
    /// The person declined.
    Declined,
    /// Unknown system.
    ClientNotAllowed,
    /// No such scope, or not as it was in the first request.
    BadScope,
    /// The stand-in cannot do it.
    ServerError,
    /// Another `response_type` than `code`.
    UnsupportedResponse,
    /// Code or refresh token used, expired, or another client's.
    InvalidGrant,
    /// Unknown `grant_type`.
    UnsupportedGrant,
    /// The scope is empty.
    NoScope,
    /// Something mandatory is missing.
    MissingParameter,
    /// `timestamp` unreadable or too far from our clock.
    WrongTime,
    /// Not a registered return address.
    RedirectNotAllowed,
    /// A verifier although the first request had no challenge.
    PkceNotStarted,
    /// Challenge and verifier disagree.
    PkceMismatch,
    /// The signature or the certificate is wrong.
    SecretWrong,
    /// An organisation the person does not work in.
    NotEmployee,
}

impl Code {
    /// Number, OAuth error word, and ESIA's text. The texts of 007005, 007011 and 007053 are those seen in the field; ESIA took the
    /// wording of RFC 6749 §4.1.2.1 and §5.2, so the others follow it too.
    const fn entry(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::InvalidParameter => {
                ("007003", "invalid_request", "The request includes an invalid parameter value or a repeated parameter.")
            }
            Self::Declined => ("007004", "access_denied", "The resource owner or authorization server denied the request."),
            Self::ClientNotAllowed => {
                ("007005", "unauthorized_client", "The client is not authorized to request an access token using this method.")
            }
            Self::BadScope => ("007006", "invalid_scope", "The requested scope is invalid, unknown, or malformed."),
            Self::ServerError => ("007007", "server_error", "The authorization server encountered an unexpected condition."),
            Self::UnsupportedResponse => {
                ("007009", "unsupported_response_type", "The authorization server does not support this response type.")
            }
            Self::InvalidGrant => (
                "007011",
                "invalid_grant",
                "The provided authorization grant or refresh token is invalid, expired, revoked, does not match the redirection URI used \
                 in the authorization request, or was issued to another client.",
            ),
            Self::UnsupportedGrant => ("007012", "unsupported_grant_type", "The authorization grant type is not supported."),
            Self::NoScope => ("007013", "invalid_scope", "The request does not contain any scope."),
            Self::MissingParameter => ("007014", "invalid_request", "The request doesn`t contain the mandatory parameter"),
            Self::WrongTime => ("007015", "invalid_request", "The request time is wrong."),
            Self::RedirectNotAllowed => ("007023", "invalid_request", "The redirect_uri is not among the allowed."),
            Self::PkceNotStarted => ("007039", "invalid_grant", "The authorization request did not contain code_challenge."),
            Self::PkceMismatch => ("007040", "invalid_grant", "The code_verifier does not match the code_challenge."),
            Self::SecretWrong => ("007053", "access_denied", "OAuthErrorEnum.clientSecretWrong"),
            Self::NotEmployee => ("007194", "access_denied", "The user is not an employee of the requested organisation."),
        }
    }
}

/// One refused request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fault {
    /// Which error.
    pub(super) code: Code,
    text: String,
}

impl From<Code> for Fault {
    fn from(code: Code) -> Self {
        Self { code, text: code.entry().2.to_owned() }
    }
}

impl Fault {
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
        format!("ESIA-{}: {}", self.code.entry().0, self.text)
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
}
