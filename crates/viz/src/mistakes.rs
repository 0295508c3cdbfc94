//! `mistakes`: the images whose class was predicted wrongly.

use wengert_tensor::{Float, Result, Tensor, compiled};

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
/// If there are not as many images as labels, or they are not `[N, rows, columns]`.
#[track_caller]
#[inline(never)]
pub fn mistakes<T: Float>(
    images: &Tensor<T>,
    labels: &Tensor<usize>,
    predicted: &Tensor<usize>,
    names: &[String],
) -> Result<String> {
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
