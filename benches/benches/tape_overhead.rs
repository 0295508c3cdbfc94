//! What an op costs beyond its arithmetic: chains of a thousand ops on one number, plain, recorded and reversed.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wengert::autograd::Tape;
use wengert::tensor::Tensor;

const OPS: u64 = 1000;

fn chains(c: &mut Criterion) {
    let mut group = c.benchmark_group("tape_overhead");
    group.throughput(Throughput::Elements(OPS));
    let start = Tensor::<f32>::scalar(0.5);
    group.bench_function("plain", |b| {
        b.iter(|| (0..OPS).fold(start.clone(), |y, _| y.mul_scalar(0.999)));
    });
    group.bench_function("record", |b| {
        b.iter(|| {
            let tape = Tape::new();
            let y = (0..OPS).fold(tape.var(start.clone()), |y, _| y * 0.999);
            black_box(y.index())
        });
    });
    group.bench_function("record_and_reverse", |b| {
        b.iter(|| {
            let tape = Tape::new();
            let y = (0..OPS).fold(tape.var(start.clone()), |y, _| y * 0.999);
            black_box(y.backward().is_ok())
        });
    });
}

criterion_group!(benches, chains);
criterion_main!(benches);
