//! Offline check of the transparency log's signatures and of a proof file: that an attestation is in the public log, and that
//! witnesses vouched for the log it is in.

use jsonwebtoken::crypto::aws_lc;
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::domain::badge::EventKind;
use crate::domain::tlog::checkpoint::Checkpoint;
use crate::domain::tlog::leaf::{EventLeaf, Leaf, digest};
use crate::domain::tlog::note::{Signature, SignedNote, VerifierKey};
use crate::domain::tlog::proof::{BadProof, verify_inclusion};
use crate::domain::tlog::proof_file::ProofFile;
use crate::domain::tlog::tree::leaf_hash;

/// Why a checkpoint or a proof file is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LogFault {
    /// Not a signed note.
    #[error("not a signed note")]
    NotANote,
    /// No signature by the key of the log.
    #[error("no valid signature of the log's key")]
    Signature,
    /// The note does not hold a checkpoint of this log.
    #[error("not a checkpoint of this log")]
    NotACheckpoint,
    /// Not a proof file.
    #[error("not a proof file")]
    NotAProof,
    /// The file is about another token.
    #[error("the proof is not of this attestation")]
    OtherToken,
    /// The inclusion proof.
    #[error("inclusion: {0}")]
    Inclusion(BadProof),
    /// Fewer witnesses than demanded.
    #[error("too few of the demanded witnesses signed this checkpoint")]
    Witnesses,
}

/// Whether `signature` is `key`'s over `text`. The provider is named for the reason `keys::holds` gives.
pub fn signed_by(text: &str, signature: &Signature, key: &VerifierKey) -> bool {
    signature.claim(key, text).is_some_and(|(message, signature)| {
        (aws_lc::DEFAULT_PROVIDER.verifier_factory)(&Algorithm::EdDSA, &DecodingKey::from_ed_der(key.key()))
            .is_ok_and(|verifier| verifier.verify(&message, &signature.to_vec()).is_ok())
    })
}

/// A checkpoint that one of the log's keys signed. A log signs with the key it publishes first and with the one it will
/// use next; whoever knows either can read it.
///
/// # Errors
/// [`LogFault`].
pub fn checkpoint(note: &str, keys: &[VerifierKey]) -> Result<(Checkpoint, SignedNote), LogFault> {
    let note = SignedNote::parse(note).ok_or(LogFault::NotANote)?;
    let signer = keys.iter().find(|key| note.signatures.iter().any(|s| signed_by(&note.text, s, key))).ok_or(LogFault::Signature)?;
    let checkpoint = Checkpoint::parse(&note.text).filter(|c| c.origin == signer.name()).ok_or(LogFault::NotACheckpoint)?;
    Ok((checkpoint, note))
}

/// What a proof file proves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logged {
    /// Index of the leaf.
    pub index: u64,
    /// The event that recorded the attestation.
    pub event: EventLeaf,
    /// The checkpoint it is proven in.
    pub checkpoint: Checkpoint,
    /// Names of the given witnesses that signed that checkpoint.
    pub witnesses: Vec<String>,
}

/// Checks that `file` proves the attestation `token` to be in the log with one of `keys`, and that at least `quorum` of `witnesses`
/// signed the checkpoint.
///
/// # Errors
/// [`LogFault`].
pub fn proof(file: &str, token: &str, keys: &[VerifierKey], witnesses: &[VerifierKey], quorum: usize) -> Result<Logged, LogFault> {
    let file = ProofFile::parse(file).ok_or(LogFault::NotAProof)?;
    let entry = file.extra.as_deref().ok_or(LogFault::NotAProof)?;
    let Some(Leaf::Event(event)) = Leaf::parse(entry) else { return Err(LogFault::NotAProof) };
    let records = matches!(event.ev, EventKind::Issued | EventKind::Renewed);
    if !records || event.sha256.as_deref() != Some(digest(token.as_bytes()).as_str()) {
        return Err(LogFault::OtherToken);
    }
    let (checkpoint, note) = checkpoint(&file.checkpoint, keys)?;
    verify_inclusion(&leaf_hash(entry), file.index, checkpoint.size, &file.proof, &checkpoint.root).map_err(LogFault::Inclusion)?;
    let vouched = witnesses.iter().filter(|w| note.signatures.iter().any(|s| signed_by(&note.text, s, w)));
    let witnesses: Vec<String> = vouched.map(|w| w.name().to_owned()).collect();
    if witnesses.len() < quorum {
        return Err(LogFault::Witnesses);
    }
    Ok(Logged { index: file.index, event, checkpoint, witnesses })
}
