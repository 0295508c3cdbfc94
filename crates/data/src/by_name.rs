//! `by_name`: classified samples of this crate, made up, or in a file, in two parts.

use std::path::Path;

use wengert_tensor::{Float, compiled};

use crate::{Column, Csv, Error, Result, TensorDataset, digits, idx, iris, synth, wine};

const NAMES: [&str; 8] = ["digits", "iris", "wine", "moons", "circles", "blobs", "spirals", "xor"];

/// A column with more classes than this is taken for one of numbers.
const MOST_CLASSES: usize = 10_000;

/// Classified samples, in a part to learn from and a part to hold back, which gets `test_share` of each class. The name is
/// - `digits`, `iris` or `wine`: data that come with this crate;
/// - `moons`, `circles`, `blobs`, `spirals` or `xor`: points in the plane, made up from the seed;
/// - the path of a `.csv` file, whose last column is the class;
/// - the path of an IDX file of images, with its labels beside it under the name that MNIST gives them;
/// - a directory as MNIST's, which has both parts.
///
/// Images are `[N, rows, columns]`, other features `[N, columns]`.
///
/// ```
/// let (train, test) = wengert_data::by_name::<f32>("digits", 0.2, 0)?;
/// assert_eq!((train.features().shape(), test.len()), (&[1438, 8, 8][..], 359));
///
/// let error = wengert_data::by_name::<f32>("moon", 0.2, 0).unwrap_err().to_string();
/// assert!(error.contains("`moon` is no file, and no set of this crate; these are digits, iris, wine"), "{error}");
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// # Errors
/// If there is no such file or set, the file cannot be read, or its samples are not of two classes or more.
#[track_caller]
#[inline(never)]
pub fn by_name<T: Float>(
    name: &str,
    test_share: f64,
    seed: u64,
) -> Result<(TensorDataset<T>, TensorDataset<T>)> {
    let path = Path::new(name);
    let whole = match name {
        "digits" => {
            let digits = digits();
            let images = digits.features().reshape([digits.len(), 8, 8])?;
            digits.with_features(images)?
        }
        "iris" => iris(),
        "wine" => wine(),
        "moons" => synth::moons(1000, 0.15, seed),
        "circles" => synth::circles(1000, 0.5, 0.08, seed),
        "blobs" => synth::blobs(1000, 4, 2, 1.0, seed)?,
        "spirals" => synth::spirals(1500, 3, 0.02, seed)?,
        "xor" => synth::xor(1000, 0.05, seed),
        _ if path.is_dir() => {
            let (train, test) = idx::mnist_images(path)?;
            return Ok((classified(name, train)?, test));
        }
        _ if !path.exists() => {
            let known = NAMES.join(", ");
            let rule = format!("`{name}` is no file, and no set of this crate; these are {known}");
            return Err(Error::value("by_name", rule));
        }
        _ if path.file_name().is_some_and(|file| file.to_string_lossy().contains("idx")) => {
            idx::labelled(path)?
        }
        _ => of_table(name)?,
    };
    classified(name, whole)?.stratified_split(test_share, seed)
}

#[track_caller]
fn of_table<T: Float>(name: &str) -> Result<TensorDataset<T>> {
    let table = Csv::new().read(name)?;
    match table.names().len() {
        0 | 1 => {
            let rule = format!("{name}: one column alone holds no class next to the features");
            Err(Error::value("by_name", rule))
        }
        columns => table.classification(Column::from(columns - 1)),
    }
}

#[track_caller]
fn classified<T: Float>(name: &str, samples: TensorDataset<T>) -> Result<TensorDataset<T>> {
    match samples.classes() {
        0 | 1 => {
            let rule =
                format!("{name}: all samples are of one class, so there is nothing to learn");
            Err(Error::value("by_name", rule))
        }
        n if n > MOST_CLASSES => {
            let rule = format!("{name}: {n} classes are too many; is the last column the class?");
            Err(Error::value("by_name", rule))
        }
        _ => Ok(samples),
    }
}

compiled!(f32: { by_name::<T> });
