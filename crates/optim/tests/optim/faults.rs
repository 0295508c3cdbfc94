//! Steps and states that must be rejected: an error that names the parameter, and nothing is changed.

use crate::common::{param, tensor, values};
use wengert_autograd::{Param, Tape};
use wengert_files::Error as Unfit;
use wengert_optim::{
    Adam, AdamW, Average, Error, Lbfgs, NAdam, Optimizer, Rprop, Sgd, State, clip_each_grad_norm,
    clip_grad_norm,
};
use wengert_tensor::Tensor;

type Boxed = Box<dyn Optimizer<f32>>;

fn two() -> [Param<f32>; 2] {
    [param("first", &[1.0, 2.0]), param("second", &[3.0])]
}

fn optimisers(of: &[Param<f32>; 2]) -> Vec<Boxed> {
    vec![
        Box::new(Sgd::new(of.to_vec(), 0.5).momentum(0.9)),
        Box::new(Adam::new(of.to_vec(), 0.5)),
        Box::new(Rprop::new(of.to_vec(), 0.5)),
    ]
}

/// What must not change.
fn all(of: &[Param<f32>; 2], optimizer: &dyn Optimizer<f32>) -> (Vec<f64>, Vec<f64>, State<f32>) {
    (values(&of[0]), values(&of[1]), optimizer.state())
}

#[test]
fn a_gradient_that_is_not_finite_is_rejected_by_name_before_anything_moves() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let of = two();
        for mut optimizer in optimisers(&of) {
            of[0].set_grad(Some(tensor(&[1.0, 1.0])));
            of[1].set_grad(Some(tensor(&[bad])));
            let before = all(&of, &*optimizer);
            for _ in 0..2 {
                let error = optimizer.step().unwrap_err();
                assert!(matches!(&error, Error::NotFinite { name, .. } if name == "second"));
                let text = error.to_string();
                assert!(text.contains("the gradient of `second` is not finite"), "{text}");
                assert!(text.contains(&format!("it holds {bad}")), "{text}");
                assert!(text.contains("tests/optim/faults.rs"), "{text}");
                assert_eq!(format!("{error:?}"), text);
                assert!(all(&of, &*optimizer) == before);
            }
            let [g, h] = [tensor(&[1.0, 1.0]), tensor(&[bad])];
            let error = optimizer.apply(&[(&of[0], &g), (&of[1], &h)]).unwrap_err();
            assert!(matches!(&error, Error::NotFinite { name, .. } if name == "second"));
            assert!(all(&of, &*optimizer) == before);
        }
    }
    let w = param::<f32>("w", &[1.0]);
    let mut allowed = Sgd::new([w.clone()], 0.5).allow_non_finite();
    w.set_grad(Some(tensor(&[f64::NAN])));
    allowed.step().unwrap();
    assert!(values(&w)[0].is_nan());
}

#[test]
fn a_gradient_of_another_shape_moves_no_other_parameter() {
    let of = two();
    for mut optimizer in optimisers(&of) {
        of[0].set_grad(Some(tensor(&[1.0, 1.0])));
        of[1].set_grad(Some(tensor(&[1.0, 1.0])));
        let before = all(&of, &*optimizer);
        for _ in 0..2 {
            assert!(matches!(optimizer.step().unwrap_err(), Error::Shape(_)));
            assert!(all(&of, &*optimizer) == before);
        }
    }
}

#[test]
fn a_forgotten_zero_grad_is_said_and_accumulation_before_a_step_is_not() {
    let w = param::<f32>("w", &[1.0, -2.0]);
    let backward = || {
        let tape = Tape::new();
        tape.param(&w).square().sum().backward().unwrap();
    };
    let mut sgd = Sgd::new([w.clone()], 0.125);
    // Two halves of a batch, then a step.
    backward();
    backward();
    sgd.step().unwrap();
    // A second step with the same gradient adds nothing to it.
    sgd.step().unwrap();
    let before = values(&w);
    backward();
    // Clipping does not make the gradient a new one.
    clip_grad_norm(std::slice::from_ref(&w), 0.1).unwrap();
    let error = sgd.step().unwrap_err();
    assert!(matches!(error, Error::UsedGradient { .. }));
    let text = error.to_string();
    assert!(text.contains("`w`") && text.contains("call `optimizer.zero_grad()`"), "{text}");
    assert_eq!(values(&w), before);

    sgd.zero_grad();
    backward();
    sgd.step().unwrap();
    // A gradient that is written is a new one.
    backward();
    w.set_grad(Some(tensor(&[1.0, 1.0])));
    sgd.step().unwrap();

    let mut sgd = Sgd::new([w.clone()], 0.125).allow_used_gradients();
    backward();
    sgd.step().unwrap();
    backward();
    sgd.step().unwrap();
}

#[test]
fn backward_keep_twice_before_a_step_adds_and_two_optimisers_may_share_a_gradient() {
    let w = param::<f32>("w", &[1.0]);
    let (mut a, mut b) = (Sgd::new([w.clone()], 0.125), Sgd::new([w.clone()], 0.125));
    let tape = Tape::new();
    let loss = tape.param(&w).square().sum();
    loss.backward_keep().unwrap();
    loss.backward_keep().unwrap();
    a.step().unwrap();
    b.step().unwrap();
    assert_eq!(values(&w), [0.0]);
}

#[test]
fn lbfgs_rejects_what_is_not_finite_and_leaves_everything_as_it_was() {
    for search in [false, true] {
        let w = param::<f64>("w", &[1.0, -0.5]);
        let mut optimizer = Lbfgs::new([w.clone()], 0.5).max_iterations(4);
        if search {
            optimizer = optimizer.strong_wolfe();
        }
        let loss = |scale: f64| {
            let tape = Tape::new();
            let loss = (tape.param(&w).square() * scale).sum();
            loss.backward()?;
            loss.item()
        };
        optimizer.step(|| loss(1.0).map_err(|e| panic!("{e}")).or(Ok::<_, Error>(0.0))).unwrap();
        let before = (values(&w), optimizer.state());
        let mut calls = 0;
        let error = optimizer
            .step(|| {
                calls += 1;
                let scale = if calls < 2 { 1.0 } else { f64::NAN };
                Ok::<_, Box<dyn std::error::Error>>(loss(scale)?)
            })
            .unwrap_err();
        assert!(error.to_string().contains("Lbfgs: the loss is NaN"), "{error}");
        assert!((values(&w), optimizer.state()) == before, "search: {search}");

        // The loss is a number, and the gradient is not.
        let error = optimizer
            .step(|| {
                w.set_grad(Some(tensor(&[1.0, f64::INFINITY])));
                Ok::<_, Error>(1.0)
            })
            .unwrap_err();
        assert!(matches!(&error, Error::NotFinite { name, .. } if name == "w"), "{error}");
        assert!((values(&w), optimizer.state()) == before, "search: {search}");
    }
}

#[test]
fn numbers_of_a_state_are_checked_by_name_and_nothing_is_loaded() {
    let of = two();
    let mut nadam = NAdam::new(of.to_vec(), 0.1);
    of[0].set_grad(Some(tensor(&[1.0, 1.0])));
    of[1].set_grad(Some(tensor(&[1.0])));
    nadam.step().unwrap();
    let good = nadam.state();
    let huge = 1e300;
    for (key, bad) in [
        ("first.step", &[f64::NAN, -5.0, 1.5, huge, f64::INFINITY][..]),
        ("second.mu_product", &[f64::NAN, -1.0, 2.0]),
        ("learning_rate", &[f64::NAN, -1.0, f64::INFINITY]),
    ] {
        for &x in bad {
            let mut state = good.clone();
            state.insert_number(key, x);
            let error = nadam.load_state(state).unwrap_err();
            let Error::State(unfit) = &error else { panic!("{error}") };
            let Unfit::State { invalid, missing, .. } = &**unfit else { panic!("{error}") };
            assert!(missing.is_empty() && invalid.len() == 1, "{error}");
            assert!(invalid[0].starts_with(&format!("{key} is {x}, and must be")), "{error}");
            assert!(nadam.state() == good, "{key} {x}");
        }
    }
    let mut state = good.clone();
    state.insert("first.exp_avg", Tensor::zeros([3]));
    let error = nadam.load_state(state).unwrap_err().to_string();
    assert!(error.contains("`first.exp_avg [3] for [2]`"), "{error}");
    assert!(nadam.state() == good);
}

#[test]
fn a_good_state_cures_a_bad_rate() {
    let of = two();
    for mut optimizer in optimisers(&of) {
        let good = optimizer.state();
        optimizer.set_learning_rate(f64::NAN);
        optimizer.load_state(good.clone()).unwrap();
        assert_eq!(optimizer.learning_rate(), 0.5);
        let mut bad = good;
        bad.insert_number("learning_rate", f64::NAN);
        optimizer.load_state(bad).unwrap_err();
        assert_eq!(optimizer.learning_rate(), 0.5);
    }
}

#[test]
fn a_state_of_another_kind_is_rejected_by_name() {
    let of = two();
    let mut adamw = AdamW::new(of.to_vec(), 0.1);
    let mut saved = Adam::new(of.to_vec(), 0.2).state();
    let text = adamw.load_state(saved.clone()).unwrap_err().to_string();
    assert!(text.starts_with("AdamW: this state was made by `Adam`, and nothing was"), "{text}");
    assert_eq!(adamw.learning_rate(), 0.1);
    saved.kind = None;
    adamw.load_state(saved).unwrap();
    assert_eq!(adamw.learning_rate(), 0.2);

    let mut lbfgs = Lbfgs::new(of.to_vec(), 1.0);
    assert!(is_kind(lbfgs.load_state(adamw.state()).unwrap_err()));
    let mut state = lbfgs.state();
    state.insert_number("learning_rate", -1.0);
    assert!(is_state(lbfgs.load_state(state).unwrap_err()));
    let mut average = Average::equal(of.to_vec());
    let mut state = average.state();
    state.insert_number("updates", 0.5);
    assert!(is_state(average.load_state(state).unwrap_err()));
}

#[test]
fn a_parameter_that_is_named_twice_counts_once() {
    let w = param::<f64>("w", &[0.0, 0.0]);
    let twice = [w.clone(), w.clone()];
    let gradient = || w.set_grad(Some(tensor(&[3.0, 4.0])));
    let length = || w.grad().unwrap().norm(2.0).unwrap().item().unwrap();
    gradient();
    assert_eq!(clip_grad_norm(&twice, 1.0).unwrap(), 5.0);
    assert!((length() - 1.0).abs() < 1e-6);
    gradient();
    assert_eq!(clip_each_grad_norm(&twice, 1.0).unwrap(), [5.0, 5.0]);
    assert!((length() - 1.0).abs() < 1e-6);

    w.set(tensor(&[1.0, 1.0]));
    let mut average = Average::new(twice, 0.5);
    w.set(tensor(&[3.0, 5.0]));
    average.update().unwrap();
    average.swap();
    assert_eq!(values(&w), [2.0, 3.0]);
    average.swap();
    assert_eq!(values(&w), [3.0, 5.0]);
}

/// Whether a state is rejected because of its kind.
fn is_kind(error: Error) -> bool {
    matches!(error, Error::State(unfit) if matches!(*unfit, Unfit::Kind { .. }))
}

/// Whether a state is rejected because of its entries.
fn is_state(error: Error) -> bool {
    matches!(error, Error::State(unfit) if matches!(*unfit, Unfit::State { .. }))
}
