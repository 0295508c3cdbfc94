//! Large products: A and B in packed pieces that stay in the caches.
//!
//! k goes by in steps. At each, panels of B two vectors wide are packed until half of the second cache is full, and the
//! strips of A, packed once a step, pass by all of them. So C is written in long pieces of its rows, and neither A nor B
//! is packed twice. Prefetching C, B or what is packed next was tried: it gained nothing.

use super::micro::{Block, Columns, ROW, Rows};
use super::scratch::Scratch;
use super::simd::{Body, Simd};
use super::{Init, Mat, Product, pack};

/// How deep the packed pieces are at most.
pub(super) const KC: usize = 512;
/// Bytes of A that are kept packed. They are read in order, so they may come from the third cache.
const KEPT: usize = 4 << 20;
/// How many panels of B are kept packed: 1 MB of a second cache of 2 MB.
const GROUP: usize = 16;

/// Up to this many rows of A, panels of B that lie well are read where they are: in whole vectors, and
const FEW: usize = 128;
/// their rows at most so many bytes apart. Farther ones would share the sets of the first cache.
const NEAR: usize = 1024;

/// A large product.
pub(super) struct Packed<'a, T>(pub(super) &'a Product<T>);

/// `m` rows in strips of even and nearly equal height, at most `max`.
#[derive(Clone, Copy)]
struct Strips {
    m: usize,
    count: usize,
    /// Every strip has this many pairs of rows, and the first `more` have one more.
    pairs: usize,
    more: usize,
}

impl Strips {
    fn new(m: usize, max: usize) -> Self {
        let count = m.div_ceil(max);
        let pairs = m.div_ceil(2);
        Self { m, count, pairs: pairs / count, more: pairs % count }
    }
    /// Where strip `s` begins, how high its kernel is, and how many rows it has.
    fn get(self, s: usize) -> (usize, usize, usize) {
        let start = 2 * (s * self.pairs + s.min(self.more));
        let h = 2 * (self.pairs + usize::from(s < self.more));
        (start, h, h.min(self.m - start))
    }
}

impl<V: Simd> Body<V> for Packed<'_, V::Elem> {
    type Output = ();
    #[inline(always)]
    unsafe fn run(self) {
        let Product { m, n, k, a, b, init, c, ldc } = *self.0;
        let nr = 2 * V::LANES;
        let kc = k.div_ceil(k.div_ceil(KC)).next_multiple_of(16);
        let highest = KEPT / size_of::<V::Elem>() / kc;
        let mc = m.div_ceil(m.div_ceil(highest)).next_multiple_of(2);
        let strips = Strips::new(mc.min(m), V::HEIGHTS[1]).count;
        let mut scratch = Scratch::new::<V::Elem>(GROUP * KC * nr + strips * STRIP);
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
                    let part = Product {
                        m: h,
                        k: d,
                        a: a.at(i, p),
                        b: b.at(p, 0),
                        init,
                        n,
                        c: c.add(i * ldc),
                        ldc,
                    };
                    level::<V>(part, pa, pb);
                    i += h;
                }
                p += d;
            }
        }
    }
}

/// The room for a strip of A, packed either way.
const STRIP: usize = 16 * ROW;

/// A product of as much of A as is kept packed.
///
/// # Safety
/// As for a product; `pa` is good for all strips of A, `pb` for a group of panels of B.
#[inline(always)]
unsafe fn level<V: Simd>(product: Product<V::Elem>, pa: *mut V::Elem, pb: *mut V::Elem) {
    let Product { m, n, k, a, b, init, c, ldc } = product;
    let nr = 2 * V::LANES;
    let strips = Strips::new(m, V::HEIGHTS[1]);
    let as_rows = pack::as_rows(&a);
    let in_place = b.cs == 1
        && n % V::LANES == 0
        && m <= FEW
        && b.rs.unsigned_abs() * size_of::<V::Elem>() <= NEAR;
    let mut j0 = 0;
    while j0 < n {
        let group = (n - j0).min(GROUP * nr);
        // SAFETY: the caller's.
        unsafe {
            if !in_place {
                pack::panels::<V>(k, group, b.at(0, j0), pb, KC * nr);
            }
            for s in 0..strips.count {
                let (i, h, rows) = strips.get(s);
                let strip = pa.add(s * STRIP);
                if j0 == 0 {
                    pack::strip::<V>(rows, h, k, a.at(i, 0), strip);
                }
                let mut j = j0;
                while j < j0 + group {
                    let width = (n - j).min(nr);
                    let nv = width.div_ceil(V::LANES);
                    let (panel, ldb) = if in_place {
                        (b.at(0, j).ptr, b.rs)
                    } else {
                        (pb.add((j - j0) / nr * KC * nr).cast_const(), (nv * V::LANES) as isize)
                    };
                    let block = Block {
                        k,
                        a: Mat { ptr: strip, rs: 0, cs: 0 },
                        b: panel,
                        ldb,
                        c: c.add(i * ldc + j),
                        ldc,
                        width,
                        rows,
                        init: init.at_column(j),
                    };
                    if as_rows {
                        V::block::<Rows>(h, nv, &block);
                    } else {
                        V::block::<Columns>(h, nv, &block);
                    }
                    j += width;
                }
            }
        }
        j0 += group;
    }
}
