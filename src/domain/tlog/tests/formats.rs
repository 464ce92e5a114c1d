//! Notes, keys, checkpoints, proof files, bundles and leaves: examples, and what is refused.

use proptest::prelude::*;

use crate::domain::badge::EventKind;
use crate::domain::reason::ReasonCode;
use crate::domain::tlog::checkpoint::{Checkpoint, origin_of};
use crate::domain::tlog::leaf::{EventLeaf, Leaf, ListLeaf, ListWord};
use crate::domain::tlog::note::{KeyKind, Signature, SignedNote, VerifierKey};
use crate::domain::tlog::proof_file::ProofFile;
use crate::domain::tlog::tile::{bundle, hashes, unbundle};
use crate::domain::tlog::witness::{add_checkpoint, size_in_conflict};

/// The example of C2SP tlog-cosignature.
const NOTE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

#[test]
fn reads_and_writes_the_note_of_the_specification() {
    let note = SignedNote::parse(NOTE).unwrap();
    assert_eq!(note.to_string(), NOTE);
    assert_eq!(note.signatures.len(), 2);
    assert_eq!(note.signatures[1].cosigned_at(), Some(1_679_315_147), "the time of the specification's example");
    let checkpoint = Checkpoint::parse(&note.text).unwrap();
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(checkpoint.text(), note.text);
}

#[test]
fn refuses_what_is_no_note_and_no_checkpoint() {
    for bad in [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— a b",
        "text\n\nx y\n",
        "text\n\n— a !\n",
        "te\rxt\n\n— a AAAAAAA=\n",
        "text\n\n— a+b AAAAAAA=\n",
    ] {
        assert_eq!(SignedNote::parse(bad), None, "{bad:?}");
    }
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    for bad in [
        format!("o\n01\n{root}\n"),
        format!("o\n-1\n{root}\n"),
        format!("o\n1\n{root}"),
        format!("\n1\n{root}\n"),
        format!("o\n1\n{root}\n\n"),
        "o\n1\nAAAA\n".to_owned(),
        format!("o\n99999999999999999999999\n{root}\n"),
    ] {
        assert_eq!(Checkpoint::parse(&bad), None, "{bad:?}");
    }
    assert!(Checkpoint::parse(&format!("o\n0\n{root}\nextension\n")).is_some());
    assert_eq!(origin_of("https://badge.example.ru"), "badge.example.ru/log");
}

#[test]
fn keys_have_names_and_say_what_they_sign() {
    for kind in [KeyKind::Ed25519, KeyKind::CosignatureV1] {
        let key = VerifierKey::new("witness.example/w1", kind, [0xfb; 32]).unwrap();
        assert_eq!(key.to_string().parse(), Ok(key.clone()));
        assert!(key.to_string().replace("+", "+0").parse::<VerifierKey>().is_err());
    }
    for name in ["", "a b", "a+b", "a\n", "a\u{a0}b"] {
        assert_eq!(VerifierKey::new(name, KeyKind::Ed25519, [1; 32]), None);
    }
    // The example key of the Go implementation of signed notes.
    let peter: VerifierKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse().unwrap();
    assert_eq!((peter.name(), peter.kind(), peter.id()), ("PeterNeumann", KeyKind::Ed25519, [0xc7, 0x4f, 0x20, 0xa3]));
}

#[test]
fn a_line_is_a_claim_of_its_own_key_alone() {
    let log = VerifierKey::new("log", KeyKind::Ed25519, [1; 32]).unwrap();
    let witness = VerifierKey::new("w", KeyKind::CosignatureV1, [2; 32]).unwrap();
    let line = log.line(&[7; 64]);
    assert_eq!(line.claim(&log, "text\n"), Some((b"text\n".to_vec(), [7; 64])));
    assert_eq!(line.claim(&witness, "text\n"), None);
    assert_eq!(log.line(&[7; 63]).claim(&log, "text\n"), None);
    let cosigned = witness.line(&[9u64.to_be_bytes().as_slice(), &[7; 64]].concat());
    assert_eq!(cosigned.claim(&witness, "text\n"), Some((b"cosignature/v1\ntime 9\ntext\n".to_vec(), [7; 64])));
    assert_eq!(Signature::parse(&cosigned.to_string()), Some(cosigned));
}

#[test]
fn proof_files_and_witness_requests_are_those_of_the_specification() {
    let file = ProofFile { extra: Some(b"leaf".to_vec()), index: 7, proof: vec![[1; 32], [2; 32]], checkpoint: NOTE.to_owned() };
    let text = file.to_string();
    let one = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    assert!(text.starts_with(&format!("c2sp.org/tlog-proof@v1\nextra bGVhZg==\nindex 7\n{one}\n")), "{text}");
    assert!(text.ends_with(&format!("=\n\n{NOTE}")));
    assert_eq!(ProofFile::parse(&text), Some(file));
    let alone = ProofFile { extra: None, index: 0, proof: Vec::new(), checkpoint: NOTE.to_owned() };
    assert_eq!(alone.to_string(), format!("c2sp.org/tlog-proof@v1\nindex 0\n\n{NOTE}"));
    assert_eq!(ProofFile::parse(&alone.to_string()), Some(alone));
    for bad in
        ["", "c2sp.org/tlog-proof@v2\nindex 0\n\nx", "c2sp.org/tlog-proof@v1\nindex 00\n\nx", "c2sp.org/tlog-proof@v1\nindex 0\nAA\n\nx"]
    {
        assert_eq!(ProofFile::parse(bad), None, "{bad:?}");
    }

    assert_eq!(add_checkpoint(5, &[[1; 32]], NOTE), format!("old 5\n{one}\n\n{NOTE}"));
    assert_eq!(add_checkpoint(0, &[], NOTE), format!("old 0\n\n{NOTE}"));
    assert_eq!((size_in_conflict("12\n"), size_in_conflict("12"), size_in_conflict("012\n")), (Some(12), None, None));
}

fn event() -> EventLeaf {
    EventLeaf {
        badge: "bdg_1".to_owned(),
        code: Some(ReasonCode::AuthorityRequest),
        community: "01K".to_owned(),
        ev: EventKind::Revoked,
        idx: Some(7),
        jti: Some("att_1".to_owned()),
        list: Some(1),
        row: "r".to_owned(),
        seq: 3,
        sha256: Some("s".to_owned()),
        t: 1_795_453_977_123,
        v: 1,
        version: 3,
    }
}

#[test]
fn leaves_are_canonical() {
    let leaf = Leaf::Event(event());
    let text = r#"{"badge":"bdg_1","code":"authority_request","community":"01K","ev":"revoked","idx":7,"jti":"att_1","list":1,"row":"r","seq":3,"sha256":"s","t":1795453977123,"v":1,"version":3}"#;
    assert_eq!(String::from_utf8(leaf.to_bytes()).unwrap(), text);
    assert_eq!(Leaf::parse(text.as_bytes()), Some(leaf));
    let list = Leaf::List(ListLeaf {
        ev: ListWord::StatusList,
        invalid: 1,
        list: 1,
        n: 2,
        seq: 3,
        sha256: "s".to_owned(),
        size: 1024,
        suspended: 0,
        t: 5,
        v: 1,
    });
    let text = r#"{"ev":"status-list","invalid":1,"list":1,"n":2,"seq":3,"sha256":"s","size":1024,"suspended":0,"t":5,"v":1}"#;
    assert_eq!(String::from_utf8(list.to_bytes()).unwrap(), text);
    assert_eq!(Leaf::parse(text.as_bytes()), Some(list));
    // A second spelling would be a second leaf for one event.
    for other in
        [text.replace(":1,", ": 1,"), text.replace("\"v\":1", "\"v\":2"), text.replace("{\"ev\"", "{\"x\":1,\"ev\""), "null".to_owned()]
    {
        assert_eq!(Leaf::parse(other.as_bytes()), None, "{other}");
    }
    // RFC 8785 §3.2.3: members sorted.
    let value: serde_json::Value = serde_json::from_slice(&Leaf::Event(event()).to_bytes()).unwrap();
    let names: Vec<&String> = value.as_object().unwrap().keys().collect();
    assert!(names.is_sorted());
    let spelled = String::from_utf8(Leaf::Event(event()).to_bytes()).unwrap();
    let places: Vec<usize> = names.iter().map(|n| spelled.find(&format!("\"{n}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{spelled}");
}

proptest! {
    #[test]
    fn bundles_round_trip(entries in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..20)) {
        let bytes = bundle(entries.iter().map(Vec::as_slice)).unwrap();
        prop_assert_eq!(unbundle(&bytes).unwrap(), entries.iter().map(Vec::as_slice).collect::<Vec<_>>());
        if !bytes.is_empty() {
            prop_assert_ne!(unbundle(&bytes[..bytes.len() - 1]).map(|e| e.len()), Some(entries.len()));
        }
    }

    #[test]
    fn any_text_is_answered_without_panic(text in "\\PC{0,200}") {
        let _ = (SignedNote::parse(&text), Checkpoint::parse(&text), ProofFile::parse(&text), Leaf::parse(text.as_bytes()));
        let _ = (text.parse::<VerifierKey>(), Signature::parse(&text), unbundle(text.as_bytes()), hashes(text.as_bytes(), 1));
    }
}

#[test]
fn an_entry_too_long_for_its_length_is_refused() {
    let long = vec![0; 65_536];
    assert_eq!(bundle([b"x".as_slice(), &long]), Err(1));
    assert_eq!(hashes(&[0; 64], 2).map(|h| h.len()), Some(2));
    assert_eq!((hashes(&[0; 64], 1), hashes(&[0; 63], 2)), (None, None));
}
