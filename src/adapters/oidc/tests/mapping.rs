//! Claims to people and organisations: what is read, what silence means, and what no map can make sense of.

use super::*;
use crate::adapters::oidc::mapping::{Mapped, merge, read};
use crate::domain::refusal::RefusalCode::{F17, F22};
use crate::ports::identity_provider::RoleOrgType;

fn organisation() -> Value {
    json!({
        "id": 1000298922, "type": "AGENCY", "ogrn": "1047702026701", "inn": "0710474375", "kpp": "071001001", "okopf": "75403",
        "oktmo": "07000001", "agency_type": "12.LCL", "agency_territory": "07", "full_name": "Полное", "short_name": "",
        "chief": "HEAD", "admin": "false", "active": true, "liquidated": false,
    })
}

fn person(organisations: Value) -> Value {
    json!({ "sub": "p", "identity_confirmed": true, "organizations": organisations })
}

fn ok(claims: &Value) -> Mapped {
    read(&claim_map(), claims).unwrap_or_else(|e| panic!("{e}: {claims}"))
}

/// Code and text of the refusal.
fn refused(map: &ClaimMap, claims: &Value) -> (crate::domain::refusal::RefusalCode, String) {
    let Err(e) = read(map, claims) else { panic!("accepted: {claims}") };
    (e.code, e.detail)
}

fn but(name: &str, value: Value) -> Value {
    let mut o = organisation();
    o[name] = value;
    person(json!([o]))
}

#[test]
fn an_organisation_is_read_with_its_record_and_leading_zeros() {
    let mut with_branch = organisation();
    with_branch["branch"] = json!({ "name": "Филиал" });
    with_branch["id"] = json!("2");
    for claims in [person(json!([organisation(), with_branch])), person(organisation())] {
        let m = ok(&claims);
        assert_eq!((m.subject.as_str(), m.confirmed), ("p", true));
        let (role, record) = (&m.roles[0], &m.records[0]);
        assert_eq!((role.oid.as_str(), record.id.as_str(), role.org_type), ("1000298922", "1000298922", RoleOrgType::Agency));
        assert_eq!((role.chief, role.admin, role.active, role.liquidated), (true, false, true, false));
        let o = &record.organisation;
        assert_eq!((o.inn.as_deref(), o.agency_territory.as_deref(), o.liquidated), (Some("0710474375"), Some("07"), Some(false)));
        assert_eq!((o.short_name.as_deref(), role.branch.is_none()), (None, true));
        if let Some(second) = m.roles.get(1) {
            assert_eq!(second.branch.as_ref().map(|b| (b.oid.as_str(), b.name.as_str())), Some(("", "Филиал")));
        }
    }
}

#[test]
fn silence_grants_nothing() {
    let m = ok(&json!({ "sub": "p" }));
    assert!(!m.confirmed && m.roles.is_empty());
    let m = ok(&person(json!([{ "id": "1", "liquidated": false }])));
    let role = &m.roles[0];
    assert!(!role.chief && !role.admin && !role.active);
    assert_eq!((role.ogrn.as_deref(), role.org_type), (None, RoleOrgType::Other));
    let (code, text) = refused(&claim_map(), &but("liquidated", json!(null)));
    assert!(code == F17 && text.contains("/organizations/0/liquidated") && text.contains("off"), "{text}");
    let map = ClaimMap { liquidated: None, ..claim_map() };
    assert_eq!(read(&map, &but("liquidated", json!(null))).ok().unwrap().records[0].organisation.liquidated, None);
}

#[test]
fn only_a_no_reads_as_not_liquidated() {
    for unclear in [json!(""), json!(" "), json!(1), json!("yes"), json!("да"), json!([])] {
        let (code, text) = refused(&claim_map(), &but("liquidated", unclear.clone()));
        assert!(code == F17 && text.contains("/organizations/0/liquidated"), "{unclear}: {text}");
    }
    for (value, liquidated) in [(json!(false), false), (json!("false"), false), (json!(true), true), (json!("true"), true)] {
        assert_eq!(ok(&but("liquidated", value.clone())).records[0].organisation.liquidated, Some(liquidated), "{value}");
    }
    // Where the provider has words of its own, the others mean no.
    let map = ClaimMap { liquidated: Some(flag("/liquidated", &["CLOSED"])), ..claim_map() };
    for (value, liquidated) in [("CLOSED", true), ("OPEN", false)] {
        assert_eq!(read(&map, &but("liquidated", json!(value))).ok().unwrap().roles[0].liquidated, liquidated);
    }
}

#[test]
fn flags_take_booleans_words_numbers_and_lists() {
    for (value, chief) in [
        (json!(true), true),
        (json!("true"), true),
        (json!("HEAD"), true),
        (json!(["CLERK", "HEAD"]), true),
        (json!([]), false),
        (json!("head"), false),
        (json!("yes"), false),
        (json!(1), false),
        (json!(false), false),
        (json!(null), false),
    ] {
        assert_eq!(ok(&but("chief", value.clone())).roles[0].chief, chief, "{value}");
    }
}

#[test]
fn wrong_types_name_their_place_and_no_value() {
    for (name, value) in [
        ("chief", json!({ "is": "secret" })),
        ("active", json!([["secret"]])),
        ("inn", json!(["secret"])),
        ("ogrn", json!(1.5)),
        ("full_name", json!(true)),
        ("id", json!({})),
    ] {
        let (code, text) = refused(&claim_map(), &but(name, value));
        assert!(code == F17 && text.contains(&format!("/organizations/0/{name}")) && !text.contains("secret"), "{text}");
    }
    for organisations in [json!("text"), json!([organisation(), 7]), json!(7)] {
        let (code, text) = refused(&claim_map(), &person(organisations));
        assert!(code == F17 && text.contains("/organizations"), "{text}");
    }
    assert_eq!(refused(&claim_map(), &json!({ "sub": ["p"] })).0, F17);
    assert_eq!(refused(&claim_map(), &json!({})).0, F17);
    assert_eq!(refused(&claim_map(), &but("id", json!("x\n"))).0, F17);
    assert_eq!(refused(&claim_map(), &person(json!(vec![organisation(); 501]))).0, F17);
}

#[test]
fn contradictions_are_the_data_s_fault() {
    assert_eq!(refused(&claim_map(), &person(json!([organisation(), organisation()]))).0, F22);
    let map = |v: Value| v.as_object().unwrap().clone();
    let signed = map(json!({ "sub": "p", "identity_confirmed": false, "name": "a" }));
    let e = merge(&claim_map(), signed.clone(), map(json!({ "sub": "p", "identity_confirmed": true }))).unwrap_err();
    assert!(e.code == F22 && e.detail.contains("/identity_confirmed"), "{e}");
    // What decides nothing may differ, and the signed word stays.
    let merged = merge(&claim_map(), signed, map(json!({ "sub": "p", "name": "b", "iss": "x" }))).unwrap();
    assert_eq!((merged["name"].as_str(), merged["iss"].as_str()), (Some("a"), Some("x")));
}

#[test]
fn pointers_reach_anywhere() {
    let map = ClaimMap { subject: "/urn:esia:sbj/urn:esia:sbj:oid".into(), organisations: "/a~1b/0/list".into(), ..claim_map() };
    let m = read(&map, &json!({ "urn:esia:sbj": { "urn:esia:sbj:oid": 7 }, "a/b": [{ "list": [organisation()] }] })).ok().unwrap();
    assert_eq!((m.subject.as_str(), m.roles.len()), ("7", 1));
}
