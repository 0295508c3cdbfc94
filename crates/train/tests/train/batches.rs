//! Batches of any kind: tokens, two inputs, two results, and what is no module.

use wengert_autograd::{Result, Var};
use wengert_data::{DataLoader, Dataset, TensorDataset, metrics};
use wengert_loss::{CrossEntropyLoss, Loss, MseLoss, custom_of};
use wengert_nn::{Bilinear, Embedding, Linear, Module, Parts, Sequential, func, parts, sequential};
use wengert_optim::{Adam, Sgd};
use wengert_tensor::{Rng, Tensor};
use wengert_train::{
    Cause, EarlyStopping, Error, Trainer, curvature, evaluate, lr_range_test, train_epoch,
};

/// Sentences of six words of twenty; the class is whether there are more words below ten.
fn sentences(n: usize) -> TensorDataset<usize> {
    let noise = Tensor::<f32>::randn([n, 6], &mut Rng::new(0));
    let words = Tensor::from_fn([n, 6], |i| (noise.get(i).unwrap().abs() * 1e4) as usize % 20);
    let class = |row: usize| {
        let low = (0..6).filter(|&i| words.get(&[row, i]).unwrap() < 10).count();
        usize::from(low > 3)
    };
    let classes = Tensor::from((0..n).map(class).collect::<Vec<usize>>());
    TensorDataset::new(words, classes).unwrap()
}

fn classifier() -> Sequential<f32, Tensor<usize>> {
    let rng = &mut Rng::new(1);
    sequential![Embedding::<f32>::new(20, 8, rng), func(|x| x.mean_over(1)), Linear::new(8, 2, rng)]
}

#[test]
fn a_trainer_takes_tokens() {
    let (train, test) = sentences(300).split(0.3, 0).unwrap();
    let (train, test) =
        (DataLoader::new(train, 30).unwrap().shuffle(0), DataLoader::full(test).unwrap());
    let (model, criterion) = (classifier(), CrossEntropyLoss::new());
    let mut optimizer = Adam::new(model.parameters(), 0.03);
    let range = lr_range_test(&model, &criterion, &mut optimizer, &train, (1e-4, 1.0), 20);
    assert!(range.unwrap().suggestion().is_some());
    let history = Trainer::new(&model, &criterion, &mut optimizer)
        .validation(&test)
        .metric("accuracy", metrics::accuracy)
        .stopping(EarlyStopping::new().patience(20))
        .silent()
        .fit(&train, 60)
        .unwrap();
    let best = history.best().unwrap();
    assert!(best.validation_metric.unwrap() > 0.9, "{history}");
    let loss = evaluate(&model, &criterion, &test).unwrap();
    assert_eq!(loss, best.validation_loss.unwrap());

    // The trainer's epoch is the function's.
    let (by_hand, by_trainer) = (classifier(), classifier());
    let mut optimizer = Adam::new(by_hand.parameters(), 0.03);
    train_epoch(&by_hand, &criterion, &mut optimizer, &train, 0).unwrap();
    let mut optimizer = Adam::new(by_trainer.parameters(), 0.03);
    Trainer::new(&by_trainer, &criterion, &mut optimizer).fit(&train, 1).unwrap();
    assert_eq!(by_hand.state(), by_trainer.state());
}

/// Pairs of vectors, and their product summed.
#[derive(Clone)]
struct Pairs(Tensor<f32>, Tensor<f32>);

impl Dataset for Pairs {
    type Batch = ((Tensor<f32>, Tensor<f32>), Tensor<f32>);
    fn len(&self) -> usize {
        self.0.shape()[0]
    }
    fn batch(&self, rows: &[usize]) -> wengert_data::Result<Self::Batch> {
        let (a, b) = (self.0.batch(rows)?, self.1.batch(rows)?);
        let y = Tensor::from_fn([rows.len(), 1], |i| {
            (0..3).map(|j| a.get(&[i[0], j]).unwrap() * b.get(&[i[0], j]).unwrap()).sum()
        });
        Ok(((a, b), y))
    }
}

fn pairs() -> Pairs {
    let rng = &mut Rng::new(2);
    Pairs(Tensor::randn([120, 3], rng), Tensor::randn([120, 3], rng))
}

#[test]
fn a_trainer_takes_two_inputs() {
    let loader = DataLoader::new(pairs(), 20).unwrap().shuffle(0);
    let model = Bilinear::<f32>::new(3, 3, 1, &mut Rng::new(0));
    let (criterion, mut optimizer) = (MseLoss::new(), Adam::new(model.parameters(), 0.05));
    let mut trainer = Trainer::new(&model, &criterion, &mut optimizer).validation(&loader).silent();
    let history = trainer.fit(&loader, 60).unwrap();
    drop(trainer);
    assert!(history.best().unwrap().validation_loss.unwrap() < 1e-3, "{history}");
    let (x, y) = pairs().batch(&[0, 1, 2]).unwrap();
    assert!(curvature(&model, &criterion, &x, &y).unwrap().highest_rate() > 0.0);

    // What is not finite is found in the second input too.
    let mut bad = pairs();
    bad.1 = Tensor::from_fn([120, 3], |i| if i == [47, 1] { f32::NAN } else { 1.0 });
    let bad = DataLoader::new(bad, 20).unwrap();
    match Trainer::new(&model, &criterion, &mut optimizer).fit(&bad, 1).unwrap_err() {
        Error::NotFinite { batch: 3, cause: Cause::Input { sample: 7, .. }, .. } => {}
        error => panic!("{error}"),
    }
}

/// Two results: the sum of the inputs, and their difference.
struct Two {
    sum: Linear<f32>,
    difference: Linear<f32>,
}
parts!(Two { sum, difference });

type Both = (Tensor<f32>, Tensor<f32>);

impl Module<f32, Tensor<f32>, Both> for Two {
    fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32, Both>> {
        Var::pack((self.sum.call(x)?, self.difference.call(x)?))
    }
}

/// A loss of two results and two targets.
struct BothMse;

impl<'t> Loss<'t, f32, &Both, Both> for BothMse {
    fn forward(&self, prediction: Var<'t, f32, Both>, target: &Both) -> Result<Var<'t, f32>> {
        let (sum, difference) = prediction.unpack();
        let mse = MseLoss::new();
        Ok(mse.forward(sum, &target.0)? + mse.forward(difference, &target.1)?)
    }
}

struct TwoTargets(Tensor<f32>);

impl Dataset for TwoTargets {
    type Batch = (Tensor<f32>, Both);
    fn len(&self) -> usize {
        self.0.shape()[0]
    }
    fn batch(&self, rows: &[usize]) -> wengert_data::Result<Self::Batch> {
        let x = self.0.batch(rows)?;
        let of = |sign: f32| {
            Tensor::from_fn([rows.len(), 1], |i| {
                x.get(&[i[0], 0]).unwrap() + sign * x.get(&[i[0], 1]).unwrap()
            })
        };
        let targets = (of(1.0), of(-1.0));
        Ok((x, targets))
    }
}

#[test]
fn a_trainer_takes_a_model_of_two_results() {
    let loader = DataLoader::new(TwoTargets(Tensor::randn([60, 2], &mut Rng::new(0))), 20).unwrap();
    let rng = &mut Rng::new(0);
    let model = Two { sum: Linear::new(2, 1, rng), difference: Linear::new(2, 1, rng) };
    let mut optimizer = Adam::new(model.parameters(), 0.1);
    let history = Trainer::new(&model, &BothMse, &mut optimizer)
        .metric("sum", |(sum, _), targets| metrics::mse(sum, &targets.0))
        .silent()
        .fit(&loader, 60)
        .unwrap();
    let last = history.epochs.last().unwrap();
    assert!(last.train_loss < 1e-3 && last.train_metric.unwrap() < 1e-3, "{history}");

    // The same loss as a closure.
    let closure = custom_of(|both: Var<f32, Both>, target: &Both| BothMse.forward(both, target));
    let loss = evaluate(&model, &closure, &loader).unwrap();
    assert_eq!(loss, evaluate(&model, &BothMse, &loader).unwrap());
}

#[test]
fn a_trainer_takes_a_closure_and_checks_its_parameters() {
    let loader = DataLoader::new(sentences(300), 30).unwrap().shuffle(0);
    let rng = &mut Rng::new(0);
    let parts = (Embedding::<f32>::new(20, 8, rng), Linear::new(8, 2, rng));
    let (words, head) = &parts;
    let criterion = CrossEntropyLoss::new();
    let pass = |optimizer: &mut Sgd<f32>, named: &dyn Parts<f32>| {
        Trainer::custom(named, optimizer, |tape, x: Tensor<usize>, y: &Tensor<usize>| {
            let scores = head.call(words.call(tape.input(x))?.mean_over(1)?)?;
            Ok((scores, criterion.forward(scores, y)?))
        })
        .metric("accuracy", metrics::accuracy)
        .silent()
        .fit(&loader, 40)
    };
    let history = pass(&mut Sgd::new(parts.parameters(), 1.0).momentum(0.9), &parts).unwrap();
    assert!(history.epochs.last().unwrap().train_metric.unwrap() > 0.9, "{history}");
    let error = pass(&mut Sgd::new(head.parameters(), 1.0), head).unwrap_err().to_string();
    assert!(error.contains("used, but not named: a parameter of shape [20, 8]"), "{error}");
}
