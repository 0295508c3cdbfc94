//! Sums of rows of a table, bag by bag.

use crate::error::{Fault, no_memory};
use crate::index::{refuse_not_a_list, refuse_outside};
use crate::kernel::bags;
use crate::room::{Room, as_room};
use crate::{Error, Float, Result, Shape, Tensor};

impl<T: Float> Tensor<T> {
    /// The sums of rows of this matrix, bag by bag: `[bags, columns]`. `index` has the rows of all bags one after another, and `starts`
    /// the place where each bag begins. An empty bag gives 0. This is the function of an embedding bag.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let table = tensor![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
    /// let (index, starts) = (tensor![0_usize, 2, 1], tensor![0_usize, 2]);
    /// assert_eq!(table.sum_bags(&index, &starts)?, tensor![[6.0, 8.0], [3.0, 4.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] if this is not a matrix, or `starts` does not begin with 0, rise, and end within the index; [`Error::Index`] if
    /// there is no such row.
    #[track_caller]
    #[inline(never)]
    pub fn sum_bags(&self, index: &Tensor<usize>, starts: &Tensor<usize>) -> Result<Self> {
        let columns = refuse_no_bags("sum_bags", self.shape(), index, starts)?;
        let (table, index, starts) = (self.contiguous(), index.contiguous(), starts.contiguous());
        let shape = Shape::new(&[starts.len(), columns]);
        Shape::len_or_refuse("sum_bags", &shape)?;
        let parts = (table.as_slice(), index.as_slice(), starts.as_slice());
        let (Some(table), Some(index), Some(starts)) = parts else {
            unreachable!("contiguous tensors are slices")
        };
        bags::sum(table, columns, index, starts, shape.clone())
            .ok_or_else(|| no_memory::<T>("sum_bags", &shape))
    }

    /// This matrix with row b of `src` added to each row that bag b holds. The adjoint of [`sum_bags`](Self::sum_bags).
    ///
    /// ```
    /// # use wengert_tensor::{Tensor, tensor};
    /// let (index, starts) = (tensor![0_usize, 2, 1], tensor![0_usize, 2]);
    /// let y = Tensor::zeros([3, 1]).add_bags(&index, &starts, &tensor![[1.0], [5.0]])?;
    /// assert_eq!(y, tensor![[1.0], [5.0], [1.0]]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`sum_bags`](Self::sum_bags), and [`Error::Shape`] if `src` has not a row for each bag.
    #[track_caller]
    #[inline(never)]
    pub fn add_bags(
        &self,
        index: &Tensor<usize>,
        starts: &Tensor<usize>,
        src: &Self,
    ) -> Result<Self> {
        let columns = refuse_no_bags("add_bags", self.shape(), index, starts)?;
        if src.shape() != [starts.len(), columns] {
            let rule = format!("the source must have shape {:?}", [starts.len(), columns]);
            return Err(Error::Shape(Fault::new("add_bags", &[self.shape(), src.shape()], rule)));
        }
        let (src, index, starts) = (src.contiguous(), index.contiguous(), starts.contiguous());
        let parts = (src.as_slice(), index.as_slice(), starts.as_slice());
        let (Some(src), Some(index), Some(starts)) = parts else {
            unreachable!("contiguous tensors are slices")
        };
        // One number everywhere is not written out first.
        if !self.is_empty() && self.strides().iter().all(|&stride| stride == 0) {
            let (shape, start) = (self.layout().shape.clone(), self.get(&[0, 0])?);
            let fill = |out: &mut Room<T>| bags::add(out, Some(start), columns, index, starts, src);
            // SAFETY: `add` writes all rows.
            let out = unsafe { Self::try_filled_by(shape.clone(), fill) };
            return out.ok_or_else(|| no_memory::<T>("add_bags", &shape));
        }
        let mut out = self.copied("add_bags")?;
        // SAFETY: what is added is initialised.
        let table = unsafe { as_room(out.as_mut_slice()) };
        bags::add(table, None, columns, index, starts, src);
        Ok(out)
    }
}

/// Rejects bags that are not bags of rows of a matrix, which has this number of columns.
#[track_caller]
fn refuse_no_bags(
    op: &'static str,
    shape: &[usize],
    index: &Tensor<usize>,
    starts: &Tensor<usize>,
) -> Result<usize> {
    let &[_, columns] = shape else {
        let rule = "the rows of bags are those of a matrix";
        return Err(Error::Shape(Fault::new(op, &[shape, index.shape()], rule)));
    };
    refuse_not_a_list(op, shape, index)?;
    refuse_not_a_list(op, shape, starts)?;
    let (mut last, mut rises) = (0, true);
    for (i, start) in starts.iter().enumerate() {
        rises &= start >= last && (i > 0 || start == 0);
        last = start;
    }
    if !rises || last > index.len() || (starts.is_empty() && !index.is_empty()) {
        let rule = "the starts of bags must begin with 0, rise, and end within the index";
        return Err(Error::Shape(Fault::new(op, &[index.shape(), starts.shape()], rule)));
    }
    refuse_outside(op, shape, index, 0)?;
    Ok(columns)
}

compiled!(f32 f64: { Tensor::<T>::sum_bags, Tensor::<T>::add_bags });
