//! The same seed, the same bits, on however many threads: with products that do run on threads.

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
        // Other tests may have the pool for a while; there are steps enough without them.
        let history = trainer.fit(&loader, 5).unwrap();
        let losses: Vec<f64> = history.train_losses().collect();
        (model.state(), losses, pool::shared_jobs() - before)
    };
    let (weights, losses, _) = run(1);
    for threads in [2, 3, 8] {
        let (again, same, jobs) = run(threads);
        assert!(jobs > 20, "{threads} threads: the pool was called to {jobs} jobs only");
        assert!(again == weights && same == losses, "{threads} threads");
    }
}
