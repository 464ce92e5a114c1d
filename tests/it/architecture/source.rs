//! Reads one source file: its code without comments, texts and test modules, and the paths it mentions. Knows no rules.

/// A file.
pub(super) struct Source {
    /// From the top of the repository, `src/domain/ids.rs`.
    pub path: String,
    pub text: String,
    /// The text with comments, string contents and `#[cfg(test)]` modules blanked; same lines.
    pub code: String,
}

/// A path that code mentions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Mention {
    /// Of this crate: `store::Db`.
    Own { path: String, line: usize },
    /// Of another crate: `tokio::sync::Mutex`.
    Outside { path: String, line: usize },
}

impl Mention {
    pub(super) fn line(&self) -> usize {
        match self {
            Self::Own { line, .. } | Self::Outside { line, .. } => *line,
        }
    }
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Self {
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
        let code = if is_test { String::new() } else { without_test_modules(&blanked(text)) };
        Self { path: path.to_owned(), text: text.to_owned(), code }
    }

    /// The first module below the crate root: `domain` of `src/domain/ids.rs`, `config` of `src/config.rs`.
    pub(super) fn layer(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inside.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// The module path of this file, for resolving `super`.
    fn module(&self) -> Vec<String> {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        inside.split('/').map(str::to_owned).collect()
    }

    /// All paths the code mentions, in order.
    pub(super) fn mentions(&self, crates: &[String]) -> Vec<Mention> {
        let tokens = tokens(&self.code);
        let mut found = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let starts_a_path = at == 0 || (tokens[at - 1].0 != "." && (tokens[at - 1].0 != "::" || leads(&tokens, at - 1)));
            let is_word = tokens[at].0.starts_with(|c: char| c.is_alphabetic() || c == '_');
            if starts_a_path && is_word && tokens[at].0 != "use" {
                let mut paths = Vec::new();
                let end = expand(&tokens, at, &[], &mut paths);
                found.extend(paths.into_iter().filter_map(|(path, line)| self.resolve(path, line, crates)));
                at = end.max(at + 1);
            } else {
                at += 1;
            }
        }
        found
    }

    fn resolve(&self, mut path: Vec<String>, line: usize, crates: &[String]) -> Option<Mention> {
        let first = path.first()?.clone();
        if first == "crate" || first == "super" {
            let mut base = if first == "crate" { Vec::new() } else { self.module() };
            while path.first().is_some_and(|p| p == "super" || p == "crate") {
                if path.remove(0) == "super" {
                    base.pop();
                }
            }
            base.extend(path);
            return (!base.is_empty()).then(|| Mention::Own { path: base.join("::"), line });
        }
        // `gosbadge` is this crate's own name, as main.rs spells it.
        if first == "gosbadge" && path.len() > 1 {
            return Some(Mention::Own { path: path[1..].join("::"), line });
        }
        let alone = path.len() == 1;
        (crates.contains(&first) && !alone).then(|| Mention::Outside { path: path.join("::").trim_end_matches("::").to_owned(), line })
    }
}

type Token = (String, usize);

/// Whether the `::` at `at` begins a path (`use ::diesel`).
fn leads(tokens: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).map(|b| tokens[b].0.as_str());
    before.is_none_or(|b| !b.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '>') || b == "use")
}

/// Follows a path and its `{…}` groups from `at`; adds each full path with its line and returns where it ended.
fn expand(tokens: &[Token], mut at: usize, prefix: &[String], paths: &mut Vec<(Vec<String>, usize)>) -> usize {
    let mut path = prefix.to_vec();
    let line = tokens[at].1;
    let root_import = prefix.is_empty() && at > 0 && (tokens[at - 1].0 == "use" || leads_use(tokens, at));
    loop {
        path.push(tokens[at].0.clone());
        at += 1;
        match (tokens.get(at).map(|t| t.0.as_str()), tokens.get(at + 1).map(|t| t.0.as_str())) {
            (Some("::"), Some("{")) => {
                at += 2;
                while at < tokens.len() && tokens[at].0 != "}" {
                    let is_word = tokens[at].0.starts_with(|c: char| c.is_alphabetic() || c == '_');
                    at = if is_word { expand(tokens, at, &path, paths) } else { at + 1 };
                }
                return at + 1;
            }
            (Some("::"), Some(next)) if next.starts_with(|c: char| c.is_alphabetic() || c == '_') => at += 1,
            _ => break,
        }
    }
    if root_import && path.len() == 1 {
        // `use diesel;` and `use ::diesel as d;` name a crate by one word.
        path.push(String::new());
    }
    paths.push((path, line));
    at
}

fn leads_use(tokens: &[Token], at: usize) -> bool {
    at > 1 && tokens[at - 1].0 == "::" && tokens[at - 2].0 == "use"
}

/// Words, `::`, and single signs, each with its line.
fn tokens(code: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut line = 1;
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\n' {
            line += 1;
        } else if c.is_alphanumeric() || c == '_' {
            let mut word = c.to_string();
            while let Some(next) = chars.next_if(|n| n.is_alphanumeric() || *n == '_') {
                word.push(next);
            }
            found.push((word, line));
        } else if c == ':' && chars.next_if_eq(&':').is_some() {
            found.push(("::".to_owned(), line));
        } else if !c.is_whitespace() {
            found.push((c.to_string(), line));
        }
    }
    found
}

/// Comments, string contents and character literals replaced by spaces; line ends kept.
fn blanked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = skipped(&chars, at);
        if end > at {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

/// Where the comment or literal that begins at `at` ends; `at` if none does.
fn skipped(chars: &[char], at: usize) -> usize {
    let here = |offset: usize| chars.get(at + offset).copied().unwrap_or('\0');
    let word_before = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match (here(0), here(1)) {
        ('/', '/') => chars[at..].iter().position(|c| *c == '\n').map_or(chars.len(), |n| at + n),
        ('/', '*') => end_of_block_comment(chars, at),
        ('r', '"' | '#') if !word_before || chars[at - 1] == 'b' => end_of_raw(chars, at),
        ('"', _) => end_of_quoted(chars, at, '"'),
        // A character, not a lifetime: escaped, or closed after one character.
        ('\'', '\\') => end_of_quoted(chars, at, '\''),
        ('\'', _) if here(2) == '\'' => at + 3,
        _ => at,
    }
}

fn end_of_block_comment(chars: &[char], at: usize) -> usize {
    let (mut depth, mut i) = (0, at);
    while i < chars.len() {
        match (chars[i], chars.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    chars.len()
}

fn end_of_raw(chars: &[char], at: usize) -> usize {
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    if chars.get(at + 1 + hashes) != Some(&'"') {
        return at;
    }
    let mut i = at + 2 + hashes;
    while i < chars.len() {
        if chars[i] == '"' && chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes {
            return i + 1 + hashes;
        }
        i += 1;
    }
    chars.len()
}

fn end_of_quoted(chars: &[char], at: usize, quote: char) -> usize {
    let mut i = at + 1;
    while i < chars.len() && chars[i] != quote {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(chars.len())
}

/// Blanks `#[cfg(test)] mod x { … }`.
fn without_test_modules(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = code.to_owned();
    let mut from = 0;
    while let Some(at) = out[from..].find(MARK).map(|n| from + n) {
        let body = at + MARK.len();
        from = body;
        let next = out[body..].trim_start();
        let open = out[body..].find(['{', ';']).map(|n| body + n);
        if let (true, Some(open)) = (next.starts_with("mod "), open)
            && out[open..].starts_with('{')
        {
            let end = end_of_braces(&out, open);
            let blank: String = out[at..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
            out.replace_range(at..end, &blank);
            from = at + blank.len();
        }
    }
    out
}

fn end_of_braces(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (n, c) in code[open..].char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if depth == 0 {
            return open + n + 1;
        }
    }
    code.len()
}
