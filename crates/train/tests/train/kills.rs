//! Runs that are killed at random moments, and started again in new processes, end with the bits of a run that was not.
//!
//! `WENGERT_KILLS=200 cargo test --release -p wengert-train --test train kills` kills more.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use wengert_autograd::Tape;
use wengert_data::metrics::RunningMean;
use wengert_data::{DataLoader, TensorDataset};
use wengert_loss::{CrossEntropyLoss, Loss};
use wengert_nn::{
    BatchNorm1d, BatchNorm2d, Conv2d, Dropout, Flatten, Linear, MaxPool2d, Module, Parts, Relu,
    Sequential,
};
use wengert_optim::schedule::{OneCycleLr, ReduceLrOnPlateau};
use wengert_optim::{Adam, Average, Optimizer, Sgd};
use wengert_tensor::kernel::pool;
use wengert_tensor::{Float, Rng, Tensor};
use wengert_train::{Checkpoint, Checkpoints, EarlyStopping, Trainer, batch_seed};

use crate::files::Folder;

/// The folder and the kind of a run, for the process that runs it.
const FOLDER: &str = "WENGERT_KILLS_FOLDER";
const KIND: &str = "WENGERT_KILLS_KIND";
/// What runs, and on how many threads.
const KINDS: [(&str, usize); 7] = [
    ("plateau", 1),
    ("schedule", 1),
    ("loop", 1),
    ("adversaries", 1),
    ("images", 2),
    ("wide", 1),
    ("wide", 3),
];

/// Samples of this shape, with their number first.
fn data<T: Float>(shape: &[usize]) -> DataLoader<TensorDataset<T>> {
    let samples = shape[0];
    let inputs = Tensor::<T>::randn(shape, &mut Rng::new(5));
    let labels = Tensor::from_fn([samples], |i| i[0] * 7 % 3);
    let data = TensorDataset::new(inputs, labels).unwrap();
    DataLoader::new(data, samples / 8).unwrap().shuffle(3)
}

fn net<T: Float>(features: usize, width: usize) -> Sequential<T> {
    let rng = &mut Rng::new(1);
    Sequential::new()
        .with(Linear::new(features, width, rng))
        .with(BatchNorm1d::new(width))
        .with(Relu)
        .with(Dropout::new(0.2))
        .with(Linear::new(width, 3, rng))
}

/// A net of images of 12 by 12.
fn images() -> Sequential<f32> {
    let rng = &mut Rng::new(1);
    Sequential::new()
        .with(Conv2d::new(3, 16, 3, rng).padding(1))
        .with(BatchNorm2d::new(16))
        .with(Relu)
        .with(MaxPool2d::new(2))
        .with(Conv2d::new(16, 16, 3, rng))
        .with(Relu)
        .with(Flatten::default())
        .with(Dropout::new(0.2))
        .with(Linear::new(256, 3, rng))
}

/// A trainer with early stopping, an average and one of the ways to change the rate, with a checkpoint after each step.
fn by_trainer<T: Float>(
    files: Checkpoints,
    model: &Sequential<T>,
    loader: &DataLoader<TensorDataset<T>>,
    plateau: bool,
) -> Checkpoint<T> {
    let criterion = CrossEntropyLoss::new();
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let mut average = Average::new(model.parameters(), 0.9);
    let validation = DataLoader::full(loader.dataset().clone()).unwrap();
    let mut trainer = Trainer::new(model, &criterion, &mut optimizer)
        .validation(&validation)
        .metric("accuracy", wengert_data::metrics::accuracy)
        .stopping(EarlyStopping::new().patience(3))
        .with(&mut average)
        .seed(9)
        .silent()
        .checkpoint_to(files)
        .checkpoint_every(1);
    trainer = match plateau {
        true => trainer.plateau(ReduceLrOnPlateau::new(0.01).factor(0.5).patience(0)),
        false => trainer.schedule(OneCycleLr::new(0.02, 40)),
    };
    let mut trainer = trainer.resume_latest().unwrap();
    let history = trainer.fit_until(loader, 5).unwrap();
    let stopped = history.stopped.expect("early stopping says how it ended");
    assert!(stopped.restored, "{stopped}");
    trainer.checkpoint()
}

/// A loop of one's own, with a generator of its own that adds noise to the inputs.
fn by_hand(files: &Checkpoints) -> Checkpoint<f32> {
    let (loader, criterion) = (data::<f32>(&[80, 4]), CrossEntropyLoss::new());
    let model = net::<f32>(4, 16);
    let mut optimizer = Sgd::new(model.parameters(), 0.05).momentum(0.9);
    let mut average = Average::equal(model.parameters());
    let mut stopping = EarlyStopping::new().patience(20);
    let (mut noise, mut running_loss) = (Rng::new(11), RunningMean::new());
    let mut all = [
        ("average", &mut average as &mut dyn wengert_optim::Resume<f32>),
        ("stopping", &mut stopping),
        ("noise", &mut noise),
        ("loss", &mut running_loss),
    ];
    let place = files.resume(&model, &mut optimizer, &mut all).unwrap();
    let mut checkpoint = Checkpoint::of(&model, &optimizer, (place.epoch, place.batch));
    for epoch in place.epoch..5 {
        let batches = loader.epoch(epoch).enumerate().skip(place.batches_of(epoch));
        for (batch, (inputs, labels)) in batches {
            let tape = Tape::new().seeded(batch_seed(2, epoch, batch));
            optimizer.zero_grad();
            let inputs = &inputs + &Tensor::randn(inputs.shape(), &mut noise);
            let outputs = model.call(tape.constant(inputs)).unwrap();
            let loss = criterion.forward(outputs, &labels).unwrap();
            loss.backward().unwrap();
            optimizer.step().unwrap();
            average.update().unwrap();
            running_loss.add(loss.item().unwrap(), labels.len());
            let mut place = (epoch, batch + 1);
            if batch + 1 == loader.batches() {
                stopping.after(&model, running_loss.take()).unwrap();
                place = (epoch + 1, 0);
            }
            checkpoint = Checkpoint::of(&model, &optimizer, place)
                .with("average", &average)
                .with("stopping", &stopping)
                .with("noise", &noise)
                .with("loss", &running_loss);
            files.save(&checkpoint).unwrap();
        }
    }
    checkpoint.with("average", &average).with("stopping", &stopping)
}

/// One run, in a process of its own: it begins or goes on, and writes its result when it is done.
#[test]
#[ignore = "the process that the other tests start and kill"]
fn one_run() {
    let (Ok(folder), Ok(kind)) = (env::var(FOLDER), env::var(KIND)) else { return };
    let folder = Path::new(&folder);
    let files = Checkpoints::at(folder.join("run.safetensors"));
    let (kind, threads) = kind.split_once(' ').unwrap();
    let threads = threads.parse().unwrap();
    pool::set_threads(threads);
    let result = folder.join("result.safetensors");
    match kind {
        "plateau" => {
            write(by_trainer::<f32>(files, &net(4, 16), &data(&[80, 4]), true), &result);
        }
        "schedule" => {
            write(by_trainer::<f64>(files, &net(4, 16), &data(&[80, 4]), false), &result);
        }
        "adversaries" => write(crate::adversaries::run(&files), &result),
        "images" => {
            write(by_trainer(files, &images(), &data(&[256, 3, 12, 12]), false), &result);
        }
        "wide" => {
            write(by_trainer::<f32>(files, &net(128, 256), &data(&[1024, 128]), true), &result);
        }
        _ => {
            let checkpoint = by_hand(&files);
            // A run that was killed after its last step has nothing left to do, and its file is its result.
            let last = files.latest::<f32>().unwrap().unwrap();
            assert!(last.more.keys().eq(["average", "loss", "noise", "stopping"].iter()));
            assert_eq!(last.model, checkpoint.model);
            write(last, &result);
        }
    }
    let (jobs, done) = (pool::shared_jobs(), folder.join("jobs"));
    fs::write(done, jobs.to_string()).unwrap();
}

/// Everything but how long it took.
fn write<T: Float>(mut checkpoint: Checkpoint<T>, path: &Path) {
    if let Some(run) = checkpoint.more.get_mut("run") {
        *run = run.rename(|name| (!name.ends_with(".seconds")).then(|| name.to_string()));
    }
    checkpoint.save(path).unwrap();
}

fn start(folder: &Path, (kind, threads): (&str, usize)) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "kills::one_run", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(KIND, format!("{kind} {threads}"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for the end of a run, which must be a good one, and returns the bytes of its result.
fn result(child: Child, folder: &Path) -> Vec<u8> {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read(folder.join("result.safetensors")).unwrap()
}

fn seconds(rng: &mut Rng, most: Duration) -> Duration {
    most.mul_f64(Tensor::<f64>::rand([], rng).item().unwrap())
}

/// Kills runs of a kind so many times, and returns how many runs that took, and their bits.
fn kill(kind: (&str, usize), kills: usize) -> (usize, Vec<u8>) {
    let straight = Folder::new(&format!("kills-{}-{}-straight", kind.0, kind.1));
    let started = Instant::now();
    let expected = result(start(&straight.0, kind), &straight.0);
    let lasts = started.elapsed();
    let jobs: usize = fs::read_to_string(straight.0.join("jobs")).unwrap().parse().unwrap();
    assert!(kind.1 == 1 || jobs > 50, "the pool was called to {jobs} jobs only");

    let rng = &mut Rng::new(lasts.as_nanos() as u64);
    let (mut done, mut runs) = (0, 0);
    while done < kills {
        let folder = Folder::new(&format!("kills-{}-{}-{runs}", kind.0, kind.1));
        let files = Checkpoints::at(folder.0.join("run.safetensors"));
        runs += 1;
        loop {
            let mut child = start(&folder.0, kind);
            if done < kills {
                std::thread::sleep(seconds(rng, lasts));
            }
            if done == kills || child.try_wait().unwrap().is_some() {
                let bytes = result(child, &folder.0);
                assert!(bytes == expected, "{kind:?}: other bits after {done} kills");
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            done += 1;
            // A power cut may also leave a file that is cut off.
            if done % 3 == 0 && files.path(1).exists() {
                let bytes = fs::read(files.path(0)).unwrap_or_default();
                fs::write(files.path(0), &bytes[..bytes.len() / 2]).unwrap();
            }
        }
        let left = fs::read_dir(&folder.0).unwrap().filter(|entry| {
            entry.as_ref().unwrap().path().extension().is_some_and(|e| e == "part")
        });
        assert_eq!(left.count(), 0, "temporary files of killed runs");
    }
    (runs, expected)
}

#[test]
fn killed_runs_end_with_the_same_bits() {
    let kills = env::var("WENGERT_KILLS").map_or(5, |kills| kills.parse().unwrap());
    let (mut runs, mut wide) = (0, Vec::new());
    for kind in KINDS {
        let (more, bits) = kill(kind, usize::div_ceil(kills, KINDS.len()));
        runs += more;
        if kind.0 == "wide" {
            wide.push(bits);
        }
    }
    assert!(wide[0] == wide[1], "one thread and three end with other bits");
    eprintln!("{kills} kills in {runs} runs, {} kinds", KINDS.len());
}
