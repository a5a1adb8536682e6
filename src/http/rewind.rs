//! A connection as hyper reads and writes it: some bytes may come once more before those of the
//! socket, and it is known what hyper still has to do.
//!
//! It stands between hyper and the socket, for [`connection`](super::connection): hyper's state can
//! be let go of between two requests if what it has read too early is kept, and if it owes nothing
//! ([`Owed`]). That nothing lies in its buffer for writing is seen from outside, because hyper
//! flushes whenever that buffer has become empty, and only then.
//!
//! A client may end its half of the connection right behind a POST, and is answered all the same.
//! Who reads nothing of an answer is not waited for: a write of which nothing is taken in time fails.

use crate::transport::Stream;
use crate::transport::polling::Unsent;
use std::future::{Future, poll_fn};
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Bytes that are read at most before hyper is there to read the rest; the head of a browser's
/// request is shorter.
const AHEAD: usize = 2048;

/// What hyper still has to do for a connection, as bits; who has the connection and what hyper was
/// given of it share this.
#[derive(Default)]
pub(super) struct Owed {
    bits: AtomicU8,
    /// What the answers in hyper's buffer, and in that of TLS, take of the shared budget.
    unsent: Mutex<Vec<Unsent>>,
}

impl Owed {
    /// The body of the request is not read to its end.
    const BODY: u8 = 1;
    /// The answer is not in hyper's buffer.
    const ANSWER: u8 = 2;
    /// There may be bytes in that buffer.
    const UNSENT: u8 = 4;
    /// The request that is not answered has a body.
    const POSTED: u8 = 8;

    /// hyper has just been given the connection: there is a request to be read and to be answered.
    pub(super) fn everything(&self) {
        self.bits
            .store(Self::BODY | Self::ANSWER, Ordering::Relaxed);
    }

    /// The head of a request has been read.
    pub(super) fn begin(&self, bodiless: bool) {
        self.add(Self::BODY | Self::ANSWER);
        if bodiless {
            self.read();
        } else {
            self.add(Self::POSTED);
        }
    }

    /// The request has been read.
    pub(super) fn read(&self) {
        self.remove(Self::BODY);
    }

    /// hyper has the whole answer, and has yet to send it.
    pub(super) fn answered(&self, unsent: Option<Unsent>) {
        self.unsent().extend(unsent);
        self.add(Self::UNSENT);
        self.remove(Self::ANSWER | Self::POSTED);
    }

    /// Waits until hyper has no bytes that the system has not taken; for a request that it has.
    pub(super) async fn until_sent(&self) {
        poll_fn(|_| match self.has(Self::UNSENT) {
            true => Poll::Pending,
            false => Poll::Ready(()),
        })
        .await;
    }

    fn has(&self, bit: u8) -> bool {
        self.bits.load(Ordering::Relaxed) & bit != 0
    }

    /// Whether the last request is answered, and nothing has been asked since.
    pub(super) fn is_nothing(&self) -> bool {
        self.bits.load(Ordering::Relaxed) == 0
    }

    /// The system has taken everything that was in hyper's buffer.
    fn sent(&self) {
        self.remove(Self::UNSENT);
        *self.unsent() = Vec::new();
    }

    fn unsent(&self) -> MutexGuard<'_, Vec<Unsent>> {
        self.unsent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, bits: u8) {
        self.bits.fetch_or(bits, Ordering::Relaxed);
    }

    fn remove(&self, bits: u8) {
        self.bits.fetch_and(!bits, Ordering::Relaxed);
    }
}

/// A stream and what is read before it.
pub(super) struct Rewind {
    stream: Stream,
    /// Comes before what the stream brings.
    ahead: Vec<u8>,
    owed: Arc<Owed>,
    /// Whether the end of the stream was seen and kept back.
    ended: bool,
    /// Until when something of what is being written must have been taken; nearly always all of it
    /// is at once.
    unread: Option<Pin<Box<Sleep>>>,
    patience: Duration,
}

impl Rewind {
    /// `patience` is the time in which the other side must take something of what is written.
    pub(super) fn new(stream: Stream, patience: Duration) -> Self {
        Self {
            stream,
            ahead: Vec::new(),
            owed: Arc::default(),
            ended: false,
            unread: None,
            patience,
        }
    }

    /// What hyper has to do for this connection.
    pub(super) fn owed(&self) -> Arc<Owed> {
        Arc::clone(&self.owed)
    }

    /// The stream, and what has to be read before it.
    pub(super) fn into_parts(self) -> (Stream, Vec<u8>) {
        (self.stream, self.ahead)
    }

    /// Has these bytes read before all others.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        self.ahead.splice(..0, bytes.iter().copied());
    }

    /// Gives up a write that has waited for too long.
    fn watch<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.unread = None;
            return written;
        }
        let patience = self.patience;
        let unread = self
            .unread
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(unread.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Waits for something to read, which is kept; false at the end.
    pub(super) fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if self.ahead.is_empty() {
            let mut bytes = [MaybeUninit::uninit(); AHEAD];
            let mut read = ReadBuf::uninit(&mut bytes);
            // An error is an end as well.
            let _ = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read));
            self.ahead.extend_from_slice(read.filled());
        }
        Poll::Ready(!self.ahead.is_empty())
    }

    /// Is ready when the other side has gone. Should it send something instead, nothing more is
    /// read, so its end is not noticed: clients wait for an answer before they use a connection
    /// again.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match ready!(self.poll_ahead(cx)) {
            true => Poll::Pending,
            false => Poll::Ready(()),
        }
    }
}

impl AsyncRead for Rewind {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            let before = buf.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
            // hyper looks for the end as soon as it has read a body, and would drop it with its
            // request: so it is given one more turn, in which the body is taken and answered.
            let ends = buf.filled().len() == before && self.owed.has(Owed::POSTED);
            if ends && !std::mem::replace(&mut self.ended, true) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            return Poll::Ready(Ok(()));
        }
        let ahead = self.ahead.len().min(buf.remaining());
        let rest = self.ahead.split_off(ahead);
        buf.put_slice(&self.ahead);
        self.ahead = rest;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Rewind {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.owed.add(Owed::UNSENT);
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.owed.add(Owed::UNSENT);
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.watch(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        ready!(self.watch(flushed, cx))?;
        if self.owed.has(Owed::UNSENT) {
            self.owed.sent();
            if self.owed.has(Owed::ANSWER) {
                // A request may wait for that, which hyper asks before it flushes.
                cx.waker().wake_by_ref();
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use tokio::net::{TcpListener, TcpStream};

    #[test]
    fn an_answer_of_which_nothing_is_read_in_time_is_given_up() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().expect("a runtime");
        let written: io::Result<()> = runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let _reads_nothing = TcpStream::connect(listener.local_addr()?).await?;
            let stream = listener.accept().await?.0;
            let mut io = Rewind::new(stream.into(), Duration::from_millis(20));
            loop {
                poll_fn(|cx| Pin::new(&mut io).poll_write(cx, &[0; 65_536])).await?;
            }
        });
        let error = written.expect_err("never ends otherwise");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
