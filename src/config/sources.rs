//! Gathers settings from the TOML file and the environment into one flat map, and refuses names nobody knows.
//! What the values mean is decided in `reader.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::catalogue;
use super::error::{ConfigError, Fault};

/// Variables that begin so are settings; all others are somebody else's.
pub(super) const ENV_PREFIX: &str = "GOSBADGE__";

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct Given {
    pub value: Value,
    pub origin: String,
    /// Variables are text: numbers, flags and lists in them are still to be parsed.
    pub is_text: bool,
}

/// All given values by full key.
pub(super) type Raw = BTreeMap<String, Given>;

/// The variable that sets `key`.
pub(super) fn variable(key: &str) -> String {
    format!("{ENV_PREFIX}{}", key.replace('.', "__").to_ascii_uppercase())
}

/// Reads both sources. The environment wins over the file, later variables over earlier ones.
pub(super) fn collect(path: Option<&Path>, env: impl Iterator<Item = (String, String)>, errors: &mut Vec<ConfigError>) -> Raw {
    let mut raw = Raw::new();
    if let Some(path) = path {
        let origin = path.display().to_string();
        match read_table(path, &origin) {
            Ok(table) => flatten("", table, &origin, &mut raw, errors),
            Err(error) => errors.push(error),
        }
    }
    for (name, value) in env {
        let Some(rest) = name.strip_prefix(ENV_PREFIX) else { continue };
        let key = rest.replace("__", ".").to_ascii_lowercase();
        if catalogue::knows(&key) {
            raw.insert(key, Given { value: Value::String(value), origin: name, is_text: true });
        } else {
            errors.push(unknown(&key, &name, true));
        }
    }
    raw
}

fn read_table(path: &Path, origin: &str) -> Result<Table, ConfigError> {
    let error = |fault, problem: String, remedy: &str| ConfigError {
        fault,
        key: "file".to_owned(),
        origin: origin.to_owned(),
        problem,
        remedy: remedy.to_owned(),
    };
    let text = fs::read_to_string(path).map_err(|e| {
        error(Fault::Unreadable, format!("cannot be read: {e}"), "name a readable UTF-8 file, or print one with `gosbadge config default`")
    })?;
    text.parse::<Table>().map_err(|e| {
        // Only the message and the place: the error's own display quotes the line, which may hold a secret.
        let line = e.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        error(Fault::Syntax, format!("line {line} is not TOML: {}", e.message().replace('\n', " ")), "correct the line")
    })
}

fn flatten(prefix: &str, table: Table, origin: &str, raw: &mut Raw, errors: &mut Vec<ConfigError>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            Value::Table(inner) if catalogue::is_section(&key) => flatten(&key, inner, origin, raw, errors),
            value if catalogue::knows(&key) => {
                raw.insert(key, Given { value, origin: origin.to_owned(), is_text: false });
            }
            _ if catalogue::is_section(&key) => errors.push(ConfigError {
                fault: Fault::WrongType,
                origin: origin.to_owned(),
                problem: "is a section, not a setting".to_owned(),
                remedy: format!("write [{key}] on a line of its own and its settings below"),
                key,
            }),
            _ => errors.push(unknown(&key, origin, false)),
        }
    }
}

fn unknown(key: &str, origin: &str, from_env: bool) -> ConfigError {
    let remedy = match nearest(key) {
        Some(near) if from_env => format!("did you mean {}?", variable(near)),
        Some(near) => format!("did you mean `{near}`?"),
        None => "remove it; `gosbadge config default` lists all settings".to_owned(),
    };
    ConfigError {
        fault: Fault::UnknownKey,
        key: key.to_owned(),
        origin: origin.to_owned(),
        problem: "no setting has this name".to_owned(),
        remedy,
    }
}

/// The known name most like `key`: by the whole path, or by the last word when only the section is wrong.
fn nearest(key: &str) -> Option<&'static str> {
    let last = |k: &'_ str| k.rsplit('.').next().unwrap_or_default().to_owned();
    let names = || catalogue::names().chain(catalogue::sections());
    let likeness = |known: &str| {
        let whole = strsim::normalized_damerau_levenshtein(key, known);
        let word = strsim::normalized_damerau_levenshtein(&last(key), &last(known));
        // A wrong section with the right word counts a little less than a near miss of the whole path.
        whole.max(word * 0.9)
    };
    names()
        .map(|known| (likeness(known), known))
        .filter(|(like, _)| *like >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}
