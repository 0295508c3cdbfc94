//! Large products: A and B in pieces that stay in the caches.
//!
//! k goes by in steps. At each, some panels of B, two vectors wide, are packed, and the strips of A pass by them, then the
//! next panels. What lies well is not packed but read where it is: a copy costs what the reading from the third cache
//! costs, and takes room in the second.

use super::micro::Block;
use super::plan::RUN;
use super::scratch::Scratch;
use super::simd::{Body, Simd};
use super::strips::{Strips, well_apart};
use super::{Init, Product, pack};

/// The largest depth of packed pieces.
pub(super) const KC: usize = RUN;
/// Bytes of A that are kept packed. They are read in order, so they may come from the third cache.
const KEPT: usize = 4 << 20;
/// The number of panels of B that are packed at a time: 1 MB of a second cache of 2 MB.
const GROUP: usize = 16;
/// The same where A is little: just before they are read.
const FEW: usize = 2;
/// At most so many bytes are little: they stay in the second cache while all panels of B pass by.
const LITTLE: usize = 1 << 19;
/// Up to this many rows of A, panels of B that are whole vectors and lie well are read where they are.
const LOW: usize = 256;
/// Panels of B whose rows are so many bytes apart or more, each in a page of its own, are packed.
const NEAR: usize = 4096;

/// A large product.
pub(super) struct Packed<'a, T>(pub(super) &'a Product<T>);

impl<V: Simd> Body<V> for Packed<'_, V::Elem> {
    type Output = ();
    #[inline(always)]
    unsafe fn run(self) {
        let Product { m, n, k, a, b, init, .. } = *self.0;
        let nr = 2 * V::LANES;
        let kc = k.div_ceil(k.div_ceil(KC)).next_multiple_of(16);
        let mc = if a_lies(self.0) {
            m
        } else {
            let highest = KEPT / size_of::<V::Elem>() / kc;
            m.div_ceil(m.div_ceil(highest)).next_multiple_of(2).min(m)
        };
        let little = mc * kc.min(k) * size_of::<V::Elem>() <= LITTLE;
        let group = if little { FEW } else { GROUP } * nr;
        let strips = |m| Strips::new(m, V::HEIGHTS[1], n <= group);
        let room = if a_lies(self.0) { 0 } else { strips(mc).room() };
        let mut scratch = Scratch::new::<V::Elem>(GROUP * KC * nr + room);
        // SAFETY: the caller's for A, B and C; the scratch is as large as what is put into it.
        unsafe {
            let pb: *mut V::Elem = scratch.ptr();
            let pa = pb.add(GROUP * KC * nr);
            let mut p = 0;
            while p < k {
                let d = (k - p).min(kc);
                let init = if p == 0 { init } else { Init::Accumulate };
                let mut i = 0;
                while i < m {
                    let h = (m - i).min(mc);
                    let (a, b) = (a.at(0, p), b.at(p, 0));
                    let part = Product { k: d, a, b, init, ..*self.0 }.part((i, 0), (h, n));
                    level::<V>(part, strips(h), group, pa, pb);
                    i += h;
                }
                p += d;
            }
        }
    }
}

/// Whether the rows of A are read where they are.
pub(super) fn a_lies<T>(product: &Product<T>) -> bool {
    product.a.cs == 1 && well_apart::<T>(product.a.rs)
}

/// A product of as much of A as is read in place or kept packed, with so many columns of B packed at a time.
///
/// # Safety
/// As for a product; `pa` is good for the strips of A that are packed, `pb` for a group of panels of B.
#[inline(always)]
unsafe fn level<V: Simd>(
    product: Product<V::Elem>,
    strips: Strips,
    at_once: usize,
    pa: *mut V::Elem,
    pb: *mut V::Elem,
) {
    let Product { m, n, k, a, b, init, c, ldc } = product;
    let nr = 2 * V::LANES;
    let a_lies = a_lies(&product);
    let b_lies = b.cs == 1
        && n.is_multiple_of(V::LANES)
        && m <= LOW
        && b.rs.unsigned_abs() * size_of::<V::Elem>() < NEAR
        && well_apart::<V::Elem>(b.rs);
    let mut j0 = 0;
    while j0 < n {
        let group = (n - j0).min(at_once);
        // SAFETY: the caller's.
        unsafe {
            if !b_lies {
                pack::panels::<V>(k, group, b.at(0, j0), pb, KC * nr);
            }
            for s in 0..strips.count {
                if j0 == 0 && !a_lies {
                    strips.pack::<V>(s, k, a, pa);
                }
                let (i, h) = (strips.start(s), strips.height(s));
                let a = if a_lies { a.at(i, 0) } else { strips.packed::<V>(s, &a, pa) };
                let mut j = j0;
                while j < j0 + group {
                    let width = (n - j).min(nr);
                    let nv = width.div_ceil(V::LANES);
                    let (b, ldb) = if b_lies {
                        (b.at(0, j).ptr, b.rs)
                    } else {
                        (pb.add((j - j0) / nr * KC * nr).cast_const(), (nv * V::LANES) as isize)
                    };
                    let (c, init) = (c.add(i * ldc + j), init.at(i, j));
                    Block { k, a, b, ldb, starts: &[0], ragged: 0, c, ldc, width, init }
                        .down::<V>(h, nv);
                    j += width;
                }
            }
        }
        j0 += group;
    }
}
