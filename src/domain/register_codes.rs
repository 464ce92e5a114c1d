//! Register codes without a check digit: KPP (tax registration), OKTMO (territory) and OKOPF (legal form). Only their
//! form can be checked here; what a legal form means for a badge is `legal_form`'s to say.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::digits;

/// KPP, 9 characters: tax office (4 digits, the first two not `00`), reason (2 of `0-9A-F`), serial number (3 digits).
/// A branch has its own; the OGRN it shares with its head office.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Kpp(String);

/// OKTMO: 8 digits (municipality) or 11 (settlement inside it), not all zeros.
///
/// Its region numbers are its own: Chelyabinsk region is 75 here and 74 in OGRN, INN and KPP.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Oktmo(String);

/// OKOPF: legal form, 5 digits, the first not `0`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Okopf(String);

/// Why a text is not the wanted register code. The text says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRegisterCode {
    /// Out of form for a KPP.
    #[error(
        "a KPP is 9 characters: 4 digits of the tax office (not 00…), 2 of 0-9 or A-F, 3 digits; if it has 8, a spreadsheet dropped the leading zero"
    )]
    Kpp,
    /// Out of form for an OKTMO.
    #[error("an OKTMO is 8 or 11 digits, not all zeros; if it has 7 or 10, a spreadsheet dropped the leading zero")]
    Oktmo,
    /// Out of form for an OKOPF.
    #[error("an OKOPF is 5 digits without spaces, the first not 0, like 75403")]
    Okopf,
}

impl FromStr for Kpp {
    type Err = BadRegisterCode;

    fn from_str(s: &str) -> Result<Self, BadRegisterCode> {
        let good = match s.as_bytes() {
            // The schema's pattern allows capital hexadecimal letters in the reason only.
            [office @ .., r1, r2, n1, n2, n3] if office.len() == 4 => {
                office.iter().chain([n1, n2, n3]).all(u8::is_ascii_digit)
                    && !office.starts_with(b"00")
                    && [r1, r2].iter().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'))
            }
            _ => false,
        };
        if good { Ok(Self(s.to_owned())) } else { Err(BadRegisterCode::Kpp) }
    }
}

impl FromStr for Oktmo {
    type Err = BadRegisterCode;

    fn from_str(s: &str) -> Result<Self, BadRegisterCode> {
        let good = matches!(digits::count(s), Some(8 | 11)) && s.bytes().any(|b| b != b'0');
        if good { Ok(Self(s.to_owned())) } else { Err(BadRegisterCode::Oktmo) }
    }
}

impl FromStr for Okopf {
    type Err = BadRegisterCode;

    fn from_str(s: &str) -> Result<Self, BadRegisterCode> {
        let good = digits::count(s) == Some(5) && !s.starts_with('0');
        if good { Ok(Self(s.to_owned())) } else { Err(BadRegisterCode::Okopf) }
    }
}

digits::checked_text!(Kpp, BadRegisterCode);
digits::checked_text!(Oktmo, BadRegisterCode);
digits::checked_text!(Okopf, BadRegisterCode);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_codes_pass() {
        for good in ["772801001", "690701001", "663301001", "694901001", "775101001", "7701AF001"] {
            assert_eq!(good.parse::<Kpp>().map(String::from), Ok(good.to_owned()));
        }
        for good in ["75000000", "01701000", "75701000001"] {
            assert_eq!(good.parse::<Oktmo>().map(String::from), Ok(good.to_owned()));
        }
        for good in ["75104", "75403", "65242", "12300"] {
            assert_eq!(good.parse::<Okopf>().map(String::from), Ok(good.to_owned()));
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for bad in ["", "77280100", "7728010011", "002801001", "7728ag001", "7728af001", "772801A01", "７７２８０１００１", "772801001 "]
        {
            assert_eq!(bad.parse::<Kpp>(), Err(BadRegisterCode::Kpp), "{bad:?}");
        }
        for bad in ["", "7500000", "750000000", "1701000", "00000000", "00000000000", "７５００００００", "75 000 000"] {
            assert_eq!(bad.parse::<Oktmo>(), Err(BadRegisterCode::Oktmo), "{bad:?}");
        }
        for bad in ["", "7540", "754033", "7 54 03", "00000", "05403", "７５４０３"] {
            assert_eq!(bad.parse::<Okopf>(), Err(BadRegisterCode::Okopf), "{bad:?}");
        }
    }

    #[test]
    fn serde_reads_strings_only() {
        assert_eq!(serde_json::to_string(&"01701000".parse::<Oktmo>().unwrap()).unwrap(), "\"01701000\"");
        assert!(serde_json::from_str::<Okopf>("75403").is_err());
        assert!(serde_json::from_str::<Kpp>("\"77280100\"").is_err());
    }
}
