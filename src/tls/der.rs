//! DER, the form in which certificates and keys are written (X.690): one element behind the other,
//! each a tag, a length and its content.
//!
//! It stands under `inspect`, which reads, and `issue`, which writes. Reading is strict, as DER is
//! meant: one way to write a length, which is the shortest; no lengths that are left open; nothing
//! behind the last element that was expected. Nesting is in the reading code, not in the reader, so
//! no input decides how deep it goes. Left out: tags above 30, which certificates do not have.
//!
//! Invariants: any bytes may be given; nothing is copied or allocated by reading.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const PRINTABLE_STRING: u8 = 0x13;
pub(super) const IA5_STRING: u8 = 0x16;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The tag `[number]` in place of that of a type without parts.
pub(super) const fn implicit(number: u8) -> u8 {
    0x80 | number
}

/// The tag `[number]` around other elements.
pub(super) const fn explicit(number: u8) -> u8 {
    0xa0 | number
}

/// The bytes are not DER, or not what is expected in their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// One element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element<'d> {
    pub(super) tag: u8,
    pub(super) content: &'d [u8],
    /// With its tag and length.
    pub(super) whole: &'d [u8],
}

/// Elements that stand one behind the other.
#[derive(Debug, Clone)]
pub(super) struct Reader<'d> {
    rest: &'d [u8],
}

impl<'d> Reader<'d> {
    pub(super) fn new(bytes: &'d [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next element, which must be there and have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Result<Element<'d>, Malformed> {
        self.optional(tag)?.ok_or(Malformed)
    }

    /// The content of the next element, which must be there and have this tag.
    pub(super) fn content(&mut self, tag: u8) -> Result<&'d [u8], Malformed> {
        self.expect(tag).map(|element| element.content)
    }

    /// The elements in the next one, which must be there and have this tag.
    pub(super) fn inside(&mut self, tag: u8) -> Result<Self, Malformed> {
        self.content(tag).map(Self::new)
    }

    /// The next element if it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<Element<'d>>, Malformed> {
        if self.rest.first() != Some(&tag) {
            return Ok(None);
        }
        self.next().transpose()
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }
}

/// All elements; behind a malformed one there are none.
impl<'d> Iterator for Reader<'d> {
    type Item = Result<Element<'d>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let split = split(self.rest);
        self.rest = split.map_or(&[], |(_, rest)| rest);
        Some(split.map(|(element, _)| element).ok_or(Malformed))
    }
}

/// The first element, and what is behind it.
fn split(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..0x80 => (usize::from(first), rest),
        _ => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (long_length(digits)?, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    let (whole, _) = bytes.split_at_checked(bytes.len() - rest.len())?;
    let element = Element {
        tag,
        content,
        whole,
    };
    (tag & 0x1f != 0x1f).then_some((element, rest))
}

/// A length of several bytes; none if it is longer than it must be, or beyond 4 GB.
fn long_length(digits: &[u8]) -> Option<usize> {
    let shortest = *digits.first()? != 0 && digits.len() <= 4;
    let length = digits.iter().fold(0_u64, |length, digit| {
        length.wrapping_shl(8) | u64::from(*digit)
    });
    let length = usize::try_from(length).ok()?;
    (shortest && length >= 0x80).then_some(length)
}

/// An element whose content are these parts.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut bytes = Vec::with_capacity(length + 6);
    bytes.push(tag);
    match u8::try_from(length) {
        Ok(short @ 0..0x80) => bytes.push(short),
        _ => {
            let digits = length.to_be_bytes();
            let zeros = digits.iter().take_while(|digit| **digit == 0).count();
            // At most the eight bytes of a length.
            bytes.push(0x80 | (digits.len() - zeros) as u8);
            bytes.extend(digits.into_iter().skip(zeros));
        }
    }
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(bytes: &[u8]) -> Result<Vec<Element<'_>>, Malformed> {
        Reader::new(bytes).collect()
    }

    #[test]
    fn elements_stand_behind_each_other() {
        let bytes = [0x02, 0x01, 0x07, 0x30, 0x02, 0x05, 0x00];
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.optional(SEQUENCE), Ok(None));
        assert_eq!(reader.content(INTEGER), Ok(&[7][..]));
        assert_eq!(reader.clone().content(INTEGER), Err(Malformed));
        assert_eq!(reader.end(), Err(Malformed));
        assert_eq!(
            reader.expect(SEQUENCE).map(|one| one.whole),
            Ok(&bytes[3..])
        );
        assert_eq!(reader.end(), Ok(()));
        assert_eq!(reader.content(INTEGER), Err(Malformed));
    }

    #[test]
    fn a_length_has_one_form() {
        for wrong in [
            &[0x04][..],
            &[0x04, 0x01],
            &[0x04, 0x80, 0x00, 0x00],
            &[0x04, 0x81, 0x01, 0xff],
            &[0x04, 0x82, 0x00, 0x01, 0xff],
            &[0x04, 0x85, 0x01, 0x00, 0x00, 0x00, 0x00],
            &[0x04, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x04, 0xff],
            &[0x1f, 0x01, 0x00],
        ] {
            assert_eq!(all(wrong), Err(Malformed), "{wrong:x?}");
        }
        let padded = [&[0x04, 0x82, 0x00, 0x80][..], &[0; 128]].concat();
        assert_eq!(all(&padded), Err(Malformed));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (length, head) in [
            (0, &[0x04, 0x00][..]),
            (127, &[0x04, 0x7f]),
            (128, &[0x04, 0x81, 0x80]),
            (255, &[0x04, 0x81, 0xff]),
            (256, &[0x04, 0x82, 0x01, 0x00]),
            (65_536, &[0x04, 0x83, 0x01, 0x00, 0x00]),
        ] {
            let content = vec![0x55; length];
            let (front, back) = content.split_at(length / 2);
            let written = element(OCTET_STRING, &[front, back]);
            assert!(written.starts_with(head), "{length}");
            let mut reader = Reader::new(&written);
            assert_eq!(reader.content(OCTET_STRING), Ok(&*content));
            assert_eq!(reader.end(), Ok(()));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_elements_of_themselves_or_malformed(bytes: Vec<u8>) {
            if let Ok(elements) = all(&bytes) {
                let written: Vec<u8> = elements
                    .iter()
                    .flat_map(|one| element(one.tag, &[one.content]))
                    .collect();
                prop_assert_eq!(written, bytes);
            }
        }
    }
}
