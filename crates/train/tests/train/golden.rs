//! Checkpoint files of each version of the format, which later versions read.

use std::path::{Path, PathBuf};

use wengert_data::{DataLoader, TensorDataset, synth};
use wengert_loss::CrossEntropyLoss;
use wengert_nn::{BatchNorm1d, Dropout, Linear, Parts, Relu, Sequential};
use wengert_optim::Adam;
use wengert_optim::schedule::ReduceLrOnPlateau;
use wengert_tensor::Rng;
use wengert_train::{Checkpoint, EarlyStopping, Result, Step, Trainer};

fn fixture(version: usize) -> PathBuf {
    let name = format!("tests/fixtures/checkpoint-{version}.safetensors");
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn loader() -> DataLoader<TensorDataset<f32>> {
    DataLoader::new(synth::moons(24, 0.1, 0), 4).unwrap().shuffle(3)
}

fn net(seed: u64) -> Sequential<f32> {
    let rng = &mut Rng::new(seed);
    Sequential::new()
        .with(Linear::new(2, 4, rng))
        .with(BatchNorm1d::new(4))
        .with(Relu)
        .with(Dropout::new(0.25))
        .with(Linear::new(4, 2, rng))
}

/// Ends the training in mid-epoch.
struct StopAt(usize);

impl wengert_train::Companion<f32> for StopAt {
    fn after_step(&mut self, step: &mut Step<'_, f32>) -> Result<()> {
        if step.step + 1 == self.0 {
            step.stop();
        }
        Ok(())
    }
}

/// The run of the fixtures: their training ended after 15 steps, in the third epoch.
fn run(seed: u64, steps: usize, from: Option<&Checkpoint<f32>>) -> Checkpoint<f32> {
    let (loader, criterion, model) = (loader(), CrossEntropyLoss::new(), net(seed));
    let mut optimizer = Adam::new(model.parameters(), 0.02);
    let mut trainer = Trainer::new(&model, &criterion, &mut optimizer)
        .seed(7)
        .plateau(ReduceLrOnPlateau::new(0.02).factor(0.5).patience(0))
        .stopping(EarlyStopping::new().patience(9).keep_last())
        .with(StopAt(steps))
        .silent();
    if let Some(checkpoint) = from {
        trainer = trainer.resume(checkpoint).unwrap();
    }
    trainer.fit_until(&loader, 5).unwrap();
    trainer.checkpoint()
}

#[test]
#[ignore = "writes a fixture: once for each version of the format"]
fn write_the_fixture() {
    run(0, 15, None).save(fixture(2)).unwrap();
}

#[test]
fn files_of_each_version_load_and_go_on() {
    let [first, second] = [1, 2].map(|version| Checkpoint::<f32>::load(fixture(version)).unwrap());
    for checkpoint in [&first, &second] {
        assert_eq!((checkpoint.epoch, checkpoint.batch), (2, 3));
        let kinds = ["plateau", "run", "stopping"];
        assert_eq!(checkpoint.more.keys().collect::<Vec<_>>(), kinds);
        assert_eq!(checkpoint.optimizer.kind.as_deref(), Some("Adam"));
        assert_eq!(checkpoint.optimizer.number("0.weight.step"), Some(15.0));
        let mean = checkpoint.model.get("1.running_mean").unwrap();
        assert!(mean.shape() == [4] && mean.is_finite().all());
    }
    // They are of one run, so they go on alike. What is more in the second: its seed, and which batches are done.
    assert_eq!(first.model, second.model);
    assert_eq!(first.optimizer, second.optimizer);
    let end = usize::MAX;
    let (after_first, after_second) = (run(1, end, Some(&first)), run(2, end, Some(&second)));
    assert_eq!((after_first.epoch, after_first.batch), (5, 0));
    assert_eq!(after_first.model, after_second.model);
    assert_eq!(after_first.optimizer, after_second.optimizer);
    assert_ne!(after_first.model, first.model);
}
