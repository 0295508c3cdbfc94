//! Choosing between two tensors by a third: runs where there are runs, a broadcast value spread over a block.

use std::hint::select_unpredictable;
use std::mem::MaybeUninit;

use super::level::{Arch, Kernel, Level, dispatch};
use crate::layout::Walk;
use crate::{Element, Shape, Tensor};

struct Pick<'a, T> {
    mask: &'a [bool],
    yes: &'a [T],
    no: &'a [T],
    out: &'a mut [MaybeUninit<T>],
}

impl<T: Element> Kernel for Pick<'_, T> {
    type Output = ();
    const BEST: Level = T::BEST;
    #[inline(always)]
    fn run<A: Arch>(self) {
        let n = self.out.len();
        // Both are loaded whatever the mask says, and a branch is advised against, so that the choice is a blend.
        let (mask, yes, no) = (&self.mask[..n], &self.yes[..n], &self.no[..n]);
        for i in 0..n {
            let (a, b) = (yes[i], no[i]);
            self.out[i].write(select_unpredictable(mask[i], a, b));
        }
    }
}

/// The values of a part of a row, of an operand that does not change along it.
const BLOCK: usize = 256;

/// One operand, read row by row.
struct Rows<'a, T> {
    x: &'a Tensor<T>,
    /// Its value fills the block, instead of a run of its own.
    spread: bool,
    block: [T; BLOCK],
}

impl<'a, T: Element> Rows<'a, T> {
    fn new(x: &'a Tensor<T>, step: isize) -> Self {
        Self { x, spread: step == 0, block: [T::default(); BLOCK] }
    }

    /// The run that starts `at` steps from the first element.
    fn from(&self, at: isize) -> &'a [T] {
        &self.x.storage.as_slice()[(self.x.layout().offset as isize + at) as usize..]
    }

    fn start_row(&mut self, at: isize) {
        if self.spread {
            let value = self.from(at)[0];
            self.block.fill(value);
        }
    }

    /// The part of the row from `done` on; all of it, or a block if the row is spread.
    fn part(&self, at: isize, done: usize) -> &[T] {
        if self.spread { &self.block } else { &self.from(at)[done..] }
    }
}

/// `yes` where `mask`, `no` elsewhere, each read as `shape`, which all of them broadcast to and which passed
/// `Shape::checked_len`. `None` if the system has no memory for it.
pub(crate) fn pick<T: Element>(
    mask: &Tensor<bool>,
    yes: &Tensor<T>,
    no: &Tensor<T>,
    shape: Shape,
) -> Option<Tensor<T>> {
    assert!(Shape::checked_len(&shape).is_some(), "more elements than memory can address");
    let mut mask = mask.expanded(shape.clone());
    let mut yes = yes.expanded(shape.clone());
    let mut no = no.expanded(shape.clone());
    let walk = |mask: &Tensor<bool>, yes: &Tensor<T>, no: &Tensor<T>| {
        Walk::new(&shape, [mask.strides(), yes.strides(), no.strides()])
    };
    let mut w = walk(&mask, &yes, &no);
    let (inner, steps) = w.inner();
    // Rows that are not runs, or too short to be worth a call each: copied, so that they are.
    let short = inner < 16 && w.axes().len() > 1;
    if short || steps.iter().any(|s| !matches!(s, 0 | 1)) {
        let ragged = steps.map(|s| short || !matches!(s, 0 | 1));
        if ragged[0] {
            mask = mask.contiguous();
        }
        if ragged[1] {
            yes = yes.contiguous();
        }
        if ragged[2] {
            no = no.contiguous();
        }
        w = walk(&mask, &yes, &no);
    }
    let (inner, [m, y, n]) = w.inner();
    let (mut mask, mut yes, mut no) = (Rows::new(&mask, m), Rows::new(&yes, y), Rows::new(&no, n));
    let at_once = if mask.spread || yes.spread || no.spread { BLOCK } else { inner.max(1) };
    let fill = |out: &mut [MaybeUninit<T>]| {
        let mut rows = out.chunks_exact_mut(inner.max(1));
        w.rows(|[m, y, n]| {
            mask.start_row(m);
            yes.start_row(y);
            no.start_row(n);
            let Some(row) = rows.next() else { return };
            for (i, out) in row.chunks_mut(at_once).enumerate() {
                let done = i * at_once;
                dispatch(Pick {
                    mask: mask.part(m, done),
                    yes: yes.part(y, done),
                    no: no.part(n, done),
                    out,
                });
            }
        });
    };
    // SAFETY: the walk visits each row of the shape once, and `Pick` writes all of the row it is given.
    unsafe { Tensor::try_filled_by(shape.clone(), fill) }
}
