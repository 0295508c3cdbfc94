//! The same bits on any number of threads, for every instruction set that this machine has, alone and while other processes ask for
//! all cores, with nets that use the pool. One test, since threads and instruction set are the whole process's.
//!
//! Two steps of each net for the best instruction set; `WENGERT_STEPS=50 cargo test --release -p wengert-train --test bits --
//! --nocapture` makes more steps, for all of them; `WENGERT_CELL='Avx2: cnn'` for those of them alone whose name begins so.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use wengert_autograd::{Result, Tape, Var};
use wengert_loss::cross_entropy;
use wengert_nn::{
    BatchNorm1d, Conv2d, Dropout, Flatten, Linear, Lstm, MaxPool2d, Module, Parts, Relu,
    Sequential, State, TransformerEncoderLayer,
};
use wengert_optim::{Adam, Optimizer};
use wengert_tensor::kernel::level::{available, best, force};
use wengert_tensor::kernel::pool;
use wengert_tensor::{Float, Rng, Tensor};

/// The logits of a net.
type Logits<T> = Box<dyn for<'t> Fn(Var<'t, T>) -> Result<Var<'t, T>>>;

/// A net: its parts, its function, and the shape of its input, whose axis of samples is the second number.
fn net<T: Float>(name: &str) -> (Box<dyn Parts<T>>, Logits<T>, Vec<usize>, usize) {
    let rng = &mut Rng::new(1);
    match name {
        "mlp" => {
            let net = Sequential::new()
                .with(Linear::new(256, 512, rng))
                .with(BatchNorm1d::new(512))
                .with(Relu)
                .with(Dropout::new(0.1))
                .with(Linear::new(512, 10, rng));
            let net: &'static Sequential<T> = Box::leak(Box::new(net));
            (Box::new(net), Box::new(move |x| net.call(x)), vec![512, 256], 0)
        }
        "cnn" => {
            let net = Sequential::new()
                .with(Conv2d::new(3, 32, 3, rng).padding(1))
                .with(Relu)
                .with(MaxPool2d::new(2))
                .with(Conv2d::new(32, 32, 3, rng).padding(1))
                .with(Relu)
                .with(Flatten::default())
                .with(Linear::new(32 * 8 * 8, 10, rng));
            let net: &'static Sequential<T> = Box::leak(Box::new(net));
            (Box::new(net), Box::new(move |x| net.call(x)), vec![32, 3, 16, 16], 0)
        }
        "lstm" => {
            let (lstm, last) = (Lstm::new(64, 256, rng), Linear::new(256, 10, rng));
            let parts = (lstm.clone(), last.clone());
            let logits: Logits<T> = Box::new(move |x| {
                let (states, _) = lstm.call(x)?;
                last.call(states.mean_over(0)?)
            });
            (Box::new(parts), logits, vec![12, 64, 64], 1)
        }
        _ => {
            let layer = TransformerEncoderLayer::new(128, 4, rng);
            let last = Linear::new(128, 10, rng);
            let parts = (layer.clone(), last.clone());
            let logits: Logits<T> = Box::new(move |x| last.call(layer.call(x)?.mean_over(0)?));
            (Box::new(parts), logits, vec![32, 32, 128], 1)
        }
    }
}

/// The weights and losses of a few steps, and the jobs that the pool was called to.
fn train<T: Float>(name: &str, threads: usize, steps: u64) -> (State<T>, Vec<T>, usize) {
    pool::set_threads(threads);
    let before = pool::shared_jobs();
    let (parts, logits, shape, samples) = net::<T>(name);
    let mut optimizer = Adam::new(parts.parameters(), 1e-3);
    let data = &mut Rng::new(2);
    let mut losses = Vec::new();
    for step in 0..steps {
        let tape = Tape::new().seeded(step);
        let inputs = Tensor::randn(&shape[..], data);
        let labels = Tensor::from_fn([shape[samples]], |i| (i[0] * 7 + step as usize) % 10);
        optimizer.zero_grad();
        let loss = cross_entropy(logits(tape.constant(inputs)).unwrap(), &labels).unwrap();
        loss.backward().unwrap();
        optimizer.step().unwrap();
        losses.push(loss.item().unwrap());
    }
    (parts.state(), losses, pool::shared_jobs() - before)
}

/// A process with a busy thread for each core, until it is dropped.
struct Rival(Child);

impl Rival {
    fn new() -> Self {
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.args(["--exact", "a_rival", "--ignored"]);
        Self(program.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success(), "the other process did not run to its end");
    }
}

#[test]
#[ignore = "the other process of the test below: busy until its standard input ends"]
fn a_rival() {
    let cores = std::thread::available_parallelism().unwrap().get();
    let stop = AtomicBool::new(false);
    std::thread::scope(|s| {
        for _ in 0..cores {
            s.spawn(|| {
                while !stop.load(Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
        stop.store(true, Relaxed);
    });
}

/// Compares so many steps on one thread with those on others, alone and beside a rival.
fn check<T: Float>(name: &str, steps: u64, beside_rival: &[usize]) {
    let alone = train::<T>(name, 1, steps);
    for (beside, threads) in [("nothing", &[1, 2, 3, 8][..]), ("another process", beside_rival)] {
        let _rival = (beside != "nothing").then(Rival::new);
        for &threads in threads {
            let (state, losses, jobs) = train::<T>(name, threads, steps);
            let what = format!("{name} of {} on {threads} threads beside {beside}", T::NAME);
            let least = if threads == 1 { 0 } else { 3 * steps };
            assert!(jobs as u64 >= least, "{what}: the pool was called to {jobs} jobs only");
            assert!(losses == alone.1, "{what}: other losses");
            assert!(state == alone.0, "{what}: other weights");
        }
    }
    assert!(alone.1.iter().all(|loss| loss.to_f64().is_finite()));
}

#[test]
fn the_same_bits_on_any_number_of_threads_for_every_instruction_set() {
    let steps = std::env::var("WENGERT_STEPS").ok().map(|steps| steps.parse().unwrap());
    let levels = available().filter(|level| steps.is_some() || *level == best());
    // Beside a rival it takes its time.
    let beside_rival = if steps.is_some() { &[1, 2, 3, 8][..] } else { &[3] };
    let steps = steps.unwrap_or(2);
    let cell = std::env::var("WENGERT_CELL").unwrap_or_default();
    let mut cells = 0;
    for level in levels {
        force(level);
        for name in ["mlp", "cnn", "lstm", "attention"] {
            if !format!("{level:?}: {name}").starts_with(&cell) {
                continue;
            }
            cells += 1;
            check::<f32>(name, steps, beside_rival);
            check::<f64>(name, steps, beside_rival);
            eprintln!("{level:?}: {name}: {steps} steps, the same bits on any number of threads");
        }
    }
    assert!(cells > 0, "there is no {cell}");
}
