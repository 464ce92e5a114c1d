//! A running stand-in, a clock held still, and a client that signs as the field does.

use std::collections::HashMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gosbadge::domain::time::Timestamp;
use gosbadge::ports::{Clock, Entropy};
use gosbadge::sandbox::esia::{ClientRegistration, EsiaConfig, TokenAlg, start};
use openssl::hash::MessageDigest;
use openssl::pkcs7::{Pkcs7, Pkcs7Flags};
use openssl::pkey::{PKey, Private};
use openssl::sign::{Signer, Verifier};
use openssl::stack::Stack;
use openssl::x509::X509;
use reqwest::Response;
use serde_json::Value;
use url::Url;

pub const CLIENT: &str = "TESTIS";
pub const OTHER_CLIENT: &str = "OTHERIS";
pub const REDIRECT: &str = "http://127.0.0.1:9/cb";
pub const STATE: &str = "7497a6ec-6085-4722-9b35-367ab2139b6a";
pub const SCOPE: &str = "openid fullname usr_org";
/// 2026-11-20T12:00:00Z, and as ESIA writes it in Moscow.
const NOW: i64 = 1_795_176_000;
pub const TIMESTAMP: &str = "2026.11.20 15:00:00 +0300";

pub struct HeldClock(AtomicI64);

impl HeldClock {
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for HeldClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0.load(Ordering::SeqCst))
    }
}

struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, out: &mut [u8]) {
        openssl::rand::rand_bytes(out).expect("random bytes");
    }
}

/// A client's key and certificate, made by the command line tool as an operator would.
pub struct Identity {
    pub key: PKey<Private>,
    pub certificate: X509,
}

impl Identity {
    pub fn rsa() -> Self {
        Self::make(&["-newkey", "rsa:2048"])
    }

    /// One RSA identity for all tests that need no second: keys of this kind take their time.
    fn shared() -> Self {
        static SHARED: LazyLock<Identity> = LazyLock::new(Identity::rsa);
        Self { key: SHARED.key.clone(), certificate: SHARED.certificate.clone() }
    }

    pub fn gost() -> Self {
        Self::make(&["-newkey", "gost2012_256", "-pkeyopt", "paramset:A"])
    }

    fn make(algorithm: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let (key, certificate) = (dir.path().join("key"), dir.path().join("crt"));
        let done = Command::new("openssl")
            .args(["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=TESTIS"])
            .args(algorithm)
            .args([Path::new("-keyout"), &key, Path::new("-out"), &certificate])
            .output()
            .expect("openssl runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let read = |path| std::fs::read(path).expect("written");
        Self {
            key: PKey::private_key_from_pem(&read(&key)).expect("a key"),
            certificate: X509::from_pem(&read(&certificate)).expect("a certificate"),
        }
    }

    pub fn pkcs7(&self, text: &str, flags: Pkcs7Flags) -> String {
        let none = Stack::new().expect("a stack");
        let signed = Pkcs7::sign(&self.certificate, &self.key, &none, text.as_bytes(), flags | Pkcs7Flags::BINARY).expect("signed");
        URL_SAFE_NO_PAD.encode(signed.to_der().expect("DER"))
    }

    pub fn raw(&self, text: &str) -> Vec<u8> {
        let mut signer = Signer::new(streebog(), &self.key).expect("a GOST key");
        signer.sign_oneshot_to_vec(text.as_bytes()).expect("signed")
    }

    pub fn certificate_hash(&self) -> String {
        let der = self.certificate.to_der().expect("DER");
        hex(&openssl::hash::hash(streebog(), &der).expect("a digest"))
    }
}

pub fn streebog() -> MessageDigest {
    MessageDigest::from_name("md_gost12_256").expect("the GOST engine")
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Request parameters on their way.
#[derive(Clone)]
pub struct Form(pub Vec<(String, String)>);

impl Form {
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.retain(|(n, _)| n != name);
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(n, _)| n != name);
        self
    }

    pub fn concat(&self, names: &[&str]) -> String {
        let value = |name: &&str| self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
        names.iter().map(value).collect()
    }

    /// Signed as the first generation wants it.
    pub fn signed(self, identity: &Identity) -> Self {
        let secret = identity.pkcs7(&self.concat(&["scope", "timestamp", "client_id", "state"]), Pkcs7Flags::DETACHED);
        self.with("client_secret", &secret)
    }
}

pub struct Stand {
    pub base: String,
    pub http: reqwest::Client,
    pub clock: Arc<HeldClock>,
    pub identity: Identity,
    pub certificates_pem: Vec<String>,
}

impl Stand {
    pub fn start() -> Self {
        Self::with(Identity::shared(), TokenAlg::Rs256, |_| {})
    }

    pub fn with(identity: Identity, token_alg: TokenAlg, adjust: impl FnOnce(&mut EsiaConfig)) -> Self {
        let (mut config, clock) = Self::config(&identity, token_alg);
        adjust(&mut config);
        let running = start(config).expect("it starts");
        tokio::spawn(running.server);
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { base: running.base_url, http, clock, identity, certificates_pem: running.signing_certificates_pem }
    }

    /// Two clients with the same certificate, on any free port.
    pub fn config(identity: &Identity, token_alg: TokenAlg) -> (EsiaConfig, Arc<HeldClock>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let clock = Arc::new(HeldClock(AtomicI64::new(NOW)));
        let mut config = EsiaConfig::new(listener, clock.clone(), Arc::new(SystemEntropy));
        config.clients = [CLIENT, OTHER_CLIENT]
            .map(|client_id| ClientRegistration {
                client_id: client_id.to_owned(),
                certificates: vec![identity.certificate.clone()],
                redirect_uris: vec![REDIRECT.to_owned(), "http://127.0.0.1:9/other".to_owned()],
                token_alg,
            })
            .into();
        (config, clock)
    }

    /// An unsigned authorization request of the first generation.
    pub fn ask(&self) -> Form {
        Form::of(&[
            ("client_id", CLIENT),
            ("redirect_uri", REDIRECT),
            ("scope", SCOPE),
            ("response_type", "code"),
            ("state", STATE),
            ("timestamp", TIMESTAMP),
            ("access_type", "online"),
        ])
    }

    /// An unsigned code redemption of the first generation.
    pub fn redeem(&self, code: &str) -> Form {
        Form::of(&[
            ("client_id", CLIENT),
            ("code", code),
            ("grant_type", "authorization_code"),
            ("redirect_uri", REDIRECT),
            ("scope", SCOPE),
            ("state", "0333157d-1111-4222-8333-444455556666"),
            ("timestamp", TIMESTAMP),
            ("token_type", "Bearer"),
        ])
    }

    pub async fn authorize(&self, path: &str, form: &Form, persona: &str) -> Response {
        let request = self.http.get(format!("{}{path}", self.base)).query(&form.0).header("X-Sandbox-Persona", persona);
        request.send().await.expect("an answer")
    }

    pub async fn post(&self, path: &str, form: &Form) -> Response {
        self.http.post(format!("{}{path}", self.base)).form(&form.0).send().await.expect("an answer")
    }

    pub async fn code_for(&self, form: Form, persona: &str) -> String {
        let answer = self.authorize("/aas/oauth2/ac", &form.signed(&self.identity), persona).await;
        returned(&answer).remove("code").expect("a code")
    }

    /// A whole sign-in of the first generation.
    pub async fn tokens_for(&self, scope: &str, persona: &str) -> Value {
        let code = self.code_for(self.ask().with("scope", scope), persona).await;
        let form = self.redeem(&code).with("scope", scope).signed(&self.identity);
        let answer = self.post("/aas/oauth2/te", &form).await;
        assert_eq!(answer.status(), 200);
        answer.json().await.expect("JSON")
    }

    /// A system's own token over organisations.
    pub async fn system_token(&self, scope: &str) -> Value {
        let form = Form::of(&[
            ("client_id", CLIENT),
            ("response_type", "token"),
            ("grant_type", "client_credentials"),
            ("scope", scope),
            ("state", STATE),
            ("timestamp", TIMESTAMP),
            ("token_type", "Bearer"),
        ]);
        self.post("/aas/oauth2/te", &form.signed(&self.identity)).await.json().await.expect("JSON")
    }

    pub async fn rest(&self, path: &str, token: &str) -> Response {
        self.http.get(format!("{}{path}", self.base)).bearer_auth(token).send().await.expect("an answer")
    }
}

/// The parameters a redirect to the client carries.
pub fn returned(answer: &Response) -> HashMap<String, String> {
    assert_eq!(answer.status(), 302);
    let location = answer.headers()["location"].to_str().expect("text");
    let url = Url::parse(location).expect("an address");
    assert!(location.starts_with(REDIRECT), "{location}");
    url.query_pairs().into_owned().collect()
}

/// Header and payload of a token, its signature checked against the certificate.
pub fn open(token: &str, certificate_pem: &str, digest: MessageDigest) -> (Value, Value) {
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let (header, payload) = signed.split_once('.').expect("three parts");
    let key = X509::from_pem(certificate_pem.as_bytes()).and_then(|c| c.public_key()).expect("a certificate");
    let mut verifier = Verifier::new(digest, &key).expect("a verifier");
    verifier.update(signed.as_bytes()).expect("hashed");
    assert!(verifier.verify(&URL_SAFE_NO_PAD.decode(signature).expect("base64url")).expect("checked"), "bad signature");
    let part = |text| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).expect("base64url")).expect("JSON");
    (part(header), part(payload))
}
