//! Clipping: lengths, what is refused, what is left alone; and averages of weights.

use crate::common::{param, tensor, values};
use wengert_autograd::Param;
use wengert_optim::{
    Average, ClipNorm, Error, clip_each_grad_norm, clip_grad_norm, clip_grad_value, grad_norm,
};
use wengert_tensor::Float;

fn with_grads<T: Float>(grads: &[&[f64]]) -> Vec<Param<T>> {
    let one = |(k, g): (usize, &&[f64])| {
        let param = param(&format!("w{k}"), &vec![0.0; g.len()]);
        param.set_grad(Some(tensor(g)));
        param
    };
    grads.iter().enumerate().map(one).collect()
}

fn grads<T: Float>(parameters: &[Param<T>]) -> Vec<f64> {
    parameters.iter().filter_map(Param::grad).flat_map(|g| g.to_vec()).map(|g| g.to_f64()).collect()
}

#[test]
fn the_whole_is_shortened_to_its_length() {
    let all = with_grads::<f64>(&[&[3.0, 0.0], &[-4.0]]);
    assert_eq!(grad_norm(&all).unwrap(), 5.0);
    assert_eq!(clip_grad_norm(&all, 10.0).unwrap(), 5.0);
    assert_eq!(grads(&all), [3.0, 0.0, -4.0], "short enough: not touched");
    assert_eq!(clip_grad_norm(&all, 1.0).unwrap(), 5.0);
    let by_hand = 1.0 / (5.0 + 1e-6);
    assert_eq!(grads(&all), [3.0 * by_hand, 0.0, -4.0 * by_hand]);

    let all = with_grads::<f32>(&[&[3.0, 0.0], &[-4.0]]);
    assert_eq!(ClipNorm::new(1.5).max(), 1.5);
    assert_eq!(ClipNorm::new(1.0).norm(1.0).clip(&all).unwrap(), 7.0);
    let all = with_grads::<f32>(&[&[3.0, 0.0], &[-4.0]]);
    assert_eq!(ClipNorm::new(1.0).norm(f64::INFINITY).clip(&all).unwrap(), 4.0);
    assert_eq!(grads(&all)[2], f64::from(-4.0 * (1.0_f32 / (4.0 + 1e-6))));
}

#[test]
fn each_by_itself_and_number_by_number() {
    let all = with_grads::<f64>(&[&[3.0, 4.0], &[0.5], &[-8.0]]);
    all[1].set_grad(None);
    assert_eq!(clip_each_grad_norm(&all, 4.0).unwrap(), [5.0, 0.0, 8.0]);
    let expected = [3.0 * 4.0 / (5.0 + 1e-6), 4.0 * 4.0 / (5.0 + 1e-6), -8.0 * 4.0 / (8.0 + 1e-6)];
    for (got, expected) in grads(&all).iter().zip(expected) {
        assert!((got - expected).abs() < 1e-15);
    }
    let all = with_grads::<f32>(&[&[f64::NAN, -0.25, 7.0, f64::NEG_INFINITY]]);
    clip_grad_value(&all, 0.5).unwrap();
    let got = grads(&all);
    assert!(got[0].is_nan());
    assert_eq!(got[1..], [-0.25, 0.5, -0.5]);
}

#[test]
fn lengths_beyond_the_type_are_no_infinities() {
    // The squares overflow, in the second the length itself does.
    for (g, norm) in [(3e30, 5e30), (3e38, 3e38 * 5.0 / 3.0)] {
        let all = with_grads::<f32>(&[&[g], &[4.0 / 3.0 * if g > 1e38 { 2.5e38 } else { g }]]);
        let got = clip_grad_norm(&all, 1.0).unwrap();
        assert!(got.is_finite() && got > 0.7 * norm && got < 1.1 * norm, "{got}");
        assert!((grad_norm(&all).unwrap() - 1.0).abs() < 1e-6);
    }
    let all = with_grads::<f32>(&[&[3e38, 3e38]]);
    assert!((clip_grad_norm(&all, 1.0).unwrap() / 3e38 - 2f64.sqrt()).abs() < 1e-6);
    let all = with_grads::<f64>(&[&[1e200, 1e200], &[1e200]]);
    assert!((clip_grad_norm(&all, 1.0).unwrap() / 1e200 - 3f64.sqrt()).abs() < 1e-12);
    let all = with_grads::<f64>(&[&[1e-200], &[1e-200]]);
    assert!((grad_norm(&all).unwrap() / 1e-200 - 2f64.sqrt()).abs() < 1e-12);
}

#[test]
fn what_is_not_finite_is_refused_by_name_and_nothing_is_changed() {
    let all = with_grads::<f32>(&[&[9.0], &[1.0, f64::INFINITY]]);
    let error = clip_grad_norm(&all, 1.0).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with(
            "clip_grad_norm: the gradient of `w1` is not finite: it holds inf\n  help: check the data for NaN; `loss.first_non_finite_gradient()`, asked before `backward`, names the op that made it; a lower learning rate or a loss on logits often cures it; `.allow_non_finite()` lets it pass\n  at crates/optim/tests/optim/clipping.rs"
        ),
        "{text}"
    );
    assert!(matches!(error, Error::NotFinite { name, .. } if name == "w1"));
    assert_eq!(grads(&all), [9.0, 1.0, f64::INFINITY]);
    assert!(matches!(clip_each_grad_norm(&all, 1.0), Err(Error::NotFinite { .. })));
    assert_eq!(grads(&all)[0], 9.0);
    // As PyTorch does it, if asked.
    let norm = ClipNorm::new(1.0).allow_non_finite().clip(&all).unwrap();
    assert_eq!(norm, f64::INFINITY);
    assert_eq!(grads(&all)[0], 0.0);
    let all = with_grads::<f32>(&[&[9.0, f64::NAN]]);
    assert!(ClipNorm::new(1.0).allow_non_finite().clip(&all).unwrap().is_nan());
    assert!(grads(&all)[0].is_nan());
}

#[test]
fn bounds_that_would_turn_gradients_are_refused() {
    let all = with_grads::<f32>(&[&[9.0]]);
    let text = clip_grad_norm(&all, -1.0).unwrap_err().to_string();
    assert!(
        text.starts_with(
            "clip_grad_norm: `max_norm` is -1, and must not be below 0: it would turn every gradient\n"
        ),
        "{text}"
    );
    assert!(clip_grad_norm(&all, f64::NAN).is_err());
    assert!(clip_grad_value(&all, -1.0).is_err());
    assert!(ClipNorm::new(1.0).norm(0.0).clip(&all).is_err());
    assert_eq!(grads(&all), [9.0]);
    // None at all, and none with numbers.
    assert_eq!(clip_grad_norm::<f32>(&[], 1.0).unwrap(), 0.0);
    assert_eq!(clip_grad_norm(&with_grads::<f32>(&[&[]]), 1.0).unwrap(), 0.0);
}

#[test]
fn averages() {
    let w = param::<f64>("w", &[0.0]);
    let (mut running, mut equal) = (Average::new([w.clone()], 0.5), Average::equal([w.clone()]));
    for x in [1.0, 2.0, 6.0] {
        w.set(tensor(&[x]));
        running.update().unwrap();
        equal.update().unwrap();
    }
    assert_eq!(running.values()[0].to_vec(), [0.125 + 0.5 + 3.0]);
    assert!((equal.values()[0].to_vec()[0] - 3.0).abs() < 1e-15);
    running.swap();
    assert_eq!(values(&w), [3.625]);
    assert_eq!(running.values()[0].to_vec(), [3.625]);
    let text = running.update().unwrap_err().to_string();
    assert!(text.contains("call `swap()` once more"), "{text}");
    assert_eq!(running.state().get("w.average").unwrap().to_vec(), [3.625]);
    let text = running.load_state(equal.state()).unwrap_err().to_string();
    assert!(text.contains("before `load_state()`"), "{text}");
    running.swap();
    assert_eq!(values(&w), [6.0]);

    // Saved and loaded, it goes on as if it had not been.
    let mut again = Average::equal([w.clone()]);
    again.load_state(equal.state()).unwrap();
    w.set(tensor(&[11.0]));
    equal.update().unwrap();
    again.update().unwrap();
    assert_eq!(again.state(), equal.state());
    assert_eq!(again.values()[0].to_vec(), [5.0]);
    let before = again.state();
    let other = Average::new([param::<f64>("v", &[1.0, 2.0])], 0.5).state();
    let text = again.load_state(other).unwrap_err().to_string();
    assert!(text.contains("missing: `w.average`"), "{text}");
    let wide = Average::new([param::<f64>("w", &[1.0, 2.0])], 0.5).state();
    let text = again.load_state(wide).unwrap_err().to_string();
    assert!(text.contains("w.average [2] for [1]"), "{text}");
    assert_eq!(again.state(), before);
    let mut wrong = Average::new([w], 1.5);
    assert!(matches!(wrong.update(), Err(Error::Setting { setting: "decay", .. })));
}
