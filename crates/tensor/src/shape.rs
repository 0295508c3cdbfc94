//! Shapes: the sizes of a tensor's axes, how many elements that makes, and how two of them broadcast.

use std::fmt;
use std::ops::Deref;

use smallvec::SmallVec;

use crate::error::Fault;
use crate::{Error, Result};

/// A list of one number an axis. Of few axes it is written in place, where `from_slice` would call `memmove` for them: that is
/// half of what copying a tensor's handle costs.
#[inline]
pub(crate) fn few<N: Copy + Default>(numbers: &[N]) -> SmallVec<[N; 4]> {
    let o = N::default();
    match *numbers {
        [] => SmallVec::from_buf_and_len([o; 4], 0),
        [a] => SmallVec::from_buf_and_len([a, o, o, o], 1),
        [a, b] => SmallVec::from_buf_and_len([a, b, o, o], 2),
        [a, b, c] => SmallVec::from_buf_and_len([a, b, c, o], 3),
        _ => SmallVec::from_slice(numbers),
    }
}

/// Whether two lists of sizes are the same: a loop, as `==` of slices calls `memcmp`, and there are few.
#[inline]
pub(crate) fn same(a: &[usize], b: &[usize]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b)
}

/// The number of elements of a shape that was checked when it was made; a 0 may hide an overflow of the other sizes.
#[inline]
pub(crate) fn count(shape: &[usize]) -> usize {
    shape.iter().fold(1usize, |n, &s| n.wrapping_mul(s))
}

/// The sizes of a tensor's axes, outermost first. Up to four lie in place; more are on the heap.
#[derive(PartialEq, Eq, Hash)]
pub struct Shape(SmallVec<[usize; 4]>);

impl Shape {
    /// The shape with these sizes.
    #[inline]
    pub fn new(sizes: &[usize]) -> Self {
        Self(few(sizes))
    }

    /// The number of elements, if so many can be addressed.
    #[inline]
    pub fn checked_len(sizes: &[usize]) -> Option<usize> {
        // A size of zero makes any product zero, however large the others are.
        if sizes.contains(&0) {
            return Some(0);
        }
        let len = sizes.iter().try_fold(1usize, |n, &s| n.checked_mul(s))?;
        // 16 bytes is the widest element there may ever be; `isize::MAX` bounds any allocation.
        (len <= isize::MAX as usize / 16).then_some(len)
    }

    /// The number of elements, or an [`Error::Size`] in the name of `op`.
    #[track_caller]
    #[inline]
    pub fn len_or_refuse(op: &'static str, sizes: &[usize]) -> Result<usize> {
        // Not by a closure: in there, the caller's line would be lost.
        match Self::checked_len(sizes) {
            Some(len) => Ok(len),
            None => Err(too_many(op, sizes)),
        }
    }

    /// The sizes.
    #[inline]
    pub fn sizes(&self) -> &[usize] {
        &self.0
    }

    /// Adds an axis at the end.
    #[inline]
    pub fn push(&mut self, size: usize) {
        self.0.push(size);
    }

    /// Adds an axis before axis `at`.
    pub fn insert(&mut self, at: usize, size: usize) {
        self.0.insert(at, size);
    }

    /// Gives axis `at` another size.
    pub fn set(&mut self, at: usize, size: usize) {
        self.0[at] = size;
    }

    /// Exchanges axes `a` and `b`.
    pub fn swap(&mut self, a: usize, b: usize) {
        self.0.swap(a, b);
    }

    /// Removes axis `at`.
    pub fn remove(&mut self, at: usize) -> usize {
        self.0.remove(at)
    }

    /// The index of the `place`th element, in row-major order.
    ///
    /// ```
    /// # use wengert_tensor::Shape;
    /// assert_eq!(Shape::index_of(&[2, 3], 4), [1, 1]);
    /// ```
    pub fn index_of(sizes: &[usize], mut place: usize) -> Vec<usize> {
        let mut index = vec![0; sizes.len()];
        for (at, &size) in index.iter_mut().zip(sizes).rev() {
            *at = place % size.max(1);
            place /= size.max(1);
        }
        index
    }

    /// The method call that would make a tensor of shape `given` one of shape `wanted`, for errors to propose.
    ///
    /// ```
    /// use wengert_tensor::Shape;
    ///
    /// assert_eq!(Shape::fix(&[32, 1], &[32]).unwrap(), ".unsqueeze(1)");
    /// assert_eq!(Shape::fix(&[3, 2], &[2, 3]).unwrap(), ".t()");
    /// assert_eq!(Shape::fix(&[3], &[4]), None);
    /// ```
    pub fn fix(wanted: &[usize], given: &[usize]) -> Option<String> {
        // The axis of size 1 that `long` has and `short` has not; the last that fits, as columns are meant most often.
        let extra = |long: &[usize], short: &[usize]| {
            (0..long.len()).rev().find(|&i| {
                long.len() == short.len() + 1
                    && long[i] == 1
                    && long[..i] == short[..i]
                    && long[i + 1..] == short[i..]
            })
        };
        if let Some(axis) = extra(wanted, given) {
            return Some(format!(".unsqueeze({axis})"));
        }
        if let Some(axis) = extra(given, wanted) {
            return Some(format!(".squeeze({axis})"));
        }
        if wanted.len() == 2 && given.len() == 2 && wanted[0] == given[1] && wanted[1] == given[0] {
            return Some(".t()".to_string());
        }
        if Self::broadcast(wanted, given).is_some_and(|shape| *shape == *wanted) {
            return Some(format!(".broadcast_to({wanted:?})"));
        }
        let (wanted_len, given_len) = (Self::checked_len(wanted)?, Self::checked_len(given)?);
        (wanted_len == given_len).then(|| format!(".reshape({wanted:?})"))
    }

    /// The shape that both broadcast to by NumPy's rule: aligned at the last axis, sizes equal or one of them 1. `None`
    /// also if memory cannot address that many elements, which views of few may broadcast to.
    pub fn broadcast(a: &[usize], b: &[usize]) -> Option<Self> {
        let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
        let mut out = Self::new(long);
        let skip = long.len() - short.len();
        for (o, &s) in out.0[skip..].iter_mut().zip(short) {
            if *o != s {
                match (*o, s) {
                    (1, s) => *o = s,
                    (_, 1) => {}
                    _ => return None,
                }
            }
        }
        Self::checked_len(&out).map(|_| out)
    }

    /// [`broadcast`](Self::broadcast), or an [`Error::Shape`] in the name of `op` that names the axes that differ
    /// ([`Error::Size`] if they do not).
    #[track_caller]
    pub fn broadcast_or_refuse(op: &'static str, a: &[usize], b: &[usize]) -> Result<Self> {
        match Self::broadcast(a, b) {
            Some(shape) => Ok(shape),
            None => Err(broadcast_error(op, a, b)),
        }
    }
}

#[track_caller]
#[cold]
fn too_many(op: &'static str, sizes: &[usize]) -> Error {
    Error::Size(Fault::new(op, &[sizes], "more elements than memory can address"))
}

#[track_caller]
#[cold]
fn broadcast_error(op: &'static str, a: &[usize], b: &[usize]) -> Error {
    let n = a.len().min(b.len());
    let from_end = |i: usize| (a[a.len() - 1 - i], b[b.len() - 1 - i]);
    let i = (0..n).find(|&i| {
        let (x, y) = from_end(i);
        x != y && x != 1 && y != 1
    });
    let Some(i) = i else {
        let rule = "together they make more elements than memory can address";
        return Error::Size(Fault::new(op, &[a, b], rule));
    };
    let (x, y) = from_end(i);
    let which = match i {
        0 => "the last axis".to_string(),
        i => format!("axis {} from the end", i + 1),
    };
    let fault = Fault::new(
        op,
        &[a, b],
        format!("{which} has size {x} in one and {y} in the other; sizes must be equal or 1"),
    );
    Error::Shape(broadcast_help(fault, a, b))
}

/// The fix that was probably meant.
fn broadcast_help(fault: Box<Fault>, a: &[usize], b: &[usize]) -> Box<Fault> {
    if a.len() == 1 && b.len() == 2 && a[0] == b[0] {
        return fault.help("did you mean `a.unsqueeze(1)`, one value a row?");
    }
    if b.len() == 1 && a.len() == 2 && a[0] == b[0] {
        return fault.help("did you mean `b.unsqueeze(1)`, one value a row?");
    }
    if a.len() == 2 && b.len() == 2 && a[0] == b[1] && a[1] == b[0] {
        return fault.help("did you mean the transpose, `.t()`, of one of them?");
    }
    fault
}

// By hand: several times as fast as the derived clone of a `SmallVec`.
impl Clone for Shape {
    #[inline]
    fn clone(&self) -> Self {
        Self::new(&self.0)
    }
}

impl Deref for Shape {
    type Target = [usize];
    #[inline]
    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl AsRef<[usize]> for Shape {
    #[inline]
    fn as_ref(&self) -> &[usize] {
        &self.0
    }
}

impl FromIterator<usize> for Shape {
    // By hand too: a `SmallVec` asks at each size whether there is room.
    #[inline]
    fn from_iter<I: IntoIterator<Item = usize>>(sizes: I) -> Self {
        let (mut few, mut len, mut sizes) = ([0; 4], 0, sizes.into_iter().fuse());
        for (place, size) in few.iter_mut().zip(&mut sizes) {
            *place = size;
            len += 1;
        }
        let mut shape = Self(SmallVec::from_buf_and_len(few, len));
        for size in sizes {
            shape.push(size);
        }
        shape
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.sizes())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.sizes())
    }
}
