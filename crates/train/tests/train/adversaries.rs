//! A run of two nets against each other, for `kills`: two optimisers with a schedule each, gradients added up over parts of a batch,
//! inputs that a generator of its own changes, two averages, and early stopping that gives the best weights back.

use wengert_autograd::{Param, Tape, Var};
use wengert_data::metrics::RunningMean;
use wengert_data::{DataLoader, TensorDataset};
use wengert_loss::bce_with_logits;
use wengert_nn::{BatchNorm1d, Dropout, Linear, Module, Parts, Relu, Sequential, Tanh};
use wengert_optim::schedule::{CosineAnnealingWarmRestarts, OneCycleLr, Schedule};
use wengert_optim::{Adam, Average, Optimizer, Resumable, Resume, RmsProp, Sgd};
use wengert_tensor::{Rng, Tensor};
use wengert_train::{Checkpoint, Checkpoints, EarlyStopping, batch_seed};

/// The parts of a batch whose gradients are added up.
const PARTS: usize = 2;
const EPOCHS: usize = 6;

fn nets() -> (Sequential<f64>, Sequential<f64>) {
    let rng = &mut Rng::new(4);
    let maker = Sequential::new()
        .with(Linear::new(3, 12, rng))
        .with(BatchNorm1d::new(12))
        .with(Tanh)
        .with(Linear::new(12, 2, rng));
    let critic = Sequential::new()
        .with(Linear::new(2, 12, rng))
        .with(Relu)
        .with(Dropout::new(0.1))
        .with(Linear::new(12, 1, rng));
    (maker, critic)
}

/// Adds the gradients of a loss to those of these parameters.
fn add_up(parameters: &[Param<f64>], loss: Var<'_, f64>) {
    let slopes = loss.gradients().unwrap();
    for param in parameters {
        let slope = slopes.wrt(param).value().unwrap();
        let sum = param.grad().map_or_else(|| slope.clone(), |sum| &sum + &slope);
        param.set_grad(Some(sum));
    }
}

/// Trains to the end from the newest checkpoint, and returns the last one.
pub(crate) fn run(files: &Checkpoints) -> Checkpoint<f64> {
    let points = Tensor::<f64>::randn([96, 2], &mut Rng::new(6));
    let data = TensorDataset::new(points, Tensor::from_fn([96], |i| i[0])).unwrap();
    let loader = DataLoader::new(data, 8).unwrap().shuffle(1);
    let both = nets();
    let (maker, critic) = (&both.0, &both.1);
    let steps = loader.batches() / PARTS;
    let (restarts, cycle) = (
        CosineAnnealingWarmRestarts::new(0.02, 9),
        OneCycleLr::new(0.01, EPOCHS * steps).without_momentum(),
    );
    let mut making = Adam::new(maker.parameters(), 0.02).amsgrad();
    let mut judging = RmsProp::new(critic.parameters(), 0.01).centered().momentum(0.5);
    // One that is never stepped on the way: its state is that of its beginning.
    let mut idle = Sgd::new(critic.parameters(), 0.125).momentum(0.9);
    let (mut recent, mut mean) =
        (Average::new(maker.parameters(), 0.9), Average::equal(maker.parameters()));
    let mut stopping = EarlyStopping::new().epochs(EPOCHS);
    let (mut noise, mut flips, mut loss_of_critic) = (Rng::new(8), Rng::new(9), RunningMean::new());
    let place = files
        .resume(
            &both,
            &mut making,
            &mut [
                ("judging", &mut Resumable(&mut judging) as &mut dyn Resume<f64>),
                ("idle", &mut Resumable(&mut idle)),
                ("recent", &mut recent),
                ("mean", &mut mean),
                ("stopping", &mut stopping),
                ("noise", &mut noise),
                ("flips", &mut flips),
                ("loss", &mut loss_of_critic),
            ],
        )
        .unwrap();
    for epoch in place.epoch..EPOCHS {
        for (batch, (real, _)) in loader.epoch(epoch).enumerate().skip(place.batches_of(epoch)) {
            if batch % PARTS == 0 {
                making.zero_grad();
                judging.zero_grad();
            }
            let side =
                if Tensor::<f64>::rand([], &mut flips).item().unwrap() < 0.5 { -1.0 } else { 1.0 };
            let real = real * side;
            let tape = Tape::new().seeded(batch_seed(5, epoch, batch));
            let latent = tape.constant(Tensor::randn([real.shape()[0], 3], &mut noise));
            let made = maker.call(latent).unwrap();
            let judge = |x| critic.call(x).unwrap().squeeze(1).unwrap();
            let (truth, guess) = (judge(tape.constant(real)), judge(made));
            let ones = Tensor::ones(guess.shape());
            let right = bce_with_logits(truth, &ones).unwrap();
            let wrong = bce_with_logits(guess, &(&ones * 0.0)).unwrap();
            let fooled = bce_with_logits(guess, &ones).unwrap();
            let judged = right.try_add(wrong).unwrap();
            add_up(&critic.parameters(), judged);
            add_up(&maker.parameters(), fooled);
            loss_of_critic.add(judged.item().unwrap(), ones.len());
            if batch % PARTS < PARTS - 1 {
                continue;
            }
            let step = epoch * steps + batch / PARTS;
            making.set_learning_rate(restarts.rate(step));
            judging.set_learning_rate(cycle.rate(step));
            making.step().unwrap();
            judging.step().unwrap();
            recent.update().unwrap();
            if epoch >= 2 {
                mean.update().unwrap();
            }
            let mut place = (epoch, batch + 1);
            if batch + 1 == loader.batches() {
                // The last epoch ends the training, with the best weights.
                stopping.after(maker, loss_of_critic.take()).unwrap();
                place = (epoch + 1, 0);
            }
            let checkpoint = Checkpoint::of(&both, &making, place)
                .with("judging", &Resumable(&mut judging))
                .with("idle", &Resumable(&mut idle))
                .with("recent", &recent)
                .with("mean", &mean)
                .with("stopping", &stopping)
                .with("noise", &noise)
                .with("flips", &flips)
                .with("loss", &loss_of_critic);
            files.save(&checkpoint).unwrap();
        }
    }
    // All that a run depends on is in its last file.
    files.latest().unwrap().unwrap()
}
