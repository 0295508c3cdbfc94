//! The plan of a product, chosen by its shape and layout.

use super::axpy::{Axpy, Start};
use super::direct::Direct;
use super::dots::Dots;
use super::elem::run;
use super::packed::Packed;
use super::scratch::Scratch;
use super::{GemmElem, Init, Product};

/// The ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// m = 1, B by contiguous rows: rows of B scaled and added.
    RowTimesRows,
    /// n = 1, A by contiguous columns: the same, turned.
    ColumnsTimesColumn,
    /// Few rows of A with contiguous columns of B.
    DotsOfRows,
    /// Contiguous rows of A with few columns of B.
    DotsOfColumns,
    /// Blocks of C from A and B where they lie.
    Direct,
    /// Blocks of C from packed pieces.
    Packed,
}

/// The largest number of products that are added up one after another, before their sum is added to those of others: so the error of
/// an element grows as `RUN` + k / `RUN` roundings, not as k.
pub(super) const RUN: usize = 512;
/// Up to this many rows against B's contiguous columns, packing those would cost more than summing along them.
const FEW: usize = 8;
/// Dot products shorter than this are mostly the adding up at their end.
const LONG: usize = 32;
/// Up to this many multiply-adds, packing costs more than it brings.
const SMALL: usize = 1 << 20;
/// Up to this many rows, B passes by so few times that it is best read where it lies.
const LOW: usize = 28;

/// The plan for this product.
#[inline(always)]
pub(super) fn plan<T>(product: &Product<T>) -> Plan {
    let Product { m, n, k, a, b, ldc, .. } = product;
    let (m, n, k) = (*m, *n, *k);
    let rows_of_a = a.cs == 1 || k == 1;
    let columns_of_b = b.rs == 1 || k == 1;
    let rows_of_b = b.cs == 1 || n == 1;
    if n == 1 {
        if m == 1 && rows_of_a && columns_of_b {
            return Plan::DotsOfRows;
        }
        if m == 1 || (a.rs == 1 && *ldc == 1) {
            return Plan::ColumnsTimesColumn;
        }
        if rows_of_a {
            return Plan::DotsOfColumns;
        }
        return Plan::Direct;
    }
    if m == 1 {
        if rows_of_b {
            return Plan::RowTimesRows;
        }
        if columns_of_b {
            return Plan::DotsOfRows;
        }
        return Plan::Direct;
    }
    if m <= FEW && rows_of_a && columns_of_b && !rows_of_b && k >= LONG {
        return Plan::DotsOfRows;
    }
    if m <= LOW || product.work() <= SMALL || n <= 16 {
        return Plan::Direct;
    }
    Plan::Packed
}

impl Plan {
    /// Does the product, on this thread, in blocks of at most [`RUN`] terms of k that are added to C one after another.
    /// [`Packed`] and [`Dots`] make such blocks themselves.
    ///
    /// # Safety
    /// As [`super::gemm`], the plan is the one for a product that this is a block of, and k is not 0.
    #[inline(always)]
    pub(super) unsafe fn run<T: GemmElem>(self, product: Product<T>) {
        let k = product.k;
        let whole = matches!(self, Plan::Packed | Plan::DotsOfRows | Plan::DotsOfColumns);
        let step = if whole || k <= RUN { k } else { k.div_ceil(k.div_ceil(RUN)) };
        let mut p = 0;
        while p < k {
            let (a, b) = (product.a.at(0, p), product.b.at(p, 0));
            let init = if p == 0 { product.init } else { Init::Accumulate };
            // SAFETY: the caller's: a part of k, and C was written by the part before it.
            unsafe { self.block(Product { k: step.min(k - p), a, b, init, ..product }) };
            p += step;
        }
    }

    /// Does a block of it.
    ///
    /// # Safety
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn block<T: GemmElem>(self, mut product: Product<T>) {
        // Where there is one column, its rows are contiguous, whatever stride the caller had for it.
        if product.n == 1 {
            product.b.cs = 1;
        }
        let Product { m, n, k, a, b, init, c, .. } = product;
        // SAFETY: the caller's.
        unsafe {
            match self {
                Plan::Direct => run(Direct(&product)),
                Plan::Packed => run(Packed(&product)),
                Plan::RowTimesRows => {
                    let start = match init {
                        Init::Zero => Start::Zero,
                        Init::Accumulate => Start::Vector(c.cast_const()),
                        Init::Row(p) => Start::Vector(p),
                        Init::Column(p) => Start::Scalar(p),
                    };
                    let (x, rows) = ((a.ptr, a.cs), (b.ptr, b.rs));
                    run(&Axpy { n, k, x: x.0, xs: x.1, rows: rows.0, ld: rows.1, start, y: c });
                }
                Plan::ColumnsTimesColumn => {
                    let start = match init {
                        Init::Zero => Start::Zero,
                        Init::Accumulate => Start::Vector(c.cast_const()),
                        Init::Row(p) => Start::Scalar(p),
                        Init::Column(p) => Start::Vector(p),
                    };
                    let (x, rows) = ((b.ptr, b.rs), (a.ptr, a.cs));
                    run(&Axpy { n: m, k, x: x.0, xs: x.1, rows: rows.0, ld: rows.1, start, y: c });
                }
                Plan::DotsOfRows | Plan::DotsOfColumns => dots(self, product),
            }
        }
    }
}

/// # Safety
/// As [`Plan::run`].
#[inline(never)]
unsafe fn dots<T: GemmElem>(plan: Plan, product: Product<T>) {
    let Product { m, n, k, mut a, mut b, init, c, ldc } = product;
    let ldc = ldc as isize;
    let start = match init {
        Init::Zero => None,
        Init::Accumulate => Some((c.cast_const(), ldc, 1)),
        Init::Row(p) => Some((p, 0, 1)),
        Init::Column(p) => Some((p, 1, 0)),
    };
    // A single vector may be strided: a copy of it is cheap.
    let mut scratch = None;
    let mut contiguous = |p: *const T, stride: isize| {
        let scratch = scratch.insert(Scratch::new::<T>(k));
        let copy: *mut T = scratch.ptr();
        for q in 0..k {
            // SAFETY: the vector and the scratch have k elements.
            unsafe { *copy.add(q) = *p.offset(q as isize * stride) };
        }
        copy.cast_const()
    };
    if m == 1 && a.cs != 1 && k > 1 {
        a.ptr = contiguous(a.ptr, a.cs);
    } else if n == 1 && b.rs != 1 && k > 1 {
        b.ptr = contiguous(b.ptr, b.rs);
    }
    let (rows, columns) = ((m, a.ptr, a.rs), (n, b.ptr, b.cs));
    // SAFETY: the caller's.
    unsafe {
        if plan == Plan::DotsOfRows {
            run(&Dots { k, left: rows, right: columns, c, cs: (ldc, 1), start });
        } else {
            let start = start.map(|(p, i, j)| (p, j, i));
            run(&Dots { k, left: columns, right: rows, c, cs: (1, ldc), start });
        }
    }
}
