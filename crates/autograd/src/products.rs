//! Products of vars that take only vectors or only matrices, and convolutions; see also `matmul` and `linear`.

use wengert_tensor::{Conv, Error as TensorError, Fault, Float, Shape};

use crate::{Result, Var, ops};

impl<'t, T: Float> Var<'t, T> {
    /// The product of two matrices, and of nothing else: [`matmul`](Self::matmul) takes vectors and batches too.
    ///
    /// # Errors
    /// If they are not two matrices, or their inner sizes differ.
    #[track_caller]
    pub fn mm(self, other: Self) -> Result<Self> {
        self.of_ranks("mm", other, 2, 2, "both must be matrices")?;
        self.matmul(other)
    }

    /// The product of a matrix and a vector.
    ///
    /// # Errors
    /// If they are not a matrix and a vector, or their inner sizes differ.
    #[track_caller]
    pub fn mv(self, vector: Self) -> Result<Self> {
        self.of_ranks("mv", vector, 2, 1, "they must be a matrix and a vector")?;
        self.matmul(vector)
    }

    /// The products of the matrices of two batches of one size: `[N, a, b]` and `[N, b, c]` give `[N, a, c]`.
    ///
    /// # Errors
    /// If they are not two batches of one size, or the inner sizes differ.
    #[track_caller]
    pub fn bmm(self, other: Self) -> Result<Self> {
        self.of_ranks("bmm", other, 3, 3, "both must be [batch, rows, columns]")?;
        if self.shape()[0] != other.shape()[0] {
            let rule = "the batches differ in size, and `bmm` does not broadcast (`matmul` does)";
            let fault = Fault::new("bmm", &[&self.shape(), &other.shape()], rule);
            return Err(TensorError::Shape(fault).into());
        }
        self.matmul(other)
    }

    /// The inner product of two vectors, as a scalar.
    ///
    /// # Errors
    /// If they are not two vectors of one length.
    #[track_caller]
    pub fn dot(self, other: Self) -> Result<Self> {
        self.of_ranks("dot", other, 1, 1, "both must be vectors")?;
        self.matmul(other)
    }

    /// Every product of an element of one vector with one of the other: `[m]` and `[n]` give `[m, n]`.
    ///
    /// # Errors
    /// If they are not two vectors.
    #[track_caller]
    pub fn outer(self, other: Self) -> Result<Self> {
        self.of_ranks("outer", other, 1, 1, "both must be vectors")?;
        self.unsqueeze(1)?.try_mul(other.unsqueeze(0)?)
    }

    /// The convolution of `[N, C, …]` with a weight `[outputs, C / groups, …]`, plus a bias `[outputs]`; see
    /// [`Tensor::conv`](wengert_tensor::Tensor::conv).
    ///
    /// # Errors
    /// If the shapes do not fit, the groups do not divide the channels, or a window spans more places than the padded input has.
    #[track_caller]
    pub fn conv(self, weight: Self, bias: Option<Self>, conv: Conv) -> Result<Self> {
        self.recordable("conv", &[weight])?;
        match bias {
            Some(bias) => {
                self.same_tape(bias, "conv")?;
                self.tape.record(ops::Conv(conv), &[self.index, weight.index, bias.index])
            }
            None => self.apply_with(ops::Conv(conv), weight),
        }
    }

    /// The adjoint of [`conv`](Self::conv) along its input, of this output and a weight: a transposed convolution, to an input whose
    /// last axes have these sizes.
    ///
    /// # Errors
    /// As for [`conv`](Self::conv) of such an input.
    #[track_caller]
    pub fn conv_input(self, weight: Self, sizes: impl AsRef<[usize]>, conv: Conv) -> Result<Self> {
        self.apply_with(ops::ConvInput(conv, Shape::new(sizes.as_ref())), weight)
    }

    /// The adjoint of [`conv`](Self::conv) along its weight, of this input and an output.
    ///
    /// # Errors
    /// As for [`conv`](Self::conv).
    #[track_caller]
    pub fn conv_weight(self, output: Self, conv: Conv) -> Result<Self> {
        self.apply_with(ops::ConvWeight(conv), output)
    }

    /// beta · self + alpha · a·b, self broadcast to the product's shape.
    ///
    /// # Errors
    /// If the shapes do not fit.
    #[track_caller]
    pub fn addmm(self, a: Self, b: Self, beta: f64, alpha: f64) -> Result<Self> {
        self.recordable("addmm", &[a, b])?;
        let scaled = |x: Self, c: f64| if c == 1.0 { x } else { x.mul_scalar(c) };
        let product = scaled(a.mm(b)?, alpha);
        // What is multiplied by 0 is not looked at, NaN or not: so PyTorch and BLAS.
        if beta == 0.0 {
            return Ok(product);
        }
        scaled(self, beta).expand(&*product.shape())?.try_add(product)
    }

    #[track_caller]
    fn of_ranks(self, op: &'static str, b: Self, m: usize, n: usize, rule: &str) -> Result<()> {
        self.recordable(op, &[b])?;
        if (self.rank(), b.rank()) == (m, n) {
            return Ok(());
        }
        Err(TensorError::Shape(Fault::new(op, &[&self.shape(), &b.shape()], rule)).into())
    }
}
