//! No kernel touches memory beside its operands, not even under a mask: they end, and then begin, at a page that may
//! not be touched.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::sync::Mutex;
use wengert_tensor::kernel::gemm::{Init, Mat, Moved, column_sums, gemm};
use wengert_tensor::kernel::{level, pool};

/// The level belongs to the process: one test at a time.
static ONE: Mutex<()> = Mutex::new(());

unsafe extern "C" {
    fn mmap(at: *mut u8, len: usize, prot: i32, flags: i32, fd: i32, offset: i64) -> *mut u8;
    fn mprotect(at: *mut u8, len: usize, prot: i32) -> i32;
}

const PAGE: usize = 4096;

/// Pages between two that may not be touched.
struct Guarded {
    first: *mut u8,
    len: usize,
}

impl Guarded {
    fn new(pages: usize) -> Self {
        let len = pages * PAGE;
        // SAFETY: fresh anonymous pages (private, anonymous: 0x22), of which the first and the last are closed.
        unsafe {
            let base = mmap(std::ptr::null_mut(), len + 2 * PAGE, 3, 0x22, -1, 0);
            assert!(!base.is_null() && base as isize != -1);
            assert_eq!(mprotect(base, PAGE, 0), 0);
            assert_eq!(mprotect(base.add(PAGE + len), PAGE, 0), 0);
            Self { first: base.add(PAGE), len }
        }
    }
    /// `n` floats at the end or at the beginning: 0, 1, 2, …
    fn floats(&self, n: usize, end: bool) -> *mut f32 {
        self.rounds(n, end, usize::MAX)
    }
    /// The same, but from 0 again each time that they come to `round`.
    fn rounds(&self, n: usize, end: bool, round: usize) -> *mut f32 {
        assert!(4 * n <= self.len);
        // SAFETY: inside.
        let p = unsafe { if end { self.first.add(self.len - 4 * n) } else { self.first } };
        let p: *mut f32 = p.cast();
        for i in 0..n {
            // SAFETY: n floats are there.
            unsafe { *p.add(i) = (i % round) as f32 };
        }
        p
    }
}

#[test]
fn nothing_beside() {
    let _one = ONE.lock().unwrap_or_else(|e| e.into_inner());
    pool::set_threads(1);
    let memory: [Guarded; 4] = std::array::from_fn(|_| Guarded::new(80));
    let mut shapes =
        vec![(130, 97, 300), (131, 65, 513), (1, 300, 200), (300, 1, 200), (33, 33, 17)];
    for m in [1, 2, 3, 5, 8, 13, 15, 17, 31] {
        for n in 1..36 {
            for k in [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 40] {
                shapes.push((m, n, k));
            }
        }
    }
    for l in level::available() {
        level::force(l);
        for &(m, n, k) in &shapes {
            for turn in 0..8 {
                let (ta, tb, end) = (turn & 1 > 0, turn & 2 > 0, turn & 4 > 0);
                let a = memory[0].floats(m * k, end);
                let b = memory[1].floats(k * n, end);
                let c = memory[2].floats(m * n, end);
                let bias = memory[3].floats(m.max(n), end);
                let (ars, acs) = if ta { (1, m as isize) } else { (k as isize, 1) };
                let (brs, bcs) = if tb { (1, k as isize) } else { (n as isize, 1) };
                let (a, b) = (Mat { ptr: a, rs: ars, cs: acs }, Mat { ptr: b, rs: brs, cs: bcs });
                let bias = bias.cast_const();
                for init in [Init::Zero, Init::Accumulate, Init::Row(bias), Init::Column(bias)] {
                    // SAFETY: the matrices are as large as the shapes say.
                    unsafe {
                        gemm(m, n, k, a, b, init, c, n);
                    }
                }
            }
        }
        for rows in [1, 3, 15, 16, 17, 31, 32, 47, 255] {
            for width in 1..40 {
                for end in [false, true] {
                    let x = memory[0].floats(rows * width, end);
                    let out = memory[1].floats(width, end);
                    // SAFETY: as many elements as rows and columns say.
                    unsafe { column_sums(rows, width as isize, x, width, out) };
                }
            }
        }
    }
    level::force(level::best());
}

/// The sum of products with B from each of these starts, whose rows lie `ldb` apart, where nothing may be touched beside them.
fn moved(memory: &[Guarded; 4], [m, n, k]: [usize; 3], starts: &[isize], ldb: usize, end: bool) {
    let (least, farthest) = (*starts.iter().min().unwrap(), *starts.iter().max().unwrap());
    let rest = (k - 1) * ldb + n;
    let (columns, span) = (starts.len() * k, (farthest - least) as usize + rest);
    // Small whole numbers, whose sums are exact.
    let a = memory[0].rounds(m * columns, end, 5);
    let b = memory[1].rounds(span, end, 7);
    let (c, column) = (memory[2].floats(m * n, end), memory[3].floats(m, end));
    let first = b.wrapping_offset(-least);
    let product = Moved {
        m,
        n,
        k,
        a: Mat { ptr: a, rs: columns as isize, cs: 1 },
        b: first,
        ldb,
        starts,
        rest,
        init: Init::Column(column),
        c,
        ldc: n,
    };
    // SAFETY: the operands are as large as they say.
    unsafe { product.run() };
    for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
        let term = |s: usize, q: usize| {
            let from = (starts[s] - least) as usize + q * ldb + j;
            ((i * columns + s * k + q) % 5) * (from % 7)
        };
        let sum: usize = (0..starts.len())
            .flat_map(|s| (0..k).map(move |q| (s, q)))
            .map(|(s, q)| term(s, q))
            .sum();
        // SAFETY: inside.
        let got = unsafe { *c.add(i * n + j) };
        assert_eq!(got, (i + sum) as f32, "{m} {n} {k} {starts:?} at {i}, {j}");
    }
}

#[test]
fn nothing_beside_what_is_moved() {
    let _one = ONE.lock().unwrap_or_else(|e| e.into_inner());
    pool::set_threads(1);
    let memory: [Guarded; 4] = std::array::from_fn(|_| Guarded::new(80));
    for l in level::available() {
        level::force(l);
        for m in [1, 5, 14, 33] {
            for n in [1, 3, 15, 16, 17, 31, 33, 50, 100] {
                for (k, starts) in [
                    (1, &[0][..]),
                    (2, &[0, 1, 2]),
                    (3, &[5, 0, 40]),
                    (16, &[0, -1, -30]),
                    (7, &[0; 80]),
                    (530, &[2, 0]),
                ] {
                    for end in [false, true] {
                        moved(&memory, [m, n, k], starts, n + 3, end);
                    }
                }
            }
        }
    }
    level::force(level::best());
}
