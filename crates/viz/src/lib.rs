//! Pictures as SVG text, which every browser shows: [curves](Chart), [grids of images](image_grid) and [tapes](tape_svg). They
//! need no library.
//!
//! ```
//! use wengert_viz::Chart;
//!
//! let svg = Chart::new("loss").line("train", [1.0, 0.5, 0.3]).line("test", [1.1, 0.7, 0.6]).to_svg();
//! assert!(svg.starts_with("<svg") && svg.contains("train"));
//! // std::fs::write("loss.svg", svg)?;
//! ```
//!
//! | to draw | see |
//! |---|---|
//! | losses, epoch by epoch | [`Chart`] |
//! | images with captions, as misread digits | [`image_grid`], [`Picture`] |
//! | numbers of layers over time, as colours | [`heat_svg`] |
//! | texts and pictures in one file | [`Page`] |
//! | backpropagation, step by step, in a browser | [`Inspect::explore`], or [`explore()`] for the text |
//! | backpropagation, step by step, in a terminal | [`Inspect::debugger`] |
//! | a tape | [`tape_svg`]; as Mermaid or DOT text, [`tape_mermaid`], [`tape_dot`] |

#![forbid(unsafe_code)]

mod chart;
mod debugger;
mod explorer;
mod graph;
mod heat;
mod images;
mod inspect;
mod page;
mod svg;
mod sweep;
mod tape;

pub use chart::{Chart, Scale};
pub use debugger::Debugger;
pub use explorer::{explore, explore_to};
pub use graph::{tape_dot, tape_mermaid};
pub use heat::{HeatRow, heat_svg};
pub use images::{Picture, image_grid};
pub use inspect::Inspect;
pub use page::Page;
pub use tape::tape_svg;
