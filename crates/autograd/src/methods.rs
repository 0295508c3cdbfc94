//! The ops as methods of `Var`: the functions of the table, products, reductions, shapes, indexing.

use std::panic::Location;

use smallvec::SmallVec;
use wengert_tensor::pointwise::{BinaryOp, UnaryOp};
use wengert_tensor::{
    Axes, Element, Error as TensorError, Fault, Float, REST, Shape, Slice, Tensor, axis_or_refuse,
    is_axis_of_scalar,
};

use crate::cross_entropy::Targets;
use crate::ops::{
    Binary, Cat, CrossEntropy, CumProd, CumSum, Diagonal, Expand, Gather, Given, IndexSelect,
    Linear, LogCumSumExp, LogSoftmax, LogSumExp, MatMul, Max, Mean, Min, Norm, Normalize, Permute,
    Prod, Reshape, RmsNormalize, Slicing, Softmax, Std, Sum, Unary, Ungather, Unindex, Variance,
    Where,
};
use crate::{Error, Result, Var};

macro_rules! of_the_table {
    (
        unary { $($(#[$udoc:meta])* $uname:ident $Unary:ident $([$($up:ident = $us:literal),*])?
            ($ux:ident -> $uy:ident) = $uvalue:expr; slope $uslope:expr;)* }
        binary { $($(#[$bdoc:meta])* $bname:ident $Binary:ident $([$($bp:ident = $bs:literal),*])?
            ($a:ident, $b:ident -> $by:ident) = $bvalue:expr; slopes $sa:expr, $sb:expr;)* }
    ) => {
        /// The functions of the [table of derivatives](wengert_tensor::pointwise::table), element by element.
        #[allow(clippy::should_implement_trait)] // `neg` is what the operator does
        impl<'t, T: Float> Var<'t, T> {
            $(
                $(#[$udoc])*
                #[track_caller]
                #[inline]
                pub fn $uname(self $($(, $up: f64)*)?) -> Self {
                    self.infallible(Unary(UnaryOp::$Unary $({ $($up),* })?))
                }
            )*
            $(
                $(#[$bdoc])*
                ///
                /// # Errors
                /// If the shapes do not broadcast, or the other is on another tape.
                #[track_caller]
                #[inline]
                pub fn $bname(self, other: impl Operand<'t, T> $($(, $bp: f64)*)?) -> Result<Self> {
                    let other = other.on(self);
                    self.apply_with(Binary(BinaryOp::$Binary $({ $($bp),* })?), other)
                }
            )*
        }
    };
}
wengert_tensor::pointwise_table!(of_the_table);

/// The other operand of an op: another var, or a tensor or number as a constant. `E` is the type of its elements: the tape's
/// floats, `usize` for indices, `bool` for masks.
pub trait Operand<'t, T: Float, E: Element = T> {
    /// As a var on the tape of `beside`.
    fn on(self, beside: Var<'t, T>) -> Var<'t, T, Tensor<E>>;
}

impl<'t, T: Float, E: Element> Operand<'t, T, E> for Var<'t, T, Tensor<E>> {
    #[inline]
    fn on(self, _: Var<'t, T>) -> Self {
        self
    }
}

impl<'t, T: Float, E: Element> Operand<'t, T, E> for Tensor<E> {
    #[track_caller]
    fn on(self, beside: Var<'t, T>) -> Var<'t, T, Tensor<E>> {
        beside.tape.input(self)
    }
}

impl<'t, T: Float, E: Element> Operand<'t, T, E> for &Tensor<E> {
    #[track_caller]
    fn on(self, beside: Var<'t, T>) -> Var<'t, T, Tensor<E>> {
        beside.tape.input(self.clone())
    }
}

macro_rules! number {
    ($($t:ident)*) => {$(
        impl<'t> Operand<'t, $t> for $t {
            #[track_caller]
            fn on(self, beside: Var<'t, $t>) -> Var<'t, $t> {
                beside.tape.constant(Tensor::scalar(self))
            }
        }
    )*};
}
number!(f32 f64);

impl<'t, T: Float> Var<'t, T> {
    /// Indices or a mask, as the op `name` uses them.
    #[track_caller]
    fn given<E: Element>(
        self,
        name: &'static str,
        operand: impl Operand<'t, T, E>,
    ) -> Result<Given<E>> {
        let var = operand.on(self);
        if !std::ptr::eq(self.tape, var.tape) {
            return Err(Error::OtherTape { op: name, at: Location::caller() });
        }
        Ok(Given { values: var.value()?, line: Some(var.index) })
    }
}

/// Reductions over axes: see [`Axes`]. Each is described by the method of [`Tensor`] of the same name.
macro_rules! reductions {
    ($($(#[$doc:meta])* $name:ident $Op:ident;)*) => {
        impl<T: Float> Var<'_, T> {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// If there is no such axis, or the reduction of no elements is undefined.
                #[track_caller]
                pub fn $name(self, axes: impl Into<Axes>) -> Result<Self> {
                    self.apply_as(stringify!($name), $Op(axes.into()))
                }
            )*
        }
    };
}
reductions! {
    /// The sum over some axes.
    sum_over Sum;
    /// The mean over some axes.
    mean_over Mean;
    /// The product over some axes.
    prod_over Prod;
    /// The largest along some axes; tied elements get equal parts of the gradient.
    max_over Max;
    /// The smallest along some axes; tied elements get equal parts of the gradient.
    min_over Min;
    /// ln Σ eˣ along some axes, without overflow.
    logsumexp_over LogSumExp;
}

impl<'t, T: Float> Var<'t, T> {
    /// The largest element.
    ///
    /// # Errors
    /// If there is no element.
    #[track_caller]
    pub fn max(self) -> Result<Self> {
        self.apply_as("max", Max(Axes::ALL))
    }

    /// The smallest element.
    ///
    /// # Errors
    /// If there is no element.
    #[track_caller]
    pub fn min(self) -> Result<Self> {
        self.apply_as("min", Min(Axes::ALL))
    }

    /// The product of all elements.
    #[track_caller]
    pub fn prod(self) -> Self {
        self.infallible(Prod(Axes::ALL))
    }

    /// The variance over some axes: the sum of squared distances from the mean, divided by their number minus `correction` (1 for a
    /// sample, 0 for a population).
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn var_over(self, axes: impl Into<Axes>, correction: f64) -> Result<Self> {
        self.apply_as("var_over", Variance(axes.into(), correction))
    }

    /// The standard deviation over some axes; its slope is 0 where it is 0.
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn std_over(self, axes: impl Into<Axes>, correction: f64) -> Result<Self> {
        self.apply_as("std_over", Std(axes.into(), correction))
    }

    /// The norm of order `p` over some axes; its slope is 0 where it is 0.
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn norm_over(self, axes: impl Into<Axes>, p: f64) -> Result<Self> {
        self.apply_as("norm_over", Norm(axes.into(), p))
    }

    /// eˣ / Σ eˣ along an axis, without overflow.
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn softmax(self, axis: isize) -> Result<Self> {
        self.apply(Softmax(axis))
    }

    /// x - ln Σ eˣ along an axis, without overflow.
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn log_softmax(self, axis: isize) -> Result<Self> {
        self.apply(LogSoftmax(axis))
    }

    /// Sums of the first 1, 2, 3, … along an axis.
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn cumsum(self, axis: isize) -> Result<Self> {
        self.apply(CumSum(axis))
    }

    /// Products of the first 1, 2, 3, … along an axis.
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn cumprod(self, axis: isize) -> Result<Self> {
        self.apply(CumProd(axis))
    }

    /// ln of the sums of the first 1, 2, 3, … eˣ along an axis, without overflow.
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn logcumsumexp(self, axis: isize) -> Result<Self> {
        self.apply(LogCumSumExp(axis))
    }

    /// (x - mean) / √(variance + epsilon) over some axes: the core of layer and batch normalisation.
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn normalize(self, axes: impl Into<Axes>, epsilon: f64) -> Result<Self> {
        self.apply(Normalize(axes.into(), epsilon))
    }

    /// x / √(mean of x² + epsilon) over axes.
    ///
    /// # Errors
    /// If there are no such axes.
    #[track_caller]
    pub fn rms_normalize(self, axes: impl Into<Axes>, epsilon: f64) -> Result<Self> {
        self.apply(RmsNormalize(axes.into(), epsilon))
    }

    /// The matrix product; see [`Tensor::matmul`].
    ///
    /// # Errors
    /// If the shapes do not match.
    #[track_caller]
    pub fn matmul(self, other: impl Operand<'t, T>) -> Result<Self> {
        let other = other.on(self);
        self.recordable("matmul", &[other])?;
        match (self.rank(), other.rank()) {
            // A vector stands for a row on the left, for a column on the right.
            (1, 1) => self.unsqueeze(0)?.matmul(other.unsqueeze(1)?)?.reshape([0; 0]),
            (1, 2..) => self.unsqueeze(0)?.matmul(other)?.squeeze(-2),
            (2.., 1) => self.matmul(other.unsqueeze(1)?)?.squeeze(-1),
            _ => self.apply_with(MatMul, other),
        }
    }

    /// self · weightᵀ + bias, in one node; see [`Tensor::linear`]. A weight `[in]` is one output, whose axis is left out.
    ///
    /// # Errors
    /// If the shapes do not match.
    #[track_caller]
    pub fn linear(self, weight: Self, bias: Option<Self>) -> Result<Self> {
        self.recordable("linear", &[weight])?;
        if weight.rank() == 1 {
            let y = self.matmul(weight)?;
            return bias.map_or(Ok(y), |bias| y.try_add(bias.reshape([0; 0])?));
        }
        match bias {
            Some(bias) => {
                self.same_tape(bias, "linear")?;
                self.tape.record(Linear, &[self.index, weight.index, bias.index])
            }
            None => self.tape.record(Linear, &[self.index, weight.index]),
        }
    }

    /// Softmax and negative log-likelihood in one op, of logits and the [`Targets`] of their rows.
    ///
    /// # Errors
    /// If there is not one target for each row of logits, a class does not exist, or the tape is spent.
    #[track_caller]
    pub fn cross_entropy(self, targets: Targets<T>) -> Result<Self> {
        targets.check(&self.shape())?;
        self.recordable("cross_entropy", &[])?;
        self.apply(CrossEntropy(targets.on(self.tape)))
    }

    /// self where the mask is true, else `other`; the branch that is not taken gets a gradient of exactly 0.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    #[track_caller]
    pub fn where_(
        self,
        mask: impl Operand<'t, T, bool>,
        other: impl Operand<'t, T>,
    ) -> Result<Self> {
        let mask = self.given("where", mask)?;
        let other = other.on(self);
        self.apply_with(Where(mask), other)
    }

    /// `value` where the mask is true, else self.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    #[track_caller]
    pub fn masked_fill(self, mask: impl Operand<'t, T, bool>, value: T) -> Result<Self> {
        self.recordable("masked_fill", &[])?;
        let mask = mask.on(self);
        self.tape.constant(Tensor::scalar(value)).where_(mask, self)
    }

    /// Another shape with the same number of elements; one size may be [`REST`].
    ///
    /// # Errors
    /// If the numbers of elements differ.
    #[track_caller]
    pub fn reshape(self, shape: impl AsRef<[usize]>) -> Result<Self> {
        self.apply(Reshape(Shape::new(shape.as_ref())))
    }

    /// All elements in one axis.
    #[track_caller]
    pub fn flatten(self) -> Self {
        self.infallible_as("flatten", Reshape(Shape::new(&[REST])))
    }

    /// The last two axes exchanged.
    #[track_caller]
    #[must_use]
    pub fn t(self) -> Self {
        let rank = self.rank();
        let mut order: SmallVec<[isize; 4]> = (0..rank as isize).collect();
        if rank >= 2 {
            order.swap(rank - 2, rank - 1);
        }
        self.infallible_as("t", Permute(order))
    }

    /// Axes `a` and `b` exchanged.
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn transpose(self, a: isize, b: isize) -> Result<Self> {
        self.recordable("transpose", &[])?;
        let shape = self.shape();
        if [a, b].iter().all(|&axis| is_axis_of_scalar(&shape, axis)) {
            return Ok(self);
        }
        let (a, b) =
            (axis_or_refuse("transpose", &shape, a)?, axis_or_refuse("transpose", &shape, b)?);
        let mut order: SmallVec<[isize; 4]> = (0..shape.len() as isize).collect();
        order.swap(a, b);
        self.apply(Permute(order))
    }

    /// The axes in another order: axis `i` of the result is axis `order[i]` of this.
    ///
    /// # Errors
    /// If `order` does not name each axis once.
    #[track_caller]
    pub fn permute(self, order: impl AsRef<[isize]>) -> Result<Self> {
        self.apply(Permute(SmallVec::from_slice(order.as_ref())))
    }

    /// Without the named axes, which must have size 1 (`..`: without all axes of size 1).
    ///
    /// # Errors
    /// If there is no such axis, or its size is not 1.
    #[track_caller]
    pub fn squeeze(self, axes: impl Into<Axes>) -> Result<Self> {
        let shape = self.tensor_for("squeeze")?.squeeze(axes)?;
        self.reshape(shape.shape())
    }

    /// With a new axis of size 1 at place `axis` of the result.
    ///
    /// # Errors
    /// If the result has no such axis.
    #[track_caller]
    pub fn unsqueeze(self, axis: isize) -> Result<Self> {
        let shape = self.tensor_for("unsqueeze")?.unsqueeze(axis)?;
        self.reshape(shape.shape())
    }

    /// Each axis of size 1 repeated as often as needed, and axes added in front.
    ///
    /// # Errors
    /// If an axis whose size is not 1 would have to change.
    #[track_caller]
    pub fn expand(self, shape: impl AsRef<[usize]>) -> Result<Self> {
        self.apply(Expand(Shape::new(shape.as_ref())))
    }

    /// A part; see [`s!`](wengert_tensor::s).
    ///
    /// # Errors
    /// If a place or range lies outside its axis.
    #[track_caller]
    pub fn slice(self, axes: impl AsRef<[Slice]>) -> Result<Self> {
        self.apply(Slicing(axes.as_ref().to_vec()))
    }

    /// `len` places of `axis`, from `start` on.
    ///
    /// # Errors
    /// If there is no such axis, or it has no such places.
    #[track_caller]
    pub fn narrow(self, axis: isize, start: usize, len: usize) -> Result<Self> {
        // The tensor's `narrow` checks the arguments, and its error is returned.
        self.tensor_for("narrow")?.narrow(axis, start, len)?;
        let axis = axis_or_refuse("narrow", &self.shape(), axis)?;
        let mut axes = vec![Slice::from(..); axis];
        axes.push(Slice::from(start as isize..(start + len) as isize));
        self.slice(axes)
    }

    /// Place `index` of `axis`, without the axis.
    ///
    /// # Errors
    /// If there is no such axis or place.
    #[track_caller]
    pub fn select(self, axis: isize, index: usize) -> Result<Self> {
        self.tensor_for("select")?.select(axis, index)?;
        let axis = axis_or_refuse("select", &self.shape(), axis)?;
        let mut axes = vec![Slice::from(..); axis];
        axes.push(Slice::At(index as isize));
        self.slice(axes)
    }

    /// The named axes read backwards.
    ///
    /// # Errors
    /// If there is no such axis.
    #[track_caller]
    pub fn flip(self, axes: impl Into<Axes>) -> Result<Self> {
        self.recordable("flip", &[])?;
        let flags = axes.into().flags("flip", &self.shape())?;
        let axes: Vec<Slice> = flags
            .iter()
            .map(|&f| if f { Slice::from(..).step(-1) } else { Slice::from(..) })
            .collect();
        self.slice(axes)
    }

    /// The diagonal of axes `a` and `b`, `offset` above the main one, as a new last axis.
    ///
    /// # Errors
    /// If there are no such two axes.
    #[track_caller]
    pub fn diagonal(self, offset: isize, a: isize, b: isize) -> Result<Self> {
        self.apply(Diagonal(offset, a, b))
    }

    /// Vars joined along an axis.
    ///
    /// # Errors
    /// If there is none, or other axes differ.
    #[track_caller]
    pub fn cat(parts: &[Self], axis: isize) -> Result<Self> {
        let Some(first) = parts.first() else {
            let rule = "cat: of no vars".to_string();
            return Err(crate::Error::Use(rule, std::panic::Location::caller()));
        };
        let mut operands: SmallVec<[u32; 4]> = SmallVec::new();
        for part in parts {
            first.same_tape(*part, "cat")?;
            operands.push(part.index);
        }
        first.tape.record(Cat(axis), &operands)
    }

    /// Vars of one shape along a new axis.
    ///
    /// # Errors
    /// If there is none, or shapes differ.
    #[track_caller]
    pub fn stack(parts: &[Self], axis: isize) -> Result<Self> {
        if let Some(first) = parts.first() {
            first.recordable("stack", parts)?;
        }
        let parts = parts.iter().map(|p| p.unsqueeze(axis)).collect::<Result<Vec<_>>>()?;
        Self::cat(&parts, axis)
    }

    /// Elements taken along an axis by index: `index` has this one's rank.
    ///
    /// # Errors
    /// If an index lies outside the axis, or the shapes do not fit.
    #[track_caller]
    pub fn gather(self, axis: isize, index: impl Operand<'t, T, usize>) -> Result<Self> {
        let index = self.given("gather", index)?;
        self.apply(Gather(axis, index))
    }

    /// Places of an axis by index.
    ///
    /// # Errors
    /// If an index lies outside the axis.
    #[track_caller]
    pub fn index_select(self, axis: isize, index: impl Operand<'t, T, usize>) -> Result<Self> {
        let index = self.given("index_select", index)?;
        self.apply(IndexSelect(axis, index))
    }

    /// The rows of a matrix by index: indices `[…]` give `[…, columns]`.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let table = tape.var(tensor![[1.0_f64, 2.0], [3.0, 4.0]]);
    /// let rows = table.rows(&tensor![[1_usize, 0]])?;
    /// assert_eq!(rows.value()?, tensor![[[3.0, 4.0], [1.0, 2.0]]]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If this is not a matrix, or an index lies outside its rows.
    #[track_caller]
    pub fn rows(self, index: impl Operand<'t, T, usize>) -> Result<Self> {
        let index = self.given("rows", index)?;
        let mut shape = Shape::new(index.values.shape());
        let &[_, columns] = &*self.shape() else {
            let rule = "rows are taken from a matrix";
            let fault = Fault::new("rows", &[&self.shape(), &shape], rule);
            return Err(TensorError::Shape(fault).into());
        };
        shape.push(columns);
        let flat = Given { values: index.values.flatten(), line: index.line };
        self.apply_as("rows", IndexSelect(0, flat))?.reshape(&shape)
    }

    /// self with `src` added along an axis by index.
    ///
    /// # Errors
    /// If an index lies outside the axis, or the shapes do not fit.
    #[track_caller]
    pub fn scatter_add(
        self,
        axis: isize,
        index: impl Operand<'t, T, usize>,
        src: Self,
    ) -> Result<Self> {
        let index = self.given("scatter_add", index)?;
        self.recordable("scatter_add", &[src])?;
        // Only the part of the source that the index covers is added, and only that gets a gradient.
        let (from, to) = (src.shape(), Shape::new(index.values.shape()));
        let longer = from.len() == to.len() && from.iter().zip(&*to).all(|(from, to)| from >= to);
        let src = match longer && from != to {
            true => src.slice(to.iter().map(|&n| Slice::from(..n as isize)).collect::<Vec<_>>())?,
            false => src,
        };
        let added = src.apply(Ungather(self.shape(), Gather(axis, index)))?;
        self.try_add(added)
    }

    /// self with places of `src` added along an axis by index.
    ///
    /// # Errors
    /// If an index lies outside the axis, or the shapes do not fit.
    #[track_caller]
    pub fn index_add(
        self,
        axis: isize,
        index: impl Operand<'t, T, usize>,
        src: Self,
    ) -> Result<Self> {
        let index = self.given("index_add", index)?;
        self.recordable("index_add", &[src])?;
        let added = src.apply(Unindex(self.shape(), IndexSelect(axis, index)))?;
        self.try_add(added)
    }

    /// The place of the largest element along an axis. It is not recorded, because an index has no slope.
    ///
    /// # Errors
    /// If there is no such axis, or it is empty.
    #[track_caller]
    pub fn argmax(self, axis: isize) -> Result<Tensor<usize>> {
        let value = self.tensor_for("argmax")?;
        self.tape.note(self.index, "argmax", std::panic::Location::caller());
        Ok(value.argmax_over(axis)?)
    }
}
