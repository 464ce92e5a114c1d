<<<<<<< HEAD
//! The service's own ESIA client against the stand-in. Neither knows the other's code, so agreement here means that both read the
//! protocol the same way.

use std::sync::Arc;
use std::time::Duration;

use gosbadge::adapters::entropy::OsEntropy;
use gosbadge::adapters::esia::settings::{DEFAULT_ORGANISATION_SCOPES, DEFAULT_SCOPES};
use gosbadge::adapters::esia::{EsiaProvider, EsiaSettings, Generation, Nonce, OrganisationRoute, Pkce, TokenAlg as ClientTokenAlg};
use gosbadge::ports::identity_provider::{LoginCallback, LoginSecrets, RoleOrgType};
use gosbadge::ports::{Clock, Entropy, IdentityProvider};
use gosbadge::sandbox::esia::{Persona, TokenAlg, gost_available, personas};

use super::stand::{CLIENT, Identity, REDIRECT, Stand, returned};

fn provider(stand: &Stand, generation: Generation, route: OrganisationRoute) -> EsiaProvider {
    let (token_alg, signing) = match generation {
        Generation::V1 => (ClientTokenAlg::Rs256, 0),
        Generation::V2 => (ClientTokenAlg::Gost3410_2012_256, 1),
    };
    let settings = EsiaSettings {
        base_url: stand.base.clone(),
        client_id: CLIENT.to_owned(),
        generation,
        certificate: stand.identity.certificate.to_pem().expect("PEM"),
        private_key: stand.identity.key.private_key_to_pem_pkcs8().expect("PEM"),
        trusted_certificates: vec![stand.certificates_pem[signing].clone().into_bytes()],
        token_alg,
        issuer: "http://esia.gosuslugi.ru/".to_owned(),
        scopes: DEFAULT_SCOPES.map(str::to_owned).to_vec(),
        organisation_route: route,
        organisation_scopes: DEFAULT_ORGANISATION_SCOPES.map(str::to_owned).to_vec(),
        pkce: Pkce::S256,
        nonce: Nonce::Require,
        connect_timeout: Duration::from_secs(5),
        total_timeout: Duration::from_secs(20),
        max_response_bytes: 1 << 20,
        leeway: Duration::from_secs(60),
        // The stand-in's clock is held still; its Date header is the machine's.
        follow_server_date: false,
    };
    EsiaProvider::new(settings, Arc::new(OsEntropy)).expect("good settings")
}

async fn sign_in(stand: &Stand, provider: &EsiaProvider, persona: &Persona) {
    let entropy: &dyn Entropy = &OsEntropy;
    let now = stand.clock.now();
    let secrets =
        LoginSecrets { state: entropy.uuid(), nonce: entropy.token(), pkce_verifier: entropy.token(), redirect_uri: REDIRECT.to_owned() };
    let url = provider.begin(&secrets, now).expect("an address");
    let answer = stand.http.get(url).header("X-Sandbox-Persona", persona.id).send().await.expect("an answer");
    let mut back = returned(&answer);
    assert_eq!(back["state"], secrets.state);
    let callback = LoginCallback { code: back.remove("code").expect("a code"), iss: None, secrets };
    let login = provider.complete(callback, now).await.unwrap_or_else(|error| panic!("{}: {error}", persona.id));
    assert_eq!(login.person.confirmed, persona.expect != "F02", "{}", persona.id);
    assert_eq!(login.roles.len(), persona.memberships.len(), "{}", persona.id);
    for (role, membership) in login.roles.iter().zip(persona.memberships) {
        let organisation = membership.organisation;
        assert_eq!((role.chief, role.admin, role.liquidated), (membership.chief, membership.admin, organisation.liquidated));
        assert_eq!(role.org_type == RoleOrgType::Business, organisation.org_type == "BUSINESS");
        let record = provider.organisation(&login.session, &role.oid, now).await.unwrap_or_else(|error| panic!("{}: {error}", persona.id));
        assert_eq!(record.inn.as_deref(), Some(organisation.inn));
        assert_eq!(record.kpp.as_deref(), organisation.kpp);
        assert_eq!(record.okopf.as_deref().unwrap_or_default(), organisation.okopf);
        assert_eq!(record.agency_type.as_deref(), organisation.agency_type);
    }
}

#[tokio::test]
async fn every_persona_signs_in_by_the_first_generation() {
    let stand = Stand::start();
    let provider = provider(&stand, Generation::V1, OrganisationRoute::ClientCredentials);
    for persona in personas() {
        sign_in(&stand, &provider, persona).await;
    }
}

#[tokio::test]
async fn every_persona_signs_in_by_the_second_generation() {
    if !gost_available() {
        return;
    }
    let stand = Stand::with(Identity::gost(), TokenAlg::Gost3410_2012_256, |_| {});
    for route in [OrganisationRoute::ClientCredentials, OrganisationRoute::ScopeOrg] {
        let provider = provider(&stand, Generation::V2, route);
        for persona in personas() {
            sign_in(&stand, &provider, persona).await;
=======
//! The service's own ESIA adapter against the stand-in. The two share no protocol code, so agreement here means that two readings
//! of the protocol agree.

use gosbadge::adapters::entropy::OsEntropy;
use gosbadge::adapters::esia::settings::{DEFAULT_ORGANISATION_SCOPES, DEFAULT_SCOPES};
use gosbadge::adapters::esia::{EsiaProvider, EsiaSettings, Generation, Nonce, OrganisationRoute, Pkce, TokenAlg as AdapterAlg};
use gosbadge::domain::refusal::RefusalCode;
use gosbadge::ports::identity_provider::{IdpError, Login, LoginCallback, LoginSecrets, RoleOrgType};
use gosbadge::ports::{Clock, IdentityProvider};

use super::stand::*;
use gosbadge::sandbox::esia::TokenAlg;
use std::sync::Arc;
use std::time::Duration;

fn settings(stand: &Stand, generation: Generation, organisation_route: OrganisationRoute) -> EsiaSettings {
    EsiaSettings {
        base_url: stand.base.clone(),
        client_id: CLIENT.into(),
        generation,
        certificate: stand.identity.certificate.to_pem().expect("PEM"),
        private_key: stand.identity.key.private_key_to_pem_pkcs8().expect("PEM"),
        trusted_certificates: Vec::new(),
        token_alg: AdapterAlg::Rs256,
        issuer: "http://esia.gosuslugi.ru/".into(),
        scopes: DEFAULT_SCOPES.map(String::from).into(),
        organisation_route,
        organisation_scopes: DEFAULT_ORGANISATION_SCOPES.map(String::from).into(),
        pkce: Pkce::Off,
        nonce: Nonce::Off,
        connect_timeout: Duration::from_secs(5),
        total_timeout: Duration::from_secs(10),
        max_response_bytes: 256 * 1024,
        leeway: Duration::from_secs(60),
        follow_server_date: false,
    }
}

/// A provider that trusts those of the stand-in's certificates that fit `alg`.
fn provider(stand: &Stand, alg: AdapterAlg, settings: EsiaSettings) -> EsiaProvider {
    let of = |alg: AdapterAlg, pem: &String| EsiaSettings {
        token_alg: alg,
        trusted_certificates: vec![pem.clone().into_bytes()],
        ..settings.clone()
    };
    let fitting = stand.certificates_pem.iter().filter(|pem| EsiaProvider::new(of(alg, pem), Arc::new(OsEntropy)).is_ok());
    let trusted_certificates = fitting.map(|pem| pem.clone().into_bytes()).collect();
    EsiaProvider::new(EsiaSettings { token_alg: alg, trusted_certificates, ..settings }, Arc::new(OsEntropy)).expect("a provider")
}

fn secrets() -> LoginSecrets {
    LoginSecrets { state: STATE.into(), nonce: "n".repeat(43), pkce_verifier: "v".repeat(43), redirect_uri: REDIRECT.into() }
}

fn callback(code: &str) -> LoginCallback {
    LoginCallback { code: code.into(), iss: None, secrets: secrets() }
}

/// The browser's part: the code the redirect brings, or the explained error.
async fn visit(stand: &Stand, esia: &EsiaProvider, persona: &str) -> Result<String, IdpError> {
    let url = esia.begin(&secrets(), stand.clock.now()).expect("an address");
    let answer = stand.http.get(url).header("X-Sandbox-Persona", persona).send().await.expect("an answer");
    let mut said = returned(&answer);
    assert_eq!(said["state"], STATE);
    match said.remove("error") {
        Some(error) => Err(esia.explain_error(&error, said.get("error_description").map(String::as_str))),
        None => Ok(said.remove("code").expect("a code")),
    }
}

async fn sign_in(stand: &Stand, esia: &EsiaProvider, persona: &str) -> Login {
    let code = visit(stand, esia, persona).await.expect("a code");
    esia.complete(callback(&code), stand.clock.now()).await.expect("a login")
}

async fn reads_the_ministry(stand: &Stand, esia: &EsiaProvider) {
    let login = sign_in(stand, esia, "ministry-head").await;
    assert!(login.person.confirmed);
    let role = login.roles.first().expect("a role");
    assert!(role.org_type == RoleOrgType::Agency && role.chief && role.active && !role.liquidated);
    let record = esia.organisation(&login.session, &role.oid, stand.clock.now()).await.expect("a record");
    assert_eq!(record.ogrn, role.ogrn);
    assert!(record.inn.is_some_and(|inn| inn.len() == 10));
    assert!(record.agency_type.is_some());
}

#[tokio::test]
async fn the_adapter_signs_in_by_the_first_generation() {
    let stand = Stand::start();
    let esia = provider(&stand, AdapterAlg::Rs256, settings(&stand, Generation::V1, OrganisationRoute::ClientCredentials));
    reads_the_ministry(&stand, &esia).await;
    let alone = sign_in(&stand, &esia, "no-organisation").await;
    assert!(alone.roles.is_empty());
}

#[tokio::test]
async fn the_adapter_understands_a_used_code_and_a_wrong_clock() {
    let stand = Stand::start();
    let esia = provider(&stand, AdapterAlg::Rs256, settings(&stand, Generation::V1, OrganisationRoute::RolesOnly));
    let code = visit(&stand, &esia, "ministry-head").await.expect("a code");
    esia.complete(callback(&code), stand.clock.now()).await.expect("a login");
    let again = esia.complete(callback(&code), stand.clock.now()).await.err().expect("refused");
    assert_eq!((again.code, again.upstream.as_deref()), (RefusalCode::F19, Some("ESIA-007011")));

    stand.clock.advance(-3600);
    let early = stand.clock.now();
    stand.clock.advance(3600);
    let url = esia.begin(&secrets(), early).expect("an address");
    let said = returned(&stand.http.get(url).header("X-Sandbox-Persona", "employee").send().await.expect("an answer"));
    let e = esia.explain_error(&said["error"], said.get("error_description").map(String::as_str));
    assert_eq!((e.code, e.upstream.as_deref()), (RefusalCode::F17, Some("ESIA-007015")));
}

#[tokio::test]
async fn the_adapter_signs_in_by_the_second_generation() {
    if openssl::hash::MessageDigest::from_name("md_gost12_256").is_none() {
        let required = std::env::var_os("GOSBADGE_REQUIRE_GOST").is_some_and(|v| v == "1");
        assert!(!required, "GOSBADGE_REQUIRE_GOST is set and OpenSSL knows no md_gost12_256; set OPENSSL_CONF");
        return;
    }
    for (stand_alg, alg) in [(TokenAlg::Rs256, AdapterAlg::Rs256), (TokenAlg::Gost3410_2012_256, AdapterAlg::Gost3410_2012_256)] {
        let stand = Stand::with(Identity::gost(), stand_alg, |_| {});
        for route in [OrganisationRoute::ScopeOrg, OrganisationRoute::ClientCredentials] {
            reads_the_ministry(&stand, &provider(&stand, alg, settings(&stand, Generation::V2, route))).await;
>>>>>>> h/esia-adapter
        }
    }
}
