//! The service's own ESIA client against the stand-in. Neither knows the other's code, so agreement here means that both read the
//! protocol the same way.

use std::sync::Arc;
use std::time::Duration;

use gosbadge::adapters::entropy::OsEntropy;
use gosbadge::adapters::esia::settings::{DEFAULT_ORGANISATION_SCOPES, DEFAULT_SCOPES};
use gosbadge::adapters::esia::{
    EsiaProvider, EsiaSettings, Generation, KeySource, Nonce, OrganisationRoute, Pkce, TokenAlg as ClientTokenAlg,
};
use gosbadge::ports::identity_provider::{LoginCallback, LoginSecrets, RoleOrgType};
use gosbadge::ports::{Clock, Entropy, IdentityProvider};
use gosbadge::sandbox::esia::{OrganisationType, Persona, TokenAlg, gost_available, personas};

use super::stand::{CLIENT, Identity, REDIRECT, Stand, returned};

pub fn provider(stand: &Stand, generation: Generation, route: OrganisationRoute) -> EsiaProvider {
    let (token_alg, signing) = match generation {
        Generation::V1 => (ClientTokenAlg::Rs256, 0),
        Generation::V2 => (ClientTokenAlg::Gost3410_2012_256, 1),
    };
    let settings = EsiaSettings {
        base_url: stand.base.clone(),
        client_id: CLIENT.to_owned(),
        generation,
        certificate: KeySource::Fixed(stand.identity.certificate.to_pem().expect("PEM")),
        private_key: KeySource::Fixed(stand.identity.key.private_key_to_pem_pkcs8().expect("PEM")),
        trusted_certificates: vec![KeySource::Fixed(stand.certificates_pem[signing].clone().into_bytes())],
        token_alg,
        issuer: "http://esia.gosuslugi.ru/".to_owned(),
        scopes: DEFAULT_SCOPES.map(str::to_owned).to_vec(),
        organisation_route: route,
        organisation_scopes: DEFAULT_ORGANISATION_SCOPES.map(str::to_owned).to_vec(),
        pkce: Pkce::S256,
        nonce: Nonce::Require,
        connect_timeout: Duration::from_secs(5),
        timeout: Duration::from_secs(20),
        max_response_bytes: 1 << 20,
        leeway: Duration::from_secs(60),
    };
    EsiaProvider::new(settings, stand.clock.clone(), Arc::new(OsEntropy)).expect("good settings")
}

async fn sign_in(stand: &Stand, provider: &EsiaProvider, persona: &Persona) {
    let entropy: &dyn Entropy = &OsEntropy;
    let now = stand.clock.now();
    let secrets =
        LoginSecrets { state: entropy.uuid(), nonce: entropy.token(), pkce_verifier: entropy.token(), redirect_uri: REDIRECT.to_owned() };
    let url = provider.begin(&secrets, now).await.expect("an address");
    let answer = stand.http.get(url).header("X-Sandbox-Persona", &persona.id).send().await.expect("an answer");
    let mut back = returned(&answer);
    assert_eq!(back["state"], secrets.state);
    let callback = LoginCallback { code: back.remove("code").expect("a code"), iss: None, secrets };
    let login = provider.complete(callback, now).await.unwrap_or_else(|error| panic!("{}: {error}", persona.id));
    assert_eq!(login.person.confirmed, persona.expect != "F02", "{}", persona.id);
    assert_eq!(login.roles.len(), persona.memberships.len(), "{}", persona.id);
    for (role, membership) in login.roles.iter().zip(&persona.memberships) {
        let organisation = &membership.organisation;
        assert_eq!((role.chief, role.admin, role.liquidated), (membership.chief, membership.admin, organisation.liquidated));
        assert_eq!(role.org_type == RoleOrgType::Business, organisation.org_type == OrganisationType::Business);
        let record = provider.organisation(&login.session, &role.oid, now).await.unwrap_or_else(|error| panic!("{}: {error}", persona.id));
        let inn = organisation.record.get("inn").and_then(|inn| inn.as_str()).or(organisation.inn.as_deref());
        assert_eq!(record.inn.as_deref(), inn);
        assert_eq!(record.kpp, organisation.kpp);
        assert_eq!(record.okopf.as_deref().unwrap_or_default(), organisation.okopf);
        assert_eq!(record.agency_type, organisation.agency_type);
    }
}

/// Everyone whose sign-in the stand-in does not spoil.
fn faultless() -> impl Iterator<Item = Arc<Persona>> {
    personas().into_iter().filter(|persona| persona.faults.is_empty())
}

#[tokio::test]
async fn every_persona_signs_in_by_the_first_generation() {
    let stand = Stand::start();
    let provider = provider(&stand, Generation::V1, OrganisationRoute::ClientCredentials);
    for persona in faultless() {
        sign_in(&stand, &provider, &persona).await;
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
        for persona in faultless() {
            sign_in(&stand, &provider, &persona).await;
        }
    }
}
