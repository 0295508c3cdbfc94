//! A GRU over 64 steps, its last state, and one number: 32 sequences at once.

use wengert::autograd::{Result, Var};
use wengert::loss::{Loss, MseLoss};
use wengert::nn::{Gru, Linear, Module, Parts, parts};
use wengert::optim::Adam;
use wengert::tensor::Rng;

use super::{Data, train};
use crate::train::Step;
use crate::workload::Failure;

struct Net {
    gru: Gru<f32>,
    fc: Linear<f32>,
}
parts!(Net { gru, fc });

impl Module for Net {
    fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
        let (_, last) = self.gru.call(x)?;
        self.fc.call(last.select(0, 0)?)
    }
}

pub(super) fn start(data: &Data) -> Result<Step, Failure> {
    let rng = &mut Rng::new(0);
    let model = Net { gru: Gru::new(32, 64, rng).batch_first(), fc: Linear::new(64, 1, rng) };
    data.load(&model)?;
    let optimizer = Adam::new(model.parameters(), 1e-3);
    let targets = data.floats("y", &[32, 1])?;
    let loss = super::of_all_tapes(move |y| MseLoss::new().forward(y, &targets));
    Ok(train(model, optimizer, data.floats("x", &[32, 64, 32])?, loss, || Ok(())))
}
