//! GOST signatures, request hashes and tokens, compared with the `openssl` command line. They need the engine
//! (`OPENSSL_CONF`); with `GOSBADGE_REQUIRE_GOST=1` its absence is a failure.

use std::path::Path;
use std::process::Command;

use super::*;
use crate::adapters::esia::sign::streebog;

/// Whether to go on: the engine is there.
#[expect(clippy::disallowed_methods, reason = "how the test run is told, no setting of the service")]
fn engine() -> bool {
    let there = streebog().is_some();
    let required = std::env::var_os("GOSBADGE_REQUIRE_GOST").is_some_and(|v| v == "1");
    assert!(there || !required, "GOSBADGE_REQUIRE_GOST is set and OpenSSL knows no md_gost12_256; set OPENSSL_CONF");
    there
}

fn openssl(dir: &Path, args: &str) -> Vec<u8> {
    let out = Command::new("openssl").args(args.split(' ')).current_dir(dir).output().unwrap();
    assert!(out.status.success(), "openssl {args}: {}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

fn gost_key(paramset: &str) -> TestKey {
    let dir = tempfile::tempdir().unwrap();
    openssl(dir.path(), &format!("genpkey -algorithm gost2012_256 -pkeyopt paramset:{paramset} -out key.pem"));
    std::fs::write(dir.path().join("req.cnf"), "[req]\ndistinguished_name=dn\n[dn]\n").unwrap();
    // `-config` replaces OPENSSL_CONF's [req] only; the engine is loaded from OPENSSL_CONF before.
    openssl(dir.path(), "req -x509 -new -key key.pem -days 30 -subj /CN=TESTIS -config req.cnf -md_gost12_256 -out cert.pem");
    let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
    TestKey { cert: X509::from_pem(&read("cert.pem")).unwrap(), key: PKey::private_key_from_pem(&read("key.pem")).unwrap() }
}

fn v2(base_url: &str, ours: &TestKey, esia: &TestKey) -> EsiaSettings {
    EsiaSettings {
        generation: Generation::V2,
        certificate: pem(&ours.cert),
        private_key: pem_key(ours),
        trusted_certificates: vec![pem(&gost_key("A").cert), pem(&esia.cert)],
        token_alg: TokenAlg::Gost3410_2012_256,
        organisation_route: OrganisationRoute::ScopeOrg,
        organisation_scopes: vec!["org_inn".into(), "org_ogrn".into()],
        ..settings(base_url)
    }
}

/// Asks the command line whether `secret` is our raw signature over `message`.
fn raw_fits(ours: &TestKey, secret: &str, message: &str) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let signature = URL_SAFE_NO_PAD.decode(secret).unwrap();
    assert_eq!((signature.len(), secret.len()), (64, 86));
    std::fs::write(dir.path().join("sig"), signature).unwrap();
    std::fs::write(dir.path().join("msg"), message).unwrap();
    std::fs::write(dir.path().join("pub"), ours.cert.public_key().unwrap().public_key_to_pem().unwrap()).unwrap();
    let args = ["dgst", "-md_gost12_256", "-verify", "pub", "-signature", "sig", "msg"];
    Command::new("openssl").args(args).current_dir(dir.path()).output().unwrap().status.success()
}

fn hash_by_command_line(cert: &X509) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("der"), cert.to_der().unwrap()).unwrap();
    let out = String::from_utf8(openssl(dir.path(), "dgst -r -md_gost12_256 der")).unwrap();
    out.split(' ').next().unwrap().to_uppercase()
}

fn gost_header(sbt: &str) -> Value {
    json!({"ver": 1, "typ": "JWT", "sbt": sbt, "alg": "GOST3410_2012_256"})
}

fn gost_jwt(key: &TestKey, header: &Value, claims: &Value) -> String {
    jwt_with(streebog().unwrap(), &key.key, header, claims)
}

#[tokio::test]
async fn v2_requests_verify_on_the_command_line_for_every_parameter_set() {
    if !engine() {
        return;
    }
    for paramset in ["A", "TCA", "TCB"] {
        let ours = gost_key(paramset);
        let url = provider(v2("https://esia.example.com", &ours, &ours)).begin(&secrets(), NOW).await.unwrap();
        assert!(url.starts_with("https://esia.example.com/aas/oauth2/v2/ac?"));
        let q: HashMap<String, String> = Url::parse(&url).unwrap().query_pairs().into_owned().collect();
        assert_eq!(q["client_certificate_hash"], hash_by_command_line(&ours.cert));
        assert_eq!(q["scope_org"], "org_inn org_ogrn");
        let stamp = "2026.11.23 17:12:57 +0000";
        let message = format!("TESTISopenid usr_orgorg_inn org_ogrn{stamp}{}{CALLBACK}", secrets().state);
        assert!(raw_fits(&ours, &q["client_secret"], &message), "{paramset}");
        let v1_order = format!("openid usr_org{stamp}TESTIS{}", secrets().state);
        assert!(!raw_fits(&ours, &q["client_secret"], &v1_order));
    }
}

#[actix_web::test]
async fn a_v2_login_with_gost_tokens_reads_the_organisation_with_the_persons_token() {
    if !engine() {
        return;
    }
    let (ours, esia) = (gost_key("A"), gost_key("TCA"));
    let mut access_header = gost_header("access");
    access_header["x5t#St256"] = json!(hash_by_command_line(&esia.cert));
    let mut claims = access_claims();
    claims["scope"] = json!(format!("usr_org?oid={PERSON} openid org_inn?org_oid=1063000001 org_ogrn?org_oid=1063000001"));
    let (access, id) = (gost_jwt(&esia, &access_header, &claims), gost_jwt(&esia, &gost_header("id"), &id_claims()));
    let (server, forms) = host(access, id, |_| None);
    let provider = provider(v2(&server.url, &ours, &esia));
    let login = provider.complete(callback(), NOW).await.unwrap();
    {
        let forms = forms.lock().unwrap();
        let f = &forms[0];
        let message = format!("TESTISopenid usr_orgorg_inn org_ogrn{}{}{CALLBACK}opaque-code", f["timestamp"], f["state"]);
        assert!(raw_fits(&ours, &f["client_secret"], &message));
        assert_eq!(f["client_certificate_hash"], hash_by_command_line(&ours.cert));
    }
    assert_eq!(provider.organisation(&login.session, "1063000001", NOW).await.unwrap().inn.as_deref(), Some("7707083893"));
    let later = NOW.plus(Duration::from_secs(3600));
    assert_eq!(provider.organisation(&login.session, "1063000001", later).await.err().unwrap().code, F19);
    assert_eq!(forms.lock().unwrap().len(), 4, "no token is bought for the record");
}

#[actix_web::test]
async fn an_organisations_record_needs_a_grant_for_that_organisation() {
    if !engine() {
        return;
    }
    let (ours, esia) = (gost_key("A"), gost_key("A"));
    for (granted, code) in [
        ("", F17),
        ("org_inn?org_oid=1063000002", F22),
        ("org_inn?org_oid=106300000", F22),
        ("org_inn?org_oid=10630000011", F22),
        ("org_inn?oid=1063000001", F17),
        ("org_inn", F17),
        ("org_emps?org_oid=1063000001", F22),
        ("org_inn?org_oid=1063000002&org_oid=1063000001", F22),
    ] {
        let mut claims = access_claims();
        claims["scope"] = json!(format!("usr_org?oid={PERSON} openid {granted}"));
        let (access, id) = (gost_jwt(&esia, &gost_header("access"), &claims), gost_jwt(&esia, &gost_header("id"), &id_claims()));
        let (server, forms) = host(access, id, |_| None);
        let provider = provider(v2(&server.url, &ours, &esia));
        let session = provider.complete(callback(), NOW).await.unwrap().session;
        let e = provider.organisation(&session, "1063000001", NOW).await.err().unwrap();
        assert_eq!((e.code, forms.lock().unwrap().len()), (code, 3), "{granted}: {e}; nothing may be read");
    }
}

#[tokio::test]
async fn a_gost3411_challenge_is_the_command_lines_streebog() {
    if !engine() {
        return;
    }
    let ours = gost_key("A");
    let settings = EsiaSettings { pkce: Pkce::Gost3411, ..v2("https://esia.example.com", &ours, &ours) };
    let url = provider(settings).begin(&secrets(), NOW).await.unwrap();
    let q: HashMap<String, String> = Url::parse(&url).unwrap().query_pairs().into_owned().collect();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("verifier"), secrets().pkce_verifier).unwrap();
    let digest = openssl(dir.path(), "dgst -binary -md_gost12_256 verifier");
    assert_eq!((q["code_challenge_method"].as_str(), &q["code_challenge"]), ("GOST3411", &URL_SAFE_NO_PAD.encode(digest)));
}

#[actix_web::test]
async fn gost_tokens_are_refused_when_anything_about_the_signature_is_off() {
    if !engine() {
        return;
    }
    let (ours, esia) = (gost_key("A"), gost_key("A"));
    let good = gost_jwt(&esia, &gost_header("access"), &access_claims());
    let (input, signature) = good.rsplit_once('.').unwrap();
    let raw = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let mirrored: Vec<u8> = raw.iter().rev().copied().collect();
    let mut foreign = gost_header("access");
    foreign["x5t#St256"] = json!(hash_by_command_line(&ours.cert));
    let cases = [
        ("RS256 where GOST is pinned", jwt(&header("access"), &access_claims())),
        ("RSA signature under the GOST name", jwt(&gost_header("access"), &access_claims())),
        ("mirrored bytes", with_signature(input, &mirrored)),
        ("zero", with_signature(input, &[0; 64])),
        ("63 bytes", with_signature(input, &raw[..63])),
        ("65 bytes", with_signature(input, &[&raw[..], &[0]].concat())),
        ("names another certificate", gost_jwt(&esia, &foreign, &access_claims())),
        ("another key", gost_jwt(&ours, &gost_header("access"), &access_claims())),
    ];
    for (name, token) in cases {
        let (server, forms) = host(token, gost_jwt(&esia, &gost_header("id"), &id_claims()), |_| None);
        let e = provider(v2(&server.url, &ours, &esia)).complete(callback(), NOW).await.err().unwrap_or_else(|| panic!("{name}: accepted"));
        assert_eq!((e.code, forms.lock().unwrap().len()), (F17, 1), "{name}: {e}");
    }
}

#[tokio::test]
async fn v1_signs_with_gost_too() {
    if !engine() {
        return;
    }
    let ours = gost_key("A");
    let settings = EsiaSettings { certificate: pem(&ours.cert), private_key: pem_key(&ours), ..settings("https://esia.example.com") };
    let url = provider(settings).begin(&secrets(), NOW).await.unwrap();
    let q: HashMap<String, String> = Url::parse(&url).unwrap().query_pairs().into_owned().collect();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("sig"), URL_SAFE_NO_PAD.decode(&q["client_secret"]).unwrap()).unwrap();
    std::fs::write(dir.path().join("cert"), ours.cert.to_pem().unwrap()).unwrap();
    let message = format!("openid usr_org2026.11.23 17:12:57 +0000TESTIS{}", secrets().state);
    std::fs::write(dir.path().join("msg"), message).unwrap();
    openssl(dir.path(), "cms -verify -inform DER -noverify -nointern -binary -in sig -content msg -certfile cert");
}
