//! Arguments of events and answers: as they came in, and as the application gives them.
//!
//! What came in stays JSON text ([`Args`], [`Arg`]) and can be passed on as it is, or read
//! through serde. What goes out is anything that serde can write, [`Raw`] JSON text, an
//! [`Attachment`], or an [`Arg`] of somebody else's event, attachments included.

use super::attachments::placeholders;
use super::error::EmitError;
use super::json::{self, Elements};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::io;

/// The arguments of an event or an answer, borrowed while it is handled.
#[derive(Debug, Clone, Copy)]
pub struct Args<'a> {
    json: &'a str,
    attachments: &'a [Bytes],
}

impl<'a> Args<'a> {
    /// `json` is the inside of a valid JSON array.
    pub(crate) fn new(json: &'a str, attachments: &'a [Bytes]) -> Self {
        Self { json, attachments }
    }

    /// The arguments in order.
    pub fn iter(&self) -> impl Iterator<Item = Arg<'a>> + use<'a> {
        let attachments = self.attachments;
        let elements: Elements<'a> = json::elements(self.json);
        elements.map(move |json| Arg { json, attachments })
    }

    /// The argument at this place, counted from 0.
    pub fn get(&self, index: usize) -> Option<Arg<'a>> {
        self.iter().nth(index)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.json.is_empty()
    }
}

/// One argument.
#[derive(Debug, Clone, Copy)]
pub struct Arg<'a> {
    json: &'a str,
    attachments: &'a [Bytes],
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
        let inside = self.json.strip_prefix('"')?.strip_suffix('"')?;
        (!inside.contains('\\')).then_some(inside)
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

/// JSON text that is written as it is; the caller answers for its form.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a>(pub &'a str);

/// Bytes that travel as a binary attachment.
#[derive(Debug, Clone)]
pub struct Attachment(pub Bytes);

/// An array of arguments, for binary inside of it; without binary any `Serialize` does.
#[derive(Clone, Copy)]
pub struct List<'a>(pub &'a [&'a dyn Argument]);

/// An object of arguments by name, for binary inside of it.
#[derive(Clone, Copy)]
pub struct Object<'a>(pub &'a [(&'a str, &'a dyn Argument)]);

/// Something that can be an argument of an event or an answer.
pub trait Argument {
    /// Writes the argument as JSON, bytes as placeholders.
    ///
    /// # Errors
    /// [`EmitError::Json`] if it has no JSON form.
    fn write(&self, out: &mut ArgsWriter<'_>) -> Result<(), EmitError>;
}

impl<T: Serialize + ?Sized> Argument for T {
    fn write(&self, out: &mut ArgsWriter<'_>) -> Result<(), EmitError> {
        serde_json::to_writer(Utf8(out.json), self)?;
        Ok(())
    }
}

impl Argument for Raw<'_> {
    fn write(&self, out: &mut ArgsWriter<'_>) -> Result<(), EmitError> {
        out.json.push_str(self.0);
        Ok(())
    }
}

impl Argument for Attachment {
    fn write(&self, out: &mut ArgsWriter<'_>) -> Result<(), EmitError> {
        out.attach(&self.0);
        Ok(())
    }
}

impl Argument for List<'_> {
    fn write(&self, out: &mut ArgsWriter<'_>) -> Result<(), EmitError> {
        out.json.push('[');
        out.list(self.0)?;
        out.json.push(']');
        Ok(())
    }
}

impl Argument for Object<'_> {
    fn write(&self, out: &mut ArgsWriter<'_>) -> Result<(), EmitError> {
        out.json.push('{');
        for (i, (name, value)) in self.0.iter().enumerate() {
            if i > 0 {
                out.json.push(',');
            }
            name.write(out)?;
            out.json.push(':');
            value.write(out)?;
        }
        out.json.push('}');
        Ok(())
    }
}

impl Argument for Arg<'_> {
    fn write(&self, out: &mut ArgsWriter<'_>) -> Result<(), EmitError> {
        if self.attachments.is_empty() {
            out.json.push_str(self.json);
            return Ok(());
        }
        // Numbers of attachments are per packet: this packet may carry others before.
        let list = placeholders(self.json, self.attachments.len()).unwrap_or_default();
        let mut done = 0;
        for placeholder in list {
            out.json.push_str(
                self.json
                    .get(done..placeholder.at.start)
                    .unwrap_or_default(),
            );
            match self.attachments.get(placeholder.attachment) {
                Some(bytes) => out.attach_once(bytes),
                None => out.json.push_str("null"),
            }
            done = placeholder.at.end;
        }
        out.json.push_str(self.json.get(done..).unwrap_or_default());
        Ok(())
    }
}

/// Where arguments are written: JSON text, and attachments beside it.
#[derive(Debug)]
pub struct ArgsWriter<'a> {
    json: &'a mut String,
    attachments: &'a mut Vec<Bytes>,
    /// Attachments of earlier packets that stand in the same list.
    base: usize,
}

impl<'a> ArgsWriter<'a> {
    pub(super) fn new(json: &'a mut String, attachments: &'a mut Vec<Bytes>) -> Self {
        let base = attachments.len();
        Self {
            json,
            attachments,
            base,
        }
    }

    fn attach(&mut self, bytes: &Bytes) {
        let num = self.attachments.len() - self.base;
        self.place(num);
        self.attachments.push(bytes.clone());
    }

    /// Attaches what came in with an event; named several times there, it travels once here too.
    fn attach_once(&mut self, bytes: &Bytes) {
        let sent = self.attachments.get(self.base..).unwrap_or_default();
        let same = |other: &Bytes| other.as_ptr() == bytes.as_ptr() && other.len() == bytes.len();
        match sent.iter().position(same) {
            Some(num) => self.place(num),
            None => self.attach(bytes),
        }
    }

    fn place(&mut self, num: usize) {
        // Writing to a String cannot fail.
        let _ = write!(self.json, "{{\"_placeholder\":true,\"num\":{num}}}");
    }

    /// Writes `args` with a comma between two; returns how many attachments they brought.
    pub(super) fn list(&mut self, args: &[&dyn Argument]) -> Result<usize, EmitError> {
        for (i, arg) in args.iter().enumerate() {
            if i > 0 {
                self.json.push(',');
            }
            arg.write(self)?;
        }
        Ok(self.attachments.len() - self.base)
    }
}

/// serde_json writes whole characters at a time, so each piece is text by itself.
struct Utf8<'a>(&'a mut String);

impl io::Write for Utf8<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData)?;
        self.0.push_str(text);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(args: &[&dyn Argument]) -> (String, Vec<Bytes>) {
        let (mut json, mut attachments) = (String::new(), Vec::new());
        ArgsWriter::new(&mut json, &mut attachments)
            .list(args)
            .expect("can be written");
        (json, attachments)
    }

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
        assert!(Args::new("", &[]).is_empty());
    }

    #[test]
    fn values_raw_text_and_bytes_can_be_arguments() {
        let (json, attachments) = written(&[
            &"h\u{e9}\"",
            &1.5,
            &Option::<u8>::None,
            &Raw("1e400"),
            &Attachment(Bytes::from_static(b"x")),
            &vec![1, 2],
            &Attachment(Bytes::from_static(b"y")),
        ]);
        assert_eq!(
            json,
            "\"h\u{e9}\\\"\",1.5,null,1e400,{\"_placeholder\":true,\"num\":0},[1,2],{\"_placeholder\":true,\"num\":1}"
        );
        assert_eq!(attachments, ["x", "y"]);
    }

    #[test]
    fn binary_can_stand_inside_of_lists_and_objects() {
        let bytes = Attachment(Bytes::from_static(b"x"));
        let (json, attachments) = written(&[
            &bytes,
            &Object(&[("a\"", &List(&[&1, &bytes])), ("b", &List(&[]))]),
            &Object(&[]),
        ]);
        assert_eq!(
            json,
            "{\"_placeholder\":true,\"num\":0},\
             {\"a\\\"\":[1,{\"_placeholder\":true,\"num\":1}],\"b\":[]},{}"
        );
        assert_eq!(attachments, ["x", "x"]);
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
    fn an_argument_is_passed_on_with_its_attachments_and_their_new_numbers() {
        let bytes = [Bytes::from_static(b"a"), Bytes::from_static(b"b")];
        let args = Args::new(
            "{\"_placeholder\":true,\"num\":0},{\"x\":{\"_placeholder\":true,\"num\":1},\"y\":1}",
            &bytes,
        );
        assert_eq!(args.get(0).and_then(|arg| arg.binary()), Some(&bytes[0]));
        assert_eq!(args.get(1).and_then(|arg| arg.binary()), None);
        let second = args.get(1).expect("is there");
        let (json, attachments) = written(&[&second]);
        assert_eq!(json, "{\"x\":{\"_placeholder\":true,\"num\":0},\"y\":1}");
        assert_eq!(attachments, ["b"]);
    }

    #[test]
    fn an_attachment_that_is_named_several_times_travels_once() {
        let bytes = [Bytes::from_static(b"a")];
        let one = "{\"_placeholder\":true,\"num\":0}";
        let args = Args::new(
            "[{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":0}]",
            &bytes,
        );
        let arg = args.get(0).expect("is there");
        let (json, attachments) = written(&[&arg, &arg]);
        assert_eq!(json, format!("[{one},{one}],[{one},{one}]"));
        assert_eq!(attachments, ["a"]);
    }

    #[test]
    fn a_placeholder_in_a_packet_without_attachments_stays_an_object() {
        let args = Args::new("{\"_placeholder\":true,\"num\":0}", &[]);
        assert_eq!(args.get(0).and_then(|arg| arg.binary()), None);
        assert_eq!(
            written(&[&args.get(0).expect("is there")]).0,
            "{\"_placeholder\":true,\"num\":0}"
        );
    }
}
