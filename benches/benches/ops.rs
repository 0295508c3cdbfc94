//! Single ops on large tensors, forward alone and with the way back.

use criterion::{Criterion, criterion_group, criterion_main};
use wengert_benches::ops;

fn single(c: &mut Criterion) {
    let Ok(all) = ops::all() else { panic!("the shapes fit") };
    for (direction, back) in [("forward", false), ("forward_and_back", true)] {
        let mut group = c.benchmark_group(direction);
        group.sample_size(20);
        for op in all.iter().filter(|op| !op.name.starts_with("matmul")) {
            let Some(run) = (if back { op.both.as_ref() } else { Some(&op.forward) }) else {
                continue;
            };
            group.bench_function(&op.name, |b| b.iter(|| run().is_ok()));
        }
    }
}

criterion_group!(benches, single);
criterion_main!(benches);
