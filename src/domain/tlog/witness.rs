//! What is said to a witness (C2SP tlog-witness): the body of `add-checkpoint`, and the size in its refusal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Hash;
use super::checkpoint::decimal;

/// The body of `add-checkpoint`: what the witness saw last, the proof from there, the new checkpoint.
pub fn add_checkpoint(old: u64, proof: &[Hash], checkpoint: &str) -> String {
    let lines: String = proof.iter().map(|h| format!("{}\n", STANDARD.encode(h))).collect();
    format!("old {old}\n{lines}\n{checkpoint}")
}

/// The size in the body of a 409 answer.
pub fn size_in_conflict(body: &str) -> Option<u64> {
    decimal(body.strip_suffix('\n')?)
}
