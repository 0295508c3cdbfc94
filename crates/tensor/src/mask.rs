//! Masks, `Tensor<bool>`: their logic, `any` and `all`, and choosing by them.

use std::ops::{BitAnd, BitOr, BitXor, Not};

use crate::axes::folding;
use crate::compare::{both, each};
use crate::error::{Named, no_memory, refuse, room_or_refuse};
use crate::kernel::map::{Plain, map};
use crate::kernel::pick::pick;
use crate::kernel::reduce::fold;
use crate::kernel::tree::{Max, Min, Sum};
use crate::layout::{Layout, Walk};
use crate::{Axes, Element, Number, Result, Shape, Tensor};

macro_rules! logic {
    ($($name:ident $Op:ident $op:ident $symbol:tt $meaning:literal;)*) => {
        impl Tensor<bool> {
            $(
                #[doc = concat!("Whether ", $meaning, ", broadcast against each other.")]
                ///
                /// # Errors
                /// [`Error::Shape`](crate::Error::Shape) if the shapes do not broadcast.
                #[track_caller]
                pub fn $name(&self, other: &Self) -> Result<Self> {
                    both(stringify!($name), self, other, |a, b| a $symbol b)
                }
            )*

            /// Whether each is false.
            #[must_use]
            #[track_caller]
            pub fn logical_not(&self) -> Self {
                each("logical_not", None, self, |x| !x)
            }
        }
        $(
            logic!(@ $name $Op $op &Tensor<bool>, &Tensor<bool>);
            logic!(@ $name $Op $op &Tensor<bool>, Tensor<bool>);
            logic!(@ $name $Op $op Tensor<bool>, &Tensor<bool>);
            logic!(@ $name $Op $op Tensor<bool>, Tensor<bool>);
        )*
    };
    (@ $name:ident $Op:ident $op:ident $a:ty, $b:ty) => {
        impl $Op<$b> for $a {
            type Output = Tensor<bool>;
            /// # Panics
            #[doc = concat!("If the shapes do not broadcast; `Tensor::", stringify!($name), "` returns that as an error.")]
            #[track_caller]
            fn $op(self, other: $b) -> Tensor<bool> {
                match self.$name(&other) {
                    Ok(y) => y,
                    Err(error) => refuse(&error, stringify!($name)),
                }
            }
        }
    };
}
logic! {
    logical_and BitAnd bitand & "both are true";
    logical_or BitOr bitor | "at least one is true";
    logical_xor BitXor bitxor ^ "exactly one is true";
}

impl Not for Tensor<bool> {
    type Output = Self;
    #[track_caller]
    fn not(self) -> Self {
        self.logical_not()
    }
}

impl Not for &Tensor<bool> {
    type Output = Tensor<bool>;
    #[track_caller]
    fn not(self) -> Tensor<bool> {
        self.logical_not()
    }
}

/// [`pick`], or an error in the name of `op` if the system has no memory for the result.
#[track_caller]
fn picked<T: Element>(
    op: &'static str,
    mask: &Tensor<bool>,
    yes: &Tensor<T>,
    no: &Tensor<T>,
    shape: Shape,
) -> Result<Tensor<T>> {
    match pick(mask, yes, no, shape.clone()) {
        Some(y) => Ok(y),
        None => Err(no_memory::<T>(op, &shape)),
    }
}

impl Tensor<bool> {
    /// Whether any element is true; false if there are none.
    #[track_caller]
    pub fn any(&self) -> bool {
        self.contiguous().as_slice().is_some_and(|x| x.contains(&true))
    }

    /// Whether all elements are true; true if there are none.
    #[track_caller]
    pub fn all(&self) -> bool {
        self.contiguous().as_slice().is_none_or(|x| !x.contains(&false))
    }

    /// The number of elements that are true.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let (classes, labels) = (tensor![3_usize, 1, 2], tensor![3_usize, 0, 2]);
    /// assert_eq!(classes.equal(&labels)?.count(), 2);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    #[track_caller]
    pub fn count(&self) -> usize {
        // As many at a time as a byte can count: bytes are added 64 at once.
        let bytes = |x: &[bool]| usize::from(x.iter().fold(0, |n, &x| n + u8::from(x)));
        self.contiguous().as_slice().map_or(0, |x| x.chunks(255).map(bytes).sum())
    }

    /// Whether any is true along some axes. Of no element: no.
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) if there is no such axis.
    #[track_caller]
    pub fn any_over(&self, axes: impl Into<Axes>) -> Result<Self> {
        let axes = axes.into();
        let flags = folding("any", self.shape(), &axes)?;
        room_or_refuse::<u8>("any", self.shape())?;
        let kept = fold(Max, &self.as_numbers::<u8>(), &flags, &[]);
        Ok(each("any", None, &kept.kept_or_not(&axes, &flags), |x| x != 0))
    }

    /// Whether all are true along some axes. Of no element: yes.
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) if there is no such axis.
    #[track_caller]
    pub fn all_over(&self, axes: impl Into<Axes>) -> Result<Self> {
        let axes = axes.into();
        let flags = folding("all", self.shape(), &axes)?;
        room_or_refuse::<u8>("all", self.shape())?;
        // The least of nothing is 255: not 0, so true.
        let kept = fold(Min, &self.as_numbers::<u8>(), &flags, &[]);
        Ok(each("all", None, &kept.kept_or_not(&axes, &flags), |x| x != 0))
    }

    /// The number of elements along some axes that are true. (`x.cast::<bool>().count_over(…)` counts what is not 0.)
    ///
    /// # Errors
    /// [`Error::Axis`](crate::Error::Axis) if there is no such axis.
    #[track_caller]
    pub fn count_over(&self, axes: impl Into<Axes>) -> Result<Tensor<usize>> {
        let axes = axes.into();
        let flags = folding("count", self.shape(), &axes)?;
        room_or_refuse::<usize>("count", self.shape())?;
        let kept = fold(Sum, &self.as_numbers::<usize>(), &flags, &[]);
        Ok(kept.kept_or_not(&axes, &flags))
    }

    /// 1 for true, 0 for false.
    #[track_caller]
    fn as_numbers<T: Number>(&self) -> Tensor<T> {
        map(
            Named { op: "cast", twin: None },
            Plain(|[x]: [bool; 1]| if x { T::ONE } else { T::ZERO }),
            [self],
            self.shape(),
        )
    }

    /// `yes` where this is true, `no` where it is false, all three broadcast against one another. (`where` elsewhere: in
    /// Rust that is a keyword.)
    ///
    /// ```
    /// # use wengert_tensor::{Tensor, tensor};
    /// let x = tensor![1.0_f32, -2.0, 3.0];
    /// let y = x.greater_scalar(0.0).pick(&x, &Tensor::scalar(0.0))?;
    /// assert_eq!(y, tensor![1.0, 0.0, 3.0]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) if the shapes do not broadcast.
    #[track_caller]
    pub fn pick<T: Element>(&self, yes: &Tensor<T>, no: &Tensor<T>) -> Result<Tensor<T>> {
        let values = Shape::broadcast_or_refuse("pick", yes.shape(), no.shape())?;
        let shape = Shape::broadcast_or_refuse("pick", self.shape(), &values)?;
        picked("pick", self, yes, no, shape)
    }

    /// The indices of what is true, one row of `rank` numbers for each, in row-major order.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![[0.0_f32, 2.0], [3.0, 0.0]];
    /// assert_eq!(x.not_equal_scalar(0.0).nonzero(), tensor![[0_usize, 1], [1, 0]]);
    /// ```
    #[track_caller]
    pub fn nonzero(&self) -> Tensor<usize> {
        let mut found = Vec::new();
        let mut index = vec![0; self.rank()];
        let mut count = 0;
        for x in self.iter() {
            if x {
                found.extend_from_slice(&index);
                count += 1;
            }
            for (i, &size) in index.iter_mut().zip(self.shape()).rev() {
                *i += 1;
                if *i < size {
                    break;
                }
                *i = 0;
            }
        }
        Tensor::from(found).with_layout(Layout::contiguous(&[count, self.rank()]))
    }
}

impl<T: Element> Tensor<T> {
    /// The element where the mask is true, that of `other` where it is false, all three broadcast against one another:
    /// [`Tensor::pick`] from the side of the elements.
    ///
    /// ```
    /// # use wengert_tensor::{Tensor, tensor};
    /// let x = tensor![1.0_f32, -2.0, 3.0];
    /// assert_eq!(x.where_(&x.greater_scalar(0.0), &Tensor::scalar(0.0))?, tensor![1.0, 0.0, 3.0]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) if the shapes do not broadcast.
    #[track_caller]
    pub fn where_(&self, mask: &Tensor<bool>, other: &Self) -> Result<Self> {
        let values = Shape::broadcast_or_refuse("where", self.shape(), other.shape())?;
        let shape = Shape::broadcast_or_refuse("where", mask.shape(), &values)?;
        picked("where", mask, self, other, shape)
    }

    /// `value` where the mask is true, the element where it is false, the two broadcast against each other.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) if the shapes do not broadcast.
    #[track_caller]
    pub fn masked_fill(&self, mask: &Tensor<bool>, value: T) -> Result<Self> {
        let shape = Shape::broadcast_or_refuse("masked_fill", self.shape(), mask.shape())?;
        picked("masked_fill", mask, &Self::scalar(value), self, shape)
    }

    /// The elements where the mask is true, along one axis, in row-major order; the two broadcast against each other.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![3.0_f32, -1.0, 2.0];
    /// assert_eq!(x.masked_select(&x.greater_scalar(0.0))?, tensor![3.0, 2.0]);
    /// # Ok::<(), wengert_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) if the shapes do not broadcast, [`Error::Size`](crate::Error::Size) if there is no memory
    /// for the result.
    #[track_caller]
    #[inline(never)]
    pub fn masked_select(&self, mask: &Tensor<bool>) -> Result<Self> {
        let shape = Shape::broadcast_or_refuse("masked_select", self.shape(), mask.shape())?;
        // Each place of the mask is repeated as often as any other. To count may take a copy of a view.
        room_or_refuse::<bool>("masked_select", mask.shape())?;
        let len = Shape::len_or_refuse("masked_select", &shape)?;
        let count = mask.count() * (len / mask.len().max(1));
        let (x, mask) = (self.expanded(shape.clone()), mask.expanded(shape.clone()));
        let (elements, flags) = (x.storage.as_slice(), mask.storage.as_slice());
        let mut chosen = Vec::new();
        if chosen.try_reserve_exact(count).is_err() {
            return Err(no_memory::<T>("masked_select", &[count]));
        }
        Walk::new(&shape, [x.strides(), mask.strides()]).places(|[i, j]| {
            if flags[(mask.layout().offset as isize + j) as usize] {
                chosen.push(elements[(x.layout().offset as isize + i) as usize]);
            }
        });
        Ok(Self::from(chosen))
    }
}

compiled!(f32 f64: { Tensor::<T>::masked_select });
