//! Matrix products of vectors, matrices and batches of them. Operands are read as they lie: transposed, sliced, broadcast.

use std::mem::MaybeUninit;

use crate::error::{Fault, no_memory};
use crate::kernel::gemm::{Init, Mat};
use crate::layout::Walk;
use crate::room::as_room;
use crate::{Error, Float, Result, Shape, Tensor};

impl<T: Float> Tensor<T> {
    /// The matrix product. Of two vectors their inner product; of a matrix and a vector the images; with more axes, the
    /// products of the matrices in the last two, the others broadcast.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let a = tensor![[1.0_f32, 2.0], [3.0, 4.0]];
    /// assert_eq!(a.matmul(&tensor![1.0, -1.0])?, tensor![-1.0, -1.0]);
    /// assert_eq!(a.matmul(&a.t())?, tensor![[5.0, 11.0], [11.0, 25.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if the inner sizes differ, the batches do not broadcast, or an operand is a scalar;
    /// [`Error::Size`] if the product has more elements than memory can address.
    #[track_caller]
    #[inline(never)]
    pub fn matmul(&self, other: &Self) -> Result<Self> {
        let (a, b) = (self, other);
        if let (&[m, k], &[k2, n]) = (a.shape(), b.shape())
            && k == k2
        {
            return product("matmul", [m, n, k], matrix(a), matrix(b), None);
        }
        if a.rank() == 0 || b.rank() == 0 {
            return Err(Error::Shape(
                Fault::new("matmul", &[a.shape(), b.shape()], "a scalar is no matrix")
                    .help("use `*`"),
            ));
        }
        // A vector stands for a row on the left, for a column on the right.
        let a2 = if a.rank() == 1 { a.unsqueeze(0)? } else { a.clone() };
        let b2 = if b.rank() == 1 { b.unsqueeze(1)? } else { b.clone() };
        let (ra, rb) = (a2.rank(), b2.rank());
        let (m, k) = (a2.shape()[ra - 2], a2.shape()[ra - 1]);
        let (k2, n) = (b2.shape()[rb - 2], b2.shape()[rb - 1]);
        if k != k2 {
            return Err(Error::Shape(inner_sizes(a, b, k, k2)));
        }
        let batch =
            Shape::broadcast_or_refuse("matmul", &a2.shape()[..ra - 2], &b2.shape()[..rb - 2])?;
        let mut shape = batch.clone();
        shape.push(m);
        shape.push(n);
        Shape::len_or_refuse("matmul", &shape)?;
        let y = batched(batch, shape, &a2, &b2)?;
        match (a.rank(), b.rank()) {
            (1, 1) => y.squeeze([-2, -1]),
            (1, _) => y.squeeze(-2),
            (_, 1) => y.squeeze(-1),
            _ => Ok(y),
        }
    }

    /// self · weightᵀ + bias, the layer `Linear`: `[…, in]` with `[out, in]` and `[out]` gives `[…, out]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the sizes do not fit.
    #[track_caller]
    #[inline(never)]
    pub fn linear(&self, weight: &Self, bias: Option<&Self>) -> Result<Self> {
        let (&[out, inside], Some(&width)) = (weight.shape(), self.shape().last()) else {
            let rule = "input must be […, in] and weight [out, in]";
            return Err(Error::Shape(Fault::new("linear", &[self.shape(), weight.shape()], rule)));
        };
        if width != inside {
            let rule =
                format!("the input's last axis has size {width}, and the weight takes {inside}");
            let fault = Fault::new("linear", &[self.shape(), weight.shape()], rule);
            let flat = Shape::checked_len(self.shape().get(1..).unwrap_or(&[]));
            return Err(Error::Shape(if flat == Some(inside) {
                fault.help(format!("flatten it first: `.flatten_axes(1, -1)`, or a layer `Flatten`, gives [{}, {inside}]", self.shape()[0]))
            } else {
                let layer = format!("a layer for this input is `Linear::new({width}, {out}, …)`");
                fault.help(if width == out {
                    format!("{layer}; of a weight of your own, [out, in], did you mean the transpose, `.t()`?")
                } else {
                    layer
                })
            }));
        }
        if let Some(bias) = bias.filter(|b| b.shape() != [out]) {
            let rule = format!("the bias must have shape [{out}], one number an output");
            let shapes = [self.shape(), weight.shape(), bias.shape()];
            return Err(Error::Shape(Fault::new("linear", &shapes, rule)));
        }
        if let &[rows, _] = self.shape() {
            let (x, w) = (matrix(self), transposed(weight));
            return product("linear", [rows, out, inside], x, w, bias);
        }
        let mut shape = self.layout().shape.clone();
        shape.remove(self.rank() - 1);
        let rows = Shape::checked_len(&shape).unwrap_or(0);
        shape.push(out);
        Shape::len_or_refuse("linear", &shape)?;
        let flat = self.reshape([rows, inside])?;
        let (x, w) = (matrix(&flat), transposed(weight));
        product("linear", [rows, out, inside], x, w, bias)?.reshape(shape)
    }

    /// selfᵀ · other, of two matrices: what `self.t().matmul(other)` gives, without the view.
    ///
    /// # Errors
    /// As [`matmul`](Self::matmul).
    #[doc(hidden)]
    #[track_caller]
    #[inline(never)]
    pub fn t_matmul(&self, other: &Self) -> Result<Self> {
        match (self.shape(), other.shape()) {
            (&[k, m], &[k2, n]) if k == k2 => {
                product("matmul", [m, n, k], transposed(self), matrix(other), None)
            }
            _ => self.t().matmul(other),
        }
    }
}

#[track_caller]
#[cold]
fn inner_sizes<T: Float>(a: &Tensor<T>, b: &Tensor<T>, k: usize, k2: usize) -> Box<Fault> {
    let rule = format!("the inner sizes differ: {k} columns meet {k2} rows");
    let fault = Fault::new("matmul", &[a.shape(), b.shape()], rule);
    match (a.shape(), b.shape()) {
        (&[.., k], &[.., _, n]) if k == n => {
            fault.help("did you mean the second transposed, `b.t()`?")
        }
        (&[.., m, _], &[.., k, _]) if m == k => {
            fault.help("did you mean the first transposed, `a.t()`?")
        }
        _ => fault,
    }
}

/// The last two axes as a matrix.
fn matrix<T: Float>(x: &Tensor<T>) -> Mat<T> {
    let rank = x.rank();
    Mat { ptr: x.first(), rs: x.strides()[rank - 2], cs: x.strides()[rank - 1] }
}

/// The last two axes as a matrix, transposed.
fn transposed<T: Float>(x: &Tensor<T>) -> Mat<T> {
    let Mat { ptr, rs, cs } = matrix(x);
    Mat { ptr, rs: cs, cs: rs }
}

/// The product of two matrices, [m, k] and [k, n] as they are read, each row started from `bias`.
#[track_caller]
fn product<T: Float>(
    op: &'static str,
    [m, n, k]: [usize; 3],
    a: Mat<T>,
    b: Mat<T>,
    bias: Option<&Tensor<T>>,
) -> Result<Tensor<T>> {
    Shape::len_or_refuse(op, &[m, n])?;
    let copy;
    let bias = match bias {
        Some(bias) if !bias.is_contiguous() => {
            copy = bias.contiguous();
            Some(&copy)
        }
        lies_well => lies_well,
    };
    let init = match bias.and_then(Tensor::as_slice) {
        Some(row) => Init::Row(row.as_ptr()),
        None => Init::Zero,
    };
    // SAFETY: the callers' operands are [m, k] and [k, n] as these read them and still borrowed, the bias has n elements, and `out`
    // has m·n places, of which `gemm` writes each.
    let product = unsafe {
        Tensor::try_filled_by(Shape::new(&[m, n]), |out| {
            T::product(m, n, k, a, b, init, out.as_mut_ptr().cast(), n)
        })
    };
    match product {
        Some(product) => Ok(product),
        None => Err(no_memory::<T>(op, &[m, n])),
    }
}

/// C = A·B, each row started from `bias`: rows that lie one after another in A `[m, k]` and B `[k, n]`, and `down` apart in C. All n
/// elements of a row are written, with the same bits whatever other rows there are.
#[allow(clippy::too_many_arguments)] // those of a product
pub(crate) fn product_into<T: Float>(
    m: usize,
    n: usize,
    k: usize,
    a: &[T],
    b: &[T],
    bias: Option<&[T]>,
    c: &mut [MaybeUninit<T>],
    down: usize,
) {
    let init = match bias {
        Some(bias) => {
            assert_eq!(bias.len(), n);
            Init::Row(bias.as_ptr())
        }
        None => Init::Zero,
    };
    // SAFETY: the bias has n elements, and C is not read.
    unsafe { of_slices([m, n, k], a, b, init, c, down) };
}

/// C += A·B, as [`product_into`].
pub(crate) fn add_product_into<T: Float>(
    m: usize,
    n: usize,
    k: usize,
    a: &[T],
    b: &[T],
    c: &mut [T],
    down: usize,
) {
    // SAFETY: C is initialised.
    unsafe { of_slices([m, n, k], a, b, Init::Accumulate, as_room(c), down) };
}

/// # Safety
/// `init`'s vector has n elements; if it reads C, that is initialised.
unsafe fn of_slices<T: Float>(
    [m, n, k]: [usize; 3],
    a: &[T],
    b: &[T],
    init: Init<T>,
    c: &mut [MaybeUninit<T>],
    down: usize,
) {
    assert!(a.len() == m * k && b.len() == k * n && n <= down && m > 0);
    assert!(c.len() >= (m - 1) * down + n);
    let a = Mat { ptr: a.as_ptr(), rs: k as isize, cs: 1 };
    let b = Mat { ptr: b.as_ptr(), rs: n as isize, cs: 1 };
    // SAFETY: the lengths were just compared, and C is borrowed alone; the caller's promise.
    unsafe { T::product_rows([m, n, k], a, b, init, c.as_mut_ptr().cast(), down) }
}

/// A product for each place of `batch`, to which the operands' first axes broadcast.
#[track_caller]
fn batched<T: Float>(
    batch: Shape,
    shape: Shape,
    a: &Tensor<T>,
    b: &Tensor<T>,
) -> Result<Tensor<T>> {
    let rank = shape.len();
    let (m, n, k) = (shape[rank - 2], shape[rank - 1], a.shape()[a.rank() - 1]);
    let expand = |x: &Tensor<T>| -> Tensor<T> {
        let last = &x.shape()[x.rank() - 2..];
        x.expanded(batch.iter().chain(last).copied().collect())
    };
    let (a, b) = (expand(a), expand(b));
    let walk = Walk::new(&batch, [&a.strides()[..rank - 2], &b.strides()[..rank - 2]]);
    let (ma, mb) = (matrix(&a), matrix(&b));
    // SAFETY: `places` visits each of the batch's products once, in order; each writes its m·n places.
    let products = unsafe {
        Tensor::try_filled_by(shape.clone(), |out| {
            if out.is_empty() {
                return;
            }
            let mut c = out.as_mut_ptr().cast::<T>();
            walk.places(|[i, j]| {
                if k > 0 {
                    let a = Mat { ptr: ma.ptr.offset(i), ..ma };
                    let b = Mat { ptr: mb.ptr.offset(j), ..mb };
                    T::product(m, n, k, a, b, Init::Zero, c, n);
                } else {
                    c.write_bytes(0, m * n);
                }
                c = c.add(m * n);
            });
        })
    };
    match products {
        Some(products) => Ok(products),
        None => Err(no_memory::<T>("matmul", &shape)),
    }
}

compiled!(f32 f64: { Tensor::<T>::matmul, Tensor::<T>::linear, Tensor::<T>::t_matmul });
