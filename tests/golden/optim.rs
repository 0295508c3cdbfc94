//! Kind `optim`: optimisers by PyTorch's names and settings, over many steps of given gradients or of a small regression.

use wengert::autograd::{Param, Tape};
use wengert::optim::{
    Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Asgd, Lbfgs, NAdam, Optimizer, RAdam,
    RmsProp, Rprop, Sgd,
};
use wengert::tensor::{Float, Tensor};

use super::call::{Call, Options, Refusal, Row};
use super::op::{self, Wrong};
use super::support::compare::{compare, widened};
use super::support::{Case, Json, Outcome};
use crate::kind;

/// Optimisers, a line each: PyTorch's name and settings, and what they are here. The settings of a parameter group are made
/// by the same methods.
macro_rules! optimizers {
    ($($Torch:ident($($p:ident: $kind:ident),*) => $Ours:ident |$o:ident| $set:expr;)*) => {
        /// The lines, for people.
        pub const ROWS: &[Row] = &[$(Row {
            op: stringify!($Torch),
            parameters: &[("lr", "f64"), $((stringify!($p), stringify!($kind))),*],
            ours: concat!(stringify!($Ours), "::new(parameters, lr)", stringify!($set)),
            text: &[],
        }),*];

        /// An optimiser with these settings, our defaults for what they do not say, and other settings for the parameters
        /// of some groups.
        #[allow(unused_variables)]
        pub fn build<T: Float>(
            op: &str,
            attrs: &Json,
            groups: &[(String, Json)],
            parameters: &[Param<T>],
        ) -> Result<Box<dyn Optimizer<T>>, Refusal> {
            $(if op == stringify!($Torch) {
                let tape = Tape::<T>::new();
                let call = Call { tape: &tape, op, args: Default::default(), attrs };
                if !call.has_only(&["lr", $(stringify!($p)),*]) {
                    return Err(Refusal::Missing(format!("{op} with {attrs}")));
                }
                $(let $p = call.get::<kind!('_ T $kind)>(stringify!($p))?;)*
                let $o = $Ours::new(parameters.to_vec(), call.get::<f64>("lr")?);
                #[allow(unused_mut)]
                let mut optimizer = $set;
                for (path, attrs) in groups {
                    let call = Call { tape: &tape, op, args: Default::default(), attrs };
                    $(let $p = call.get::<kind!('_ T $kind)>(stringify!($p))?;)*
                    let lr = call.get::<f64>("lr")?;
                    optimizer = optimizer.group(path, move |$o| {
                        let $o = $o.learning_rate(lr);
                        $set
                    });
                }
                return Ok(Box::new(optimizer));
            })*
            Err(Refusal::Missing(op.to_string()))
        }
    };
}

optimizers! {
    SGD(momentum: MaybeNumber, dampening: MaybeNumber, weight_decay: MaybeNumber, nesterov: Flag,
        maximize: Flag) =>
        Sgd |o| o.maybe(momentum, |o, x| o.momentum(x)).maybe(dampening, |o, x| o.dampening(x))
            .maybe(weight_decay, |o, x| o.weight_decay(x))
            .when(nesterov, |o| o.nesterov()).when(maximize, |o| o.maximize());
    Adam(betas: MaybePair, eps: MaybeNumber, weight_decay: MaybeNumber, amsgrad: Flag,
         maximize: Flag, decoupled_weight_decay: Flag) =>
        Adam |o| o.maybe(betas, |o, (a, b)| o.betas(a, b)).maybe(eps, |o, x| o.eps(x))
            .maybe(weight_decay, |o, x| o.weight_decay(x)).when(amsgrad, |o| o.amsgrad())
            .when(decoupled_weight_decay, |o| o.decoupled_weight_decay())
            .when(maximize, |o| o.maximize());
    AdamW(betas: MaybePair, eps: MaybeNumber, weight_decay: MaybeNumber, amsgrad: Flag,
          maximize: Flag) =>
        AdamW |o| o.maybe(betas, |o, (a, b)| o.betas(a, b)).maybe(eps, |o, x| o.eps(x))
            .maybe(weight_decay, |o, x| o.weight_decay(x)).when(amsgrad, |o| o.amsgrad())
            .when(maximize, |o| o.maximize());
    Adagrad(lr_decay: MaybeNumber, eps: MaybeNumber, weight_decay: MaybeNumber,
            initial_accumulator_value: MaybeNumber, maximize: Flag) =>
        Adagrad |o| o.maybe(lr_decay, |o, x| o.lr_decay(x)).maybe(eps, |o, x| o.eps(x))
            .maybe(weight_decay, |o, x| o.weight_decay(x))
            .maybe(initial_accumulator_value, |o, x| o.initial_accumulator(x))
            .when(maximize, |o| o.maximize());
    RMSprop(momentum: MaybeNumber, alpha: MaybeNumber, eps: MaybeNumber, centered: Flag,
            weight_decay: MaybeNumber, maximize: Flag) =>
        RmsProp |o| o.maybe(momentum, |o, x| o.momentum(x)).maybe(alpha, |o, x| o.alpha(x))
            .maybe(eps, |o, x| o.eps(x)).maybe(weight_decay, |o, x| o.weight_decay(x))
            .when(centered, |o| o.centered()).when(maximize, |o| o.maximize());
    Adadelta(rho: MaybeNumber, eps: MaybeNumber, weight_decay: MaybeNumber, maximize: Flag) =>
        Adadelta |o| o.maybe(rho, |o, x| o.rho(x)).maybe(eps, |o, x| o.eps(x))
            .maybe(weight_decay, |o, x| o.weight_decay(x)).when(maximize, |o| o.maximize());
    Adamax(betas: MaybePair, eps: MaybeNumber, weight_decay: MaybeNumber, maximize: Flag) =>
        Adamax |o| o.maybe(betas, |o, (a, b)| o.betas(a, b)).maybe(eps, |o, x| o.eps(x))
            .maybe(weight_decay, |o, x| o.weight_decay(x)).when(maximize, |o| o.maximize());
    NAdam(betas: MaybePair, eps: MaybeNumber, weight_decay: MaybeNumber,
          momentum_decay: MaybeNumber, decoupled_weight_decay: Flag, maximize: Flag) =>
        NAdam |o| o.maybe(betas, |o, (a, b)| o.betas(a, b)).maybe(eps, |o, x| o.eps(x))
            .maybe(weight_decay, |o, x| o.weight_decay(x))
            .maybe(momentum_decay, |o, x| o.momentum_decay(x))
            .when(decoupled_weight_decay, |o| o.decoupled_weight_decay())
            .when(maximize, |o| o.maximize());
    RAdam(betas: MaybePair, eps: MaybeNumber, weight_decay: MaybeNumber, maximize: Flag,
          decoupled_weight_decay: Flag) =>
        RAdam |o| o.maybe(betas, |o, (a, b)| o.betas(a, b)).maybe(eps, |o, x| o.eps(x))
            .maybe(weight_decay, |o, x| o.weight_decay(x))
            .when(decoupled_weight_decay, |o| o.decoupled_weight_decay())
            .when(maximize, |o| o.maximize());
    Rprop(etas: MaybePair, step_sizes: MaybePair, maximize: Flag) =>
        Rprop |o| o.maybe(etas, |o, (a, b)| o.etas(a, b))
            .maybe(step_sizes, |o, (a, b)| o.step_sizes(a, b)).when(maximize, |o| o.maximize());
    ASGD(lambd: MaybeNumber, alpha: MaybeNumber, t0: MaybeNumber, weight_decay: MaybeNumber,
         maximize: Flag) =>
        Asgd |o| o.maybe(lambd, |o, x| o.lambda(x)).maybe(alpha, |o, x| o.alpha(x))
            .maybe(t0, |o, x| o.t0(x)).maybe(weight_decay, |o, x| o.weight_decay(x))
            .when(maximize, |o| o.maximize());
    Adafactor(beta2_decay: MaybeNumber, eps: MaybePair, d: MaybeNumber, weight_decay: MaybeNumber,
              maximize: Flag) =>
        Adafactor |o| o.maybe(beta2_decay, |o, x| o.beta2_decay(x))
            .maybe(eps, |o, (a, b)| o.eps(a, b)).maybe(d, |o, x| o.threshold(x))
            .maybe(weight_decay, |o, x| o.weight_decay(x)).when(maximize, |o| o.maximize());
}

/// L-BFGS is not stepped by gradients, so it is no `Optimizer`: it calls the closure that finds the loss.
fn lbfgs<T: Float>(attrs: &Json, parameters: &[Param<T>]) -> Result<Lbfgs<T>, Refusal> {
    let number = |key: &str| attrs.get(key).number();
    let count = |key: &str| number(key).map(|x| x as usize);
    let known = [
        "lr",
        "max_iter",
        "max_eval",
        "tolerance_grad",
        "tolerance_change",
        "history_size",
        "line_search_fn",
        "maximize",
    ];
    let maximize = attrs.get("maximize").boolean() == Some(true);
    if maximize || attrs.fields().iter().any(|(name, _)| !known.contains(&&**name)) {
        return Err(Refusal::Missing(format!("LBFGS with {attrs}")));
    }
    let optimizer = Lbfgs::new(parameters.to_vec(), number("lr").unwrap_or(1.0))
        .maybe(count("max_iter"), Lbfgs::max_iterations)
        .maybe(count("max_eval"), Lbfgs::max_evaluations)
        .maybe(number("tolerance_grad"), Lbfgs::tolerance_grad)
        .maybe(number("tolerance_change"), Lbfgs::tolerance_change)
        .maybe(count("history_size"), Lbfgs::history);
    match attrs.get("line_search_fn").text() {
        None => Ok(optimizer),
        Some("strong_wolfe") => Ok(optimizer.strong_wolfe()),
        Some(other) => Err(Refusal::inexpressible(format!("the line search `{other}`"))),
    }
}

/// Runs a case in its type.
pub fn run(case: Case) -> Outcome {
    op::in_its_type(case, check::<f32>, check::<f64>)
}

/// The loss of the regression: mean((X Wᵀ + b - Y)²).
struct Regression<T: Float> {
    x: Tensor<T>,
    y: Tensor<T>,
    w: Param<T>,
    b: Param<T>,
}

impl<T: Float> Regression<T> {
    fn backward(&self) -> wengert::autograd::Result<T> {
        let tape = Tape::new();
        let (w, b) = (tape.param(&self.w), tape.param(&self.b));
        let loss = tape.constant(self.x.clone()).linear(w, Some(b))?.squared_error(&self.y)?.mean();
        loss.backward()?;
        loss.item()
    }
}

fn check<T: Float>(case: Case) -> Result<(), Wrong> {
    let (w, b) = (Param::new(case.floats::<T>("W")?), Param::new(case.floats::<T>("b")?));
    w.set_path("W");
    b.set_path("b");
    let parameters = [w.clone(), b.clone()];
    let regress = case.text("mode") == "regress";
    let regression = if regress {
        let (x, y) = (case.floats("X")?, case.floats("Y")?);
        Some(Regression { x, y, w: w.clone(), b: b.clone() })
    } else {
        None
    };
    let steps = case.json.get("steps").integer().unwrap_or(0) as usize;
    let (mut traj, mut losses) = (Vec::new(), Vec::new());
    let mut record = |step: usize| {
        if case.json.get("rows").list().iter().any(|r| r.integer() == Some(step as i64)) {
            traj.extend(w.value().iter().chain(b.value().iter()).collect::<Vec<T>>());
        }
    };
    let settings = given_settings(case);
    if case.op() == "LBFGS" {
        let regression = regression.ok_or("L-BFGS is run on the regression alone".to_string())?;
        let mut optimizer = lbfgs(&settings, &parameters)?;
        for step in 1..=steps {
            let loss = optimizer
                .step(|| -> Result<T, Box<dyn std::error::Error>> { Ok(regression.backward()?) })
                .map_err(|e| e.to_string())?;
            losses.push(loss);
            record(step);
        }
    } else {
        let mut optimizer = build(case.op(), &settings, &groups(case), &parameters)?;
        for step in 1..=steps {
            optimizer.zero_grad();
            match &regression {
                Some(regression) => losses.push(regression.backward()?),
                None => given(case, step - 1, &w, &b)?,
            }
            optimizer.step().map_err(|e| e.to_string())?;
            record(step);
        }
    }
    let tol = case.tolerance("y")?;
    let traj = Tensor::from_vec(traj, case.stored("traj")?.shape())?;
    compare("traj", &widened(&traj), case.stored("traj")?, tol)?;
    if case.names("outputs").contains(&"losses") {
        compare("losses", &widened(&Tensor::from(losses)), case.stored("losses")?, tol)?;
    }
    Ok(())
}

/// The settings that are not PyTorch's defaults, and the rate: so that our defaults are judged too.
fn given_settings(case: Case) -> Json {
    if case.json.get("given").is_null() {
        return case.attrs().clone();
    }
    let mut fields = case.json.get("given").fields().to_vec();
    if !fields.iter().any(|(name, _)| name == "lr") {
        fields.push(("lr".to_string(), case.attrs().get("lr").clone()));
    }
    Json::Object(fields)
}

/// The groups of a case, a path and its settings each.
fn groups(case: Case) -> Vec<(String, Json)> {
    let mut groups = Vec::new();
    for group in case.json.get("groups").list() {
        for path in group.get("params").texts() {
            groups.push((path.to_string(), group.clone()));
        }
    }
    groups
}

/// Sets row `step` of G as the gradient: six numbers for W, two for b.
fn given<T: Float>(case: Case, step: usize, w: &Param<T>, b: &Param<T>) -> Result<(), Wrong> {
    let row = case.floats::<T>("G")?.select(0, step)?;
    let cut = w.len();
    w.set_grad(Some(row.narrow(0, 0, cut)?.reshape(w.shape())?));
    b.set_grad(Some(row.narrow(0, cut, b.len())?.contiguous()));
    Ok(())
}
