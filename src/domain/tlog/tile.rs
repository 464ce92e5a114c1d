//! Where a tree is cut into tiles (C2SP tlog-tiles) and how a tile and a bundle of entries are named and written.

use super::Hash;

/// Hashes of a full tile, entries of a full bundle.
pub const FULL: u16 = 256;

/// Longest entry: its length is written in 16 bits.
pub const ENTRY_MAX: usize = u16::MAX as usize;

/// Part of the tree: `width` consecutive hashes at a level, each the root of a full tile one level below.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tile {
    /// 0 for leaf hashes.
    pub level: u8,
    /// Which tile of its level.
    pub index: u64,
    /// 1 to [`FULL`].
    pub width: u16,
}

impl Tile {
    /// The tile in a tree of `size` leaves, as wide as it is there; `None` when the tree does not reach it.
    pub fn of(level: u8, index: u64, size: u64) -> Option<Self> {
        let rest = nodes_at(level, size).checked_sub(index.checked_mul(u64::from(FULL))?)?;
        let width = u16::try_from(rest.min(u64::from(FULL))).ok()?;
        (width > 0).then_some(Self { level, index, width })
    }

    /// Every tile a tree of `size` leaves has, level by level.
    pub fn all(size: u64) -> impl Iterator<Item = Self> {
        (0..8).flat_map(move |level| {
            let tiles = nodes_at(level, size).div_ceil(u64::from(FULL));
            (0..tiles).filter_map(move |index| Self::of(level, index, size))
        })
    }

    /// The leaf (for level 0) or node the tile begins with.
    pub const fn start(&self) -> u64 {
        self.index * FULL as u64
    }

    /// Whether the tree reaches all of it.
    pub fn within(&self, size: u64) -> bool {
        Self::of(self.level, self.index, size).is_some_and(|t| t.width >= self.width)
    }
}

/// Nodes of a tile level in a tree of `size` leaves: its full subtrees of 256^level leaves.
pub const fn nodes_at(level: u8, size: u64) -> u64 {
    if level >= 8 { 0 } else { size >> (8 * level as u32) }
}

/// What is served below `tile/`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asset {
    /// Hashes.
    Hashes(Tile),
    /// The entries of a level 0 tile.
    Entries(Tile),
}

impl Asset {
    /// `tile/0/x001/x234/067`, `tile/entries/000.p/5`.
    pub fn path(&self) -> String {
        let (head, tile) = match self {
            Self::Hashes(t) => (t.level.to_string(), t),
            Self::Entries(t) => ("entries".to_owned(), t),
        };
        let mut groups = vec![format!("{:03}", tile.index % 1000)];
        let mut rest = tile.index / 1000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        groups.reverse();
        let partial = if tile.width == FULL { String::new() } else { format!(".p/{}", tile.width) };
        format!("tile/{head}/{}{partial}", groups.join("/"))
    }

    /// Reads what [`Self::path`] writes, and only that: one name for one thing, so that caches hold it once.
    pub fn parse(path: &str) -> Option<Self> {
        let (head, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok().filter(|w| (1..FULL).contains(w))?),
            None => (rest, FULL),
        };
        let mut index: u64 = 0;
        for group in number.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        let asset = match head {
            "entries" => Self::Entries(Tile { level: 0, index, width }),
            level => Self::Hashes(Tile { level: level.parse().ok().filter(|l| *l < 64)?, index, width }),
        };
        (asset.path() == path).then_some(asset)
    }
}

/// An entry bundle: each entry after its length in 16 bits, big-endian.
///
/// # Errors
/// The position of an entry longer than [`ENTRY_MAX`].
pub fn bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, usize> {
    let mut out = Vec::new();
    for (at, entry) in entries.into_iter().enumerate() {
        let length = u16::try_from(entry.len()).map_err(|_| at)?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(entry);
    }
    Ok(out)
}

/// The entries of a bundle; `None` when it is cut.
pub fn unbundle(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        bytes = rest;
    }
    bytes.is_empty().then_some(entries)
}

/// The hashes of a tile; `None` unless it holds exactly `width` of them.
pub fn hashes(bytes: &[u8], width: u16) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && hashes.len() == usize::from(width)).then(|| hashes.to_vec())
}
