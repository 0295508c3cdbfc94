//! Triangles and diagonals of matrices.

use crate::error::Fault;
use crate::{Element, Error, Result, Shape, Tensor};

impl<T: Element> Tensor<T> {
    /// The lower triangle of each matrix in the last two axes, 0 (or `false`) above: what lies on diagonal `k` or below
    /// it stays, 0 being the main diagonal and 1 the one above.
    ///
    /// ```
    /// # use wengert_tensor::{Tensor, tensor};
    /// let causal = Tensor::full([3, 3], true).tril(0)?;
    /// assert_eq!(causal, tensor![[true, false, false], [true, true, false], [true, true, true]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if there are fewer than two axes.
    #[track_caller]
    #[inline(never)]
    pub fn tril(&self, k: isize) -> Result<Self> {
        self.triangle("tril", |row, i| {
            let stays = (i as isize).saturating_add(k).saturating_add(1).max(0) as usize;
            let stays = stays.min(row.len());
            row[stays..].fill(T::default());
        })
    }

    /// The upper triangle of each matrix in the last two axes, 0 (or `false`) below: what lies on diagonal `k` or above
    /// it stays.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are fewer than two axes.
    #[track_caller]
    #[inline(never)]
    pub fn triu(&self, k: isize) -> Result<Self> {
        self.triangle("triu", |row, i| {
            let goes = (i as isize).saturating_add(k).max(0) as usize;
            let goes = goes.min(row.len());
            row[..goes].fill(T::default());
        })
    }

    /// A copy, each row of each matrix changed by a function of its number.
    #[track_caller]
    fn triangle(&self, op: &'static str, change: impl Fn(&mut [T], usize)) -> Result<Self> {
        let &[.., rows, columns] = self.shape() else {
            let rule = format!("a matrix has two axes, and this has {}", self.rank());
            return Err(Error::Shape(Fault::new(op, &[self.shape()], rule)));
        };
        let mut out = self.copied(op)?;
        // Without elements there may be no columns, and chunks of nothing.
        if !out.is_empty() {
            for (i, row) in out.as_mut_slice().chunks_exact_mut(columns).enumerate() {
                change(row, i % rows);
            }
        }
        Ok(out)
    }

    /// A vector as diagonal `k` of a matrix of zeros; or diagonal `k` of a matrix, as a view.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![1, 2_i64];
    /// assert_eq!(x.diag(1)?, tensor![[0, 1, 0], [0, 0, 2], [0, 0, 0]]);
    /// assert_eq!(x.diag(1)?.diag(1)?, x);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if it is neither a vector nor a matrix, [`Error::Size`] if the matrix has more elements than memory
    /// can address.
    #[track_caller]
    #[inline(never)]
    pub fn diag(&self, k: isize) -> Result<Self> {
        match self.rank() {
            1 => self.diag_embed(k),
            2 => self.diagonal(k, 0, 1),
            rank => {
                let rule = format!("takes a vector or a matrix, and this has {rank} axes");
                Err(Error::Shape(
                    Fault::new("diag", &[self.shape()], rule)
                        .help("`diagonal` and `diag_embed` take batches"),
                ))
            }
        }
    }

    /// The last axis as diagonal `k` of a matrix of zeros, in two axes instead.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is no axis, [`Error::Size`] if the result has more elements than memory can address.
    #[track_caller]
    #[inline(never)]
    pub fn diag_embed(&self, k: isize) -> Result<Self> {
        let Some((&len, rest)) = self.shape().split_last() else {
            let rule = "takes a vector or a batch of them, and this is a scalar";
            return Err(Error::Shape(Fault::new("diag_embed", &[self.shape()], rule)));
        };
        // Saturated is too large for memory, and rejected.
        let side = len.saturating_add(k.unsigned_abs());
        let shape: Shape = rest.iter().copied().chain([side, side]).collect();
        Shape::len_or_refuse("diag_embed", &shape)?;
        let zeros = Self::try_full(&shape, T::default())?;
        if self.is_empty() {
            return Ok(zeros);
        }
        zeros.assign_through(|out| out.diagonal(k, -2, -1), self)
    }
}

compiled!(f32 f64: { Tensor::<T>::tril, Tensor::<T>::triu, Tensor::<T>::diag, Tensor::<T>::diag_embed });
