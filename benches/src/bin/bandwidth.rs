//! The speed of loops that memory bounds: reductions, copies and cheap pointwise functions, in GB/s; on `THREADS` (2).
//!
//! `THREADS=1 cargo run --release -p wengert-benches --bin bandwidth [FILTER]`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::hint::black_box;

use wengert::tensor::Tensor;
use wengert_benches::{clock, machine};

/// The best of several rounds, each long enough for the clock.
fn time(name: &str, bytes: usize, f: impl FnMut()) {
    if !clock::wanted(name) {
        return;
    }
    let best = clock::best(15, 2e6, f);
    println!("{name:<44} {best:>12.1} ns {:>8.2} GB/s", bytes as f64 / best);
}

/// Times an expression over tensors; what is read and written is counted as `$bytes`.
macro_rules! time {
    ($bytes:expr, $name:expr, $run:expr) => {
        time($name, $bytes, || {
            black_box($run);
        })
    };
}

fn filled(shape: &[usize]) -> Tensor<f32> {
    let mut state = 1_u32;
    Tensor::from_fn(shape, |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    })
}

fn main() {
    machine::set_up();
    let x = filled(&[4096, 1000]);
    let n = x.bytes();
    time!(n, "sum [4096, 1000]", x.sum());
    time!(n, "sum_over(0) [4096, 1000]", x.sum_over(0).unwrap());
    time!(n, "sum_over(1) [4096, 1000]", x.sum_over(1).unwrap());
    time!(n, "max_over(0) [4096, 1000]", x.max_over(0).unwrap());
    time!(n, "max_over(1) [4096, 1000]", x.max_over(1).unwrap());
    time!(n, "sum_over(0) of the transpose", x.t().sum_over(0).unwrap());
    time!(n, "sum_over(1) of the transpose", x.t().sum_over(1).unwrap());
    let row = filled(&[1000]);
    time!(2 * n, "[4096, 1000] + [1000]", &x + &row);
    let column = filled(&[4096, 1]);
    time!(2 * n, "[4096, 1000] + [4096, 1]", &x + &column);
    time!(2 * n, "softmax(1) [4096, 1000]", x.softmax(1).unwrap());
    time!(2 * n, "softmax(0) [4096, 1000]", x.softmax(0).unwrap());
    time!(n, "logsumexp_over(1) [4096, 1000]", x.logsumexp_over(1).unwrap());
    time!(n, "var_over(0) [4096, 1000]", x.var_over(0, 1.0).unwrap());
    time!(n, "var_over(1) [4096, 1000]", x.var_over(1, 1.0).unwrap());
    time!(2 * n, "cumsum(1) [4096, 1000]", x.cumsum(1).unwrap());
    time!(2 * n, "cumsum(0) [4096, 1000]", x.cumsum(0).unwrap());
    drop(x);

    let x = filled(&[16, 32, 28, 28]);
    time!(x.bytes(), "sum_over([0, 2, 3]) [16, 32, 28, 28]", x.sum_over([0, 2, 3]).unwrap());
    time!(x.bytes(), "sum_over([1, 2]) [16, 32, 28, 28]", x.sum_over([1, 2]).unwrap());
    let x = filled(&[64, 10]);
    time!(x.bytes(), "sum [64, 10]", x.sum());
    time!(x.bytes(), "sum_over(1) [64, 10]", x.sum_over(1).unwrap());
    time!(x.bytes(), "max_over(1) [64, 10]", x.max_over(1).unwrap());
    time!(x.bytes(), "sum_over(0) [64, 10]", x.sum_over(0).unwrap());
    time!(2 * x.bytes(), "softmax(1) [64, 10]", x.softmax(1).unwrap());
    let row = filled(&[10]);
    time!(2 * x.bytes(), "[64, 10] + [10]", &x + &row);
    let x = filled(&[100_000, 3]);
    time!(x.bytes(), "sum_over(1) [100000, 3]", x.sum_over(1).unwrap());
    time!(x.bytes(), "sum_over(0) [100000, 3]", x.sum_over(0).unwrap());
    time!(2 * x.bytes(), "softmax(1) [100000, 3]", x.softmax(1).unwrap());
    let row = filled(&[3]);
    time!(2 * x.bytes(), "[100000, 3] + [3]", &x + &row);
    let column = filled(&[100_000, 1]);
    time!(2 * x.bytes(), "[100000, 3] + [100000, 1]", &x + &column);

    let x = filled(&[2048, 2048]);
    time!(2 * x.bytes(), "transpose-copy [2048, 2048]", x.t().contiguous());
    let x = filled(&[1000, 1000]);
    time!(2 * x.bytes(), "transpose-copy [1000, 1000]", x.t().contiguous());
    let x = filled(&[64, 48]);
    time!(2 * x.bytes(), "transpose-copy [64, 48]", x.t().contiguous());
    let x = filled(&[32, 56, 56, 16]);
    let channels = x.permute([0, 3, 1, 2]).unwrap();
    time!(2 * x.bytes(), "copy of channels-first [32, 56, 56, 16]", channels.contiguous());
    let x = filled(&[4, 8, 128, 64]);
    let heads = x.transpose(1, 2).unwrap();
    time!(2 * x.bytes(), "copy of heads [4, 8, 128, 64]", heads.contiguous());

    let (a, b) = (filled(&[1000, 1000]), filled(&[1000, 1000]));
    time!(3 * a.bytes(), "a + b [1000, 1000]", &a + &b);
    time!(2 * a.bytes(), "relu [1000, 1000]", a.relu());
    time!(3 * a.bytes(), "a + b.t() [1000, 1000]", &a + &b.t());
    let (a, b) = (filled(&[32, 32]), filled(&[32, 32]));
    time!(3 * a.bytes(), "a + b [32, 32]", &a + &b);
    let (a, b) = (Tensor::scalar(1.0_f32), Tensor::scalar(2.0_f32));
    time!(12, "a + b []", &a + &b);
    let (a, b) = (filled(&[1]), filled(&[1]));
    time!(12, "a + b [1]", &a + &b);
    let b = filled(&[1, 1]);
    time!(12, "[1] + [1, 1]", &a + &b);
    let b = filled(&[16, 16]);
    time!(2048, "[16, 16] + [1]", &b + &a);
    time!(0, "clone [16, 16]", b.clone());
    time!(0, "t() [16, 16]", b.t());
    time!(0, "reshape [16, 16] to [256]", b.reshape([256]).unwrap());
    time!(0, "unsqueeze", b.unsqueeze(0).unwrap());
    time!(4, "sum []", a.sum());
}
