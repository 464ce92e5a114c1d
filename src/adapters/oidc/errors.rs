//! The table from OAuth's and OpenID Connect's error words to our codes, and the ways to build an [`IdpError`].
//!
//! A provider's own texts are never passed on: they can name the person. Its error word is, if it is one of the words below.

use crate::domain::refusal::RefusalCode::{self, F01, F17, F18, F19, F20, F21};
use crate::ports::identity_provider::IdpError;

/// The word, our code, and what it means for the operator. RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6,
/// RFC 6750 §3.1, and three words from the field.
const TABLE: [(&str, RefusalCode, &str); 22] = [
    ("access_denied", F01, "the person or the provider declined"),
    ("account_selection_required", F19, "the provider wants the person to choose an account; do not send prompt=none"),
    ("consent_required", F01, "the person has not consented; do not send prompt=none"),
    ("insufficient_scope", F17, "the token lacks a scope for userinfo; have the scopes of idp.oidc.scopes granted to this client"),
    ("interaction_required", F19, "the provider wants to show the person something; do not send prompt=none"),
    ("invalid_client", F17, "the provider does not accept our proof; compare client_id, client_authentication, secret or key and kid"),
    ("invalid_grant", F19, "the code is used, expired, of another redirect address, of another client or of another PKCE challenge"),
    ("invalid_redirect_uri", F20, "our callback address is not registered; register {public_url}/oauth/callback/oidc"),
    ("invalid_request", F17, "a parameter is missing, wrong or repeated; compare idp.oidc.authorize_parameters with the registration"),
    ("invalid_request_object", F17, "the provider expects a signed request; this service sends plain parameters"),
    ("invalid_scope", F17, "a scope of idp.oidc.scopes does not exist or is not granted to this client"),
    ("invalid_token", F17, "the provider does not accept its own access token at userinfo"),
    ("login_required", F19, "the provider wants the person to sign in; do not send prompt=none"),
    ("redirect_uri_mismatch", F20, "our callback address is not registered; register {public_url}/oauth/callback/oidc"),
    ("registration_not_supported", F17, "the provider took the request for a self-registration"),
    ("request_not_supported", F17, "the provider does not take request objects; remove `request` from its demands"),
    ("server_error", F18, "the provider met an unexpected condition"),
    ("temporarily_unavailable", F18, "the provider is overloaded or in maintenance"),
    ("unauthorized_client", F17, "this client may not use the authorization code flow; compare its registration"),
    ("unmet_authentication_requirements", F21, "the provider could not reach the level of idp.oidc.required_acr for this person"),
    ("unsupported_grant_type", F17, "the provider does not offer the authorization code grant"),
    ("unsupported_response_type", F17, "the provider does not offer response_type=code to this client"),
];

/// An error of ours about the provider.
pub(super) fn fault(code: RefusalCode, detail: impl Into<String>) -> IdpError {
    IdpError::new(code, detail)
}

/// The error for what the provider said. `text` is looked at and never kept.
pub(super) fn explain(error: &str, text: &str) -> IdpError {
    let Ok(at) = TABLE.binary_search_by_key(&error, |(word, ..)| word) else {
        return fault(F17, "the provider refused with an error word this version does not know");
    };
    let (word, code, detail) = TABLE[at];
    // Many providers have no word of their own for it.
    let (code, detail) = if word == "invalid_request" && text.contains("redirect_uri") {
        (F20, "the provider complains about our callback address; register {public_url}/oauth/callback/oidc")
    } else {
        (code, detail)
    };
    IdpError { upstream: Some(word.to_owned()), ..IdpError::new(code, format!("{word}: {detail}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_no_doubles() {
        assert!(TABLE.windows(2).all(|w| w[0].0 < w[1].0));
    }

    #[test]
    fn each_word_has_its_refusal_and_no_text_of_the_provider_is_kept() {
        for (word, code) in [
            ("access_denied", F01),
            ("login_required", F19),
            ("interaction_required", F19),
            ("temporarily_unavailable", F18),
            ("server_error", F18),
            ("invalid_client", F17),
            ("unauthorized_client", F17),
            ("invalid_grant", F19),
            ("redirect_uri_mismatch", F20),
            ("unmet_authentication_requirements", F21),
        ] {
            let e = explain(word, "Иванов Иван refused");
            assert_eq!((e.code, e.upstream.as_deref()), (code, Some(word)));
            assert!(!e.detail.contains("Иванов"), "{}", e.detail);
        }
        assert_eq!(explain("invalid_request", "redirect_uri is not registered").code, F20);
        for unknown in ["", "+79990000000", "access_denied\n", "ACCESS_DENIED"] {
            let e = explain(unknown, unknown);
            assert_eq!((e.code, e.upstream), (F17, None), "{unknown}");
            assert!(unknown.is_empty() || !e.detail.contains(unknown));
        }
    }
}
