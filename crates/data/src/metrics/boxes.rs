//! The overlap of boxes.

use wengert_tensor::{Float, Tensor};

use super::{every, paired};
use crate::{Error, Result};

/// The intersection over the union of boxes, row by row: `[N, 4]` of left, top, right and bottom give `[N]`. A box whose sides
/// are turned round has no area; two boxes without area overlap by 0.
///
/// ```
/// use wengert_data::metrics::iou;
/// use wengert_tensor::tensor;
///
/// let (a, b) = (tensor![[0.0_f64, 0.0, 2.0, 2.0]], tensor![[1.0, 0.0, 3.0, 2.0]]);
/// assert_eq!(iou(&a, &b)?, tensor![1.0 / 3.0]);
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] unless both are `[N, 4]` and not empty; [`Error::Value`] if a number is not finite.
#[track_caller]
pub fn iou<T: Float>(predictions: &Tensor<T>, targets: &Tensor<T>) -> Result<Tensor<T>> {
    paired("iou", predictions, targets)?;
    let &[n, 4] = predictions.shape() else {
        let rule = format!("boxes {:?}; they must be [N, 4]", predictions.shape());
        return Err(Error::shape("iou", rule + ": left, top, right, bottom"));
    };
    every("iou", "prediction", predictions, |x| x.is_finite(), "")?;
    every("iou", "target", targets, |x| x.is_finite(), "")?;
    let (a, b) = (predictions.to_vec(), targets.to_vec());
    let mut out = Tensor::zeros([n]);
    let pairs = a.chunks_exact(4).zip(b.chunks_exact(4));
    for (out, (a, b)) in out.as_mut_slice().iter_mut().zip(pairs) {
        let [a, b] = [a, b].map(|c| [c[0], c[1], c[2], c[3]].map(|x| x.to_f64()));
        let area = |[left, top, right, bottom]: [f64; 4]| {
            (right - left).max(0.0) * (bottom - top).max(0.0)
        };
        let both = area([a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]);
        let either = area(a) + area(b) - both;
        *out = T::from_f64(if either > 0.0 { both / either } else { 0.0 });
    }
    Ok(out)
}
