//! The rows of A in strips as high as a block, and their packed copies.

use super::Mat;
use super::packed::KC;
use super::simd::Simd;

/// The distance between rows that are packed by themselves: KC and a line more, so that they do not share sets of the cache.
const ROW: usize = KC + 16;
/// The greatest distance between packed columns: no block has more rows.
const COLUMN: usize = 16;
/// The room for a packed strip.
const STRIP: usize = COLUMN * ROW;
/// Columns are copied so many strips at a time: what they have in one column lies together, and the next column far off.
const AT_ONCE: usize = 16;
/// Bytes so far apart share a set of the first cache.
const WAY: usize = 4096;
/// Bytes of a line.
const LINE: usize = 64;

/// Whether rows so many elements apart are best read where they are: those whose distance is less than a line from a
/// multiple of [`WAY`] are all in one set of the first cache, and drive one another out.
#[inline(always)]
pub(super) fn well_apart<T>(distance: isize) -> bool {
    let beyond = distance.unsigned_abs() * size_of::<T>() % WAY;
    (LINE..=WAY - LINE).contains(&beyond)
}

/// `m` rows in strips of nearly equal height, at most `highest`, and even but for the last.
#[derive(Clone, Copy)]
pub(super) struct Strips {
    m: usize,
    pub(super) count: usize,
    /// The number of packed strips that there is room for: each takes the place of the one so many before it.
    kept: usize,
}

impl Strips {
    /// `once`: each is read only right after it was packed.
    pub(super) fn new(m: usize, highest: usize, once: bool) -> Self {
        let count = m.div_ceil(highest);
        Self { m, count, kept: if once { count.min(AT_ONCE) } else { count } }
    }

    /// Elements of the room for packed strips.
    pub(super) fn room(self) -> usize {
        self.kept * STRIP
    }

    /// The place of strip `s` in that room.
    #[inline(always)]
    fn place(self, s: usize) -> usize {
        s % self.kept * STRIP
    }

    /// The start of strip `s`.
    #[inline(always)]
    pub(super) fn start(self, s: usize) -> usize {
        (self.m.div_ceil(2) * s / self.count * 2).min(self.m)
    }

    /// The number of rows.
    #[inline(always)]
    pub(super) fn height(self, s: usize) -> usize {
        self.start(s + 1) - self.start(s)
    }

    /// Sees to it that strip `s` of `k` columns of A is packed, if all before it were asked for.
    ///
    /// # Safety
    /// A is good for m × k, one of its strides being 1, `out` for the [`room`](Self::room); k is at most KC, the highest strip at most
    /// COLUMN; the processor has V.
    #[inline(always)]
    pub(super) unsafe fn pack<V: Simd>(
        self,
        s: usize,
        k: usize,
        a: Mat<V::Elem>,
        out: *mut V::Elem,
    ) {
        // SAFETY: the caller's.
        unsafe {
            if a.cs == 1 {
                for r in 0..self.height(s) {
                    let from = a.at(self.start(s) + r, 0).ptr;
                    copy::<V, false>(from, k, out.add(self.place(s) + r * ROW));
                }
            } else if s.is_multiple_of(AT_ONCE) {
                // Starts take a division each: once for a strip, not for each of its columns.
                let starts: [usize; AT_ONCE + 1] = std::array::from_fn(|i| self.start(s + i));
                let out = out.add(self.place(s));
                for p in 0..k {
                    for i in 0..AT_ONCE.min(self.count - s) {
                        let (start, height) = (starts[i], starts[i + 1] - starts[i]);
                        let to = out.add(i * STRIP + p * column::<V>());
                        copy::<V, true>(a.at(start, p).ptr, height, to);
                    }
                }
            }
        }
    }

    /// The packed strip `s` of A.
    #[inline(always)]
    pub(super) fn packed<V: Simd>(
        self,
        s: usize,
        a: &Mat<V::Elem>,
        out: *const V::Elem,
    ) -> Mat<V::Elem> {
        let ptr = out.wrapping_add(self.place(s));
        if a.cs == 1 {
            Mat { ptr, rs: ROW as isize, cs: 1 }
        } else {
            Mat { ptr, rs: 1, cs: column::<V>() as isize }
        }
    }
}

/// The distance between packed columns: the least that whole vectors allow, so that a strip fills little of the first cache.
#[inline(always)]
const fn column<V: Simd>() -> usize {
    let column = V::HEIGHTS[1].next_multiple_of(V::LANES);
    assert!(column <= COLUMN);
    column
}

/// `n` elements; with `WHOLE` the last ones by a whole vector, whose other lanes are written too.
///
/// # Safety
/// They may be read, and written; with `WHOLE` so many may be written as whole vectors have; the processor has V.
#[inline(always)]
unsafe fn copy<V: Simd, const WHOLE: bool>(from: *const V::Elem, n: usize, to: *mut V::Elem) {
    let mut j = 0;
    // SAFETY: the caller's.
    unsafe {
        while j + V::LANES <= n {
            V::load(from.add(j)).store(to.add(j));
            j += V::LANES;
        }
        if j < n {
            let mask = V::first(n - j);
            let rest = V::load_first(from.add(j), mask);
            if WHOLE { rest.store(to.add(j)) } else { rest.store_first(to.add(j), mask) }
        }
    }
}
