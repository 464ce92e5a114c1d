//! The Merkle tree of RFC 6962 §2.1 over tiles: roots and proofs of any size from what a [`Tiles`] holds, what an append
//! adds to it, and a tree that is only ever appended to and needs no tiles at all.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::Hash;
use super::tile::{FULL, Tile};

/// Hash of a leaf: SHA-256(0x00 || entry).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// Hash of an inner node: SHA-256(0x01 || left || right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// Root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// Root over `nodes`, taken as leaves of a tree.
pub fn root_over(nodes: &[Hash]) -> Hash {
    match nodes {
        [] => empty_root(),
        [one] => *one,
        more => {
            let (left, right) = more.split_at(split(more.len() as u64) as usize);
            node_hash(&root_over(left), &root_over(right))
        }
    }
}

/// The largest power of two below `n` (`n` at least 2).
const fn split(n: u64) -> u64 {
    1 << (u64::BITS - 1 - (n - 1).leading_zeros())
}

/// A tile that does not hold what its place in the tree demands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("tile {} of level {} does not hold {} hashes", .0.index, .0.level, .0.width)]
pub struct DamagedTile(pub Tile);

/// Where tiles come from: a database, files, memory.
pub trait Tiles {
    /// Why a tile could not be had.
    type Error: From<DamagedTile>;

    /// The hashes of `tile`, exactly as many as its width.
    ///
    /// # Errors
    /// Whatever stands in the way.
    fn tile(&mut self, tile: Tile) -> Result<Vec<Hash>, Self::Error>;
}

/// A tree of a fixed size over tiles. Tiles are read once, nodes between their levels are hashed once.
pub struct Tree<'a, T> {
    tiles: &'a mut T,
    size: u64,
    read: HashMap<(u8, u64), Vec<Hash>>,
    inner: HashMap<(u64, u64), Hash>,
}

impl<'a, T: Tiles> Tree<'a, T> {
    /// The tree of the first `size` leaves.
    pub fn new(tiles: &'a mut T, size: u64) -> Self {
        Self { tiles, size, read: HashMap::new(), inner: HashMap::new() }
    }

    /// Its root.
    ///
    /// # Errors
    /// From the tiles.
    pub fn root(&mut self) -> Result<Hash, T::Error> {
        self.range(0, self.size)
    }

    /// The inclusion proof of leaf `index` (RFC 6962 §2.1.1), from the leaf upwards. `None` when there is no such leaf.
    ///
    /// # Errors
    /// From the tiles.
    pub fn inclusion(&mut self, index: u64) -> Result<Option<Vec<Hash>>, T::Error> {
        if index >= self.size {
            return Ok(None);
        }
        let (mut low, mut high, mut path) = (0, self.size, Vec::new());
        while high - low > 1 {
            let middle = low + split(high - low);
            if index < middle {
                path.push(self.range(middle, high)?);
                high = middle;
            } else {
                path.push(self.range(low, middle)?);
                low = middle;
            }
        }
        path.reverse();
        Ok(Some(path))
    }

    /// The proof that the tree of the first `old` leaves is a beginning of this one (RFC 6962 §2.1.2); empty for `old` 0 or
    /// the whole size. `None` when this tree is smaller.
    ///
    /// # Errors
    /// From the tiles.
    pub fn consistency(&mut self, old: u64) -> Result<Option<Vec<Hash>>, T::Error> {
        if old > self.size {
            return Ok(None);
        }
        let (mut low, mut high, mut path) = (0, self.size, Vec::new());
        if old == 0 || old == high {
            return Ok(Some(path));
        }
        while high != old {
            let middle = low + split(high - low);
            if old <= middle {
                path.push(self.range(middle, high)?);
                high = middle;
            } else {
                path.push(self.range(low, middle)?);
                low = middle;
            }
        }
        // A subtree that begins at 0 is the old tree itself, whose root the verifier has.
        if low > 0 {
            path.push(self.range(low, high)?);
        }
        path.reverse();
        Ok(Some(path))
    }

    /// Root over the leaves `low..high`; ranges come from splitting, so `low` is a multiple of every power of two in it.
    fn range(&mut self, low: u64, high: u64) -> Result<Hash, T::Error> {
        let n = high - low;
        if n == 0 {
            return Ok(empty_root());
        }
        if n.is_power_of_two() {
            return self.full(low, n);
        }
        let middle = low + split(n);
        Ok(node_hash(&self.range(low, middle)?, &self.range(middle, high)?))
    }

    /// Root of a full subtree: `n` leaves, a power of two, from `low`.
    fn full(&mut self, low: u64, n: u64) -> Result<Hash, T::Error> {
        let height = n.trailing_zeros();
        if height.is_multiple_of(8) {
            return self.stored(low, height);
        }
        if let Some(known) = self.inner.get(&(low, n)) {
            return Ok(*known);
        }
        let half = n / 2;
        let hash = node_hash(&self.full(low, half)?, &self.full(low + half, half)?);
        self.inner.insert((low, n), hash);
        Ok(hash)
    }

    /// A hash that stands in a tile: of the subtree of 2^height leaves from `low`.
    fn stored(&mut self, low: u64, height: u32) -> Result<Hash, T::Error> {
        let level = u8::try_from(height / 8).unwrap_or(u8::MAX);
        let node = low >> height;
        let (index, offset) = (node / u64::from(FULL), node % u64::from(FULL));
        // The subtree lies in the tree, so its tile does too.
        let tile = Tile::of(level, index, self.size).unwrap_or(Tile { level, index, width: FULL });
        if !self.read.contains_key(&(level, index)) {
            let hashes = self.tiles.tile(tile)?;
            if hashes.len() != usize::from(tile.width) {
                return Err(DamagedTile(tile).into());
            }
            self.read.insert((level, index), hashes);
        }
        let hashes = self.read.get(&(level, index));
        let found = hashes.and_then(|h| h.get(usize::try_from(offset).unwrap_or(usize::MAX)));
        found.copied().ok_or_else(|| DamagedTile(tile).into())
    }
}

/// A node above the leaves that is complete since an append: the hash of a tile that became full.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewNode {
    /// Tile level it belongs to, from 1.
    pub level: u8,
    /// Its place in the level.
    pub index: u64,
    /// Its hash.
    pub hash: Hash,
}

/// The nodes that are complete when `leaves` follow the first `old` ones; tiles hold the old tree.
///
/// # Errors
/// From the tiles.
pub fn appended<T: Tiles>(tiles: &mut T, old: u64, leaves: &[Hash]) -> Result<Vec<NewNode>, T::Error> {
    let (mut nodes, mut level, mut start, mut row) = (Vec::new(), 0u8, old, leaves.to_vec());
    loop {
        let (tile, width) = (start / u64::from(FULL), u16::try_from(start % u64::from(FULL)).unwrap_or(0));
        if width > 0 {
            let known = Tile { level, index: tile, width };
            let mut whole = tiles.tile(known)?;
            if whole.len() != usize::from(width) {
                return Err(DamagedTile(known).into());
            }
            whole.append(&mut row);
            row = whole;
        }
        let full: Vec<Hash> = row.chunks_exact(usize::from(FULL)).map(root_over).collect();
        if full.is_empty() {
            return Ok(nodes);
        }
        level += 1;
        nodes.extend((tile..).zip(&full).map(|(index, hash)| NewNode { level, index, hash: *hash }));
        (start, row) = (tile, full);
    }
}

/// A tree that is only appended to: keeps one hash per full subtree at its right edge.
#[derive(Clone, Default, Debug)]
pub struct Growing {
    size: u64,
    edge: Vec<Hash>,
}

impl Growing {
    /// Leaves so far.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // As many full subtrees end here as the size has trailing ones.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.edge.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.edge.push(hash);
        self.size += 1;
    }

    /// The root now.
    pub fn root(&self) -> Hash {
        let mut edge = self.edge.iter().rev();
        let Some(last) = edge.next() else { return empty_root() };
        edge.fold(*last, |right, left| node_hash(left, &right))
    }
}
