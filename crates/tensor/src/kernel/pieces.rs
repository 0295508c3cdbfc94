//! A leaf of [the tree](super::tree) whose elements come in several runs.

use super::level::{Arch, Kernel, Level, lower};
use super::tree::{By, Fold, NARROW, WIDE, enter, halved, lanes};
use crate::Element;

/// A leaf whose elements come in several runs.
pub(crate) struct Pieces<O> {
    lanes: [O; WIDE],
    /// The number of lanes that are used.
    count: usize,
    /// Elements so far.
    pub(crate) filled: usize,
}

impl<O: Element> Pieces<O> {
    /// One of a fold of `len` elements, which of nothing is `start`.
    pub(crate) fn new(start: O, len: usize) -> Self {
        Self { lanes: [start; WIDE], count: lanes::<O>(len), filled: 0 }
    }

    /// The fold of what came, and an empty leaf again.
    pub(crate) fn take<F: Fold<T, Out = O>, T: Element>(&mut self) -> O {
        // Lanes that are not used hold the fold of nothing, but it is not joined: a sum of -0 must stay what it is.
        let total = match self.count {
            _ if !O::ROUNDS => self.lanes[0],
            1 => self.lanes[0],
            NARROW => halved::<O, NARROW>(*first_lanes(&mut self.lanes), F::join),
            _ => halved(self.lanes, F::join),
        };
        *self = Self { lanes: [F::START; WIDE], filled: 0, ..*self };
        total
    }
}

fn first_lanes<O, const L: usize>(lanes: &mut [O; WIDE]) -> &mut [O; L] {
    match lanes.first_chunk_mut() {
        Some(lanes) => lanes,
        None => unreachable!("no leaf has more lanes than the widest"),
    }
}

/// One more run of a leaf.
pub(crate) struct Piece<'a, T, O> {
    pub(crate) leaf: &'a mut Pieces<O>,
    pub(crate) x: &'a [T],
    pub(crate) about: O,
}

impl<F: Fold<T>, T: Element> Kernel for By<F, Piece<'_, T, F::Out>> {
    type Output = ();
    const BEST: Level = lower(T::BEST, F::BEST);
    #[inline(always)]
    fn run<A: Arch>(self) {
        let Self(fold, Piece { leaf: Pieces { lanes, count, filled }, x, about }) = self;
        match *count {
            _ if !F::Out::ROUNDS => enter::<A, F, T, 1>(fold, first_lanes(lanes), 0, x, about),
            1 => enter::<A, F, T, 1>(fold, first_lanes(lanes), *filled, x, about),
            NARROW => enter::<A, F, T, NARROW>(fold, first_lanes(lanes), *filled, x, about),
            _ => enter::<A, F, T, WIDE>(fold, lanes, *filled, x, about),
        }
        *filled += x.len();
    }
}
