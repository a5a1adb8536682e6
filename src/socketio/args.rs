//! Arguments of events and answers as they came in: JSON text, and attachments beside it.
//!
//! They can be read through serde, or passed on as they are without being looked at. What goes
//! out is in `argument`.

use super::argument::{ArgsWriter, Argument};
use super::attachments::placeholders;
use super::error::EmitError;
use super::json::{self, Elements};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The arguments of an event or an answer, borrowed while it is handled.
#[derive(Debug, Clone, Copy)]
pub struct Args<'a> {
    pub(super) json: &'a str,
    pub(super) attachments: &'a [Bytes],
    /// Bytes of the first two, as [`json::elements_of`] takes them.
    lens: [usize; 2],
}

impl<'a> Args<'a> {
    /// `json` is the inside of a valid JSON array.
    pub(crate) fn new(json: &'a str, attachments: &'a [Bytes]) -> Self {
        Self::scanned(json, [0; 2], attachments)
    }

    /// The same, if the lengths of the first two are known, as a scan of the packet tells them.
    pub(crate) fn scanned(json: &'a str, lens: [usize; 2], attachments: &'a [Bytes]) -> Self {
        Self {
            json,
            attachments,
            lens,
        }
    }

    /// The arguments in order.
    pub fn iter(&self) -> impl Iterator<Item = Arg<'a>> + use<'a> {
        let attachments = self.attachments;
        let elements: Elements<'a> = json::elements_of(self.json, self.lens);
        elements.map(move |json| Arg { json, attachments })
    }

    /// The argument at this place, counted from 0.
    pub fn get(&self, index: usize) -> Option<Arg<'a>> {
        self.iter().nth(index)
    }

    /// The first argument and those after it.
    pub fn split_first(&self) -> Option<(Arg<'a>, Args<'a>)> {
        let attachments = self.attachments;
        let mut elements = json::elements_of(self.json, self.lens);
        let json = elements.next()?;
        Some((
            Arg { json, attachments },
            Args::new(elements.rest(), attachments),
        ))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.json.is_empty()
    }

    /// The inside of the JSON array as it was sent; binary is a placeholder object in it.
    pub fn json(&self) -> &'a str {
        self.json
    }

    /// All arguments as one Rust value: a tuple, an array or a `Vec`.
    ///
    /// # Errors
    /// serde_json's, if there are more or fewer, or one has another shape.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&format!("[{}]", self.json))
    }
}

/// Arguments that outlive the event or the answer that brought them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnedArgs {
    json: Box<str>,
    attachments: Box<[Bytes]>,
}

impl OwnedArgs {
    /// Writes arguments down, to be sent later or by another thread.
    ///
    /// # Errors
    /// [`EmitError::Json`] if one has no JSON form.
    pub fn new(args: &[&dyn Argument]) -> Result<Self, EmitError> {
        let (mut json, mut attachments) = (String::new(), Vec::new());
        ArgsWriter::new(&mut json, &mut attachments).list(args)?;
        Ok(Self {
            json: json.into(),
            attachments: attachments.into(),
        })
    }

    /// The arguments, to be read or passed on.
    pub fn as_args(&self) -> Args<'_> {
        Args::new(&self.json, &self.attachments)
    }

    /// Bytes of text and attachments.
    pub fn bytes(&self) -> usize {
        self.json.len() + self.attachments.iter().map(Bytes::len).sum::<usize>()
    }
}

impl From<Args<'_>> for OwnedArgs {
    fn from(args: Args<'_>) -> Self {
        Self {
            json: args.json.into(),
            attachments: args.attachments.into(),
        }
    }
}

/// One argument.
#[derive(Debug, Clone, Copy)]
pub struct Arg<'a> {
    pub(super) json: &'a str,
    pub(super) attachments: &'a [Bytes],
}

impl<'a> Arg<'a> {
    /// An argument of valid JSON without attachments.
    pub(crate) fn plain(json: &'a str) -> Self {
        Self {
            json,
            attachments: &[],
        }
    }

    /// The JSON text as it was sent; binary is a placeholder object in it.
    pub fn json(&self) -> &'a str {
        self.json
    }

    /// The string, if it is a string without escapes.
    pub fn as_plain_str(&self) -> Option<&'a str> {
        let inside = json::between(self.json, b'"', b'"')?;
        (json::plain_len(inside.as_bytes()) == inside.len()).then_some(inside)
    }

    /// The argument as a Rust value.
    ///
    /// # Errors
    /// serde_json's, if the argument has another shape.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.json)
    }

    /// The bytes that a [`Placeholder`] read out of this argument stands for.
    pub fn attachment(&self, placeholder: Placeholder) -> Option<&'a Bytes> {
        self.attachments.get(placeholder.num)
    }

    /// The bytes, if the argument as a whole is binary.
    pub fn binary(&self) -> Option<&'a Bytes> {
        if self.attachments.is_empty() {
            return None;
        }
        match placeholders(self.json, self.attachments.len())
            .ok()?
            .as_slice()
        {
            [only] if only.at == (0..self.json.len()) => self.attachments.get(only.attachment),
            _ => None,
        }
    }
}

/// Where binary stands inside of an argument: a field of this type in what [`Arg::read`] makes,
/// and then [`Arg::attachment`] for the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Placeholder {
    num: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_as_text_or_as_values() {
        let args = Args::new("1e400, \"room\", {\"a\":[1,2]}", &[]);
        assert_eq!(
            args.iter().map(|arg| arg.json()).collect::<Vec<_>>(),
            ["1e400", "\"room\"", "{\"a\":[1,2]}"]
        );
        assert_eq!(args.get(1).and_then(|arg| arg.as_plain_str()), Some("room"));
        assert_eq!(
            args.get(1)
                .and_then(|arg| arg.read::<String>().ok())
                .as_deref(),
            Some("room")
        );
        assert!(args.get(1).is_some_and(|arg| arg.read::<u32>().is_err()));
        assert!(args.get(3).is_none());
        let (first, others) = args.split_first().expect("there is one");
        assert_eq!(
            (first.json(), others.json()),
            ("1e400", "\"room\", {\"a\":[1,2]}")
        );
        assert!(Args::new("", &[]).split_first().is_none());
        assert!(Args::new("", &[]).is_empty());
    }

    #[test]
    fn binary_inside_of_an_argument_is_read_by_its_placeholder() {
        #[derive(Deserialize)]
        struct File {
            name: String,
            bytes: Placeholder,
        }
        let bytes = [Bytes::from_static(b"x")];
        let json = "{\"name\":\"a\",\"bytes\":{\"_placeholder\":true,\"num\":0}}";
        let args = Args::new(json, &bytes);
        let arg = args.get(0).expect("is there");
        let file: File = arg.read().expect("has this shape");
        assert_eq!(file.name, "a");
        assert_eq!(arg.attachment(file.bytes), Some(&bytes[0]));
        assert_eq!(arg.attachment(Placeholder { num: 1 }), None);
    }

    #[test]
    fn a_placeholder_in_a_packet_without_attachments_stays_an_object() {
        let args = Args::new("{\"_placeholder\":true,\"num\":0}", &[]);
        assert_eq!(args.get(0).and_then(|arg| arg.binary()), None);
        let owned = OwnedArgs::new(&[&args.get(0).expect("is there")]);
        let owned = owned.expect("can be written");
        assert_eq!(owned.as_args().json(), "{\"_placeholder\":true,\"num\":0}");
    }
}
