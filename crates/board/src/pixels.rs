//! The pixels of an image, from a tensor.

use wengert_tensor::{Element, Tensor};

use crate::png::Image;
use crate::{Error, Result};

/// An element that is the brightness of a pixel: a float from 0 to 1, or a byte from 0 to 255.
///
/// ```
/// use wengert_board::Pixel;
///
/// assert_eq!([0.0_f32, 0.5, 1.0, 7.0].map(Pixel::byte), [0, 128, 255, 255]);
/// assert_eq!(200_u8.byte(), 200);
/// ```
pub trait Pixel: Element {
    /// The brightness as a byte; a float below 0 or above 1 is taken for these, as TensorBoard's own writers do.
    fn byte(self) -> u8;

    /// False for NaN.
    fn is_number(self) -> bool {
        true
    }
}

impl Pixel for u8 {
    fn byte(self) -> u8 {
        self
    }
}

macro_rules! floats {
    ($($T:ty),*) => {$(
        impl Pixel for $T {
            fn byte(self) -> u8 {
                // A cast to a byte ends at 0 and at 255.
                (self * 255.0).round() as u8
            }
            fn is_number(self) -> bool {
                !self.is_nan()
            }
        }
    )*};
}
floats!(f32, f64);

/// The image that a tensor holds: `[rows, columns]` for grey, `[channels, rows, columns]` with 1 channel (grey), 2 (grey and alpha),
/// 3 (red, green and blue) or 4 (with alpha).
#[track_caller]
pub(crate) fn image<P: Pixel>(pixels: &Tensor<P>) -> Result<Image> {
    const HELP: &str =
        "of a batch `[samples, channels, rows, columns]`, show one: `batch.select(0, k)?`";
    let (channels, rows, columns) = match *pixels.shape() {
        [rows, columns] => (1, rows, columns),
        [channels @ 1..=4, rows, columns] => (channels, rows, columns),
        ref other => {
            let rule = format!(
                "an image is [rows, columns] or [channels, rows, columns] with 1 to 4 channels, and this is {other:?}"
            );
            return Err(Error::value("image", rule, HELP));
        }
    };
    let fits = |n: usize| (1..=0x7fff_ffff).contains(&n);
    if !fits(rows) || !fits(columns) {
        let rule = format!("an image has at least one pixel, and this is {:?}", pixels.shape());
        return Err(Error::value("image", rule, HELP));
    }
    let values = pixels.to_vec();
    if let Some(at) = values.iter().position(|x| !x.is_number()) {
        let rule = format!("pixel {at} of {:?} is NaN", pixels.shape());
        return Err(Error::value(
            "image",
            rule,
            "look for the op that made it: `tape.first_non_finite()`",
        ));
    }
    let area = rows * columns;
    let place = |k: usize| (k % channels) * area + k / channels;
    let bytes = (0..values.len()).map(|k| values[place(k)].byte()).collect();
    Ok(Image { channels: channels as u8, rows: rows as u32, columns: columns as u32, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wengert_tensor::tensor;

    #[test]
    fn channels_come_last_and_shapes_are_checked() {
        let rgb = tensor![[[0.0_f64, 1.0]], [[0.2, 0.4]], [[0.6, 0.8]]];
        let image = super::image(&rgb).unwrap();
        assert_eq!((image.channels, image.rows, image.columns), (3, 1, 2));
        assert_eq!(image.bytes, [0, 51, 153, 255, 102, 204]);
        assert_eq!(super::image(&tensor![[7_u8]]).unwrap().bytes, [7]);
        for bad in [Tensor::<f32>::zeros([5, 2, 2]), Tensor::zeros([3]), Tensor::zeros([0, 3])] {
            let error = super::image(&bad).unwrap_err().to_string();
            assert!(error.contains("help:") && error.contains("pixels.rs"), "{error}");
        }
        let error = super::image(&tensor![[0.0_f32, f32::NAN]]).unwrap_err().to_string();
        assert!(error.contains("pixel 1 of [1, 2] is NaN"), "{error}");
    }
}
