//! The public log read as somebody outside would, with code of its own: paths, notes and signatures by hand, the tree by a
//! third party's crate. Shares nothing with the service but the addresses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{InclusionProof, RootHash};
use openssl::pkey::{Id, PKey};
use openssl::sign::Verifier;
use serde_json::Value;
use sha2_next::digest::Output;
use sha2_next::{Digest as _, Sha256};

use crate::harness::Harness;

pub type Tree = MemoryBackedTree<Sha256, Vec<u8>>;

/// A checkpoint whose signature held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub size: usize,
    pub root: Vec<u8>,
    pub note: String,
    pub signatures: usize,
}

impl Checkpoint {
    pub fn root_hash(&self) -> RootHash<Sha256> {
        RootHash::new(Output::<Sha256>::try_from(self.root.as_slice()).unwrap(), self.size as u64)
    }
}

pub struct PublicLog<'a> {
    pub h: &'a Harness,
    /// Name and raw public key.
    pub name: String,
    key: Vec<u8>,
}

impl<'a> PublicLog<'a> {
    pub async fn open(h: &'a Harness) -> Self {
        let lines = text(h, "/log/key").await;
        // The key that signs, then the one that will.
        assert_eq!(lines.lines().count(), 2, "{lines}");
        let (name, rest) = lines.lines().next().unwrap().split_once('+').unwrap();
        let (hash, key) = rest.split_once('+').unwrap();
        let key = STANDARD.decode(key).unwrap();
        assert_eq!((key.len(), key[0]), (33, 1));
        assert_eq!(Sha256::digest([name.as_bytes(), b"\n", &key].concat())[..4], hex_bytes(hash));
        Self { h, name: name.to_owned(), key: key[1..].to_vec() }
    }

    pub async fn checkpoint(&self) -> Checkpoint {
        // The first one is signed a moment after the start.
        let served = async || {
            let answer = self.h.http.get(self.h.url("/log/checkpoint")).send().await.unwrap();
            if answer.status() == 200 { Some(answer.text().await.unwrap()) } else { None }
        };
        self.read(&self.h.until("a checkpoint", served).await)
    }

    /// Reads a note and checks the log's signature.
    pub fn read(&self, note: &str) -> Checkpoint {
        let (body, signatures) = note.split_once("\n\n").unwrap();
        let body = format!("{body}\n");
        let lines: Vec<&str> = body.lines().collect();
        assert_eq!((lines.len(), lines[0]), (3, self.name.as_str()));
        let ours = signatures.lines().find_map(|l| l.strip_prefix(&format!("— {} ", self.name))).expect("the log signed");
        let signature = STANDARD.decode(ours).unwrap();
        let key = PKey::public_key_from_raw_bytes(&self.key, Id::ED25519).unwrap();
        let holds = Verifier::new_without_digest(&key).unwrap().verify_oneshot(&signature[4..], body.as_bytes()).unwrap();
        assert!(holds, "{note}");
        Checkpoint {
            size: lines[1].parse().unwrap(),
            root: STANDARD.decode(lines[2]).unwrap(),
            note: note.to_owned(),
            signatures: signatures.lines().count(),
        }
    }

    /// Every entry of a checkpoint's tree, read bundle by bundle, each held against its hash in the level 0 tile; the tree
    /// built from them has the checkpoint's root.
    pub async fn entries(&self, checkpoint: &Checkpoint) -> Vec<Vec<u8>> {
        let mut entries: Vec<Vec<u8>> = Vec::new();
        while entries.len() < checkpoint.size {
            let (number, width) = (entries.len() / 256, (checkpoint.size - entries.len()).min(256));
            let suffix = if width == 256 { String::new() } else { format!(".p/{width}") };
            let mut bundle = bytes(self.h, &format!("/log/tile/entries/{number:03}{suffix}")).await;
            let hashes = bytes(self.h, &format!("/log/tile/0/{number:03}{suffix}")).await;
            assert_eq!(hashes.len(), width * 32);
            for hash in hashes.chunks(32) {
                let length = usize::from(u16::from_be_bytes([bundle[0], bundle[1]]));
                let entry: Vec<u8> = bundle.drain(..2 + length).skip(2).collect();
                assert_eq!(Sha256::digest([&[0], entry.as_slice()].concat()).as_slice(), hash);
                entries.push(entry);
            }
            assert!(bundle.is_empty());
        }
        assert_eq!(tree(&entries).root().as_bytes().as_slice(), checkpoint.root, "the root over what is served");
        entries
    }

    /// The leaves as JSON.
    pub async fn leaves(&self) -> Vec<Value> {
        let checkpoint = self.checkpoint().await;
        self.entries(&checkpoint).await.iter().map(|e| serde_json::from_slice(e).unwrap()).collect()
    }

    /// Waits until an event of this kind of this badge is in the log, and the list's version after it.
    pub async fn wait_for(&self, badge: &str, kind: &str) -> Vec<Value> {
        let look = async || {
            let leaves = self.leaves().await;
            let at = leaves.iter().position(|l| l["badge"] == badge && l["ev"] == kind)?;
            (leaves[at..].iter().any(|l| l["ev"] == "status-list") || kind == "reinstated").then_some(leaves)
        };
        self.h.until(&format!("{kind} in the log"), look).await
    }
}

/// A tree of these entries.
pub fn tree(entries: &[Vec<u8>]) -> Tree {
    let mut tree = Tree::new();
    entries.iter().for_each(|e| tree.push(e.clone()));
    tree
}

/// A proof file taken apart: the leaf, its index, and the checkpoint's note; the proof is checked against the note.
pub fn check_proof(log: &PublicLog<'_>, file: &str) -> (Value, u64, Checkpoint) {
    let (head, note) = file.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
    let entry = STANDARD.decode(lines.next().unwrap().strip_prefix("extra ").unwrap()).unwrap();
    let index: u64 = lines.next().unwrap().strip_prefix("index ").unwrap().parse().unwrap();
    let proof: Vec<u8> = lines.flat_map(|l| STANDARD.decode(l).unwrap()).collect();
    let checkpoint = log.read(note);
    checkpoint.root_hash().verify_inclusion(&entry, index, &InclusionProof::from_bytes(proof)).unwrap();
    (serde_json::from_slice(&entry).unwrap(), index, checkpoint)
}

pub async fn bytes(h: &Harness, path: &str) -> Vec<u8> {
    let answer = h.http.get(h.url(path)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.bytes().await.unwrap().to_vec()
}

pub async fn text(h: &Harness, path: &str) -> String {
    String::from_utf8(bytes(h, path).await).unwrap()
}

fn hex_bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|c| u8::from_str_radix(std::str::from_utf8(c).unwrap(), 16).unwrap()).collect()
}
