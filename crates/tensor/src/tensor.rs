//! `Tensor<T>`: a buffer with a layout; reading elements, and writing them if no other tensor holds the buffer.

use crate::error::{Fault, no_memory, out_of_memory};
use crate::kernel::copy;
use crate::layout::{Layout, Walk};
use crate::shape::count;
use crate::storage::Storage;
use crate::{Element, Error, Float, Result, Shape};

/// A strided array of `T` with any number of axes.
///
/// A tensor is a value. A clone shares the buffer, but writing to one tensor never changes another: a shared buffer is copied
/// first. Views, such as [`t`](Self::t), [`slice`](Self::slice) and [`expand`](Self::expand), copy no element.
pub struct Tensor<T> {
    pub(crate) storage: Storage<T>,
}

impl<T> Clone for Tensor<T> {
    #[inline]
    fn clone(&self) -> Self {
        Self { storage: self.storage.clone() }
    }
}

impl<T> Tensor<T> {
    /// The layout of the elements.
    #[inline]
    pub(crate) fn layout(&self) -> &Layout {
        self.storage.layout()
    }

    /// The same elements, read by another layout, which reaches no place outside the buffer.
    #[inline]
    pub(crate) fn with_layout(&self, layout: Layout) -> Self {
        debug_assert!(layout.fits(self.storage.len()), "a layout that reaches beyond its elements");
        Self { storage: self.storage.view(layout) }
    }

    /// The sizes of its axes, outermost first.
    #[inline]
    pub fn shape(&self) -> &[usize] {
        &self.layout().shape
    }

    /// The number of axes.
    #[inline]
    pub fn rank(&self) -> usize {
        self.layout().shape.len()
    }

    /// The number of elements.
    #[inline]
    pub fn len(&self) -> usize {
        self.layout().len()
    }

    /// Whether it has no elements.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.layout().shape.contains(&0)
    }

    /// Steps between neighbours along each axis, in elements: negative if reversed, 0 if broadcast.
    #[inline]
    pub fn strides(&self) -> &[isize] {
        &self.layout().strides
    }

    /// Whether the elements lie in row-major order without gaps.
    #[inline]
    pub fn is_contiguous(&self) -> bool {
        self.layout().is_contiguous()
    }
}

impl<T: Element> Tensor<T> {
    /// A row-major tensor whose elements `fill` writes; `None` if the system has no memory for it.
    ///
    /// # Safety
    /// When `fill` returns, every element that it was given is initialised. `shape` passed `Shape::checked_len`.
    #[inline]
    pub(crate) unsafe fn try_filled_by(
        shape: Shape,
        fill: impl FnOnce(&mut [std::mem::MaybeUninit<T>]),
    ) -> Option<Self> {
        let layout = || Layout::contiguous(&shape);
        // SAFETY: passed on; a row-major layout reaches as many elements as its shape has.
        let storage = unsafe { Storage::filled_by(layout, count(&shape), fill) }?;
        Some(Self { storage })
    }

    /// [`try_filled_by`](Self::try_filled_by), which panics in the name of `op` if the system has no memory.
    ///
    /// # Safety
    /// As there.
    #[track_caller]
    #[inline]
    pub(crate) unsafe fn filled_by(
        op: &'static str,
        shape: Shape,
        fill: impl FnOnce(&mut [std::mem::MaybeUninit<T>]),
    ) -> Self {
        let layout = || Layout::contiguous(&shape);
        // SAFETY: passed on, as there.
        match unsafe { Storage::filled_by(layout, count(&shape), fill) } {
            Some(storage) => Self { storage },
            None => out_of_memory::<T>(op, &shape),
        }
    }

    /// A pointer to the element at index 0 of every axis. The pointer may be moved over the whole buffer, back as well as on:
    /// a view that is read backwards begins at its end. Of a tensor without elements it may be read nowhere.
    #[inline]
    pub(crate) fn first(&self) -> *const T {
        self.storage.as_slice().as_ptr().wrapping_add(self.layout().offset)
    }

    /// The elements in row-major order, if they lie so.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![[1, 2], [3, 4_i64]];
    /// assert_eq!(x.as_slice(), Some(&[1, 2, 3, 4][..]));
    /// assert_eq!(x.t().as_slice(), None);
    /// ```
    #[inline]
    pub fn as_slice(&self) -> Option<&[T]> {
        match self.layout().contiguous_len()? {
            0 => Some(&[]),
            len => Some(&self.storage.as_slice()[self.layout().offset..][..len]),
        }
    }

    /// The elements in row-major order, for writing. They are copied first unless they lie so and no other tensor holds them.
    #[track_caller]
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        let len = match self.layout().contiguous_len() {
            Some(len) if self.storage.as_mut().is_some() => len,
            _ => {
                *self = copy::to_contiguous(self);
                self.len()
            }
        };
        let start = self.layout().offset;
        if len == 0 {
            return &mut [];
        }
        match self.storage.as_mut() {
            Some(elements) => &mut elements[start..][..len],
            // The copy above has one handle.
            None => unreachable!("a buffer just made is held once"),
        }
    }

    /// The tensor with its elements in row-major order without gaps: itself if they lie so already, else a copy.
    #[track_caller]
    #[inline]
    pub fn contiguous(&self) -> Self {
        if self.is_contiguous() { self.clone() } else { copy::to_contiguous(self) }
    }

    /// A copy in row-major order in a buffer of its own, or an [`Error::Size`] in the name of `op`: a view may have more
    /// elements than memory holds.
    #[track_caller]
    #[inline(never)]
    pub(crate) fn copied(&self, op: &'static str) -> Result<Self> {
        match T::copied(self) {
            Some(copy) => Ok(copy),
            None => Err(no_memory::<T>(op, self.shape())),
        }
    }

    /// [`contiguous`](Self::contiguous), or an [`Error::Size`] in the name of `op`.
    #[track_caller]
    #[inline]
    pub(crate) fn lying(&self, op: &'static str) -> Result<Self> {
        if self.is_contiguous() { Ok(self.clone()) } else { self.copied(op) }
    }

    /// A copy of the elements in row-major order.
    #[track_caller]
    #[inline(never)]
    pub fn to_vec(&self) -> Vec<T> {
        match self.as_slice() {
            Some(elements) => elements.to_vec(),
            None => self.iter().collect(),
        }
    }

    /// The elements in row-major order.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// let x = tensor![[1, 2], [3, 4_i64]];
    /// assert_eq!(x.t().iter().collect::<Vec<_>>(), [1, 3, 2, 4]);
    /// ```
    #[track_caller]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = T> + '_ {
        let contiguous = self.contiguous();
        let len = self.len();
        let start = if len == 0 { 0 } else { contiguous.layout().offset };
        (start..start + len).map(move |i| contiguous.storage.as_slice()[i])
    }

    /// The element of a tensor with a single element.
    ///
    /// # Errors
    /// [`Error::Shape`] if it has none or several.
    #[track_caller]
    #[inline(never)]
    pub fn item(&self) -> Result<T> {
        if self.len() != 1 {
            let rule = format!("has {} elements, and must have one", self.len());
            return Err(Error::Shape(Fault::new("item", &[self.shape()], rule)));
        }
        Ok(self.storage.as_slice()[self.layout().offset])
    }

    /// The element at `index`, which has one number per axis.
    ///
    /// # Errors
    /// [`Error::Index`] if there is no such element.
    #[track_caller]
    #[inline(never)]
    pub fn get(&self, index: &[usize]) -> Result<T> {
        Ok(self.storage.as_slice()[self.place("get", index)?])
    }

    /// Writes the element at `index`. Copies the buffer first if another handle shares it.
    ///
    /// # Errors
    /// [`Error::Index`] if there is no such element.
    #[track_caller]
    pub fn set(&mut self, index: &[usize], value: T) -> Result<()> {
        self.place("set", index)?;
        if self.storage.as_mut().is_none() || self.layout().repeats() {
            *self = copy::to_contiguous(self);
        }
        let place = self.layout().at(index);
        if let Some(elements) = self.storage.as_mut() {
            elements[place] = value;
        }
        Ok(())
    }

    #[track_caller]
    fn place(&self, op: &'static str, index: &[usize]) -> Result<usize> {
        if index.len() != self.rank() {
            let rule = format!("{index:?} has {} numbers for {} axes", index.len(), self.rank());
            return Err(Error::Index(Fault::new(op, &[self.shape()], rule)));
        }
        if let Some(axis) = (0..index.len()).find(|&i| index[i] >= self.shape()[i]) {
            let (i, size) = (index[axis], self.shape()[axis]);
            let rule = format!("{index:?}: axis {axis} has size {size}, so there is no {i}");
            return Err(Error::Index(Fault::new(op, &[self.shape()], rule)));
        }
        Ok(self.layout().at(index))
    }

    /// The elements as another type, as Rust's `as` converts them; to `bool`, whether they are not zero.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// assert_eq!(tensor![0.0_f32, 2.9, -1.0].cast::<i64>().to_vec(), [0, 2, -1]);
    /// assert_eq!(tensor![0.0_f32, 2.9].cast::<bool>().to_vec(), [false, true]);
    /// assert_eq!(tensor![300_i64, -1].cast::<u8>().to_vec(), [44, 255]);
    /// ```
    #[track_caller]
    pub fn cast<U: Element>(&self) -> Tensor<U> {
        if let Some(same) = (self as &dyn std::any::Any).downcast_ref::<Tensor<U>>() {
            return same.clone();
        }
        self.mapped("cast", T::convert)
    }

    /// Applies a function to each element, in any order.
    ///
    /// ```
    /// # use wengert_tensor::tensor;
    /// assert_eq!(tensor![1.0_f32, 2.0].map(|x| x as usize * 10).to_vec(), [10, 20]);
    /// ```
    #[track_caller]
    pub fn map<U: Element>(&self, f: impl Fn(T) -> U) -> Tensor<U> {
        self.mapped("map", f)
    }

    #[track_caller]
    pub(crate) fn mapped<U: Element>(&self, op: &'static str, f: impl Fn(T) -> U) -> Tensor<U> {
        let source = match self.is_contiguous() {
            true => self.clone(),
            false => match T::copied(self) {
                Some(copy) => copy,
                None => out_of_memory::<T>(op, self.shape()),
            },
        };
        let shape = self.layout().shape.clone();
        let elements = source.as_slice().unwrap_or(&[]);
        // SAFETY: `out` and `elements` have the shape's length, so every place is written.
        unsafe {
            Tensor::filled_by(op, shape, |out| {
                for (out, &x) in out.iter_mut().zip(elements) {
                    out.write(f(x));
                }
            })
        }
    }

    /// Whether both use the same buffer.
    pub fn shares_storage(&self, other: &Self) -> bool {
        self.storage.is_same(&other.storage)
    }

    /// The number of tensors that share this buffer, including this one; the clones of another view count as one.
    pub fn handles(&self) -> usize {
        self.storage.handles()
    }

    /// Bytes of its elements.
    pub fn bytes(&self) -> usize {
        self.len() * size_of::<T>()
    }
}

impl<T: Float> Tensor<T> {
    /// A tensor of this one's shape that is NaN wherever it is read, and holds one number whatever the shape: it stands for a
    /// tensor whose buffer was let go of.
    ///
    /// ```
    /// # use wengert_tensor::Tensor;
    /// let x = Tensor::<f32>::ones([256, 256]).hollow();
    /// assert_eq!(x.shape(), [256, 256]);
    /// assert!(x.contiguous().iter().all(f32::is_nan));
    /// ```
    #[must_use]
    #[inline(never)]
    pub fn hollow(&self) -> Self {
        match Storage::repeated(self.shape(), T::NAN) {
            Some(storage) => Self { storage },
            None => out_of_memory::<T>("hollow", &[]),
        }
    }
}

impl<T: Element> PartialEq for Tensor<T> {
    /// Equal shapes and equal elements; NaN is not equal to NaN.
    fn eq(&self, other: &Self) -> bool {
        if self.shape() != other.shape() {
            return false;
        }
        if let (Some(a), Some(b)) = (self.as_slice(), other.as_slice()) {
            return a == b;
        }
        let (a, b) = (self.storage.as_slice(), other.storage.as_slice());
        let mut equal = true;
        let walk = Walk::new(self.shape(), [self.strides(), other.strides()]);
        walk.places(|[i, j]| {
            let i = (self.layout().offset as isize + i) as usize;
            let j = (other.layout().offset as isize + j) as usize;
            equal &= a[i] == b[j];
        });
        equal
    }
}

impl<T: Element> Default for Tensor<T> {
    /// A scalar zero.
    fn default() -> Self {
        Self::scalar(T::default())
    }
}

impl<T: Element> From<T> for Tensor<T> {
    fn from(value: T) -> Self {
        Self::scalar(value)
    }
}

impl<T: Element> From<Vec<T>> for Tensor<T> {
    fn from(elements: Vec<T>) -> Self {
        match Storage::from_slice(&[elements.len()], &elements) {
            Some(storage) => Self { storage },
            None => out_of_memory::<T>("from_vec", &[elements.len()]),
        }
    }
}

compiled!(f32 f64 usize bool: { Tensor::<T>::to_vec, Tensor::<T>::copied });
compiled!(f32 f64: { Tensor::<T>::item, Tensor::<T>::get, Tensor::<T>::hollow });
