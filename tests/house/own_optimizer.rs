//! An optimiser of the user's own: four methods, and it does what the others do.

use wengert::autograd::Param;
use wengert::data::{DataLoader, synth};
use wengert::loss::CrossEntropyLoss;
use wengert::nn::{Linear, Parts, Relu, Sequential};
use wengert::optim::{Error, Optimizer, Sgd};
use wengert::tensor::{Rng, Tensor, tensor};
use wengert::train::{Checkpoint, Trainer};

/// What a user writes who wants a method of his own: no more than must be.
struct Plain {
    parameters: Vec<Param<f32>>,
    rate: f64,
}

impl Optimizer<f32> for Plain {
    fn step(&mut self) -> wengert::optim::Result<()> {
        for p in &self.parameters {
            p.update(|w, g| {
                if let Some(g) = g {
                    *w = &*w - &*g * self.rate as f32;
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
    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.rate = learning_rate;
    }
}

/// The text without the line, which must be of this file.
fn text(error: Error) -> String {
    let text = error.to_string();
    let Some((text, line)) = text.rsplit_once("\n  at ") else { panic!("no line: {text}") };
    assert!(line.contains("tests/house/own_optimizer.rs:"), "{line}");
    text.to_string()
}

fn param(path: &str, value: Tensor<f32>) -> Param<f32> {
    let param = Param::new(value);
    param.set_path(path);
    param
}

#[test]
fn it_has_the_rest_by_itself() {
    let (a, b) = (param("a", tensor![1.0, 2.0]), param("b", tensor![3.0]));
    let mut plain = Plain { parameters: vec![a.clone(), b.clone()], rate: 0.5 };
    // By gradients from elsewhere; those of `backward` stay as they are.
    b.set_grad(Some(tensor![8.0]));
    plain.apply(&[(&a, &tensor![2.0, 4.0])]).unwrap();
    assert_eq!((a.value(), b.value()), (tensor![0.0, 0.0], tensor![3.0]));
    assert!(a.grad().is_none() && b.grad().unwrap() == tensor![8.0]);
    let other = param("other", tensor![1.0]);
    assert_eq!(
        text(plain.apply(&[(&other, &tensor![1.0])]).unwrap_err()),
        "Plain: `other` is not one of its parameters, so it has no settings and no state for it\n  help: make the optimiser from the parameters that it is to update"
    );
    assert_eq!(
        text(plain.set_momentum(0.9).unwrap_err()),
        "Plain: it has no momentum to set to 0.9\n  help: a schedule that sets one leaves it alone if told `.without_momentum()`"
    );
    let saved = plain.state();
    plain.set_learning_rate(0.1);
    plain.load_state(saved.clone()).unwrap();
    assert_eq!(plain.learning_rate(), 0.5);
    let mut adams = saved;
    adams.insert_number("a.step", 3.0);
    adams.remove("learning_rate");
    assert_eq!(
        text(plain.load_state(adams).unwrap_err()),
        "Plain: this state is not of these parameters and settings, and nothing was loaded\n  missing: `learning_rate`\n  unexpected: `a.step`"
    );
    assert_eq!(plain.learning_rate(), 0.5, "nothing is loaded");
}

#[test]
fn it_trains_by_an_optimiser_of_ones_own() {
    let (moons, _) = synth::moons(110, 0.2, 0).split(0.3, 0).unwrap();
    let train = DataLoader::new(moons, 20).unwrap().shuffle(1);
    let criterion = CrossEntropyLoss::new();
    let net = || {
        let rng = &mut Rng::new(0);
        Sequential::new().with(Linear::new(2, 16, rng)).with(Relu).with(Linear::new(16, 2, rng))
    };
    let (model, same) = (net(), net());
    let mut plain = Plain { parameters: model.parameters(), rate: 0.1 };
    let fit = Trainer::new(&model, &criterion, &mut plain).silent().fit(&train, 5).unwrap();
    let mut sgd = Sgd::new(same.parameters(), 0.1);
    let by_sgd = Trainer::new(&same, &criterion, &mut sgd).silent().fit(&train, 5).unwrap();
    for (a, b) in fit.epochs.iter().zip(&by_sgd.epochs) {
        assert!((a.train_loss - b.train_loss).abs() < 1e-5, "{a:?} {b:?}");
    }
    let at = Checkpoint::of(&model, &plain, 5);
    plain.set_learning_rate(9.0);
    assert_eq!(at.restore(&model, &mut plain).unwrap(), 5);
    assert_eq!(plain.learning_rate(), 0.1);
}
