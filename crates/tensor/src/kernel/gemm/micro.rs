//! The kernel all products come down to: a block of C held in registers while k goes by.

use std::marker::PhantomData;

use super::simd::{Body, Simd};
use super::{Init, Mat};

/// The layout of a block's A, as far as the compiler may know.
pub(super) trait Layout: Copy {
    /// The number of rows that are reached from one pointer.
    const REACH: usize;
    /// The distance from one row of A to the next and from one column to the next, in elements.
    fn strides<T>(a: &Mat<T>) -> (isize, isize);
}

/// Every row by itself, its elements next to one another.
#[derive(Clone, Copy)]
pub(super) struct ByRows;
/// Every column by itself.
#[derive(Clone, Copy)]
pub(super) struct ByColumns;

impl Layout for ByRows {
    // More would be reached by multiples of the stride that no address can hold.
    const REACH: usize = 4;
    #[inline(always)]
    fn strides<T>(a: &Mat<T>) -> (isize, isize) {
        (a.rs, 1)
    }
}
impl Layout for ByColumns {
    const REACH: usize = 16;
    #[inline(always)]
    fn strides<T>(a: &Mat<T>) -> (isize, isize) {
        (1, a.cs)
    }
}

/// A block of C and what goes into it.
#[derive(Clone, Copy)]
pub(super) struct Block<'a, T> {
    /// Rows of B, for each of the starts.
    pub(super) k: usize,
    pub(super) a: Mat<T>,
    /// The block's columns of B, `ldb` apart, where it has one start, which is 0.
    pub(super) b: *const T,
    pub(super) ldb: isize,
    /// Starts of B, counted from `b`: from each of them it has k rows, and A goes on by k columns.
    pub(super) starts: &'a [isize],
    /// The number of B's rows, the last ones of each start, of whose last vector only what is in the block's width may be read. To mask a
    /// load costs as much as a multiply-add.
    pub(super) ragged: usize,
    pub(super) c: *mut T,
    pub(super) ldc: usize,
    pub(super) width: usize,
    pub(super) init: Init<T>,
}

impl<T> Block<'_, T> {
    /// This block and those below it, of `m` rows in all: of nearly equal height, not full ones and a thin rest.
    ///
    /// # Safety
    /// A and C are good for `m` rows, the rest for the block's `nv` vectors; the processor has V.
    #[inline(always)]
    pub(super) unsafe fn down<V: Simd<Elem = T>>(mut self, m: usize, nv: usize) {
        let highest = V::HEIGHTS[nv - 1];
        let mut left = m;
        while left > 0 {
            let h = V::height(left.div_ceil(left.div_ceil(highest)), left);
            // SAFETY: the caller's.
            unsafe {
                if self.a.cs == 1 {
                    V::block::<ByRows>(h, nv, &self);
                } else {
                    V::block::<ByColumns>(h, nv, &self);
                }
            }
            left -= h;
            self.a = self.a.at(h, 0);
            self.init = self.init.at(h, 0);
            self.c = self.c.wrapping_add(h * self.ldc);
        }
    }
}

/// The body for every row `r` of `MR`, written out: the rows stay in registers only where no loop goes over them, and to
/// turn loops of this size into such code is what the compiler does in some profiles and not in others.
macro_rules! each {
    ($mr:ident, $r:ident, $body:block) => {
        each!(@ $mr, $r, $body, 0 1 2 3 4 5 6 7 8 9 10 11 12 13)
    };
    (@ $mr:ident, $r:ident, $body:block, $($n:literal)*) => {{
        const { assert!($mr <= [$($n),*].len()) };
        // A constant: what is not of the block is no code at all, and not left to the compiler to find.
        $( if const { $n < $mr } {
            let $r = $n;
            $body
        } )*
    }};
}

/// The block's kernel for `MR` rows of `NV` vectors, of the last of which as much is stored as the block is wide.
pub(super) struct Micro<'a, V: Simd, L, const MR: usize, const NV: usize>(
    pub(super) &'a Block<'a, V::Elem>,
    pub(super) PhantomData<L>,
);

impl<V: Simd, L: Layout, const MR: usize, const NV: usize> Body<V> for Micro<'_, V, L, MR, NV> {
    type Output = ();
    #[inline(always)]
    unsafe fn run(self) {
        let Block { k, a, b, ldb, starts, ragged, c, ldc, width, init } = *self.0;
        let (rs, cs) = L::strides(&a);
        let tail = NV - 1;
        // SAFETY: the caller's: A is good for MR rows of k, B for k rows of NV vectors, the ragged ones for `width` of them,
        // C for MR rows of `width`.
        unsafe {
            let mask = V::first(width - tail * V::LANES);
            let mut acc = [[V::zero(); NV]; MR];
            let mut at = At::<V, L, MR> { a: [a.ptr; 4], b, layout: PhantomData };
            for (g, p) in at.a.iter_mut().enumerate() {
                *p = p.wrapping_offset((g * L::REACH) as isize * rs);
            }
            let pairs = (k - ragged) / 2;
            for &start in starts {
                at.b = b.wrapping_offset(start);
                for _ in 0..pairs {
                    at.step(0, &mut acc, (rs, cs), ldb, None);
                    at.step(1, &mut acc, (rs, cs), ldb, None);
                    at.go_on(2, cs, ldb);
                }
                for _ in 2 * pairs..k {
                    at.step(0, &mut acc, (rs, cs), ldb, Some(mask));
                    at.go_on(1, cs, ldb);
                }
            }
            let rows = match init {
                Init::Zero => None,
                Init::Accumulate => Some((c.cast_const(), ldc)),
                Init::Row(bias) => Some((bias, 0)),
                Init::Column(p) => {
                    each!(MR, r, {
                        let x = V::splat(*p.add(r));
                        for v in &mut acc[r] {
                            *v = v.add(x);
                        }
                    });
                    None
                }
            };
            if let Some((p, down)) = rows {
                each!(MR, r, { add_row::<V, NV>(&mut acc[r], p.add(r * down), mask) });
            }
            each!(MR, r, {
                let p = c.add(r * ldc);
                for (v, x) in acc[r].iter().enumerate() {
                    if v == tail {
                        x.store_first(p.add(v * V::LANES), mask);
                    } else {
                        x.store(p.add(v * V::LANES));
                    }
                }
            });
        }
    }
}

/// The position of a block of `MR` rows in A and B.
struct At<V: Simd, L, const MR: usize> {
    /// The first of every `L::REACH` rows of A.
    a: [*const V::Elem; 4],
    b: *const V::Elem,
    layout: PhantomData<L>,
}

impl<V: Simd, L: Layout, const MR: usize> At<V, L, MR> {
    /// The step of k that is `ahead` of this place: every row's element of A times the row of B, of whose last vector the
    /// mask says what may be read.
    ///
    /// # Safety
    /// As for the block.
    #[inline(always)]
    unsafe fn step<const NV: usize>(
        &self,
        ahead: isize,
        acc: &mut [[V; NV]; MR],
        (rs, cs): (isize, isize),
        ldb: isize,
        mask: Option<V::Mask>,
    ) {
        // SAFETY: the caller's.
        unsafe {
            let mut b = [V::zero(); NV];
            for (v, x) in b.iter_mut().enumerate() {
                let p = self.b.offset(ahead * ldb + (v * V::LANES) as isize);
                *x = match mask {
                    Some(mask) if v + 1 == NV => V::load_first(p, mask),
                    _ => V::load(p),
                };
            }
            each!(MR, r, {
                let p = self.a[r / L::REACH];
                let a = V::splat(*p.offset((r % L::REACH) as isize * rs + ahead * cs));
                for v in 0..NV {
                    acc[r][v] = a.mul_add(b[v], acc[r][v]);
                }
            });
        }
    }

    /// `steps` further.
    #[inline(always)]
    fn go_on(&mut self, steps: isize, cs: isize, ldb: isize) {
        for p in self.a.iter_mut().take(MR.div_ceil(L::REACH)) {
            // If the compiler knew that these have to do with one another, it would keep a pointer for each row, more than
            // there are registers.
            *p = V::opaque(p.wrapping_offset(steps * cs));
        }
        self.b = self.b.wrapping_offset(steps * ldb);
    }
}

/// # Safety
/// `p` is good for the row.
#[inline(always)]
unsafe fn add_row<V: Simd, const NV: usize>(row: &mut [V; NV], p: *const V::Elem, mask: V::Mask) {
    for (v, x) in row.iter_mut().enumerate() {
        // SAFETY: the caller's.
        unsafe {
            let q = p.add(v * V::LANES);
            *x = x.add(if v + 1 == NV { V::load_first(q, mask) } else { V::load(q) });
        }
    }
}

/// The body of [`Simd::block`]: the kernel for the height and the width asked for, of those listed.
macro_rules! kernels {
    ($layout:ty, $h:expr, $nv:expr, $block:expr, { $($n:literal: [$($r:literal)*])* }) => {
        match ($nv, $h) {
            $($( ($n, $r) => {
                // SAFETY: the caller's.
                unsafe {
                    Self::enter($crate::kernel::gemm::micro::Micro::<Self, $layout, $r, $n>(
                        $block,
                        ::std::marker::PhantomData,
                    ))
                }
            } )*)*
            _ => unreachable!("no kernel for {} rows of {} vectors", $h, $nv),
        }
    };
}
pub(super) use kernels;
