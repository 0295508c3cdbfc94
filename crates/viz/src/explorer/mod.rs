//! The explorer: a page that replays a recorded pass, forward and back.

use std::path::Path;

use wengert_autograd::{Error, Result, Tape};
use wengert_tensor::{Float, compiled};

mod numbers;
mod pass;
mod table;
mod text;

/// The page: `{…}` is replaced.
const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
/// The parts of the program, each of which uses those before it.
const PROGRAM: [&str; 6] = [
    include_str!("numbers.js"),
    include_str!("moment.js"),
    include_str!("layout.js"),
    include_str!("detail.js"),
    include_str!("playground.js"),
    include_str!("page.js"),
];

/// A tape as a page that replays it: one HTML text, which needs no network and no other file.
///
/// The page shows the lines of the tape and the graph of its layers. It steps through the forward pass and the reverse sweep, and
/// shows of each line the op, its rule, value and adjoint, and the contributions that add up to the adjoint, as far as they are
/// known at that moment. A second tab takes an expression, such as `(a*b + b**3).tanh()`, and shows its pass in the same way.
///
/// The adjoints are those of a `backward` on a tape that is [keeping adjoints](Tape::keeping_adjoints). Without these, they are
/// those of the last single number on the tape that wants a gradient, found by a sweep now. If there is none either, or a
/// parameter was changed since, the page shows the forward pass alone.
///
/// ```
/// use wengert_autograd::Tape;
///
/// let tape = Tape::new();
/// let x = tape.scalar(0.5_f64);
/// let loss = (x * x).tanh();
/// let page = wengert_viz::explore(&tape);
/// assert!(page.starts_with("<!doctype html>") && page.contains("g·(1 - y·y)"));
/// # let _ = loss;
/// ```
#[inline(never)]
pub fn explore<T: Float>(tape: &Tape<T>) -> String {
    let data = pass::json(tape);
    let page = PAGE.replace("{style}", STYLE).replace("{program}", &PROGRAM.concat());
    page.replace("{table}", &table::json()).replace("{data}", &data)
}

/// Writes the page of [`explore`] to a file, as [`save`](crate::save) does.
///
/// ```
/// use wengert_autograd::Tape;
///
/// let path = std::env::temp_dir().join(format!("wengert-explorer-{}.html", std::process::id()));
/// let tape = Tape::new();
/// let _ = tape.scalar(0.5_f32).tanh();
/// wengert_viz::explore_to(&tape, &path)?;
/// assert_eq!(std::fs::read_to_string(&path).unwrap(), wengert_viz::explore(&tape));
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// If the file cannot be written.
#[track_caller]
pub fn explore_to<T: Float>(tape: &Tape<T>, path: impl AsRef<Path>) -> Result<()> {
    let at = std::panic::Location::caller();
    crate::save(path, &explore(tape))
        .map_err(|error| Error::Use(format!("explore_to: {error}"), at))
}

compiled!(f32: { explore::<T> });
