//! Convolution and its transpose, in any number of dimensions.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Border, Conv, Error, Fault, Float, Window};

use super::no_image;
use crate::{Each, Padding};

/// The options of a convolution in `D` dimensions, with PyTorch's names and defaults.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_nn::functional::{self, Convolution};
/// use wengert_tensor::{Tensor, tensor};
///
/// let tape = Tape::new();
/// let x = tape.var(tensor![[[1.0_f64, 2.0, 3.0, 4.0]]]);
/// let differences = tape.var(tensor![[[-1.0, 1.0]]]);
/// let y = functional::conv(x, differences, None, Convolution::<1>::new())?;
/// assert_eq!(y.value()?, tensor![[[1.0, 1.0, 1.0]]]);
/// let y = functional::conv(x, differences, None, Convolution::<1>::new().stride(2).padding(1))?;
/// assert_eq!(y.value()?, tensor![[[1.0, 1.0, -4.0]]]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution<const D: usize> {
    pub(crate) stride: Each<D>,
    pub(crate) padding: Padding<D>,
    pub(crate) dilation: Each<D>,
    pub(crate) groups: usize,
    pub(crate) border: Option<Border>,
}

impl<const D: usize> Default for Convolution<D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const D: usize> Convolution<D> {
    /// With stride 1, no padding, no gaps, and all channels in one group.
    #[must_use]
    pub const fn new() -> Self {
        let one = Each([1; D]);
        let padding = Padding::Places([0; D]);
        Self { stride: one, padding, dilation: one, groups: 1, border: None }
    }

    /// With this step from one window to the next.
    #[must_use]
    pub fn stride(self, stride: impl Into<Each<D>>) -> Self {
        Self { stride: stride.into(), ..self }
    }

    /// With so many places before and after each axis, or [`Padding::Same`].
    #[must_use]
    pub fn padding(self, padding: impl Into<Padding<D>>) -> Self {
        Self { padding: padding.into(), ..self }
    }

    /// With this step from one place that a window sees to the next.
    #[must_use]
    pub fn dilation(self, dilation: impl Into<Each<D>>) -> Self {
        Self { dilation: dilation.into(), ..self }
    }

    /// With the channels in so many groups, each of which sees its own inputs alone.
    #[must_use]
    pub fn groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }

    /// With the padding filled from within, not with zeros.
    #[must_use]
    pub fn padding_mode(self, border: Border) -> Self {
        Self { border: Some(border), ..self }
    }

    /// The window of axis `i`, for a kernel of so many places.
    pub(crate) fn window(&self, i: usize, size: usize) -> Window {
        Window::new(size).stride(self.stride.0[i]).dilation(self.dilation.0[i])
    }

    /// The places before and after axis `i`, for a kernel of so many places.
    fn widths(&self, i: usize, size: usize) -> (usize, usize) {
        match self.padding {
            Padding::Places(places) => (places[i], places[i]),
            Padding::Same => {
                let total = self.window(i, size).span() - 1;
                (total / 2, total - total / 2)
            }
        }
    }

    /// The options as prints show them: those that are not the default.
    pub(crate) fn described(&self) -> String {
        let mut text = String::new();
        let defaults = Self::new();
        if self.stride != defaults.stride {
            text += &format!(", stride {}", self.stride);
        }
        match self.padding {
            Padding::Same => text += ", padding same",
            Padding::Places(places) if self.padding != defaults.padding => {
                text += &format!(", padding {}", Each(places));
            }
            Padding::Places(_) => {}
        }
        if self.dilation != defaults.dilation {
            text += &format!(", dilation {}", self.dilation);
        }
        if self.groups != 1 {
            text += &format!(", groups {}", self.groups);
        }
        if let Some(border) = self.border {
            text += &format!(", {border:?}");
        }
        text
    }

    /// The rule that the options break, if they break one.
    fn broken(&self) -> Option<String> {
        let (stride, dilation) = (self.stride, self.dilation);
        if stride.0.contains(&0) || dilation.0.contains(&0) || self.groups == 0 {
            let Self { groups, .. } = self;
            let what = format!("{stride}, {dilation} and {groups}");
            return Some(format!(
                "stride, dilation and groups are at least 1, and here they are {what}"
            ));
        }
        (self.padding == Padding::Same && stride.0.iter().any(|&s| s != 1))
            .then(|| format!("padding `Same` keeps the sizes, which a stride of {stride} does not"))
    }
}

/// The convolution of `x` `[N, C, …]`, or `[C, …]` of one sample, with a weight `[outputs, C / groups, …]`: the product of each
/// window with the weight, plus a bias `[outputs]`.
///
/// # Errors
/// If the shapes do not fit, the groups do not divide the channels, or the kernel is larger than the padded input.
#[track_caller]
pub fn conv<'t, T: Float, const D: usize>(
    x: Var<'t, T>,
    weight: Var<'t, T>,
    bias: Option<Var<'t, T>>,
    options: Convolution<D>,
) -> Result<Var<'t, T>> {
    const OP: &str = "conv";
    let (shape, w) = (x.shape(), weight.shape());
    let fault = |rule: String| Error::Shape(Fault::new(OP, &[&shape, &w], rule));
    if shape.len() == D + 1 && w.len() == D + 2 {
        return conv(x.unsqueeze(0)?, weight, bias, options)?.squeeze(0);
    }
    if shape.len() != D + 2 {
        return Err(no_image::<D>(OP, &[&shape, &w]).into());
    }
    if w.len() != D + 2 {
        let rule = format!("the weight must be [outputs, C / groups, …], of {D} more axes");
        return Err(fault(rule).into());
    }
    if let Some(rule) = options.broken() {
        return Err(Error::Value(Fault::new(OP, &[&shape, &w], rule)).into());
    }
    let (groups, outputs, mine) = (options.groups, w[0], w[1]);
    let channels = mine.saturating_mul(groups);
    if shape[1] != channels {
        let of = if groups == 1 { String::new() } else { format!(", {groups} groups of {mine}") };
        let rule = format!("the weight takes {channels} channels{of}; the input has {}", shape[1]);
        return Err(fault(rule).into());
    }
    if !outputs.is_multiple_of(groups) {
        return Err(fault(format!("{groups} groups do not divide {outputs} outputs")).into());
    }
    if let Some(bias) = bias
        && *bias.shape() != [outputs]
    {
        let rule = format!("the bias must be [{outputs}]");
        return Err(Error::Shape(Fault::new(OP, &[&bias.shape(), &w], rule)).into());
    }
    let widths: Vec<(usize, usize)> = (0..D).map(|i| options.widths(i, w[2 + i])).collect();
    let windows: Vec<Window> = (0..D).map(|i| options.window(i, w[2 + i])).collect();
    let conv = Conv::new(windows).groups(groups);
    match options.border {
        None => x.conv(weight, bias, conv.padding(widths)),
        Some(border) => padded(x, &widths, border)?.conv(weight, bias, conv),
    }
}

/// The last axes with so many places more before and after, filled from within.
#[track_caller]
fn padded<'t, T: Float>(
    x: Var<'t, T>,
    last: &[(usize, usize)],
    border: Border,
) -> Result<Var<'t, T>> {
    let first = std::iter::repeat_n((0, 0), x.rank() - last.len());
    let last = last.iter().map(|&(before, after)| (before as isize, after as isize));
    x.pad_with(first.chain(last).collect::<Vec<_>>(), border)
}

/// The transpose of a convolution with the same options, as the sizes of its input follow from those of its output: `x`
/// `[N, C, …]`, or `[C, …]`, and a weight `[C, outputs / groups, …]`. `more` places are added after each axis, to choose between
/// the sizes that a strided convolution does not tell apart.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_nn::functional::{self, Convolution};
/// use wengert_tensor::tensor;
///
/// let tape = Tape::new();
/// let x = tape.var(tensor![[[1.0_f64, 2.0]]]);
/// let weight = tape.var(tensor![[[1.0, 10.0]]]);
/// let y = functional::conv_transpose(x, weight, None, Convolution::<1>::new().stride(2), 0)?;
/// assert_eq!(y.value()?, tensor![[[1.0, 10.0, 2.0, 20.0]]]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// If the shapes do not fit, the groups do not divide the channels, the padding is `Same` or not of zeros, or `more` is not less
/// than the stride or the dilation.
#[track_caller]
pub fn conv_transpose<'t, T: Float, const D: usize>(
    x: Var<'t, T>,
    weight: Var<'t, T>,
    bias: Option<Var<'t, T>>,
    options: Convolution<D>,
    more: impl Into<Each<D>>,
) -> Result<Var<'t, T>> {
    const OP: &str = "conv_transpose";
    let (shape, w, more) = (x.shape(), weight.shape(), more.into());
    if shape.len() == D + 1 && w.len() == D + 2 {
        return conv_transpose(x.unsqueeze(0)?, weight, bias, options, more)?.squeeze(0);
    }
    let fault = |rule: String| Fault::new(OP, &[&shape, &w], rule);
    if shape.len() != D + 2 {
        return Err(no_image::<D>(OP, &[&shape, &w]).into());
    }
    if w.len() != D + 2 {
        let rule = format!("the weight must be [C, outputs / groups, …], of {D} more axes");
        return Err(Error::Shape(fault(rule)).into());
    }
    let Padding::Places(padding) = options.padding else {
        return Err(
            Error::Value(fault("the padding is a number of places, not `Same`".into())).into()
        );
    };
    let rule = options.broken().or_else(|| {
        let wide = (0..D).any(|i| more.0[i] >= options.stride.0[i].max(options.dilation.0[i]));
        let rule =
            format!("the padding of the output, {more}, must be less than stride or dilation");
        wide.then_some(rule)
    });
    let rule = rule.or_else(|| options.border.map(|_| "the padding is of zeros".to_string()));
    if let Some(rule) = rule {
        return Err(Error::Value(fault(rule)).into());
    }
    let (groups, outputs) = (options.groups, w[1].saturating_mul(options.groups));
    if shape[1] != w[0] || !w[0].is_multiple_of(groups) {
        let rule = format!(
            "the weight is of {} channels in {groups} groups, and the input has {}",
            w[0], shape[1]
        );
        return Err(Error::Shape(fault(rule)).into());
    }
    if let Some(bias) = bias
        && *bias.shape() != [outputs]
    {
        let rule = format!("the bias must be [{outputs}]");
        return Err(Error::Shape(Fault::new(OP, &[&bias.shape(), &w], rule)).into());
    }
    let windows: Vec<Window> = (0..D).map(|i| options.window(i, w[2 + i])).collect();
    let mut sizes = Vec::with_capacity(D);
    for (i, window) in windows.iter().enumerate() {
        let places = shape[2 + i];
        let whole = places.checked_sub(1).and_then(|steps| {
            steps.checked_mul(window.stride)?.checked_add(window.span())?.checked_add(more.0[i])
        });
        let cut = padding[i].saturating_mul(2);
        let stays = whole.and_then(|whole| whole.checked_sub(cut).filter(|&n| n > 0));
        match (whole, stays) {
            (Some(whole), Some(_)) if window.size > 0 => sizes.push(whole),
            _ => {
                let rule =
                    format!("axis {} of {places} places leaves no place of the output", 2 + i);
                return Err(Error::Shape(fault(rule)).into());
            }
        }
    }
    let covered: Vec<usize> = sizes.iter().zip(more.0).map(|(&whole, more)| whole - more).collect();
    let whole = x.conv_input(weight, covered, Conv::new(windows).groups(groups))?;
    let widths: Vec<(isize, isize)> = [(0, 0), (0, 0)]
        .into_iter()
        .chain((0..D).map(|i| (-(padding[i] as isize), more.0[i] as isize - padding[i] as isize)))
        .collect();
    let y = whole.pad(widths, T::ZERO)?;
    match bias {
        Some(bias) => y.try_add(bias.reshape(super::per_channel(outputs, D + 2))?),
        None => Ok(y),
    }
}
