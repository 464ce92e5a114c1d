//! A community: a page, group or channel on a platform. (platform, numeric id) is its identity; address and name are
//! snapshots that platforms let people change.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use super::official_name::is_invisible;

/// Longest community name kept, in characters. Platforms allow far less.
pub const NAME_MAX: usize = 300;

/// Short name of a platform, `vk`: 2 to 32 of `a-z`, `0-9`, `-`, starting with a letter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PlatformId(String);

/// The community's number on its platform: 1 to 20 digits, no leading zero.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommunityNumber(String);

/// Why a piece of community data is not acceptable. The text says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCommunity {
    /// Platform name out of form.
    #[error("platform must be 2 to 32 characters of a-z, 0-9 and -, starting with a letter")]
    Platform,
    /// Community number out of form.
    #[error("community.id must be the community's numeric id as a string of 1 to 20 digits without a leading zero (not a screen name)")]
    Number,
    /// Address out of form or not on the platform.
    #[error("community.uri must be an https address that begins with one of the platform's registered prefixes")]
    Uri,
    /// Empty or too long name.
    #[error("community.name must be 1 to 300 characters, none of them invisible or reordering")]
    Name,
    /// Screen name out of form.
    #[error("community.screen_name must be 1 to 64 characters of letters, digits, dot, underscore or hyphen")]
    ScreenName,
}

impl PlatformId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CommunityNumber {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PlatformId {
    type Err = BadCommunity;
    fn from_str(s: &str) -> Result<Self, BadCommunity> {
        let good = (2..=32).contains(&s.len())
            && s.starts_with(|c: char| c.is_ascii_lowercase())
            && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if good { Ok(Self(s.to_owned())) } else { Err(BadCommunity::Platform) }
    }
}

impl FromStr for CommunityNumber {
    type Err = BadCommunity;
    fn from_str(s: &str) -> Result<Self, BadCommunity> {
        let good = (1..=20).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit()) && !s.starts_with('0');
        if good { Ok(Self(s.to_owned())) } else { Err(BadCommunity::Number) }
    }
}

macro_rules! text_newtype {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = BadCommunity;
            fn try_from(s: String) -> Result<Self, BadCommunity> {
                s.parse()
            }
        }
        impl From<$name> for String {
            fn from(v: $name) -> String {
                v.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
text_newtype!(PlatformId);
text_newtype!(CommunityNumber);

/// A name as a platform gives it, made fit to be kept: joiners of emoji and other invisible characters are left out, white space is
/// folded, what is over [`NAME_MAX`] is cut.
pub fn shown_name(text: &str) -> String {
    let visible: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !is_invisible(*c)).collect();
    let words: Vec<&str> = visible.split_whitespace().collect();
    words.join(" ").chars().take(NAME_MAX).collect::<String>().trim_end().to_owned()
}

/// Names one community: what a badge is bound to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct CommunityRef {
    /// Platform.
    pub platform: PlatformId,
    /// Number on that platform.
    pub id: CommunityNumber,
}

/// A community as its platform described it at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CommunitySnapshot {
    /// Number on its platform.
    pub id: CommunityNumber,
    /// Public address.
    pub uri: String,
    /// Name as shown.
    pub name: String,
    /// Vanity name, where the community has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen_name: Option<String>,
}

impl CommunitySnapshot {
    /// Checks form, and that the address lies under one of `prefixes` (each an https address ending in `/`).
    ///
    /// # Errors
    /// [`BadCommunity`] naming the member that is wrong.
    pub fn check(&self, prefixes: &[String]) -> Result<(), BadCommunity> {
        let url = Url::parse(&self.uri).map_err(|_| BadCommunity::Uri)?;
        // The parsed form is compared, so that `https://vk.com\@evil` and friends cannot pass as `https://vk.com/`.
        let plain = url.as_str() == self.uri && url.username().is_empty() && url.password().is_none() && self.uri.len() <= 500;
        if !plain || !prefixes.iter().any(|p| self.uri.starts_with(p.as_str())) {
            return Err(BadCommunity::Uri);
        }
        let chars = self.name.chars().count();
        if chars == 0 || chars > NAME_MAX || self.name.trim().is_empty() || self.name.chars().any(is_invisible) {
            return Err(BadCommunity::Name);
        }
        let screen_ok = |s: &str| (1..=64).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        match &self.screen_name {
            Some(s) if !screen_ok(s) => Err(BadCommunity::ScreenName),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(uri: &str) -> CommunitySnapshot {
        CommunitySnapshot { id: "218000001".parse().unwrap(), uri: uri.into(), name: "Детский сад".into(), screen_name: None }
    }

    #[test]
    fn address_must_lie_on_the_platform() {
        let prefixes = vec!["https://vk.com/".to_owned()];
        assert_eq!(snapshot("https://vk.com/club218000001").check(&prefixes), Ok(()));
        for bad in [
            "https://vk.com.evil.example/club1",
            "http://vk.com/club1",
            "https://vk.com@evil.example/",
            "https://evil.example/",
            "vk.com/club1",
            "https://vk.com\\@evil.example/",
        ] {
            assert_eq!(snapshot(bad).check(&prefixes), Err(BadCommunity::Uri), "{bad}");
        }
    }

    #[test]
    fn a_name_as_the_platform_gives_it_is_made_fit() {
        assert_eq!(shown_name(" Семья \u{1f468}\u{200d}\u{1f469}\n\tи\u{202e} дети\u{a0}"), "Семья \u{1f468}\u{1f469} и дети");
        assert_eq!(shown_name(&"я ".repeat(400)).chars().count(), NAME_MAX - 1);
        assert_eq!(shown_name("\u{200b}\n"), "");
    }

    #[test]
    fn number_is_digits_only() {
        for bad in ["", "0", "01", "club1", "１", "-1", "123456789012345678901"] {
            assert!(bad.parse::<CommunityNumber>().is_err(), "{bad}");
        }
    }
}
