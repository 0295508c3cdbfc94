//! Small products: A where it lies, B where it lies or, if its rows are not contiguous, in packed panels.

use std::mem::MaybeUninit;

use super::micro::Block;
use super::scratch::Scratch;
use super::simd::{Body, Simd};
use super::{Product, pack};

/// A small product, or one of few rows.
pub(super) struct Direct<'a, T>(pub(super) &'a Product<T>);

/// Panels of at most this many elements are packed on the stack.
const ON_STACK: usize = 1024;

#[repr(align(64))]
struct Stack<T>(MaybeUninit<[T; ON_STACK]>);

impl<V: Simd> Body<V> for Direct<'_, V::Elem> {
    type Output = ();
    #[inline(always)]
    unsafe fn run(self) {
        let product = self.0;
        let vectors = widest::<V>(product.m, product.n);
        // SAFETY: the caller's; the buffers are good for k rows of the widest panel.
        unsafe {
            if product.b.cs == 1 {
                return panels::<V>(product, vectors, None);
            }
            let len = product.k * vectors * V::LANES;
            if len <= ON_STACK {
                let mut stack = Stack::<V::Elem>(MaybeUninit::uninit());
                panels::<V>(product, vectors, Some((&raw mut stack).cast()));
            } else {
                let mut scratch = Scratch::new::<V::Elem>(len);
                panels::<V>(product, vectors, Some(scratch.ptr()));
            }
        }
    }
}

/// The largest width of panels in vectors: the fewer rows, the wider a block that fills the registers.
#[inline(always)]
pub(super) fn widest<V: Simd>(m: usize, n: usize) -> usize {
    let all = n.div_ceil(V::LANES);
    if all <= 4 && V::HEIGHTS[all - 1] > 0 {
        return all;
    }
    if m <= V::HEIGHTS[3] {
        4
    } else if m <= V::HEIGHTS[2] {
        3
    } else {
        2
    }
}

/// # Safety
/// As for a product; `buffer` is good for k rows of `vectors`, and there is one if the rows of B are not contiguous.
#[inline(always)]
unsafe fn panels<V: Simd>(
    product: &Product<V::Elem>,
    vectors: usize,
    buffer: Option<*mut V::Elem>,
) {
    let Product { m, n, k, a, b, init, c, ldc } = *product;
    let mut j = 0;
    while j < n {
        let width = (n - j).min(vectors * V::LANES);
        let nv = width.div_ceil(V::LANES);
        // SAFETY: the caller's.
        unsafe {
            let from = b.at(0, j);
            let (panel, ldb) = match buffer {
                Some(buffer) => {
                    pack::panel::<V>(k, width, from, buffer, nv * V::LANES);
                    (buffer.cast_const(), (nv * V::LANES) as isize)
                }
                None => (from.ptr, b.rs),
            };
            let ragged = if buffer.is_some() { 0 } else { ragged(product, j + nv * V::LANES) };
            let (c, init) = (c.add(j), init.at(0, j));
            Block { k, a, b: panel, ldb, starts: &[0], ragged, c, ldc, width, init }
                .down::<V>(m, nv);
        }
        j += width;
    }
}

/// The number of B's rows from which vectors up to column `end` may not be read whole. In a matrix whose rows follow one
/// another, only the last have too little behind them; in another, what lies behind a row is not known.
#[inline(always)]
fn ragged<T>(product: &Product<T>, end: usize) -> usize {
    let Product { n, k, b, .. } = *product;
    if end <= n {
        0
    } else if b.rs == n as isize {
        (end.div_ceil(n) - 1).min(k)
    } else {
        k
    }
}
