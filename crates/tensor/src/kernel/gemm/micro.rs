//! The kernel all products come down to: a block of C held in registers while k goes by.

use std::marker::PhantomData;

use super::simd::{Body, Simd};
use super::{Init, Mat};

/// How a block's operands lie, as far as the compiler may know.
pub(super) trait Layout: Copy {
    /// Whether A and B are packed.
    const PACKED: bool;
    /// Whether the last vector of B's rows must be masked: costs as much as a multiply-add.
    const MASKED: bool = false;
    /// The distance from one row of A to the next and from one column to the next, in elements.
    fn strides(a: (isize, isize)) -> (isize, isize);
}

/// A where it is, with any strides; B of whole vectors.
#[derive(Clone, Copy)]
pub(super) struct Strided;
/// A where it is, with any strides; B's last vector is not whole.
#[derive(Clone, Copy)]
pub(super) struct Masked;
/// Packed, each row of A by itself. A constant stride needs no registers for addresses.
#[derive(Clone, Copy)]
pub(super) struct Rows;
/// Packed, each column of A by itself.
#[derive(Clone, Copy)]
pub(super) struct Columns;

/// How far apart the packed rows of A are: [`super::packed::KC`] and a line more, so that rows do not share cache sets.
pub(super) const ROW: usize = super::packed::KC + 16;
/// How far apart the packed columns of A are: no block has more rows.
pub(super) const COLUMN: usize = 16;

impl Layout for Strided {
    const PACKED: bool = false;
    #[inline(always)]
    fn strides(a: (isize, isize)) -> (isize, isize) {
        a
    }
}
impl Layout for Masked {
    const PACKED: bool = false;
    const MASKED: bool = true;
    #[inline(always)]
    fn strides(a: (isize, isize)) -> (isize, isize) {
        a
    }
}
impl Layout for Rows {
    const PACKED: bool = true;
    #[inline(always)]
    fn strides(_: (isize, isize)) -> (isize, isize) {
        (ROW as isize, 1)
    }
}
impl Layout for Columns {
    const PACKED: bool = true;
    #[inline(always)]
    fn strides(_: (isize, isize)) -> (isize, isize) {
        (1, COLUMN as isize)
    }
}

/// A block of C and what goes into it.
pub(super) struct Block<T> {
    pub(super) k: usize,
    pub(super) a: Mat<T>,
    /// The block's columns of B: rows of `width`, next to one another in memory, `ldb` apart.
    pub(super) b: *const T,
    pub(super) ldb: isize,
    pub(super) c: *mut T,
    pub(super) ldc: usize,
    pub(super) width: usize,
    /// The rows of C that exist. A packed block of A may have one row of zeros more.
    pub(super) rows: usize,
    pub(super) init: Init<T>,
}

/// The body for every row `r` of `MR`, written out: the rows stay in registers only where no loop goes over them, and to
/// turn loops of this size into such code is what the compiler does in some profiles and not in others.
macro_rules! each {
    ($mr:ident, $r:ident, $body:block) => {
        each!(@ $mr, $r, $body, 0 1 2 3 4 5 6 7 8 9 10 11 12 13)
    };
    (@ $mr:ident, $r:ident, $body:block, $($n:literal)*) => {{
        const { assert!($mr <= [$($n),*].len()) };
        $( if $n < $mr {
            let $r = $n;
            $body
        } )*
    }};
}

/// The block's kernel for `MR` rows of `NV` vectors, the last of them masked.
pub(super) struct Micro<'a, V: Simd, L, const MR: usize, const NV: usize>(
    pub(super) &'a Block<V::Elem>,
    pub(super) PhantomData<L>,
);

impl<V: Simd, L: Layout, const MR: usize, const NV: usize> Body<V> for Micro<'_, V, L, MR, NV> {
    type Output = ();
    #[inline(always)]
    unsafe fn run(self) {
        let Block { k, a, b, ldb, c, ldc, width, rows, init } = *self.0;
        let (rs, cs) = L::strides((a.rs, a.cs));
        let tail = NV - 1;
        // SAFETY: the caller's: A is good for MR rows of k, B for k rows of `width`, C for `rows` rows of `width`.
        unsafe {
            let mask = V::first(width - tail * V::LANES);
            let mut acc = [[V::zero(); NV]; MR];
            let mut at = At::<V::Elem>::new::<MR>(a.ptr, rs, b, L::PACKED);
            for _ in 0..k {
                step::<V, L, MR, NV>(&mut acc, &mut at, (rs, cs), ldb, mask);
            }
            match init {
                Init::Zero => {}
                Init::Accumulate => each!(MR, r, {
                    if r < rows {
                        add_row::<V, NV>(&mut acc[r], c.add(r * ldc), mask);
                    }
                }),
                Init::Row(bias) => each!(MR, r, { add_row::<V, NV>(&mut acc[r], bias, mask) }),
            }
            each!(MR, r, {
                if r < rows {
                    let p = c.add(r * ldc);
                    for (v, x) in acc[r].iter().enumerate() {
                        if v == tail {
                            x.store_first(p.add(v * V::LANES), mask);
                        } else {
                            x.store(p.add(v * V::LANES));
                        }
                    }
                }
            });
        }
    }
}

/// Where a block is in A and B.
struct At<T> {
    /// The first of every four rows of A.
    a: [*const T; 4],
    b: *const T,
}

impl<T> At<T> {
    #[inline(always)]
    fn new<const MR: usize>(a: *const T, rs: isize, b: *const T, packed: bool) -> Self {
        let mut rows = [a; 4];
        for (g, p) in rows.iter_mut().enumerate().take(MR.div_ceil(4)).skip(1) {
            let q = a.wrapping_offset(4 * g as isize * rs);
            // If the compiler knew that these have to do with one another, it would go from row to row by an addition
            // each, and the kernel would wait for those. Where the stride is a constant it does not.
            *p = if packed { q } else { std::hint::black_box(q) };
        }
        Self { a: rows, b }
    }
}

/// One step of k: every row's element of A times the row of B.
///
/// # Safety
/// As for the block.
#[inline(always)]
unsafe fn step<V: Simd, L: Layout, const MR: usize, const NV: usize>(
    acc: &mut [[V; NV]; MR],
    at: &mut At<V::Elem>,
    (rs, cs): (isize, isize),
    ldb: isize,
    mask: V::Mask,
) {
    // SAFETY: the caller's.
    unsafe {
        let mut b = [V::zero(); NV];
        for (v, x) in b.iter_mut().enumerate() {
            let p = at.b.add(v * V::LANES);
            *x = if v + 1 == NV && L::MASKED { V::load_first(p, mask) } else { V::load(p) };
        }
        each!(MR, r, {
            let a = V::splat(*at.a[r / 4].offset((r % 4) as isize * rs));
            for v in 0..NV {
                acc[r][v] = a.mul_add(b[v], acc[r][v]);
            }
        });
    }
    for p in &mut at.a {
        *p = p.wrapping_offset(cs);
    }
    at.b = at.b.wrapping_offset(ldb);
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
    ($vector:ty, $layout:ty, $h:expr, $nv:expr, $block:expr, { $($n:literal: [$($r:literal)*])* }) => {
        match ($nv, $h) {
            $($( ($n, $r) => {
                // SAFETY: the caller's.
                unsafe {
                    <$vector>::enter($crate::kernel::gemm::micro::Micro::<$vector, $layout, $r, $n>(
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
