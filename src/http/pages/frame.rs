//! What every page shares: language, the address it was asked for, the switch to the other language, the assets it links.

use crate::domain::authority::AuthorityKind;
use crate::domain::badge::EventKind;
use crate::domain::lang::Lang;
use crate::domain::reason::ReasonCode;
use crate::domain::time::Timestamp;

use super::dates::Day;
use super::texts::{Common, other};
use super::{assets, words};

/// Where the reader is. Made by the handler from the request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Here {
    /// Language to answer in.
    pub lang: Lang,
    /// True when the address named the language (`?lang=en`): links between pages then carry it on.
    pub explicit: bool,
    /// Path and query of the page, as asked for by GET; the language switch leads back to it. `None` (after a POST, for
    /// example) leaves the switch out.
    pub address: Option<String>,
}

/// The shared part of a page, ready for the base template.
pub(super) struct Frame {
    pub(super) lang: Lang,
    pub(super) c: &'static Common,
    pub(super) switch: Option<Switch>,
    pub(super) css: &'static str,
    pub(super) favicon: &'static str,
    /// True where the check form is not to distract: in the sign-in, and on the page that is the form.
    pub(super) bare: bool,
    explicit: bool,
}

/// The link to the same page in the other language.
pub(super) struct Switch {
    pub(super) lang: Lang,
    pub(super) href: String,
}

impl Frame {
    pub(super) fn new(here: &Here) -> Self {
        let to = other(here.lang);
        let switch = here.address.as_deref().and_then(|a| with_lang(a, to)).map(|href| Switch { lang: to, href });
        Self {
            lang: here.lang,
            c: Common::of(here.lang),
            switch,
            css: assets::stylesheet_path(),
            favicon: assets::favicon_path(),
            bare: false,
            explicit: here.explicit,
        }
    }

    /// Without the link to the check form.
    pub(super) fn bare(here: &Here) -> Self {
        Self { bare: true, ..Self::new(here) }
    }

    /// An address of ours as a link: carries the language on when the reader chose it in the address.
    pub(super) fn to(&self, path: &str) -> String {
        if self.explicit { with_lang(path, self.lang).unwrap_or_else(|| path.to_owned()) } else { path.to_owned() }
    }

    /// An address of somebody else's, if it may become a link.
    pub(super) fn safe_link<'u>(&self, uri: &'u str) -> Option<&'u str> {
        safe_link(uri)
    }

    /// A class for a long name, so that 500 characters still look set and not spilt.
    pub(super) fn name_class(&self, name: &str) -> &'static str {
        match name.chars().count() {
            0..=70 => "name",
            71..=180 => "name-long",
            _ => "name-longest",
        }
    }

    pub(super) fn day(&self, at: &Timestamp) -> Day {
        Day::of(self.lang, *at)
    }

    pub(super) fn iso_day(&self, iso: &str) -> Day {
        Day::parse(self.lang, iso)
    }

    pub(super) const fn reason(&self, code: &ReasonCode) -> &'static str {
        code.title(self.lang)
    }

    pub(super) const fn event(&self, kind: &EventKind) -> &'static str {
        words::event(self.lang, *kind)
    }

    pub(super) const fn authority_kind(&self, kind: &AuthorityKind) -> &'static str {
        kind.title(self.lang)
    }

    pub(super) fn identity_provider<'w>(&self, idp: &'w str) -> &'w str {
        words::identity_provider(self.lang, idp)
    }

    pub(super) fn control_method(&self, method: &str) -> &'static str {
        words::control_method(self.lang, method)
    }

    /// The language as a hidden form field, for forms sent by GET.
    pub(super) fn lang_field(&self) -> Option<Lang> {
        self.explicit.then_some(self.lang)
    }
}

/// `address` with `lang` set to the given one. Only addresses on this host: `//elsewhere` must not become a link of ours.
fn with_lang(address: &str, lang: Lang) -> Option<String> {
    if !address.starts_with('/') || address.starts_with("//") || address.starts_with("/\\") {
        return None;
    }
    let address = address.split('#').next().unwrap_or_default();
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let mut out = format!("{path}?");
    for pair in query.split('&').filter(|p| !p.is_empty() && !p.starts_with("lang=") && *p != "lang") {
        out.push_str(pair);
        out.push('&');
    }
    out.push_str("lang=");
    out.push_str(lang.as_str());
    Some(out)
}

/// An outside address that may become a link: `https:` (or `http:`, for development) and nothing that runs.
fn safe_link(uri: &str) -> Option<&str> {
    let scheme = uri.split_once("://")?.0.to_ascii_lowercase();
    (scheme == "https" || scheme == "http").then_some(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_switch_keeps_the_page() {
        assert_eq!(with_lang("/", Lang::En).as_deref(), Some("/?lang=en"));
        assert_eq!(with_lang("/check?link=a%26b&lang=en&x=1#f", Lang::Ru).as_deref(), Some("/check?link=a%26b&x=1&lang=ru"));
        for elsewhere in ["//evil.example/", "https://evil.example/", "/\\evil.example", "", "javascript:alert(1)"] {
            assert_eq!(with_lang(elsewhere, Lang::En), None, "{elsewhere}");
        }
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert!(safe_link("https://vk.com/club1").is_some());
        for bad in ["javascript:alert(1)", "javascript://vk.com/%0aalert(1)", "data:text/html,x", "vk.com", ""] {
            assert!(safe_link(bad).is_none(), "{bad}");
        }
    }
}
