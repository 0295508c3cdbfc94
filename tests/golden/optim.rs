//! Kind `optim`: optimisers by PyTorch's names and settings, over many steps of given gradients or of a small regression.

use wengert::autograd::{Param, Tape};
use wengert::optim::{
    Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Asgd, Lbfgs, NAdam, Optimizer, RAdam,
    RmsProp, Rprop, Sgd,
};
use wengert::tensor::{Float, Tensor};

use super::call::{Call, Flag, Options, Refusal, Row};
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
                    if !call.has_only(&["lr", "params", $(stringify!($p)),*]) {
                        return Err(Refusal::Missing(format!("{op} with a group of {attrs}")));
                    }
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
    Adafactor(beta2_decay: MaybeNumber, eps: MaybePairOrZero, d: MaybeNumber, weight_decay: MaybeNumber,
              maximize: Flag) =>
        Adafactor |o| o.maybe(beta2_decay, |o, x| o.beta2_decay(x))
            .maybe(eps, |o, (a, b)| o.eps(a, b)).maybe(d, |o, x| o.threshold(x))
            .maybe(weight_decay, |o, x| o.weight_decay(x)).when(maximize, |o| o.maximize());
}

/// L-BFGS is not stepped by gradients, so it is no `Optimizer`: it calls the closure that finds the loss.
fn lbfgs<T: Float>(attrs: &Json, parameters: &[Param<T>]) -> Result<Lbfgs<T>, Refusal> {
    let tape = Tape::<T>::new();
    let call = Call { tape: &tape, op: "LBFGS", args: Default::default(), attrs };
    let number = |key: &str| call.get::<Option<f64>>(key);
    let count = |key: &str| call.get::<Option<usize>>(key);
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
    if call.get::<Flag>("maximize")? || !call.has_only(&known) {
        return Err(Refusal::Missing(format!("LBFGS with {attrs}")));
    }
    let optimizer = Lbfgs::new(parameters.to_vec(), call.get::<f64>("lr")?)
        .maybe(count("max_iter")?, Lbfgs::max_iterations)
        .maybe(count("max_eval")?, Lbfgs::max_evaluations)
        .maybe(number("tolerance_grad")?, Lbfgs::tolerance_grad)
        .maybe(number("tolerance_change")?, Lbfgs::tolerance_change)
        .maybe(count("history_size")?, Lbfgs::history);
    match call.get::<Option<String>>("line_search_fn")?.as_deref() {
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
    let regression = match case.text("mode") {
        "regress" => {
            let (x, y) = (case.floats("X")?, case.floats("Y")?);
            Some(Regression { x, y, w: w.clone(), b: b.clone() })
        }
        "given" => None,
        other => return Err(Wrong::Missing(format!("the mode `{other}`"))),
    };
    for output in case.names("outputs") {
        if output != "traj" && (output != "losses" || regression.is_none()) {
            return Err(Wrong::Missing(format!("the output `{output}`")));
        }
    }
    let (steps, rows) = steps(case)?;
    let (mut traj, mut losses) = (Vec::new(), Vec::new());
    let mut record = |step: usize| {
        if rows.contains(&step) {
            traj.extend(w.value().iter().chain(b.value().iter()).collect::<Vec<T>>());
        }
    };
    let settings = given_settings(case);
    if case.op() == "LBFGS" {
        if !case.json.get("groups").is_null() {
            return Err(Wrong::Missing("LBFGS with groups".into()));
        }
        let mut optimizer = lbfgs(&settings, &parameters)?;
        record(0);
        for step in 1..=steps {
            let closure = || -> Result<T, Box<dyn std::error::Error>> {
                match &regression {
                    Some(regression) => Ok(regression.backward()?),
                    None => {
                        given(case, step - 1, &w, &b).map_err(|wrong| format!("{wrong:?}").into())
                    }
                }
            };
            let loss = optimizer.step(closure).map_err(|e| e.to_string())?;
            losses.push(loss);
            record(step);
        }
    } else {
        let mut optimizer = build(case.op(), &settings, &groups(case)?, &parameters)?;
        record(0);
        for step in 1..=steps {
            optimizer.zero_grad();
            match &regression {
                Some(regression) => losses.push(regression.backward()?),
                None => {
                    given(case, step - 1, &w, &b)?;
                }
            }
            optimizer.step().map_err(|e| e.to_string())?;
            record(step);
        }
    }
    let tol = case.tolerance("y")?;
    let traj = Tensor::from_vec(traj, case.stored("traj")?.shape())?;
    if !case.names("outputs").contains(&"traj") {
        return Err(Wrong::Differs("the case has no `traj`".into()));
    }
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

/// The number of steps, and the steps after which the parameters are looked at.
fn steps(case: Case) -> Result<(usize, Vec<usize>), String> {
    let count = |x: &Json| x.integer().and_then(|x| usize::try_from(x).ok());
    let steps = count(case.json.get("steps")).ok_or("`steps` is no count")?;
    let rows = case.json.get("rows").list().iter().map(count).collect::<Option<Vec<usize>>>();
    let rows = rows.filter(|rows| !rows.is_empty()).ok_or("`rows` is no list of counts")?;
    match rows.iter().find(|&&row| row > steps) {
        Some(row) => Err(format!("row {row} of `rows` is beyond {steps} steps")),
        None => Ok((steps, rows)),
    }
}

/// The groups of a case, a path and its settings each: W and b are in one each, or there are no groups.
fn groups(case: Case) -> Result<Vec<(String, Json)>, String> {
    let mut groups = Vec::new();
    for group in case.json.get("groups").list() {
        for path in group.get("params").list() {
            let path = path.text().ok_or_else(|| format!("a group that is none: {group}"))?;
            groups.push((path.to_string(), group.clone()));
        }
    }
    let mut paths: Vec<&str> = groups.iter().map(|(path, _)| &**path).collect();
    paths.sort_unstable();
    if !case.json.get("groups").is_null() && paths != ["W", "b"] {
        return Err(format!("the groups are of {paths:?}, and not of W and b"));
    }
    Ok(groups)
}

/// Sets row `step` of G as the gradient: six numbers for W, two for b. Gives the loss of which it is the gradient,
/// Σ G · parameter.
fn given<T: Float>(case: Case, step: usize, w: &Param<T>, b: &Param<T>) -> Result<T, Wrong> {
    let row = case.floats::<T>("G")?.select(0, step)?;
    let cut = w.len();
    w.set_grad(Some(row.narrow(0, 0, cut)?.reshape(w.shape())?));
    b.set_grad(Some(row.narrow(0, cut, b.len())?.contiguous()));
    let at = Tensor::from(w.value().iter().chain(b.value().iter()).collect::<Vec<T>>());
    Ok(row.try_mul(&at)?.sum().item()?)
}

#[cfg(test)]
mod tests {
    use super::super::support::Stored;
    use super::super::support::case::Family;
    use super::*;

    /// Two steps with the gradients 1 and 2 from 0, which end at these numbers.
    fn outcome(op: &str, fields: &str, rows: &[usize], traj: &[f64]) -> Outcome {
        let case = format!(
            r#"{{"id":"a","op":"{op}","dtype":"f64","n":1,"inputs":["G","W","b"],"outputs":["traj"],
                "steps":2,"rows":{rows:?},{fields},"tol":{{"y":[1e-9,1e-12]}}}}"#
        );
        let float = |name: &str, x: Vec<f64>, shape: &[usize]| {
            (format!("1.{name}"), Stored::Float(Tensor::from_vec(x, shape).unwrap()))
        };
        let tensors = vec![
            float("G", [[1.0; 8], [2.0; 8]].concat(), &[2, 8]),
            float("W", vec![0.0; 6], &[2, 3]),
            float("b", vec![0.0; 2], &[2]),
            float("traj", traj.iter().flat_map(|&x| [x; 8]).collect(), &[rows.len(), 8]),
        ];
        let family = Family::of("optim", Json::read(&case).unwrap(), tensors);
        run(Case { family: &family, json: &family.cases[0] })
    }

    #[test]
    fn the_start_may_be_looked_at() {
        let plain = r#""mode":"given","attrs":{"lr":0.1}"#;
        assert_eq!(outcome("SGD", plain, &[0, 1, 2], &[0.0, -0.1, -0.3]), Outcome::Passed);
    }

    /// L-BFGS on a slope steps by min(1, 1/|G|₁) · lr first: 8 · 1/8.
    #[test]
    fn l_bfgs_takes_given_gradients_too() {
        let fields = r#""mode":"given","attrs":{"lr":0.5,"max_iter":1,"max_eval":9}"#;
        assert_eq!(outcome("LBFGS", fields, &[1], &[-0.0625]), Outcome::Passed);
    }

    #[test]
    fn what_a_case_says_is_read_or_refused() {
        let said = |op: &str, fields: &str, rows: &[usize], words: &str| {
            let why = match outcome(op, fields, rows, &[0.0]) {
                Outcome::Failed(why) | Outcome::Unsupported(why) => why,
                Outcome::Passed => String::new(),
            };
            assert!(why.contains(words), "{fields}: {why}");
        };
        said("SGD", r#""mode":"mine","attrs":{"lr":0.1}"#, &[1], "the mode `mine`");
        said("SGD", r#""mode":"given","attrs":{"lr":0.1}"#, &[3], "row 3");
        said("LBFGS", r#""mode":"given","attrs":{"lr":1,"max_iter":1.5}"#, &[1], "no line");
        said("LBFGS", r#""mode":"given","attrs":{"lr":1,"groups":2}"#, &[1], "LBFGS with");
        let groups =
            |groups: &str| format!(r#""mode":"given","attrs":{{"lr":0.1}},"groups":[{groups}]"#);
        said("SGD", &groups(r#"{"params":["W"],"lr":1}"#), &[1], "not of W and b");
        let wide = groups(r#"{"params":["W","b"],"lr":1,"cycle":2}"#);
        said("SGD", &wide, &[1], "SGD with a group of");
        said("LBFGS", &groups(r#"{"params":["W","b"],"lr":1}"#), &[1], "LBFGS with groups");
    }

    #[test]
    fn half_a_pair_is_no_pair() {
        let fields = r#""mode":"given","attrs":{"lr":0.1,"betas":[null,0.9]}"#;
        assert!(matches!(outcome("Adam", fields, &[1], &[0.0]), Outcome::Failed(_)));
    }
}
