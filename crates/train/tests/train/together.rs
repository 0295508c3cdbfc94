//! Settings that stand together, and those that exclude each other.

use wengert_data::{DataLoader, TensorDataset, metrics, synth};
use wengert_loss::{CrossEntropyLoss, MseLoss};
use wengert_nn::{Linear, Parts};
use wengert_optim::schedule::ReduceLrOnPlateau;
use wengert_optim::{Adam, Sgd};
use wengert_tensor::{Rng, Tensor, tensor};
use wengert_train::{Checkpoint, Companion, Result, Step, Trainer};

fn classes() -> DataLoader<TensorDataset<f32, usize>> {
    DataLoader::new(synth::blobs::<f32>(60, 3, 2, 0.5, 0).unwrap(), 20).unwrap()
}

#[test]
fn several_metrics_are_measured_printed_and_saved() {
    let loader = classes();
    let model = Linear::<f32>::new(2, 3, &mut Rng::new(0));
    let criterion = CrossEntropyLoss::new();
    let mut optimizer = Adam::new(model.parameters(), 0.05);
    let top = |k: usize| move |p: &Tensor<f32>, y: &Tensor<usize>| metrics::top_k_accuracy(p, y, k);
    let mut trainer = Trainer::new(&model, &criterion, &mut optimizer)
        .silent()
        .validation(&loader)
        .metric("accuracy", metrics::accuracy)
        .metric("top", top(2))
        .metric("top", top(3));
    assert!(trainer.to_string().contains("metric          accuracy, top, top 2\n"), "{trainer}");
    let history = trainer.fit(&loader, 3).unwrap();
    let names: Vec<&str> = history.metrics.iter().map(|m| &*m.name).collect();
    assert_eq!(names, ["accuracy", "top", "top 2"]);
    for (i, epoch) in history.epochs.iter().enumerate() {
        assert_eq!(history.metrics[0].train[i], epoch.train_metric);
        assert_eq!(history.metrics[0].validation[i], epoch.validation_metric);
        assert_eq!(history.metrics[2].validation[i], Some(1.0)); // of three classes
    }
    let top_2 = history.metric_named("top").unwrap().validation[2].unwrap();
    let told = loader.epoch(0).map(|(x, y)| {
        let scores = wengert_nn::Module::predict(&model, &x).unwrap();
        metrics::top_k_accuracy(&scores, &y, 2).unwrap()
    });
    assert!((top_2 - told.sum::<f64>() / 3.0).abs() < 1e-12);
    let table = history.to_string();
    assert!(table.contains("accuracy") && table.contains("val. top 2"), "{table}");

    // A second fit has its own rows, and a checkpoint all of them.
    let second = trainer.fit(&loader, 1).unwrap();
    assert_eq!(second.metrics[1].train.len(), 1);
    let saved = trainer.checkpoint();
    let whole = trainer.history().clone();
    drop(trainer);
    let resumed = |saved: &Checkpoint<f32>, more: bool| {
        let other = Linear::<f32>::new(2, 3, &mut Rng::new(1));
        let mut optimizer = Adam::new(other.parameters(), 0.05);
        let criterion = CrossEntropyLoss::new();
        let mut trainer: Trainer<'_, f32, _, Tensor<usize>> =
            Trainer::new(&other, &criterion, &mut optimizer);
        trainer = trainer.metric("accuracy", metrics::accuracy);
        if more {
            trainer = trainer.metric("top", top(2)).metric("top", top(3));
        }
        trainer.resume(saved).unwrap().history().clone()
    };
    assert_eq!(resumed(&saved, true).metrics, whole.metrics);
    assert_eq!(resumed(&saved, false).metrics, whole.metrics[..1]);
}

/// The gradient of the weight at each step.
#[derive(Default)]
struct Gradients(Vec<Vec<f32>>);

impl Companion<f32> for Gradients {
    fn before_step(&mut self, step: &mut Step<'_, f32>) -> Result<()> {
        self.0.push(step.model.parameters()[0].grad().unwrap().to_vec());
        Ok(())
    }
}

#[test]
fn both_clips_clip_in_the_order_given() {
    let clipped = |norm_first: bool| {
        let model = Linear::<f32>::new(2, 1, &mut Rng::new(0)).without_bias();
        model.weight.set(tensor![[0.0, 0.0]]);
        let data = TensorDataset::new(tensor![[3.0_f32, 4.0]], tensor![[-100.0_f32]]).unwrap();
        let loader = DataLoader::full(data).unwrap();
        let mut optimizer = Sgd::new(model.parameters(), 0.0);
        let criterion = MseLoss::new();
        let mut seen = Gradients::default();
        let trainer = Trainer::new(&model, &criterion, &mut optimizer).silent();
        let trainer = match norm_first {
            true => trainer.clip_norm(1.0).clip_value(0.7),
            false => trainer.clip_value(0.7).clip_norm(0.7),
        };
        let said = trainer.to_string();
        assert!(
            said.contains(if norm_first { "1, then each number to ±0.7" } else { ", then all" }),
            "{said}"
        );
        trainer.with(&mut seen).fit(&loader, 1).unwrap();
        seen.0.remove(0)
    };
    let close = |a: &[f32], b: [f32; 2]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6);
    // [600, 800] to length 1, then each number to 0.7.
    assert!(close(&clipped(true), [0.6, 0.7]), "{:?}", clipped(true));
    // Each number to 0.7, then to length 0.7.
    let half = 0.7 / 2.0_f32.sqrt();
    assert!(close(&clipped(false), [half, half]), "{:?}", clipped(false));
}

#[test]
fn two_rules_for_the_learning_rate_are_an_error_that_names_both() {
    let loader = classes();
    let model = Linear::<f32>::new(2, 3, &mut Rng::new(0));
    let (criterion, mut optimizer) = (CrossEntropyLoss::new(), Adam::new(model.parameters(), 0.05));
    let before = model.state();
    let mut trainer = Trainer::new(&model, &criterion, &mut optimizer)
        .schedule(|step: usize| 0.1 / (step + 1) as f64)
        .plateau(ReduceLrOnPlateau::new(0.1));
    let error = trainer.fit(&loader, 1).unwrap_err().to_string();
    assert!(error.contains("`schedule` and `plateau` exclude each other"), "{error}");
    assert!(error.contains("help: ") && error.contains("together.rs:"), "{error}");
    drop(trainer);
    let mut trainer = Trainer::new(&model, &criterion, &mut optimizer)
        .schedule_by_epoch(|epoch: usize| 0.1 / (epoch + 1) as f64)
        .schedule(|step: usize| 0.1 / (step + 1) as f64);
    let error = trainer.fit(&loader, 1).unwrap_err().to_string();
    assert!(error.contains("`schedule_by_epoch` and `schedule`"), "{error}");
    drop(trainer);
    assert_eq!(model.state(), before);
}

#[test]
fn each_epoch_calls_every_function() {
    let loader = classes();
    let model = Linear::<f32>::new(2, 3, &mut Rng::new(0));
    let (criterion, mut optimizer) = (CrossEntropyLoss::new(), Adam::new(model.parameters(), 0.05));
    let (mut first, mut second) = (0, 0);
    let trainer = Trainer::new(&model, &criterion, &mut optimizer).silent();
    trainer.each_epoch(|_| first += 1).each_epoch(|_| second += 1).fit(&loader, 2).unwrap();
    assert_eq!((first, second), (2, 2));
}
