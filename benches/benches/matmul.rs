//! Square matrix products from 32 to 1024.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wengert::tensor::{Rng, Tensor};

fn squares(c: &mut Criterion) {
    let mut group = c.benchmark_group("matmul");
    for n in [32, 64, 128, 256, 512, 1024] {
        let rng = &mut Rng::new(0);
        let (a, b) = (Tensor::<f32>::randn([n, n], rng), Tensor::randn([n, n], rng));
        group.throughput(Throughput::Elements(2 * (n * n * n) as u64));
        group.bench_function(n.to_string(), |bench| bench.iter(|| a.matmul(&b)));
    }
}

criterion_group!(benches, squares);
criterion_main!(benches);
