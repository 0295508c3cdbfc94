//! The cost of a node: recording and reversing an op beyond its arithmetic, in ns, on chains of 10 to 10⁶ ops.
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use wengert::autograd::Tape;
use wengert::tensor::Tensor;

/// The least time of `f` in ns over many runs.
fn best(runs: usize, mut f: impl FnMut()) -> f64 {
    f();
    (0..runs)
        .map(|_| {
            let t = Instant::now();
            f();
            t.elapsed().as_nanos() as f64
        })
        .fold(f64::INFINITY, f64::min)
}

fn chain(shape: &[usize], n: usize, name: &str) {
    let x0 = Tensor::<f32>::full(shape, 0.5);
    let runs = (3_000_000 / n).clamp(3, 20_000);
    let plain = best(runs, || {
        let mut y = x0.clone();
        for _ in 0..n {
            y = y.mul_scalar(0.999);
        }
        black_box(y);
    });
    let forward = best(runs, || {
        let tape = Tape::new();
        let mut y = tape.var(x0.clone());
        for _ in 0..n {
            y = y * 0.999;
        }
        black_box(y);
    });
    let both = best(runs, || {
        let tape = Tape::new();
        let x = tape.var(x0.clone());
        let mut y = x;
        for _ in 0..n {
            y = y * 0.999;
        }
        black_box(y.sum().backward().is_ok());
    });
    let per = |t: f64| t / n as f64;
    println!(
        "{name:>10} n={n:<8} plain op {:6.1} ns   record {:6.1} ns   record + reverse {:6.1} ns",
        per(plain),
        per(forward),
        per(both)
    );
}

fn main() {
    for n in [10, 100, 1000, 10_000, 100_000, 1_000_000] {
        chain(&[], n, "scalar");
    }
    for n in [10, 100, 1000, 10_000] {
        chain(&[32, 16], n, "32x16");
    }
}
