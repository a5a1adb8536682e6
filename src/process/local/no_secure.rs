//! Stands in for `secure` in a build without the feature `tls`: no handshake can be made, so a server
//! that speaks HTTPS only is not heard.

use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::marker::PhantomData;

/// A stream that is never made.
pub(super) struct Secure<S>(Infallible, PhantomData<S>);

impl<S> Secure<S> {
    /// Says that it cannot.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`].
    pub(super) fn connect(_: S) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn certificate(&self) -> &[u8] {
        match self.0 {}
    }
}

impl<S> Read for Secure<S> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

impl<S> Write for Secure<S> {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        match self.0 {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0 {}
    }
}
