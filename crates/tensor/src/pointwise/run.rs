//! Formulas as kernels: a value in one pass, an incoming gradient times a slope in one pass, into the gradient's buffer.

use super::lane::LaneFloat;
use super::table::{BinaryVisitor, UnaryVisitor};
use super::{Binary, BinaryOp, Real, Unary, UnaryOp};
use crate::error::no_memory;
use crate::kernel::folds::FloatFold;
use crate::kernel::gemm::{Init, Mat, Moved};
use crate::kernel::level::Arch;
use crate::kernel::map::{InPlace, Lanewise, try_map, update};
use crate::shape::same;
use crate::{Element, Float, Result, Shape, Tensor};

/// The table's kernels for one float type. Sealed: `f32` and `f64` have them.
#[doc(hidden)]
pub trait FloatKernels: Element + LaneFloat {
    /// `None` if there is no memory for the result.
    fn unary(op: UnaryOp, x: &Tensor<Self>) -> Option<Tensor<Self>>;
    /// `None` if the shapes do not broadcast, or to more elements than there is memory for.
    fn binary(op: BinaryOp, a: &Tensor<Self>, b: &Tensor<Self>) -> Option<Tensor<Self>>;
    fn pull_unary(op: UnaryOp, g: Tensor<Self>, x: &Tensor<Self>, y: &Tensor<Self>)
    -> Tensor<Self>;
    fn sum_into(a: Tensor<Self>, b: &Tensor<Self>) -> Tensor<Self>;
    /// [`gemm`](crate::kernel::gemm::gemm), compiled in this crate.
    ///
    /// # Safety
    /// As there.
    #[allow(clippy::too_many_arguments)]
    unsafe fn product(
        m: usize,
        n: usize,
        k: usize,
        a: Mat<Self>,
        b: Mat<Self>,
        init: Init<Self>,
        c: *mut Self,
        ldc: usize,
    );
    /// [`Moved::run`], compiled in this crate.
    ///
    /// # Safety
    /// As there.
    unsafe fn moved_product(product: &Moved<'_, Self>);
    fn pull_binary(
        op: BinaryOp,
        operand: usize,
        g: Tensor<Self>,
        a: &Tensor<Self>,
        b: &Tensor<Self>,
        y: &Tensor<Self>,
    ) -> Tensor<Self>;
    /// The fold over the flagged axes, which stay with size 1, each result's elements seen from its number in `about`.
    fn fold_about(by: FloatFold, x: &Tensor<Self>, flags: &[bool], about: &[Self]) -> Tensor<Self>;
    fn softmax_rows(x: &Tensor<Self>, logarithm: bool) -> Tensor<Self>;
    fn pull_softmax_rows(g: &Tensor<Self>, y: &Tensor<Self>, logarithm: bool) -> Tensor<Self>;
    fn logcumsumexp(x: &Tensor<Self>, axis: usize) -> Tensor<Self>;
}

#[derive(Clone, Copy)]
struct UnaryValue<F>(F);
impl<T: LaneFloat, F: Unary> Lanewise<T, T, 1> for UnaryValue<F> {
    #[inline(always)]
    fn at<A: Arch>(self, [x]: [T; 1]) -> T {
        T::from_lane::<A>(self.0.value(x.lane::<A>()))
    }
}

#[derive(Clone, Copy)]
struct UnaryPull<F>(F);
impl<T: LaneFloat, F: Unary> InPlace<T, 2> for UnaryPull<F> {
    #[inline(always)]
    fn at<A: Arch>(self, g: T, [x, y]: [T; 2]) -> T {
        let (g, x, y) = (g.lane::<A>(), x.lane::<A>(), y.lane::<A>());
        T::from_lane::<A>(g.gated(self.0.slope(x, y)))
    }
}

#[derive(Clone, Copy)]
struct BinaryValue<F>(F);
impl<T: LaneFloat, F: Binary> Lanewise<T, T, 2> for BinaryValue<F> {
    #[inline(always)]
    fn at<A: Arch>(self, [a, b]: [T; 2]) -> T {
        let (a, b) = (a.lane::<A>(), b.lane::<A>());
        T::from_lane::<A>(self.0.value(a, b))
    }
}

#[derive(Clone, Copy)]
struct BinaryPull<F, const OPERAND: usize>(F);
impl<T: LaneFloat, F: Binary, const OPERAND: usize> InPlace<T, 3> for BinaryPull<F, OPERAND> {
    #[inline(always)]
    fn at<A: Arch>(self, g: T, [a, b, y]: [T; 3]) -> T {
        let (g, a, b, y) = (g.lane::<A>(), a.lane::<A>(), b.lane::<A>(), y.lane::<A>());
        let slope = if OPERAND == 0 { self.0.slope_a(a, b, y) } else { self.0.slope_b(a, b, y) };
        T::from_lane::<A>(g.gated(slope))
    }
}

pub(crate) fn unary<T: Float>(op: UnaryOp, x: &Tensor<T>) -> Option<Tensor<T>> {
    struct Run<'a, T>(&'a Tensor<T>);
    impl<T: Float> UnaryVisitor for Run<'_, T> {
        type Output = Option<Tensor<T>>;
        fn visit<F: Unary>(self, f: F) -> Option<Tensor<T>> {
            try_map(UnaryValue(f), [self.0], self.0.shape())
        }
    }
    op.visit(Run(x))
}

pub(crate) fn binary<T: Float>(op: BinaryOp, a: &Tensor<T>, b: &Tensor<T>) -> Option<Tensor<T>> {
    struct Run<'a, T>(&'a Tensor<T>, &'a Tensor<T>, &'a [usize]);
    impl<T: Float> BinaryVisitor for Run<'_, T> {
        type Output = Option<Tensor<T>>;
        fn visit<F: Binary>(self, f: F) -> Option<Tensor<T>> {
            try_map(BinaryValue(f), [self.0, self.1], self.2)
        }
    }
    if same(a.shape(), b.shape()) {
        return op.visit(Run(a, b, a.shape()));
    }
    let shape = Shape::broadcast(a.shape(), b.shape())?;
    // Two shapes that fit in memory may broadcast to one that does not.
    Shape::checked_len(&shape)?;
    op.visit(Run(a, b, &shape))
}

pub(crate) fn pull_unary<T: Float>(
    op: UnaryOp,
    g: Tensor<T>,
    x: &Tensor<T>,
    y: &Tensor<T>,
) -> Tensor<T> {
    struct Run<'a, T>(Tensor<T>, &'a Tensor<T>, &'a Tensor<T>);
    impl<T: Float> UnaryVisitor for Run<'_, T> {
        type Output = Tensor<T>;
        fn visit<F: Unary>(self, f: F) -> Tensor<T> {
            update(UnaryPull(f), self.0, [self.1, self.2])
        }
    }
    op.visit(Run(g, x, y))
}

pub(crate) fn pull_binary<T: Float>(
    op: BinaryOp,
    operand: usize,
    g: Tensor<T>,
    a: &Tensor<T>,
    b: &Tensor<T>,
    y: &Tensor<T>,
) -> Tensor<T> {
    if matches!(op, BinaryOp::Mul | BinaryOp::Gate) {
        // The slope is the other operand. Where `g` cannot be written to, or the other would have to be repeated, no copy is made first.
        let slope = if operand == 0 { b } else { a };
        if (g.storage.handles() > 1 || !same(slope.shape(), g.shape()))
            && let Some(part) = binary(BinaryOp::Gate, &g, slope)
        {
            return part;
        }
    }
    struct Run<'a, T>(usize, Tensor<T>, [&'a Tensor<T>; 3]);
    impl<T: Float> BinaryVisitor for Run<'_, T> {
        type Output = Tensor<T>;
        fn visit<F: Binary>(self, f: F) -> Tensor<T> {
            let Self(operand, g, others) = self;
            match operand {
                0 => update(BinaryPull::<F, 0>(f), g, others),
                _ => update(BinaryPull::<F, 1>(f), g, others),
            }
        }
    }
    op.visit(Run(operand, g, [a, b, y]))
}

impl UnaryOp {
    /// The function of each element.
    ///
    /// # Panics
    /// If there is no memory for the result: an expanded view may have more elements than fit ([`try_apply`](Self::try_apply)
    /// returns this as an error).
    #[track_caller]
    #[inline]
    pub fn apply<T: Float>(self, x: &Tensor<T>) -> Tensor<T> {
        match T::unary(self, x) {
            Some(y) => y,
            None => self.beyond_memory::<T>(x.shape()),
        }
    }

    /// The end of a function that returns no `Result`: it names the call that returns one, as a program would write it.
    #[track_caller]
    #[cold]
    fn beyond_memory<T>(self, shape: &[usize]) -> ! {
        let error = no_memory::<T>(self.name(), shape);
        let home = "use wengert::tensor::pointwise::UnaryOp";
        panic!("{error}\n  (`UnaryOp::{self:?}.try_apply(&x)` returns this as an error; {home})")
    }

    /// [`apply`](Self::apply), with an error instead of a panic.
    ///
    /// ```
    /// use wengert_tensor::pointwise::UnaryOp;
    /// use wengert_tensor::{Error, Tensor};
    ///
    /// let wide = Tensor::<f32>::ones([1]).expand([1 << 44])?;
    /// assert!(matches!(UnaryOp::Exp.try_apply(&wide), Err(Error::Size(_))));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Size`](crate::Error::Size) if there is no memory for the result.
    #[track_caller]
    #[inline]
    pub fn try_apply<T: Float>(self, x: &Tensor<T>) -> Result<Tensor<T>> {
        match T::unary(self, x) {
            Some(y) => Ok(y),
            None => Err(no_memory::<T>(self.name(), x.shape())),
        }
    }

    /// The reverse rule: `g` times the slope at x, where the value is y; 0 where `g` is 0.
    ///
    /// # Panics
    /// If x or y do not broadcast to g's shape.
    #[inline]
    pub fn pull<T: Float>(self, g: Tensor<T>, x: &Tensor<T>, y: &Tensor<T>) -> Tensor<T> {
        T::pull_unary(self, g, x, y)
    }
}

impl BinaryOp {
    /// The function of each pair of elements, broadcast against each other.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) if the shapes do not broadcast, [`Error::Size`](crate::Error::Size) if to more elements than memory can address.
    #[track_caller]
    #[inline]
    pub fn apply<T: Float>(self, a: &Tensor<T>, b: &Tensor<T>) -> Result<Tensor<T>> {
        match T::binary(self, a, b) {
            Some(y) => Ok(y),
            None => {
                let shape = Shape::broadcast_or_refuse(self.name(), a.shape(), b.shape())?;
                Shape::len_or_refuse(self.name(), &shape)?;
                Err(no_memory::<T>(self.name(), &shape))
            }
        }
    }

    /// The reverse rule along one operand: `g`, of y's shape, times the slope, in that shape; 0 where `g` is 0.
    ///
    /// # Panics
    /// If a, b or y do not broadcast to g's shape.
    #[inline]
    pub fn pull<T: Float>(
        self,
        operand: usize,
        g: Tensor<T>,
        a: &Tensor<T>,
        b: &Tensor<T>,
        y: &Tensor<T>,
    ) -> Tensor<T> {
        T::pull_binary(self, operand, g, a, b, y)
    }
}
