//! Bodies that differ from the captured ones: addresses in place of objects, numbers in place of texts, members too many or too few.

use super::*;

/// A login where `/roles` answers `body`, in which BASE stands for the host's address, and other paths by `other`.
async fn login_with(
    body: Value,
    other: impl Fn(&Received) -> Option<Reply> + Send + Sync + 'static,
) -> (Result<Login, IdpError>, Vec<String>) {
    let (access, id) = (jwt(&header("access"), &access_claims()), jwt(&header("id"), &id_claims()));
    let address = Arc::new(Mutex::new(String::new()));
    let paths = Arc::new(Mutex::new(Vec::new()));
    let (own, seen) = (Arc::clone(&address), Arc::clone(&paths));
    let (server, _) = host(access, id, move |r| {
        seen.lock().unwrap().push(r.path.clone());
        if r.path.ends_with("/roles") {
            return Some(Reply::new(200, "", body.to_string().replace("BASE", &own.lock().unwrap())));
        }
        other(r)
    });
    address.lock().unwrap().clone_from(&server.url);
    let result = provider(settings(&server.url)).complete(callback(), NOW).await;
    let paths = paths.lock().unwrap().clone();
    (result, paths)
}

fn role(r: &Received) -> Option<Reply> {
    let oid: u64 = r.path.strip_prefix("/rs/orgs/")?.parse().ok()?;
    assert!(r.head.contains("authorization: Bearer "));
    // The later ones answer first: the order must be the list's.
    let delay = Duration::from_millis(50 - oid.min(50));
    Some(Reply { delay, ..Reply::json(200, &json!({"oid": oid, "chief": true, "active": true})) })
}

#[actix_web::test]
async fn addresses_are_read_in_the_lists_order() {
    let addresses: Vec<_> = (1..=50).map(|n| format!("BASE/rs/orgs/{n}")).collect();
    let (result, _) = login_with(json!({"size": 50, "elements": addresses}), role).await;
    let oids: Vec<_> = result.unwrap().roles.into_iter().map(|r| r.oid).collect();
    assert_eq!(oids, (1..=50).map(|n| n.to_string()).collect::<Vec<_>>());
    let mixed = json!({"elements": [{"oid": 7}, "BASE/rs/orgs/8"]});
    let roles = login_with(mixed, role).await.0.unwrap().roles;
    assert_eq!((roles[0].chief, roles[1].chief), (false, true));
}

#[actix_web::test]
async fn addresses_elsewhere_are_refused_before_any_is_read() {
    let canary = serve(|_| Reply::json(200, &json!({"oid": 1})));
    let too_many: Vec<_> = (0..51).map(|n| format!("BASE/rs/orgs/{n}")).collect();
    let own = |address: &str| json!({"elements": ["BASE/rs/orgs/1", address]});
    for body in [
        own(&format!("{}/rs/orgs/1", canary.url)),
        own("http://localhost:1/rs/orgs/1"),
        own("BASE.evil.example/rs/orgs/1"),
        own("BASE@evil.example/rs/orgs/1"),
        own("BASE/aas/oauth2/te"),
        own("BASE/rs/../aas/oauth2/te"),
        own("BASE/rs/%2e%2e/aas"),
        own("BASE/rs"),
        own("//evil.example/rs/orgs/1"),
        own("/rs/orgs/1"),
        own("file:///rs/orgs/1"),
        own(""),
        json!({"elements": too_many}),
    ] {
        let (result, paths) = login_with(body.clone(), role).await;
        assert_eq!(result.err().unwrap().code, F17, "{body}");
        assert_eq!(paths.len(), 3, "{body}: {paths:?}");
    }
    assert_eq!(canary.hits.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[actix_web::test]
async fn an_address_leads_to_an_object_and_not_further() {
    let chain = |r: &Received| r.path.starts_with("/rs/orgs/").then(|| Reply::json(200, &json!("http://127.0.0.1:1/rs/orgs/2")));
    assert_eq!(login_with(json!({"elements": ["BASE/rs/orgs/1"]}), chain).await.0.err().unwrap().code, F17);
    let gone = |r: &Received| r.path.starts_with("/rs/orgs/").then(|| Reply::json(404, &json!({})));
    assert_eq!(login_with(json!({"elements": ["BASE/rs/orgs/1"]}), gone).await.0.err().unwrap().code, F17);
}

#[actix_web::test]
async fn types_are_read_loosely_and_grants_strictly() {
    let role = json!({"oid": "1063000001", "prnOid": PERSON.to_string(), "fullName": 1, "shortName": null, "ogrn": 1_027_700_132_195_u64,
                      "type": "SOMETHING_NEW", "chief": null, "phone": {"a": []}, "branchName": 5});
    let roles = login_with(json!({"size": "1", "elements": [role], "paging": {}}), |_| None).await.0.unwrap().roles;
    assert_eq!((roles[0].full_name.as_str(), roles[0].ogrn.as_deref()), ("1", Some("1027700132195")));
    assert_eq!(roles[0].branch.as_ref().unwrap().name, "5");
    assert!(!roles[0].chief && !roles[0].admin && !roles[0].active);
    for flag in ["chief", "admin", "active", "isLiquidated"] {
        for loose in [json!("true"), json!(1), json!([true]), json!({})] {
            let mut role = json!({"oid": 1});
            role[flag] = loose;
            assert_eq!(login_with(json!({"elements": [role]}), |_| None).await.0.err().unwrap().code, F17, "{flag}");
        }
    }
    for body in [json!({}), json!({"elements": null}), json!({"size": null, "elements": []}), json!({"stateFacts": ["hasSize"]})] {
        assert!(login_with(body, |_| None).await.0.unwrap().roles.is_empty());
    }
}

#[actix_web::test]
async fn codes_sent_as_numbers_get_their_zeros_back() {
    let (access, id) = (jwt(&header("access"), &access_claims()), jwt(&header("id"), &id_claims()));
    let record = json!({"oid": "1063000001", "inn": 105_000_001, "kpp": 10_501_001, "leg": 75_403, "agencyTerRange": 1, "agencyType": 12,
                        "oktmo": "01701000", "ogrn": 1_020_100_000_001_u64, "staffCount": "12", "type": 7});
    let (server, _) = host(access, id, move |r| r.path.starts_with("/rs/orgs/").then(|| Reply::json(200, &record)));
    let esia = provider(settings(&server.url));
    let session = esia.complete(callback(), NOW).await.unwrap().session;
    let o = esia.organisation(&session, "1063000001", NOW).await.unwrap();
    assert_eq!((o.inn.as_deref(), o.kpp.as_deref(), o.okopf.as_deref()), (Some("0105000001"), Some("010501001"), Some("75403")));
    assert_eq!((o.agency_territory.as_deref(), o.agency_type.as_deref()), (Some("01"), Some("12")));
}
