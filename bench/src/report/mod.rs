//! What becomes of the results: a table for the terminal and for a file, and a drawing.

mod markdown;
mod svg;
mod table;

pub(crate) use markdown::document;
pub(crate) use svg::drawing;
pub(crate) use table::{Table, number};
