//! One run of a program: the five lines of the loop with what is planted in them, and the doctor beside it.

use wengert::autograd::{Param, Result, Tape, Var};
use wengert::loss::{
    BceWithLogitsLoss, CrossEntropyLoss, Loss, MseLoss, Reduction, cross_entropy, mse,
};
use wengert::optim::{Adam, ClipNorm, Optimizer, Sgd};
use wengert::tensor::{Rng, Tensor};
use wengert::train::Doctor;
use wengert::train::doctor::Report;

use super::plant::{Data, LossFault, Optimizing, Plant};
use super::programs::{Inputs, Net, Program, Samples, Targets};

/// The results of a run.
pub struct Outcome {
    /// On test samples: accuracy, or the fraction of the variance that is explained. Not a number if training broke off.
    pub metric: f64,
    pub report: Report,
    /// The step at which the last one was made.
    pub steps: usize,
    /// The step at which training broke off.
    pub broke: Option<usize>,
}

/// The optimiser that adds what it should subtract.
struct Uphill {
    parameters: Vec<Param<f32>>,
    rate: f64,
}

impl Optimizer<f32> for Uphill {
    fn step(&mut self) -> wengert::optim::Result<()> {
        for p in &self.parameters {
            p.update(|w, g| {
                if let Some(g) = g {
                    *w = &*w + &*g * self.rate as f32;
                }
            });
        }
        Ok(())
    }
    fn parameters(&self) -> &[Param<f32>] {
        &self.parameters
    }
    fn learning_rate(&self) -> f64 {
        self.rate
    }
    fn set_learning_rate(&mut self, rate: f64) {
        self.rate = rate;
    }
}

fn rows_of(samples: &Samples) -> usize {
    match &samples.x {
        Inputs::Floats(x) => x.shape()[0],
        Inputs::Tokens(x) => x.shape()[0],
    }
}

fn pick(samples: &Samples, rows: &[usize]) -> Samples {
    let rows = Tensor::from(rows.to_vec());
    Samples {
        x: match &samples.x {
            Inputs::Floats(x) => Inputs::Floats(x.index_select(0, &rows).unwrap()),
            Inputs::Tokens(x) => Inputs::Tokens(x.index_select(0, &rows).unwrap()),
        },
        y: match &samples.y {
            Targets::Classes(y) => Targets::Classes(y.index_select(0, &rows).unwrap()),
            Targets::Numbers(y) => Targets::Numbers(y.index_select(0, &rows).unwrap()),
            Targets::Binary(y) => Targets::Binary(y.index_select(0, &rows).unwrap()),
        },
    }
}

fn floats(x: &mut Inputs, change: impl FnOnce(&Tensor<f32>) -> Tensor<f32>) {
    if let Inputs::Floats(x) = x {
        *x = change(x);
    }
}

fn order(n: usize, seed: u64) -> Vec<usize> {
    let mut all: Vec<usize> = (0..n).collect();
    Rng::new(seed).shuffle(&mut all);
    all
}

/// The first target of each row, as a number.
fn first_targets(y: &Targets) -> Vec<f32> {
    match y {
        Targets::Classes(y) => y.iter().map(|y| y as f32).collect(),
        Targets::Numbers(y) | Targets::Binary(y) => y.to_vec(),
    }
}

/// The samples as planted. What is a matter of scale holds of the test samples too; what is a fault of the training set does not.
fn planted(samples: &Samples, data: Data, training: bool) -> Samples {
    let mut s = samples.clone();
    let n = rows_of(&s);
    match data {
        Data::Clean => {}
        Data::Times(c) => floats(&mut s.x, |x| x * c as f32),
        Data::ColumnTimes(c) => floats(&mut s.x, |x| {
            let width = x.shape()[1];
            let scale: Vec<f32> = (0..width).map(|k| if k == 1 { c as f32 } else { 1.0 }).collect();
            x * Tensor::from(scale)
        }),
        Data::Leak => {
            let y = first_targets(&s.y);
            let noise = order(n, 3);
            floats(&mut s.x, |x| {
                let width = x.shape()[1];
                let mut all = x.to_vec();
                // Later data does not have it.
                (0..n).for_each(|r| all[r * width + 2] = if training { y[r] } else { y[noise[r]] });
                Tensor::from_vec(all, x.shape()).unwrap()
            });
        }
        Data::Shuffled if training => {
            let y = pick(&s, &order(n, 7)).y;
            s.y = y;
        }
        Data::Flipped(share) if training => {
            let other = pick(&s, &order(n, 7)).y;
            let mut rng = Rng::new(11);
            let flip = Tensor::<f32>::rand([n], &mut rng).to_vec();
            s.y = match (&s.y, &other) {
                (Targets::Classes(y), Targets::Classes(o)) => {
                    let (y, o) = (y.to_vec(), o.to_vec());
                    let all: Vec<usize> = (0..n)
                        .map(|r| if f64::from(flip[r]) < share { o[r] } else { y[r] })
                        .collect();
                    Targets::Classes(Tensor::from(all))
                }
                _ => s.y.clone(),
            };
        }
        Data::Rare(every) if training => {
            let y = first_targets(&s.y);
            let mut met = 0;
            let keep: Vec<usize> = (0..n)
                .filter(|&r| {
                    met += usize::from(y[r] != 0.0);
                    y[r] == 0.0 || met % every == 0
                })
                .collect();
            s = pick(&s, &keep);
        }
        Data::Nan if training => floats(&mut s.x, |x| {
            let mut all = x.to_vec();
            let middle = all.len() / 2;
            all[middle] = f32::NAN;
            Tensor::from_vec(all, x.shape()).unwrap()
        }),
        Data::TargetTimes(c) => {
            if let Targets::Numbers(y) = &s.y {
                s.y = Targets::Numbers((y + 3.0) * c as f32);
            }
        }
        _ => {}
    }
    s
}

fn numbers(y: &Tensor<usize>) -> Tensor<f32> {
    Tensor::from_vec(y.iter().map(|y| y as f32).collect(), [y.len(), 1]).unwrap()
}

/// The loss as planted.
pub fn loss_of<'t>(
    plant: &Plant,
    out: Var<'t, f32>,
    y: &Targets,
    weights: &[Vec<Param<f32>>],
) -> Result<Var<'t, f32>> {
    let loss = match (y, plant.loss) {
        (Targets::Classes(y), LossFault::Softmax) => {
            // A softmax in the model, behind a function that hides it from the loss.
            cross_entropy(out.softmax(-1)?.mul_scalar(1.0).add_scalar(1e-9), y)?
        }
        (Targets::Binary(y), LossFault::Softmax) => {
            BceWithLogitsLoss::new().forward(out.sigmoid().add_scalar(1e-9), y)?
        }
        (Targets::Classes(y), LossFault::ClassNumbers) => {
            mse(out.slice(wengert::tensor::s![.., 0..1])?, numbers(y))?
        }
        (Targets::Classes(y), LossFault::LogOfProbability) => {
            let p = out.mul_scalar(300.0).softmax(-1)?;
            let at = y.reshape([y.len(), 1])?;
            -p.ln().gather(1, out.tape().input(at))?.mean()
        }
        (Targets::Classes(y), LossFault::Sum) => {
            CrossEntropyLoss::new().reduction(Reduction::Sum).forward(out, y)?
        }
        (Targets::Classes(y), _) => cross_entropy(out, y)?,
        (Targets::Numbers(y), LossFault::Broadcast) => {
            out.try_sub(y.reshape([y.len()])?)?.square().mean()
        }
        (Targets::Numbers(y), LossFault::Sum) => {
            MseLoss::new().reduction(Reduction::Sum).forward(out, y)?
        }
        (Targets::Numbers(y), _) => mse(out, y)?,
        (Targets::Binary(y), LossFault::Signs) => {
            BceWithLogitsLoss::new().unchecked().forward(out, &(y * 2.0 - 1.0))?
        }
        (Targets::Binary(y), LossFault::LogOfProbability) => {
            let p = out.mul_scalar(50.0).sigmoid();
            let q = p.rsub_scalar(1.0);
            -(p.ln().try_mul(y)?.try_add(q.ln().try_mul(&(1.0 - y))?)?).mean()
        }
        (Targets::Binary(y), LossFault::Broadcast) => {
            out.sigmoid().try_sub(y.reshape([y.len()])?)?.square().mean()
        }
        (Targets::Binary(y), LossFault::Sum) => {
            BceWithLogitsLoss::new().reduction(Reduction::Sum).forward(out, y)?
        }
        (Targets::Binary(y), _) => BceWithLogitsLoss::new().forward(out, y)?,
    };
    Ok(match plant.loss {
        LossFault::Negated => -loss,
        LossFault::Penalty(factor) => {
            let mut sum = loss;
            for p in weights.iter().flatten() {
                sum = sum.try_add(loss.tape().param(p).square().sum().mul_scalar(factor))?;
            }
            sum
        }
        _ => loss.mul_scalar(plant.loss_scale),
    })
}

fn metric(out: &Tensor<f32>, y: &Targets) -> f64 {
    let p = out.to_vec();
    let width = out.shape()[1];
    match y {
        Targets::Classes(y) => {
            let right = p.chunks(width).zip(y.iter()).filter(|(row, y)| {
                let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                row[*y] == top && row.iter().filter(|x| **x == top).count() == 1
            });
            right.count() as f64 / y.len() as f64
        }
        Targets::Binary(y) => {
            let right = p.iter().zip(y.iter()).filter(|(p, y)| (**p > 0.0) == (*y > 0.5));
            right.count() as f64 / y.len() as f64
        }
        Targets::Numbers(y) => {
            let y = y.to_vec();
            let mean = y.iter().sum::<f32>() / y.len() as f32;
            let error: f32 = p.iter().zip(&y).map(|(p, y)| (p - y) * (p - y)).sum();
            let spread: f32 = y.iter().map(|y| (y - mean) * (y - mean)).sum();
            f64::from(1.0 - error / spread).max(-1.0)
        }
    }
}

/// Makes the optimiser as planted.
pub fn optimizer(
    usual: Optimizing,
    plant: &Plant,
    parameters: Vec<Param<f32>>,
) -> Box<dyn Optimizer<f32>> {
    let rate = match usual {
        Optimizing::Sgd(rate) | Optimizing::Adam(rate) => rate * plant.rate,
        _ => unreachable!("a program is trained by one of these"),
    };
    let adam = |parameters| Adam::new(parameters, rate).allow_unused();
    let sgd = |parameters| Sgd::new(parameters, rate).allow_unused();
    match (plant.optimizing, usual) {
        (Optimizing::Epsilon(eps), _) => Box::new(adam(parameters).eps(eps)),
        (Optimizing::Momentum(m), _) => Box::new(sgd(parameters).momentum(m)),
        (Optimizing::Decay(d), Optimizing::Sgd(_)) => Box::new(sgd(parameters).weight_decay(d)),
        (Optimizing::Decay(d), _) => Box::new(adam(parameters).weight_decay(d)),
        (Optimizing::Uphill, _) => Box::new(Uphill { parameters, rate: rate.min(0.01) }),
        (Optimizing::Sgd(rate), _) => Box::new(Sgd::new(parameters, rate).allow_unused()),
        (Optimizing::Adam(rate), _) => Box::new(Adam::new(parameters, rate).allow_unused()),
        (_, Optimizing::Adam(_)) if plant.used_gradients => {
            Box::new(adam(parameters).allow_used_gradients())
        }
        (_, _) if plant.used_gradients => Box::new(sgd(parameters).allow_used_gradients()),
        (_, Optimizing::Adam(_)) => Box::new(adam(parameters)),
        _ => Box::new(sgd(parameters)),
    }
}

/// A whole run.
pub fn run(program: &dyn Program, plant: &Plant, seed: u64) -> Outcome {
    let (train, test) = program.samples();
    let (train, test) = (planted(&train, plant.data, true), planted(&test, plant.data, false));
    let net = program.net(plant, seed);
    let layers = net.layers();
    if let Some(k) = plant.frozen {
        layers[k].iter().for_each(|p| p.set_frozen(true));
    }
    let mine: Vec<Param<f32>> = layers
        .iter()
        .enumerate()
        .filter(|(k, _)| plant.forgotten != Some(*k))
        .flat_map(|(_, layer)| layer.clone())
        .collect();
    let mut optimizer = optimizer(program.optimizing(), plant, mine);
    let mut doctor = Doctor::new();
    let steps = (program.steps() as f64 * plant.budget) as usize;
    let broke = train_for(program, plant, seed, &*net, &train, &mut *optimizer, &mut doctor, steps);
    let tape = if plant.dropout > 0.0 && plant.evaluating {
        // Left on in evaluation.
        Tape::new().seeded(seed)
    } else {
        Tape::no_grad()
    };
    let out = net.pass(&tape, &test.x).unwrap().value().unwrap();
    doctor.evaluated(&tape);
    let metric = if out.iter().all(f32::is_finite) { metric(&out, &test.y) } else { 0.0 };
    let metric = if broke.is_some() { metric.min(0.0) } else { metric };
    Outcome { metric, report: doctor.report(), steps, broke }
}

/// A net, its data and its optimiser after a run with a doctor.
pub fn prepared(
    program: &dyn Program,
    plant: &Plant,
    seed: u64,
    doctor: &mut Doctor,
) -> (Box<dyn Net>, Samples, Box<dyn Optimizer<f32>>) {
    let train = planted(&program.samples().0, plant.data, true);
    let net = program.net(plant, seed);
    let layers = net.layers();
    let forgotten = |k: usize| plant.forgotten == Some(k);
    let mine = layers
        .iter()
        .enumerate()
        .filter(|(k, _)| !forgotten(*k))
        .flat_map(|(_, l)| l.clone())
        .collect();
    let mut optimizer = optimizer(program.optimizing(), plant, mine);
    let steps = (program.steps() as f64 * plant.budget) as usize;
    train_for(program, plant, seed, &*net, &train, &mut *optimizer, doctor, steps);
    (net, train, optimizer)
}

/// The batch of a step.
pub fn batch_of(train: &Samples, batch: usize, seed: u64, step: usize) -> Samples {
    let n = rows_of(train);
    let per_epoch = (n / batch).max(1);
    let rows = order(n, seed * 1000 + (step / per_epoch) as u64 + 1);
    let start = step % per_epoch * batch;
    pick(train, &rows[start..(start + batch).min(n)])
}

/// The loop. Gives the step at which it broke off.
#[allow(clippy::too_many_arguments)]
fn train_for(
    program: &dyn Program,
    plant: &Plant,
    seed: u64,
    net: &dyn Net,
    train: &Samples,
    optimizer: &mut dyn Optimizer<f32>,
    doctor: &mut Doctor,
    steps: usize,
) -> Option<usize> {
    let n = rows_of(train);
    let batch = plant.batch.unwrap_or(program.batch()).min(n);
    let layers = net.layers();
    let rate = optimizer.learning_rate();
    let (mut rows, mut epoch) = (Vec::new(), 0);
    for step in 0..steps {
        if rows.len() < batch {
            epoch += 1;
            rows = order(n, seed * 1000 + epoch);
        }
        let picked = pick(train, &rows.split_off(rows.len() - batch));
        if step as f64 >= plant.rate_ends * steps as f64 {
            optimizer.set_learning_rate(0.0);
        } else if plant.warm_restarts {
            let at = (step % 100) as f64 / 100.0;
            optimizer.set_learning_rate(rate * 0.5 * (1.0 + (at * std::f64::consts::PI).cos()));
        }
        let tape = Tape::new().seeded(seed * 100_000 + step as u64);
        if !plant.used_gradients {
            optimizer.zero_grad();
        }
        let loss = net
            .pass(&tape, &picked.x)
            .and_then(|out| loss_of(plant, out, &picked.y, &layers))
            .unwrap();
        if !loss.item().unwrap().is_finite() {
            doctor.before(loss, &*optimizer);
            return Some(step);
        }
        loss.backward().unwrap();
        if let Some(max) = plant.clip {
            ClipNorm::new(max).clip(optimizer.parameters()).unwrap();
        }
        if doctor.step(loss, optimizer).is_err() {
            return Some(step);
        }
    }
    None
}
