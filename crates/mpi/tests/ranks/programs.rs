//! The programs of the ranks. Each program asserts what it can see, and prints what the launcher compares.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use wengert::data::TensorDataset;
use wengert::prelude::*;
use wengert_mpi::{Number, World};

type Done = Result<(), Box<dyn Error>>;

pub(crate) fn run(program: &str) {
    let done = match program {
        "bits" => bits().and_then(|()| again()),
        "batches" => batches(),
        "metrics" => measures(),
        "broadcast" => broadcast(),
        "no-gradient" => no_gradient(),
        "trainer" => trainer(),
        "trainer-unequal" => trainer_unequal(),
        "other-model" => other_model(),
        "other-size" => other_size(),
        "other-call" => other_call(),
        "leaves" => leaves(),
        "fails" => fails(),
        "panics" => panics(),
        "dies" => dies("-KILL"),
        "stops" => dies("-STOP"),
        "checkpoint" => checkpoint(),
        other => panic!("no program {other}"),
    };
    if let Err(error) = done {
        eprintln!("the program ends: {error}");
        std::process::exit(1);
    }
}

/// A number that a change of any bit changes.
fn digest<T: Number>(parameters: &[wengert::autograd::Param<T>]) -> u64 {
    let numbers = parameters.iter().flat_map(|p| p.value().to_vec());
    numbers.fold(7, |sum: u64, x| {
        (sum ^ x.to_f64().to_bits()).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    })
}

fn net<T: Number>(seed: u64) -> wengert::nn::Sequential<T> {
    use wengert::nn::{Linear, Relu};
    let rng = &mut Rng::new(seed);
    wengert::nn::sequential![Linear::<T>::new(64, 33, rng), Relu, Linear::<T>::new(33, 10, rng)]
}

fn digits<T: Number>(batch: usize) -> DataLoader<TensorDataset<T>> {
    DataLoader::new(wengert::data::digits::<T>(), batch).unwrap().shuffle(5)
}

fn backward<T: Number>(
    model: &wengert::nn::Sequential<T>,
    (inputs, labels): (wengert::tensor::Tensor<T>, Labels),
) -> Result<f64, Box<dyn Error>> {
    use wengert::nn::Module as _;
    let tape = wengert::autograd::Tape::<T>::new();
    let outputs = model.call(tape.constant(inputs))?;
    let loss = wengert::loss::Loss::forward(
        &wengert::loss::CrossEntropyLoss::<T>::new(),
        outputs,
        &labels,
    )?;
    loss.backward()?;
    Ok(loss.item()?.to_f64())
}

/// One process: adds up the gradients of `count` batches and divides.
fn accumulate<T: Number>(count: usize, steps: usize) -> Result<u64, Box<dyn Error>> {
    use wengert::optim::Optimizer as _;
    let (model, loader) = (net::<T>(0), digits::<T>(20));
    let mut optimizer = wengert::optim::Adam::new(model.parameters(), 0.01);
    let mut batches = loader.epoch(3);
    for _ in 0..steps {
        optimizer.zero_grad();
        for _ in 0..count {
            backward(&model, batches.next().unwrap())?;
        }
        for p in optimizer.parameters() {
            p.set_grad(
                p.grad()
                    .map(|g| g.try_div(&wengert::tensor::Tensor::scalar(T::from_f64(count as f64))))
                    .transpose()?,
            );
        }
        optimizer.step()?;
    }
    Ok(digest(optimizer.parameters()))
}

/// All ranks: `rounds` batches of each in every step.
fn together<T: Number>(world: &World, rounds: usize, steps: usize) -> Result<u64, Box<dyn Error>> {
    use wengert::optim::Optimizer as _;
    let (model, loader) = (net::<T>(world.rank() as u64), world.shard(digits::<T>(20))?);
    world.broadcast(&model)?;
    let mut optimizer = wengert::optim::Adam::new(model.parameters(), 0.01);
    let mut batches = loader.epoch(3);
    for _ in 0..steps {
        optimizer.zero_grad();
        for round in 1..=rounds {
            backward(&model, batches.next().unwrap())?;
            if round < rounds {
                world.collect_gradients(&optimizer)?;
            }
        }
        world.average_gradients(&optimizer)?;
        optimizer.step()?;
    }
    Ok(digest(optimizer.parameters()))
}

/// N ranks are one process that adds up N batches, to the bit.
fn bits() -> Done {
    let world = World::new()?;
    both::<f32>(&world)?;
    both::<f64>(&world)?;
    // The digest tells one step more or less.
    assert_ne!(together::<f32>(&world, 1, 12)?, accumulate::<f32>(world.size(), 11)?);
    Ok(())
}

fn both<T: Number>(world: &World) -> Done {
    let (ours, one) = (together::<T>(world, 1, 12)?, accumulate::<T>(world.size(), 12)?);
    assert_eq!(ours, one, "{} ranks, {}", world.size(), T::NAME);
    println!("bits {} {ours:x}", T::NAME);
    Ok(())
}

/// A second world in one process is an error.
fn again() -> Done {
    let error = World::new().unwrap_err().to_string();
    assert!(error.contains("MPI was started in this process before"), "{error}");
    Ok(())
}

/// Twelve batches in each step, on any number of ranks.
fn batches() -> Done {
    let world = World::new()?;
    let ours = together::<f32>(&world, 12 / world.size(), 5)?;
    assert_eq!(ours, accumulate::<f32>(12, 5)?);
    println!("batches {ours:x}");
    Ok(())
}

/// Sums, means and rows of all ranks are those of one process.
fn measures() -> Done {
    let world = World::new()?;
    let (rank, size) = (world.rank(), world.size());
    let of = |rank: usize| 0.1 + rank as f64 / 3.0;
    let mut numbers = [of(rank), 1.0];
    world.sum(&mut numbers)?;
    assert_eq!(numbers, [(0..size).map(of).reduce(|a, b| a + b).unwrap(), size as f64]);

    let mut running = RunningMean::new();
    running.add(of(rank), rank + 1);
    let count: usize = (1..=size).sum();
    let mean = (0..size).map(|rank| of(rank) * (rank + 1) as f64).reduce(|a, b| a + b).unwrap();
    assert_eq!(world.mean(&mut running)?, mean / count as f64);
    assert_eq!(running.count(), 0);

    // Rank r has r rows.
    let rows = Tensor::from_fn([rank, 2], |i| (10 * rank + 2 * i[0] + i[1]) as f32);
    let all = world.gather(&rows)?;
    let expected: Vec<f32> =
        (0..size).flat_map(|rank| (0..2 * rank).map(move |i| (10 * rank + i) as f32)).collect();
    assert_eq!((all.shape(), all.to_vec()), (&[size * (size - 1) / 2, 2][..], expected));
    let labels = world.gather(&Labels::full([1], rank))?;
    assert_eq!(labels.to_vec(), (0..size).collect::<Vec<_>>());
    println!("metrics {numbers:?}");
    Ok(())
}

/// Parameters and buffers become those of rank 0; threads are divided among the ranks of a machine.
fn broadcast() -> Done {
    let world = World::new()?;
    let make = |seed: u64| {
        let rng = &mut Rng::new(seed);
        let model = sequential![Linear::new(3, 4, rng), BatchNorm1d::new(4)];
        model.named_buffers()[0].1.set(Tensor::full([4], seed as f32));
        model
    };
    let (model, first) = (make(world.rank() as u64), make(0));
    world.broadcast(&model)?;
    assert_eq!(model.state(), first.state());
    let processors = std::thread::available_parallelism()?.get();
    assert_eq!(wengert::tensor::threads(), (processors / world.size()).max(1));
    println!("broadcast {}", model.state().len());
    Ok(())
}

/// A parameter without a gradient on a rank counts as 0 there; without one anywhere it has none.
fn no_gradient() -> Done {
    let world = World::new()?;
    let new = || wengert::autograd::Param::new(Tensor::full([3], 1.0_f32));
    let (all, some, none, frozen) = (new(), new(), new(), new());
    frozen.set_frozen(true);
    let optimizer = Sgd::new([all.clone(), some.clone(), none.clone(), frozen.clone()], 0.1);
    all.set_grad(Some(Tensor::full([3], world.rank() as f32)));
    some.set_grad((world.rank() == 1).then(|| Tensor::full([3], 6.0)));
    frozen.set_grad(Some(Tensor::full([3], world.rank() as f32)));
    world.average_gradients(&optimizer)?;
    let size = world.size() as f32;
    assert_eq!(all.grad(), Some(Tensor::full([3], (size - 1.0) / 2.0)));
    assert_eq!(some.grad(), Some(Tensor::full([3], 6.0 / size)));
    assert_eq!(none.grad(), None);
    assert_eq!(frozen.grad(), Some(Tensor::full([3], world.rank() as f32)));
    println!("no-gradient {size}");
    Ok(())
}

/// A trainer with the world as a companion is the loop.
fn trainer() -> Done {
    let world = World::new()?;
    let model = net::<f32>(0);
    let loader = world.shard(digits(100))?;
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let criterion = CrossEntropyLoss::new();
    Trainer::new(&model, &criterion, &mut optimizer)
        .with(&world)
        .clip_norm(0.5)
        .silent()
        .fit(&loader, 2)?;
    let trained = digest(optimizer.parameters());

    let model = net::<f32>(0);
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    for epoch in 0..2 {
        for batch in loader.epoch(epoch) {
            optimizer.zero_grad();
            backward(&model, batch)?;
            world.average_gradients(&optimizer)?;
            clip_grad_norm(optimizer.parameters(), 0.5)?;
            optimizer.step()?;
        }
    }
    assert_eq!(trained, digest(optimizer.parameters()));
    println!("trainer {trained:x}");
    Ok(())
}

/// Rank 1 forgets to shard.
fn trainer_unequal() -> Done {
    let world = World::new()?;
    let model = net::<f32>(0);
    let loader = if world.rank() == 1 { digits(100) } else { world.shard(digits(100))? };
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let criterion = CrossEntropyLoss::new();
    Trainer::new(&model, &criterion, &mut optimizer).with(&world).silent().fit(&loader, 1)?;
    Ok(())
}

fn other_model() -> Done {
    let world = World::new()?;
    let width = if world.rank() == 1 { 5 } else { 4 };
    let model = sequential![Linear::new(3, width, &mut Rng::new(0)), Relu];
    world.broadcast(&model)?;
    world.sum(&mut [1.0])?;
    Ok(())
}

/// Long vectors, which MPI does not send before the receiver takes them: nobody may wait for ever to send.
fn other_size() -> Done {
    let world = World::new()?;
    let size = if world.rank() == 1 { 400_000 } else { 400_100 };
    let w = wengert::autograd::Param::new(Tensor::full([size], 1.0_f32));
    w.set_grad(Some(Tensor::full([size], 1.0)));
    world.average_gradients(&Sgd::new([w], 0.1))?;
    Ok(())
}

fn other_call() -> Done {
    let world = World::new()?;
    if world.rank() == 1 {
        world.mean(&mut RunningMean::of(1.0, 1))?;
    } else {
        world.sum(&mut [1.0])?;
    }
    Ok(())
}

/// Training in which rank 1 does something after three steps.
fn until(world: &World, then: impl Fn() -> Done) -> Done {
    let model = net::<f32>(0);
    let mut optimizer = Sgd::new(model.parameters(), 0.01);
    for (step, batch) in world.shard(digits(20))?.epoch(0).enumerate() {
        if step == 3 && world.rank() == 1 {
            return then();
        }
        optimizer.zero_grad();
        backward(&model, batch)?;
        world.average_gradients(&optimizer)?;
        optimizer.step()?;
    }
    Ok(())
}

fn leaves() -> Done {
    let world = World::new()?;
    until(&world, || Ok(()))
}

fn fails() -> Done {
    let world = World::new()?;
    until(&world, || Err("the disk of rank 1 is full".into()))
}

fn panics() -> Done {
    let world = World::new()?;
    until(&world, || panic!("rank 1 panics"))
}

/// Rank 1 sends a signal to itself.
fn dies(signal: &str) -> Done {
    let world = World::patient(Duration::from_secs(2))?;
    until(&world, || {
        let me = std::process::id().to_string();
        std::process::Command::new("kill").args([signal, &me]).status()?;
        std::thread::sleep(Duration::from_secs(60));
        Ok(())
    })
}

/// Six epochs, with a checkpoint after each; with `WENGERT_MPI_KILL` rank 1 is killed in the third.
fn checkpoint() -> Done {
    let world = World::new()?;
    let folder = PathBuf::from(std::env::var("WENGERT_MPI_FOLDER")?);
    // Only rank 0 finds a folder there.
    let files = Checkpoints::at(folder.join(format!("rank{}/run.safetensors", world.rank())));
    let model = net::<f32>(world.rank() as u64);
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let loader = world.shard(digits(100))?;
    world.broadcast(&model)?;
    let place = world.resume(&files, &model, &mut optimizer, &mut [])?;
    for epoch in place.epoch..6 {
        for (step, batch) in loader.epoch(epoch).enumerate() {
            if std::env::var_os("WENGERT_MPI_KILL").is_some()
                && (world.rank(), epoch, step) == (1, 2, 2)
            {
                std::process::abort();
            }
            optimizer.zero_grad();
            backward(&model, batch)?;
            world.average_gradients(&optimizer)?;
            optimizer.step()?;
        }
        world.save(&files, &Checkpoint::of(&model, &optimizer, epoch + 1))?;
    }
    println!("checkpoint from {} {:x}", place.epoch, digest(optimizer.parameters()));
    Ok(())
}
