//! Synthetic data: seeded, each with its formula. The random numbers are the same on every machine, and so is the data, but
//! for the last bit of a double's sine.
//!
//! Noise is drawn from the normal distribution with mean 0 and the deviation that is given. Classes take turns, so that
//! the samples are not sorted by class and the classes' sizes differ by one at most.
//!
//! An option that means nothing, such as noise of a negative deviation, and samples that memory cannot hold are an error, or, of a
//! function without `Result`, a panic that names the option and the line.

mod classes;
mod images;
mod regression;
mod series;
mod signals;
mod spoil;
mod tastes;
mod words;

pub use classes::{blobs, circles, imbalanced, moons, spirals, xor};
pub use images::{lesions, one_box, shapes};
pub use regression::{friedman1, linear, sine};
pub use series::{momentum, random_walk, seasons, windows};
pub use signals::{Tones, clean_tones, machine, tones};
pub use spoil::{flipped, with_outliers};
pub use tastes::tastes;
pub use words::{NUMBER_WORDS, number_in_words, reviews, spelled_numbers};

use wengert_tensor::error::room_or_refuse;
use wengert_tensor::{Element, Tensor};

use crate::Error;

/// The end of a function whose samples no memory holds, at the line that asked for them.
#[track_caller]
fn fits(op: &'static str, shape: &[usize]) {
    // The numbers, once more as a tensor, and a label.
    if let Err(error) = room_or_refuse::<[f64; 3]>(op, shape) {
        panic!("{error}");
    }
}

/// The rule that a deviation of noise breaks, if it does: NaN would be in every sample, and nobody would see it.
fn no_deviation(name: &str, x: f64) -> Option<String> {
    (!(x >= 0.0 && x.is_finite())).then(|| {
        format!("`{name}` is {x}; a deviation must be finite, and not below 0: 0 for none")
    })
}

/// The rule that a fraction breaks, if it does.
fn no_share(share: f64) -> Option<String> {
    (!(0.0..=1.0).contains(&share)).then(|| {
        format!("`share` is {share}; a fraction must lie between 0 and 1: 0.1 for a tenth")
    })
}

/// The rule that a number breaks, if it does.
fn not_finite(name: &str, x: f64) -> Option<String> {
    (!x.is_finite()).then(|| format!("`{name}` is {x}, and must be finite"))
}

/// The end of a function without `Result`, one of whose options breaks a rule, at the line that called it.
#[track_caller]
fn refuse(op: &'static str, broken: Option<String>) {
    if let Some(rule) = broken {
        panic!("{}", Error::value(op, rule));
    }
}

/// The tensor of `shape` that is filled from a generator which gives just enough.
fn filled<T: Element>(shape: &[usize], values: impl IntoIterator<Item = f64>) -> Tensor<T> {
    let mut out = Tensor::full(shape, T::default());
    for (out, x) in out.as_mut_slice().iter_mut().zip(values) {
        *out = T::from_f64(x);
    }
    out
}
