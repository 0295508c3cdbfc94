//! Kind `sched`: schedules of the learning rate (and of momentum), by PyTorch's names and settings.

use wengert::autograd::Tape;
use wengert::optim::schedule::{
    Anneal, ConstantLr, CosineAnnealingLr, CosineAnnealingWarmRestarts, CyclicLr, ExponentialLr,
    LinearLr, Mode, MultiStepLr, OneCycleLr, PolynomialLr, ReduceLrOnPlateau, Schedule, StepLr,
    Threshold,
};
use wengert::tensor::Tensor;

use super::call::{Call, Options, Refusal};
use super::op::Wrong;
use super::support::compare::{compare, widened};
use super::support::{Case, Json, Outcome};
use crate::table;

table! {
    fn build -> Box<dyn Schedule>, boxed;

    ConstantLR(rate: f64, factor: MaybeNumber, total_iters: MaybeIndex) =>
        ConstantLr::new(rate).factor(factor.unwrap_or(1.0 / 3.0), total_iters.unwrap_or(5));
    LinearLR(rate: f64, start_factor: MaybeNumber, end_factor: MaybeNumber, total_iters: MaybeIndex) =>
        LinearLr::new(rate, total_iters.unwrap_or(5))
            .maybe(start_factor, LinearLr::from).maybe(end_factor, LinearLr::to);
    StepLR(rate: f64, step_size: usize, gamma: MaybeNumber) =>
        StepLr::new(rate, step_size).maybe(gamma, StepLr::gamma);
    MultiStepLR(rate: f64, milestones: Sizes, gamma: MaybeNumber) =>
        MultiStepLr::new(rate, milestones).maybe(gamma, MultiStepLr::gamma);
    ExponentialLR(rate: f64, gamma: f64) => ExponentialLr::new(rate, gamma);
    PolynomialLR(rate: f64, total_iters: MaybeIndex, power: MaybeNumber) =>
        PolynomialLr::new(rate, total_iters.unwrap_or(5)).maybe(power, PolynomialLr::power);
    CosineAnnealingLR(rate: f64, T_max: usize, eta_min: MaybeNumber) =>
        CosineAnnealingLr::new(rate, T_max).maybe(eta_min, CosineAnnealingLr::to);
    CosineAnnealingWarmRestarts(rate: f64, T_0: usize, T_mult: MaybeIndex, eta_min: MaybeNumber) =>
        CosineAnnealingWarmRestarts::new(rate, T_0)
            .maybe(T_mult, CosineAnnealingWarmRestarts::longer)
            .maybe(eta_min, CosineAnnealingWarmRestarts::to);
    CyclicLR(rate: f64, base_lr: f64, max_lr: f64, step_size_up: MaybeIndex, step_size_down: MaybeIndex,
             mode: MaybeText, gamma: MaybeNumber, scale_mode: MaybeText, cycle_momentum: MaybeBool,
             base_momentum: MaybeNumber, max_momentum: MaybeNumber) =>
        CyclicLr::new(base_lr, max_lr, step_size_up.unwrap_or(2000))
            .maybe(step_size_down, CyclicLr::down)
            .when(word(&mode, CYCLES)? == "triangular2", CyclicLr::halving)
            .when(word(&mode, CYCLES)? == "exp_range", |s| s.shrinking(gamma.unwrap_or(1.0)))
            .when(base_momentum.or(max_momentum).is_some(), |s| {
                s.momenta(base_momentum.unwrap_or(0.8), max_momentum.unwrap_or(0.9))
            })
            .when(cycle_momentum == Some(false), CyclicLr::without_momentum),
        as "CyclicLr::new(base_lr, max_lr, step_size_up).down(step_size_down).halving().shrinking(gamma).momenta(base_momentum, max_momentum).without_momentum()";
    OneCycleLR(rate: f64, max_lr: f64, total_steps: MaybeIndex, epochs: MaybeIndex,
               steps_per_epoch: MaybeIndex, pct_start: MaybeNumber, anneal_strategy: MaybeText,
               cycle_momentum: MaybeBool, base_momentum: MaybeNumber, max_momentum: MaybeNumber,
               div_factor: MaybeNumber, final_div_factor: MaybeNumber, three_phase: Flag) =>
        OneCycleLr::new(max_lr, total(total_steps, epochs, steps_per_epoch)?)
            .maybe(pct_start, OneCycleLr::rise)
            .when(word(&anneal_strategy, &["cos", "linear"])? == "linear", |s| s.anneal(Anneal::Linear))
            .when(div_factor.or(final_div_factor).is_some(), |s| {
                s.divisors(div_factor.unwrap_or(25.0), final_div_factor.unwrap_or(1e4))
            })
            .when(base_momentum.or(max_momentum).is_some(), |s| {
                s.momenta(base_momentum.unwrap_or(0.85), max_momentum.unwrap_or(0.95))
            })
            .when(cycle_momentum == Some(false), OneCycleLr::without_momentum)
            .when(three_phase, OneCycleLr::three_phases),
        as "OneCycleLr::new(max_lr, total_steps).rise(pct_start).anneal(Anneal::Linear).divisors(div_factor, final_div_factor).momenta(base_momentum, max_momentum).without_momentum().three_phases()";
}

/// The shapes of a cycle.
const CYCLES: &[&str] = &["triangular", "triangular2", "exp_range"];

/// One of these words, the first if none is given.
fn word<'w>(given: &Option<String>, words: &[&'w str]) -> Result<&'w str, Refusal> {
    let given = given.as_deref().unwrap_or(words[0]);
    let word = words.iter().find(|word| **word == given);
    word.copied().ok_or_else(|| Refusal::inexpressible(format!("`{given}`, not one of {words:?}")))
}

/// The steps of one cycle.
fn total(
    steps: Option<usize>,
    epochs: Option<usize>,
    each: Option<usize>,
) -> Result<usize, Refusal> {
    let product = || epochs.zip(each).map(|(epochs, each)| epochs * each);
    steps.or_else(product).ok_or_else(|| Refusal::inexpressible("a cycle of no known length"))
}

fn boxed(schedule: impl Schedule + 'static) -> Result<Box<dyn Schedule>, Refusal> {
    Ok(Box::new(schedule))
}

/// A schedule by PyTorch's name and settings, from this rate.
pub fn schedule(op: &str, rate: f64, attrs: &Json) -> Result<Box<dyn Schedule>, Refusal> {
    if op == "SequentialLR" {
        return sequential(rate, attrs);
    }
    // What PyTorch takes from the optimiser, ours are told.
    let mut fields = attrs.fields().to_vec();
    fields.push(("rate".to_string(), Json::Number(rate)));
    let attrs = Json::Object(fields);
    let tape = Tape::<f64>::new();
    let call = Call { tape: &tape, op, args: Default::default(), attrs: &attrs };
    build(&call).map_err(|refusal| match refusal {
        Refusal::Missing(_) if ROWS.iter().any(|row| row.op == op) => {
            Refusal::Missing(format!("{op} with {attrs}"))
        }
        Refusal::Missing(_) => Refusal::Missing(op.to_string()),
        other => other,
    })
}

/// `a.then(10, b).then(20, c)`: one after another, each from its own beginning.
fn sequential(rate: f64, attrs: &Json) -> Result<Box<dyn Schedule>, Refusal> {
    let known = |key: &str| matches!(key, "schedulers" | "milestones");
    let mut parts = Vec::new();
    if attrs.fields().iter().any(|(key, x)| !known(key) && !x.is_null()) {
        return Err(Refusal::Missing(format!("SequentialLR with {attrs}")));
    }
    for part in attrs.get("schedulers").list() {
        let (op, settings) =
            described(part).ok_or_else(|| Refusal::Missing(format!("SequentialLR of {part}")))?;
        parts.push(schedule(op, rate, &settings)?);
    }
    let milestones = attrs.get("milestones").list().iter();
    let milestones: Option<Vec<usize>> =
        milestones.map(|x| usize::try_from(x.integer()?).ok()).collect();
    let milestones = milestones.filter(|list| list.len() + 1 == parts.len());
    let milestones = milestones.ok_or_else(|| {
        Refusal::inexpressible(format!(
            "{} schedules, and not a milestone between two each",
            parts.len()
        ))
    })?;
    let mut parts = parts.into_iter();
    let Some(mut all) = parts.next() else {
        return Err(Refusal::Missing(format!("SequentialLR with {attrs}")));
    };
    for (part, milestone) in parts.zip(milestones) {
        all = Box::new(all.then(milestone, part));
    }
    Ok(all)
}

/// A schedule's name and settings: beside the name, under `attrs`, or as a pair.
pub fn described(part: &Json) -> Option<(&str, Json)> {
    if let [Json::Text(op), settings] = part.list() {
        return Some((op, settings.clone()));
    }
    let (name, op) = part.fields().iter().find_map(|(key, x)| {
        matches!(&**key, "op" | "name" | "type").then_some((key, x.text()?))
    })?;
    let settings = match part.get("attrs") {
        Json::Null => {
            let rest = part.fields().iter().filter(|(key, _)| key != name);
            Json::Object(rest.cloned().collect())
        }
        attrs => attrs.clone(),
    };
    Some((op, settings))
}

/// The one schedule that looks at the losses.
fn plateau(rate: f64, attrs: &Json) -> Result<ReduceLrOnPlateau, Refusal> {
    let tape = Tape::<f64>::new();
    let call = Call { tape: &tape, op: "ReduceLROnPlateau", args: Default::default(), attrs };
    let known =
        ["mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "min_lr", "eps"];
    if !call.has_only(&known) {
        return Err(Refusal::Missing(format!("ReduceLROnPlateau with {attrs}")));
    }
    let number = |key: &str| call.get::<Option<f64>>(key);
    let count = |key: &str| call.get::<Option<usize>>(key);
    let text = |key: &str| call.get::<Option<String>>(key);
    let mode = match text("mode")?.as_deref() {
        None | Some("min") => Mode::Min,
        Some("max") => Mode::Max,
        Some(other) => return Err(Refusal::inexpressible(format!("the mode `{other}`"))),
    };
    let by = number("threshold")?.unwrap_or(1e-4);
    let threshold = match text("threshold_mode")?.as_deref() {
        None | Some("rel") => Threshold::Relative(by),
        Some("abs") => Threshold::Absolute(by),
        Some(other) => return Err(Refusal::inexpressible(format!("the threshold mode `{other}`"))),
    };
    Ok(ReduceLrOnPlateau::new(rate)
        .mode(mode)
        .threshold(threshold)
        .maybe(number("factor")?, ReduceLrOnPlateau::factor)
        .maybe(count("patience")?, ReduceLrOnPlateau::patience)
        .maybe(count("cooldown")?, ReduceLrOnPlateau::cooldown)
        .maybe(number("min_lr")?, ReduceLrOnPlateau::at_least)
        .maybe(number("eps")?, ReduceLrOnPlateau::eps))
}

/// Runs a case.
pub fn run(case: Case) -> Outcome {
    match check(case) {
        Ok(()) => Outcome::Passed,
        Err(Wrong::Missing(what)) => Outcome::Unsupported(what),
        Err(Wrong::Differs(why)) => Outcome::Failed(why),
    }
}

fn check(case: Case) -> Result<(), Wrong> {
    let rate = case.json.get("base_lr").number().ok_or("`base_lr` is no number".to_string())?;
    let outputs = case.names("outputs");
    let known: &[&str] =
        if case.op() == "ReduceLROnPlateau" { &["lr"] } else { &["lr", "momentum"] };
    if !outputs.contains(&"lr") || outputs.iter().any(|name| !known.contains(name)) {
        return Err(Wrong::Missing(format!("the outputs {outputs:?} of {}", case.op())));
    }
    let tol = case.tolerance("y")?;
    // Only what is not PyTorch's default, so that our defaults are judged too.
    let settings = match case.json.get("given") {
        Json::Object(given) if case.op() != "SequentialLR" => &Json::Object(given.clone()),
        _ => case.attrs(),
    };
    let expected = case.stored("lr")?;
    let count = expected.shape().first().copied().unwrap_or(0);
    if case.op() == "ReduceLROnPlateau" {
        let mut plateau = plateau(rate, settings)?;
        let metrics = case.stored("metrics")?.numbers();
        let mut rates = vec![rate];
        if metrics.len() != count && metrics.len() + 1 != count {
            return Err(format!("{} metrics for {count} rates", metrics.len()).into());
        }
        rates.extend(metrics.iter().map(|&loss| plateau.step(loss)));
        rates.truncate(count);
        return Ok(compare("lr", &widened(&Tensor::from(rates)), expected, tol)?);
    }
    let schedule = schedule(case.op(), rate, settings)?;
    let rates: Vec<f64> = (0..count).map(|t| schedule.rate(t)).collect();
    compare("lr", &widened(&Tensor::from(rates)), expected, tol)?;
    if case.names("outputs").contains(&"momentum") {
        let momenta: Option<Vec<f64>> = (0..count).map(|t| schedule.momentum(t)).collect();
        let momenta = momenta.ok_or("the schedule leaves the momentum alone".to_string())?;
        compare("momentum", &widened(&Tensor::from(momenta)), case.stored("momentum")?, tol)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(op: &str, attrs: &str) -> String {
        let attrs = Json::read(attrs).unwrap();
        let made = match op {
            "ReduceLROnPlateau" => plateau(0.1, &attrs).map(|_| ()),
            _ => schedule(op, 0.1, &attrs).map(|_| ()),
        };
        made.map_or_else(|refusal| refusal.to_string(), |()| String::new())
    }

    #[test]
    fn an_option_of_no_meaning_is_refused() {
        let said = |op: &str, attrs: &str, words: &str| {
            let why = refused(op, attrs);
            assert!(why.contains(words), "{op} {attrs}: {why}");
        };
        said("CyclicLR", r#"{"base_lr":0.1,"max_lr":1,"mode":"round"}"#, "`round`, not one of");
        said("OneCycleLR", r#"{"max_lr":1,"total_steps":9,"anneal_strategy":"slow"}"#, "`slow`");
        said("OneCycleLR", r#"{"max_lr":1,"epochs":9}"#, "no known length");
        said("ReduceLROnPlateau", r#"{"min_lr":[0.1]}"#, "no line of the table");
        said("ReduceLROnPlateau", r#"{"patience":1.5}"#, "no line of the table");
        said("ReduceLROnPlateau", r#"{"verbose":true}"#, "ReduceLROnPlateau with");
        let two = r#"[["ConstantLR",{}],["ConstantLR",{}]]"#;
        said("SequentialLR", &format!(r#"{{"schedulers":{two},"milestones":[]}}"#), "milestone");
        let last = format!(r#"{{"schedulers":{two},"milestones":[3],"last_epoch":2}}"#);
        said("SequentialLR", &last, "SequentialLR with");
        assert_eq!(refused("OneCycleLR", r#"{"max_lr":1,"total_steps":9}"#), "");
        assert_eq!(refused("CyclicLR", r#"{"base_lr":0.1,"max_lr":1}"#), "");
    }
}
