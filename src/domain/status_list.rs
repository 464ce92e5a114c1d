//! The bit array of a Token Status List (draft-ietf-oauth-status-list-21 §4): packing, compression and reading with a cap.
//!
//! Signing it into a token is `service`'s work, checking such a token is `verifier`'s.

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use super::status::ListValue;

/// `typ` of a status list token.
pub const TYP: &str = "statuslist+jwt";

/// Bits per entry in the lists we write: three states need two.
pub const BITS: u8 = 2;

/// Most entries one of our lists may have.
pub const ENTRIES_MAX: u32 = 1 << 20;

/// Most bytes a list may inflate to, so that a small token cannot fill the memory.
pub const BYTES_MAX: usize = ENTRIES_MAX as usize * BITS as usize / 8;

/// Why a `lst` value or an index is not usable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadStatusList {
    /// Not unpadded base64url.
    #[error("lst is not unpadded base64url")]
    Base64,
    /// Not one complete ZLIB stream.
    #[error("lst is not one complete ZLIB stream")]
    Zlib,
    /// Inflates beyond the cap.
    #[error("lst inflates to more bytes than allowed")]
    TooLarge,
    /// No such entry.
    #[error("the index is outside the list")]
    OutOfRange,
}

/// A list of two-bit entries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusBits {
    bytes: Vec<u8>,
}

impl StatusBits {
    /// At least `len` entries (rounded up to whole bytes, at most [`ENTRIES_MAX`]), all `VALID`.
    pub fn new(len: u32) -> Self {
        Self { bytes: vec![0; len.min(ENTRIES_MAX).div_ceil(4) as usize] }
    }

    /// The packed entries, as they stand in the list before compression.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Number of entries.
    pub fn len(&self) -> u32 {
        entries(&self.bytes, BITS)
    }

    /// True when there is no entry.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The entry at `idx`; `None` outside the list.
    pub fn get(&self, idx: u32) -> Option<ListValue> {
        entry(&self.bytes, BITS, idx)
    }

    /// Writes the entry at `idx`.
    ///
    /// # Errors
    /// [`BadStatusList::OutOfRange`]; nothing is written then.
    pub fn set(&mut self, idx: u32, value: ListValue) -> Result<(), BadStatusList> {
        let byte = self.bytes.get_mut(idx as usize / 4).ok_or(BadStatusList::OutOfRange)?;
        let shift = idx % 4 * 2;
        *byte = (*byte & !(3 << shift)) | ((value as u8) << shift);
        Ok(())
    }

    /// The `lst` member: ZLIB at the best level, base64url without padding.
    pub fn to_lst(&self) -> String {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
        let written = zlib.write_all(&self.bytes).and_then(|()| zlib.finish());
        // safety: the sink is a Vec, whose `Write` never fails, and the encoder has no failure of its own
        URL_SAFE_NO_PAD.encode(written.expect("writing to memory"))
    }

    /// Reads a two-bit `lst` that inflates to at most `max_bytes`.
    ///
    /// # Errors
    /// [`BadStatusList`] saying which layer is broken.
    pub fn from_lst(lst: &str, max_bytes: usize) -> Result<Self, BadStatusList> {
        Ok(Self { bytes: inflate(lst, max_bytes)? })
    }
}

/// The bytes of a `lst` member of any entry width, at most `max_bytes` of them.
///
/// # Errors
/// [`BadStatusList`] saying which layer is broken.
pub fn inflate(lst: &str, max_bytes: usize) -> Result<Vec<u8>, BadStatusList> {
    let packed = URL_SAFE_NO_PAD.decode(lst).map_err(|_| BadStatusList::Base64)?;
    let mut zlib = ZlibDecoder::new(packed.as_slice());
    let mut bytes = Vec::new();
    // One byte over the cap is enough to know; the rest is never inflated.
    zlib.by_ref().take(max_bytes as u64 + 1).read_to_end(&mut bytes).map_err(|_| BadStatusList::Zlib)?;
    if bytes.len() > max_bytes {
        return Err(BadStatusList::TooLarge);
    }
    if zlib.total_in() != packed.len() as u64 {
        return Err(BadStatusList::Zlib);
    }
    Ok(bytes)
}

/// Number of entries of `bits` (1, 2, 4 or 8) bits in `bytes`.
pub fn entries(bytes: &[u8], bits: u8) -> u32 {
    u32::try_from(bytes.len() * 8 / usize::from(bits.max(1))).unwrap_or(u32::MAX)
}

/// Entry `idx` of a list with `bits` (1, 2, 4 or 8) per entry, packed from the least significant bit. Values above
/// `SUSPENDED` read as [`ListValue::Other`]; `None` outside the list or for another width.
pub fn entry(bytes: &[u8], bits: u8, idx: u32) -> Option<ListValue> {
    if !matches!(bits, 1 | 2 | 4 | 8) {
        return None;
    }
    let at = u64::from(idx) * u64::from(bits);
    let byte = *bytes.get(usize::try_from(at / 8).ok()?)?;
    let mask = u8::MAX >> (8 - bits);
    Some(match (byte >> (at % 8)) & mask {
        0 => ListValue::Valid,
        1 => ListValue::Invalid,
        2 => ListValue::Suspended,
        _ => ListValue::Other,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The two vectors of draft-ietf-oauth-status-list-21 §4.1.
    #[test]
    fn reads_the_vectors_of_the_draft() {
        let one = inflate("eNrbuRgAAhcBXQ", BYTES_MAX).unwrap();
        assert_eq!(one, [0xb9, 0xa3]);
        let bits = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1].map(|v| Some(ListValue::from_bits(v)));
        assert_eq!((0..16).map(|i| entry(&one, 1, i)).collect::<Vec<_>>(), bits);
        assert_eq!(entry(&one, 1, 16), None);

        let two = StatusBits::from_lst("eNo76fITAAPfAgc", BYTES_MAX).unwrap();
        let values = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3].map(|v| Some(ListValue::from_bits(v)));
        assert_eq!((0..12).map(|i| two.get(i)).collect::<Vec<_>>(), values);
        assert_eq!((two.len(), two.get(12)), (12, None));
    }

    #[test]
    fn writes_what_the_draft_writes() {
        let mut list = StatusBits::new(12);
        for (i, v) in [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3].into_iter().enumerate() {
            list.set(u32::try_from(i).unwrap(), ListValue::from_bits(v)).unwrap();
        }
        assert_eq!(list.bytes, [0xc9, 0x44, 0xf9]);
        assert_eq!(list.to_lst(), "eNo76fITAAPfAgc");
    }

    #[test]
    fn wide_entries_never_read_as_valid_by_masking() {
        assert_eq!(entry(&[0x04], 4, 0), Some(ListValue::Other));
        assert_eq!(entry(&[0x04], 4, 1), Some(ListValue::Valid));
        assert_eq!(entry(&[0x40], 8, 0), Some(ListValue::Other));
        assert_eq!(entry(&[0x00], 3, 0), None);
    }

    #[test]
    fn refuses_bombs_and_broken_streams() {
        let bomb = StatusBits { bytes: vec![0; BYTES_MAX + 1] }.to_lst();
        assert!(bomb.len() < 1000);
        assert_eq!(inflate(&bomb, BYTES_MAX), Err(BadStatusList::TooLarge));
        let good = StatusBits::new(100).to_lst();
        assert_eq!(inflate(&format!("{good}="), BYTES_MAX), Err(BadStatusList::Base64));
        let packed = URL_SAFE_NO_PAD.decode(&good).unwrap();
        let cut = URL_SAFE_NO_PAD.encode(&packed[..packed.len() - 1]);
        assert_eq!(inflate(&cut, BYTES_MAX), Err(BadStatusList::Zlib));
        let longer = URL_SAFE_NO_PAD.encode([packed.as_slice(), b"x"].concat());
        assert_eq!(inflate(&longer, BYTES_MAX), Err(BadStatusList::Zlib));
        assert_eq!(inflate("", BYTES_MAX), Err(BadStatusList::Zlib));
    }

    #[test]
    fn nothing_is_written_outside() {
        let mut list = StatusBits::new(5);
        assert_eq!(list.len(), 8);
        assert_eq!(list.set(8, ListValue::Invalid), Err(BadStatusList::OutOfRange));
        assert_eq!(list, StatusBits::new(8));
    }

    proptest! {
        #[test]
        fn round_trips(values in proptest::collection::vec(0u8..4, 0..600)) {
            let mut list = StatusBits::new(u32::try_from(values.len()).unwrap());
            for (i, v) in values.iter().enumerate() {
                list.set(u32::try_from(i).unwrap(), ListValue::from_bits(*v)).unwrap();
            }
            let back = StatusBits::from_lst(&list.to_lst(), BYTES_MAX).unwrap();
            prop_assert_eq!(&back, &list);
            for (i, v) in values.iter().enumerate() {
                prop_assert_eq!(back.get(u32::try_from(i).unwrap()), Some(ListValue::from_bits(*v)));
            }
        }

        #[test]
        fn a_change_touches_one_entry(len in 1u32..500, at in 0u32..500, v in 0u8..4) {
            let mut list = StatusBits::new(len);
            if list.set(at, ListValue::from_bits(v)).is_ok() {
                for i in (0..list.len()).filter(|i| *i != at) {
                    prop_assert_eq!(list.get(i), Some(ListValue::Valid));
                }
            } else {
                prop_assert!(at >= list.len());
            }
        }

        #[test]
        fn any_text_is_answered_without_panic(lst in "[A-Za-z0-9_=-]{0,200}") {
            let _ = inflate(&lst, 1000);
        }
    }
}
