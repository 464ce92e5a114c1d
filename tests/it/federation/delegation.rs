//! A ministry owns the kind of badge, this service issues it: from the owner's word in a file to a mark that others verify; and
//! each bad word refuses to start.

use std::path::Path;
use std::time::Duration;

use gosbadge::cli::dev::EsiaMode;
use gosbadge::ports::Clock as _;
use gosbadge::verifier::Verifier;
use openid_federation::{EntityConfiguration, JwtArtifactType, JwtProcessor, TrustMark};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{claims, configuration, entity, issue, own, subject};
use crate::harness::Harness;
use crate::place::four_free_ports;
use crate::test_issuer::{TestKey, tampered};

const OWNER: &str = "https://owner.example.ru";
const TYP: &str = "trust-mark-delegation+jwt";
const DAY: i64 = 86_400;

fn now() -> i64 {
    i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap()
}

/// The owner's claims about the service at `iss`.
fn word(iss: &str) -> Value {
    json!({ "iss": OWNER, "sub": iss, "trust_mark_type": format!("{iss}/tm/official-community/v1"), "iat": now() - DAY, "exp": now() + 60 * DAY })
}

fn write(dir: &TempDir, token: &str, keys: &Value) -> (String, String) {
    let put = |name: &str, content: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    (put("delegation.jwt", &format!("{token}\n")), put("owner.jwks", &keys.to_string()))
}

async fn start(port: u16, token: &str, keys: &Value) -> Result<Harness, String> {
    let dir = TempDir::new().unwrap();
    let (delegation, jwks) = write(&dir, token, keys);
    let settings = [
        ("GOSBADGE__FEDERATION__OWNER", OWNER),
        ("GOSBADGE__FEDERATION__OWNER_JWKS_FILE", jwks.as_str()),
        ("GOSBADGE__FEDERATION__DELEGATION_FILE", delegation.as_str()),
    ];
    Harness::try_start_at(port, EsiaMode::V1, &settings).await.map_err(|e| e.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delegated_badge_end_to_end() {
    let owner = TestKey::generate("owner");
    let port = four_free_ports();
    let iss = format!("http://127.0.0.1:{port}");
    let keys = json!({ "keys": [owner.jwk()] });
    let delegation = owner.sign(TYP, &word(&iss));
    let h = start(port, &delegation, &keys).await.unwrap();
    assert_eq!(h.ready().public_url, iss);
    let issued = issue(&h).await;

    let anchor = EntityConfiguration::from_verified_jwt(&own(&h).await, &entity(&iss)).unwrap();
    let sub = subject(&issued.attestation);
    let leaf = EntityConfiguration::from_verified_jwt(&configuration(&h, &sub).await, &entity(&sub)).unwrap();
    let entry = &leaf.trust_marks.unwrap()[0];
    let mark: TrustMark = JwtProcessor::new().verify_jwt_with_jwks(&entry.trust_mark, &anchor.jwks, JwtArtifactType::TrustMark).unwrap();
    // "Validating a Trust Mark": the type has an owner, so the mark holds the owner's delegation.
    let owners = anchor.trust_mark_owners.unwrap();
    let named = &owners.by_type[&mark.trust_mark_type];
    assert_eq!(named.sub.as_str(), OWNER);
    let carried = mark.delegation.unwrap();
    assert_eq!(carried, delegation);
    let said: Value = JwtProcessor::new().verify_jwt_with_jwks(&carried, &named.jwks, JwtArtifactType::TrustMarkDelegation).unwrap();
    assert_eq!((&said["sub"], &said["trust_mark_type"]), (&json!(mark.claims.iss.as_str()), &json!(mark.trust_mark_type)));
    assert!(
        JwtProcessor::new().verify_jwt_with_jwks::<Value>(&tampered(&carried), &named.jwks, JwtArtifactType::TrustMarkDelegation).is_err()
    );

    // Our own verifier takes it, and it ends with the delegation instead of after 90 days.
    let published = h.http.get(h.url("/.well-known/jwks.json")).send().await.unwrap().bytes().await.unwrap();
    let attested = Verifier::new(&iss, &published).unwrap().attestation(&issued.attestation, h.clock.now()).unwrap();
    assert_eq!((attested.claims.delegation, attested.claims.exp), (Some(delegation), claims(&carried)["exp"].as_i64().unwrap()));
    assert_eq!(h.verify(json!({ "attestation": issued.attestation })).await.1["status"], "active");

    // Over while it runs: nothing is issued that everybody would refuse.
    h.clock.advance(Duration::from_secs(61 * 86_400));
    let pushed = h.push("218000002", crate::harness::VERIFIER).await;
    let mut person = crate::harness::Person::new();
    let end = person.walk(&h.authorize_url(pushed["request_uri"].as_str().unwrap()), "kindergarten-head").await;
    let code = crate::harness::parameter(&end.location.unwrap(), "code").unwrap();
    let (status, body) = h.redeem(&code, crate::harness::VERIFIER).await;
    assert_eq!((status, body["error"].as_str()), (503, Some("temporarily_unavailable")), "{body}");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_one_refuses_to_start_and_says_why() {
    let owner = TestKey::generate("owner");
    let keys = json!({ "keys": [owner.jwk()] });
    let iss = "http://127.0.0.1:1";
    let changed = |name: &str, value: Value| {
        let mut claims = word(iss);
        claims[name] = value;
        owner.sign(TYP, &claims)
    };
    let stranger = TestKey::generate("owner");
    let good = owner.sign(TYP, &word(iss));
    let cases = [
        ("nonsense".to_owned(), "is not a JWT in compact form"),
        (owner.sign("trust-mark+jwt", &word(iss)), "is not of type trust-mark-delegation+jwt"),
        (changed("sub", json!("https://evil.example")), "its sub is not this one's address; wanted: sub http://127.0.0.1:1"),
        (changed("trust_mark_type", json!("https://owner.example.ru/tm")), "is for another trust_mark_type"),
        (changed("iss", json!("https://evil.example")), "federation.owner: the delegation was issued by https://evil.example"),
        (changed("exp", json!(now() - 1)), "ended on "),
        (changed("exp", Value::Null), "has one of the wrong type"),
        (changed("iat", json!(now() + DAY)), "in the future"),
        (tampered(&good), "is not signed by the owner's key it names"),
        (stranger.sign(TYP, &word(iss)), "names a key that is not in federation.owner_jwks_file"),
    ];
    for (token, why) in cases {
        let refused = examine(&token, &keys, iss);
        assert!(refused.starts_with("federation.") && refused.contains(why) && !refused.contains('\n'), "{why}: {refused}");
    }
    for (set, why) in [(json!({}), "is not a JWK set"), (json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] }), "holds a private key")] {
        let refused = examine(&good, &set, iss);
        assert!(refused.starts_with("federation.owner_jwks_file: ") && refused.contains(why), "{refused}");
    }
    // The same stops the service itself.
    let refused = start(0, &good, &keys).await.map(|_| ()).unwrap_err();
    assert!(refused.contains("federation.delegation_file: the delegation is issued to another issuer"), "{refused}");
}

/// What accepting says, without a whole set-up.
fn examine(token: &str, keys: &Value, iss: &str) -> String {
    let now = gosbadge::domain::time::Timestamp::from_secs(now());
    let accepted = gosbadge::service::federation::delegation::accept(iss, token, OWNER, &keys.to_string(), now);
    accepted.map(|_| ()).unwrap_err().to_string()
}

/// `gosbadge doctor` over a configuration with a delegation that ends soon.
#[test]
fn the_doctor_tells_its_end() {
    let owner = TestKey::generate("owner");
    let keys = json!({ "keys": [owner.jwk()] });
    let iss = "http://127.0.0.1:8080";
    for (days, level, says) in
        [(60, "good", "delegates until"), (20, "note", "more days"), (3, "bad", "more days"), (-1, "bad", "ended on")]
    {
        let dir = TempDir::new().unwrap();
        let mut claims = word(iss);
        claims["exp"] = json!(now() + days * DAY + 60);
        let (delegation, jwks) = write(&dir, &owner.sign(TYP, &claims), &keys);
        let findings = doctor(dir.path(), &[("OWNER", OWNER), ("OWNER_JWKS_FILE", &jwks), ("DELEGATION_FILE", &delegation)]);
        let told = findings.iter().find(|f| f["what"] == "delegation").unwrap();
        assert_eq!(told["level"], level, "{told}");
        assert!(told["detail"].as_str().unwrap().contains(says), "{told}");
    }
}

fn doctor(dir: &Path, federation: &[(&str, &str)]) -> Vec<Value> {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gosbadge"));
    command.args(["doctor", "--json"]).current_dir(dir).env("GOSBADGE__DATA_DIR", dir.join("var"));
    for (name, value) in federation {
        command.env(format!("GOSBADGE__FEDERATION__{name}"), value);
    }
    let output = command.output().unwrap();
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"));
    printed["findings"].as_array().unwrap().clone()
}
