//! Fixtures for the tests of the ESIA adapter: keys made on the spot, tokens signed at will, and a canned host.

mod clock;
mod flow;
mod gost;
mod key_files;
mod lists;
mod refusals;
mod transport;

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::hash::MessageDigest;
use openssl::pkcs7::{Pkcs7, Pkcs7Flags};
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{X509, X509NameBuilder};
use serde_json::{Value, json};

use super::*;
use crate::adapters::entropy::OsEntropy;
use crate::adapters::test_server::{Received, Reply, TestServer, serve};

pub(super) const NOW: Timestamp = Timestamp::from_secs(1_795_453_977);
pub(super) const PERSON: u64 = 1_000_299_654;
pub(super) const CALLBACK: &str = "https://badge.example.com/login/callback?p=esia";

pub(super) struct TestKey {
    pub cert: X509,
    pub key: PKey<Private>,
}

pub(super) static OURS: LazyLock<TestKey> = LazyLock::new(|| rsa_key(2048));
pub(super) static ESIA: LazyLock<TestKey> = LazyLock::new(|| rsa_key(2048));
pub(super) static STRANGER: LazyLock<TestKey> = LazyLock::new(|| rsa_key(2048));

pub(super) fn rsa_key(bits: u32) -> TestKey {
    let key = PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", "TESTIS").unwrap();
    let name = name.build();
    let mut b = X509::builder().unwrap();
    b.set_version(2).unwrap();
    // PKCS#7 names its signer by issuer and serial number.
    let mut serial = BigNum::new().unwrap();
    serial.rand(64, MsbOption::ONE, false).unwrap();
    b.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
    b.set_subject_name(&name).unwrap();
    b.set_issuer_name(&name).unwrap();
    b.set_pubkey(&key).unwrap();
    b.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    b.set_not_after(&Asn1Time::days_from_now(30).unwrap()).unwrap();
    b.sign(&key, MessageDigest::sha256()).unwrap();
    TestKey { cert: b.build(), key }
}

pub(super) fn settings(base_url: &str) -> EsiaSettings {
    EsiaSettings {
        base_url: base_url.into(),
        client_id: "TESTIS".into(),
        generation: Generation::V1,
        certificate: pem(&OURS.cert),
        private_key: pem_key(&OURS),
        trusted_certificates: vec![pem(&STRANGER.cert), pem(&ESIA.cert)],
        token_alg: TokenAlg::Rs256,
        issuer: settings::PRODUCTION_ISSUER.into(),
        scopes: settings::DEFAULT_SCOPES.map(String::from).into(),
        organisation_route: OrganisationRoute::ClientCredentials,
        organisation_scopes: settings::DEFAULT_ORGANISATION_SCOPES.map(String::from).into(),
        pkce: Pkce::Off,
        nonce: Nonce::Off,
        connect_timeout: Duration::from_secs(1),
        timeout: Duration::from_secs(20),
        max_response_bytes: 64 * 1024,
        leeway: Duration::from_secs(60),
    }
}

pub(super) fn pem(cert: &X509) -> KeySource {
    KeySource::Fixed(cert.to_pem().unwrap())
}

pub(super) fn pem_key(key: &TestKey) -> KeySource {
    KeySource::Fixed(key.key.private_key_to_pem_pkcs8().unwrap())
}

pub(super) fn provider(s: EsiaSettings) -> EsiaProvider {
    made(s).unwrap_or_else(|e| panic!("{e}"))
}

/// Made of settings that may be wrong, its clock standing at [`NOW`].
pub(super) fn made(s: EsiaSettings) -> Result<EsiaProvider, EsiaSettingsError> {
    EsiaProvider::new(s, Arc::new(HandClock::new(NOW)), Arc::new(OsEntropy))
}

/// A clock that somebody sets.
pub(super) struct HandClock(Mutex<Timestamp>);

impl HandClock {
    pub(super) const fn new(at: Timestamp) -> Self {
        Self(Mutex::new(at))
    }

    pub(super) fn set(&self, to: Timestamp) {
        *self.0.lock().unwrap() = to;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

pub(super) fn secrets() -> LoginSecrets {
    LoginSecrets {
        state: "7497a6ec-6085-4722-9b35-367ab2139b6a".into(),
        nonce: "n".repeat(43),
        pkce_verifier: "v".repeat(43),
        redirect_uri: CALLBACK.into(),
    }
}

pub(super) fn callback() -> LoginCallback {
    LoginCallback { code: "opaque-code".into(), iss: None, secrets: secrets() }
}

pub(super) fn header(sbt: &str) -> Value {
    json!({"ver": 1, "typ": "JWT", "sbt": sbt, "alg": "RS256"})
}

pub(super) fn access_claims() -> Value {
    let t = NOW.secs();
    json!({
        "iss": "http://esia.gosuslugi.ru/", "client_id": "TESTIS", "nbf": t, "iat": t, "exp": t + 3600, "urn:esia:sbj_id": PERSON,
        "scope": format!("usr_org?oid={PERSON} openid"), "urn:esia:sid": "fd0b5333-0000-4000-8000-000000000000"
    })
}

pub(super) fn id_claims() -> Value {
    let t = NOW.secs();
    json!({
        "iss": "http://esia.gosuslugi.ru/", "aud": "TESTIS", "sub": PERSON, "nbf": t, "iat": t, "exp": t + 10800, "amr": "PWD",
        "auth_time": t, "urn:esia:amd": "PWD", "acr": {"2fa": "otp"},
        "urn:esia:sbj": {"urn:esia:sbj:typ": "P", "urn:esia:sbj:is_tru": true, "urn:esia:sbj:oid": PERSON}
    })
}

pub(super) fn signing_input(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

pub(super) fn with_signature(input: &str, signature: &[u8]) -> String {
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub(super) fn jwt_with(digest: MessageDigest, key: &PKey<Private>, header: &Value, claims: &Value) -> String {
    let input = signing_input(header, claims);
    let signature = Signer::new(digest, key).unwrap().sign_oneshot_to_vec(input.as_bytes()).unwrap();
    with_signature(&input, &signature)
}

pub(super) fn jwt(header: &Value, claims: &Value) -> String {
    jwt_with(MessageDigest::sha256(), &ESIA.key, header, claims)
}

pub(super) fn form(body: &str) -> HashMap<String, String> {
    url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

/// Whether `secret` is a detached PKCS#7 signature over `message` by our registered certificate.
pub(super) fn pkcs7_fits(secret: &str, message: &str) -> bool {
    let signature = Pkcs7::from_der(&URL_SAFE_NO_PAD.decode(secret).unwrap()).unwrap();
    let mut trusted = Stack::new().unwrap();
    trusted.push(OURS.cert.clone()).unwrap();
    let store = X509StoreBuilder::new().unwrap().build();
    let flags = Pkcs7Flags::NOVERIFY | Pkcs7Flags::NOINTERN | Pkcs7Flags::BINARY;
    signature.verify(&trusted, &store, Some(message.as_bytes()), None, flags).is_ok()
}

pub(super) fn roles() -> Value {
    json!({"stateFacts": ["hasSize"], "size": 2, "elements": [
        {"oid": 1_063_000_001, "prnOid": PERSON, "fullName": "АДМИНИСТРАЦИЯ ГОРОДА", "shortName": "АДМИНИСТРАЦИЯ", "ogrn": "1027700132195",
         "type": "AGENCY", "chief": true, "admin": false, "active": true, "hasRightOfSubstitution": true, "isLiquidated": false,
         "somethingNew": {"a": [1]}},
        {"oid": "1063000002", "fullName": "ООО", "ogrn": 1_027_700_132_195_u64, "type": "LEGAL", "branchOid": 7, "branchName": "Филиал",
         "chief": null, "active": true}
    ]})
}

/// The form fields of each request so far.
pub(super) type Forms = Arc<Mutex<Vec<HashMap<String, String>>>>;

/// A canned host: what the override does not answer is answered in the ordinary way.
pub(super) fn host(
    access: String,
    id: String,
    instead: impl Fn(&Received) -> Option<Reply> + Send + Sync + 'static,
) -> (TestServer, Forms) {
    let forms = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&forms);
    let server = serve(move |r| {
        let fields = form(&r.body);
        log.lock().unwrap().push(fields.clone());
        instead(r).unwrap_or_else(|| ordinary(r, &fields, &access, &id))
    });
    (server, forms)
}

pub(super) fn ordinary(r: &Received, fields: &HashMap<String, String>, access: &str, id: &str) -> Reply {
    let bearer = |token: &str| r.head.contains(&format!("authorization: Bearer {token}\r\n"));
    match r.path.as_str() {
        "/aas/oauth2/te" | "/aas/oauth2/v3/te" if fields["grant_type"] == "client_credentials" => {
            let mut claims = access_claims();
            claims["scope"] = json!(fields["scope"]);
            claims.as_object_mut().unwrap().remove("urn:esia:sbj_id");
            let token = jwt(&header("access"), &claims);
            Reply::json(200, &json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600, "state": fields["state"]}))
        }
        "/aas/oauth2/te" | "/aas/oauth2/v3/te" => Reply::new(
            200,
            "content-type: text/plain\r\n",
            json!({"access_token": access, "id_token": id, "token_type": "Bearer", "expires_in": 3600, "state": fields["state"],
                   "refresh_token": "bb809750-71bc-2406-88d1-000000000000"})
            .to_string(),
        ),
        "/rs/prns/1000299654" if bearer(access) => Reply::json(200, &json!({"trusted": true, "status": "REGISTERED", "firstName": "Имя"})),
        "/rs/prns/1000299654/roles" if bearer(access) => Reply::json(200, &roles()),
        "/rs/orgs/1063000001" => Reply::json(
            200,
            &json!({"oid": 1_063_000_001, "ogrn": "1027700132195", "inn": "7707083893", "kpp": 770_701_001, "leg": "", "agencyType": "12.LCL",
                    "agencyTerRange": "77", "isLiquidated": false, "eTag": "x"}),
        ),
        _ => Reply::json(404, &json!({})),
    }
}

/// The error of a login with these tokens, and how many requests it made.
pub(super) async fn refused(access: String, id: String) -> (Option<IdpError>, usize) {
    let (server, forms) = host(access, id, |_| None);
    let result = provider(settings(&server.url)).complete(callback(), NOW).await;
    let made = forms.lock().unwrap().len();
    (result.err(), made)
}

/// A `Date` header as servers write it.
pub(super) fn date_header(at: Timestamp) -> String {
    let t = at.to_utc();
    let (day, month) = (&t.weekday().to_string()[..3], &t.month().to_string()[..3]);
    format!("date: {day}, {:02} {month} {} {:02}:{:02}:{:02} GMT\r\n", t.day(), t.year(), t.hour(), t.minute(), t.second())
}
