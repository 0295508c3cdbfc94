//! Elementwise loops over operands that do not lie alike: row by row, a broadcast value spread over a block, several short
//! rows laid out behind one another; only operands that step along their rows are copied first.

use std::mem::MaybeUninit;

use super::copy;
use super::map::split;
use crate::layout::{Strides, Walk};
use crate::{Element, Tensor};

/// A loop over runs, whatever its function: `len` elements at each of the pointers, to as many at the last. The walk over
/// the operands is compiled once for it, not once for each function. (Not a `dyn Fn`: that is two functions more for each.)
pub(crate) type Runs<'a, T, O, const N: usize> = &'a dyn Loop<T, O, N>;

/// As [`Runs`] says.
pub(crate) trait Loop<T, O, const N: usize>: Sync {
    fn run(&self, x: [*const T; N], out: *mut O, len: usize);
}

/// Elements that a [`Blocks`] lays out for one run.
const BLOCK: usize = 512;
/// The number of elements that a store of a repeated value may write beyond a block.
const SLACK: usize = 16;
/// Rows shorter than this are gathered, several to a run.
const SHORT: usize = 32;

/// Room for a block of each operand that does not lie as the result does.
struct Blocks<T, const N: usize>([[MaybeUninit<T>; BLOCK + SLACK]; N]);

impl<T, const N: usize> Blocks<T, N> {
    #[inline(always)]
    fn new() -> Self {
        Self([const { [const { MaybeUninit::uninit() }; BLOCK + SLACK] }; N])
    }
}

/// Operands that are contiguous and have `len` elements, or have one, to `len` elements at `out`.
///
/// # Safety
/// `out` has room for them.
pub(crate) unsafe fn beside<T: Element, O, const N: usize>(
    runs: Runs<T, O, N>,
    x: [&Tensor<T>; N],
    len: usize,
    out: *mut O,
) {
    let mut blocks = Blocks::<T, N>::new();
    let mut first = x.map(Tensor::first);
    if len == 1 {
        return runs.run(first, out, 1);
    }
    let singles = x.map(|x| x.len() == 1);
    for k in 0..N {
        if singles[k] {
            // SAFETY: it has an element.
            let value = MaybeUninit::new(unsafe { *first[k] });
            blocks.0[k][..BLOCK.min(len)].fill(value);
            first[k] = blocks.0[k].as_ptr().cast();
        }
    }
    for done in (0..len).step_by(BLOCK) {
        let x =
            std::array::from_fn(
                |k| if singles[k] { first[k] } else { first[k].wrapping_add(done) },
            );
        // `out` has room for `len` elements, and as many lie at each operand that is not single.
        runs.run(x, out.wrapping_add(done), BLOCK.min(len - done));
    }
}

/// Row by row into `out`, row-major.
///
/// # Safety
/// `out` has room for `shape`, which all operands broadcast to and which has elements.
pub(crate) unsafe fn rows<T: Element, O, const N: usize>(
    runs: Runs<T, O, N>,
    x: [&Tensor<T>; N],
    shape: &[usize],
    out: *mut O,
) {
    let mut strides: [Strides; N] = std::array::from_fn(|k| x[k].layout().strides_as(shape));
    let mut first = x.map(Tensor::first);
    let mut walk = Walk::<N>::new(shape, std::array::from_fn(|k| &strides[k][..]));
    // An operand that steps along its rows is turned over once, by blocks, not place by place.
    let mut copies: [Option<Tensor<T>>; N] = [const { None }; N];
    let steps = walk.inner().1;
    if steps.iter().any(|step| !matches!(step, 0 | 1)) {
        for k in 0..N {
            if !matches!(steps[k], 0 | 1) {
                let copy = copies[k].insert(copy::to_contiguous(x[k]));
                strides[k] = copy.layout().strides_as(shape);
                first[k] = copy.first();
            }
        }
        walk = Walk::new(shape, std::array::from_fn(|k| &strides[k][..]));
    }
    let mut blocks = Blocks::new();
    // SAFETY: the strides reach each operand's own elements, which are as many as the walk's places.
    unsafe {
        if walk.inner().0 < SHORT && walk.axes().len() > 1 {
            short_rows(runs, &walk, first, out, &mut blocks);
        } else {
            long_rows(runs, &walk, first, out, &mut blocks);
        }
    }
}

/// Rows that are worth a run each; a value that does not change along them fills a block.
///
/// # Safety
/// Every place of the walk may be read from `first`, and as many written at `out`. The rows' steps are 0 or 1.
unsafe fn long_rows<T: Element, O, const N: usize>(
    runs: Runs<T, O, N>,
    walk: &Walk<N>,
    first: [*const T; N],
    out: *mut O,
    blocks: &mut Blocks<T, N>,
) {
    let (inner, steps) = walk.inner();
    let spreads = steps.contains(&0);
    let mut row_start = 0;
    walk.rows(|at| {
        let mut x = first;
        for k in 0..N {
            // SAFETY: the walk stays within the operand.
            x[k] = unsafe { first[k].offset(at[k]) };
            if steps[k] == 0 {
                // SAFETY: as above.
                let value = MaybeUninit::new(unsafe { *x[k] });
                blocks.0[k][..BLOCK.min(inner)].fill(value);
                x[k] = blocks.0[k].as_ptr().cast();
            }
        }
        let mut done = 0;
        while done < inner {
            let len = if spreads { BLOCK.min(inner - done) } else { inner };
            // SAFETY: rows are consecutive parts of `out`, and `len` elements of each operand lie at `x`.
            unsafe { split(runs, x, out.add(row_start + done), len) };
            for k in 0..N {
                if steps[k] == 1 {
                    x[k] = x[k].wrapping_add(len);
                }
            }
            done += len;
        }
        row_start += inner;
    });
}

/// Rows too short for a run each: as many as fit a block are laid out one behind another. An operand that lies so anyhow
/// is read in place; one that repeats its row is laid out once.
///
/// # Safety
/// As [`long_rows`]; the rows are shorter than [`SHORT`].
unsafe fn short_rows<T: Element, O, const N: usize>(
    runs: Runs<T, O, N>,
    walk: &Walk<N>,
    first: [*const T; N],
    mut out: *mut O,
    blocks: &mut Blocks<T, N>,
) {
    let (outer, inner) = walk.axes().split_at(walk.axes().len() - 1);
    let (len, steps) = inner[0];
    let rows: usize = outer.iter().map(|a| a.0).product();
    let a_block = (BLOCK / len).min(rows);
    let in_place: [bool; N] = std::array::from_fn(|k| walk.is_contiguous(k));
    let repeats: [bool; N] = std::array::from_fn(|k| outer.iter().all(|(_, s)| s[k] == 0));
    // Taken once, and used for writing as well as for reading: a later `&mut` to a block would end what an earlier pointer
    // to it may do.
    let block: [*mut MaybeUninit<T>; N] = blocks.0.each_mut().map(|block| block.as_mut_ptr());
    // SAFETY: a block has room for `a_block` rows and the slack, and a row's places may be read.
    let lay = |k: usize, row: usize, from: *const T, step: isize| unsafe {
        let to = block[k].add(row * len);
        if step == 0 && len <= SLACK {
            // All at once, past the row's end: what comes there is written later.
            to.cast::<[MaybeUninit<T>; SLACK]>().write([MaybeUninit::new(*from); SLACK]);
        } else {
            for i in 0..len {
                to.add(i).write(MaybeUninit::new(*from.offset(i as isize * step)));
            }
        }
    };
    for k in 0..N {
        if repeats[k] {
            lay(k, 0, first[k], steps[k]);
            let mut laid = 1;
            while laid < a_block {
                let more = laid.min(a_block - laid);
                // SAFETY: the first `laid` rows were laid, and `more` of them fit behind those.
                unsafe { block[k].copy_to_nonoverlapping(block[k].add(laid * len), more * len) };
                laid += more;
            }
        }
    }
    let mut x: [*const T; N] =
        std::array::from_fn(|k| if in_place[k] { first[k] } else { block[k].cast_const().cast() });
    let mut run = |count: usize| {
        // `count` rows lie at each `x`; they are the next of `out`.
        runs.run(x, out, count * len);
        out = out.wrapping_add(count * len);
        for k in 0..N {
            if in_place[k] {
                x[k] = x[k].wrapping_add(count * len);
            }
        }
    };
    if (0..N).all(|k| in_place[k] || repeats[k]) {
        for done in (0..rows).step_by(a_block) {
            run(a_block.min(rows - done));
        }
        return;
    }
    let mut laid = 0;
    walk.rows(|at| {
        for k in 0..N {
            if !in_place[k] && !repeats[k] {
                lay(k, laid, first[k].wrapping_offset(at[k]), steps[k]);
            }
        }
        laid += 1;
        if laid == a_block {
            run(laid);
            laid = 0;
        }
    });
    if laid > 0 {
        run(laid);
    }
}
