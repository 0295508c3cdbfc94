//! The changes of a remedy: weights drawn again, another optimiser, another learning rate.

use wengert_autograd::{Param, Tape, ops};
use wengert_files::{Entry, State};
use wengert_optim::{Adam, Optimizer};
use wengert_tensor::{Float, Rng, Tensor};

use super::Action;

/// The extras of a trial's step, besides the five lines.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Steps {
    pub(crate) clip: Option<f64>,
    pub(crate) loss_scale: Option<f64>,
    pub(crate) standardise: bool,
}

/// Applies a remedy to what a trial trains. The tape holds one forward pass, which tells what each parameter is for.
pub(crate) fn apply<T: Float>(
    action: Action,
    tape: &Tape<T>,
    optimizer: &mut dyn Optimizer<T>,
    all: &[Param<T>],
) -> (Steps, Option<Adam<T>>) {
    let mut steps = Steps::default();
    let mut other = None;
    let mut again = wrecked(all);
    let mut scale = 1.0;
    match action {
        Action::ScaleRate(factor) => scale = factor,
        Action::SetRate(rate) => optimizer.set_learning_rate(rate),
        Action::ClipNorm(norm) => steps.clip = Some(norm),
        Action::Restart => again = true,
        Action::RestartAndScaleRate(factor) => (again, scale) = (true, factor),
        // A loss with the wrong sign has driven the weights off.
        Action::ScaleLoss(factor) => {
            (steps.loss_scale, again) = (Some(factor), again || factor < 0.0)
        }
        Action::StandardiseInput => (steps.standardise, again) = (true, true),
        Action::AdamOnAll(rate) | Action::RestartAndAdam(rate) => {
            again |= matches!(action, Action::RestartAndAdam(_));
            all.iter().for_each(|p| p.set_frozen(false));
            other = Some(Adam::new(all.to_vec(), rate).allow_unused());
        }
        Action::Code(_) => {}
    }
    if again {
        restart(tape, all);
        forget(optimizer);
    }
    if scale != 1.0 {
        optimizer.set_learning_rate(optimizer.learning_rate() * scale);
    }
    (steps, other)
}

/// Whether training has thrown the weights so far that nothing can start from them.
fn wrecked<T: Float>(all: &[Param<T>]) -> bool {
    all.iter().any(|p| {
        let inputs = p.shape().last().copied().unwrap_or(1).max(4) as f64;
        p.inspect(|value, _, _| {
            let squares: f64 = value.iter().map(|x| x.to_f64() * x.to_f64()).sum();
            let size = (squares / value.len().max(1) as f64).sqrt();
            !size.is_finite() || size * inputs.sqrt() > 20.0
        })
    })
}

/// Draws the matrices of products again, uniform and by the number of their inputs, and sets what is added to 0.
fn restart<T: Float>(tape: &Tape<T>, all: &[Param<T>]) {
    let lines = tape.lines();
    let rectified = lines.iter().any(|line| line.op().name().contains("relu"));
    let deviation = if rectified { 2.0_f64.sqrt() } else { 1.0 };
    let mut rng = Rng::new(0);
    for param in all {
        let shape = param.shape();
        let at = lines.iter().find(|l| l.op().parameter().is_some_and(|read| read.param.is(param)));
        let use_of = at.and_then(|at| {
            let mut index = at.index();
            // Behind a transpose.
            loop {
                let user = lines.iter().find(|l| l.operands().contains(&index))?;
                if user.op().moves_numbers() && user.arity() == 1 {
                    index = user.index();
                    continue;
                }
                return Some((user, user.operands().iter().position(|&k| k == index)?));
            }
        });
        let Some((user, place)) = use_of else { continue };
        let recurrent = user.op().is::<ops::Recurrent<T>>() && place == 2;
        let conv = user.op().is::<ops::Conv>();
        let product =
            conv || recurrent || user.op().is::<ops::Linear>() || user.op().is::<ops::MatMul>();
        let draw = |bound: f64, rng: &mut Rng| Tensor::uniform(&shape, -bound, bound, rng).ok();
        let finite = param.value().iter().all(T::is_finite);
        let gates = user.op().is::<ops::Recurrent<T>>() && place > 2;
        let added = gates || product && !recurrent && place == 2;
        let value = if added || user.op().name() == "add" {
            Some(Tensor::zeros(&shape))
        } else if product && shape.len() > 1 {
            let inputs: usize = match () {
                () if conv => shape[1..].iter().product(),
                () if user.op().is::<ops::MatMul>() => shape[shape.len() - 2],
                () => shape[shape.len() - 1],
            };
            // The gates of a recurrent net start small.
            let deviation = if recurrent { 0.6 } else { deviation };
            draw(deviation * (3.0 / inputs.max(1) as f64).sqrt(), &mut rng)
        } else if finite {
            None
        } else if user.op().name() == "mul" {
            Some(Tensor::ones(&shape))
        } else {
            draw(1.0, &mut rng)
        };
        if let Some(value) = value {
            param.set(value);
        }
    }
}

/// Sets what the optimiser remembers of earlier steps to 0.
fn forget<T: Float>(optimizer: &mut dyn Optimizer<T>) {
    let saved = optimizer.state();
    let mut state = State::new();
    state.kind = saved.kind.clone();
    for (name, entry) in saved.into_entries() {
        let entry = match entry {
            Entry::Float(x) => Entry::Float(x.zeros_like()),
            Entry::Number(_) if name.ends_with(".step") => Entry::Number(0.0),
            other => other,
        };
        state.insert_entry(name, entry);
    }
    // One that knows no such state keeps its own.
    let _ = optimizer.load_state(state);
}
