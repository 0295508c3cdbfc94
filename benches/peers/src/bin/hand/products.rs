//! Products: small ones as plain loops whose sums stand in registers, large ones by the `gemm` crate.

use wengert_peers::threads;

/// True for a product that is large enough for the `gemm` crate.
#[inline(always)]
pub fn is_large([m, n, k]: [usize; 3]) -> bool {
    m * n * k > 1 << 18 && m > 1
}

/// c = a·b by the `gemm` crate, with the steps between rows and between columns.
pub fn large(
    [m, n, k]: [usize; 3],
    a: &[f32],
    a_steps: [usize; 2],
    b: &[f32],
    b_steps: [usize; 2],
    c: &mut [f32],
) {
    assert!(a.len() >= m * k && b.len() >= k * n && c.len() >= m * n);
    let parallel = match threads() {
        2.. if m * n * k > 1 << 20 => gemm::Parallelism::Rayon(threads()),
        _ => gemm::Parallelism::None,
    };
    let ([a_row, a_column], [b_row, b_column]) =
        (a_steps.map(|step| step as isize), b_steps.map(|step| step as isize));
    // SAFETY: the buffers are as long as the shapes say, and the steps stay within them.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            1,
            n as isize,
            false,
            a.as_ptr(),
            a_column,
            a_row,
            b.as_ptr(),
            b_column,
            b_row,
            0.0,
            1.0,
            false,
            false,
            false,
            parallel,
        );
    }
}

/// c = a·b: `[m, k]`, whose element (i, l) is at `i·a_steps[0] + l·a_steps[1]`, times `[k, n]`.
#[inline(always)]
pub fn product([m, n, k]: [usize; 3], a: &[f32], a_steps: [usize; 2], b: &[f32], c: &mut [f32]) {
    let [a_row, a_column] = a_steps;
    assert!(a.len() >= m * k && b.len() >= k * n && c.len() >= m * n);
    if is_large([m, n, k]) {
        large([m, n, k], a, a_steps, b, [n, 1], c);
    } else if n == 1 && a_row == 1 && m > 1 {
        // A single column, of sums along the first axis of a: the row bᵀ·aᵀ.
        by_columns([1, m, k], b, [k, 1], a, c);
    } else if n == 1 && a_column == 1 {
        for (c, a) in c.iter_mut().zip(a.chunks_exact(k)) {
            *c = dot(a, b);
        }
    } else {
        by_columns([m, n, k], a, a_steps, b, c);
    }
}

#[inline(always)]
fn by_columns(sizes: [usize; 3], a: &[f32], a_steps: [usize; 2], b: &[f32], c: &mut [f32]) {
    let at = columns::<64>(sizes, a, a_steps, b, c, 0);
    let at = columns::<16>(sizes, a, a_steps, b, c, at);
    let at = columns::<8>(sizes, a, a_steps, b, c, at);
    columns::<1>(sizes, a, a_steps, b, c, at);
}

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 16];
    let (whole, rest) = (a.len() / 16 * 16, a.len() % 16);
    for (a, b) in a[..whole].chunks_exact(16).zip(b.chunks_exact(16)) {
        for j in 0..16 {
            lanes[j] = a[j].mul_add(b[j], lanes[j]);
        }
    }
    for j in 0..rest {
        lanes[j] = a[whole + j].mul_add(b[whole + j], lanes[j]);
    }
    for half in [8, 4, 2, 1] {
        for j in 0..half {
            lanes[j] += lanes[j + half];
        }
    }
    lanes[0]
}

/// The blocks of `W` columns from `at` on that fit; returns where they end.
#[inline(always)]
fn columns<const W: usize>(
    [m, n, k]: [usize; 3],
    a: &[f32],
    a_steps: [usize; 2],
    b: &[f32],
    c: &mut [f32],
    mut at: usize,
) -> usize {
    while at + W <= n {
        let mut i = 0;
        // Narrow rows are taken eight at a time, so that enough sums are under way.
        while W <= 16 && i + 8 <= m {
            tile::<8, W>(n, k, &a[i * a_steps[0]..], a_steps, &b[at..], &mut c[i * n + at..]);
            i += 8;
        }
        while i + 4 <= m {
            tile::<4, W>(n, k, &a[i * a_steps[0]..], a_steps, &b[at..], &mut c[i * n + at..]);
            i += 4;
        }
        while i < m {
            tile::<1, W>(n, k, &a[i * a_steps[0]..], a_steps, &b[at..], &mut c[i * n + at..]);
            i += 1;
        }
        at += W;
    }
    at
}

/// `R` rows and `W` columns, whose sums stand in registers.
#[inline(always)]
fn tile<const R: usize, const W: usize>(
    n: usize,
    k: usize,
    a: &[f32],
    [row, column]: [usize; 2],
    b: &[f32],
    c: &mut [f32],
) {
    let mut sums = [[0.0_f32; W]; R];
    for l in 0..k {
        let b = &b[l * n..][..W];
        for (r, sums) in sums.iter_mut().enumerate() {
            let a = a[r * row + l * column];
            for j in 0..W {
                sums[j] = a.mul_add(b[j], sums[j]);
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        c[r * n..][..W].copy_from_slice(sums);
    }
}

/// The transpose of `[rows, columns]`, by blocks of 16.
#[inline(always)]
pub fn turn(from: &[f32], [rows, columns]: [usize; 2], to: &mut [f32]) {
    for i0 in (0..rows).step_by(16) {
        for j in 0..columns {
            for i in i0..rows.min(i0 + 16) {
                to[j * rows + i] = from[i * columns + j];
            }
        }
    }
}
