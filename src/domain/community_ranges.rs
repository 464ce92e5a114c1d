//! Which communities of its network a platform's registration lets it speak for, by their numbers.

use std::fmt;
use std::str::FromStr;

use super::community::CommunityNumber;

/// Numbers and ranges of numbers: `218000001,218000100-218000199`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommunityRanges(Vec<(u128, u128)>);

/// The text names no numbers.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("write community numbers and ranges separated by commas, like 218000001,218000100-218000199; {0:?} is neither")]
pub struct BadRanges(String);

impl CommunityRanges {
    /// Whether the community is among them.
    pub fn contains(&self, number: &CommunityNumber) -> bool {
        // Twenty digits always fit.
        number.as_str().parse::<u128>().is_ok_and(|n| self.0.iter().any(|(first, last)| (*first..=*last).contains(&n)))
    }
}

impl FromStr for CommunityRanges {
    type Err = BadRanges;

    fn from_str(text: &str) -> Result<Self, BadRanges> {
        let number = |text: &str| text.trim().parse::<CommunityNumber>().ok()?.as_str().parse::<u128>().ok();
        let range = |item: &str| {
            let (first, last) = item.split_once('-').unwrap_or((item, item));
            number(first).zip(number(last)).filter(|(first, last)| first <= last)
        };
        let all = text.split(',').map(|item| range(item).ok_or_else(|| BadRanges(item.trim().to_owned())));
        all.collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for CommunityRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (first, last)) in self.0.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            if first == last { write!(f, "{comma}{first}")? } else { write!(f, "{comma}{first}-{last}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ranges() {
        let ranges: CommunityRanges = "5, 10-12,99999999999999999999".parse().unwrap();
        assert_eq!(ranges.to_string(), "5,10-12,99999999999999999999");
        let has = |n: &str| ranges.contains(&n.parse().unwrap());
        assert!(["5", "10", "11", "12", "99999999999999999999"].into_iter().all(has));
        assert!(!["4", "6", "9", "13", "99999999999999999998"].into_iter().any(has));
        for bad in ["", ",", "5,", "0", "05", "a", "12-10", "1-", "-1", "1-2-3", "100000000000000000000"] {
            assert!(bad.parse::<CommunityRanges>().is_err(), "{bad}");
        }
    }
}
