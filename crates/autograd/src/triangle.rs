//! Triangles and diagonals of vars, of recorded ops.

use wengert_tensor::{Float, Shape, Tensor};

use crate::ops::{Diagonal, Undiagonal};
use crate::{Result, Var};

impl<T: Float> Var<'_, T> {
    /// The lower triangle of each matrix in the last two axes: elements on or below diagonal `k` are kept, others are 0.
    ///
    /// # Errors
    /// If there are fewer than two axes.
    #[track_caller]
    pub fn tril(self, k: isize) -> Result<Self> {
        self.recordable("tril", &[])?;
        let triangle = self.matrix_of_true()?.tril(k)?;
        self.masked_fill(&!triangle, T::ZERO)
    }

    /// The upper triangle of each matrix in the last two axes: elements on or above diagonal `k` are kept, others are 0.
    ///
    /// # Errors
    /// If there are fewer than two axes.
    #[track_caller]
    pub fn triu(self, k: isize) -> Result<Self> {
        self.recordable("triu", &[])?;
        let triangle = self.matrix_of_true()?.triu(k)?;
        self.masked_fill(&!triangle, T::ZERO)
    }

    /// A mask of the shape of the last two axes, all true, of which a triangle can be taken.
    fn matrix_of_true(self) -> Result<Tensor<bool>> {
        let shape = self.shape();
        Ok(Tensor::try_full(&shape[shape.len().saturating_sub(2)..], true)?)
    }

    /// A vector as diagonal `k` of a matrix of zeros; or diagonal `k` of a matrix.
    ///
    /// # Errors
    /// If it is neither a vector nor a matrix.
    #[track_caller]
    pub fn diag(self, k: isize) -> Result<Self> {
        self.recordable("diag", &[])?;
        match self.rank() {
            1 => self.diag_embed(k),
            2 => self.diagonal(k, 0, 1),
            // The tensor says what is wrong.
            _ => Ok(self.tape.constant(self.tensor_for("diag")?.diag(k)?)),
        }
    }

    /// The last axis as diagonal `k` of a matrix of zeros, in two axes instead.
    ///
    /// # Errors
    /// If there is no axis.
    #[track_caller]
    pub fn diag_embed(self, k: isize) -> Result<Self> {
        self.recordable("diag_embed", &[])?;
        let shape = self.shape();
        let Some((&len, rest)) = shape.split_last() else {
            return Ok(self.tape.constant(self.tensor_for("diag_embed")?.diag_embed(k)?));
        };
        let side = len.saturating_add(k.unsigned_abs());
        let whole: Shape = rest.iter().copied().chain([side, side]).collect();
        Shape::len_or_refuse("diag_embed", &whole)?;
        self.apply(Undiagonal(whole, Diagonal(k, -2, -1)))
    }
}
