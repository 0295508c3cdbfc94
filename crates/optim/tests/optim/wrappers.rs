//! Optimisers around another one: Lookahead and SAM.

use crate::common::{draws, param, step, tensor, values};
use wengert_autograd::{Param, Tape};
use wengert_files::Error as Unfit;
use wengert_optim::{Adam, Error, Lookahead, Optimizer, Sam, Sgd};
use wengert_tensor::Tensor;

#[test]
fn lookahead_is_the_papers_two_loops() {
    let (every, alpha) = (3, 0.3);
    let w = param::<f64>("w", &[1.0, -2.0]);
    let mut optimizer = Lookahead::new(Sgd::new([w.clone()], 0.1), every, alpha);
    let (mut fast, mut slow) = ([1.0, -2.0], [1.0, -2.0]);
    let mut draw = draws(1);
    for t in 1..=20 {
        let g = [draw(), draw()];
        step(&mut optimizer, &g);
        for k in 0..2 {
            fast[k] -= 0.1 * g[k];
            if t % every == 0 {
                slow[k] += alpha * (fast[k] - slow[k]);
                fast[k] = slow[k];
            }
            assert!((values(&w)[k] - fast[k]).abs() < 1e-14, "step {t}");
        }
    }
    assert!((optimizer.slow()[0].to_vec()[0] - slow[0]).abs() < 1e-14);
}

#[test]
fn lookahead_starts_from_the_weights_of_the_first_step() {
    let w = param::<f64>("w", &[1.0]);
    let mut optimizer = Lookahead::new(Sgd::new([w.clone()], 1.0), 1, 0.5);
    w.set(tensor(&[10.0])); // weights that were loaded
    step(&mut optimizer, &[2.0]);
    assert_eq!(values(&w), [9.0]);
}

#[test]
fn lookahead_leaves_frozen_parameters_alone_and_a_failed_step_counts_for_nothing() {
    let of = [param::<f64>("a", &[1.0]), param("b", &[1.0])];
    of[1].set_frozen(true);
    let mut optimizer = Lookahead::new(Sgd::new(of.clone(), 1.0), 1, 0.5);
    let before = optimizer.state();
    of[0].set_grad(Some(tensor(&[f64::NAN])));
    assert!(matches!(optimizer.step(), Err(Error::NotFinite { .. })));
    assert_eq!(optimizer.state(), before);
    of[0].set_grad(Some(tensor(&[2.0])));
    optimizer.step().unwrap();
    assert_eq!((values(&of[0]), values(&of[1])), (vec![0.0], vec![1.0]));
}

#[test]
fn lookahead_checks_its_settings_and_its_states() {
    let w = param::<f64>("w", &[1.0]);
    w.set_grad(Some(tensor(&[1.0])));
    for (every, alpha, setting) in [(0, 0.5, "steps"), (5, 1.5, "alpha"), (5, f64::NAN, "alpha")] {
        let error = Lookahead::new(Sgd::new([w.clone()], 1.0), every, alpha).step().unwrap_err();
        assert!(
            error.to_string().contains(setting) && error.to_string().contains("wrappers.rs"),
            "{error}"
        );
        assert_eq!(values(&w), [1.0]);
    }

    let mut optimizer = Lookahead::new(Adam::new([w.clone()], 0.1), 2, 0.5);
    step(&mut optimizer, &[1.0]);
    let good = optimizer.state();
    assert_eq!(good.kind.as_deref(), Some("Lookahead of Adam"));
    let mut of_another = Lookahead::new(Sgd::new([w.clone()], 0.1), 2, 0.5);
    assert!(is_kind(of_another.load_state(good.clone()).unwrap_err()));
    let plain = Adam::new([w.clone()], 0.1).state();
    assert!(is_kind(optimizer.load_state(plain).unwrap_err()));
    for name in ["w.slow", "inner.w.exp_avg"] {
        let mut lacking = good.clone();
        lacking.remove(name);
        assert!(is_state(optimizer.load_state(lacking).unwrap_err()), "{name}");
        assert_eq!(optimizer.state(), good);
    }
}

/// Foret's algorithm in plain loops, on a sum of quartics.
#[test]
fn sam_is_the_papers_algorithm() {
    for adaptive in [false, true] {
        let of = [param::<f64>("a", &[1.0, -2.0]), param("b", &[0.5])];
        let sam = Sam::new(Sgd::new(of.clone(), 0.02), 0.3);
        let mut sam = if adaptive { sam.adaptive() } else { sam };
        let mut expected = [1.0, -2.0, 0.5_f64];
        let slope = |x: f64| x.powi(3) - 0.2;
        for _ in 0..30 {
            let loss = sam
                .step(|| {
                    let tape = Tape::new();
                    let of = of.each_ref().map(|p| tape.param(p));
                    let loss = of.map(|x| (x.square().square() * 0.25 - x * 0.2).sum());
                    let loss = loss[0] + loss[1];
                    loss.backward()?;
                    Ok::<_, Box<dyn std::error::Error>>(loss.item()?)
                })
                .unwrap();
            let here: f64 = expected.iter().map(|x| x.powi(4) / 4.0 - 0.2 * x).sum();
            assert!((loss - here).abs() < 1e-12);
            let weight = |x: f64| if adaptive { x.abs() } else { 1.0 };
            let size = expected.iter().map(|&x| (weight(x) * slope(x)).powi(2)).sum::<f64>().sqrt();
            expected = expected.map(|x| {
                let worst = x + 0.3 * weight(x).powi(2) * slope(x) / size;
                x - 0.02 * slope(worst)
            });
            let got = [values(&of[0]), values(&of[1])].concat();
            for (got, expected) in got.iter().zip(expected) {
                assert!((got - expected).abs() < 1e-12, "{got} {expected}");
            }
        }
    }
}

/// Whatever fails, and when, the weights and the optimiser are those before the step.
#[test]
fn a_step_of_sam_that_fails_changes_nothing() {
    let of = [param::<f64>("a", &[1.0, -2.0]), param("b", &[0.5])];
    let mut sam = Sam::new(Adam::new(of.clone(), 0.1), 0.3);
    let good = |of: &[Param<f64>; 2]| {
        of[0].set_grad(Some(tensor(&[1.0, 2.0])));
        of[1].set_grad(Some(tensor(&[3.0])));
        Ok::<_, Error>(1.0)
    };
    sam.step(|| good(&of)).unwrap();
    let snapshot = |sam: &Sam<Adam<f64>>| (values(&of[0]), values(&of[1]), sam.optimizer().state());
    let before = snapshot(&sam);
    let mut fails = |when: u32, fault: &dyn Fn() -> Result<f64, Error>| {
        let mut runs = 0;
        let error = sam.step(|| {
            runs += 1;
            good(&of)?;
            if runs == when { fault() } else { Ok(1.0) }
        });
        assert!(snapshot(&sam) == before);
        error.unwrap_err().to_string()
    };
    for when in [1, 2] {
        let text = fails(when, &|| {
            of[1].set_grad(Some(tensor(&[f64::INFINITY])));
            Ok(1.0)
        });
        assert!(text.contains("the gradient of `b` is not finite"), "{text}");
        fails(when, &|| {
            of[1].set_grad(Some(Tensor::zeros([2])));
            Ok(1.0)
        });
        let at = std::panic::Location::caller();
        assert!(fails(when, &|| Err(Error::Use("the model broke".into(), at))).contains("broke"));
    }
    let mut wrong = Sam::new(Sgd::new(of.clone(), 0.1), -1.0);
    let error = wrong.step(|| good(&of)).unwrap_err().to_string();
    assert!(error.contains("`rho` is -1") && error.contains("wrappers.rs"), "{error}");
}

/// Whether a state is rejected because of its kind.
fn is_kind(error: Error) -> bool {
    matches!(error, Error::State(unfit) if matches!(*unfit, Unfit::Kind { .. }))
}

/// Whether a state is rejected because of its entries.
fn is_state(error: Error) -> bool {
    matches!(error, Error::State(unfit) if matches!(*unfit, Unfit::State { .. }))
}
