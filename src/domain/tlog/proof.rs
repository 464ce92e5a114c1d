//! Verification of proofs as RFC 9162 §2.1.3.2 and §2.1.4.2 write it: not the construction run again, so that a mistake in
//! one shows in the other.

use super::Hash;
use super::tree::node_hash;

/// A proof does not hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadProof {
    /// Sizes or index out of range, or a proof of the wrong length.
    #[error("the proof does not fit the sizes it is for")]
    Shape,
    /// It leads to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// Whether the leaf with hash `leaf` stands at `index` of the tree of `size` leaves with `root`.
///
/// # Errors
/// [`BadProof`].
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), BadProof> {
    if index >= size {
        return Err(BadProof::Shape);
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for step in proof {
        if last == 0 {
            return Err(BadProof::Shape);
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(step, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, step);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    match (last, hash == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(BadProof::Root),
        _ => Err(BadProof::Shape),
    }
}

/// Whether the tree of `old` leaves with `old_root` is a beginning of the tree of `new` leaves with `new_root`.
///
/// # Errors
/// [`BadProof`].
pub fn verify_consistency(old: u64, new: u64, proof: &[Hash], old_root: &Hash, new_root: &Hash) -> Result<(), BadProof> {
    if old > new {
        return Err(BadProof::Shape);
    }
    if old == new {
        return if !proof.is_empty() {
            Err(BadProof::Shape)
        } else if old_root == new_root {
            Ok(())
        } else {
            Err(BadProof::Root)
        };
    }
    if old == 0 {
        // Everything extends the empty tree, whose root is known.
        let fits = *old_root == super::tree::empty_root();
        return if !proof.is_empty() { Err(BadProof::Shape) } else { fits.then_some(()).ok_or(BadProof::Root) };
    }
    let mut steps = proof.iter();
    let mut next = || steps.next().ok_or(BadProof::Shape);
    let first = if old.is_power_of_two() { old_root } else { next()? };
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let (mut old_hash, mut new_hash) = (*first, *first);
    for step in steps {
        if last == 0 {
            return Err(BadProof::Shape);
        }
        if at & 1 == 1 || at == last {
            old_hash = node_hash(step, &old_hash);
            new_hash = node_hash(step, &new_hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            new_hash = node_hash(&new_hash, step);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    match (last, old_hash == *old_root && new_hash == *new_root) {
        (0, true) => Ok(()),
        (0, false) => Err(BadProof::Root),
        _ => Err(BadProof::Shape),
    }
}
