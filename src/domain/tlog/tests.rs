//! The tree against a third party's, every format against examples and back, the replay against histories, the past against memory.

mod formats;
mod past;
mod replaying;

use ct_merkle::RootHash;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2_next::Sha256;

use super::Hash;
use super::proof::{BadProof, verify_consistency, verify_inclusion};
use super::tile::{Asset, FULL, Tile};
use super::tree::{DamagedTile, Growing, Tiles, Tree, appended, empty_root, leaf_hash};

/// Tiles in memory, filled the way the store fills them.
#[derive(Default)]
struct Memory {
    levels: Vec<Vec<Hash>>,
}

impl Tiles for Memory {
    type Error = DamagedTile;

    fn tile(&mut self, tile: Tile) -> Result<Vec<Hash>, DamagedTile> {
        let level = self.levels.get(usize::from(tile.level)).ok_or(DamagedTile(tile))?;
        let start = usize::try_from(tile.start()).unwrap();
        level.get(start..start + usize::from(tile.width)).map(<[Hash]>::to_vec).ok_or(DamagedTile(tile))
    }
}

impl Memory {
    fn append(&mut self, leaves: &[Hash]) {
        if self.levels.is_empty() {
            self.levels.push(Vec::new());
        }
        let old = self.levels[0].len() as u64;
        let nodes = appended(self, old, leaves).unwrap();
        self.levels[0].extend_from_slice(leaves);
        for node in nodes {
            let level = usize::from(node.level);
            if self.levels.len() <= level {
                self.levels.push(Vec::new());
            }
            assert_eq!(self.levels[level].len() as u64, node.index, "nodes come in order and once");
            self.levels[level].push(node.hash);
        }
    }
}

fn entry(n: usize) -> Vec<u8> {
    format!("entry {n}").into_bytes()
}

type Theirs = MemoryBackedTree<Sha256, Vec<u8>>;

/// Ours and theirs over the same `n` entries; ours appended in steps of `step`.
fn both(n: usize, step: usize) -> (Memory, Theirs) {
    let (mut ours, mut theirs) = (Memory::default(), Theirs::new());
    let hashes: Vec<Hash> = (0..n).map(|i| leaf_hash(&entry(i))).collect();
    hashes.chunks(step.max(1)).for_each(|c| ours.append(c));
    (0..n).for_each(|i| theirs.push(entry(i)));
    (ours, theirs)
}

fn root_of(theirs: &RootHash<Sha256>) -> Hash {
    theirs.as_bytes().as_slice().try_into().unwrap()
}

#[test]
fn every_proof_of_every_small_tree_is_theirs_and_verifies() {
    const MOST: usize = 80;
    let mut roots = vec![empty_root()];
    let mut growing = Growing::default();
    assert_eq!(growing.root(), empty_root());
    for size in 1..=MOST {
        let (mut ours, theirs) = both(size, 7);
        let mut tree = Tree::new(&mut ours, size as u64);
        let root = tree.root().unwrap();
        assert_eq!(root, root_of(&theirs.root()), "size {size}");
        growing.push(leaf_hash(&entry(size - 1)));
        assert_eq!((growing.size(), growing.root()), (size as u64, root));
        roots.push(root);
        for i in 0..size {
            let proof = tree.inclusion(i as u64).unwrap().unwrap();
            assert_eq!(proof.concat(), theirs.prove_inclusion(i).as_bytes());
            assert_eq!(verify_inclusion(&leaf_hash(&entry(i)), i as u64, size as u64, &proof, &root), Ok(()));
        }
        assert_eq!(tree.inclusion(size as u64).unwrap(), None);
        assert_eq!(tree.consistency(size as u64 + 1).unwrap(), None);
        for (old, old_root) in roots.iter().enumerate().take(size + 1) {
            let proof = tree.consistency(old as u64).unwrap().unwrap();
            if old > 0 && old < size {
                assert_eq!(proof.concat(), theirs.prove_consistency(size - old).as_bytes(), "{old} to {size}");
            }
            assert_eq!(verify_consistency(old as u64, size as u64, &proof, old_root, &root), Ok(()), "{old} to {size}");
        }
    }
}

#[test]
fn a_proof_holds_for_nothing_else() {
    let size = 23;
    let (mut ours, _) = both(size, 23);
    let root = Tree::new(&mut ours, 23).root().unwrap();
    for i in 0..23 {
        let proof = Tree::new(&mut ours, 23).inclusion(i).unwrap().unwrap();
        let leaf = leaf_hash(&entry(usize::try_from(i).unwrap()));
        for other in (0..25).filter(|o| *o != i) {
            assert!(verify_inclusion(&leaf, other, 23, &proof, &root).is_err(), "{i} passed for {other}");
        }
        assert_eq!(verify_inclusion(&leaf_hash(b"another"), i, 23, &proof, &root), Err(BadProof::Root));
        for cut in 0..proof.len() {
            assert!(verify_inclusion(&leaf, i, 23, &proof[..cut], &root).is_err());
            let mut bent = proof.clone();
            bent[cut][0] ^= 1;
            assert_eq!(verify_inclusion(&leaf, i, 23, &bent, &root), Err(BadProof::Root));
        }
        let longer = [proof.as_slice(), &[root]].concat();
        assert_eq!(verify_inclusion(&leaf, i, 23, &longer, &root), Err(BadProof::Shape));
    }
    for old in 1..23 {
        let old_root = Tree::new(&mut ours, old).root().unwrap();
        let proof = Tree::new(&mut ours, 23).consistency(old).unwrap().unwrap();
        assert!(verify_consistency(old, 23, &proof, &leaf_hash(b"fork"), &root).is_err(), "a fork at {old}");
        assert!(verify_consistency(old, 23, &proof, &old_root, &leaf_hash(b"fork")).is_err());
        assert!(verify_consistency(old, 23, &[proof.as_slice(), &[root]].concat(), &old_root, &root).is_err());
        assert!(verify_consistency(old, 23, &proof[..proof.len() - 1], &old_root, &root).is_err());
        assert_eq!(verify_consistency(23, old, &[], &root, &old_root), Err(BadProof::Shape));
    }
    assert_eq!(verify_consistency(0, 23, &[], &root, &root), Err(BadProof::Root), "the empty tree has one root");
}

/// Every proof of one large tree, compared with theirs; each some hundredth is verified too.
#[test]
fn every_proof_of_a_large_tree_is_theirs() {
    let size = 66_000 + 257;
    let (mut ours, theirs) = both(size, 1000);
    let mut tree = Tree::new(&mut ours, size as u64);
    let root = tree.root().unwrap();
    assert_eq!(root, root_of(&theirs.root()));
    for i in 0..size {
        let inclusion = tree.inclusion(i as u64).unwrap().unwrap();
        assert!(inclusion.concat() == theirs.prove_inclusion(i).as_bytes(), "inclusion of {i}");
        if i == 0 {
            continue;
        }
        let consistency = tree.consistency(i as u64).unwrap().unwrap();
        assert!(consistency.concat() == theirs.prove_consistency(size - i).as_bytes(), "consistency from {i}");
        if i % 997 == 0 {
            assert_eq!(verify_inclusion(&leaf_hash(&entry(i)), i as u64, size as u64, &inclusion, &root), Ok(()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]

    #[test]
    fn trees_of_any_size_agree(size in 1usize..100_000, step in 1usize..3000, picks in proptest::collection::vec(any::<usize>(), 40)) {
        let (mut ours, theirs) = both(size, step);
        let old_roots: Vec<(usize, Hash)> = picks.iter().map(|p| 1 + p % size)
            .map(|old| (old, Tree::new(&mut ours, old as u64).root().unwrap())).collect();
        let mut tree = Tree::new(&mut ours, size as u64);
        let root = tree.root().unwrap();
        prop_assert_eq!(root, root_of(&theirs.root()));
        for i in picks.iter().map(|p| p % size) {
            let proof = tree.inclusion(i as u64).unwrap().unwrap();
            prop_assert_eq!(proof.concat(), theirs.prove_inclusion(i).as_bytes().to_vec());
            prop_assert_eq!(verify_inclusion(&leaf_hash(&entry(i)), i as u64, size as u64, &proof, &root), Ok(()));
        }
        for (old, old_root) in old_roots {
            let proof = tree.consistency(old as u64).unwrap().unwrap();
            if old < size {
                prop_assert_eq!(proof.concat(), theirs.prove_consistency(size - old).as_bytes().to_vec());
            }
            prop_assert_eq!(verify_consistency(old as u64, size as u64, &proof, &old_root, &root), Ok(()));
        }
    }
}

/// The example of C2SP tlog-tiles: "a tree of size 70,000 …".
#[test]
fn tiles_are_those_of_the_specification() {
    let tiles: Vec<Tile> = Tile::all(70_000).collect();
    let of = |level| tiles.iter().filter(move |t| t.level == level);
    assert_eq!((of(0).filter(|t| t.width == FULL).count(), of(0).map(|t| t.width).next_back()), (273, Some(112)));
    assert_eq!(of(1).map(|t| t.width).collect::<Vec<_>>(), [256, 17]);
    assert_eq!(of(2).map(|t| t.width).collect::<Vec<_>>(), [1]);
    assert_eq!(tiles.len(), 274 + 2 + 1);
    assert_eq!(Tile::all(256).collect::<Vec<_>>(), [Tile { level: 0, index: 0, width: 256 }, Tile { level: 1, index: 0, width: 1 }]);
    assert_eq!(Tile::all(0).count(), 0);
}

#[test]
fn paths_have_one_spelling() {
    let tile = |level, index, width| Asset::Hashes(Tile { level, index, width });
    assert_eq!(tile(3, 1_234_067, FULL).path(), "tile/3/x001/x234/067");
    assert_eq!(tile(0, 0, 5).path(), "tile/0/000.p/5");
    assert_eq!(Asset::Entries(Tile { level: 0, index: 1000, width: 255 }).path(), "tile/entries/x001/000.p/255");
    for wrong in [
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/05",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/entries",
        "tile/0/",
        "tile/0/+01",
        "tile/0/000/",
        "tile/data/000",
        "tile/0/000.p/1/2",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert_eq!(Asset::parse(wrong), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn paths_round_trip(level in 0u8..64, index in any::<u64>(), width in 1u16..=256) {
        let tile = Tile { level, index, width };
        prop_assert_eq!(Asset::parse(&Asset::Hashes(tile).path()), Some(Asset::Hashes(tile)));
        let entries = Asset::Entries(Tile { level: 0, ..tile });
        prop_assert_eq!(Asset::parse(&entries.path()), Some(entries));
    }

    #[test]
    fn a_tile_is_within_the_trees_that_reach_it(size in 0u64..200_000, level in 0u8..9, index in 0u64..1000) {
        let width = Tile::of(level, index, size).map_or(0, |t| t.width);
        for w in 1..=FULL {
            prop_assert_eq!(Tile { level, index, width: w }.within(size), w <= width);
        }
    }
}
