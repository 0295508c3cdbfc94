//! Every line of code that is a remedy stands here too, where the compiler reads it.

use wengert_autograd::{Result, Tape, Var};
use wengert_data::{DataLoader, MinMax, Standardizer, TensorDataset};
use wengert_loss::{
    CrossEntropyLoss, HuberLoss, Loss, MseLoss, bce_with_logits, cross_entropy, mse,
};
use wengert_nn::{LeakyRelu, Linear, Module, Parts, Relu, Sequential};
use wengert_optim::schedule::CosineAnnealingLr;
use wengert_optim::{Adam, AdamW, Optimizer, clip_grad_norm};
use wengert_tensor::{Rng, Tensor};

use super::super::{Action, Fault, worst_samples};
use crate::EarlyStopping;

/// The names of the facade.
mod wengert {
    pub(super) use wengert_data as data;
}

type Anything = std::result::Result<(), Box<dyn std::error::Error>>;

type V<'t> = Var<'t, f32>;

struct Net {
    l1: Linear<f32>,
}

/// Never called: to compile is enough.
#[allow(dead_code, unused, clippy::no_effect, clippy::unnecessary_operation)]
#[allow(clippy::print_stdout, clippy::too_many_lines)]
impl Net {
    fn on_tensors(
        model: &Linear<f32>,
        (train, x, y): (TensorDataset<f32, f32>, Tensor<f32>, Tensor<usize>),
        (rows, columns): (Vec<usize>, Tensor<usize>),
        (features, value, gradient): (Tensor<f32>, Tensor<f32>, Tensor<f32>),
        (rate, seed, steps, rng): (f64, u64, usize, &mut Rng),
    ) -> Anything {
        let dataset = TensorDataset::new(x.clone(), y.clone())?;
        println!("{}", wengert::data::check(&dataset));
        dataset.subset(&rows)?;
        let scaler = MinMax::fit(train.targets(), 0.0, 1.0)?;
        let scaler = Standardizer::fit(train.features())?;
        let scaler = Standardizer::fit(train.targets())?;
        features.index_select(1, &columns)?;
        let rate_of_a_step = rate;
        let rate = rate as f32;
        value - rate * gradient;
        let rate = rate_of_a_step;
        Adam::new(model.parameters(), 0.001);
        model.freeze("layer.*")?;
        model.unfreeze("*")?;
        let (inputs, outputs) = (2, 2);
        Linear::<f32>::new(inputs, outputs, rng);
        Sequential::<f32>::new().with(Relu).with(Linear::new(2, 2, rng));
        Sequential::<f32>::new()
            .with(Linear::new(2, 2, rng))
            .with(Relu)
            .with(Linear::new(2, 2, rng));
        let data = TensorDataset::new(x.clone(), y.clone())?;
        DataLoader::new(TensorDataset::new(x, y)?, 32)?.shuffle(seed);
        let whole = data.clone();
        DataLoader::new(data, 32)?.shuffle(seed);
        let data = whole;
        let parameters = model.parameters();
        clip_grad_norm(&parameters, 1.0)?;
        LeakyRelu::new(0.01);
        EarlyStopping::<f32>::new().patience(5);
        AdamW::new(model.parameters(), 1e-3).weight_decay(0.01);
        CosineAnnealingLr::new(rate, steps);
        CrossEntropyLoss::<f32>::new().label_smoothing(0.1);
        CrossEntropyLoss::<f32>::new().weight(data.class_weights()?);
        MseLoss::new();
        worst_samples(
            model,
            &CrossEntropyLoss::new(),
            &(data.features().clone(), data.targets().clone()),
        )?;
        DataLoader::new(data.clone(), 32)?;
        DataLoader::new(data, 32)?.balanced(seed)?;
        Ok(())
    }

    fn on_vars<'t>(
        &self,
        (x, y, logits, scores): (V<'t>, V<'t>, V<'t>, V<'t>),
        (output, prediction, data, penalty): (V<'t>, V<'t>, V<'t>, V<'t>),
        (target, labels, score): (Tensor<f32>, Tensor<usize>, V<'t>),
        (layer, factor, rest, optimizer): (&Linear<f32>, f32, usize, &mut Adam<f32>),
    ) -> Result<()> {
        mse(prediction, &target.unsqueeze(1)?)?;
        cross_entropy(logits, &labels)?;
        scores.softmax(1)?;
        bce_with_logits(score, &target)?;
        logits.log_softmax(-1)?;
        logits.log_sigmoid();
        (y + 1.0) / 2.0;
        HuberLoss::new().forward(output, &target)?;
        let criterion = MseLoss::new();
        let loss = criterion.forward(output, &target)?;
        let h = self.l1.call(x)?.tanh();
        optimizer.zero_grad();
        x.reshape([x.shape()[0], rest])?;
        let tape = Tape::<f32>::no_grad();
        x.try_add(layer.call(x)?)?;
        let loss = data + penalty * (0.001 * factor);
        self.l1.call(x)?;
        Ok(())
    }
}

/// Whether one statement of the code above contains the code; `…` in it stands for anything.
fn is_compiled(code: &str) -> bool {
    let code = code.split(" //").next().unwrap_or(code).trim_end_matches(';');
    let source = include_str!("tests.rs").replace("::<f32>", "");
    let lines: String = source.lines().map(str::trim_start).collect();
    lines.split(';').any(|statement| {
        let mut rest = statement;
        code.split('…').all(|part| match rest.split_once(part) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    })
}

#[test]
fn every_remedy_in_code_compiles() {
    let no_type = format!("{}Scaler::fit(train.features())?", "Standard");
    assert!(!is_compiled(&no_type));
    let mut count = 0;
    for &fault in Fault::ALL {
        for remedy in super::of(fault) {
            if let Action::Code(code) = remedy.action {
                assert!(is_compiled(code), "{fault:?}: {code}");
                count += 1;
            }
        }
    }
    assert!(count > 30, "{count}");
}
