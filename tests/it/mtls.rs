//! Client certificates of platforms (RFC 8705), as the proxy in front hands them over (RFC 9440). The test stands where the proxy
//! does: on loopback, which these set-ups trust or not.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use gosbadge::domain::client_certificate::CertificateRule;
use gosbadge::service::Actor;
use gosbadge::service::add_platform::{NewPlatform, add_platform};
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Name};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Harness, Person, VERIFIER, parameter};

const COMMUNITY: &str = "218000001";
const TRUSTED: (&str, &str) = ("GOSBADGE__HTTP__TRUSTED_PROXIES", "127.0.0.1");
const ON: (&str, &str) = ("GOSBADGE__OAUTH__MTLS", "true");

/// A certificate and its key.
struct Pair {
    certificate: X509,
    key: PKey<Private>,
}

impl Pair {
    fn der(&self) -> Vec<u8> {
        self.certificate.to_der().unwrap()
    }

    /// As `Client-Cert` carries it.
    fn header(&self) -> String {
        format!(":{}:", STANDARD.encode(self.der()))
    }

    fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(openssl::sha::sha256(&self.der()))
    }
}

/// What a certificate is to be like.
struct Wish<'a> {
    subject: &'a [(&'a str, &'a str)],
    authority: bool,
    server_only: bool,
    /// Days from now, first and last.
    days: (i64, i64),
    dns: Option<&'a str>,
}

const CLIENT: Wish<'static> = Wish {
    subject: &[("C", "RU"), ("O", "Площадка"), ("CN", "client")],
    authority: false,
    server_only: false,
    days: (-1, 30),
    dns: Some("client.example"),
};

/// Signed by `issuer`, or by itself.
fn make(wish: &Wish, issuer: Option<&Pair>) -> Pair {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut name = X509Name::builder().unwrap();
    for (kind, value) in wish.subject {
        name.append_entry_by_text(kind, value).unwrap();
    }
    let name = name.build();
    let mut c = X509::builder().unwrap();
    c.set_version(2).unwrap();
    let mut serial = [0u8; 8];
    openssl::rand::rand_bytes(&mut serial).unwrap();
    c.set_serial_number(&Asn1Integer::from_bn(&BigNum::from_slice(&serial).unwrap()).unwrap()).unwrap();
    c.set_subject_name(&name).unwrap();
    c.set_issuer_name(issuer.map_or(&name, |i| i.certificate.subject_name())).unwrap();
    c.set_pubkey(&key).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    let at = |days: i64| Asn1Time::from_unix(now + days * 86_400).unwrap();
    c.set_not_before(&at(wish.days.0)).unwrap();
    c.set_not_after(&at(wish.days.1)).unwrap();
    if wish.authority {
        c.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
    }
    if wish.server_only {
        c.append_extension(ExtendedKeyUsage::new().server_auth().build().unwrap()).unwrap();
    }
    if let Some(dns) = wish.dns {
        let context = c.x509v3_context(None, None);
        let names = SubjectAlternativeName::new().dns(dns).build(&context).unwrap();
        c.append_extension(names).unwrap();
    }
    c.sign(issuer.map_or(&key, |i| &i.key), MessageDigest::sha256()).unwrap();
    Pair { certificate: c.build(), key }
}

fn authority(name: &str) -> Pair {
    make(&Wish { subject: &[("CN", name)], authority: true, dns: None, ..CLIENT }, None)
}

/// A set-up with a platform `other` that authenticates by certificate.
async fn start(rule: CertificateRule, settings: &[(&str, &str)]) -> Harness {
    let h = Harness::start_with(settings).await;
    let new = NewPlatform {
        id: "other".parse().unwrap(),
        name: "Другая площадка".to_owned(),
        base_url: h.ready().platform_url.clone(),
        redirect_uris: vec![h.ready().platform.redirect_uri.clone()],
        community_prefixes: vec![format!("{}/", h.ready().platform_url)],
        jwks: None,
        webhook_url: None,
        certificate: Some(rule),
        communities: None,
    };
    let secrets = add_platform(&Arc::clone(h.app()), new, &Actor::system()).await.unwrap();
    assert_eq!(secrets.client_secret, None);
    h
}

fn client(headers: &[(&'static str, &str)]) -> reqwest::Client {
    let mut map = reqwest::header::HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().default_headers(map).build().unwrap()
}

async fn push(h: &Harness, headers: &[(&'static str, &str)]) -> (u16, Value) {
    let mut form = h.push_parameters(COMMUNITY, VERIFIER);
    form.retain(|(n, _)| *n != "client_id");
    form.push(("client_id", "other".to_owned()));
    let answer = client(headers).post(h.url("/oauth/par")).form(&form).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn assert_shut_out(h: &Harness, headers: &[(&'static str, &str)], case: &str) {
    let (status, body) = push(h, headers).await;
    assert_eq!((status, body["error"].as_str()), (401, Some("invalid_client")), "{case}: {body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_certificate_and_no_other() {
    let (mine, next, stranger) = (make(&CLIENT, None), make(&CLIENT, None), make(&CLIENT, None));
    let rule = CertificateRule::SelfSigned(vec![mine.thumbprint(), next.thumbprint()]);
    let h = start(rule, &[ON, TRUSTED]).await;
    for pair in [&mine, &next] {
        assert_eq!(push(&h, &[("client-cert", &pair.header())]).await.0, 201);
    }
    assert_shut_out(&h, &[], "none").await;
    assert_shut_out(&h, &[("client-cert", &stranger.header())], "the same names, another key").await;
    let twice = h.http.post(h.url("/oauth/par")).form(&[("client_id", "other"), ("response_type", "code")]);
    let twice = twice.header("client-cert", mine.header()).header("client-cert", mine.header()).send().await.unwrap();
    assert_eq!(twice.status(), 401, "twice");
    let bare = STANDARD.encode(mine.der());
    let longer = format!(":{}:", STANDARD.encode([mine.der(), vec![0]].concat()));
    for bad in [bare.as_str(), "", "::", ":AQI=:", &longer, &mine.header()[..40]] {
        assert_shut_out(&h, &[("client-cert", bad)], bad).await;
    }
    for name in ["x-client-cert", "ssl-client-cert", "x-forwarded-client-cert"] {
        assert_shut_out(&h, &[(name, &mine.header())], name).await;
    }
    h.clock.advance(std::time::Duration::from_secs(31 * 86_400));
    assert_shut_out(&h, &[("client-cert", &mine.header())], "its days are over").await;
    h.stop().await;
}

/// The header is the proxy's word. From anybody else it is nothing.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_a_trusted_proxy_is_believed() {
    let mine = make(&CLIENT, None);
    let rule = || CertificateRule::SelfSigned(vec![mine.thumbprint()]);
    let header = mine.header();
    for settings in [&[ON, ("GOSBADGE__HTTP__TRUSTED_PROXIES", "192.0.2.7")][..], &[TRUSTED], &[]] {
        let h = start(rule(), settings).await;
        assert_shut_out(&h, &[("client-cert", &header)], "not trusted, or off").await;
        // Nor by claiming to come from there.
        assert_shut_out(&h, &[("client-cert", &header), ("x-forwarded-for", "192.0.2.7")], "claimed").await;
        h.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_counts_with_the_word_of_a_known_authority() {
    let (known, unknown) = (authority("known"), authority("unknown"));
    let between = make(&Wish { subject: &[("CN", "between")], authority: true, dns: None, ..CLIENT }, Some(&known));
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("ca.pem");
    std::fs::write(&file, known.certificate.to_pem().unwrap()).unwrap();
    let settings = [ON, TRUSTED, ("GOSBADGE__OAUTH__MTLS_CA_FILES", file.to_str().unwrap())];
    let h = start(CertificateRule::Subject("CN=client, O=Площадка, C=RU".parse().unwrap()), &settings).await;
    let good = make(&CLIENT, Some(&known));
    assert_eq!(push(&h, &[("client-cert", &good.header())]).await.0, 201);
    let below = make(&CLIENT, Some(&between));
    assert_eq!(push(&h, &[("client-cert", &below.header()), ("client-cert-chain", &between.header())]).await.0, 201);
    assert_shut_out(&h, &[("client-cert", &below.header())], "without what lies between").await;
    let wrong = [
        ("itself", make(&CLIENT, None)),
        ("another authority", make(&CLIENT, Some(&unknown))),
        ("for servers", make(&Wish { server_only: true, ..CLIENT }, Some(&known))),
        ("ended", make(&Wish { days: (-9, -1), ..CLIENT }, Some(&known))),
        ("not begun", make(&Wish { days: (1, 9), ..CLIENT }, Some(&known))),
        ("another name", make(&Wish { subject: &[("C", "RU"), ("O", "Площадка"), ("CN", "Client")], ..CLIENT }, Some(&known))),
        (
            "a name too many",
            make(&Wish { subject: &[("C", "RU"), ("O", "Площадка"), ("CN", "client"), ("CN", "client")], ..CLIENT }, Some(&known)),
        ),
        ("signed by one that is no authority", make(&CLIENT, Some(&good))),
    ];
    for (case, pair) in &wrong {
        let chain = format!("{}, {}, {}", good.header(), unknown.header(), known.header());
        assert_shut_out(&h, &[("client-cert", &pair.header()), ("client-cert-chain", &chain)], case).await;
    }
    h.stop().await;

    let h = start(CertificateRule::Dns("client.example".to_owned()), &settings).await;
    assert_eq!(push(&h, &[("client-cert", &good.header())]).await.0, 201);
    let other = make(&Wish { dns: Some("evil.example"), ..CLIENT }, Some(&known));
    assert_shut_out(&h, &[("client-cert", &other.header())], "another DNS name").await;
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_bound_to_the_certificate() {
    let (mine, stranger) = (make(&CLIENT, None), make(&CLIENT, None));
    let rule = CertificateRule::SelfSigned(vec![mine.thumbprint()]);
    let h = start(rule, &[ON, TRUSTED, ("GOSBADGE__OAUTH__MTLS_URL", "https://mtls.example.ru")]).await;
    let (header, other) = (mine.header(), stranger.header());
    let with_mine = [("client-cert", header.as_str())];
    let (_, pushed) = push(&h, &with_mine).await;
    let mut authorize = url::Url::parse(&h.url("/oauth/authorize")).unwrap();
    authorize.query_pairs_mut().append_pair("client_id", "other").append_pair("request_uri", pushed["request_uri"].as_str().unwrap());
    let back = Person::new().walk(authorize.as_str(), "kindergarten-head").await.location.unwrap();
    let code = parameter(&back, "code").unwrap();
    let form = [("client_id", "other"), ("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER)];
    let answer = client(&with_mine).post(h.url("/oauth/token")).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.unwrap();
    let token = answer["access_token"].as_str().unwrap();

    let asked = client(&with_mine).post(h.url("/oauth/introspect")).form(&[("client_id", "other"), ("token", token)]).send().await.unwrap();
    let said: Value = asked.json().await.unwrap();
    assert_eq!((&said["active"], &said["cnf"]), (&json!(true), &json!({ "x5t#S256": mine.thumbprint() })), "{said}");

    let application = h.url(&format!("/v1/applications/{}", pushed["application"].as_str().unwrap()));
    let open = async |headers: &[(&'static str, &str)]| {
        client(headers).get(&application).bearer_auth(token).send().await.unwrap().status().as_u16()
    };
    assert_eq!(open(&with_mine).await, 200);
    assert_eq!(open(&[]).await, 401, "stolen");
    assert_eq!(open(&[("client-cert", &other)]).await, 401, "stolen by another client");
    // A plain request names no client: the certificate says it.
    let shown = async |headers: &[(&'static str, &str)]| client(headers).get(&application).send().await.unwrap().status().as_u16();
    assert_eq!((shown(&with_mine).await, shown(&[("client-cert", &other)]).await), (200, 401));
    // A secret's platform does not become another by a certificate.
    let demo = client(&with_mine).get(&application).basic_auth("demo", Some(&h.ready().platform.client_secret)).send().await.unwrap();
    assert_eq!(demo.status(), 404);

    let found: Value = h.http.get(h.url("/.well-known/oauth-authorization-server")).send().await.unwrap().json().await.unwrap();
    let methods = json!(["client_secret_basic", "private_key_jwt", "self_signed_tls_client_auth"]);
    assert_eq!(found["token_endpoint_auth_methods_supported"], methods);
    assert_eq!(found["tls_client_certificate_bound_access_tokens"], true);
    assert_eq!(found["mtls_endpoint_aliases"]["token_endpoint"], "https://mtls.example.ru/oauth/token");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_registers_certificates() {
    let mine = make(&CLIENT, None);
    let h = Harness::start_with(&[ON, TRUSTED]).await;
    let file = h.dir.path().join("client.pem");
    std::fs::write(&file, mine.certificate.to_pem().unwrap()).unwrap();
    let (url, redirect) = (h.ready().platform_url.clone(), h.ready().platform.redirect_uri.clone());
    let prefix = format!("{url}/");
    let add = |id: &'static str, more: Vec<String>| {
        let base =
            ["platform", "add", id, "--name", "Другая", "--base-url", &url, "--redirect-uri", &redirect, "--community-prefix", &prefix];
        base.iter().map(|s| (*s).to_owned()).chain(more).collect::<Vec<String>>()
    };
    let run = async |args: Vec<String>| {
        let out = h.gosbadge(&args.iter().map(String::as_str).collect::<Vec<_>>()).await;
        (out.status.code(), String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap())
    };
    let path = file.display().to_string();
    let (code, out) = run(add("other", vec!["--tls-certificate".into(), path.clone(), "--communities".into(), "218000001".into()])).await;
    assert_eq!(code, Some(0), "{out}");
    assert!(!out.contains("client_secret"), "{out}");
    assert_eq!(push(&h, &[("client-cert", &mine.header())]).await.0, 201);
    let (_, shown) = run(vec!["platform".into(), "show".into(), "other".into(), "--json".into()]).await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["auth_method"], "self_signed_tls_client_auth");
    assert_eq!(shown["certificate"], json!({ "self_signed": [mine.thumbprint()] }));
    assert_eq!(shown["communities"], "218000001");
    // The next certificate is registered beside the present one, then alone.
    let next = make(&CLIENT, None);
    let both = [mine.certificate.to_pem().unwrap(), next.certificate.to_pem().unwrap()].concat();
    for (pem, first, second) in [(both, 201, 201), (next.certificate.to_pem().unwrap(), 401, 201)] {
        std::fs::write(&file, pem).unwrap();
        let (code, out) = run(["platform", "set-certificate", "other", "--tls-certificate", &path].map(str::to_owned).to_vec()).await;
        assert_eq!(code, Some(0), "{out}");
        assert_eq!(push(&h, &[("client-cert", &mine.header())]).await.0, first);
        assert_eq!(push(&h, &[("client-cert", &next.header())]).await.0, second);
    }
    for (id, expected) in [("demo", 1), ("nobody", 1)] {
        let (code, out) = run(["platform", "set-certificate", id, "--tls-certificate", &path].map(str::to_owned).to_vec()).await;
        assert_eq!(code, Some(expected), "{out}");
    }
    assert_eq!(run(["platform", "set-certificate", "other"].map(str::to_owned).to_vec()).await.0, Some(2));
    let wrong = [
        vec!["--tls-subject-dn", "client"],
        vec!["--tls-subject-dn", "CN=a", "--tls-san-dns", "b"],
        vec!["--tls-san-ip", "x"],
        vec!["--communities", "club1"],
        vec!["--tls-san-dns", "b", "--jwks", &path],
    ];
    for more in wrong {
        let (code, out) = run(add("third", more.iter().map(|s| (*s).to_owned()).collect())).await;
        assert_eq!(code, Some(2), "{more:?} {out}");
    }
    let (code, out) = run(add("third", vec!["--tls-certificate".into(), h.dir.path().join("none").display().to_string()])).await;
    assert_eq!(code, Some(1), "{out}");
    h.stop().await;
}
