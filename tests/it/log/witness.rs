//! Witnesses: a stand-in that keeps to C2SP tlog-witness (and says no where it must) beside the service.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ct_merkle::{ConsistencyProof, RootHash};
use gosbadge::domain::tlog::note::VerifierKey;
use gosbadge::service::ask_witnesses::ask_witnesses;
use gosbadge::service::audit_log::audit_log;
use gosbadge::service::sequence_log::sequence_log;
use gosbadge::verifier::log::proof;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use serde_json::json;
use sha2_next::digest::Output;
use sha2_next::{Digest as _, Sha256};

use super::reader::{PublicLog, text};
use super::{BY_HAND, COMMUNITY, sub_of};
use crate::database::Database;
use crate::harness::Harness;

const NAME: &str = "witness.example/w1";

struct State {
    key: PKey<Private>,
    /// What it cosigned last.
    last: Option<RootHash<Sha256>>,
    /// Status it answers instead of working.
    broken: Option<u16>,
    /// Statuses it answered.
    answers: Vec<u16>,
}

#[derive(Clone)]
struct StandIn(Arc<Mutex<State>>);

impl StandIn {
    /// Starts one; also its entry for `transparency.witnesses`, and its key.
    fn start() -> (Self, String, VerifierKey) {
        let key = PKey::generate_ed25519().unwrap();
        let public = [&[4], key.raw_public_key().unwrap().as_slice()].concat();
        let id = Sha256::digest([NAME.as_bytes(), b"\n", &public].concat());
        let hash: String = id[..4].iter().map(|b| format!("{b:02x}")).collect();
        let vkey = format!("{NAME}+{hash}+{}", STANDARD.encode(&public));
        let me = Self(Arc::new(Mutex::new(State { key, last: None, broken: None, answers: Vec::new() })));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/prefix", listener.local_addr().unwrap());
        let served = me.clone();
        let make = move || {
            let me = served.clone();
            App::new().route("/prefix/add-checkpoint", web::post().to(move |body: String| std::future::ready(me.clone().answer(&body))))
        };
        tokio::spawn(HttpServer::new(make).workers(1).disable_signals().listen(listener).unwrap().run());
        (me, format!("{address}#{vkey}"), vkey.parse().unwrap())
    }

    fn answer(self, body: &str) -> HttpResponse {
        let mut state = self.0.lock().unwrap();
        let (status, text) = match state.broken {
            Some(status) => (status, String::new()),
            None => state.add_checkpoint(body),
        };
        state.answers.push(status);
        let kind = if status == 409 { "text/x.tlog.size" } else { "text/plain" };
        HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).content_type(kind).body(text)
    }

    fn answers(&self) -> Vec<u16> {
        std::mem::take(&mut self.0.lock().unwrap().answers)
    }
}

impl State {
    fn add_checkpoint(&mut self, body: &str) -> (u16, String) {
        let (head, checkpoint) = body.split_once("\n\n").unwrap();
        let mut lines = head.lines();
        let old: u64 = lines.next().unwrap().strip_prefix("old ").unwrap().parse().unwrap();
        let proof: Vec<u8> = lines.flat_map(|l| STANDARD.decode(l).unwrap()).collect();
        let (text, _signatures) = checkpoint.split_once("\n\n").unwrap();
        let text = format!("{text}\n");
        let said: Vec<&str> = text.lines().collect();
        let (size, root) = (said[1].parse().unwrap(), STANDARD.decode(said[2]).unwrap());
        let new = RootHash::<Sha256>::new(Output::<Sha256>::try_from(root.as_slice()).unwrap(), size);
        let known = self.last.as_ref().map_or(0, RootHash::num_leaves);
        if old > size {
            return (400, String::new());
        }
        if old != known {
            return (409, format!("{known}\n"));
        }
        match &self.last {
            Some(last) if size == known && *last != new => return (409, format!("{known}\n")),
            Some(last) if size > known => {
                let proof = ConsistencyProof::try_from_bytes(proof).unwrap();
                if new.verify_consistency(last, &proof).is_err() {
                    return (422, String::new());
                }
            }
            _ => assert!(proof.is_empty(), "no proof from nothing or to the same"),
        }
        self.last = Some(new);
        let time: u64 = 1_795_453_977;
        let message = format!("cosignature/v1\ntime {time}\n{text}");
        let signature = Signer::new_without_digest(&self.key).unwrap().sign_oneshot_to_vec(message.as_bytes()).unwrap();
        let public = [&[4], self.key.raw_public_key().unwrap().as_slice()].concat();
        let id = Sha256::digest([NAME.as_bytes(), b"\n", &public].concat());
        let line = STANDARD.encode([&id[..4], &time.to_be_bytes(), &signature].concat());
        // What it may send beside its own line must not get into our checkpoint.
        (200, format!("— other.example/w AAAAAAAA\n— {NAME} {line}\n"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cosignatures_stand_on_the_checkpoint_and_in_the_proof() {
    let (witness, entry, key) = StandIn::start();
    let h = Harness::start_with(&[("GOSBADGE__TRANSPARENCY__WITNESSES", &entry)]).await;
    let log = PublicLog::open(&h).await;
    let issued = h.issue(COMMUNITY, "kindergarten-head").await;
    log.wait_for(&issued.badge, "issued").await;
    h.admin(&issued.badge, "suspend", json!({ "reason": "operator_decision" })).await;
    log.wait_for(&issued.badge, "suspended").await;
    let cosigned = h.until("a cosigned checkpoint", async || Some(log.checkpoint().await).filter(|c| c.signatures == 3)).await;
    assert!(cosigned.note.contains(&format!("\n— {NAME} ")) && !cosigned.note.contains("other.example"));
    let file = text(&h, &format!("/c/{}.tlog-proof", sub_of(&issued.attestation))).await;
    let log_keys: Vec<VerifierKey> = text(&h, "/log/key").await.lines().map(|k| k.parse().unwrap()).collect();
    let logged = proof(&file, &issued.attestation, &log_keys, std::slice::from_ref(&key), 1).unwrap();
    assert_eq!(logged.witnesses, [NAME]);
    assert!(witness.answers().iter().all(|s| *s == 200));
    let report = audit_log(h.app(), Vec::new()).await.unwrap();
    assert!(report.findings.is_empty() && report.cosignatures > 0, "{report:?}");
    h.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_is_away_or_knows_better_holds_up_nothing() {
    let (witness, entry, _) = StandIn::start();
    let h = Harness::start_with(&[BY_HAND, ("GOSBADGE__TRANSPARENCY__WITNESSES", &entry)]).await;
    let log = PublicLog::open(&h).await;
    let mut db = Database::open(&h.database);
    sequence_log(h.app()).await.unwrap();
    assert_eq!(ask_witnesses(h.app()).await.unwrap(), 0, "an empty log has nothing to witness");

    witness.0.lock().unwrap().broken = Some(503);
    h.issue(COMMUNITY, "kindergarten-head").await;
    sequence_log(h.app()).await.unwrap();
    for _ in 0..3 {
        assert_eq!(ask_witnesses(h.app()).await.unwrap(), 0);
    }
    assert_eq!(witness.answers(), [503], "a witness that failed is left alone for a while");
    assert_eq!((log.checkpoint().await.size, log.checkpoint().await.signatures), (2, 2));

    witness.0.lock().unwrap().broken = None;
    h.clock.advance(Duration::from_secs(6));
    assert_eq!(ask_witnesses(h.app()).await.unwrap(), 1);
    assert_eq!(log.checkpoint().await.signatures, 3);
    assert_eq!(ask_witnesses(h.app()).await.unwrap(), 0, "nothing new");
    assert_eq!(witness.answers(), [200]);

    // The answer was lost with the process: the witness knows more than we do, says so, and gets the proof from there.
    db.run("DELETE FROM log_cosignatures");
    assert_eq!(ask_witnesses(h.app()).await.unwrap(), 1);
    assert_eq!(witness.answers(), [409, 200]);
    db.run("DELETE FROM log_cosignatures");
    for n in 2..=5 {
        h.issue(&format!("21800000{n}"), "kindergarten-head").await;
        sequence_log(h.app()).await.unwrap();
    }
    assert_eq!(ask_witnesses(h.app()).await.unwrap(), 1);
    assert_eq!(witness.answers(), [409, 200]);
    assert_eq!(audit_log(h.app(), Vec::new()).await.unwrap().findings, Vec::new());

    // It saw another tree: no signature, and the service goes on.
    witness.0.lock().unwrap().last = Some(RootHash::new(Output::<Sha256>::default(), 6));
    h.issue("218000006", "kindergarten-head").await;
    sequence_log(h.app()).await.unwrap();
    assert_eq!(ask_witnesses(h.app()).await.unwrap(), 0);
    assert_eq!((witness.answers(), log.checkpoint().await.signatures), (vec![422], 2));

    // A line that is not its own.
    db.run("UPDATE log_cosignatures SET line = replace(line, '— w', '— v')");
    let findings = audit_log(h.app(), Vec::new()).await.unwrap().findings;
    assert!(findings.iter().all(|f| f.what.contains("cosignature of")) && !findings.is_empty(), "{findings:?}");
    h.stop().await;
}
