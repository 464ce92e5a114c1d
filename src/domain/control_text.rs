//! The one-time text that a person places to prove control of a community or a site: how it looks and when it stands in a text.

/// What every such text begins with, so that whoever finds one knows whom to ask.
pub const PREFIX: &str = "gosbadge-";

/// Letters and digits that are told apart in any typeface: Base58, the alphabet of Bitcoin addresses.
const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// 58^22 is more than 2^128: every number fits.
const DIGITS: usize = 22;

/// The text for 128 random bits.
pub fn from_random(mut bits: u128) -> String {
    let mut digits = [b'1'; DIGITS];
    for digit in digits.iter_mut().rev() {
        // Less than 58, so it fits whatever a usize is.
        *digit = ALPHABET[usize::try_from(bits % 58).unwrap_or_default()];
        bits /= 58;
    }
    format!("{PREFIX}{}", String::from_utf8_lossy(&digits))
}

/// Whether `token` stands in `text` as a word of its own: a longer one that begins or ends like it is another.
pub fn stands_in(text: &str, token: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    !token.is_empty()
        && text.match_indices(token).any(|(at, _)| {
            !text[..at].chars().next_back().is_some_and(joins) && !text[at + token.len()..].chars().next().is_some_and(joins)
        })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_number_has_its_own_text_of_one_length() {
        let all = [0, 1, 57, 58, u128::from(u64::MAX), u128::MAX - 1, u128::MAX].map(from_random);
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        assert!(all.iter().all(|t| t.len() == PREFIX.len() + 22 && t.starts_with(PREFIX)), "{all:?}");
        assert_eq!(all[0], "gosbadge-1111111111111111111111");
    }

    #[test]
    fn only_a_whole_word_counts() {
        let token = from_random(u128::MAX / 7);
        for text in [
            token.clone(),
            format!("Детский сад.\n{token}\nул. Лесная"),
            format!("код: {token}."),
            format!("«{token}»"),
            format!("https://ds12.example.ru/?{token}"),
            format!("x{token} {token}"),
        ] {
            assert!(stands_in(&text, &token), "{text}");
        }
        for text in [
            String::new(),
            token[..token.len() - 1].to_owned(),
            format!("{token}1"),
            format!("{token}я"),
            format!("x{token}"),
            format!("-{token}"),
            format!("{token}_"),
            token.to_lowercase(),
            token.replace('-', " "),
        ] {
            assert!(!stands_in(&text, &token), "{text}");
        }
        assert!(!stands_in("anything", ""));
    }
}
