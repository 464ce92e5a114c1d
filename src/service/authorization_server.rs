//! What this service says of itself as an authorization server (RFC 8414): at its well-known address, and in its entity
//! configuration (OpenID Federation 1.1, entity type `oauth_authorization_server`).

use serde_json::{Value, json};

use super::App;
use super::push_request::DETAILS_TYPE;

/// Signature algorithms of client assertions (FAPI 2.0 §5.4).
const ASSERTION_ALGORITHMS: [&str; 4] = ["ES256", "PS256", "EdDSA", "RS256"];

/// The metadata document.
pub fn metadata(app: &App) -> Value {
    let iss = &app.settings.issuer;
    let mut methods = vec!["client_secret_basic", "private_key_jwt"];
    if app.settings.mtls.is_some() {
        methods.push("self_signed_tls_client_auth");
        if app.certificates.has_authorities() {
            methods.push("tls_client_auth");
        }
    }
    let mut metadata = json!({
        "issuer": iss,
        "authorization_endpoint": format!("{iss}/oauth/authorize"),
        "pushed_authorization_request_endpoint": format!("{iss}/oauth/par"),
        "require_pushed_authorization_requests": true,
        "token_endpoint": format!("{iss}/oauth/token"),
        "revocation_endpoint": format!("{iss}/oauth/revoke"),
        "introspection_endpoint": format!("{iss}/oauth/introspect"),
        "jwks_uri": format!("{iss}/.well-known/jwks.json"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
        // RFC 9701 §7.
        "introspection_signing_alg_values_supported": ["ES256"],
        "authorization_details_types_supported": [DETAILS_TYPE],
        "authorization_response_iss_parameter_supported": true,
        "status_list_aggregation_endpoint": format!("{iss}/status"),
        "ui_locales_supported": ["ru", "en"],
    });
    if let Some(mtls) = &app.settings.mtls {
        // RFC 8705 §3.3 and §5.
        metadata["tls_client_certificate_bound_access_tokens"] = true.into();
        if let Some(origin) = &mtls.origin {
            metadata["mtls_endpoint_aliases"] = json!({
                "token_endpoint": format!("{origin}/oauth/token"),
                "revocation_endpoint": format!("{origin}/oauth/revoke"),
                "introspection_endpoint": format!("{origin}/oauth/introspect"),
                "pushed_authorization_request_endpoint": format!("{origin}/oauth/par"),
            });
        }
    }
    metadata
}
