//! The ops as methods of `Var`: the functions of the table, products, reductions, shapes, indexing.

use wengert_tensor::pointwise::{BinaryOp, UnaryOp};
use wengert_tensor::{Axes, Float, Tensor, compiled};

use crate::cross_entropy::Targets;
use crate::operand::Operand;
use crate::ops::{
    Binary, CrossEntropy, CumProd, CumSum, Linear, LogCumSumExp, LogSoftmax, LogSumExp, MatMul,
    Max, Mean, Min, Norm, Prod, Softmax, Std, Sum, Unary, Variance, Where,
};
use crate::{Result, Var};

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

    /// The matrix product; see [`Tensor::matmul`].
    ///
    /// # Errors
    /// If the shapes do not match.
    #[track_caller]
    pub fn matmul(self, other: impl Operand<'t, T>) -> Result<Self> {
        self.matmul_with(other.on(self))
    }

    #[track_caller]
    #[inline(never)]
    fn matmul_with(self, other: Self) -> Result<Self> {
        self.recordable("matmul", &[other])?;
        match (self.rank(), other.rank()) {
            // A vector stands for a row on the left, for a column on the right.
            (1, 1) => self.unsqueeze(0)?.matmul_with(other.unsqueeze(1)?)?.reshape([0; 0]),
            (1, 2..) => self.unsqueeze(0)?.matmul_with(other)?.squeeze(-2),
            (2.., 1) => self.matmul_with(other.unsqueeze(1)?)?.squeeze(-1),
            _ => self.apply_with(MatMul, other),
        }
    }

    /// self · weightᵀ + bias, in one node; see [`Tensor::linear`]. A weight `[in]` is one output, whose axis is left out.
    ///
    /// # Errors
    /// If the shapes do not match.
    #[track_caller]
    #[inline(never)]
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
    #[inline(never)]
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
}

compiled!(f32 f64: { Var::<T>::linear, Var::<T>::matmul_with, Var::<T>::cross_entropy });
