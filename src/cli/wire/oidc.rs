//! The OpenID Connect adapter from the configuration.

use std::fs;
use std::sync::Arc;

use super::WireError;
use crate::adapters::oidc::{AssertionAlg, AssertionAudience, ClaimMap, ClientAuthentication, Flag, OidcProvider, OidcSettings, TokenAlg};
use crate::config::{
    AssertionAlgorithm, AssertionAudience as Audience, ClientMethod, Config, IdTokenAlgorithm, Oidc, OidcClaims, OidcFlag,
};
use crate::ports::{Entropy, IdentityProvider};

/// The configured provider.
///
/// # Errors
/// [`WireError`] naming the setting or file.
pub fn provider(config: &Config, entropy: Arc<dyn Entropy>) -> Result<Arc<dyn IdentityProvider>, WireError> {
    let o = &config.idp.oidc;
    let needed = |what: &Option<String>, name: &str| what.clone().ok_or_else(|| WireError(format!("idp.oidc.{name} is missing")));
    let settings = OidcSettings {
        issuer: needed(&o.issuer, "issuer")?,
        name: o.name.clone(),
        client_id: needed(&o.client_id, "client_id")?,
        authentication: authentication(o)?,
        scopes: o.scopes.clone(),
        authorize_parameters: o.authorize_parameters.clone(),
        algorithms: o.algorithms.iter().map(token_alg).collect(),
        required_acr: o.required_acr.clone(),
        userinfo: o.userinfo,
        claims: claim_map(&o.claims),
        leeway: o.leeway,
        max_token_age: o.max_token_age,
        metadata_lifetime: o.metadata_lifetime,
        keys_lifetime: o.keys_lifetime,
        connect_timeout: o.connect_timeout,
        timeout: o.timeout,
        max_response_bytes: o.max_response_bytes,
        allow_loopback_http: config.dev,
    };
    Ok(Arc::new(OidcProvider::new(settings, entropy).map_err(WireError::new)?))
}

const fn token_alg(a: &IdTokenAlgorithm) -> TokenAlg {
    match a {
        IdTokenAlgorithm::Rs256 => TokenAlg::Rs256,
        IdTokenAlgorithm::Ps256 => TokenAlg::Ps256,
        IdTokenAlgorithm::Es256 => TokenAlg::Es256,
        IdTokenAlgorithm::Es384 => TokenAlg::Es384,
        IdTokenAlgorithm::EdDsa => TokenAlg::EdDsa,
    }
}

fn authentication(o: &Oidc) -> Result<ClientAuthentication, WireError> {
    let secret = || {
        let secret = o.client_secret.as_ref().map(|s| s.expose().clone());
        secret.ok_or_else(|| WireError("idp.oidc.client_secret is missing".to_owned()))
    };
    Ok(match o.client_authentication {
        ClientMethod::SecretBasic => ClientAuthentication::SecretBasic(secret()?),
        ClientMethod::SecretPost => ClientAuthentication::SecretPost(secret()?),
        ClientMethod::PrivateKeyJwt => {
            let path = o.private_key_file.as_ref().ok_or_else(|| WireError("idp.oidc.private_key_file is missing".to_owned()))?;
            ClientAuthentication::PrivateKeyJwt {
                private_key: fs::read(path).map_err(|e| WireError(format!("cannot read {}: {e}", path.display())))?,
                algorithm: match o.private_key_algorithm {
                    AssertionAlgorithm::Es256 => AssertionAlg::Es256,
                    AssertionAlgorithm::Rs256 => AssertionAlg::Rs256,
                    AssertionAlgorithm::Ps256 => AssertionAlg::Ps256,
                },
                key_id: o.private_key_id.clone(),
                audience: match o.assertion_audience {
                    Audience::Issuer => AssertionAudience::Issuer,
                    Audience::TokenEndpoint => AssertionAudience::TokenEndpoint,
                },
            }
        }
    })
}

fn claim_map(c: &OidcClaims) -> ClaimMap {
    let flag = |f: &OidcFlag| f.pointer.clone().map(|pointer| Flag { pointer, accepted: f.accepted.clone() });
    // The configuration lets neither of the two be off; if it did, nothing would be found at an empty list of values.
    let needed = |f: &OidcFlag| flag(f).unwrap_or(Flag { pointer: String::new(), accepted: Vec::new() });
    ClaimMap {
        subject: c.subject.clone(),
        confirmed: needed(&c.confirmed),
        organisations: c.organisations.clone(),
        id: c.id.clone(),
        ogrn: c.ogrn.clone(),
        full_name: c.full_name.clone(),
        short_name: c.short_name.clone(),
        inn: c.inn.clone(),
        kpp: c.kpp.clone(),
        okopf: c.okopf.clone(),
        oktmo: c.oktmo.clone(),
        agency_type: c.agency_type.clone(),
        agency_territory: c.agency_territory.clone(),
        org_type: c.org_type.clone(),
        agency_words: c.type_agency.clone(),
        legal_words: c.type_legal.clone(),
        business_words: c.type_business.clone(),
        chief: flag(&c.chief),
        admin: flag(&c.admin),
        active: needed(&c.active),
        liquidated: flag(&c.liquidated),
        branch_id: c.branch_id.clone(),
        branch_name: c.branch_name.clone(),
    }
}
