//! Leaf, subordinate statement, anchor: other people's software finds the chain by itself and takes the badge out of it; each
//! forged link is refused.

use gosbadge::domain::signing_key::KeyPurpose;
use gosbadge::service::Actor;
use gosbadge::service::compromise_key::compromise_key;
use gosbadge::service::rotate_key::rotate_key;
use openid_federation::{
    EntityConfiguration, FederationClient, JwkSet, JwtArtifactType, JwtProcessor, ReqwestHttpClient, SubordinateStatement, TrustChain,
    TrustMark,
};
use serde_json::{Value, json};

use super::{claims, configuration, entity, issue, kind, own, subject, subordinate};
use crate::harness::{Harness, plain_client};
use crate::test_issuer::{TestKey, tampered};

const STATEMENT: &str = "entity-statement+jwt";

fn client() -> FederationClient {
    FederationClient::with_http_client(ReqwestHttpClient::with_client(reqwest_of_theirs()))
}

/// A client that takes no proxy from the environment.
fn reqwest_of_theirs() -> reqwest::Client {
    plain_client()
}

fn keys(configuration: &Value) -> JwkSet {
    serde_json::from_value(configuration["jwks"].clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_is_found_and_the_badge_in_it_holds() {
    let h = Harness::start().await;
    let issued = issue(&h).await;
    let (anchor, leaf) = (entity(&h.ready().public_url), entity(&subject(&issued.attestation)));

    let chain = client().discover_trust_chain(&leaf, Some(std::slice::from_ref(&anchor))).await.unwrap();
    assert_eq!(chain.len(), 3, "configuration, subordinate statement, anchor");
    let (found, configuration) = chain.leaf_entity_id_and_configuration().unwrap();
    assert_eq!((found, chain.trust_anchor_entity_id_and_configuration().unwrap().0), (leaf.clone(), anchor));
    assert!(!chain.is_expired().unwrap());

    let marks = configuration.trust_marks.unwrap();
    assert_eq!((marks.len(), &marks[0].trust_mark_type, &marks[0].trust_mark), (1, &kind(&h), &issued.attestation));
    let (_, ours) = chain.trust_anchor_entity_id_and_configuration().unwrap();
    let mark: TrustMark = JwtProcessor::new().verify_jwt_with_jwks(&marks[0].trust_mark, &ours.jwks, JwtArtifactType::TrustMark).unwrap();
    // "Validating a Trust Mark": the configuration that holds it is the subject's, and the issuer is one the anchor names.
    assert_eq!((mark.claims.sub, &mark.trust_mark_type), (leaf, &kind(&h)));
    assert!(ours.trust_mark_issuers.unwrap().by_type[&mark.trust_mark_type].contains(&mark.claims.iss));
    assert!(ours.trust_mark_owners.is_none() && mark.delegation.is_none());
    h.stop().await;
}

/// Whoever kept a document from before a rotation can go on with it; nobody can after a key was called compromised.
#[tokio::test(flavor = "multi_thread")]
async fn the_chain_holds_while_keys_change() {
    let h = Harness::start_with(&[("GOSBADGE__KEYS__PUBLISH_BEFORE", "0s")]).await;
    let issued = issue(&h).await;
    let sub = subject(&issued.attestation);
    let read = async || [configuration(&h, &sub).await, subordinate(&h, &sub).await, own(&h).await];
    let holds = |leaf: &str, link: &str, anchor: &str| TrustChain::try_new([leaf, link, anchor].map(str::to_owned).to_vec()).is_ok();
    let old = read().await;
    for purpose in [KeyPurpose::Badge, KeyPurpose::Community] {
        rotate_key(h.app(), purpose, false, Actor::system()).await.unwrap();
        let new = read().await;
        for mix in 0..8 {
            let [leaf, link, anchor] = [0, 1, 2].map(|n| if mix & (1 << n) == 0 { &old[n] } else { &new[n] });
            assert!(holds(leaf, link, anchor), "{purpose}: {mix:03b}");
        }
    }
    let before = read().await;
    let stolen = h.app().keys.known().active(KeyPurpose::Community).unwrap().to_owned();
    compromise_key(h.app(), stolen, Actor::system()).await.unwrap();
    let after = read().await;
    assert!(holds(&after[0], &after[1], &after[2]) && !holds(&before[0], &after[1], &after[2]));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_forged_link_is_refused() {
    let h = Harness::start().await;
    let (issued, other) = (issue(&h).await, h.issue("218000002", "kindergarten-head").await);
    let (sub, stranger) = (subject(&issued.attestation), subject(&other.attestation));
    let (leaf, link, anchor) = (configuration(&h, &sub).await, subordinate(&h, &sub).await, own(&h).await);
    let holds = |chain: [&String; 3]| TrustChain::try_new(chain.map(String::clone).to_vec()).is_ok();
    assert!(holds([&leaf, &link, &anchor]));

    for n in 0..3 {
        let mut chain = [leaf.clone(), link.clone(), anchor.clone()];
        chain[n] = tampered(&chain[n]);
        assert!(!holds([&chain[0], &chain[1], &chain[2]]), "the signature of link {n} was changed");
    }
    assert!(!holds([&leaf, &subordinate(&h, &stranger).await, &anchor]), "a statement about somebody else");
    assert!(!holds([&configuration(&h, &stranger).await, &link, &anchor]), "somebody else's configuration");

    let thief = TestKey::generate("community");
    let forged = |token: &str, change: &dyn Fn(&mut Value)| {
        let mut claims = claims(token);
        change(&mut claims);
        thief.sign(STATEMENT, &claims)
    };
    let own_keys = |c: &mut Value| c["jwks"] = json!({ "keys": [thief.jwk()] });
    assert!(!holds([&forged(&leaf, &own_keys), &link, &anchor]), "a key the anchor does not know");
    assert!(!holds([&forged(&leaf, &own_keys), &forged(&link, &own_keys), &anchor]), "a statement signed by the subject");
    let foreign = |c: &mut Value| {
        own_keys(c);
        (c["iss"], c["sub"]) = (json!("https://evil.example"), json!("https://evil.example"));
    };
    assert!(!holds([&leaf, &link, &forged(&anchor, &foreign)]), "another anchor");
    // The key of the communities endorses nobody, and the badge key speaks for no community.
    let ours = keys(&claims(&anchor));
    assert!(EntityConfiguration::from_verified_jwt(&anchor, &entity(&sub)).is_err());
    assert!(JwtProcessor::new().verify_jwt_with_jwks::<Value>(&leaf, &ours, JwtArtifactType::EntityStatement).is_err());
    assert!(SubordinateStatement::from_verified_jwt(&link, &entity(&h.ready().public_url), &entity(&sub), &keys(&claims(&leaf))).is_err());
    // A statement of another type is not a mark, and the other way round.
    assert!(JwtProcessor::new().verify_jwt_with_jwks::<Value>(&link, &ours, JwtArtifactType::TrustMark).is_err());
    assert!(JwtProcessor::new().verify_jwt_with_jwks::<Value>(&issued.attestation, &ours, JwtArtifactType::EntityStatement).is_err());
    let mark = tampered(&issued.attestation);
    assert!(JwtProcessor::new().verify_jwt_with_jwks::<TrustMark>(&mark, &ours, JwtArtifactType::TrustMark).is_err());
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_chain_for_who_was_never_a_subordinate() {
    let h = Harness::start().await;
    let nobody = entity(&h.url("/c/01KAR4T7Q2M9XVB3H5NDW8YJZE"));
    assert!(client().discover_trust_chain(&nobody, Some(&[entity(&h.ready().public_url)])).await.is_err());
    h.stop().await;
}
