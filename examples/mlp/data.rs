//! The sources of samples: what is built in, made up, or read from files.

use std::fmt;
use std::path::Path;

use wengert::data::{Column, Csv, Standardizer, TensorDataset, digits, idx, iris, synth, wine};
use wengert::tensor::Tensor;

use super::Outcome;
use super::options::{Options, nearest};

pub(crate) type Set = TensorDataset<f32>;

/// Samples to learn from and samples held back.
pub(crate) struct Samples {
    pub(crate) name: String,
    pub(crate) train: Set,
    pub(crate) test: Set,
    /// Rows and columns, if a sample is a picture.
    pub(crate) picture: Option<[usize; 2]>,
}

const BUILT_IN: &[&str] =
    &["digits", "iris", "wine", "moons", "circles", "blobs", "spirals", "xor"];
/// More classes than this are taken for a column that holds none.
const MOST_CLASSES: usize = 10_000;

impl Samples {
    pub(crate) fn features(&self) -> usize {
        self.train.features().shape()[1]
    }

    pub(crate) fn classes(&self) -> usize {
        self.train.classes().max(self.test.classes())
    }

    /// The name of a class.
    pub(crate) fn class(&self, label: usize) -> String {
        self.train.class_names().get(label).cloned().unwrap_or_else(|| label.to_string())
    }
}

impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (train, test) = (self.train.len(), self.test.len());
        write!(f, "{}: {train} samples to learn from, {test} held back; ", self.name)?;
        write!(f, "{} features, {} classes", self.features(), self.classes())
    }
}

/// The samples that the options ask for.
pub(crate) fn load(options: &Options) -> Outcome<Samples> {
    let seed = options.seed;
    let whole = match options.data.as_str() {
        "digits" => return split(options, digits(), Some([8, 8])),
        "iris" => return standardized(options, iris()),
        "wine" => return standardized(options, wine()),
        "moons" => synth::moons(1000, 0.15, seed),
        "circles" => synth::circles(1000, 0.5, 0.08, seed),
        "blobs" => return standardized(options, synth::blobs(1000, 4, 2, 1.0, seed)?),
        "spirals" => synth::spirals(1500, 3, 0.02, seed)?,
        "xor" => synth::xor(1000, 0.05, seed),
        path => return from_file(options, Path::new(path)),
    };
    split(options, whole, None)
}

fn from_file(options: &Options, path: &Path) -> Outcome<Samples> {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    if !path.exists() {
        let near = nearest(&options.data, BUILT_IN);
        let near = near.map_or(String::new(), |n| format!("; did you mean {n}?"));
        let known = BUILT_IN.join(", ");
        let what = &options.data;
        return Err(
            format!("--data is `{what}`, which is no file, and none of {known}{near}").into()
        );
    }
    if path.is_dir() {
        let (train, test) = idx::mnist(path)?;
        let picture = square(train.features().shape()[1]);
        return checked(Samples { name: options.data.clone(), train, test, picture });
    }
    if name.contains("idx") {
        return images(options, path, &name);
    }
    let table = Csv::new().read(path)?;
    let columns = table.names().len();
    if columns < 2 {
        return Err(format!(
            "{}: one column alone holds no class beside the features",
            path.display()
        )
        .into());
    }
    let label = match &options.label {
        Some(label) => Column::from(label.as_str()),
        None => Column::from(columns - 1),
    };
    standardized(options, table.classification(label)?)
}

/// An IDX file of images, with the labels beside it under the name that MNIST gives them.
fn images(options: &Options, path: &Path, name: &str) -> Outcome<Samples> {
    let labels = path.with_file_name(name.replace("images", "labels").replace("idx3", "idx1"));
    if !name.contains("images") || !labels.exists() {
        let labels = labels.display();
        return Err(format!(
            "{}: an IDX file of images needs its labels beside it, as {labels}",
            path.display()
        )
        .into());
    }
    let (pixels, labels): (Tensor<u8>, Tensor<usize>) = (idx::read(path)?, idx::read(&labels)?);
    let &[n, rows, columns] = pixels.shape() else {
        return Err(format!(
            "{}: images must be [N, rows, columns], and these are {:?}",
            path.display(),
            pixels.shape()
        )
        .into());
    };
    let pixels = pixels.reshape([n, rows * columns])?.map(|p| f32::from(p) / 255.0);
    split(options, TensorDataset::new(pixels, labels)?, Some([rows, columns]))
}

/// Some held back, each class in its share.
fn split(options: &Options, whole: Set, picture: Option<[usize; 2]>) -> Outcome<Samples> {
    let (train, test) = whole.stratified_split(options.test_share, options.seed)?;
    checked(Samples { name: options.data.clone(), train, test, picture })
}

/// The same with every column brought to one scale, which is learnt from the training part alone.
fn standardized(options: &Options, whole: Set) -> Outcome<Samples> {
    let samples = split(options, whole, None)?;
    let scale = Standardizer::fit(samples.train.features())?;
    let train = samples.train.with_features(scale.apply(samples.train.features())?)?;
    let test = samples.test.with_features(scale.apply(samples.test.features())?)?;
    Ok(Samples { train, test, ..samples })
}

fn checked(samples: Samples) -> Outcome<Samples> {
    match samples.classes() {
        0 | 1 => Err(format!(
            "{}: all samples are of one class, so there is nothing to tell apart",
            samples.name
        )
        .into()),
        n if n > MOST_CLASSES => Err(format!(
            "{}: {n} classes are too many; does --label name the column of classes?",
            samples.name
        )
        .into()),
        _ => Ok(samples),
    }
}

fn square(n: usize) -> Option<[usize; 2]> {
    let side = n.isqrt();
    (side * side == n && side > 1).then_some([side, side])
}
