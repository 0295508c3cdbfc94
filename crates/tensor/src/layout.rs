//! The layout of a tensor's elements in its buffer: shape, strides, offset; and walks over several tensors in step.

use smallvec::SmallVec;

use crate::Shape;
use crate::shape::{count, few};

/// Steps from one element to the next along each axis, in elements. Negative where an axis is reversed, 0 where it is
/// broadcast.
pub(crate) type Strides = SmallVec<[isize; 4]>;

/// The layout of the elements.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) shape: Shape,
    pub(crate) strides: Strides,
    /// The buffer's index of the element at index 0 of every axis.
    pub(crate) offset: usize,
}

impl Clone for Layout {
    #[inline]
    fn clone(&self) -> Self {
        Self { shape: self.shape.clone(), strides: few(&self.strides), offset: self.offset }
    }
}

/// The strides of elements that lie in row-major order, one next to another.
#[inline]
pub(crate) fn row_major(shape: &[usize]) -> Strides {
    match *shape {
        [] => SmallVec::new(),
        [_] => few(&[1]),
        [m, n] if m != 0 && n != 0 => few(&[n as isize, 1]),
        // Nothing is ever read, and the other sizes may be of any magnitude: no step along them may overflow.
        _ if shape.contains(&0) => SmallVec::from_elem(0, shape.len()),
        _ => {
            let mut strides = SmallVec::from_elem(0, shape.len());
            let mut step = 1isize;
            for (stride, &size) in strides.iter_mut().zip(shape).rev() {
                *stride = step;
                step *= size as isize;
            }
            strides
        }
    }
}

impl Layout {
    /// Row-major from the buffer's start.
    #[inline]
    pub(crate) fn contiguous(shape: &[usize]) -> Self {
        Self { shape: Shape::new(shape), strides: row_major(shape), offset: 0 }
    }

    /// The number of elements.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        count(&self.shape)
    }

    /// Whether every element lies within a buffer of `len` elements.
    #[inline]
    pub(crate) fn fits(&self, len: usize) -> bool {
        let (mut least, mut most) = (self.offset as i128, self.offset as i128);
        for (&stride, &size) in self.strides.iter().zip(self.shape.iter()) {
            if size == 0 {
                return true;
            }
            let reach = (size as i128 - 1).saturating_mul(stride as i128);
            let end = if reach < 0 { &mut least } else { &mut most };
            *end = end.saturating_add(reach);
        }
        0 <= least && most < len as i128
    }

    /// The number of elements, if they lie in row-major order, one next to another. Of vectors and matrices without a loop, as
    /// every op asks this of every operand.
    #[inline]
    pub(crate) fn contiguous_len(&self) -> Option<usize> {
        match (&self.shape[..], &self.strides[..]) {
            (&[n], &[1]) => Some(n),
            (&[m, n], &[row, 1]) if row == n as isize => Some(m.wrapping_mul(n)),
            _ => self.is_contiguous().then(|| self.len()),
        }
    }

    /// Whether the elements lie in row-major order, one next to another.
    #[inline]
    pub(crate) fn is_contiguous(&self) -> bool {
        let mut step = 1isize;
        for (&stride, &size) in self.strides.iter().zip(self.shape.iter()).rev() {
            if size != 1 {
                if stride != step {
                    return size == 0 || self.shape.contains(&0);
                }
                step = step.wrapping_mul(size as isize);
            }
        }
        true
    }

    /// Whether the elements fill one run of the buffer, each place once, in whatever order of axes; then the run's start.
    pub(crate) fn dense_start(&self) -> Option<usize> {
        let mut axes: SmallVec<[(usize, usize); 8]> = SmallVec::new();
        let mut start = self.offset as isize;
        for (&stride, &size) in self.strides.iter().zip(self.shape.iter()) {
            if size == 0 {
                return Some(self.offset);
            }
            if size > 1 {
                if stride < 0 {
                    start += stride * (size as isize - 1);
                }
                axes.push((stride.unsigned_abs(), size));
            }
        }
        axes.sort_unstable();
        let mut step = 1;
        for (stride, size) in axes {
            if stride != step {
                return None;
            }
            step *= size;
        }
        Some(start as usize)
    }

    /// Whether some element may be shown at several places: along an axis that is broadcast, or in windows that overlap.
    pub(crate) fn repeats(&self) -> bool {
        let mut axes: SmallVec<[(usize, usize); 8]> = SmallVec::new();
        for (&stride, &size) in self.strides.iter().zip(self.shape.iter()) {
            match size {
                0 => return false,
                1 => {}
                _ => axes.push((stride.unsigned_abs(), size)),
            }
        }
        axes.sort_unstable();
        let mut reach = 0usize;
        axes.into_iter().any(|(stride, size)| {
            let apart = stride > reach;
            reach = reach.saturating_add(stride.saturating_mul(size - 1));
            !apart
        })
    }

    /// The strides with which this shape is read as the larger `shape` that it broadcasts to.
    pub(crate) fn strides_as(&self, shape: &[usize]) -> Strides {
        assert!(self.shape.len() <= shape.len(), "more axes than what it broadcasts to");
        let skip = shape.len() - self.shape.len();
        let mut strides = SmallVec::from_elem(0, shape.len());
        for (i, &size) in self.shape.iter().enumerate() {
            if size == shape[skip + i] {
                strides[skip + i] = self.strides[i];
            } else {
                // What is read with these strides must be there: kernels do not ask again.
                assert_eq!(size, 1, "only an axis of size 1 broadcasts");
            }
        }
        strides
    }

    /// The buffer's index of the element at `index`, which is in bounds.
    #[inline]
    pub(crate) fn at(&self, index: &[usize]) -> usize {
        let steps: isize = index.iter().zip(&self.strides).map(|(&i, &s)| i as isize * s).sum();
        (self.offset as isize + steps) as usize
    }
}

/// Several layouts of one shape, walked in step with as few and as long axes as their strides allow.
#[derive(Debug)]
pub(crate) struct Walk<const N: usize> {
    /// Sizes and strides, outermost first; never empty, no size below 2 unless it is the only one.
    axes: SmallVec<[(usize, [isize; N]); 6]>,
}

impl<const N: usize> Walk<N> {
    /// Drops axes of size 1 and joins neighbours that all operands step through evenly.
    pub(crate) fn new(shape: &[usize], strides: [&[isize]; N]) -> Self {
        Self::over(shape.iter().enumerate().map(|(i, &size)| (size, strides.map(|s| s[i]))))
    }

    /// The same of axes, each with its size and strides, outermost first.
    #[inline]
    pub(crate) fn over(all: impl Iterator<Item = (usize, [isize; N])>) -> Self {
        let mut axes: SmallVec<[(usize, [isize; N]); 6]> = SmallVec::new();
        let mut is_empty = false;
        for (size, inner) in all {
            if size == 1 {
                continue;
            }
            is_empty |= size == 0;
            match axes.last_mut() {
                Some((above, outer))
                    if (0..N).all(|k| outer[k] == inner[k].wrapping_mul(size as isize)) =>
                {
                    *above = above.wrapping_mul(size);
                    *outer = inner;
                }
                _ => axes.push((size, inner)),
            }
        }
        if is_empty {
            axes.clear();
            axes.push((0, [1; N]));
        } else if axes.is_empty() {
            axes.push((1, [1; N]));
        }
        Self { axes }
    }

    /// The innermost axis: its size and strides.
    #[inline]
    pub(crate) fn inner(&self) -> (usize, [isize; N]) {
        self.axes[self.axes.len() - 1]
    }

    /// Whether operand `k` lies in the order of the walk, one element next to another.
    pub(crate) fn is_contiguous(&self, k: usize) -> bool {
        let mut step = 1;
        self.axes.iter().rev().all(|&(size, strides)| {
            let fits = strides[k] == step || size == 1;
            step *= size as isize;
            fits
        })
    }

    /// All axes, outermost first.
    pub(crate) fn axes(&self) -> &[(usize, [isize; N])] {
        &self.axes
    }

    /// Calls `row` for each run along the innermost axis, in row-major order, with the operands' steps from their first
    /// elements to the run's first.
    pub(crate) fn rows(&self, mut row: impl FnMut([isize; N])) {
        let (outer, inner) = self.axes.split_at(self.axes.len() - 1);
        if inner[0].0 == 0 {
            return;
        }
        if outer.is_empty() {
            return row([0; N]);
        }
        odometer(outer, &mut row);
    }

    /// Calls `place` for each element, in row-major order.
    #[inline]
    pub(crate) fn places(&self, mut place: impl FnMut([isize; N])) {
        let (size, strides) = self.inner();
        self.rows(|mut at| {
            for _ in 0..size {
                place(at);
                for k in 0..N {
                    at[k] += strides[k];
                }
            }
        });
    }
}

/// Counts through `axes`, the last one fastest.
fn odometer<const N: usize>(axes: &[(usize, [isize; N])], call: &mut dyn FnMut([isize; N])) {
    let mut index: SmallVec<[usize; 8]> = SmallVec::from_elem(0, axes.len());
    let mut at = [0isize; N];
    loop {
        call(at);
        let mut axis = axes.len();
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            let (size, strides) = &axes[axis];
            index[axis] += 1;
            if index[axis] < *size {
                for k in 0..N {
                    at[k] += strides[k];
                }
                break;
            }
            index[axis] = 0;
            for k in 0..N {
                at[k] -= strides[k] * (*size as isize - 1);
            }
        }
    }
}
