//! Arguments on their way out: anything that serde can write, [`Raw`] JSON text, an
//! [`Attachment`], and what came in with somebody else's event, attachments included.
//!
//! They are written once, as JSON text with placeholders, the attachments beside it
//! (Socket.IO v5, "Packet encoding").

use super::args::{Arg, Args, OwnedArgs};
use super::attachments::placeholders;
use super::error::EmitError;
use bytes::Bytes;
use serde::Serialize;
use std::fmt::Write as _;
use std::io;

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
        out.pass_on(self.json, self.attachments);
        Ok(())
    }
}

/// All of them, in the place of one; none at all leave no trace. As a member of an [`Object`]
/// they need a [`List`] around them.
impl Argument for Args<'_> {
    fn write(&self, out: &mut ArgsWriter<'_>) -> Result<(), EmitError> {
        out.pass_on(self.json, self.attachments);
        Ok(())
    }
}

/// As [`Args`].
impl Argument for OwnedArgs {
    fn write(&self, out: &mut ArgsWriter<'_>) -> Result<(), EmitError> {
        self.as_args().write(out)
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

    /// Writes JSON that came in with these attachments.
    fn pass_on(&mut self, json: &str, attachments: &[Bytes]) {
        if attachments.is_empty() {
            self.json.push_str(json);
            return;
        }
        // Numbers of attachments are per packet: this packet may carry others before.
        let list = placeholders(json, attachments.len()).unwrap_or_default();
        let mut done = 0;
        for placeholder in list {
            let between = json.get(done..placeholder.at.start);
            self.json.push_str(between.unwrap_or_default());
            match attachments.get(placeholder.attachment) {
                Some(bytes) => self.attach_once(bytes),
                None => self.json.push_str("null"),
            }
            done = placeholder.at.end;
        }
        self.json.push_str(json.get(done..).unwrap_or_default());
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

    /// Writes `args` behind what stands in the list already, with a comma between two; returns
    /// how many attachments there are now.
    pub(super) fn list(&mut self, args: &[&dyn Argument]) -> Result<usize, EmitError> {
        for arg in args {
            let before = self.json.len();
            if before > 0 && !self.json.ends_with('[') {
                self.json.push(',');
            }
            let written = self.json.len();
            arg.write(self)?;
            if self.json.len() == written {
                self.json.truncate(before);
            }
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
    fn all_arguments_are_passed_on_in_the_place_of_one_and_none_leave_no_trace() {
        let none = Args::new("", &[]);
        let some = OwnedArgs::new(&[&1, &"two"]).expect("can be written");
        assert_eq!(written(&[&none, &0, &some, &none, &3]).0, "0,1,\"two\",3");
        assert_eq!(written(&[&List(&[&some, &none])]).0, "[1,\"two\"]");
        assert_eq!(
            some.as_args().read::<(u8, String)>().ok(),
            Some((1, "two".to_owned()))
        );
        assert!(some.as_args().read::<(u8,)>().is_err());
        assert_eq!(none.read::<[u8; 0]>().ok(), Some([]));
    }
}
