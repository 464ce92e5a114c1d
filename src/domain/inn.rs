//! INN of a legal entity: its taxpayer number, 10 digits. A person's INN has 12 and is personal data: it is told apart,
//! refused, and never kept or repeated.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::digits;

/// Weights of the first nine digits.
const WEIGHTS: [u8; 9] = [2, 4, 10, 3, 5, 9, 4, 6, 8];

/// The INN of a legal entity: 10 digits, the first two not `00` (form of the ЕГРЮЛ schema), with a matching check digit.
///
/// Its first digits are a tax office, which need not be that of the OGRN or KPP: bodies move and keep their INN.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Inn(String);

/// Why a text is no legal entity's INN. The text says what to do and never repeats the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadInn {
    /// Not 10 ASCII digits.
    #[error("an organisation's INN is exactly 10 digits 0-9 without spaces; copy it from the organisation's register extract")]
    Form,
    /// 12 digits: a person's INN. Directors' own numbers stand in organisations' records, with a check digit that passes.
    #[error("12 digits are a person's INN; give the organisation's own 10-digit INN")]
    Person,
    /// 9 digits that a leading zero would make right: spreadsheets drop it.
    #[error("the leading zero of this INN was lost, as spreadsheets do; write all 10 digits and keep the column as text")]
    LeadingZeroLost,
    /// `00…`: no tax office has this number; ten zeros would even pass the check digit.
    #[error("an INN does not begin with 00; copy it from the organisation's register extract")]
    TaxOffice,
    /// The last digit does not follow from the first nine.
    #[error("the check digit of this INN does not match: a digit is mistyped or two are swapped; copy it again from the register extract")]
    CheckDigit,
}

impl FromStr for Inn {
    type Err = BadInn;

    fn from_str(s: &str) -> Result<Self, BadInn> {
        match digits::count(s) {
            Some(12) => return Err(BadInn::Person),
            Some(9) if format!("0{s}").parse::<Self>().is_ok() => return Err(BadInn::LeadingZeroLost),
            _ => {}
        }
        let d: [u8; 10] = digits::exactly(s).ok_or(BadInn::Form)?;
        if d[0] == 0 && d[1] == 0 {
            return Err(BadInn::TaxOffice);
        }
        // Remainders 0 and 10 both give check digit 0.
        if u32::from(d[9]) != digits::weighted_remainder(&WEIGHTS, &d) % 10 {
            return Err(BadInn::CheckDigit);
        }
        Ok(Self(s.to_owned()))
    }
}

digits::checked_text!(Inn, BadInn);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Real public bodies; among them check digits from remainder 0 (7710568760, 7710168360) and 10 (6911014680).
    const GOOD: [&str; 26] = [
        "7710474375",
        "7707329152",
        "7705846236",
        "7710568760",
        "7702235133",
        "7710168360",
        "7734250208",
        "7728812089",
        "6907006968",
        "5720010403",
        "6605006658",
        "5247014774",
        "3410061877",
        "3006005459",
        "2520007687",
        "6916009122",
        "6911014680",
        "6914007948",
        "5074024492",
        "5051005493",
        "5046005836",
        "7701039591",
        "7704725711",
        "9701186367",
        "2225096062",
        "9901033738",
    ];

    #[test]
    fn real_bodies_pass() {
        for good in GOOD {
            assert_eq!(good.parse::<Inn>().map(String::from), Ok(good.to_owned()));
        }
    }

    #[test]
    fn wrong_numbers_say_what_is_wrong() {
        for (bad, why) in [
            ("", BadInn::Form),
            ("771047437", BadInn::Form),
            ("77104743755", BadInn::Form),
            ("7710474375 ", BadInn::Form),
            ("７７１０４７４３７５", BadInn::Form),
            ("7710-47437", BadInn::Form),
            ("990000000115", BadInn::Person),
            ("990000000299", BadInn::Person),
            ("990000000000", BadInn::Person),
            ("0000000000", BadInn::TaxOffice),
            ("0000000001", BadInn::TaxOffice),
            // Stands in a public data set.
            ("7704251617", BadInn::CheckDigit),
        ] {
            assert_eq!(bad.parse::<Inn>(), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn serde_keeps_the_leading_zero() {
        let inn: Inn = complete("010000000").parse().unwrap();
        let json = serde_json::to_string(&inn).unwrap();
        assert!(json.starts_with("\"01"), "{json}");
        assert_eq!(serde_json::from_str::<Inn>(&json).unwrap(), inn);
        assert!(serde_json::from_str::<Inn>("7710474375").is_err());
    }

    /// Nine digits that do not begin with `00`.
    fn body() -> impl Strategy<Value = String> {
        "(0[1-9]|[1-9][0-9])[0-9]{7}"
    }

    fn complete(body: &str) -> String {
        let d: [u8; 9] = digits::exactly(body).unwrap();
        format!("{body}{}", digits::weighted_remainder(&WEIGHTS, &d) % 10)
    }

    proptest! {
        #[test]
        fn exactly_one_check_digit_completes_a_body(body in body()) {
            let good: Vec<String> = (0..10).map(|c| format!("{body}{c}")).filter(|s| s.parse::<Inn>().is_ok()).collect();
            prop_assert_eq!(good, vec![complete(&body)]);
        }

        /// The one documented miss: remainders 0 and 10 give the same check digit.
        #[test]
        fn a_changed_digit_is_caught_but_for_the_fold(body in body(), at in 0usize..10, other in 0u8..10) {
            let before = complete(&body);
            let mut after = before.clone().into_bytes();
            prop_assume!(after[at] != b'0' + other);
            after[at] = b'0' + other;
            let after = String::from_utf8(after).unwrap();
            if after.parse::<Inn>().is_ok() {
                let r = |s: &str| digits::weighted_remainder(&WEIGHTS, &digits::exactly::<10>(s).unwrap());
                let mut pair = [r(&before), r(&after)];
                pair.sort_unstable();
                prop_assert_eq!(pair, [0, 10]);
            }
        }

        #[test]
        fn a_lost_leading_zero_is_recognised(tail in "[1-9][0-9]{7}") {
            let whole = complete(&format!("0{tail}"));
            prop_assert_eq!(whole[1..].parse::<Inn>(), Err(BadInn::LeadingZeroLost));
        }

        #[test]
        fn no_text_panics(s in "\\PC{0,20}") {
            let _: Result<Inn, BadInn> = s.parse();
        }
    }
}
