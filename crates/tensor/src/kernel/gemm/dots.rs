//! Products of few rows with the rows of a transposed matrix, and of a matrix with a vector: dot products along k.

use std::mem::MaybeUninit;

use super::GemmElem;
use super::simd::{Body, Simd};

/// The number of products that a lane adds up before their sum is added to those of others.
const RUN: usize = 256;

/// `c[i, j] = start[i, j] + left row i · right row j`, all rows contiguous and `k` long.
#[derive(Clone, Copy)]
pub(super) struct Dots<T> {
    pub(super) k: usize,
    /// The number of rows, the first, and the distance between them.
    pub(super) left: (usize, *const T, isize),
    pub(super) right: (usize, *const T, isize),
    pub(super) c: *mut T,
    /// The distances between the results of adjacent left and right rows.
    pub(super) cs: (isize, isize),
    /// As `c` and `cs`; may be `c` itself.
    pub(super) start: Option<(*const T, isize, isize)>,
}

impl<V: Simd> Body<V> for &Dots<V::Elem> {
    type Output = ();
    #[inline(always)]
    unsafe fn run(self) {
        let mut i = 0;
        while i < self.left.0 {
            // SAFETY: the caller's.
            i += unsafe {
                match (self.left.0 - i, V::DOTS) {
                    (1, _) if self.right.0 == 1 => self.band::<V, 1, 1, 1>(i),
                    (1, 16) if self.k <= 4 * V::LANES => self.band::<V, 1, 16, 16>(i),
                    (1, 8..) => self.band::<V, 1, 8, 8>(i),
                    (2 | 3, 16) => self.band::<V, 2, 8, 16>(i),
                    (_, 16) => self.band::<V, 4, 4, 16>(i),
                    (_, 8) => self.band::<V, 2, 4, 8>(i),
                    (1, _) => self.band::<V, 1, 4, 4>(i),
                    _ => self.band::<V, 2, 2, 4>(i),
                }
            };
        }
    }
}

impl<T: GemmElem> Dots<T> {
    /// `R` left rows from `i` on, `S` right rows at a time; `N` is their product. Returns R.
    ///
    /// # Safety
    /// As for the whole.
    #[inline(always)]
    unsafe fn band<V: Simd<Elem = T>, const R: usize, const S: usize, const N: usize>(
        &self,
        i: usize,
    ) -> usize {
        let Self { k, left, right, c, cs, start } = *self;
        let rest = k % V::LANES;
        let mut j = 0;
        while j < right.0 {
            let w = (right.0 - j).min(S);
            // SAFETY: the caller's; a row that is missing is another one once more, and its results are dropped.
            unsafe {
                let mut x = [left.1; R];
                for (r, x) in x.iter_mut().enumerate() {
                    *x = x.wrapping_offset((i + r) as isize * left.2);
                }
                let mut y = [right.1; S];
                for (s, y) in y.iter_mut().enumerate() {
                    *y = y.wrapping_offset((j + s.min(w - 1)) as isize * right.2);
                }
                let mut acc = [V::zero(); N];
                let mut total = [V::zero(); N];
                let (whole, most) = (k - rest, RUN * V::LANES);
                let mut p = 0;
                loop {
                    let end = whole.min(p + most);
                    while p < end {
                        let mut xv = [V::zero(); R];
                        for r in 0..R {
                            xv[r] = V::load(x[r].add(p));
                        }
                        for s in 0..S {
                            let yv = V::load(y[s].add(p));
                            for r in 0..R {
                                acc[r * S + s] = xv[r].mul_add(yv, acc[r * S + s]);
                            }
                        }
                        p += V::LANES;
                    }
                    if p == whole {
                        break;
                    }
                    for (total, acc) in total.iter_mut().zip(&mut acc) {
                        *total = total.add(*acc);
                        *acc = V::zero();
                    }
                }
                if rest > 0 {
                    let mask = V::first(rest);
                    for s in 0..S {
                        let yv = V::load_first(y[s].add(p), mask);
                        for r in 0..R {
                            let xv = V::load_first(x[r].add(p), mask);
                            acc[r * S + s] = xv.mul_add(yv, acc[r * S + s]);
                        }
                    }
                }
                if whole > most {
                    for (total, acc) in total.into_iter().zip(&mut acc) {
                        *acc = total.add(*acc);
                    }
                }
                let mut sums = MaybeUninit::<[T; N]>::uninit();
                V::sums(acc, sums.as_mut_ptr().cast());
                let sums = sums.assume_init();
                for r in 0..R {
                    let (i, j) = ((i + r) as isize, j as isize);
                    let mut from = start.map(|(p, si, sj)| (p.offset(i * si + j * sj), sj));
                    let mut to = c.offset(i * cs.0 + j * cs.1);
                    for sum in sums.iter().skip(r * S).take(w) {
                        *to = match &mut from {
                            None => *sum,
                            Some((p, step)) => {
                                let x = sum.plus(**p);
                                *p = p.wrapping_offset(*step);
                                x
                            }
                        };
                        to = to.wrapping_offset(cs.1);
                    }
                }
            }
            j += w;
        }
        R
    }
}
