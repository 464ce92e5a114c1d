//! Turns raw values into typed ones. A bad value is noted and its default used, so that the rest is still checked.

use std::fmt::Display;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::{Table, Value};

use super::catalogue;
use super::duration;
use super::error::{ConfigError, Fault};
use super::sources::{Given, Raw};

/// What is wrong with one value.
pub(super) struct Wrong(pub Fault, pub String);

/// Reads settings and keeps the faults.
pub(super) struct Reader {
    raw: Raw,
    pub errors: Vec<ConfigError>,
    pub warnings: Vec<String>,
}

impl Reader {
    pub(super) const fn new(raw: Raw, errors: Vec<ConfigError>) -> Self {
        Self { raw, errors, warnings: Vec::new() }
    }

    /// Whether a value was given under this key.
    pub(super) fn is_given(&self, key: &str) -> bool {
        self.raw.contains_key(key)
    }

    /// Notes a fault of a key.
    pub(super) fn fail(&mut self, fault: Fault, key: &str, problem: impl Into<String>, remedy: impl Into<String>) {
        let origin = self.raw.get(key).map_or_else(|| "default".to_owned(), |given| given.origin.clone());
        self.errors.push(ConfigError { fault, key: key.to_owned(), origin, problem: problem.into(), remedy: remedy.into() });
    }

    /// The given value, parsed, if there is one and it parses.
    pub(super) fn optional<T>(&mut self, key: &str, remedy: &str, parse: impl Fn(&Given) -> Result<T, Wrong>) -> Option<T> {
        match parse(self.raw.get(key)?) {
            Ok(value) => Some(value),
            Err(Wrong(fault, problem)) => {
                self.fail(fault, key, problem, remedy);
                None
            }
        }
    }

    /// The given value or the default.
    pub(super) fn required<T>(&mut self, key: &str, remedy: &str, parse: impl Fn(&Given) -> Result<T, Wrong>) -> T {
        if let Some(value) = self.optional(key, remedy, &parse) {
            return value;
        }
        // safety: the catalogue is constant and a test reads every default of it through this function
        parse(&default_of(key)).ok().expect("the default is valid")
    }

    pub(super) fn flag(&mut self, key: &str) -> bool {
        self.required(key, "write true or false", |given| match &given.value {
            Value::Boolean(flag) => Ok(*flag),
            Value::String(text) if given.is_text && text == "true" => Ok(true),
            Value::String(text) if given.is_text && text == "false" => Ok(false),
            other => Err(wrong_type(other)),
        })
    }

    pub(super) fn text(&mut self, key: &str, remedy: &str) -> String {
        self.required(key, remedy, text)
    }

    pub(super) fn parsed<T>(&mut self, key: &str, remedy: &str, parse: impl Fn(&str) -> Result<T, String>) -> T {
        self.required(key, remedy, |given| text(given).and_then(|t| parse(&t).map_err(|e| Wrong(Fault::BadValue, e))))
    }

    pub(super) fn choice<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> T {
        let list = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ");
        self.parsed(key, &format!("write {list}"), |text| {
            words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| format!("{} is not a choice", shown(text)))
        })
    }

    pub(super) fn duration(&mut self, key: &str, range: RangeInclusive<Duration>) -> Duration {
        let (least, most) = (duration::format(*range.start()), duration::format(*range.end()));
        self.parsed(key, &format!("write a whole number and a unit (ms, s, m, h, d), from \"{least}\" to \"{most}\""), |text| {
            let length = duration::parse(text).ok_or_else(|| format!("{} is not a length of time", shown(text)))?;
            if range.contains(&length) { Ok(length) } else { Err(format!("{} is out of range", shown(text))) }
        })
    }

    pub(super) fn number(&mut self, key: &str, range: RangeInclusive<u32>) -> u32 {
        let remedy = format!("write a whole number from {} to {}", range.start(), range.end());
        self.required(key, &remedy, |given| number(given, &range))
    }

    pub(super) fn optional_number(&mut self, key: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let remedy = format!("write a whole number from {} to {}, or leave it out", range.start(), range.end());
        self.optional(key, &remedy, |given| number(given, &range))
    }

    pub(super) fn list<T>(&mut self, key: &str, remedy: &str, parse: impl Fn(&str) -> Result<T, Wrong>) -> Vec<T> {
        let parse = |given: &Given| items(given)?.iter().map(|item| parse(item)).collect();
        if catalogue::find(key).is_some_and(|s| s.given) {
            self.required(key, remedy, parse)
        } else {
            self.optional(key, remedy, parse).unwrap_or_default()
        }
    }

    /// A file that must be there and readable, if named.
    pub(super) fn readable_file(&mut self, key: &str) -> Option<PathBuf> {
        self.optional(key, "name a file this process may read", |given| text(given).and_then(|path| readable(&path)))
    }

    /// Several files that must be there and readable.
    pub(super) fn readable_files(&mut self, key: &str) -> Vec<PathBuf> {
        self.list(key, "name files this process may read", readable)
    }

    /// A secret by value or from `<key>_file`, and the key it came by.
    pub(super) fn secret(&mut self, key: &str) -> Option<(String, String)> {
        let file_key = format!("{key}_file");
        if self.is_given(key) && self.is_given(&file_key) {
            let other = self.raw.get(key).map_or_else(String::new, |given| given.origin.clone());
            self.fail(Fault::Conflict, &file_key, format!("`{key}` is given too, in {other}"), "keep one of the two");
            return None;
        }
        if self.is_given(key) {
            let value = self.optional(key, "write it as text in quotes", text)?;
            return Some((value, key.to_owned()));
        }
        let path = self.optional(&file_key, "name a file this process may read", |given| text(given).map(PathBuf::from))?;
        self.warn_if_world_readable(&file_key, &path);
        match fs::read_to_string(&path) {
            Ok(value) => Some((value.trim_end_matches(['\r', '\n']).to_owned(), file_key)),
            Err(error) => {
                let problem = format!("{} cannot be read: {error}", path.display());
                self.fail(Fault::Unreadable, &file_key, problem, "name a text file this process may read");
                None
            }
        }
    }

    /// Warns when everybody on the machine can read a file that holds a secret.
    pub(super) fn warn_if_world_readable(&mut self, key: &str, path: &Path) {
        use std::os::unix::fs::PermissionsExt as _;
        if fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o004 != 0) {
            self.warnings
                .push(format!("{key}: {0} holds a secret and everybody on this machine can read it; run `chmod o-r {0}`", path.display()));
        }
    }
}

/// The default of a key as if it had been given.
pub(super) fn default_of(key: &str) -> Given {
    let value = catalogue::find(key)
        .filter(|setting| setting.given)
        .and_then(|setting| format!("v = {}", setting.literal).parse::<Table>().ok())
        .and_then(|mut table| table.remove("v"));
    // A key without default reads as an empty list, which no parser but a list's takes.
    Given { value: value.unwrap_or_else(|| Value::Array(Vec::new())), origin: "default".to_owned(), is_text: false }
}

/// A value as an error may quote it: short and on one line.
pub(super) fn shown(value: impl Display) -> String {
    let text = value.to_string();
    let short: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if short.len() < text.len() { format!("\"{short}…\"") } else { format!("\"{short}\"") }
}

fn wrong_type(value: &Value) -> Wrong {
    match value {
        Value::String(text) => Wrong(Fault::WrongType, format!("{} is not what this setting takes", shown(text))),
        other => Wrong(Fault::WrongType, format!("this setting does not take a value of type {}", other.type_str())),
    }
}

pub(super) fn text(given: &Given) -> Result<String, Wrong> {
    match &given.value {
        Value::String(text) if text.trim().is_empty() => Err(Wrong(Fault::BadValue, "is empty".to_owned())),
        Value::String(text) => Ok(text.clone()),
        other => Err(wrong_type(other)),
    }
}

fn number(given: &Given, range: &RangeInclusive<u32>) -> Result<u32, Wrong> {
    let number = match &given.value {
        Value::Integer(number) => *number,
        Value::String(text) if given.is_text => {
            text.parse().map_err(|_| Wrong(Fault::WrongType, format!("{} is not a whole number", shown(text))))?
        }
        other => return Err(wrong_type(other)),
    };
    u32::try_from(number).ok().filter(|n| range.contains(n)).ok_or_else(|| Wrong(Fault::BadValue, format!("{number} is out of range")))
}

fn items(given: &Given) -> Result<Vec<String>, Wrong> {
    match &given.value {
        Value::String(text) if given.is_text => {
            Ok(text.split([' ', ',', '\n', '\t']).filter(|item| !item.is_empty()).map(str::to_owned).collect())
        }
        Value::Array(values) => values.iter().map(|v| v.as_str().map(str::to_owned).ok_or_else(|| wrong_type(v))).collect(),
        other => Err(wrong_type(other)),
    }
}

fn readable(path: &str) -> Result<PathBuf, Wrong> {
    match fs::File::open(path).and_then(|file| file.metadata()) {
        Ok(meta) if meta.is_file() => Ok(PathBuf::from(path)),
        Ok(_) => Err(Wrong(Fault::Unreadable, format!("{path} is not a file"))),
        Err(error) => Err(Wrong(Fault::Unreadable, format!("{path} cannot be opened: {error}"))),
    }
}
