//! A Rust file as the rules of `tidy` see it: its module, its tokens, and the paths it spells.

use crate::lexer::{Token, tokens};

/// A Rust file, and where it stands among the modules.
pub(crate) struct Source {
    pub(crate) path: String,
    /// Its top-level module: `engineio` for `src/engineio/session/mod.rs`.
    pub(crate) module: String,
    /// How many modules stand above its items: 2 for `src/chat/lobby.rs`.
    pub(crate) depth: usize,
    pub(crate) tokens: Vec<Token>,
    /// For each token, whether it belongs to tests: they may use more.
    pub(crate) tests: Vec<bool>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let inside = path.strip_prefix("src/").unwrap_or(path);
        let mut parts: Vec<&str> = inside.trim_end_matches(".rs").split('/').collect();
        let all_tests = parts.contains(&"tests");
        if parts.last() == Some(&"mod") {
            parts.pop();
        }
        let module = (*parts.first().unwrap_or(&"")).to_owned();
        let depth = match module.as_str() {
            "lib" | "main" => 0,
            _ => parts.len(),
        };
        let tokens = tokens(text);
        let tests = if all_tests {
            vec![true; tokens.len()]
        } else {
            test_items(&tokens)
        };
        Self {
            path: path.to_owned(),
            module,
            depth,
            tokens,
            tests,
        }
    }

    pub(crate) fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &token.text)
    }

    pub(crate) fn matches(&self, at: usize, pattern: &[&str]) -> bool {
        pattern
            .iter()
            .enumerate()
            .all(|(offset, text)| self.text(at + offset) == *text)
    }

    /// Every path that the source spells, `use` trees taken apart.
    pub(crate) fn paths(&self) -> Vec<Path> {
        let mut paths = Vec::new();
        let mut modules = Vec::new();
        let mut braces = 0_usize;
        let mut at = 0;
        while at < self.tokens.len() {
            match self.text(at) {
                "{" => {
                    braces += 1;
                    if at >= 2 && self.text(at - 2) == "mod" {
                        modules.push(braces);
                    }
                    at += 1;
                }
                "}" => {
                    if modules.last() == Some(&braces) {
                        modules.pop();
                    }
                    braces = braces.saturating_sub(1);
                    at += 1;
                }
                // `use<'a>` is the capture of a lifetime, no import.
                "use" if self.text(at + 1) != "<" => {
                    let first = paths.len();
                    at = self.use_tree(at + 1, &[], &mut paths);
                    for path in &mut paths[first..] {
                        path.inner = modules.len();
                    }
                }
                _ => {
                    let is_start = self.tokens[at].is_word() || self.text(at) == "::";
                    let continues = at > 0 && matches!(self.text(at - 1), "::" | ".");
                    let leads = self.text(at) == "::" && !self.continues_a_path(at);
                    if is_start && !continues && (self.tokens[at].is_word() || leads) {
                        at = self.plain_path(at, modules.len(), &mut paths);
                    } else {
                        at += 1;
                    }
                }
            }
        }
        paths
    }

    /// Whether the `::` at `at` follows a name or a type's `>`, and so does not begin a path.
    fn continues_a_path(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else {
            return false;
        };
        let is_arrow = before > 0 && matches!(self.text(before - 1), "-" | "=");
        (self.text(before) == ">" && !is_arrow)
            || (self.tokens[before].is_word() && !is_keyword(self.text(before)))
    }

    /// A path outside `use`, of at least two names.
    fn plain_path(&self, start: usize, inner: usize, paths: &mut Vec<Path>) -> usize {
        let mut at = start + usize::from(self.text(start) == "::");
        let mut names = vec![self.text(at).to_owned()];
        while self.text(at + 1) == "::" && self.tokens.get(at + 2).is_some_and(Token::is_word) {
            names.push(self.text(at + 2).to_owned());
            at += 2;
        }
        if names.len() > 1 {
            paths.push(Path {
                names,
                at: start,
                inner,
            });
        }
        at + 1
    }

    /// One tree of a `use`: a path, perhaps with a group; gives where it ends.
    fn use_tree(&self, start: usize, prefix: &[String], paths: &mut Vec<Path>) -> usize {
        let mut names = prefix.to_vec();
        let mut at = start;
        loop {
            match self.text(at) {
                "::" => at += 1,
                "{" => {
                    at += 1;
                    while !matches!(self.text(at), "}" | ";" | "") {
                        at = self.use_tree(at, &names, paths);
                        at += usize::from(self.text(at) == ",");
                    }
                    return at + 1;
                }
                "as" => at += 2,
                "*" => at += 1,
                "" | ";" | "," | "}" => break,
                name => {
                    names.push(name.to_owned());
                    at += 1;
                }
            }
        }
        if names.len() > prefix.len() {
            paths.push(Path {
                names,
                at: start,
                inner: 0,
            });
        }
        at
    }
}

/// A path as it is spelt: its names, its first token, and the `mod`s in braces around it.
pub(crate) struct Path {
    pub(crate) names: Vec<String>,
    pub(crate) at: usize,
    pub(crate) inner: usize,
}

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "as" | "dyn"
            | "else"
            | "fn"
            | "for"
            | "if"
            | "impl"
            | "in"
            | "let"
            | "match"
            | "mut"
            | "return"
            | "use"
            | "where"
            | "while"
    )
}

/// Marks the items (with all that is in their braces) that `#[cfg(test)]` stands before.
fn test_items(tokens: &[Token]) -> Vec<bool> {
    let mut tests = vec![false; tokens.len()];
    let text = |at: usize| tokens.get(at).map_or("", |token: &Token| &token.text);
    let pattern = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut at = 0;
    while at < tokens.len() {
        if !pattern
            .iter()
            .enumerate()
            .all(|(i, sign)| text(at + i) == *sign)
        {
            at += 1;
            continue;
        }
        let mut braces = 0_usize;
        while at < tokens.len() {
            tests[at] = true;
            match text(at) {
                "{" => braces += 1,
                "}" => braces -= 1,
                _ => {}
            }
            let ended = braces == 0 && matches!(text(at), "}" | ";");
            at += 1;
            if ended {
                break;
            }
        }
    }
    tests
}
