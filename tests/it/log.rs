//! The transparency log: what happens to a badge is in it, once, in order, provable from public data alone; two sequencers and
//! a process that dies change nothing about that. Tampering is in `audits`, witnesses are in `witness`.

mod audits;
mod reader;
mod witness;

use std::sync::Arc;

use ct_merkle::InclusionProof;
use futures_util::future::join_all;
use gosbadge::cli::wire::{self, NoIdentityProvider, Parts};
use gosbadge::domain::tlog::note::VerifierKey;
use gosbadge::service::audit_log::audit_log;
use gosbadge::service::sequence_log::sequence_log;
use gosbadge::verifier::log::{LogFault, proof};
use serde_json::{Value, json};
use sha2_next::{Digest as _, Sha256};

use crate::database::Database;
use crate::harness::Harness;
use reader::{PublicLog, check_proof, text, tree};

/// Nobody sequences but the test.
const BY_HAND: (&str, &str) = ("GOSBADGE__JOBS__IN_PROCESS", "false");

const COMMUNITY: &str = "218000001";

fn sub_of(attestation: &str) -> String {
    let payload = attestation.split('.').nth(1).unwrap();
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["sub"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

fn digest(bytes: &[u8]) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, Sha256::digest(bytes))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_badges_life_is_in_the_log_and_proven_from_public_data() {
    let h = Harness::start().await;
    let log = PublicLog::open(&h).await;
    let mut seen = vec![log.checkpoint().await];
    let issued = h.issue(COMMUNITY, "kindergarten-head").await;
    for (what, kind) in [("suspend", "suspended"), ("reinstate", "reinstated"), ("revoke", "revoked")] {
        log.wait_for(&issued.badge, if what == "suspend" { "issued" } else { kind_before(what) }).await;
        seen.push(log.checkpoint().await);
        assert_eq!(h.admin(&issued.badge, what, json!({ "reason": "operator_decision", "note": "Иван Петров" })).await.0, 200);
        log.wait_for(&issued.badge, kind).await;
        seen.push(log.checkpoint().await);
    }

    let newest = log.checkpoint().await;
    seen.push(newest.clone());
    let entries = log.entries(&newest).await;
    let leaves: Vec<Value> = entries.iter().map(|e| serde_json::from_slice(e).unwrap()).collect();
    let events: Vec<&Value> = leaves.iter().filter(|l| l.get("seq").is_some() && l["ev"] != "status-list").collect();
    assert_eq!(events.iter().map(|e| e["ev"].as_str().unwrap()).collect::<Vec<_>>(), ["issued", "suspended", "reinstated", "revoked"]);
    for (n, event) in events.iter().enumerate() {
        assert_eq!((event["seq"].as_u64(), event["version"].as_u64()), (Some(n as u64 + 1), Some(n as u64 + 1)));
        assert_eq!((&event["badge"], &event["community"]), (&json!(issued.badge), &json!(sub_of(&issued.attestation))));
        assert_eq!(event["sha256"], digest(issued.attestation.as_bytes()));
    }
    let lists: Vec<&Value> = leaves.iter().filter(|l| l["ev"] == "status-list").collect();
    let last = lists.last().unwrap();
    assert_eq!((last["n"].as_u64(), &last["invalid"], &last["suspended"]), (Some(lists.len() as u64), &json!(1), &json!(0)));

    // Codes and hashes only.
    let all = String::from_utf8_lossy(&entries.concat()).into_owned();
    for secret in ["Ромашка", "Петров", "operator\"", "opr_", "1027700132195"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }

    // Inclusion of each leaf, and consistency between any two checkpoints, by somebody else's code.
    let whole = tree(&entries);
    for (i, entry) in entries.iter().enumerate() {
        let proof = InclusionProof::from_bytes(whole.prove_inclusion(i).as_bytes().to_vec());
        newest.root_hash().verify_inclusion(entry, i as u64, &proof).unwrap();
    }
    for old in seen.iter().filter(|c| c.size > 0) {
        for new in seen.iter().filter(|c| c.size > old.size) {
            let proof = tree(&entries[..new.size]).prove_consistency(new.size - old.size);
            new.root_hash().verify_consistency(&old.root_hash(), &proof).unwrap();
        }
    }
    h.stop().await;
}

fn kind_before(what: &str) -> &'static str {
    if what == "reinstate" { "suspended" } else { "reinstated" }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proof_beside_a_badge_verifies_and_proves_nothing_else() {
    let h = Harness::start().await;
    let log = PublicLog::open(&h).await;
    let issued = h.issue(COMMUNITY, "kindergarten-head").await;
    let path = format!("/c/{}.tlog-proof", sub_of(&issued.attestation));
    let file = h
        .until("a proof", async || {
            let answer = h.http.get(h.url(&path)).send().await.unwrap();
            if answer.status() == 404 {
                return None;
            }
            assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
            Some(answer.text().await.unwrap())
        })
        .await;
    let (leaf, index, _) = check_proof(&log, &file);
    assert_eq!((&leaf["ev"], &leaf["badge"], index), (&json!("issued"), &json!(issued.badge), 0));
    assert_eq!(leaf["sha256"], digest(issued.attestation.as_bytes()));

    // What a platform embeds says the same.
    let keys: Vec<VerifierKey> = text(&h, "/log/key").await.lines().map(|k| k.parse().unwrap()).collect();
    let logged = proof(&file, &issued.attestation, &keys, &[], 0).unwrap();
    for one in &keys {
        assert!(proof(&file, &issued.attestation, std::slice::from_ref(one), &[], 0).is_ok(), "either key will do");
    }
    assert_eq!((logged.index, logged.event.badge), (0, issued.badge.clone()));
    assert_eq!(proof(&file, &issued.attestation, &keys, &[], 1).err(), Some(LogFault::Witnesses));
    assert_eq!(proof(&file, "another.token.x", &keys, &[], 0).err(), Some(LogFault::OtherToken));
    let moved = file.replacen("index 0", "index 1", 1);
    assert!(matches!(proof(&moved, &issued.attestation, &keys, &[], 0), Err(LogFault::Inclusion(_))));
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_served_has_the_specified_form() {
    let h = Harness::start().await;
    let log = PublicLog::open(&h).await;
    let issued = h.issue(COMMUNITY, "kindergarten-head").await;
    log.wait_for(&issued.badge, "issued").await;
    for (path, kind, cache) in [
        ("/log/checkpoint", "text/plain; charset=utf-8", "public, max-age=2"),
        ("/log/tile/0/000.p/1", "application/octet-stream", "public, max-age=31536000, immutable"),
        ("/log/tile/entries/000.p/1", "application/octet-stream", "public, max-age=31536000, immutable"),
    ] {
        let answer = h.http.get(h.url(path)).send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|v| v.to_str().unwrap().to_owned());
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!((header("content-type").as_deref(), header("cache-control").as_deref()), (Some(kind), Some(cache)), "{path}");
        assert_eq!(header("access-control-allow-origin").as_deref(), Some("*"), "{path}");
    }
    let size = log.checkpoint().await.size;
    for path in [
        format!("/log/tile/0/000.p/{}", size + 1),
        "/log/tile/0/000".to_owned(),
        "/log/tile/0/001.p/1".to_owned(),
        "/log/tile/1/000.p/1".to_owned(),
        "/log/tile/0/0.p/1".to_owned(),
        "/log/tile/0/000.p/0".to_owned(),
        "/log/tile/".to_owned(),
        "/log/tile/data/000.p/1".to_owned(),
        "/log/tile/0/x999/x999/x999/x999/x999/x999/999".to_owned(),
        "/c/01KAR4T7AAAAAAAAAAAAAAAAAA.tlog-proof".to_owned(),
    ] {
        let answer = h.http.get(h.url(&path)).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()),
            (404, "application/problem+json"),
            "{path}"
        );
        assert_eq!(answer.headers()["cache-control"], "no-store", "{path}: it may exist in a moment");
    }
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sequencers_at_the_same_time_leave_no_gap_and_no_double() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let parts = Parts { clock: h.clock.clone(), idps: Some(vec![Arc::new(NoIdentityProvider)]), ..Parts::system() };
    let second = wire::app(&h.dev.config, parts).await.unwrap();
    for round in 0..3 {
        let mut badges = Vec::new();
        for n in 0..3 {
            badges.push(h.issue(&format!("2180001{round}{n}"), "kindergarten-head").await.badge);
        }
        let other = second.clone();
        let changes = badges.iter().map(|b| h.admin(b, "revoke", json!({ "reason": "holder_request" })));
        let rounds = (0..6).map(|n| {
            let app = Arc::clone(if n % 2 == 0 { h.app() } else { &other });
            tokio::spawn(async move { sequence_log(&app).await })
        });
        let (answers, sequenced) = tokio::join!(join_all(changes), join_all(rounds));
        assert!(answers.iter().all(|(status, _)| *status == 200));
        for outcome in sequenced {
            outcome.unwrap().unwrap();
        }
    }
    sequence_log(&second).await.unwrap();
    let log = PublicLog::open(&h).await;
    let leaves = log.leaves().await;
    let seqs: Vec<u64> = leaves.iter().filter(|l| l["ev"] != "status-list").map(|l| l["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=18).collect::<Vec<_>>(), "each event once and in order");
    let mut db = Database::open(&h.database);
    assert_eq!(db.count("log_leaves"), i64::try_from(leaves.len()).unwrap());
    let report = audit_log(h.app(), Vec::new()).await.unwrap();
    assert_eq!(report.findings, Vec::new());
    assert_eq!((report.events, report.waiting, report.lists), (18, 0, 1));
    h.stop().await;
}

/// More leaves than one batch and more than one full tile, so that tiles of level 1 and full ones are served and proven.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_is_served_in_full_tiles() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let issued = h.issue(COMMUNITY, "kindergarten-head").await;
    for n in 0..340 {
        let what = if n % 2 == 0 { "suspend" } else { "reinstate" };
        assert_eq!(h.admin(&issued.badge, what, json!({ "reason": "operator_decision" })).await.0, 200);
        if n % 100 == 0 {
            sequence_log(h.app()).await.unwrap();
        }
    }
    sequence_log(h.app()).await.unwrap();
    let log = PublicLog::open(&h).await;
    let checkpoint = log.checkpoint().await;
    assert!(checkpoint.size > 341, "{}", checkpoint.size);
    log.entries(&checkpoint).await;
    assert_eq!(reader::bytes(&h, "/log/tile/1/000.p/1").await.len(), 32);
    check_proof(&log, &text(&h, &format!("/c/{}.tlog-proof", sub_of(&issued.attestation))).await);
    let report = audit_log(h.app(), Vec::new()).await.unwrap();
    assert_eq!((report.findings, report.leaves), (Vec::new(), checkpoint.size as u64));
    h.stop().await;
}

/// A process that dies, or a disk that fills, between any two writes of a round: as if the round had not been, or had been.
#[tokio::test(flavor = "multi_thread")]
async fn a_round_that_dies_half_way_is_made_up_for() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let mut db = Database::open(&h.database);
    sequence_log(h.app()).await.unwrap();
    h.issue(COMMUNITY, "kindergarten-head").await;
    h.issue("218000002", "kindergarten-head").await;
    let state = "SELECT size || ' ' || seq || ' ' || checkpoint_size AS v FROM log_state";

    for condition in ["NEW.idx = 0", "NEW.idx = 1", "NEW.idx = 2"] {
        db.break_writes("INSERT", "log_leaves", condition);
        assert!(sequence_log(h.app()).await.is_err());
        db.repair("log_leaves");
        assert_eq!(
            (db.count("log_leaves"), db.lines(state)),
            (0, vec!["0 0 0".to_owned()]),
            "nothing of a batch that failed at {condition}"
        );
    }
    db.break_writes("INSERT", "log_checkpoints", "NEW.size > 0");
    assert!(sequence_log(h.app()).await.is_err());
    assert_eq!(db.lines(state), ["3 2 0"], "the leaves stand, the checkpoint is due");
    assert_eq!(PublicLog::open(&h).await.checkpoint().await.size, 0, "what no checkpoint covers is not shown");
    db.repair("log_checkpoints");
    sequence_log(h.app()).await.unwrap();
    assert_eq!(db.lines(state), ["3 2 3"]);
    assert_eq!(audit_log(h.app(), Vec::new()).await.unwrap().findings, Vec::new());
    h.stop().await;
}

/// A log that passed over a deleted event would hide the deletion.
#[tokio::test(flavor = "multi_thread")]
async fn a_gap_in_the_ledger_stops_the_sequencer() {
    let h = Harness::start_with(&[BY_HAND]).await;
    let mut db = Database::open(&h.database);
    for n in 1..=3 {
        h.issue(&format!("21800000{n}"), "kindergarten-head").await;
    }
    for gone in [3, 2] {
        db.run(&format!("DELETE FROM deliveries WHERE event_seq = {gone}; DELETE FROM events WHERE seq = {gone}"));
        assert!(sequence_log(h.app()).await.is_err(), "without event {gone}");
        assert_eq!(db.count("log_leaves"), 0);
        let findings = audit_log(h.app(), Vec::new()).await.unwrap().findings;
        assert!(findings.iter().any(|f| f.place.starts_with("event 3")), "{findings:?}");
    }
    h.stop().await;
}
