//! Each condition, and the weights that stay.

use wengert_nn::Linear;
use wengert_tensor::{Rng, Tensor};

use super::*;

fn run(mut stopping: EarlyStopping<f32>, losses: &[f64]) -> Option<Stopped> {
    let model = Linear::new(1, 1, &mut Rng::new(0));
    for (i, &loss) in losses.iter().enumerate() {
        model.weight.set(Tensor::full([1, 1], i as f32 + 1.0));
        if let Some(stopped) = stopping.after(&model, loss).unwrap() {
            if stopped.restored {
                let weight = model.weight.value().item().unwrap();
                assert_eq!(weight, stopped.best_epoch as f32);
            }
            return Some(stopped);
        }
    }
    None
}

#[test]
fn each_condition_fires_when_it_should() {
    let new = EarlyStopping::new;
    let stopped = run(new().loss_below(0.1), &[0.3, 0.1, 0.09]).unwrap();
    assert_eq!((stopped.why, stopped.epoch), (Why::LossBelow(0.1), 3));
    let stopped = run(new().epochs(2), &[0.3, 0.4, 0.1]).unwrap();
    assert_eq!((stopped.why, stopped.epoch, stopped.best_epoch), (Why::Epochs(2), 2, 1));
    assert!(run(new().patience(2), &[0.3, 0.4, 0.2, 0.3, 0.1, 0.2]).is_none());
    assert!(run(new(), &[1.0, 2.0, 3.0]).is_none());
}

#[test]
fn what_is_too_small_to_count_still_makes_the_best_weights() {
    let stopped = run(EarlyStopping::new().patience(2).min_delta(0.1), &[0.5, 0.45, 0.42]);
    let stopped = stopped.unwrap();
    assert_eq!((stopped.why, stopped.epoch), (Why::NoImprovement(2), 3));
    assert_eq!((stopped.best_epoch, stopped.best_loss), (3, 0.42));
}

#[test]
fn a_loss_that_is_no_number_stops_at_once() {
    let stopped = run(EarlyStopping::new(), &[0.5, f64::NAN]).unwrap();
    assert_eq!((stopped.why, stopped.best_epoch, stopped.restored), (Why::NotFinite, 1, true));
    let stopped = run(EarlyStopping::new(), &[f64::INFINITY]).unwrap();
    assert_eq!((stopped.best_epoch, stopped.restored), (0, false));
    assert!(stopped.to_string().ends_with("no epoch had a finite loss"), "{stopped}");
}

#[test]
fn a_gradient_that_is_short_stops_and_none_is_no_short_one() {
    let model = Linear::new(1, 1, &mut Rng::new(0));
    let mut stopping = EarlyStopping::<f32>::new().grad_norm_below(0.5);
    let error = stopping.after(&model, 1.0).unwrap_err().to_string();
    assert!(error.contains("before `zero_grad`") && error.contains("stopping/tests.rs"), "{error}");
    // 3, 4: 5 long.
    model.weight.set_grad(Some(Tensor::full([1, 1], 3.0)));
    model.bias.as_ref().unwrap().set_grad(Some(Tensor::full([1], 4.0)));
    assert!(stopping.after(&model, 1.0).unwrap().is_none());
    model.bias.as_ref().unwrap().set_grad(None);
    model.weight.set_grad(Some(Tensor::full([1, 1], 0.5)));
    assert!(stopping.after(&model, 0.9).unwrap().is_none());
    model.weight.set_grad(Some(Tensor::full([1, 1], -0.25)));
    let stopped = stopping.after(&model, 0.8).unwrap().unwrap();
    assert_eq!((stopped.why, stopped.epoch), (Why::GradNormBelow(0.5), 4));
    assert!(stopped.to_string().contains("the gradient is shorter than 0.5"), "{stopped}");
    model.weight.set_grad(Some(Tensor::full([1, 1], f32::NAN)));
    let error = stopping.after(&model, 0.8).unwrap_err().to_string();
    assert!(error.contains("is not finite"), "{error}");
}

#[test]
fn the_last_weights_stay_if_asked_for() {
    let stopped = run(EarlyStopping::new().patience(1).keep_last(), &[0.5, 0.6]).unwrap();
    assert!(!stopped.restored && stopped.best_epoch == 1);
}
