//! The proof file (C2SP tlog-proof): all that is needed to see, offline, that a leaf is in the log.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Hash;
use super::checkpoint::{decimal, hash};
use super::note::NOTE_MAX;

const HEAD: &str = "c2sp.org/tlog-proof@v1";

/// A proof file, unchecked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProofFile {
    /// Ours: the leaf itself, so that the file needs nothing beside it. Unauthenticated until the proof over it held.
    pub extra: Option<Vec<u8>>,
    /// Index of the leaf.
    pub index: u64,
    /// Inclusion proof, from the leaf upwards.
    pub proof: Vec<Hash>,
    /// The checkpoint, a signed note.
    pub checkpoint: String,
}

impl ProofFile {
    /// Reads a file.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 2 * NOTE_MAX {
            return None;
        }
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.split('\n').peekable();
        if lines.next()? != HEAD {
            return None;
        }
        let extra = match lines.peek().and_then(|l| l.strip_prefix("extra ")) {
            Some(encoded) => {
                lines.next();
                Some(STANDARD.decode(encoded).ok()?)
            }
            None => None,
        };
        let index = decimal(lines.next()?.strip_prefix("index ")?)?;
        let proof: Vec<Hash> = lines.map(hash).collect::<Option<_>>()?;
        // A tree of 2^63 leaves is 63 high.
        (proof.len() < 64).then(|| Self { extra, index, proof, checkpoint: checkpoint.to_owned() })
    }
}

impl std::fmt::Display for ProofFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{HEAD}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.proof.iter().try_for_each(|h| writeln!(f, "{}", STANDARD.encode(h)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
