//! The next character by an LSTM of two layers: 50 texts of 50 characters at once.

use wengert::autograd::{Result, Var};
use wengert::nn::{Embedding, Linear, Lstm, Module, Parts, parts};
use wengert::optim::{RmsProp, clip_grad_norm};
use wengert::tensor::{Rng, Tensor};

use super::{Data, IGNORED, over_places, train};
use crate::train::Step;
use crate::workload::Failure;

struct Net {
    emb: Embedding<f32>,
    lstm: Lstm<f32>,
    fc: Linear<f32>,
}
parts!(Net { emb, lstm, fc });

impl Module<f32, Tensor<usize>> for Net {
    fn forward<'t>(&self, text: Var<'t, f32, Tensor<usize>>) -> Result<Var<'t, f32>> {
        let (states, _) = self.lstm.call(self.emb.call(text)?)?;
        self.fc.call(states)
    }
}

pub(super) fn start(data: &Data) -> Result<Step, Failure> {
    let rng = &mut Rng::new(0);
    let model = Net {
        emb: Embedding::new(65, 128, rng),
        lstm: Lstm::new(128, 128, rng).layers(2, rng).batch_first(),
        fc: Linear::new(128, 65, rng),
    };
    data.load(&model)?;
    let parameters = model.parameters();
    let optimizer = RmsProp::new(parameters.clone(), 2e-3).alpha(0.95);
    let labels = data.classes("y", IGNORED, &[50, 50], 65)?;
    let loss = super::of_all_tapes(move |y| over_places(y, &labels));
    let clip = move || {
        clip_grad_norm(&parameters, 5.0)?;
        Ok(())
    };
    Ok(train(model, optimizer, data.classes("x", IGNORED, &[50, 50], 65)?, loss, clip))
}
