//! IDX, the format of MNIST: a magic number, sizes, elements, all with the most significant byte first; gzipped or not.
#![deny(clippy::indexing_slicing)]

use std::io::{Read, Write};
use std::panic::Location;
use std::path::Path;

use wengert_tensor::{Element, Float, Tensor, compiled};

use crate::array::{Array, Kind, decode};
use crate::bytes::{Input, bytes_of, open};
use crate::error::Flaw;
use crate::{Error, Result, TensorDataset};

/// The array in the file at `path`, as a tensor of `T`.
///
/// # Errors
/// [`Error::Io`] if it cannot be read, [`Error::Format`] if it is no IDX file or [cannot become](Array::tensor) a tensor of
/// `T` without loss.
#[track_caller]
pub fn read<T: Element>(path: impl AsRef<Path>) -> Result<Tensor<T>> {
    let (path, at) = (path.as_ref(), Location::caller());
    let tensor = read_file(path).and_then(|array| array.lossless());
    tensor.map_err(|flaw| flaw.error("idx", Some(path), at))
}

/// The array that `reader` holds, whatever its element type.
///
/// ```
/// let file = [0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1];
/// let labels = wengert_data::idx::read_from(&file[..])?;
/// assert_eq!(labels.tensor::<usize>()?.to_vec(), [7, 2, 1]);
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// # Errors
/// As [`read`], but for the type.
#[track_caller]
pub fn read_from(reader: impl Read) -> Result<Array> {
    let at = Location::caller();
    parse(&mut Input::new(reader)).map_err(|flaw| flaw.error("idx", None, at))
}

/// Writes bytes, such as images or labels, in this format.
///
/// # Errors
/// [`Error::Io`] if it cannot be written, [`Error::Format`] if it has more axes than 255 or one longer than 2³² − 1.
#[track_caller]
pub fn write_to(mut writer: impl Write, x: &Tensor<u8>) -> Result<()> {
    let at = Location::caller();
    let mut write = || -> Result<(), Flaw> {
        let rank = u8::try_from(x.rank()).map_err(|_| Flaw::new("has more than 255 axes"))?;
        let mut out = vec![0, 0, 8, rank];
        for &size in x.shape() {
            let size = u32::try_from(size).map_err(|_| Flaw::new("has an axis too long"))?;
            out.extend_from_slice(&size.to_be_bytes());
        }
        out.extend_from_slice(x.contiguous().as_slice().unwrap_or(&[]));
        Ok(writer.write_all(&out)?)
    };
    let written = write();
    written.map_err(|flaw| flaw.error("idx", None, at))
}

fn read_file(path: &Path) -> Result<Array, Flaw> {
    parse(&mut Input::new(open(path)?))
}

fn parse(input: &mut Input<impl Read>) -> Result<Array, Flaw> {
    let [zero, zero_too, code, rank] = input.array("the magic")?;
    let kind = match ([zero, zero_too], code) {
        ([0, 0], 0x08) => Kind::Unsigned(1),
        ([0, 0], 0x09) => Kind::Signed(1),
        ([0, 0], 0x0b) => Kind::Signed(2),
        ([0, 0], 0x0c) => Kind::Signed(4),
        ([0, 0], 0x0d) => Kind::Float(4),
        ([0, 0], 0x0e) => Kind::Float(8),
        ([0, 0], _) => {
            return Err(Flaw::byte(2, format!("elements of type {code:#04x}, which is not known")));
        }
        _ => return Err(Flaw::byte(0, "does not start with two zeros, so it is no IDX file")),
    };
    let mut shape = Vec::new();
    for _ in 0..rank {
        shape.push(u32::from_be_bytes(input.array("the sizes")?) as usize);
    }
    let size = bytes_of(&shape, kind.size()).ok_or_else(|| {
        Flaw::byte(4, format!("claims the shape {shape:?}, more than memory can address"))
    })?;
    let bytes = input.bytes(size, "the elements")?;
    input.end()?;
    decode(kind, true, &bytes, &shape)
}

/// MNIST, or any set of its form (Fashion-MNIST, KMNIST), from a directory that holds its four files under their own
/// names, gzipped or not: training and test, features `[N, 784]` scaled to 0..1.
///
/// ```no_run
/// let (train, test) = wengert_data::idx::mnist::<f32>("data/mnist")?;
/// assert_eq!(train.features().shape(), [60_000, 784]);
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// # Errors
/// As [`read`]; [`Error::Shape`] if there are not as many labels as images.
#[track_caller]
pub fn mnist<T: Float>(
    directory: impl AsRef<Path>,
) -> Result<(TensorDataset<T>, TensorDataset<T>)> {
    let (train, test) = mnist_images(directory.as_ref())?;
    Ok((flat(&train)?, flat(&test)?))
}

#[inline(never)]
fn flat<T: Float>(images: &TensorDataset<T>) -> Result<TensorDataset<T>> {
    images.with_features(images.features().flatten_axes(1, 2)?)
}

/// [`mnist`], its features `[N, rows, columns]`.
#[track_caller]
pub(crate) fn mnist_images<T: Float>(
    directory: &Path,
) -> Result<(TensorDataset<T>, TensorDataset<T>)> {
    Ok((mnist_part(directory, "train")?, mnist_part(directory, "t10k")?))
}

#[track_caller]
#[inline(never)]
fn mnist_part<T: Float>(directory: &Path, part: &str) -> Result<TensorDataset<T>> {
    let at = Location::caller();
    let find = |what: &str| {
        // As published, and as some unpack them; with what gzip adds, and without.
        let names =
            [format!("{part}-{what}-ubyte"), format!("{part}-{}-ubyte", what.replace('-', "."))];
        let mut paths = names
            .iter()
            .flat_map(|name| ["", ".gz"].map(|end| directory.join(format!("{name}{end}"))));
        paths.find(|path| path.is_file()).ok_or_else(|| {
            Flaw::new(format!("there is no {part}-{what}-ubyte, with or without .gz")).error(
                "mnist",
                Some(directory),
                at,
            )
        })
    };
    images(&find("images-idx3")?, &find("labels-idx1")?)
}

/// The images of a file, `[N, rows, columns]` from 0 to 1, with the labels beside it under the name that MNIST gives them.
#[track_caller]
pub(crate) fn labelled<T: Float>(path: &Path) -> Result<TensorDataset<T>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let labels = path.with_file_name(name.replace("images", "labels").replace("idx3", "idx1"));
    if labels == path || !labels.exists() {
        let rule = format!("needs its labels beside it, as {}", labels.display());
        return Err(Flaw::new(rule).error("idx", Some(path), Location::caller()));
    }
    images(path, &labels)
}

#[track_caller]
#[inline(never)]
fn images<T: Float>(images: &Path, labels: &Path) -> Result<TensorDataset<T>> {
    let (images, labels): (Tensor<u8>, Tensor<usize>) = (read(images)?, read(labels)?);
    if images.rank() != 3 || labels.rank() != 1 {
        let rule = format!("images {:?} and labels {:?}", images.shape(), labels.shape());
        return Err(Error::shape("mnist", rule + "; they must have 3 axes and 1"));
    }
    TensorDataset::new(images.map(|pixel| T::from_f64(f64::from(pixel) / 255.0)), labels)
}

compiled!(f32: { mnist_part::<T>, images::<T>, flat::<T> });
