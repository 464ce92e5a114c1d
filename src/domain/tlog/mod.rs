//! The transparency log as pure computation: what a leaf says, RFC 6962 tree hashing over C2SP tiles, proofs and their
//! verification, checkpoints as signed notes, the proof file, and the replay that tells from the leaves alone what must hold.
//!
//! Signing is an adapter's work and checking a signature is `verifier::log`'s, because the domain knows no elliptic curve.
//! Storing leaves and tiles is `store::log`'s. The formats are those of C2SP `tlog-tiles`, `tlog-checkpoint`, `signed-note`,
//! `tlog-cosignature`, `tlog-witness` and `tlog-proof`. The published crates for them were weighed and not taken: `tlog_tiles`
//! 0.2 writes the paths of the Go checksum database instead of the C2SP ones, and `signed_note` 0.2 brings a second Ed25519
//! and a second random source with it. `ct-merkle`, a third party's RFC 6962, checks this tree in the tests instead.

pub mod checkpoint;
pub mod leaf;
pub mod note;
pub mod past;
pub mod proof;
pub mod proof_file;
pub mod replay;
#[cfg(test)]
mod tests;
pub mod tile;
pub mod tree;
pub mod witness;

/// A node of the tree: SHA-256.
pub type Hash = [u8; 32];
