//! What people paste when they mean a community: addresses in all the spellings of the platforms, or a bare `@name`. Pure text work;
//! whether such a community exists is not known here.

use url::Url;

use super::community::CommunityNumber;

/// What a link says about which community is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Locator {
    /// Its number, which never changes.
    Number(CommunityNumber),
    /// Its vanity name, which may have moved to another community since.
    Name(String),
}

/// Words before a number in an address of VK or Одноклассники. `wall-1_2` is a post of community 1.
const BEFORE_NUMBERS: [&str; 8] = ["club", "public", "event", "group/", "group", "wall-", "-", ""];

/// Names of one and the same platform.
const SAME_HOSTS: [&[&str]; 2] = [&["vk.com", "vk.ru", "vkontakte.ru"], &["ok.ru", "odnoklassniki.ru"]];

/// The word before the number in a community's own address.
const WORDS_OF_HOSTS: [(&str, &str); 2] = [("vk.com/", "club"), ("ok.ru/", "group/")];

/// Which community of a platform a pasted text means. `prefixes` are what addresses of its communities begin with.
pub fn locate(text: &str, prefixes: &[String]) -> Option<Locator> {
    let text = text.trim();
    if let Some(name) = text.strip_prefix('@') {
        return named(name);
    }
    let url = web_address(text)?;
    // A post opened over a page stands in the query: `?w=wall-1_2`.
    let over = url.query_pairs().find(|(name, _)| name == "w").and_then(|(_, value)| Some(leading_number(&value)?.0));
    let rest = rest_of(&plain(&url), prefixes)?;
    if let Some(number) = over.or_else(|| Some(leading_number(&rest)?.0)) {
        return Some(Locator::Number(number));
    }
    named(rest.split('/').next().unwrap_or_default())
}

/// The community's own address in a link that holds its number, without whatever else was pasted; `None` where the link is of a part
/// of a page on a platform whose addresses are not known here.
pub fn own_address(text: &str, prefixes: &[String]) -> Option<String> {
    let Locator::Number(meant) = locate(text, prefixes)? else { return None };
    let (prefix, rest) = split(&plain(&web_address(text)?), prefixes)?;
    if number(&rest).as_ref() == Some(&meant) {
        return Some(format!("{prefix}{rest}"));
    }
    let (_, word) = WORDS_OF_HOSTS.into_iter().find(|(host, _)| bare(prefix) == *host)?;
    Some(format!("{prefix}{word}{meant}"))
}

fn web_address(text: &str) -> Option<Url> {
    let text = text.trim();
    let address = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    Url::parse(&address).ok().filter(|u| matches!(u.scheme(), "http" | "https"))
}

fn plain(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path().trim_end_matches('/'))
}

/// What follows the platform's prefix in an address, in lower case. People paste http links and mobile addresses, so scheme, `www.`,
/// `m.` and other names of the same platform do not count.
pub fn rest_of(address: &str, prefixes: &[String]) -> Option<String> {
    split(address, prefixes).map(|(_, rest)| rest)
}

fn split<'p>(address: &str, prefixes: &'p [String]) -> Option<(&'p str, String)> {
    let address = bare(address);
    let found = prefixes.iter().find_map(|p| Some((p.as_str(), address.strip_prefix(&bare(p))?.to_owned())));
    found.filter(|(_, rest)| !rest.is_empty())
}

fn bare(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest).to_lowercase();
    let rest = ["www.", "m.", "mobile.", "web."].iter().find_map(|p| rest.strip_prefix(p)).unwrap_or(&rest);
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = SAME_HOSTS.iter().find(|same| same.contains(&host)).map_or(host, |same| same[0]);
    format!("{host}{path}")
}

/// `club123`, `public123`, `event123`, `group/123`, `-123`, `123` → 123, and nothing behind it: an address of the community itself.
pub fn number(rest: &str) -> Option<CommunityNumber> {
    leading_number(rest).filter(|(_, behind)| behind.is_empty()).map(|(number, _)| number)
}

/// The number an address begins with, `wall-123_45` too, and what stands behind it.
fn leading_number(rest: &str) -> Option<(CommunityNumber, &str)> {
    BEFORE_NUMBERS.iter().find_map(|word| {
        let after = rest.strip_prefix(word)?;
        let (digits, behind) = after.split_at(after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len()));
        let ends_well = behind.is_empty() || behind.starts_with('/') || (*word == "wall-" && behind.starts_with('_'));
        ends_well.then(|| digits.parse().ok()).flatten().map(|number| (number, behind))
    })
}

fn named(name: &str) -> Option<Locator> {
    let good = (2..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    good.then(|| Locator::Name(name.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(text: &str, prefix: &str) -> Option<String> {
        Some(match locate(text, &[prefix.to_owned()])? {
            Locator::Number(n) => n.to_string(),
            Locator::Name(n) => format!("@{n}"),
        })
    }

    #[test]
    fn spellings_of_vk() {
        for text in [
            "https://vk.com/club218000001",
            "http://vk.com/club218000001/",
            "vk.com/public218000001",
            "VK.com/Club218000001",
            "https://m.vk.com/club218000001?from=menu",
            "https://vk.ru/club218000001",
            "m.vk.ru/event218000001",
            "https://www.vk.com/wall-218000001_42",
            "https://vk.com/ds12?w=wall-218000001_42",
            "  https://vk.com/club218000001#top ",
            "https://vkontakte.ru/club218000001",
        ] {
            assert_eq!(means(text, "https://vk.com/").as_deref(), Some("218000001"), "{text}");
        }
        for text in ["@ds12_romashka", "vk.com/ds12_romashka", "https://vk.ru/DS12_Romashka?z=photo1", "https://m.vk.com/ds12_romashka/"] {
            assert_eq!(means(text, "https://vk.com/").as_deref(), Some("@ds12_romashka"), "{text}");
        }
    }

    #[test]
    fn spellings_of_ok_and_max() {
        for text in [
            "https://ok.ru/group/70000001",
            "https://m.ok.ru/group/70000001/topics",
            "ok.ru/group70000001",
            "odnoklassniki.ru/group/70000001",
        ] {
            assert_eq!(means(text, "https://ok.ru/").as_deref(), Some("70000001"), "{text}");
        }
        assert_eq!(means("https://ok.ru/ds12romashka/about", "https://ok.ru/").as_deref(), Some("@ds12romashka"));
        assert_eq!(means("https://max.ru/id7700000000_gos", "https://max.ru/").as_deref(), Some("@id7700000000_gos"));
        assert_eq!(means("https://web.max.ru/-69000000000001", "https://max.ru/").as_deref(), Some("69000000000001"));
    }

    #[test]
    fn the_community_s_own_address_is_kept_and_the_rest_is_not() {
        let own = |text: &str, prefix: &str| own_address(text, &[prefix.to_owned()]);
        for (text, address) in [
            ("http://m.vk.com/club5?from=menu", "https://vk.com/club5"),
            ("vk.ru/Public5", "https://vk.com/public5"),
            ("https://vk.com/wall-5_42", "https://vk.com/club5"),
            ("https://vk.com/ds12?w=wall-5_42", "https://vk.com/club5"),
            ("https://vk.com/club5?w=wall-7_42", "https://vk.com/club7"),
        ] {
            assert_eq!(own(text, "https://vk.com/").as_deref(), Some(address), "{text}");
        }
        assert_eq!(own("ok.ru/group/7/topics", "https://ok.ru/").as_deref(), Some("https://ok.ru/group/7"));
        assert_eq!(own("web.max.ru/-69", "https://max.ru/").as_deref(), Some("https://max.ru/-69"));
        assert_eq!(own("max.ru/-69/12", "https://max.ru/"), None, "a part of a page, and nobody knows what the page is called");
        assert!(["@ds12", "vk.com/ds12", "ok.ru/group/7", ""].iter().all(|text| own(text, "https://vk.com/").is_none()));
    }

    #[test]
    fn what_names_no_community_of_the_platform() {
        for text in [
            "",
            "@",
            "https://vk.com/",
            "vk.com",
            "https://ok.ru/group/1",
            "https://vk.com.evil.example/club1",
            "https://evil.example/vk.com/club1",
            "ftp://vk.com/club1",
            "javascript:alert(1)",
            "https://vk.com/%D0%B4",
            "vk.com/club0",
            "vk.com/club000123",
            "@имя",
        ] {
            let meant = means(text, "https://vk.com/");
            assert!(meant.is_none() || meant.as_deref().is_some_and(|m| m.starts_with("@club0")), "{text}: {meant:?}");
        }
        // A part of a page is not the page itself where exactly that is asked.
        assert_eq!((number("club5"), number("group/5")), ("5".parse().ok(), "5".parse().ok()));
        assert!(["club5/topic", "club5x", "wall-5_1", "club", "5a"].iter().all(|rest| number(rest).is_none()));
        // More digits than a number has are a name nobody can have.
        assert_eq!(means("vk.com/club123456789012345678901", "https://vk.com/"), Some("@club123456789012345678901".to_owned()));
    }
}
