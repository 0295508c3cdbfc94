//! Windows over the last axes: a view of parts that overlap, and its adjoint, which adds overlapping parts back.

use smallvec::SmallVec;

use crate::error::Fault;
use crate::layout::{Layout, Walk};
use crate::{Element, Error, Number, Part, Result, Shape, Tensor};

/// A window along one axis: the number of places that it sees, the step from one window to the next, and the step from one
/// seen place to the next.
///
/// ```
/// use wengert_tensor::{Window, tensor};
///
/// let x = tensor![0, 1, 2, 3, 4, 5, 6_i64];
/// assert_eq!(x.windows([Window::new(2).stride(2)])?, tensor![[0, 1], [2, 3], [4, 5]]);
/// assert_eq!(x.windows([Window::new(3).dilation(3)])?, tensor![[0, 3, 6]]);
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The number of places that a window sees.
    pub size: usize,
    /// The step from one window to the next.
    pub stride: usize,
    /// The step from one seen place to the next.
    pub dilation: usize,
}

impl Window {
    /// A window of so many neighbouring places, which moves by one place.
    #[must_use]
    pub const fn new(size: usize) -> Self {
        Self { size, stride: 1, dilation: 1 }
    }

    /// With this step from one window to the next.
    #[must_use]
    pub const fn stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// With this step from one seen place to the next.
    #[must_use]
    pub const fn dilation(self, dilation: usize) -> Self {
        Self { dilation, ..self }
    }

    /// The number of places from the first that a window sees to the last, both included.
    #[must_use]
    pub const fn span(self) -> usize {
        self.size.saturating_sub(1).saturating_mul(self.dilation).saturating_add(1)
    }

    /// The number of windows on an axis of so many places: 0 if not even one fits.
    ///
    /// ```
    /// assert_eq!(wengert_tensor::Window::new(3).stride(2).count(8), 3);
    /// ```
    #[must_use]
    pub const fn count(self, places: usize) -> usize {
        match places.checked_sub(self.span()) {
            Some(rest) => rest / if self.stride == 0 { 1 } else { self.stride } + 1,
            None => 0,
        }
    }

    /// The places that window `n` sees of an axis of so many places, when `before` more stand before it: those outside are left out.
    ///
    /// ```
    /// use wengert_tensor::{Part, Window};
    ///
    /// let part = Window::new(3).stride(2).part(0, 1, 8);
    /// assert_eq!(part, Part { start: 0, len: 2, step: 1 });
    /// ```
    #[must_use]
    pub fn part(self, n: usize, before: usize, places: usize) -> Part {
        let step = self.dilation.max(1);
        let start = n.saturating_mul(self.stride);
        // The places before the axis are left out in whole steps.
        let out = before.saturating_sub(start).div_ceil(step);
        let start = start.saturating_add(out.saturating_mul(step)).saturating_sub(before);
        let fit = places.saturating_sub(start).div_ceil(step);
        Part { start, len: fit.min(self.size.saturating_sub(out)), step }
    }

    /// The rule that it breaks on an axis of so many places.
    fn broken(self, axis: usize, places: usize) -> Option<String> {
        let Self { size, stride, dilation } = self;
        if size == 0 || stride == 0 || dilation == 0 {
            let rule = "size, stride and dilation of a window are at least 1";
            return Some(format!("{rule}, and here they are {size}, {stride} and {dilation}"));
        }
        (self.count(places) == 0)
            .then(|| format!("a window spans {} places, and axis {axis} has {places}", self.span()))
    }
}

impl<T: Element> Tensor<T> {
    /// The windows over the last axes, one for each of `windows`, as a view: an axis of `n` places becomes one of so many
    /// windows, and the places that a window sees are in axes of their own at the end.
    ///
    /// ```
    /// # use wengert_tensor::{Tensor, Window};
    /// let x = Tensor::<f32>::zeros([8, 3, 28, 28]);
    /// assert_eq!(x.windows([Window::new(5); 2])?.shape(), [8, 3, 24, 24, 5, 5]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if there are fewer axes than windows, or a window spans more places than its axis has;
    /// [`Error::Value`] if a size, a stride or a dilation is 0; [`Error::Size`] if there are more elements than memory can
    /// address.
    #[track_caller]
    pub fn windows(&self, windows: impl AsRef<[Window]>) -> Result<Self> {
        let windows = windows.as_ref();
        let layout = window_layout("windows", self.layout(), windows)?;
        Ok(self.with_layout(layout))
    }

    /// The shape of [`windows`](Self::windows) over axes of these sizes.
    #[track_caller]
    fn refuse_other_windows(&self, op: &'static str, seen: &[usize]) -> Result<()> {
        if self.shape() == seen {
            return Ok(());
        }
        let rule = "the first must be the second, the shape of the windows";
        Err(Error::Shape(Fault::new(op, &[self.shape(), seen], rule)))
    }
}

impl<T: Number> Tensor<T> {
    /// The adjoint of [`windows`](Self::windows): zeros whose last axes have these sizes, with each window of this tensor
    /// added in its place. Elements that lie in several windows are sums.
    ///
    /// ```
    /// # use wengert_tensor::{Tensor, Window, tensor};
    /// let windows = Tensor::<f32>::ones([3, 2]);
    /// assert_eq!(windows.unwindows([4], [Window::new(2)])?, tensor![1.0, 2.0, 2.0, 1.0]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] unless the shape is that of the windows over such axes, and as for [`windows`](Self::windows).
    #[track_caller]
    pub fn unwindows(
        &self,
        sizes: impl AsRef<[usize]>,
        windows: impl AsRef<[Window]>,
    ) -> Result<Self> {
        self.unwindows_here(sizes.as_ref(), windows.as_ref())
    }

    #[track_caller]
    #[inline(never)]
    fn unwindows_here(&self, sizes: &[usize], windows: &[Window]) -> Result<Self> {
        const OP: &str = "unwindows";
        let (sizes, windows) = (sizes, windows);
        let d = windows.len();
        let Some(lead) = self.rank().checked_sub(2 * d).filter(|_| sizes.len() == d) else {
            let rule = format!("{d} windows need {d} sizes and at least {} axes", 2 * d);
            return Err(Error::Shape(Fault::new(OP, &[self.shape(), sizes], rule)));
        };
        let shape: Shape = self.shape()[..lead].iter().chain(sizes).copied().collect();
        Shape::len_or_refuse(OP, &shape)?;
        let mut out = Self::try_full(&shape, T::ZERO)?;
        let place = window_layout(OP, out.layout(), windows)?;
        self.refuse_other_windows(OP, &place.shape)?;
        if self.is_empty() {
            return Ok(out);
        }
        // Places within a window outermost: then each run goes along the windows, and what it adds to lies apart.
        let order: SmallVec<[usize; 8]> =
            (0..lead).chain(lead + d..lead + 2 * d).chain(lead..lead + d).collect();
        let ordered = |strides: &[isize]| -> SmallVec<[isize; 8]> {
            order.iter().map(|&axis| strides[axis]).collect()
        };
        let shape: Shape = order.iter().map(|&axis| place.shape[axis]).collect();
        let walk = Walk::new(&shape, [&ordered(&place.strides), &ordered(self.strides())]);
        let (n, [to_step, from_step]) = walk.inner();
        let (target, source) = (out.as_mut_slice(), self.storage.as_slice());
        let first = self.layout().offset as isize;
        walk.rows(|[to, from]| {
            let from = first + from;
            if to_step == 1 && from_step == 1 {
                let source = &source[from as usize..][..n];
                for (to, &x) in target[to as usize..][..n].iter_mut().zip(source) {
                    *to = to.plus(x);
                }
                return;
            }
            for i in 0..n as isize {
                let to = &mut target[(to + i * to_step) as usize];
                *to = to.plus(source[(from + i * from_step) as usize]);
            }
        });
        Ok(out)
    }
}

/// The layout of windows over the last axes of a layout.
#[track_caller]
fn window_layout(op: &'static str, of: &Layout, windows: &[Window]) -> Result<Layout> {
    let Some(lead) = of.shape.len().checked_sub(windows.len()) else {
        let rule = format!("{} windows need as many axes", windows.len());
        return Err(Error::Shape(Fault::new(op, &[&of.shape], rule)));
    };
    let mut layout = of.clone();
    for (axis, window) in (lead..).zip(windows) {
        let places = of.shape[axis];
        if let Some(rule) = window.broken(axis, places) {
            let fault = Fault::new(op, &[&of.shape], rule);
            let invalid = window.size == 0 || window.stride == 0 || window.dilation == 0;
            return Err(if invalid { Error::Value(fault) } else { Error::Shape(fault) });
        }
        let (count, stride) = (window.count(places), of.strides[axis]);
        // From a lone place nothing leads on, and the product might overflow.
        let step = |n: usize, by: usize| if n > 1 { stride * by as isize } else { stride };
        layout.shape.set(axis, count);
        layout.strides[axis] = step(count, window.stride);
        layout.shape.push(window.size);
        layout.strides.push(step(window.size, window.dilation));
    }
    Shape::len_or_refuse(op, &layout.shape)?;
    Ok(layout)
}

compiled!(f32 f64: { Tensor::<T>::unwindows_here });
