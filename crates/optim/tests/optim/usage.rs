//! The use of optimisers, right and wrong: groups, unused and frozen parameters, snapshots; what the errors say.

use crate::common::{param, step, tensor, values};
use wengert_autograd::{Param, Tape};
use wengert_files::Entry;
use wengert_optim::{
    Adagrad, Adam, Error, Lbfgs, Optimizer, ProximalStep, RmsProp, Rprop, Sgd, State,
};

/// The text without the line, which must be of this file.
fn text(error: Error) -> String {
    let text = error.to_string();
    let Some((text, line)) = text.rsplit_once("\n  at ") else { panic!("no line: {text}") };
    assert!(line.contains("tests/optim/usage.rs:"), "{line}");
    text.to_string()
}

#[test]
fn a_parameter_that_gets_no_gradient_is_named() {
    let names = ["l1.weight", "l1.bias", "l2.weight"];
    let all: Vec<Param<f32>> = names.iter().map(|name| param(name, &[1.0])).collect();
    let mut sgd = Sgd::new(all.clone(), 0.1);
    all[0].set_grad(Some(tensor(&[1.0])));
    assert_eq!(
        text(sgd.step().unwrap_err()),
        "Sgd: `l1.bias` and `l2.weight` got no gradient: the loss does not depend on them\n  help: use them in the forward pass, freeze them, leave them out of the optimiser, or say `.allow_unused()`"
    );
    assert_eq!(values(&all[0]), [1.0], "nothing is updated");
    all[2].set_frozen(true);
    assert_eq!(
        text(sgd.step().unwrap_err()),
        "Sgd: `l1.bias` got no gradient: the loss does not depend on it\n  help: use it in the forward pass, freeze it, leave it out of the optimiser, or say `.allow_unused()`"
    );
    // Once it has had one, a step without it is all right.
    all[1].set_grad(Some(tensor(&[1.0])));
    sgd.step().unwrap();
    all[1].zero_grad();
    sgd.step().unwrap();
    assert!((values(&all[0])[0] - 0.8).abs() < 1e-6);
    assert!((values(&all[1])[0] - 0.9).abs() < 1e-6);

    let mut sgd = Sgd::new(all.clone(), 0.1).allow_unused();
    sgd.step().unwrap();
}

#[test]
fn a_step_without_any_gradient_is_an_error_always() {
    let w = param::<f32>("w", &[1.0]);
    let mut sgd = Sgd::new([w.clone()], 0.1);
    let expected = "Sgd: its one parameter, `w`, has no gradient\n  help: call `loss.backward()` before `step()`, and `zero_grad()` before `backward()`, not after it; and make the optimiser from the parameters of the model that made this loss";
    assert_eq!(text(sgd.step().unwrap_err()), expected);
    step(&mut sgd, &[1.0]);
    sgd.zero_grad();
    assert_eq!(text(sgd.step().unwrap_err()), expected);
    let two = [w, param("v", &[1.0])];
    let mut sgd = Sgd::new(two, 0.1);
    assert!(text(sgd.step().unwrap_err()).starts_with("Sgd: none of its 2 parameters has"));
}

#[test]
fn frozen_parameters_stay() {
    let (w, v) = (param::<f32>("w", &[1.0]), param::<f32>("v", &[1.0]));
    let mut sgd = Sgd::new([w.clone(), v.clone()], 0.5);
    for p in [&w, &v] {
        p.set_grad(Some(tensor(&[1.0])));
    }
    v.set_frozen(true);
    sgd.step().unwrap();
    assert_eq!((values(&w), values(&v)), (vec![0.5], vec![1.0]));
    v.set_frozen(false);
    sgd.step().unwrap();
    assert_eq!((values(&w), values(&v)), (vec![0.0], vec![0.5]));
}

#[test]
fn settings_that_cannot_be_meant_are_refused_by_name() {
    let w = || [param::<f64>("w", &[1.0])];
    let refused = |optimizer: &mut dyn Optimizer<f64>| {
        optimizer.parameters()[0].set_grad(Some(tensor(&[1.0])));
        let text = text(optimizer.step().unwrap_err());
        assert_eq!(values(&optimizer.parameters()[0]), [1.0]);
        text
    };
    assert_eq!(
        refused(&mut Sgd::new(w(), -0.1)),
        "Sgd: `learning_rate` is -0.1, and must be finite, and not below 0"
    );
    assert_eq!(
        refused(&mut Sgd::new(w(), 0.1).nesterov()),
        "Sgd: `nesterov` needs a momentum above 0 and no dampening, and they are 0 and 0\n  help: say `.momentum(0.9).nesterov()`"
    );
    assert_eq!(
        refused(&mut Adam::new(w(), 0.1).betas(0.9, 1.0)),
        "Adam: `beta2` is 1, and must be at least 0 and less than 1"
    );
    assert_eq!(
        refused(&mut RmsProp::new(w(), 0.1).group("*", |g| g.eps(f64::NAN))),
        "RmsProp: `eps` is NaN, and must be finite, and not below 0 (in the group `*`)"
    );
    assert_eq!(
        refused(&mut Rprop::new(w(), 0.1).etas(1.5, 1.2)),
        "Rprop: `eta_minus` is 1.5, and must be above 0 and below 1"
    );
    let single = param::<f32>("w", &[1.0]);
    single.set_grad(Some(wengert_tensor::tensor![1.0_f32]));
    let mut sgd = Sgd::new([single.clone()], 1e300);
    let infinite = "`learning_rate` is 1e300, and must be finite as f32";
    assert_eq!(text(sgd.step().unwrap_err()), format!("Sgd: {infinite}"));
    let error = Lbfgs::new([single.clone()], 1e300).step(|| Ok::<_, Error>(0.0)).unwrap_err();
    assert_eq!(text(error), format!("Lbfgs: {infinite}"));
    let error = text(ProximalStep::l1(1e300).after(&sgd).unwrap_err());
    assert!(error.contains("`l1` is 1e300, and must be finite as f32"), "{error}");
    assert_eq!(single.value().iter().collect::<Vec<_>>(), [1.0]);
    let mut sgd = Sgd::new(w(), 0.1);
    sgd.set_learning_rate(f64::NAN);
    assert!(refused(&mut sgd).starts_with("Sgd: `learning_rate` is NaN"));
    sgd.set_learning_rate(0.5);
    step(&mut sgd, &[1.0]);

    let mut lbfgs = Lbfgs::new(w(), f64::INFINITY);
    let error = lbfgs.step(|| Ok::<_, Error>(0.0)).unwrap_err();
    assert!(text(error).starts_with("Lbfgs: `learning_rate` is inf"));
}

#[test]
fn groups_go_by_path_and_the_last_word_counts() {
    let names = ["l1.weight", "l1.bias", "head.weight", "head.bias"];
    let all: Vec<Param<f64>> = names.iter().map(|name| param(name, &[1.0])).collect();
    let mut sgd = Sgd::new(all.clone(), 0.1)
        .group("*.bias", |g| g.weight_decay(0.0))
        .group("head.*", |g| g.learning_rate(0.01))
        // What is said of all holds for groups too, wherever it is said.
        .weight_decay(1.0);
    let mut step = || {
        for p in &all {
            p.set(tensor(&[1.0]));
            p.set_grad(Some(tensor(&[1.0])));
        }
        sgd.step().unwrap();
        let moved =
            all.iter().map(|p| ((1.0 - values(p)[0]) * 1e6).round() / 1e6).collect::<Vec<_>>();
        sgd.set_learning_rate(0.05);
        moved
    };
    assert_eq!(step(), [0.2, 0.1, 0.02, 0.01]);
    // A group's own rate keeps its proportion.
    assert_eq!(step(), [0.1, 0.05, 0.01, 0.005]);

    let mut sgd = Sgd::new(all, 0.1).group("l3.*", |g| g);
    assert_eq!(
        text(sgd.step().unwrap_err()),
        "Sgd: the group `l3.*` matches no parameter\n  help: `*` stands for any letters; the parameters are `l1.weight`, `l1.bias`, `head.weight` and `head.bias`"
    );
}

#[test]
fn shapes_must_fit_and_strangers_are_refused() {
    let w = param::<f32>("w", &[1.0, 2.0]);
    let mut adam = Adam::new([w.clone()], 0.1);
    w.set_grad(Some(tensor(&[1.0])));
    assert_eq!(
        text(adam.step().unwrap_err()),
        "Adam: `w` has shape [2], and its gradient [1]\n  help: a gradient has its parameter's shape: nothing is broadcast"
    );
    step(&mut adam, &[1.0, 1.0]);
    w.set(tensor(&[1.0; 3]));
    w.set_grad(Some(tensor(&[1.0; 3])));
    assert_eq!(
        text(adam.step().unwrap_err()),
        "Adam: `w` has shape [3], and its optimiser's state [2]\n  help: a parameter that was given another shape needs a new optimiser"
    );
    let v = param::<f32>("v", &[1.0]);
    assert_eq!(
        text(adam.apply(&[(&v, &tensor(&[1.0]))]).unwrap_err()),
        "Adam: `v` is not one of its parameters, so it has no settings and no state for it\n  help: make the optimiser from the parameters that it is to update"
    );
    let mut adagrad = Adagrad::new([v], 0.1);
    assert_eq!(
        text(adagrad.set_momentum(0.9).unwrap_err()),
        "Adagrad: it has no momentum to set to 0.9\n  help: a schedule that sets one leaves it alone if told `.without_momentum()`"
    );
}

#[test]
fn a_shared_parameter_is_stepped_once() {
    let w = param::<f32>("w", &[1.0]);
    let mut sgd = Sgd::new([w.clone(), w.clone()], 0.25);
    assert_eq!(sgd.parameters().len(), 1);
    step(&mut sgd, &[1.0]);
    assert_eq!(values(&w), [0.75]);
}

#[test]
fn a_step_after_backward_writes_in_place_and_not_into_snapshots() {
    let w = param::<f32>("w", &[1.0, 2.0]);
    let mut adam = Adam::new([w.clone()], 0.1);
    let place = || w.update(|value, _| value.as_slice().unwrap().as_ptr());
    let start = place();
    let mut train = || {
        adam.zero_grad();
        let tape = Tape::new();
        tape.param(&w).square().sum().backward().unwrap();
        // The tape is still there.
        adam.step().unwrap();
    };
    train();
    assert_eq!(place(), start);
    let snapshot = w.value();
    let before = snapshot.to_vec();
    train();
    assert_eq!(snapshot.to_vec(), before);
    assert_ne!(w.value(), snapshot);
}

#[test]
fn settings_may_change_between_steps_and_what_is_kept_stays() {
    let w = param::<f64>("w", &[0.0]);
    let mut optimizer = RmsProp::new([w.clone()], 0.1).alpha(0.5);
    step(&mut optimizer, &[2.0]);
    optimizer.change(|settings| settings.momentum(0.5));
    step(&mut optimizer, &[0.0]);
    let state = optimizer.state();
    // 2² · ½ · ½: the mean has gone on; the momentum starts.
    assert_eq!(state.get("w.square_avg").unwrap().item().unwrap(), 1.0);
    assert_eq!(state.get("w.momentum_buffer").unwrap().item().unwrap(), 0.0);
    assert_eq!(state.number("w.step").unwrap(), 2.0);
    optimizer.set_momentum(0.0).unwrap();
    step(&mut optimizer, &[0.0]);
    let tensors =
        |state: State<f64>| state.iter().filter(|(_, e)| matches!(e, Entry::Float(_))).count();
    assert_eq!(tensors(optimizer.state()), 1);
}
