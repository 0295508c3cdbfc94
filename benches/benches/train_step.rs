//! A training step of each workload.

use criterion::{Criterion, criterion_group, criterion_main};
use wengert_benches::{train, workload};

fn steps(c: &mut Criterion) {
    let mut group = c.benchmark_group("train_step");
    for spec in workload::ALL {
        let Ok(workload) = spec.load() else { panic!("{} cannot be read", spec.name) };
        group.bench_function(spec.name, |b| {
            let Ok(mut step) = train::trainer(&workload) else {
                panic!("{} is unsound", spec.name)
            };
            b.iter(|| step().is_ok());
        });
    }
}

criterion_group!(benches, steps);
criterion_main!(benches);
