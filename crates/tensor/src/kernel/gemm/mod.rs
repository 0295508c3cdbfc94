//! Matrix products of any layout: what the caller says, and which way a shape goes.
//!
//! Every element of C is summed in an order that the shape of the whole product, the layout of its operands and the level
//! decide, so that its bits do not depend on how many threads the work is split among. They do depend on the layout and on
//! how many rows there are: a product with a view may differ from that with its copy in the last bits, and so may one row of
//! a batch from the same row alone, because dot products along k and sums down the columns take their terms in different
//! orders. One order for all was decided against: it costs the fastest way of each.
//!
//! Sums are made of blocks of at most 512 terms (256 in each lane of a dot product), whose sums are added one after another:
//! the error of an element is at most about (512 + k / 512) roundings of its terms' magnitudes.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod axpy;
mod direct;
mod dots;
mod elem;
mod micro;
mod moved;
mod pack;
mod packed;
mod plan;
mod portable;
mod scratch;
mod simd;
mod split;
mod strips;
mod sums;

pub use elem::GemmElem;
pub use moved::Moved;
pub(in crate::kernel) use scratch::Scratch;

/// A matrix as its first element and its strides (in elements; any sign, 0 for broadcast).
#[derive(Debug)]
pub struct Mat<T> {
    /// The element (0, 0).
    pub ptr: *const T,
    /// From one row to the next.
    pub rs: isize,
    /// From one column to the next.
    pub cs: isize,
}

impl<T> Clone for Mat<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Mat<T> {}

impl<T> Mat<T> {
    /// The matrix from row `i` and column `j` on.
    #[inline(always)]
    fn at(self, i: usize, j: usize) -> Self {
        let offset = i as isize * self.rs + j as isize * self.cs;
        Self { ptr: self.ptr.wrapping_offset(offset), ..self }
    }
}

/// Writes the sums down the columns of `rows` rows, fewer than 256, each `width` long and
/// `down` apart.
///
/// # Safety
/// The rows may be read, and `width` elements written at `out`.
pub unsafe fn column_sums<T: GemmElem>(
    rows: usize,
    down: isize,
    x: *const T,
    width: usize,
    out: *mut T,
) {
    // SAFETY: the caller's.
    unsafe { elem::run(&sums::ColumnSums { rows, down, x, width, out }) }
}

/// The initial value to which the product is added.
#[derive(Debug)]
pub enum Init<T> {
    /// Nothing.
    Zero,
    /// The contents of C: c += a b.
    Accumulate,
    /// This vector of n, in every row: a bias.
    Row(*const T),
    /// This vector of m, in every column.
    Column(*const T),
}

impl<T> Clone for Init<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Init<T> {}

impl<T> Init<T> {
    /// The same from row `i` and column `j` on.
    #[inline(always)]
    fn at(self, i: usize, j: usize) -> Self {
        match self {
            Self::Row(p) => Self::Row(p.wrapping_add(j)),
            Self::Column(p) => Self::Column(p.wrapping_add(i)),
            other => other,
        }
    }
}

/// A whole product, or a block of one.
struct Product<T> {
    m: usize,
    n: usize,
    k: usize,
    a: Mat<T>,
    b: Mat<T>,
    init: Init<T>,
    c: *mut T,
    ldc: usize,
}

impl<T> Clone for Product<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Product<T> {}

/// C = init + A · B, of `[m, n]`, `[m, k]` and `[k, n]`; C is row-major, its rows `ldc` apart.
///
/// C may be uninitialised, unless `init` says that it is added to.
///
/// # Safety
/// A and B are good for reads of their shapes and `init`'s vector of n, C for writes of its own (of its rows, not of what
/// lies between them), and C overlaps none of the others.
#[allow(clippy::too_many_arguments)]
pub unsafe fn gemm<T: GemmElem>(
    m: usize,
    n: usize,
    k: usize,
    a: Mat<T>,
    b: Mat<T>,
    init: Init<T>,
    c: *mut T,
    ldc: usize,
) {
    if m == 0 || n == 0 {
        return;
    }
    let mut product = Product { m, n, k, a, b, init, c, ldc };
    // Of a single row or column the stride says nothing.
    if k == 1 {
        product.a.cs = 1;
    } else if m == 1 {
        product.a.rs = 1;
    }
    // SAFETY: the caller's.
    unsafe {
        if k == 0 {
            start(product);
        } else if product.a.cs != 1 && product.a.rs != 1 {
            by_rows(product);
        } else if product.work() >= split::WORTH && crate::kernel::pool::threads() > 1 {
            split::run(product, plan::plan(&product));
        } else {
            plan::plan(&product).run(product);
        }
    }
}

/// [`gemm`] of sizes m, n and k on this thread, each row summed in the order that k alone decides: some of the rows have the same bits
/// as all at once.
///
/// # Safety
/// As [`gemm`].
unsafe fn rows<T: GemmElem>(
    [m, n, k]: [usize; 3],
    a: Mat<T>,
    b: Mat<T>,
    init: Init<T>,
    c: *mut T,
    ldc: usize,
) {
    let product = Product { m, n, k, a, b, init, c, ldc };
    // SAFETY: the caller's.
    unsafe {
        if m == 0 || n == 0 {
        } else if k == 0 {
            start(product);
        } else {
            plan::Plan::Direct.run(product);
        }
    }
}

impl<T> Product<T> {
    /// The part of so many rows and columns from row `i` and column `j` on.
    #[inline(always)]
    fn part(&self, (i, j): (usize, usize), (m, n): (usize, usize)) -> Self {
        let (a, b, init) = (self.a.at(i, 0), self.b.at(0, j), self.init.at(i, j));
        Self { m, n, a, b, init, c: self.c.wrapping_add(i * self.ldc + j), ..*self }
    }

    /// Multiply-adds.
    #[inline(always)]
    fn work(&self) -> usize {
        self.m.saturating_mul(self.n).saturating_mul(self.k)
    }
}

/// A product whose A lies neither by rows nor by columns: with a copy of it.
///
/// # Safety
/// As [`gemm`].
#[cold]
unsafe fn by_rows<T: GemmElem>(product: Product<T>) {
    let Product { m, n, k, a, b, init, c, ldc } = product;
    let mut scratch = Scratch::new::<T>(m * k);
    let copy: *mut T = scratch.ptr();
    // SAFETY: the caller's.
    unsafe {
        for i in 0..m {
            for p in 0..k {
                copy.add(i * k + p).write(*a.at(i, p).ptr);
            }
        }
        gemm(m, n, k, Mat { ptr: copy, rs: k as isize, cs: 1 }, b, init, c, ldc);
    }
}

/// A product without terms.
///
/// # Safety
/// As [`gemm`].
#[cold]
unsafe fn start<T: GemmElem>(product: Product<T>) {
    for i in 0..product.m {
        for j in 0..product.n {
            // SAFETY: the caller's.
            unsafe {
                let c = product.c.add(i * product.ldc + j);
                match product.init {
                    Init::Zero => c.write(T::ZERO),
                    Init::Accumulate => {}
                    Init::Row(p) => c.write(*p.add(j)),
                    Init::Column(p) => c.write(*p.add(i)),
                }
            }
        }
    }
}
