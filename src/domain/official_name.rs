//! Names of bodies and branches as they come from outside: tidied where harmless, refused where they could deceive.

/// Longest name accepted, in characters. The longest registered names stay well below.
pub const MAX: usize = 1000;

/// The name cannot be shown as an official one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Control, bidirectional or zero-width characters: they can make one name look like another.
    #[error("the name holds control or invisible characters; type it anew as it stands in the register")]
    Invisible,
    /// Over [`MAX`] characters.
    #[error("the name is longer than 1000 characters; give it as it stands in the register")]
    TooLong,
}

/// The name trimmed, with every run of white space made one space; `None` when nothing is left.
///
/// # Errors
/// [`BadName`] when it holds invisible characters or is too long.
pub fn clean(text: &str) -> Result<Option<String>, BadName> {
    let mut name = String::new();
    for (i, word) in text.split_whitespace().enumerate() {
        if i > 0 {
            name.push(' ');
        }
        name.push_str(word);
    }
    if name.chars().any(is_invisible) {
        return Err(BadName::Invisible);
    }
    if name.chars().count() > MAX {
        return Err(BadName::TooLong);
    }
    Ok((!name.is_empty()).then_some(name))
}

/// Control characters, and the format characters of Unicode that reorder (UAX #9) or hide text.
pub(super) fn is_invisible(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{061C}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn white_space_is_tidied_and_invisible_text_refused() {
        assert_eq!(clean(" МБОУ\u{a0}«СОШ\r\n№ 1» \t"), Ok(Some("МБОУ «СОШ № 1»".into())));
        assert_eq!(clean(" \t\n"), Ok(None));
        for bad in ["а\u{0}б", "а\u{7}б", "а\u{202e}б", "а\u{200b}б", "\u{feff}а", "а\u{85}\u{1b}[0m"] {
            assert_eq!(clean(bad), Err(BadName::Invisible), "{bad:?}");
        }
        assert_eq!(clean(&"я".repeat(MAX)), Ok(Some("я".repeat(MAX))));
        assert_eq!(clean(&"я".repeat(MAX + 1)), Err(BadName::TooLong));
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(s in any::<String>()) {
            if let Ok(Some(once)) = clean(&s) {
                prop_assert_eq!(clean(&once), Ok(Some(once.clone())));
            }
        }
    }
}
