//! The parts of a product that the threads compute.

use super::packed::a_lies;
use super::plan::Plan;
use super::{GemmElem, Product};
use crate::kernel::pool::{self, Shared};

/// Multiply-adds from which on a second thread brings more than calling it costs.
pub(super) const WORTH: usize = 3 << 19;
/// No part is less work than this.
const PART: usize = 3 << 18;
/// Multiply-adds of a product that is large: some 20 ms.
const LARGE: usize = 1 << 31;
/// Columns are split at multiples of this, so that every part has whole panels and whole blocks of vectors.
const COLUMNS: usize = 32;
/// For a product of one row or column the multiple is that of its widest kernel, which must see the same blocks.
const LINE: usize = 256;

/// Does the product on all threads.
///
/// # Safety
/// As [`super::gemm`]; the plan is the product's.
#[cold]
#[inline(never)]
pub(super) unsafe fn run<T: GemmElem>(product: Product<T>, plan: Plan) {
    let Product { m, n, .. } = product;
    // Of a large product more parts than threads, so that a thread that is held up holds up little. Of others one each, as
    // each part packs what it needs: sharing was tried, but data that another core has written arrives too slowly.
    let each = if product.work() < LARGE { 1 } else { 2 };
    let parts = (each * pool::threads()).min(product.work() / PART).max(1);
    let (down, across) = match plan {
        Plan::RowTimesRows | Plan::DotsOfRows => (1, parts.min(n.div_ceil(LINE))),
        Plan::ColumnsTimesColumn | Plan::DotsOfColumns => (parts.min(m.div_ceil(LINE)), 1),
        Plan::Direct | Plan::Packed => grid(&product, parts),
    };
    let line = matches!(plan, Plan::ColumnsTimesColumn | Plan::DotsOfColumns);
    let wide = matches!(plan, Plan::RowTimesRows | Plan::DotsOfRows);
    let row = |q: usize| border(q, down, m, if line { LINE } else { 2 });
    let column = |q: usize| border(q, across, n, if wide { LINE } else { COLUMNS });
    let shared = Shared(product);
    pool::run(down * across, &|part| {
        let (i, j) = (row(part / across), column(part % across));
        let (m, n) = (row(part / across + 1) - i, column(part % across + 1) - j);
        if m == 0 || n == 0 {
            return;
        }
        // SAFETY: the caller's: the part is inside the product; A and B are only read, and no two parts write the same
        // element of C.
        unsafe { plan.run(shared.get().part((i, j), (m, n))) }
    });
}

/// The start of part `q` of `parts` of a length.
fn border(q: usize, parts: usize, len: usize, multiple: usize) -> usize {
    let pieces = len.div_ceil(multiple);
    (pieces * q / parts * multiple).min(len)
}

/// The numbers of parts down and across: every part packs the columns of B that it needs, which is what costs most, and rows of
/// A that do not lie well. Those that do it still has to read.
fn grid<T>(product: &Product<T>, parts: usize) -> (usize, usize) {
    let a = if a_lies(product) { 0.25 } else { 1.0 };
    let mut best = (1, parts, f64::MAX);
    for down in 1..=parts {
        let across = parts / down;
        let (h, w) = (product.m as f64 / down as f64, product.n as f64 / across as f64);
        if down * across < parts || h < 1.0 || w < COLUMNS as f64 {
            continue;
        }
        let cost = 2.0 / h + a / w;
        if cost < best.2 {
            best = (down, across, cost);
        }
    }
    (best.0, best.1)
}
