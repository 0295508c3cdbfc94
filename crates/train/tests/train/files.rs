//! The files of checkpoints: the last few are kept, a damaged one is known, and another's is rejected by name.

use std::fs;
use std::path::PathBuf;

use wengert_data::metrics::RunningMean;
use wengert_data::{DataLoader, TensorDataset, synth};
use wengert_files::safetensors::Archive;
use wengert_loss::CrossEntropyLoss;
use wengert_nn::{Linear, Parts};
use wengert_optim::schedule::ReduceLrOnPlateau;
use wengert_optim::{Adam, AdamW, Average, Optimizer, Resume};
use wengert_tensor::{Rng, Tensor};
use wengert_train::{Checkpoint, Checkpoints, EarlyStopping, Error, Place, Trainer};

/// A directory of a test's own, which is removed when the test is done.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wengert-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            names.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn layer(seed: u64) -> Linear<f32> {
    Linear::new(2, 2, &mut Rng::new(seed))
}

fn loader() -> DataLoader<TensorDataset<f32>> {
    DataLoader::new(synth::moons(40, 0.1, 0), 10).unwrap().shuffle(1)
}

/// Saves checkpoints of epochs 1, 2, …, all of other weights.
fn save_epochs(files: &Checkpoints, count: usize) {
    for epoch in 1..=count {
        let model = layer(epoch as u64);
        let optimizer = Adam::new(model.parameters(), 0.01);
        files.save(&Checkpoint::of(&model, &optimizer, epoch)).unwrap();
    }
}

#[test]
fn the_last_few_are_kept() {
    let folder = Folder::new("kept");
    let files = Checkpoints::at(folder.0.join("run.safetensors")).keep(3);
    assert!(files.latest::<f32>().unwrap().is_none());
    save_epochs(&files, 5);
    assert_eq!(folder.names(), ["run.1.safetensors", "run.2.safetensors", "run.safetensors"]);
    let epochs = [0, 1, 2].map(|age| Checkpoint::<f32>::load(files.path(age)).unwrap().epoch);
    assert_eq!(epochs, [5, 4, 3]);
    assert_eq!(files.latest::<f32>().unwrap().unwrap().epoch, 5);
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_known_and_the_one_before_is_taken() {
    let folder = Folder::new("cut");
    let files = Checkpoints::at(folder.0.join("run.safetensors"));
    save_epochs(&files, 2);
    let whole = fs::read(files.path(0)).unwrap();
    for length in (0..whole.len()).step_by(7) {
        fs::write(files.path(0), &whole[..length]).unwrap();
        let error = Checkpoint::<f32>::load(files.path(0)).unwrap_err();
        assert!(matches!(error, Error::Checkpoint { .. }), "{length}: {error}");
        assert_eq!(files.latest::<f32>().unwrap().unwrap().epoch, 1, "{length}");
    }
    // The next one takes the damaged one's place, and the whole one before stays.
    save_epochs(&Checkpoints::at(files.path(0)), 1);
    assert_eq!(Checkpoint::<f32>::load(files.path(1)).unwrap().epoch, 1);
    fs::write(files.path(0), &whole[..100]).unwrap();
    fs::write(files.path(1), &whole[..100]).unwrap();
    let error = files.latest::<f32>().unwrap_err().to_string();
    assert!(error.contains("run.safetensors") && error.contains("files.rs"), "{error}");
    fs::remove_file(files.path(0)).unwrap();
    fs::write(files.path(1), &whole).unwrap();
    assert_eq!(files.latest::<f32>().unwrap().unwrap().epoch, 2);
}

/// A small checkpoint, and the bytes of its file.
fn small() -> (Checkpoint<f32>, Vec<u8>) {
    let model = layer(1);
    let average = Average::new(model.parameters(), 0.5);
    let optimizer = Adam::new(model.parameters(), 0.01);
    let saved = Checkpoint::of(&model, &optimizer, 1).with("a", &average).with("a.b", &average);
    let whole = saved.to_bytes().unwrap();
    assert_eq!(Checkpoint::<f32>::from_bytes(&whole).unwrap(), saved);
    (saved, whole)
}

#[test]
fn a_changed_bit_is_known() {
    let (saved, whole) = small();
    let mut known = 0;
    for bit in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        match Checkpoint::<f32>::from_bytes(&bytes) {
            Err(_) => known += 1,
            // Space that was another kind of space.
            Ok(same) => assert_eq!(same, saved, "bit {bit}"),
        }
    }
    assert!(known > whole.len() * 8 - 100, "{known} of {}", whole.len() * 8);
}

/// Bytes that are lost, doubled, exchanged or zeros, as disks and copies leave them.
#[test]
fn a_changed_file_is_known() {
    let (saved, whole) = small();
    let mut known = 0;
    for at in 0..whole.len() - 1 {
        let (before, after) = whole.split_at(at);
        let block = whole.len().min(at + 512);
        let mut exchanged = whole.clone();
        exchanged.swap(at, at + 1);
        for (what, bytes) in [
            ("lost", [before, &after[1..]].concat()),
            ("doubled", [before, &after[..1], after].concat()),
            ("exchanged", exchanged),
            ("other", [before, &[!after[0]], &after[1..]].concat()),
            ("a block of zeros", [before, &vec![0; block - at], &whole[block..]].concat()),
            ("zeros from there", [before, &vec![0; after.len()]].concat()),
            ("twice", [before, &whole].concat()),
        ] {
            match Checkpoint::<f32>::from_bytes(&bytes) {
                Err(_) => known += 1,
                Ok(same) => assert_eq!(same, saved, "{what} at {at}"),
            }
        }
    }
    assert!(known > 6 * whole.len(), "{known} of {}", 7 * whole.len());
}

#[test]
fn no_file_is_written_while_the_average_is_swapped_in() {
    let folder = Folder::new("swapped");
    let files = Checkpoints::at(folder.0.join("run.safetensors"));
    let model = layer(1);
    let mut average = Average::new(model.parameters(), 0.5);
    let optimizer = Adam::new(model.parameters(), 0.01);
    average.swap();
    let taken = Checkpoint::of(&model, &optimizer, 1).with("ema", &average);
    for error in [files.save(&taken).unwrap_err(), taken.to_bytes().unwrap_err()] {
        let error = error.to_string();
        assert!(error.contains("the average `ema` is swapped in"), "{error}");
        assert!(error.contains("call `swap()` once more") && error.contains("files.rs"), "{error}");
    }
    assert_eq!(folder.names(), [""; 0]);
    average.swap();
    files.save(&Checkpoint::of(&model, &optimizer, 1).with("ema", &average)).unwrap();
}

#[test]
fn a_newer_format_is_rejected_by_name() {
    let folder = Folder::new("newer");
    let files = Checkpoints::at(folder.0.join("run.safetensors"));
    save_epochs(&files, 2);
    let mut archive = Archive::read(files.path(0)).unwrap();
    let version = archive.metadata.iter_mut().find(|(key, _)| key == "wengert.checkpoint");
    let version = &mut version.unwrap().1;
    assert_eq!(version, "2");
    *version = "3".into();
    archive.write(files.path(0)).unwrap();
    for error in [
        Checkpoint::<f32>::load(files.path(0)).unwrap_err(),
        // The file before it would load, and is not what was asked for.
        files.latest::<f32>().unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(error.contains("a checkpoint of format 3"), "{error}");
        assert!(error.contains("reads formats 1 to 2"), "{error}");
    }
}

#[test]
fn one_call_resumes_all_or_nothing() {
    let folder = Folder::new("all");
    let files = Checkpoints::at(folder.0.join("run.safetensors"));
    let model = layer(0);
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let mut average = Average::new(model.parameters(), 0.5);
    let (mut rng, mut loss) = (Rng::new(3), RunningMean::new());
    let begun = files.resume(&model, &mut optimizer, &mut [("average", &mut average)]).unwrap();
    assert_eq!(begun, Place::default());
    loss.add(0.5, 3);
    let _ = rng.split();
    average.update().unwrap();
    let checkpoint = Checkpoint::of(&model, &optimizer, (4, 2));
    let checkpoint = checkpoint.with("average", &average).with("rng", &rng).with("loss", &loss);
    files.save(&checkpoint).unwrap();

    let other = layer(1);
    let mut adam = Adam::new(other.parameters(), 0.5);
    let mut mean = Average::new(other.parameters(), 0.5);
    let (mut draws, mut sum) = (Rng::new(9), RunningMean::new());
    let before = (other.state(), adam.state(), Resume::<f32>::state(&draws));
    // One is missing, one is of another kind, the optimiser is another: nothing is changed.
    let error = files.resume(&other, &mut adam, &mut [("average", &mut mean), ("rng", &mut draws)]);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("holds the state of `loss`"), "{error}");
    let error = files.resume(
        &other,
        &mut adam,
        &mut [
            ("rng", &mut draws),
            ("loss", &mut sum),
            ("average", &mut ReduceLrOnPlateau::new(1.0)),
        ],
    );
    let error = error.unwrap_err().to_string();
    assert!(error.contains("made by `Average`"), "{error}");
    let mut adamw = AdamW::new(other.parameters(), 0.5);
    let mut all =
        [("rng", &mut draws as &mut dyn Resume<f32>), ("loss", &mut sum), ("average", &mut mean)];
    let error = files.resume(&other, &mut adamw, &mut all).unwrap_err().to_string();
    assert!(error.starts_with("AdamW: this state was made by `Adam`"), "{error}");
    assert_eq!((other.state(), adam.state(), Resume::<f32>::state(&draws)), before);
    assert_eq!(sum, RunningMean::new());

    let mut all =
        [("rng", &mut draws as &mut dyn Resume<f32>), ("loss", &mut sum), ("average", &mut mean)];
    let place = files.resume(&other, &mut adam, &mut all).unwrap();
    assert_eq!(place, Place { epoch: 4, batch: 2 });
    assert_eq!((place.batches_of(4), place.batches_of(5)), (2, 0));
    assert_eq!((other.state(), adam.state()), (model.state(), optimizer.state()));
    assert_eq!((draws, sum), (rng, loss));
    assert_eq!(mean.values(), average.values());
}

#[test]
fn a_trainer_rejects_what_is_not_its_run() {
    let criterion = CrossEntropyLoss::new();
    let folder = Folder::new("other");
    let file = folder.0.join("run.safetensors");
    let loader = loader();
    let model = layer(0);
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let mut trainer = Trainer::new(&model, &criterion, &mut optimizer)
        .seed(7)
        .stopping(EarlyStopping::new().patience(9))
        .silent();
    trainer.fit(&loader, 2).unwrap();
    trainer.checkpoint().save(&file).unwrap();
    let checkpoint = Checkpoint::load(&file).unwrap();

    let model = layer(1);
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let error = Trainer::<f32, Tensor<f32>, Tensor<usize>>::new(&model, &criterion, &mut optimizer)
        .silent()
        .resume(&checkpoint)
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(error.contains("the state of `stopping`, and this run has nothing of"), "{error}");
    let error = Trainer::<f32, Tensor<f32>, Tensor<usize>>::new(&model, &criterion, &mut optimizer)
        .stopping(EarlyStopping::new().patience(9))
        .seed(8)
        .silent()
        .resume(&checkpoint)
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(error.contains("made with the seed 7, and this trainer's is 8"), "{error}");
    assert_eq!(model.state(), layer(1).state());
    // In mid-epoch the batches must be those of the run.
    let mut at_batch = checkpoint.clone();
    at_batch.batch = 1;
    let run = at_batch.more.get_mut("run").unwrap();
    run.insert_number("batches", 1.0);
    let bits = wengert_files::Entry::Int(Tensor::scalar(1234));
    run.insert_entry("order", bits);
    let mut trainer = Trainer::new(&model, &criterion, &mut optimizer)
        .stopping(EarlyStopping::new().patience(9))
        .silent()
        .resume(&at_batch)
        .unwrap();
    let error = trainer.fit(&loader, 1).unwrap_err().to_string();
    assert!(error.contains("1 batches of epoch 3 are done, and this loader"), "{error}");
}
