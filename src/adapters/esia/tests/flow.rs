//! The ordinary course of a login, and what is refused around the tokens.

use super::*;
use crate::ports::identity_provider::{RoleBranch, RoleOrgType};

fn good() -> (String, String) {
    (jwt(&header("access"), &access_claims()), jwt(&json!({"ver": 0, "typ": "JWT", "sbt": "id", "alg": "RS256"}), &id_claims()))
}

fn query(url: &str) -> HashMap<String, String> {
    Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

#[tokio::test]
async fn begin_signs_the_v1_request_so_that_the_command_line_agrees() {
    let url = provider(settings("https://esia.example.com/")).begin(&secrets(), NOW).await.unwrap();
    assert!(url.starts_with("https://esia.example.com/aas/oauth2/ac?"), "{url}");
    let q = query(&url);
    let expected = [
        ("response_type", "code"),
        ("client_id", "TESTIS"),
        ("state", "7497a6ec-6085-4722-9b35-367ab2139b6a"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid usr_org"),
        ("access_type", "online"),
        ("timestamp", "2026.11.23 17:12:57 +0000"),
    ];
    assert_eq!(q.len(), expected.len() + 1, "{:?}", q.keys());
    expected.iter().for_each(|(k, v)| assert_eq!(q[*k], *v));

    let message = "openid usr_org2026.11.23 17:12:57 +0000TESTIS7497a6ec-6085-4722-9b35-367ab2139b6a";
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("sig"), URL_SAFE_NO_PAD.decode(&q["client_secret"]).unwrap()).unwrap();
    std::fs::write(at("cert"), OURS.cert.to_pem().unwrap()).unwrap();
    for (content, fits) in [(message, true), ("another message", false)] {
        std::fs::write(at("msg"), content).unwrap();
        let ok = std::process::Command::new("openssl")
            .args(["smime", "-verify", "-inform", "DER", "-noverify", "-nointern", "-binary"])
            .args([
                "-in".as_ref(),
                at("sig").as_os_str(),
                "-content".as_ref(),
                at("msg").as_os_str(),
                "-certfile".as_ref(),
                at("cert").as_os_str(),
            ])
            .output()
            .unwrap();
        assert_eq!(ok.status.success(), fits, "{}", String::from_utf8_lossy(&ok.stderr));
    }
}

#[actix_web::test]
async fn a_login_ends_with_person_roles_and_organisation() {
    let (access, id) = good();
    let (server, forms) = host(access, id, |_| None);
    let esia = provider(settings(&server.url));
    let login = esia.complete(callback(), NOW).await.unwrap();
    assert_eq!((login.person.subject.as_str(), login.person.confirmed), ("1000299654", true));
    assert_eq!((login.person.method.as_deref(), login.person.acr.as_deref()), (Some("PWD"), Some("2fa:otp")));

    let [agency, branch] = &login.roles[..] else { panic!("two roles") };
    assert_eq!((agency.oid.as_str(), agency.org_type, agency.chief, agency.active), ("1063000001", RoleOrgType::Agency, true, true));
    assert_eq!(agency.ogrn.as_deref(), Some("1027700132195"));
    assert_eq!(branch.branch, Some(RoleBranch { oid: "7".into(), name: "Филиал".into() }));
    assert_eq!((branch.ogrn.as_deref(), branch.chief, branch.short_name.as_str()), (Some("1027700132195"), false, ""));

    // The system's own token reads the record, so the person's is not kept.
    let kept: Value = serde_json::from_str(&login.session.0).unwrap();
    assert_eq!(kept["access_token"], "");
    let record = esia.organisation(&login.session, &agency.oid, NOW).await.unwrap();
    assert_eq!((record.inn.as_deref(), record.kpp.as_deref(), record.okopf), (Some("7707083893"), Some("770701001"), None));
    assert_eq!((record.agency_type.as_deref(), record.agency_territory.as_deref()), (Some("12.LCL"), Some("77")));

    let forms = forms.lock().unwrap();
    let (code, system) = (&forms[0], &forms[3]);
    assert_eq!(
        (code["grant_type"].as_str(), code["code"].as_str(), code["token_type"].as_str()),
        ("authorization_code", "opaque-code", "Bearer")
    );
    assert_eq!((code["redirect_uri"].as_str(), code["client_id"].as_str()), (CALLBACK, "TESTIS"));
    assert_ne!(code["state"], secrets().state, "the token request has a state of its own");
    assert_eq!(system["grant_type"], "client_credentials");
    assert_eq!(system["response_type"], "token");
    assert!(!system.contains_key("redirect_uri") && system["scope"].contains("http://esia.gosuslugi.ru/org_inn?org_oid=1063000001"));
    for f in [code, system] {
        let message = format!("{}{}{}{}", f["scope"], f["timestamp"], f["client_id"], f["state"]);
        assert!(pkcs7_fits(&f["client_secret"], &message));
        assert!(!pkcs7_fits(&f["client_secret"], &format!("{message}x")));
    }
}

/// A token of the system that was granted for another body, or for less than was asked, opens no record.
#[actix_web::test]
async fn a_system_token_must_be_for_this_organisation() {
    let granted = |oid: &str| DEFAULT_ORGANISATION_SCOPES.map(|s| format!("http://esia.gosuslugi.ru/{s}?org_oid={oid}")).join(" ");
    let less = granted("1063000001").replace("org_inn?", "org_emps?");
    for scope in [granted("1063000002"), granted("106300000"), granted("10630000011"), less, String::new()] {
        let (access, id) = good();
        let claimed = scope.clone();
        let (server, forms) = host(access, id, move |r| {
            let fields = form(&r.body);
            (fields.get("grant_type")? == "client_credentials").then(|| {
                let mut claims = access_claims();
                claims["scope"] = json!(claimed);
                let token = jwt(&header("access"), &claims);
                Reply::json(200, &json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600, "state": fields["state"]}))
            })
        });
        let esia = provider(settings(&server.url));
        let session = esia.complete(callback(), NOW).await.unwrap().session;
        let e = esia.organisation(&session, "1063000001", NOW).await.err().unwrap();
        assert_eq!((e.code, forms.lock().unwrap().len()), (F17, 4), "{scope}: {e}; nothing may be read");
    }
}

#[actix_web::test]
async fn roles_may_be_none_and_must_be_this_persons() {
    let cases = [
        (json!({"size": 0}), Some(0)),
        (json!({"elements": []}), Some(0)),
        (json!({"size": 0, "elements": null}), Some(0)),
        (json!({"elements": [{"oid": 5}]}), Some(1)),
        (json!({"elements": [{"oid": 5, "prnOid": 1}]}), None),
        (json!({"elements": [{"oid": "../../orgs"}]}), None),
        (json!({"elements": [{"oid": 5, "chief": "true"}]}), None),
        (json!({"elements": ["https://esia/rs/orgs/1"]}), None),
        (json!([]), None),
    ];
    for (body, expected) in cases {
        let (access, id) = good();
        let reply = body.clone();
        let (server, _) = host(access, id, move |r| r.path.ends_with("/roles").then(|| Reply::json(200, &reply)));
        match (provider(settings(&server.url)).complete(callback(), NOW).await, expected) {
            (Ok(login), Some(n)) => {
                assert_eq!(login.roles.len(), n);
                assert!(login.roles.iter().all(|r| !r.chief && !r.admin && !r.active), "silence grants nothing");
            }
            (Err(e), None) => assert_eq!(e.code, F17, "{body}"),
            (r, _) => panic!("{body}: {:?}", r.err()),
        }
    }
}

#[actix_web::test]
async fn confirmation_comes_from_the_person_record_before_the_token() {
    for (person, is_tru, confirmed) in
        [(json!({"trusted": false}), json!(true), false), (json!({}), json!(true), true), (json!({}), Value::Null, false)]
    {
        let mut claims = id_claims();
        claims["urn:esia:sbj"]["urn:esia:sbj:is_tru"] = is_tru;
        let (server, _) =
            host(good().0, jwt(&header("id"), &claims), move |r| r.path.ends_with("/1000299654").then(|| Reply::json(200, &person)));
        let login = provider(settings(&server.url)).complete(callback(), NOW).await.unwrap();
        assert_eq!(login.person.confirmed, confirmed);
    }
}

#[actix_web::test]
async fn foreign_codes_and_issuers_are_refused_before_anything_is_sent() {
    let (server, forms) = host(String::new(), String::new(), |_| None);
    let esia = provider(settings(&server.url));
    let foreign = signing_input(&json!({"alg": "none"}), &json!({"client_id": "OTHER"})) + ".";
    let e = esia.complete(LoginCallback { code: foreign, ..callback() }, NOW).await.err().unwrap();
    assert_eq!(e.code, F19);
    let e = esia.complete(LoginCallback { iss: Some("https://evil.example.com".into()), ..callback() }, NOW).await.err().unwrap();
    assert_eq!(e.code, F17);
    assert!(forms.lock().unwrap().is_empty());
}

#[actix_web::test]
async fn the_token_answer_must_carry_its_own_state() {
    for state in [json!(secrets().state), json!("x"), json!(""), Value::Null] {
        let (access, id) = good();
        let body = json!({"access_token": access, "id_token": id, "token_type": "Bearer", "state": state});
        let (server, forms) = host(String::new(), String::new(), move |_| Some(Reply::json(200, &body)));
        let e = provider(settings(&server.url)).complete(callback(), NOW).await.err().unwrap();
        assert_eq!((e.code, forms.lock().unwrap().len()), (F17, 1));
    }
}

#[actix_web::test]
async fn the_record_needs_a_numeric_id_and_an_understood_route() {
    let (access, id) = good();
    let (server, forms) = host(access, id, |_| None);
    let esia = provider(settings(&server.url));
    let session = esia.complete(callback(), NOW).await.unwrap().session;
    for bad in ["", "../prns/1", "1/emps", "1?x", "１", "123456789012345678901"] {
        assert_eq!(esia.organisation(&session, bad, NOW).await.err().unwrap().code, F17, "{bad}");
    }
    let before = forms.lock().unwrap().len();
    let roles_only = provider(EsiaSettings { organisation_route: OrganisationRoute::RolesOnly, ..settings(&server.url) });
    assert_eq!(roles_only.organisation(&session, "1063000001", NOW).await, Ok(UnverifiedOrganisation::default()));
    assert_eq!(forms.lock().unwrap().len(), before, "no request for what is not wanted");
}

#[actix_web::test]
async fn pkce_and_nonce_go_where_they_belong() {
    for (nonce, sent_back, accepted) in [
        (Nonce::Off, None, true),
        (Nonce::Send, None, true),
        (Nonce::Send, Some("other"), false),
        (Nonce::Require, None, false),
        (Nonce::Require, Some("other"), false),
        (Nonce::Require, Some("nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"), true),
    ] {
        let mut claims = id_claims();
        claims["nonce"] = json!(sent_back);
        let (server, forms) = host(good().0, jwt(&header("id"), &claims), |_| None);
        let esia = provider(EsiaSettings { nonce, pkce: Pkce::S256, ..settings(&server.url) });
        let q = query(&esia.begin(&secrets(), NOW).await.unwrap());
        assert_eq!(q.contains_key("nonce"), nonce != Nonce::Off);
        // RFC 7636 §4.2, of 43 letters v
        assert_eq!((q["code_challenge_method"].as_str(), q["code_challenge"].len()), ("S256", 43));
        assert_eq!(esia.complete(callback(), NOW).await.is_ok(), accepted, "{nonce:?} {sent_back:?}");
        assert_eq!(forms.lock().unwrap()[0]["code_verifier"], secrets().pkce_verifier);
        let short = LoginSecrets { pkce_verifier: "short".into(), ..secrets() };
        assert_eq!(esia.begin(&short, NOW).await.err().unwrap().code, F17);
    }
}

#[test]
fn logout_carries_redirect_url() {
    let url = provider(settings("https://esia.example.com")).logout_url("https://badge.example.com/?a=b&c").unwrap();
    assert_eq!(url, "https://esia.example.com/idp/ext/Logout?client_id=TESTIS&redirect_url=https%3A%2F%2Fbadge.example.com%2F%3Fa%3Db%26c");
}

#[test]
fn contradictory_settings_are_named() {
    let ok = || settings("https://esia.example.com");
    let weak = rsa_key(1024);
    let cases: [(EsiaSettings, &str); 12] = [
        (EsiaSettings { base_url: "http://esia.example.com".into(), ..ok() }, "base_url"),
        (EsiaSettings { base_url: "https://esia.example.com/aas".into(), ..ok() }, "base_url"),
        (EsiaSettings { base_url: "https://u:p@esia.example.com".into(), ..ok() }, "base_url"),
        (EsiaSettings { client_id: String::new(), ..ok() }, "client_id"),
        (EsiaSettings { issuer: String::new(), ..ok() }, "issuer"),
        (EsiaSettings { scopes: vec!["openid".into()], ..ok() }, "scopes"),
        (EsiaSettings { organisation_route: OrganisationRoute::ScopeOrg, ..ok() }, "organisation_route"),
        (EsiaSettings { private_key: pem_key(&STRANGER), ..ok() }, "private_key_file"),
        (EsiaSettings { certificate: KeySource::Fixed(b"x".to_vec()), ..ok() }, "certificate_file"),
        (EsiaSettings { trusted_certificates: vec![], ..ok() }, "trusted_certificate_files"),
        (EsiaSettings { trusted_certificates: vec![pem(&weak.cert)], ..ok() }, "trusted_certificate_files"),
        (EsiaSettings { generation: Generation::V2, ..ok() }, "private_key_file"),
    ];
    for (settings, name) in cases {
        let e = made(settings).err().unwrap();
        assert_eq!(e.setting, name, "{e}");
        assert!(!e.to_string().contains("BEGIN"));
    }
}
