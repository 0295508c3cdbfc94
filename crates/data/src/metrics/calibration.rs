//! Calibration: whether what is said to be likely by so much happens so often.

use wengert_tensor::{Element, Float, Tensor};

use super::{every, paired, yes_or_no};
use crate::{Error, Result};

/// The samples whose probability lies in one bin.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct CalibrationBin {
    /// The mean of their probabilities.
    pub said: f64,
    /// The fraction of them that is a yes.
    pub happened: f64,
    /// Their number.
    pub count: usize,
}

/// Probabilities in `bins` of equal width from 0 to 1, with how often a yes happened in each; bins without samples are left out.
/// Targets are 0 or 1, of any type.
///
/// ```
/// use wengert_data::metrics::{calibration, calibration_error};
/// use wengert_tensor::tensor;
///
/// let (said, happened) = (tensor![0.1_f64, 0.3, 0.9, 0.9], tensor![0_usize, 1, 1, 1]);
/// let bins = calibration(&said, &happened, 2)?;
/// assert_eq!((bins[0].said, bins[0].happened, bins[0].count), (0.2, 0.5, 2));
/// // Half the samples are 0.3 off, half 0.1.
/// assert!((calibration_error(&bins) - 0.2).abs() < 1e-12);
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] unless both have one shape and are not empty; [`Error::Value`] if there are no bins, a probability does not
/// lie between 0 and 1, or a target is neither 0 nor 1.
#[track_caller]
pub fn calibration<T: Float, L: Element>(
    probabilities: &Tensor<T>,
    targets: &Tensor<L>,
    bins: usize,
) -> Result<Vec<CalibrationBin>> {
    const OP: &str = "calibration";
    paired(OP, probabilities, targets)?;
    let fits = |p: T| (0.0..=1.0).contains(&p.to_f64());
    every(OP, "probability", probabilities, fits, ", and must lie between 0 and 1")?;
    let targets = yes_or_no(OP, targets)?;
    if bins == 0 {
        return Err(Error::value(OP, "0 bins; there must be one at least"));
    }
    let mut sums = vec![(0.0, 0, 0); bins];
    for (p, yes) in probabilities.iter().zip(targets) {
        let p = p.to_f64();
        let (said, happened, count) = &mut sums[((p * bins as f64) as usize).min(bins - 1)];
        *said += p;
        *happened += usize::from(yes);
        *count += 1;
    }
    let filled = sums.into_iter().filter(|(_, _, count)| *count > 0);
    let bin = |(said, happened, count): (f64, usize, usize)| {
        let n = count as f64;
        CalibrationBin { said: said / n, happened: happened as f64 / n, count }
    };
    Ok(filled.map(bin).collect())
}

/// The mean distance of what was said from what happened, each bin by its number of samples: the expected calibration error.
pub fn calibration_error(bins: &[CalibrationBin]) -> f64 {
    let off = |bin: &CalibrationBin| bin.count as f64 * (bin.said - bin.happened).abs();
    let total: usize = bins.iter().map(|bin| bin.count).sum();
    bins.iter().map(off).sum::<f64>() / total.max(1) as f64
}
