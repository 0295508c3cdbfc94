//! Layers that pad the last axes.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Border, Error, Fault, Float};

use crate::{Module, Parts, Visitor};

/// Places of one value before and after the last axis.
///
/// ```
/// use wengert_nn::{ConstantPad1d, Module};
/// use wengert_tensor::tensor;
///
/// assert_eq!(ConstantPad1d::new([(2, 1)], 9.0).predict(&tensor![1.0_f32, 2.0])?, tensor![9.0, 9.0, 1.0, 2.0, 9.0]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
pub type ConstantPad1d = ConstantPad<1>;
/// Places of one value before and after the last two axes.
pub type ConstantPad2d = ConstantPad<2>;
/// Places of what lies as far inside, before and after the last axis.
pub type ReflectionPad1d = ReflectionPad<1>;
/// Places of what lies as far inside, before and after the last two axes.
pub type ReflectionPad2d = ReflectionPad<2>;

/// Zeros before and after the last axis.
#[derive(Clone, Copy, Debug)]
pub struct ZeroPad1d;

impl ZeroPad1d {
    /// With these numbers of places, before and after.
    #[expect(
        clippy::new_ret_no_self,
        reason = "it is the layer of one value, under PyTorch's name"
    )]
    pub fn new(widths: [(isize, isize); 1]) -> ConstantPad<1> {
        ConstantPad::new(widths, 0.0)
    }
}

/// Zeros before and after the last two axes.
#[derive(Clone, Copy, Debug)]
pub struct ZeroPad2d;

impl ZeroPad2d {
    /// With these numbers of places, before and after; the last axis first, as in PyTorch.
    #[expect(
        clippy::new_ret_no_self,
        reason = "it is the layer of one value, under PyTorch's name"
    )]
    pub fn new(widths: [(isize, isize); 2]) -> ConstantPad<2> {
        ConstantPad::new(widths, 0.0)
    }
}

/// Places of one value before and after the last `D` axes.
#[derive(Clone, Copy, Debug)]
pub struct ConstantPad<const D: usize> {
    widths: [(isize, isize); D],
    value: f64,
}

impl<const D: usize> ConstantPad<D> {
    /// With these numbers of places of this value, before and after; the last axis first, as in PyTorch. Negative numbers crop.
    pub fn new(widths: [(isize, isize); D], value: f64) -> Self {
        Self { widths, value }
    }
}

/// Places of what lies as far inside, before and after the last `D` axes.
#[derive(Clone, Copy, Debug)]
pub struct ReflectionPad<const D: usize> {
    widths: [(isize, isize); D],
}

impl<const D: usize> ReflectionPad<D> {
    /// With these numbers of places, before and after; the last axis first, as in PyTorch. Negative numbers crop.
    pub fn new(widths: [(isize, isize); D]) -> Self {
        Self { widths }
    }
}

/// One pair an axis, in the axes' order: none for the first ones.
#[track_caller]
fn all_axes(x: &[usize], last: &[(isize, isize)]) -> Result<Vec<(isize, isize)>> {
    let Some(first) = x.len().checked_sub(last.len()) else {
        let rule = format!("has not the {} axes that are padded", last.len());
        return Err(Error::Shape(Fault::new("pad", &[x], rule)).into());
    };
    Ok(std::iter::repeat_n((0, 0), first).chain(last.iter().rev().copied()).collect())
}

impl<T: Float, const D: usize> Parts<T> for ConstantPad<D> {
    fn visit(&self, _: &mut Visitor<'_, T>) {}
    fn describe(&self) -> Option<String> {
        Some(format!("ConstantPad{D}d({:?}, {})", self.widths, self.value))
    }
}

impl<T: Float, const D: usize> Module<T> for ConstantPad<D> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        let widths = all_axes(&x.shape(), &self.widths)?;
        x.pad(widths, T::from_f64(self.value))
    }
}

impl<T: Float, const D: usize> Parts<T> for ReflectionPad<D> {
    fn visit(&self, _: &mut Visitor<'_, T>) {}
    fn describe(&self) -> Option<String> {
        Some(format!("ReflectionPad{D}d({:?})", self.widths))
    }
}

impl<T: Float, const D: usize> Module<T> for ReflectionPad<D> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        let widths = all_axes(&x.shape(), &self.widths)?;
        x.pad_with(widths, Border::Reflect)
    }
}
