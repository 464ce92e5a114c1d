//! Signed notes and verifier keys (C2SP signed-note, tlog-cosignature): a text, an empty line, signature lines. What was
//! signed is worked out here; whether the signature holds is for `verifier::log`.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// Longest note read from others, bytes. A checkpoint with a dozen cosignatures has less than two thousand.
pub const NOTE_MAX: usize = 64 * 1024;

/// Most signature lines read.
const SIGNATURES_MAX: usize = 100;

/// What kind of signature a key makes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum KeyKind {
    /// `0x01`: Ed25519 over the note's text; what logs sign with.
    Ed25519,
    /// `0x04`: Ed25519 over a time and the note's text; what witnesses sign with.
    CosignatureV1,
}

impl KeyKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::CosignatureV1 => 4,
        }
    }
}

/// A public key with its name, as auditors are given it: `name+hash+base64`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    key: [u8; 32],
}

/// Text that is no verifier key we can use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a verifier key: expected NAME+8 hexadecimal digits+base64 of an Ed25519 key of type 1 (log) or 4 (witness)")]
pub struct BadVerifierKey;

impl VerifierKey {
    /// A key of that name; `None` for a name that may not stand in a note.
    pub fn new(name: &str, kind: KeyKind, key: [u8; 32]) -> Option<Self> {
        name_is_good(name).then(|| Self { name: name.to_owned(), kind, key })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The Ed25519 public key.
    pub const fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// The four bytes that name the key in a signature line.
    pub fn id(&self) -> [u8; 4] {
        let digest = Sha256::new().chain_update(&self.name).chain_update([b'\n', self.kind.byte()]).chain_update(self.key).finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }

    /// The signature line for `signature` by this key.
    pub fn line(&self, signature: &[u8]) -> Signature {
        Signature { name: self.name.clone(), key_id: self.id(), signature: signature.to_vec() }
    }
}

fn name_is_good(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[self.kind.byte()], self.key.as_slice()].concat();
        write!(f, "{}+{:08x}+{}", self.name, u32::from_be_bytes(self.id()), STANDARD.encode(key))
    }
}

impl FromStr for VerifierKey {
    type Err = BadVerifierKey;

    fn from_str(text: &str) -> Result<Self, BadVerifierKey> {
        // The base64 may hold a plus sign, the name and the hash may not.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else { return Err(BadVerifierKey) };
        let bytes = STANDARD.decode(key).map_err(|_| BadVerifierKey)?;
        let (kind, key) = bytes.split_first().ok_or(BadVerifierKey)?;
        let kind = match kind {
            1 => KeyKind::Ed25519,
            4 => KeyKind::CosignatureV1,
            _ => return Err(BadVerifierKey),
        };
        let key = Self::new(name, kind, key.try_into().map_err(|_| BadVerifierKey)?).ok_or(BadVerifierKey)?;
        if format!("{:08x}", u32::from_be_bytes(key.id())) == hash { Ok(key) } else { Err(BadVerifierKey) }
    }
}

/// One signature line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    /// Name of the key.
    pub name: String,
    /// Four bytes that name it exactly.
    pub key_id: [u8; 4],
    /// What follows them.
    pub signature: Vec<u8>,
}

impl Signature {
    /// Reads one line, without its line end.
    pub fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let (key_id, signature) = bytes.split_first_chunk::<4>()?;
        let good = name_is_good(name) && !signature.is_empty();
        good.then(|| Self { name: name.to_owned(), key_id: *key_id, signature: signature.to_vec() })
    }

    /// What `key` must have signed for this to be its signature over `text`, and the Ed25519 signature; `None` when the
    /// line is another key's or has another length.
    pub fn claim(&self, key: &VerifierKey, text: &str) -> Option<(Vec<u8>, [u8; 64])> {
        if self.name != key.name || self.key_id != key.id() {
            return None;
        }
        match key.kind {
            KeyKind::Ed25519 => Some((text.as_bytes().to_vec(), self.signature.as_slice().try_into().ok()?)),
            KeyKind::CosignatureV1 => {
                let (time, signature) = self.signature.split_first_chunk::<8>()?;
                let message = cosigned_message(u64::from_be_bytes(*time), text);
                Some((message.into_bytes(), signature.try_into().ok()?))
            }
        }
    }

    /// When a cosignature was made, seconds since 1970.
    pub fn cosigned_at(&self) -> Option<u64> {
        self.signature.first_chunk::<8>().map(|t| u64::from_be_bytes(*t))
    }
}

/// What a witness signs (tlog-cosignature, "Ed25519 signed message").
pub fn cosigned_message(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "— {} {}", self.name, STANDARD.encode([self.key_id.as_slice(), &self.signature].concat()))
    }
}

/// A text and who signed it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedNote {
    /// The text, ending with a line end.
    pub text: String,
    /// Signatures, unchecked.
    pub signatures: Vec<Signature>,
}

impl SignedNote {
    /// Reads a note; `None` for anything a note may not be.
    pub fn parse(note: &str) -> Option<Self> {
        if note.len() > NOTE_MAX || note.contains(|c: char| c.is_control() && c != '\n') {
            return None;
        }
        // The last empty line divides: the text may hold others.
        let at = note.rfind("\n\n")?;
        let (text, lines) = (&note[..=at], note[at + 2..].strip_suffix('\n')?);
        let signatures: Vec<Signature> = lines.split('\n').map(Signature::parse).collect::<Option<_>>()?;
        (signatures.len() <= SIGNATURES_MAX).then(|| Self { text: text.to_owned(), signatures })
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|s| writeln!(f, "{s}"))
    }
}
