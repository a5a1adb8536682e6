//! A validating scan over JSON text (RFC 8259) that builds nothing: it finds where a value
//! ends, so that arguments can be passed on as the text they came in.
//!
//! Numbers keep their digits (`1e400` and integers of any length pass), strings keep their
//! escapes, lone surrogates included, as JavaScript accepts them. Nesting is bounded by
//! [`MAX_DEPTH`]; the scan uses a bit a level and does not recurse. Invariant, held by a test
//! against serde_json: what this accepts, serde_json accepts as a raw value, and the other
//! way round.

mod elements;

pub(super) use elements::elements_of;
pub use elements::{Elements, elements};

/// Arrays and objects inside one another that are accepted; serde_json's own limit is 128.
pub const MAX_DEPTH: usize = 127;

/// The text is not JSON, or nested too deeply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not JSON")]
pub struct Invalid;

/// The length in bytes of the JSON value at the start of `text`, white space before it
/// included.
///
/// # Errors
/// [`Invalid`] if there is no complete value.
pub fn value_len(text: &str) -> Result<usize, Invalid> {
    outline(text).map(|outline| outline.len)
}

/// What a scan tells of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outline {
    /// As [`value_len`] gives it.
    pub(super) len: usize,
    /// Where the first elements of an array end, in bytes from the start of the text: the place of
    /// the comma or bracket behind each, 0 for one that is not there. So what is looked at next
    /// need not be scanned again.
    pub(super) ends: [usize; 3],
}

/// As [`value_len`], with more that is known then.
pub(super) fn outline(text: &str) -> Result<Outline, Invalid> {
    let mut scan = Scan {
        bytes: text.as_bytes(),
        at: 0,
        ends: [0; 3],
        ended: 0,
    };
    scan.value()?;
    Ok(Outline {
        len: scan.at,
        ends: scan.ends,
    })
}

/// What stands between the first and the last byte of a text, if those are these two.
pub(super) fn between(text: &str, first: u8, last: u8) -> Option<&str> {
    let [a, inside @ .., b] = text.as_bytes() else {
        return None;
    };
    if *a != first || *b != last {
        return None;
    }
    text.get(1..=inside.len())
}

/// Whether only white space follows from byte `at` on.
pub fn is_blank_from(text: &str, at: usize) -> bool {
    text.as_bytes()
        .get(at..)
        .is_none_or(|rest| rest.iter().all(|b| is_space(*b)))
}

/// Bytes before the first that does not stand for itself in a JSON string: a quote, a backslash
/// or a control character.
pub(super) fn plain_len(text: &[u8]) -> usize {
    plain_end(text, 0)
}

/// The first byte from `at` on that does not stand for itself in a JSON string, or the end.
/// Looks at eight at a time, because nearly all that is relayed is text in strings.
#[inline(always)]
fn plain_end(text: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    while let Some(word) = text.get(at..).and_then(|rest| rest.first_chunk()) {
        let word = u64::from_le_bytes(*word);
        // Less one, a byte below that one borrows: its high bit is set, and was not before. The
        // lowest such byte is found; of those above it nothing is said.
        let backslash = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
        // With its second bit turned a quote, 0x22, comes right behind the control characters.
        let quote_or_control = (word ^ (ONES * 2)).wrapping_sub(ONES * 0x21);
        let found = (backslash | quote_or_control) & !word & HIGH;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let special = |b: u8| b == b'"' || b == b'\\' || b < 0x20;
    while text.get(at).is_some_and(|b| !special(*b)) {
        at += 1;
    }
    at
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Which bracket each open level is: a set bit is an object.
#[derive(Default)]
struct Levels {
    bits: u128,
    depth: usize,
}

impl Levels {
    fn push(&mut self, object: bool) -> Result<(), Invalid> {
        if self.depth == MAX_DEPTH {
            return Err(Invalid);
        }
        self.bits = self.bits << 1 | u128::from(object);
        self.depth += 1;
        Ok(())
    }

    fn pop(&mut self) {
        self.bits >>= 1;
        self.depth = self.depth.saturating_sub(1);
    }

    fn in_object(&self) -> bool {
        self.bits & 1 == 1
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    ends: [usize; 3],
    /// How many of them are known.
    ended: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline(always)]
    fn next_after_space(&mut self) -> Result<u8, Invalid> {
        loop {
            match self.peek() {
                Some(byte) if byte > b' ' => return Ok(byte),
                Some(byte) if is_space(byte) => self.at += 1,
                _ => return Err(Invalid),
            }
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Invalid> {
        if self.next_after_space()? != byte {
            return Err(Invalid);
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self) -> Result<(), Invalid> {
        let mut levels = Levels::default();
        loop {
            // A value starts here, in an object after its key.
            if levels.in_object() {
                self.key()?;
            }
            match self.next_after_space()? {
                b'"' => self.string()?,
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.word(b"true")?,
                b'f' => self.word(b"false")?,
                b'n' => self.word(b"null")?,
                b'[' => {
                    self.at += 1;
                    if self.next_after_space()? != b']' {
                        levels.push(false)?;
                        continue;
                    }
                    self.at += 1;
                }
                b'{' => {
                    self.at += 1;
                    if self.next_after_space()? != b'}' {
                        levels.push(true)?;
                        continue;
                    }
                    self.at += 1;
                }
                _ => return Err(Invalid),
            }
            // A value ended here: close what ends with it, or go to the next one.
            loop {
                if levels.depth == 0 {
                    return Ok(());
                }
                let object = levels.in_object();
                let byte = self.next_after_space()?;
                if levels.depth == 1
                    && let Some(end) = self.ends.get_mut(self.ended)
                {
                    *end = self.at;
                    self.ended += 1;
                }
                match byte {
                    b',' => {
                        self.at += 1;
                        break;
                    }
                    b']' if !object => {
                        self.at += 1;
                        levels.pop();
                    }
                    b'}' if object => {
                        self.at += 1;
                        levels.pop();
                    }
                    _ => return Err(Invalid),
                }
            }
        }
    }

    #[inline(always)]
    fn key(&mut self) -> Result<(), Invalid> {
        if self.next_after_space()? != b'"' {
            return Err(Invalid);
        }
        self.string()?;
        self.expect(b':')
    }

    /// RFC 8259 section 7, from the opening quote.
    #[inline(always)]
    fn string(&mut self) -> Result<(), Invalid> {
        self.at += 1;
        loop {
            self.at = plain_end(self.bytes, self.at);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escapes()?,
                _ => return Err(Invalid),
            }
        }
    }

    /// At least one escape. Session descriptions are lines that end with two.
    #[inline(always)]
    fn escapes(&mut self) -> Result<(), Invalid> {
        const END_OF_LINE: &[u8; 4] = br"\r\n";
        let four = self
            .bytes
            .get(self.at..)
            .and_then(|rest| rest.first_chunk());
        if four == Some(END_OF_LINE) {
            self.at += END_OF_LINE.len();
            return Ok(());
        }
        self.escape()
    }

    #[inline(never)]
    fn escape(&mut self) -> Result<(), Invalid> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 2..self.at + 6).ok_or(Invalid)?;
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(Invalid);
                }
                self.at += 6;
                Ok(())
            }
            _ => Err(Invalid),
        }
    }

    /// RFC 8259 section 6.
    fn number(&mut self) -> Result<(), Invalid> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return Err(Invalid),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Invalid> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start {
            Err(Invalid)
        } else {
            Ok(())
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Invalid> {
        match self
            .bytes
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(word))
        {
            true => {
                self.at += word.len();
                Ok(())
            }
            false => Err(Invalid),
        }
    }
}

#[cfg(test)]
mod tests;
