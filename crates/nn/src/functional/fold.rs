//! Windows as columns of a matrix, and back.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Error, Fault, Float, Window};

use super::{Convolution, no_image};
use crate::{Each, Padding};

/// The windows of `[N, C, …]` as columns, `[N, C·kernel, windows]`: a convolution is a product with these. The options are those
/// of a convolution; groups and padding modes have no meaning here.
///
/// # Errors
/// If the input has other axes, or a window is larger than the padded input.
#[track_caller]
pub fn unfold<T: Float, const D: usize>(
    x: Var<'_, T>,
    kernel: impl Into<Each<D>>,
    options: Convolution<D>,
) -> Result<Var<'_, T>> {
    const OP: &str = "unfold";
    let (shape, kernel) = (x.shape(), kernel.into().0);
    if shape.len() == D + 1 {
        return unfold(x.unsqueeze(0)?, kernel, options)?.squeeze(0);
    }
    if shape.len() != D + 2 {
        return Err(no_image::<D>(OP, &[&shape]).into());
    }
    let (windows, padding) = plan(OP, &shape, kernel, options)?;
    let widths = padding.map(|n| (n as isize, n as isize));
    let widths: Vec<_> = [(0, 0), (0, 0)].into_iter().chain(widths).collect();
    let x = x.pad(widths, T::ZERO)?;
    let seen = x.windows(windows)?;
    let (d, of) = (D as isize, seen.shape());
    let order: Vec<isize> = [0, 1].into_iter().chain(2 + d..2 + 2 * d).chain(2..2 + d).collect();
    let rows = of[1] * kernel.iter().product::<usize>();
    seen.permute(order)?.reshape([of[0], rows, of[2..2 + D].iter().product()])
}

/// The adjoint of [`unfold`]: an input of these sizes, with the columns of `[N, C·kernel, windows]` added in their windows.
///
/// # Errors
/// If the shape is not that of the columns of such an input.
#[track_caller]
pub fn fold<T: Float, const D: usize>(
    x: Var<'_, T>,
    sizes: impl Into<Each<D>>,
    kernel: impl Into<Each<D>>,
    options: Convolution<D>,
) -> Result<Var<'_, T>> {
    const OP: &str = "fold";
    let (shape, sizes, kernel) = (x.shape(), sizes.into().0, kernel.into().0);
    if shape.len() == 2 {
        return fold(x.unsqueeze(0)?, sizes, kernel, options)?.squeeze(0);
    }
    let (windows, padding) = plan(OP, &shape, kernel, options)?;
    let padded: Vec<usize> =
        sizes.iter().zip(padding).map(|(&n, p)| n.saturating_add(p.saturating_mul(2))).collect();
    let counts: Vec<usize> = windows.iter().zip(&padded).map(|(w, &n)| w.count(n)).collect();
    let product = |sizes: &[usize]| sizes.iter().fold(1, |n: usize, &size| n.saturating_mul(size));
    let places = product(&kernel);
    let fits = shape.len() == 3 && shape[1].is_multiple_of(places) && shape[2] == product(&counts);
    if !fits {
        let rule = format!("must be [N, C·{places}, windows], and there are {counts:?} windows");
        return Err(Error::Shape(Fault::new(OP, &[&shape], rule)).into());
    }
    let apart = [&[shape[0], shape[1] / places], &kernel[..], &counts].concat();
    let d = D as isize;
    let order: Vec<isize> = [0, 1].into_iter().chain(2 + d..2 + 2 * d).chain(2..2 + d).collect();
    let y = x.reshape(apart)?.permute(order)?.unwindows(padded, windows)?;
    let widths = padding.map(|n| (-(n as isize), -(n as isize)));
    let widths: Vec<_> = [(0, 0), (0, 0)].into_iter().chain(widths).collect();
    y.pad(widths, T::ZERO)
}

/// The windows and the padding that the options say.
#[track_caller]
fn plan<const D: usize>(
    op: &'static str,
    shape: &[usize],
    kernel: [usize; D],
    options: Convolution<D>,
) -> Result<([Window; D], [usize; D])> {
    let windows = std::array::from_fn(|i| options.window(i, kernel[i]));
    let Padding::Places(padding) = options.padding else {
        let rule = "the padding is a number of places, not `Same`";
        return Err(Error::Value(Fault::new(op, &[shape], rule)).into());
    };
    if kernel.contains(&0) || options.stride.0.contains(&0) || options.dilation.0.contains(&0) {
        let rule = "kernel, stride and dilation are at least 1";
        return Err(Error::Value(Fault::new(op, &[shape], rule)).into());
    }
    if padding.iter().any(|&places| places > isize::MAX as usize / 2) {
        let rule = "the padding has more places than memory";
        return Err(Error::Value(Fault::new(op, &[shape], rule)).into());
    }
    Ok((windows, padding))
}
