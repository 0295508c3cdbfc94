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
//! | numbers by name | [`bars_svg`] |
//! | a table of numbers, as an attention | [`matrix_svg`] |
//! | numbers of layers over time, as colours | [`heat_svg`] |
//! | several of these below each other; to a file | [`stacked`]; [`save`] |
//! | texts and pictures in one file | [`Page`] |
//! | backpropagation, step by step, in a browser | [`explore`], [`explore_to`] |
//! | a tape | [`tape_svg`]; as Mermaid or DOT text, [`tape_mermaid`], [`tape_dot`] |

#![forbid(unsafe_code)]

mod bars;
mod chart;
mod explorer;
mod graph;
mod heat;
mod images;
mod matrix;
mod page;
mod save;
mod stack;
mod svg;
mod tape;

pub use bars::bars_svg;
pub use chart::{Chart, Scale};
pub use explorer::{explore, explore_to};
pub use graph::{tape_dot, tape_mermaid};
pub use heat::{HeatRow, heat_svg};
pub use images::{Picture, image_grid};
pub use matrix::matrix_svg;
pub use page::Page;
pub use save::save;
pub use stack::stacked;
pub use tape::tape_svg;
