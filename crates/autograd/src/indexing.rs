//! The ops that take and add elements by index, as methods of `Var`.

use wengert_tensor::{Error as TensorError, Fault, Float, Part, Shape, Slice, Tensor};

use crate::operand::Operand;
use crate::ops::{Gather, Given, IndexSelect, MaxPool, SumBags, Ungather, Unindex};
use crate::{Result, Var};

impl<'t, T: Float> Var<'t, T> {
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

    /// The largest element of each part of the last axes; see [`Tensor::max_pool`].
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::{Part, tensor};
    ///
    /// let tape = Tape::new();
    /// let x = tape.var(tensor![1.0_f64, 5.0, 2.0, 3.0]);
    /// let halves = [0, 2].map(|start| Part { start, len: 2, step: 1 });
    /// let y = x.max_pool([halves.to_vec()])?;
    /// assert_eq!(y.value()?, tensor![5.0, 3.0]);
    /// assert_eq!(y.square().sum().gradients()?.wrt(x).value()?, tensor![0.0, 10.0, 0.0, 6.0]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// Unless there are one to three lists and as many axes; if a part has no place, or one outside its axis.
    #[track_caller]
    pub fn max_pool(self, parts: impl Into<Vec<Vec<Part>>>) -> Result<Self> {
        self.apply(MaxPool::new(parts.into()))
    }

    /// The sums of rows of a matrix, bag by bag: `[bags, columns]`. `index` has the rows of all bags one after another, and `starts` the
    /// place where each begins; see [`Tensor::sum_bags`].
    ///
    /// # Errors
    /// If this is not a matrix, an index lies outside its rows, or `starts` does not begin with 0, rise, and end within the index.
    #[track_caller]
    pub fn sum_bags(
        self,
        index: impl Operand<'t, T, usize>,
        starts: impl Operand<'t, T, usize>,
    ) -> Result<Self> {
        let (index, starts) = (self.given("sum_bags", index)?, self.given("sum_bags", starts)?);
        self.apply(SumBags(index, starts))
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
