//! The cost of the ranks' mean: an MLP of MNIST's size, 784-256-128-10, at 512 samples a rank, with and without
//! `average_gradients`, in turns. `mpirun -n 2 target/release/examples/cost`.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use wengert::prelude::*;
use wengert_mpi::World;

const TURNS: usize = 15;
const STEPS: usize = 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = World::new()?;
    let rng = &mut Rng::new(0);
    let model = sequential![
        Linear::new(784, 256, rng),
        Relu,
        Linear::new(256, 128, rng),
        Relu,
        Linear::new(128, 10, rng)
    ];
    let inputs = Tensor::randn([512, 784], rng);
    let labels = Labels::from_fn([512], |i| i[0] % 10);
    let criterion = CrossEntropyLoss::new();
    let mut optimizer = Adam::new(model.parameters(), 1e-4);
    let mut step = |average: bool| -> Result<Duration, Box<dyn std::error::Error>> {
        let tape = Tape::new();
        optimizer.zero_grad();
        let loss = criterion.forward(model.call(tape.constant(inputs.clone()))?, &labels)?;
        loss.backward()?;
        let before = Instant::now();
        if average {
            world.average_gradients(&optimizer)?;
        }
        let spent = before.elapsed();
        optimizer.step()?;
        Ok(spent)
    };

    // Windows of steps without and with the mean, in turns; the best of each, since other programs only add.
    let (mut alone, mut together, mut call) = (f64::MAX, f64::MAX, f64::MAX);
    for turn in 0..2 * TURNS {
        let average = turn % 2 == 1;
        world.sum(&mut [0.0])?; // all begin at once
        let (begun, mut inside) = (Instant::now(), Duration::ZERO);
        for _ in 0..STEPS {
            inside += step(average)?;
        }
        let each = |time: Duration| time.as_secs_f64() / STEPS as f64 * 1e6;
        if average {
            together = together.min(each(begun.elapsed()));
            call = call.min(each(inside));
        } else {
            alone = alone.min(each(begun.elapsed()));
        }
    }
    if world.is_first() {
        println!(
            "{} ranks, {} threads each, {} parameters: {alone:.0} µs a step alone, {together:.0} µs with the mean; \
             {call:.0} µs from its call to its return, waiting included",
            world.size(),
            wengert::tensor::threads(),
            model.num_parameters(),
        );
    }
    Ok(())
}
