//! The body of every answer: bytes that are there, nothing, or a file read in chunks.
//!
//! It stands last before the connection, which pulls frames from it when it has room to write.
//! Implements `http_body::Body` (as `hyper::body::Body`) with an exact size, so every answer has a
//! `Content-Length` (RFC 9110 section 8.6) and none is chunked.
//!
//! Invariants: a file gives exactly the length that was announced; if it became shorter in the
//! meantime the body fails, and the connection closes rather than lie. At most one chunk of 32 KiB
//! is held here per answer. Reading runs on the blocking pool, because a disk or a memory card may
//! take its time. Left out: trailers.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};

/// Bytes read from a file at a time.
const CHUNK_BYTES: u64 = 32 * 1024;

/// An answer's body.
#[derive(Debug)]
pub enum Body {
    /// No bytes.
    Empty,
    /// Bytes in memory; static ones cost nothing.
    Full(Bytes),
    /// A file, or a part of it.
    File(Box<FileBody>),
}

/// A file on its way out, made by [`Body::file`].
#[derive(Debug)]
pub struct FileBody {
    state: FileState,
    remaining: u64,
}

/// Where the file handle is: at rest here, with a reading thread, or closed.
#[derive(Debug)]
enum FileState {
    Idle(File),
    Reading(JoinHandle<io::Result<(File, Bytes)>>),
    Done,
}

// Bytes are four words; the body must not cost an answer more than a fifth.
const _: () = assert!(size_of::<Body>() <= 5 * size_of::<usize>());

impl Body {
    /// A body without bytes.
    pub fn empty() -> Self {
        Self::Empty
    }

    /// A body of these bytes.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        if bytes.is_empty() {
            Self::Empty
        } else {
            Self::Full(bytes)
        }
    }

    /// `length` bytes of a regular file from `start`; reading starts when the first is wanted.
    ///
    /// # Errors
    /// If the file cannot be positioned, which a regular file always can.
    pub fn file(mut file: File, start: u64, length: u64) -> io::Result<Self> {
        if length == 0 {
            return Ok(Self::Empty);
        }
        file.seek(SeekFrom::Start(start))?;
        Ok(Self::File(Box::new(FileBody {
            state: FileState::Idle(file),
            remaining: length,
        })))
    }

    fn remaining(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Full(bytes) => bytes.len() as u64,
            Self::File(file) => file.remaining,
        }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Self::File(file) => file
                .poll_chunk(context)
                .map(|chunk| chunk.map(|chunk| chunk.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.remaining() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining())
    }
}

impl FileBody {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            match std::mem::replace(&mut self.state, FileState::Done) {
                FileState::Done => return Poll::Ready(None),
                FileState::Idle(_) if self.remaining == 0 => return Poll::Ready(None),
                FileState::Idle(file) => {
                    let wanted = self.remaining.min(CHUNK_BYTES);
                    self.state = FileState::Reading(spawn_blocking(move || read(file, wanted)));
                }
                FileState::Reading(mut task) => {
                    let Poll::Ready(read) = Pin::new(&mut task).poll(context) else {
                        self.state = FileState::Reading(task);
                        return Poll::Pending;
                    };
                    let (file, chunk) = match read.map_err(io::Error::other).and_then(|read| read) {
                        Ok(read) => read,
                        Err(error) => return Poll::Ready(Some(Err(error))),
                    };
                    self.remaining = self.remaining.saturating_sub(chunk.len() as u64);
                    self.state = FileState::Idle(file);
                    return Poll::Ready(Some(Ok(chunk)));
                }
            }
        }
    }
}

/// Reads exactly `wanted` bytes, at most a chunk.
fn read(mut file: File, wanted: u64) -> io::Result<(File, Bytes)> {
    let mut chunk = Vec::with_capacity(wanted as usize);
    (&mut file).take(wanted).read_to_end(&mut chunk)?;
    if chunk.len() as u64 != wanted {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the file became shorter",
        ));
    }
    Ok((file, Bytes::from(chunk)))
}
