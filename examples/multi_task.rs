//! One net for two tasks whose targets differ a thousandfold: what the sum of the losses does, and what weights do that are
//! learned.
//!
//! `cargo run --release --example multi_task`, or with another seed than 0: `-- SEED`
//!
//! Data: two functions of a number, of which one is a thousand times the other's size, with noise; the test is drawn from a
//! seed of its own. The measure is the loss of a task, divided by that of a net which has this task alone.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::loss::mse;
use wengert::prelude::*;
use wengert::viz::{self, Chart, Scale};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The names of the ways to weigh, in the order of the table.
pub(crate) const WAYS: [&str; 4] = ["plain sum", "uncertainty", "gradient norm", "projected"];

/// x `[n, 1]`, and both targets: 0.03·sin 2x and 30·cos 2x, with noise of a tenth of their size.
fn data(n: usize, seed: u64) -> Outcome<[Tensor; 3]> {
    let rng = &mut Rng::new(seed);
    let x = Tensor::uniform([n, 1], -1.5, 1.5, rng)?;
    let mut noise = || Tensor::randn([n, 1], rng) * 0.1;
    let small = ((&x * 2.0).sin() + noise()) * 0.03;
    let large = ((&x * 2.0).cos() + noise()) * 30.0;
    Ok([x, small, large])
}

/// The weights, and the cosine of the angle between the gradients of the tasks, at some steps.
pub(crate) type Course = Vec<(usize, [f64; 2], f64)>;

/// A trunk and two heads, trained with these weights for both tasks, or for one alone. Gives the losses on the test.
fn train(
    tasks: impl FnOnce(Vec<Param>) -> MultiTask,
    only: Option<usize>,
    steps: usize,
    seed: u64,
) -> Outcome<([f64; 2], Course)> {
    let [x, small, large] = data(128, 2 * seed)?;
    let rng = &mut Rng::new(seed);
    let trunk = sequential![Linear::new(1, 24, rng), Tanh];
    let heads = [Linear::new(24, 1, rng), Linear::new(24, 1, rng)];
    let tasks = tasks(trunk.parameters()).watching(trunk.parameters());
    let all = (&trunk, &heads[0], &heads[1], &tasks);
    let mut optimizer = Adam::new(all.parameters(), 0.03).allow_unused();
    let mut course = Vec::new();
    for step in 0..steps {
        let tape = Tape::new();
        optimizer.zero_grad();
        let h = trunk.call(tape.constant(x.clone()))?;
        let losses = [mse(heads[0].call(h)?, &small)?, mse(heads[1].call(h)?, &large)?];
        match only {
            Some(task) => losses[task].backward()?,
            None => tasks.combine(&losses)?.backward()?,
        }
        optimizer.set_learning_rate(0.03 * (1.0 - step as f64 / steps as f64));
        optimizer.step()?;
        if let Some(report) = tasks.report().filter(|_| step % (steps / 50).max(1) == 0) {
            let weights = [report.tasks[0].weight, report.tasks[1].weight];
            course.push((step, weights, report.cosines[0][1]));
        }
    }
    let [x, small, large] = data(1000, 2 * seed + 1)?;
    let h = trunk.predict(&x)?;
    let of =
        |head: &Linear, y: &Tensor| -> Outcome<f64> { Ok(metrics::mse(&head.predict(&h)?, y)?) };
    Ok(([of(&heads[0], &small)?, of(&heads[1], &large)?], course))
}

pub(crate) struct Found {
    /// The losses of nets that have one task alone.
    pub(crate) alone: [f64; 2],
    /// The losses of both tasks, and what happened on the way, for each of [`WAYS`].
    pub(crate) together: Vec<([f64; 2], Course)>,
}

pub(crate) fn run(steps: usize, seed: u64) -> Outcome<Found> {
    let names = ["small", "large"];
    let sum = |_: Vec<Param>| MultiTask::fixed(names.map(|name| (name, 1.0)));
    let alone = [0, 1].map(|task| train(sum, Some(task), steps, seed));
    let [small, large] = alone;
    let alone = [small?.0[0], large?.0[1]];
    let together = vec![
        train(sum, None, steps, seed)?,
        train(|_| MultiTask::uncertainty(names), None, steps, seed)?,
        train(|trunk| MultiTask::grad_norm(names, trunk), None, steps, seed)?,
        train(|trunk| MultiTask::pcgrad(names, trunk), None, steps, seed)?,
    ];
    Ok(Found { alone, together })
}

/// The weight of the small task over that of the large one.
pub(crate) fn picture(found: &Found) -> String {
    let chart = Chart::new("The weight of the small task over that of the large one")
        .x_label("step")
        .y_label("ratio of the weights, logarithmic")
        .scale(Scale::Log);
    let ways = WAYS.iter().zip(&found.together);
    let line = |chart: Chart, (name, (_, course)): (&&str, &([f64; 2], Course))| {
        chart.points(*name, course.iter().map(|(step, w, _)| (*step as f64, w[0] / w[1])))
    };
    ways.fold(chart, line).to_svg()
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let found = run(4000, seed)?;
    println!("loss on the test, as a multiple of that of a net which has the task alone:\n");
    println!("{:<14} {:>10} {:>10}", "", "small", "large");
    println!("{:<14} {:>10.2e} {:>10.2e}", "alone", found.alone[0], found.alone[1]);
    for (name, (losses, _)) in WAYS.iter().zip(&found.together) {
        let [small, large] = [0, 1].map(|k| losses[k] / found.alone[k]);
        println!("{name:<14} {small:>9.2}x {large:>9.2}x");
    }
    println!("\nuncertainty:  step   weight, small  weight, large   cosine of the gradients");
    for (step, weights, cosine) in found.together[1].1.iter().step_by(10) {
        println!("{step:18}   {:13.2e}  {:13.2e}   {cosine:+.2}", weights[0], weights[1]);
    }
    viz::save("target/pictures/multi_task.svg", &picture(&found))?;
    println!("\ntarget/pictures/multi_task.svg");
    Ok(())
}
