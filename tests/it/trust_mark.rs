//! Other people's software (the `openid-federation` crate) takes our attestation for a trust mark, and for nothing else.

use gosbadge::domain::time::Timestamp;
use gosbadge::verifier::Verifier;
use openid_federation::{EntityConfiguration, JwkSet, JwtArtifactType, JwtProcessor, TrustMark};
use serde_json::Value;

use crate::test_issuer::{TestIssuer, tampered};

const ISS: &str = "https://badge.example.ru";

fn keys(issuer: &TestIssuer) -> JwkSet {
    serde_json::from_str(&issuer.key_set()).unwrap()
}

#[test]
fn passes_as_a_trust_mark() {
    let issuer = TestIssuer::new(ISS);
    let token = issuer.attestation(issuer.now + 3600);
    let mark: TrustMark = JwtProcessor::new().verify_jwt_with_jwks(&token, &keys(&issuer), JwtArtifactType::TrustMark).unwrap();
    let ours = Verifier::new(ISS, issuer.key_set().as_bytes()).unwrap();
    let claims = ours.attestation(&token, Timestamp::from_secs(issuer.now)).unwrap().claims;
    assert_eq!(mark.trust_mark_type, claims.trust_mark_type);
    assert_eq!((mark.claims.iat, mark.claims.exp), (claims.iat, claims.exp));
    assert_eq!(mark.logo_uri.map(String::from), Some(claims.logo_uri));
    assert_eq!(serde_json::to_value(&mark.claims.sub).unwrap(), Value::from(claims.sub));
}

#[test]
fn is_refused_as_an_entity_statement() {
    let issuer = TestIssuer::new(ISS);
    let token = issuer.attestation(issuer.now + 3600);
    let read = JwtProcessor::new().verify_jwt_with_jwks::<Value>(&token, &keys(&issuer), JwtArtifactType::EntityStatement);
    assert!(read.is_err());
    assert!(EntityConfiguration::from_verified_jwt(&token, &ISS.parse().unwrap()).is_err());
}

#[test]
fn both_refuse_what_is_tampered_with_or_over() {
    let issuer = TestIssuer::new(ISS);
    let ours = Verifier::new(ISS, issuer.key_set().as_bytes()).unwrap();
    for bad in [tampered(&issuer.attestation(issuer.now + 3600)), issuer.attestation(issuer.now - 4)] {
        assert!(ours.attestation(&bad, Timestamp::from_secs(issuer.now)).is_err());
    }
    let bad = tampered(&issuer.attestation(issuer.now + 3600));
    let read = JwtProcessor::new().verify_jwt_with_jwks::<TrustMark>(&bad, &keys(&issuer), JwtArtifactType::TrustMark);
    assert!(read.is_err());
}
