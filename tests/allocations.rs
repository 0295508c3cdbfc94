//! A training step that repeats its shapes asks the system for no memory: buffers, nodes and gradients are recycled.

// Helpers of tests are tests to nobody but us.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod counting;

use std::sync::Arc;

use counting::{ASKED, HELD};

use wengert::autograd::Tape;
use wengert::data::{DataLoader, TensorDataset};
use wengert::loss::{CrossEntropyLoss, Loss, MseLoss};
use wengert::nn::{Linear, Module, Parts, Relu, Sequential, Tanh};
use wengert::optim::{Adam, Optimizer, Sgd};
use wengert::tensor::{Rng, Tensor};
use wengert::train::{Companion, Doctor, Step, Trainer};

/// How often a warm step asks the system for memory.
fn asked_by(mut step: impl FnMut()) -> usize {
    for _ in 0..10 {
        step();
    }
    let before = ASKED.get();
    for _ in 0..100 {
        step();
    }
    ASKED.get() - before
}

fn net(rng: &mut Rng) -> Sequential<f32> {
    Sequential::new()
        .with(Linear::new(20, 32, rng))
        .with(Tanh)
        .named("hidden", Linear::new(32, 32, rng))
        .with(Relu)
        .with(Linear::new(32, 10, rng))
}

fn regression(mut optimizer: impl Optimizer<f32>, model: &Sequential<f32>) -> usize {
    let rng = &mut Rng::new(1);
    let (inputs, targets) = (Tensor::randn([16, 20], rng), Tensor::randn([16, 10], rng));
    let criterion = MseLoss::new();
    asked_by(|| {
        let tape = Tape::new();
        optimizer.zero_grad();
        let outputs = model.call(tape.constant(inputs.clone())).unwrap();
        let loss = criterion.forward(outputs, &targets).unwrap();
        loss.backward().unwrap();
        optimizer.step().unwrap();
        assert!(loss.item().unwrap().is_finite());
    })
}

fn classification(mut optimizer: impl Optimizer<f32>, model: &Sequential<f32>) -> usize {
    let rng = &mut Rng::new(2);
    let inputs = Tensor::randn([16, 20], rng);
    let labels = Tensor::from((0..16).map(|i| i * 7 % 10).collect::<Vec<usize>>());
    let criterion = CrossEntropyLoss::new();
    asked_by(|| {
        let tape = Tape::new();
        optimizer.zero_grad();
        let outputs = model.call(tape.constant(inputs.clone())).unwrap();
        let loss = criterion.forward(outputs, &labels).unwrap();
        loss.backward().unwrap();
        optimizer.step().unwrap();
        assert!(loss.item().unwrap().is_finite());
    })
}

#[test]
fn a_warm_step_of_regression_asks_for_nothing() {
    let model = net(&mut Rng::new(0));
    assert_eq!(regression(Sgd::new(model.parameters(), 0.01), &model), 0, "SGD");
    let momentum = Sgd::new(model.parameters(), 0.01).momentum(0.9);
    assert_eq!(regression(momentum, &model), 0, "SGD with momentum");
    assert_eq!(regression(Adam::new(model.parameters(), 1e-3), &model), 0, "Adam");
}

#[test]
fn a_warm_step_of_classification_asks_for_nothing() {
    let model = net(&mut Rng::new(0));
    assert_eq!(classification(Sgd::new(model.parameters(), 0.01), &model), 0, "SGD");
    assert_eq!(classification(Adam::new(model.parameters(), 1e-3), &model), 0, "Adam");
}

/// Counts the steps, and looks at each.
struct Look(usize);

impl Companion<f32> for Look {
    fn before_step(&mut self, step: &mut Step<'_, f32>) -> wengert::train::Result<()> {
        step.optimizer.set_learning_rate(0.01);
        self.0 += usize::from(step.loss_value.is_finite());
        Ok(())
    }
}

#[test]
fn a_trainer_and_its_companions_ask_for_nothing_at_a_step() {
    let rng = &mut Rng::new(1);
    let model = net(rng);
    let criterion = MseLoss::new();
    // What an epoch of so many batches asks for: by the five lines, and by a trainer with companions.
    let mut epoch = |batches: usize| {
        let (x, y) = (Tensor::randn([4 * batches, 20], rng), Tensor::randn([4 * batches, 10], rng));
        let loader = DataLoader::new(TensorDataset::new(x, y).unwrap(), 4).unwrap();
        let mut optimizer = Sgd::new(model.parameters(), 0.01);
        let by_hand = |optimizer: &mut Sgd<f32>| {
            let before = ASKED.get();
            for (inputs, targets) in loader.epoch(0) {
                let tape = Tape::new();
                optimizer.zero_grad();
                let outputs = model.call(tape.input(inputs)).unwrap();
                let loss = criterion.forward(outputs, &targets).unwrap();
                loss.backward().unwrap();
                optimizer.step().unwrap();
            }
            ASKED.get() - before
        };
        by_hand(&mut optimizer);
        let lines = by_hand(&mut optimizer);
        let mut look = Look(0);
        let mut trainer = Trainer::new(&model, &criterion, &mut optimizer)
            .schedule(|step: usize| 0.01 / (1 + step) as f64)
            .with(&mut look)
            .silent();
        trainer.fit(&loader, 1).unwrap();
        let before = ASKED.get();
        trainer.fit(&loader, 1).unwrap();
        let asked = ASKED.get() - before;
        drop(trainer);
        assert_eq!(look.0, 2 * batches);
        (lines, asked)
    };
    let ((few_lines, few), (many_lines, many)) = (epoch(10), epoch(110));
    println!("10 batches: {few_lines} by hand, {few}; 110: {many_lines} by hand, {many}");
    // What a fit asks for beside its steps does not depend on their number.
    assert_eq!(many - few, many_lines - few_lines);
}

/// A look, at every 64th step by then, asks for nothing. An examination asks for a little, and each comes half as often as the last.
#[test]
fn a_doctor_asks_for_nothing_between_examinations() {
    let rng = &mut Rng::new(2);
    let model = net(rng);
    let (criterion, mut optimizer) = (CrossEntropyLoss::new(), Adam::new(model.parameters(), 1e-4));
    let inputs = Tensor::randn([16, 20], rng);
    let labels = Tensor::from((0..16).map(|i| i * 7 % 10).collect::<Vec<usize>>());
    let mut doctor = Doctor::new();
    let mut asked = Vec::new();
    for _ in 0..3000 {
        let tape = Tape::new();
        optimizer.zero_grad();
        let outputs = model.call(tape.constant(inputs.clone())).unwrap();
        let loss = criterion.forward(outputs, &labels).unwrap();
        loss.backward().unwrap();
        let before = ASKED.get();
        doctor.before(loss, &optimizer);
        optimizer.step().unwrap();
        doctor.after(&optimizer);
        asked.push(ASKED.get() - before);
    }
    let busy = asked[1000..].iter().filter(|n| **n > 0).count();
    assert!(busy <= 3, "{busy} of 2000 steps asked for memory");
    assert_eq!(asked[2100..].iter().sum::<usize>(), 0);
}

#[test]
fn a_warm_prediction_asks_for_nothing() {
    let model = net(&mut Rng::new(0));
    let inputs = Tensor::randn([16, 20], &mut Rng::new(3));
    assert_eq!(asked_by(|| assert_eq!(model.predict(&inputs).unwrap().rank(), 2)), 0);
}

/// In memory stand weights, gradients and momenta; the values on the tape; and of the gradients of values two at a time:
/// the one that is handed back, and what it becomes. Each is gone after its last use.
#[test]
fn a_step_holds_what_its_rules_need() {
    let (batch, width, depth) = (256, 256, 12);
    let step = move || {
        let rng = &mut Rng::new(4);
        let mut model = Sequential::<f32>::new();
        for _ in 0..depth {
            model.push(Linear::new(width, width, rng));
            model.push(Relu);
        }
        let mut optimizer = Sgd::new(model.parameters(), 0.01).momentum(0.9);
        let inputs = Tensor::randn([batch, width], rng);
        let mut on_tape = 0;
        for _ in 0..3 {
            let tape = Tape::new();
            optimizer.zero_grad();
            let outputs = model.call(tape.constant(inputs.clone())).unwrap();
            outputs.square().mean().backward().unwrap();
            optimizer.step().unwrap();
            on_tape = tape.stats().total.bytes;
        }
        let weights: usize = model.parameters().iter().map(|p| p.len() * size_of::<f32>()).sum();
        (weights, on_tape, HELD.get().1)
    };
    // On a thread of its own, whose list of buffers is empty.
    let (weights, on_tape, peak) = std::thread::spawn(step).join().unwrap();
    let value = batch * width * size_of::<f32>();
    // Of each layer what the product gives, and what `relu` makes of it; the batch; the square.
    assert_eq!(on_tape, (2 * depth + 2) * value + size_of::<f32>());
    let needed = 3 * weights + on_tape + 2 * value;
    println!("weights {weights}, on the tape {on_tape}, needed {needed}, peak {peak} bytes");
    assert!(needed <= peak && peak < needed + needed / 8, "needed {needed}, peak {peak}");
}

/// Buffers that are kept for the next step are bounded, also where no step has the shapes of the one before.
#[test]
fn steps_of_changing_shapes_hold_no_more_than_the_first_ones() {
    let steps = std::env::var("WENGERT_STEPS").map_or(3_000, |steps| steps.parse().unwrap());
    let run = move || {
        let rng = &mut Rng::new(5);
        let model = net(rng);
        let mut optimizer = Adam::new(model.parameters(), 1e-3);
        let mut held = [0; 2];
        let mut last = 7_u64;
        let mut draw = || {
            last = last.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (last >> 33) as usize
        };
        for step in 0..steps {
            let [samples, width] = [300, 40].map(|most| 1 + draw() % most);
            let tape = Tape::new();
            optimizer.zero_grad();
            let x = tape.constant(Tensor::randn([samples, 20], rng));
            let other = tape.constant(Tensor::randn([10, width], rng));
            let y = model.call(x).unwrap().matmul(other).unwrap().softmax(1).unwrap();
            y.square().mean().backward().unwrap();
            optimizer.step().unwrap();
            let early = usize::from(step >= 1_000);
            held[early] = held[early].max(HELD.get().0);
        }
        held
    };
    // On a thread of its own, whose list of buffers is empty.
    let [first, later] = std::thread::spawn(run).join().unwrap();
    println!("{steps} steps: {first} bytes at most in the first thousand, {later} later");
    assert!(later > 0 && later < first + first / 4, "{first}, then {later}");
}

/// Of parts that are recomputed the tape holds the results alone; the values within one part stand in memory while it is run again.
#[test]
fn a_step_with_recomputed_parts_holds_the_values_of_one_part() {
    let (batch, width, parts, depth) = (1024, 128, 8, 4);
    let step = move |recomputed: bool| {
        let rng = &mut Rng::new(4);
        let mut model = Vec::new();
        for _ in 0..parts {
            let mut part = Sequential::<f32>::new();
            for _ in 0..depth {
                part.push(Linear::new(width, width, rng));
                part.push(Tanh);
            }
            model.push(Arc::new(part));
        }
        let parameters: Vec<_> = model.iter().flat_map(|part| part.parameters()).collect();
        let weights: usize = parameters.iter().map(|p| p.len() * size_of::<f32>()).sum();
        let mut optimizer = Sgd::new(parameters.clone(), 0.01).momentum(0.9);
        let inputs = Tensor::randn([batch, width], rng);
        let mut on_tape = 0;
        for _ in 0..3 {
            let tape = Tape::new();
            optimizer.zero_grad();
            let mut h = tape.constant(inputs.clone());
            for part in &model {
                let part = part.clone();
                h = if recomputed {
                    tape.recompute(&[h], move |h| part.call(h[0])).unwrap()
                } else {
                    part.call(h).unwrap()
                };
            }
            h.square().mean().backward().unwrap();
            optimizer.step().unwrap();
            on_tape = tape.stats().total.bytes;
        }
        let values: Vec<_> = parameters.iter().map(|p| p.value()).collect();
        (values, weights, on_tape, HELD.get().1)
    };
    let of = |recomputed| std::thread::spawn(move || step(recomputed)).join().unwrap();
    let (plain, weights, plain_tape, plain_peak) = of(false);
    let (again, _, on_tape, peak) = of(true);
    assert!(plain == again, "the weights are the same to the bit");
    let value = batch * width * size_of::<f32>();
    assert_eq!(plain_tape, (2 * parts * depth + 2) * value + size_of::<f32>());
    assert_eq!(on_tape, (parts + 2) * value + size_of::<f32>());
    let needed = 3 * weights + on_tape + (2 * depth + 2) * value;
    println!("plain {plain_peak}, recomputed {peak}, needed {needed} bytes; weights {weights}");
    assert!(needed <= peak + value && peak < needed + needed / 8, "needed {needed}, peak {peak}");
    assert!(2 * peak < plain_peak, "{peak} for {plain_peak}");
}
