//! Convolution and its two adjoints: the gradients of the input and of the weight.

use smallvec::SmallVec;

use crate::error::{Fault, no_memory, room_or_refuse};
use crate::kernel::conv::{self, Sizes};
use crate::{Error, Float, Result, Shape, Tensor, Window};

/// The parameters of a convolution: the window of each axis, zeros before and after it, and groups of channels, each of
/// which sees its own inputs alone.
///
/// ```
/// use wengert_tensor::{Conv, Window, tensor};
///
/// let x = tensor![[[1.0_f32, 2.0, 4.0]]];
/// let differences = tensor![[[-1.0, 1.0]]];
/// let conv = Conv::new([Window::new(2)]);
/// assert_eq!(x.conv(&differences, None, &conv)?, tensor![[[1.0, 2.0]]]);
/// let padded = conv.padding([(1, 0)]);
/// assert_eq!(x.conv(&differences, None, &padded)?, tensor![[[1.0, 1.0, 2.0]]]);
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Conv {
    /// The window of each axis, whose size is the kernel's.
    pub windows: SmallVec<[Window; 2]>,
    /// Zeros before and after each axis.
    pub padding: SmallVec<[(usize, usize); 2]>,
    /// The number of groups.
    pub groups: usize,
}

impl Conv {
    /// With these windows, no padding, and all channels in one group.
    #[must_use]
    pub fn new(windows: impl AsRef<[Window]>) -> Self {
        let windows = SmallVec::from_slice(windows.as_ref());
        let padding = SmallVec::from_elem((0, 0), windows.len());
        Self { windows, padding, groups: 1 }
    }

    /// With so many zeros before and after each axis.
    #[must_use]
    pub fn padding(mut self, padding: impl AsRef<[(usize, usize)]>) -> Self {
        self.padding = SmallVec::from_slice(padding.as_ref());
        self
    }

    /// With the channels in so many groups.
    #[must_use]
    pub fn groups(mut self, groups: usize) -> Self {
        self.groups = groups;
        self
    }

    /// The sizes of a convolution of an input with so many outputs, if it can be done.
    #[track_caller]
    fn sizes<T>(&self, op: &'static str, x: &[usize], outputs: usize) -> Result<Sizes> {
        let at = std::panic::Location::caller();
        // In a closure the caller's line would be lost.
        let fault = |rule: String| {
            let mut fault = Fault::new(op, &[x], rule);
            fault.at = at;
            fault
        };
        let d = self.windows.len();
        if !(1..=3).contains(&d) || x.len() != d + 2 || self.padding.len() != d {
            let rule =
                format!("must be [N, C, …] with an axis for each of the {d} windows, 1 to 3");
            return Err(Error::Shape(fault(rule)));
        }
        let groups = self.groups;
        if groups == 0 || !x[1].is_multiple_of(groups) || !outputs.is_multiple_of(groups) {
            let rule =
                format!("{groups} groups do not divide {} channels and {outputs} outputs", x[1]);
            return Err(Error::Value(fault(rule)));
        }
        let mut sizes = Sizes {
            samples: x[0],
            groups,
            inputs: x[1] / groups,
            outputs: outputs / groups,
            places: [1; 3],
            before: [0; 3],
            after: [0; 3],
            kernel: [1; 3],
            stride: [1; 3],
            dilation: [1; 3],
            counts: [1; 3],
        };
        let mut padded = Shape::new(&x[..2]);
        for (i, (window, &(before, after))) in self.windows.iter().zip(&self.padding).enumerate() {
            let (at, places) = (3 - d + i, x[2 + i]);
            let whole = places.saturating_add(before).saturating_add(after);
            padded.push(whole);
            if window.size == 0 || window.stride == 0 || window.dilation == 0 {
                let rule = "size, stride and dilation of a window are at least 1";
                return Err(Error::Value(fault(rule.to_string())));
            }
            if window.count(whole) == 0 {
                let span = window.span();
                let axis = 2 + i;
                let rule = format!("a window spans {span} places, and axis {axis} has {places}");
                let with = if whole == places { "" } else { ", and with its padding not enough" };
                return Err(Error::Shape(fault(rule + with)));
            }
            sizes.places[at] = places;
            (sizes.before[at], sizes.after[at]) = (before, after);
            (sizes.kernel[at], sizes.counts[at]) = (window.size, window.count(whole));
            // A longer step is never taken, and its product with other sizes need not be a number.
            (sizes.stride[at], sizes.dilation[at]) =
                (window.stride.min(whole), window.dilation.min(whole));
        }
        // A thread pads one sample at a time.
        room_or_refuse::<T>(op, &padded[1..])?;
        Shape::len_or_refuse(op, &padded)?;
        Ok(sizes)
    }

    /// The numbers of windows.
    fn counts<'s>(&self, sizes: &'s Sizes) -> &'s [usize] {
        &sizes.counts[3 - self.windows.len()..]
    }

    /// The shape of the weight.
    fn weight_shape(&self, sizes: &Sizes) -> Shape {
        let kernel = self.windows.iter().map(|window| window.size);
        [sizes.groups * sizes.outputs, sizes.inputs].into_iter().chain(kernel).collect()
    }

    /// The shape of the output.
    fn output_shape(&self, sizes: &Sizes) -> Shape {
        let outputs = sizes.groups * sizes.outputs;
        [sizes.samples, outputs].into_iter().chain(self.counts(sizes).iter().copied()).collect()
    }
}

/// A tensor of this shape, or an error in the name of `op`.
#[track_caller]
fn refuse_other(op: &'static str, what: &str, given: &[usize], wanted: &Shape) -> Result<()> {
    if given == &**wanted {
        return Ok(());
    }
    let rule = format!("{what} must be {wanted}");
    Err(Error::Shape(Fault::new(op, &[given], rule)))
}

/// The gradients of the weight of blocks of samples, as `run` finds them for an input and an output, added up.
#[track_caller]
fn summed<T: Float>(
    op: &'static str,
    sizes: &Sizes,
    [x, y]: [&Tensor<T>; 2],
    shape: Shape,
    run: unsafe fn(&Sizes, *const T, *const T, *mut T),
) -> Result<Tensor<T>> {
    let all: Shape = [conv::blocks(sizes)].into_iter().chain(shape.iter().copied()).collect();
    Shape::len_or_refuse(op, &all)?;
    // SAFETY: as in `conv`; each weight of each block is written.
    let sums = unsafe {
        Tensor::try_filled_by(all.clone(), |out| {
            run(sizes, x.first(), y.first(), out.as_mut_ptr().cast());
        })
    };
    let sums = sums.ok_or_else(|| no_memory::<T>(op, &all))?;
    if all[0] == 1 { sums.reshape(shape) } else { sums.sum_over(0) }
}

impl<T: Float> Tensor<T> {
    /// The convolution of `[N, C, …]` with a weight `[outputs, C / groups, …]`, the product of each window with the weight, plus a
    /// bias `[outputs]`: `[N, outputs, …]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes do not fit or a window spans more places than the padded input has; [`Error::Value`] if the
    /// groups do not divide the channels, or a stride or a dilation is 0; [`Error::Size`] if there is no memory for the result.
    #[track_caller]
    #[inline(never)]
    pub fn conv(&self, weight: &Self, bias: Option<&Self>, conv: &Conv) -> Result<Self> {
        const OP: &str = "conv";
        let outputs = weight.shape().first().copied().unwrap_or(0);
        let sizes = conv.sizes::<T>(OP, self.shape(), outputs)?;
        refuse_other(OP, "the weight", weight.shape(), &conv.weight_shape(&sizes))?;
        if let Some(bias) = bias {
            refuse_other(OP, "the bias", bias.shape(), &Shape::new(&[outputs]))?;
        }
        let shape = conv.output_shape(&sizes);
        Shape::len_or_refuse(OP, &shape)?;
        if self.is_empty() || shape.contains(&0) {
            // No term: the sizes of other axes may be of any magnitude.
            let y = Self::try_full(&shape, T::ZERO)?;
            let mut column = vec![1; conv.windows.len() + 1];
            column[0] = outputs;
            return bias.map_or(Ok(y.clone()), |bias| y.try_add(&bias.reshape(column)?));
        }
        let (x, weight) = (self.lying(OP)?, weight.lying(OP)?);
        let bias = bias.map(Self::contiguous);
        let run = if sizes.is_moved() { conv::moved::forward } else { conv::forward };
        // SAFETY: the operands are in row-major order, and of the shapes that the sizes say; each output is written.
        let y = unsafe {
            Self::try_filled_by(shape.clone(), |out| {
                let (bias, out) = (bias.as_ref().map(Self::first), out.as_mut_ptr().cast());
                run(&sizes, x.first(), weight.first(), bias, out);
            })
        };
        y.ok_or_else(|| no_memory::<T>(OP, &shape))
    }

    /// The adjoint of [`conv`](Self::conv) along its input: of an output `[N, outputs, …]` and a weight, the input whose last axes
    /// have these sizes. It is the gradient of the input, and a transposed convolution.
    ///
    /// # Errors
    /// As for [`conv`](Self::conv) of such an input.
    #[track_caller]
    pub fn conv_input(
        &self,
        weight: &Self,
        sizes: impl AsRef<[usize]>,
        conv: &Conv,
    ) -> Result<Self> {
        self.conv_input_here(weight, sizes.as_ref(), conv)
    }

    #[track_caller]
    #[inline(never)]
    fn conv_input_here(&self, weight: &Self, sizes: &[usize], conv: &Conv) -> Result<Self> {
        const OP: &str = "conv_input";
        let (y, w) = (self.shape(), weight.shape());
        let (&[outputs, mine, ..], Some(&samples)) = (w, y.first()) else {
            let rule = "must be [N, outputs, …] and a weight [outputs, C / groups, …]";
            return Err(Error::Shape(Fault::new(OP, &[y, w], rule)));
        };
        let channels = mine.saturating_mul(conv.groups);
        let shape: Shape = [samples, channels].into_iter().chain(sizes.iter().copied()).collect();
        let sizes = conv.sizes::<T>(OP, &shape, outputs)?;
        refuse_other(OP, "the weight", w, &conv.weight_shape(&sizes))?;
        refuse_other(OP, "the output", y, &conv.output_shape(&sizes))?;
        Shape::len_or_refuse(OP, &shape)?;
        if self.is_empty() || weight.is_empty() || shape.contains(&0) {
            return Self::try_full(&shape, T::ZERO);
        }
        let moved = sizes.is_moved_back() && weight.all_finite();
        let weight = if moved {
            weight.lying(OP)?
        } else {
            let [outputs, inputs, places] = sizes.weight();
            weight.reshape([conv.groups, outputs, inputs * places])?.t().lying(OP)?
        };
        let y = self.lying(OP)?;
        let run = if moved { conv::moved::input } else { conv::input };
        // SAFETY: as in `conv`; each input is written.
        let x = unsafe {
            Self::try_filled_by(shape.clone(), |out| {
                run(&sizes, y.first(), weight.first(), out.as_mut_ptr().cast());
            })
        };
        x.ok_or_else(|| no_memory::<T>(OP, &shape))
    }

    /// The adjoint of [`conv`](Self::conv) along its weight: of an input `[N, C, …]` and an output `[N, outputs, …]`, the weight.
    ///
    /// # Errors
    /// As for [`conv`](Self::conv).
    #[track_caller]
    #[inline(never)]
    pub fn conv_weight(&self, output: &Self, conv: &Conv) -> Result<Self> {
        const OP: &str = "conv_weight";
        let outputs = output.shape().get(1).copied().unwrap_or(0);
        let sizes = conv.sizes::<T>(OP, self.shape(), outputs)?;
        refuse_other(OP, "the output", output.shape(), &conv.output_shape(&sizes))?;
        let shape = conv.weight_shape(&sizes);
        Shape::len_or_refuse(OP, &shape)?;
        if self.is_empty() || output.is_empty() || shape.contains(&0) {
            return Self::try_full(&shape, T::ZERO);
        }
        let (x, y) = (self.lying(OP)?, output.lying(OP)?);
        if sizes.is_shifted() {
            let [outputs, inputs, places] = sizes.weight();
            let turned = Shape::new(&[sizes.groups, places, inputs, outputs]);
            let sum = summed(OP, &sizes, [&x, &y], turned, conv::shifted::weight)?;
            let weight = sum.permute([0, 3, 2, 1])?.reshape(&shape)?;
            if weight.all_finite() {
                return Ok(weight);
            }
        }
        summed(OP, &sizes, [&x, &y], shape, conv::weight)
    }
}

compiled!(f32 f64: { Tensor::<T>::conv, Tensor::<T>::conv_weight, Tensor::<T>::conv_input_here });
