//! Rust source as a flat list of words and signs with their lines, for the rules of `tidy`.
//!
//! Comments, texts, characters and numbers are left out, because no rule looks at them. This is
//! no parser: it knows as much of the language (The Rust Reference, "Lexical structure") as it
//! takes not to mistake a text or a lifetime for code.

/// A word or a sign of the source, and the line it stands on (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Token {
    /// Whether this is a word: a keyword or a name.
    pub(crate) fn is_word(&self) -> bool {
        self.text.starts_with(is_word_start)
    }
}

fn is_word_start(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn is_word_rest(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// The tokens of `text`. `::` is one sign; every other sign is one character.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer {
        rest: text,
        line: 1,
        tokens: Vec::new(),
    };
    while lexer.step() {}
    lexer.tokens
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    /// Takes one thing off the front; `false` at the end.
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else {
            return false;
        };
        let second = self.rest.chars().nth(1);
        match (first, second) {
            ('/', Some('/')) => self.skip(self.rest.find('\n').unwrap_or(self.rest.len())),
            ('/', Some('*')) => self.skip(block_comment(self.rest)),
            ('"', _) => self.skip(text_literal(self.rest)),
            ('\'', _) => self.skip(character_or_lifetime(self.rest)),
            (c, _) if is_word_start(c) => self.word(),
            (c, _) if c.is_ascii_digit() => {
                let end = self.rest.find(|c| !is_word_rest(c));
                self.skip(end.unwrap_or(self.rest.len()));
            }
            (':', Some(':')) => self.token(2),
            (c, _) if c.is_whitespace() => self.skip(c.len_utf8()),
            (c, _) => self.token(c.len_utf8()),
        }
        true
    }

    /// A word, or a text with a prefix such as `r#"`, `b"` or `br"`; `r#type` is `type`.
    fn word(&mut self) {
        let end = self.rest.find(|c| !is_word_rest(c));
        let end = end.unwrap_or(self.rest.len());
        let (word, after) = self.rest.split_at(end);
        let hashes = after.len() - after.trim_start_matches('#').len();
        let opens_text = after
            .get(hashes..)
            .is_some_and(|rest| rest.starts_with('"'));
        match word {
            "r" | "br" | "cr" if opens_text => {
                let close = format!("\"{}", "#".repeat(hashes));
                let body = end + hashes + 1;
                let length = self.rest[body..]
                    .find(&close)
                    .map_or(self.rest.len(), |at| body + at + close.len());
                self.skip(length);
            }
            "b" | "c" if hashes == 0 && opens_text => self.skip(end + text_literal(after)),
            "b" if after.starts_with('\'') => self.skip(end + character_or_lifetime(after)),
            "r" if hashes == 1 => self.skip(end + 1),
            _ => self.token(end),
        }
    }

    fn token(&mut self, length: usize) {
        self.tokens.push(Token {
            text: self.rest[..length].to_owned(),
            line: self.line,
        });
        self.skip(length);
    }

    fn skip(&mut self, length: usize) {
        let (skipped, rest) = self.rest.split_at(length);
        self.line += skipped.matches('\n').count();
        self.rest = rest;
    }
}

/// The length of a block comment; they nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The length of a text in quotes, with its escapes.
fn text_literal(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character in quotes, or of a lifetime's tick and name.
fn character_or_lifetime(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    let Some((_, first)) = chars.next() else {
        return text.len();
    };
    if first == '\\' {
        let Some((after, _)) = chars.next().and_then(|_| chars.next()) else {
            return text.len();
        };
        return text[after..]
            .find('\'')
            .map_or(text.len(), |at| after + at + 1);
    }
    match chars.next() {
        Some((at, '\'')) => at + 1,
        _ => text[1..]
            .find(|c| !is_word_rest(c))
            .map_or(text.len(), |at| 1 + at),
    }
}
