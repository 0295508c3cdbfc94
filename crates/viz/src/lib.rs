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
//! | a function of the plane: a decision boundary, a slice of a loss, the paths of optimisers | [`Field`], [`Surface`] |
//! | how often a number occurs | [`Histogram`] |
//! | a matrix of numbers: confusions, attention | [`Matrix`] |
//! | whether probabilities are frequencies | [`calibration`] |
//! | the images that were read wrongly | [`mistakes`](fn@mistakes) |
//! | images with captions | [`image_grid`], [`Picture`] |
//! | numbers by name | [`bars_svg`] |
//! | numbers of layers over time, as colours | [`heat_svg`] |
//! | several of these below each other; to a file | [`stacked`]; [`save`] |
//! | texts and pictures in one file | [`Page`] |
//! | backpropagation, step by step, in a browser | [`Inspect::explore`], or [`explore()`] for the text |
//! | backpropagation, step by step, in a terminal | [`Inspect::debugger`] |
//! | any of these in a notebook | [`Notebook`] |
//! | a tape | [`tape_svg`]; as Mermaid or DOT text, [`tape_mermaid`], [`tape_dot`] |

#![forbid(unsafe_code)]

mod bars;
mod calibration;
mod chart;
mod debugger;
mod explorer;
mod field;
mod graph;
mod heat;
mod histogram;
mod images;
mod inspect;
mod matrix;
mod mistakes;
mod notebook;
mod page;
mod save;
mod stack;
mod surface;
mod svg;
mod sweep;
mod tape;

pub use bars::bars_svg;
pub use calibration::calibration;
pub use chart::{Chart, Scale};
pub use debugger::Debugger;
pub use explorer::{explore, explore_to};
pub use field::Field;
pub use graph::{tape_dot, tape_mermaid};
pub use heat::{HeatRow, heat_svg};
pub use histogram::Histogram;
pub use images::{Picture, image_grid};
pub use inspect::Inspect;
pub use matrix::Matrix;
pub use mistakes::mistakes;
pub use notebook::{Notebook, notebook_text};
pub use page::Page;
pub use save::save;
pub use stack::stacked;
pub use surface::Surface;
pub use tape::tape_svg;
