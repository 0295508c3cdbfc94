//! Three real data sets that come with this crate; `data/NOTICE` names their sources and licences.

use wengert_tensor::{Float, Tensor, compiled};

use crate::{Csv, TensorDataset};

/// The number of digits.
const DIGITS: usize = 1797;

/// An image: its label, then eight bytes that say where it is not 0 (a byte a row, the highest bit on the left), then these
/// pixels less one, two a byte, the higher half first.
static PACKED_DIGITS: &[u8] = include_bytes!("../data/digits.bin");

/// 1797 handwritten digits, 8 by 8 pixels: features `[1797, 64]` from 0 to 1 in sixteenths, classes 0 to 9. People seen in one
/// part of it are seen in every other.
///
/// ```
/// let digits = wengert_data::digits::<f32>();
/// assert_eq!(digits.features().shape(), [1797, 64]);
/// let images = digits.features().reshape([1797, 1, 8, 8])?; // for convolutions
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// From E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository (1998).
#[inline(never)]
pub fn digits<T: Float>() -> TensorDataset<T> {
    let mut pixels = Tensor::zeros([DIGITS, 64]);
    let mut labels = Vec::with_capacity(DIGITS);
    let mut rest = PACKED_DIGITS;
    for image in pixels.as_mut_slice().chunks_exact_mut(64) {
        let (head, inked) = rest.split_at(9);
        labels.push(head[0] as usize);
        let there = (0..64).filter(|i| head[1 + i / 8] & (0x80 >> (i % 8)) != 0);
        let mut count = 0;
        for place in there {
            let pair = inked[count / 2];
            let pixel = 1 + if count % 2 == 0 { pair >> 4 } else { pair & 15 };
            image[place] = T::from_f64(f64::from(pixel) / 16.0);
            count += 1;
        }
        rest = &inked[count.div_ceil(2)..];
    }
    named(TensorDataset::of(pixels, Tensor::from(labels)), (0..10).map(|digit| digit.to_string()))
}

/// Fisher's irises: 150 flowers of three species, four lengths in centimetres each.
pub fn iris<T: Float>() -> TensorDataset<T> {
    table(include_str!("../data/iris.csv"), "species")
}

/// 178 wines of three growers in one region of Italy, by thirteen measurements. Their scales differ by a factor of a thousand:
/// see [`Standardizer`](crate::Standardizer).
pub fn wine<T: Float>() -> TensorDataset<T> {
    table(include_str!("../data/wine.csv"), "cultivar")
}

#[inline(never)]
fn table<T: Float>(text: &str, label: &str) -> TensorDataset<T> {
    match Csv::new().header(true).parse(text).and_then(|table| table.classification(label)) {
        Ok(data) => data,
        Err(error) => unreachable!("a file that comes with this crate: {error}"),
    }
}

fn named<T: Float>(
    data: TensorDataset<T>,
    names: impl Iterator<Item = String>,
) -> TensorDataset<T> {
    match data.with_class_names(names) {
        Ok(data) => data,
        Err(error) => unreachable!("a file that comes with this crate: {error}"),
    }
}

compiled!(f32: { digits::<T>, table::<T> });
