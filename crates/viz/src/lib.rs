//! Pictures as SVG text, with no library: [curves](Chart) of losses, [grids of images](image_grid), and [tapes](tape_svg).
//!
//! What is drawn is plain SVG: any browser opens it.

#![forbid(unsafe_code)]

mod chart;
mod graph;
mod images;
mod svg;
mod tape;

pub use chart::{Chart, Scale};
pub use graph::{tape_dot, tape_mermaid};
pub use images::{Picture, image_grid};
pub use tape::tape_svg;
