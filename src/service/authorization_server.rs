//! What this service says of itself as an authorization server (RFC 8414): at its well-known address, and in its entity
//! configuration (OpenID Federation 1.1, entity type `oauth_authorization_server`).

use serde_json::{Value, json};

use super::push_request::DETAILS_TYPE;

/// The metadata document.
pub fn metadata(iss: &str) -> Value {
    json!({
        "issuer": iss,
        "authorization_endpoint": format!("{iss}/oauth/authorize"),
        "pushed_authorization_request_endpoint": format!("{iss}/oauth/par"),
        "require_pushed_authorization_requests": true,
        "token_endpoint": format!("{iss}/oauth/token"),
        "jwks_uri": format!("{iss}/.well-known/jwks.json"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256", "PS256", "EdDSA", "RS256"],
        "authorization_details_types_supported": [DETAILS_TYPE],
        "authorization_response_iss_parameter_supported": true,
        "status_list_aggregation_endpoint": format!("{iss}/status"),
        "ui_locales_supported": ["ru", "en"],
    })
}
