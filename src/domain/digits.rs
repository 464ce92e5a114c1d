//! What the register numbers share: reading ASCII digits, the fold of a remainder into a check digit, and the traits of
//! a text newtype. The rules of each number stand in its own file.

/// The values of exactly `N` ASCII digits. Full-width and other Unicode digits are no digits here: a register never
/// holds them, and two spellings of one number would make two authorities of one.
pub(super) fn exactly<const N: usize>(s: &str) -> Option<[u8; N]> {
    let bytes: &[u8; N] = s.as_bytes().try_into().ok()?;
    bytes.iter().all(u8::is_ascii_digit).then(|| bytes.map(|b| b - b'0'))
}

/// Whether `s` is made of ASCII digits alone, and how many there are.
pub(super) fn count(s: &str) -> Option<usize> {
    s.bytes().all(|b| b.is_ascii_digit()).then_some(s.len())
}

/// Weighted sum modulo 11, before the fold.
pub(super) fn weighted_remainder(weights: &[u8], digits: &[u8]) -> u32 {
    weights.iter().zip(digits).map(|(w, d)| u32::from(*w) * u32::from(*d)).sum::<u32>() % 11
}

/// Gives a checked text newtype its reading, writing and serde forms: always the canonical string, so that a leading
/// zero survives JSON and SQL.
macro_rules! checked_text {
    ($name:ident, $error:ty) => {
        impl $name {
            /// The text, in its one canonical spelling.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl TryFrom<String> for $name {
            type Error = $error;
            fn try_from(s: String) -> Result<Self, $error> {
                s.parse()
            }
        }
        impl From<$name> for String {
            fn from(v: $name) -> String {
                v.0
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}
pub(super) use checked_text;
