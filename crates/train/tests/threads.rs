//! The same seed, the same bits, on however many threads: with products that do run on threads. It is the only test of its process, so
//! that nobody else has the pool or sets its threads meanwhile, and its jobs can be counted.

#![allow(clippy::unwrap_used)]

use wengert_data::{DataLoader, TensorDataset};
use wengert_loss::CrossEntropyLoss;
use wengert_nn::{Dropout, Linear, Parts, Relu, Sequential};
use wengert_optim::Adam;
use wengert_tensor::kernel::pool;
use wengert_tensor::{Rng, Tensor};
use wengert_train::Trainer;

#[test]
fn the_same_seed_gives_the_same_bits_on_however_many_threads() {
    let rng = &mut Rng::new(0);
    let inputs = Tensor::<f32>::randn([1024, 256], rng);
    let labels = Tensor::from_fn([1024], |i| i[0] * 7 % 10);
    let data = TensorDataset::new(inputs, labels).unwrap();
    let loader = DataLoader::new(data, 512).unwrap().shuffle(0);
    let run = |threads: usize| {
        pool::set_threads(threads);
        let before = pool::shared_jobs();
        let rng = &mut Rng::new(1);
        let model = Sequential::new()
            .with(Linear::<f32>::new(256, 512, rng))
            .with(Relu)
            .with(Dropout::new(0.1))
            .with(Linear::new(512, 10, rng));
        let mut optimizer = Adam::new(model.parameters(), 1e-3);
        let criterion = CrossEntropyLoss::new();
        let mut trainer = Trainer::new(&model, &criterion, &mut optimizer).seed(2).silent();
        let history = trainer.fit(&loader, 5).unwrap();
        let losses: Vec<f64> = history.train_losses().collect();
        (model.state(), losses, pool::shared_jobs() - before)
    };
    let (weights, losses, none) = run(1);
    assert_eq!(none, 0);
    let (.., expected) = run(2);
    assert!(expected > 20, "the pool was called to {expected} jobs only");
    for threads in [2, 3, 8] {
        let (again, same, jobs) = run(threads);
        assert_eq!(jobs, expected, "jobs of the pool on {threads} threads");
        assert!(again == weights && same == losses, "{threads} threads");
    }
}
