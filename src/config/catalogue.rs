//! Every setting there is: name, default, and what follows from it. The default file, the check for unknown names and the
//! defaults themselves all come from this one list.

use super::settings_list::SECTIONS;

/// A heading of the file and its settings.
pub(super) struct Section {
    /// `idp.esia`; empty for the top.
    pub name: &'static str,
    pub about: &'static str,
    pub settings: &'static [Setting],
}

/// One setting.
pub(super) struct Setting {
    pub name: &'static str,
    /// As TOML. With `given`, the default; otherwise an example, and the setting is not given by default.
    pub literal: &'static str,
    pub given: bool,
    /// May also be given as `<name>_file`.
    pub secret: bool,
    /// What it does and what follows from changing it; lines of the default file.
    pub about: &'static str,
}

/// A setting with a default.
pub(super) const fn set(name: &'static str, literal: &'static str, about: &'static str) -> Setting {
    Setting { name, literal, given: true, secret: false, about }
}

/// A setting that is absent unless given.
pub(super) const fn optional(name: &'static str, example: &'static str, about: &'static str) -> Setting {
    Setting { name, literal: example, given: false, secret: false, about }
}

/// A secret: absent unless given, by value or as a file.
pub(super) const fn secret(name: &'static str, example: &'static str, about: &'static str) -> Setting {
    Setting { name, literal: example, given: false, secret: true, about }
}

/// Splits `idp.esia.scopes` into `idp.esia` and `scopes`.
fn split(key: &str) -> (&str, &str) {
    key.rsplit_once('.').unwrap_or(("", key))
}

/// The setting with this full key.
pub(super) fn find(key: &str) -> Option<&'static Setting> {
    let (section, name) = split(key);
    SECTIONS.iter().find(|s| s.name == section)?.settings.iter().find(|s| s.name == name)
}

/// Whether a value may be given under this full key.
pub(super) fn knows(key: &str) -> bool {
    find(key).is_some() || key.strip_suffix("_file").and_then(find).is_some_and(|s| s.secret)
}

/// Whether this is a section or the beginning of one.
pub(super) fn is_section(key: &str) -> bool {
    SECTIONS.iter().any(|s| s.name == key || s.name.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
}

/// All section names but the top.
pub(super) fn sections() -> impl Iterator<Item = &'static str> {
    SECTIONS.iter().map(|s| s.name).filter(|name| !name.is_empty())
}

/// All full keys.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    // Leaked once per process, and only when a name was wrong: the list is small and constant.
    static NAMES: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(|| {
        let full = |section: &str, name: String| if section.is_empty() { name } else { format!("{section}.{name}") };
        let own = SECTIONS.iter().flat_map(|s| s.settings.iter().map(move |x| full(s.name, x.name.to_owned())));
        let files =
            SECTIONS.iter().flat_map(|s| s.settings.iter().filter(|x| x.secret).map(move |x| full(s.name, format!("{}_file", x.name))));
        own.chain(files).collect()
    });
    NAMES.iter().map(String::as_str)
}

/// The default file: every setting, its consequence above it; those without a default are commented out.
pub(super) fn default_toml() -> String {
    let mut out = String::from(
        "# gosbadge.toml: every setting with its default and what follows from it.\n\
         # Any of them can be given as a variable instead: GOSBADGE__SECTION__KEY, GOSBADGE__IDP__ESIA__TIMEOUT.\n\
         # Variables win over this file; lists in variables are separated by spaces or commas.\n\
         # Lengths of time are a whole number and a unit: ms, s, m, h, d. Relative paths start at the working directory.\n",
    );
    for section in SECTIONS {
        if !section.name.is_empty() {
            out.push('\n');
            comment(&mut out, section.about);
            out.push_str(&format!("[{}]\n", section.name));
        }
        for setting in section.settings {
            out.push('\n');
            comment(&mut out, setting.about);
            let hash = if setting.given { "" } else { "# " };
            out.push_str(&format!("{hash}{} = {}\n", setting.name, setting.literal));
            if setting.secret {
                out.push_str(&format!("# {0}_file = \"/run/secrets/gosbadge-{0}\"\n", setting.name));
            }
        }
    }
    out
}

fn comment(out: &mut String, text: &str) {
    for line in text.lines() {
        out.push_str(&format!("# {}\n", line.trim()));
    }
}
