//! The ops that move, repeat, leave out and join elements, as methods of `Var`.

use smallvec::SmallVec;
use wengert_tensor::{
    Axes, Float, REST, Shape, Slice, axis_or_refuse, is_axis_of_scalar, stack_or_refuse,
};

use crate::ops::{Cat, Diagonal, Expand, Permute, Reshape, Slicing};
use crate::{Result, Var};

impl<T: Float> Var<'_, T> {
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
        let shapes: Vec<Shape> = parts.iter().map(|part| part.shape()).collect();
        let shapes: Vec<&[usize]> = shapes.iter().map(|shape| &**shape).collect();
        stack_or_refuse(&shapes, axis)?;
        let parts = parts.iter().map(|p| p.unsqueeze(axis)).collect::<Result<Vec<_>>>()?;
        Self::cat(&parts, axis)
    }
}
