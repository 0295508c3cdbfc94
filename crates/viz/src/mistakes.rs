//! `mistakes`: the images whose class was predicted wrongly.

use wengert_tensor::{Error, Fault, Float, Result, Tensor, compiled};

use crate::{Picture, image_grid};

/// The number of images that are drawn at most.
const DRAWN: usize = 40;

/// The first images, of `[N, rows, columns]`, whose predicted class is not their label, with both classes by name below them. A
/// class without a name goes by its number.
///
/// ```
/// use wengert_tensor::{Tensor, tensor};
/// use wengert_viz::mistakes;
///
/// let images = Tensor::<f32>::ones([3, 8, 8]);
/// let svg = mistakes(&images, &tensor![0, 1, 1], &tensor![0, 1, 0], &["cat".into(), "dog".into()])?;
/// assert!(svg.contains("1 of 3 images read wrongly") && svg.contains("dog taken for cat"));
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
///
/// # Errors
/// If there are not as many images as labels and as predictions, or they are not `[N, rows, columns]`.
#[track_caller]
#[inline(never)]
pub fn mistakes<T: Float>(
    images: &Tensor<T>,
    labels: &Tensor<usize>,
    predicted: &Tensor<usize>,
    names: &[String],
) -> Result<String> {
    let shapes = [images.shape(), labels.shape(), predicted.shape()];
    if images.rank() != 3 || shapes[1] != &images.shape()[..1] || shapes[2] != shapes[1] {
        let rule = "images are [N, rows, columns], with N labels and N predictions";
        return Err(Error::Shape(Fault::new("mistakes", &shapes, rule)));
    }
    let named = |class: usize| names.get(class).cloned().unwrap_or_else(|| class.to_string());
    let pairs = labels.iter().zip(predicted.iter()).enumerate();
    let wrong: Vec<_> = pairs.filter(|(_, (label, taken_for))| label != taken_for).collect();
    let mut pictures = Vec::new();
    for &(row, (label, taken_for)) in wrong.iter().take(DRAWN) {
        let caption = format!("{} taken for {}", named(label), named(taken_for));
        pictures.push(Picture::new(images.select(0, row)?, caption));
    }
    let first = if wrong.len() > DRAWN { format!(", the first {DRAWN}") } else { String::new() };
    let title = format!("{} of {} images read wrongly{first}", wrong.len(), labels.len());
    image_grid(&title, &pictures, 8)
}

compiled!(f32: { mistakes::<T> });

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn images_labels_and_predictions_are_as_many() {
        let of = |images: [usize; 3], labels: usize, predicted: usize| {
            let classes = |n| Tensor::from(vec![0; n]);
            mistakes(&Tensor::<f32>::ones(images), &classes(labels), &classes(predicted), &[])
        };
        assert!(of([3, 2, 2], 3, 3).is_ok());
        for (labels, predicted) in [(2, 2), (3, 2), (2, 3), (4, 4)] {
            let error = of([3, 2, 2], labels, predicted).unwrap_err().to_string();
            assert!(error.contains("mistakes") && error.contains("N predictions"), "{error}");
        }
    }
}
