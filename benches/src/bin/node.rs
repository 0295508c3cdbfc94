//! The cost of a node: recording and reversing an op beyond its arithmetic, in ns, on chains of 10 to 10⁶ ops.
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use wengert::autograd::{Param, Tape};
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

/// A recurrence on one element, x ← tanh(w·x + b): each of the parameters is used in every step, and its gradients add up.
fn recurrence(steps: usize) {
    let (w, b) = (Param::new(Tensor::<f32>::full([1], 0.9)), Param::new(Tensor::full([1], 0.1)));
    let x0 = Tensor::<f32>::full([1], 0.5);
    let time = best(2_000, || {
        let tape = Tape::new();
        let (w_, b_) = (tape.param(&w), tape.param(&b));
        let mut x = tape.constant(x0.clone());
        for _ in 0..steps {
            x = (x * w_ + b_).tanh();
        }
        black_box(x.sum().backward().is_ok());
        w.zero_grad();
        b.zero_grad();
    });
    let per = time / (3 * steps) as f64;
    println!("recurrence n={:<8} record + reverse {per:6.1} ns", 3 * steps);
}

fn main() {
    recurrence(1000);
    for n in [10, 100, 1000, 10_000, 100_000, 1_000_000] {
        chain(&[], n, "scalar");
    }
    for n in [10, 100, 1000, 10_000] {
        chain(&[32, 16], n, "32x16");
    }
}
