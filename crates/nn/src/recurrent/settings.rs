//! The settings of recurrent layers: their weights, their text, and the rules that they must keep.

use wengert_tensor::recurrent::Step;
use wengert_tensor::{Float, Rng};

use super::weights::RecurrentWeights;

/// The settings of a recurrent layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) name: &'static str,
    pub(crate) kind: Step,
    pub(crate) inputs: usize,
    pub(crate) hidden: usize,
    pub(crate) layers: usize,
    pub(crate) both_ways: bool,
    pub(crate) batch_first: bool,
    pub(crate) bias: bool,
    pub(crate) projection: Option<usize>,
    pub(crate) dropout: f64,
}

impl Settings {
    pub(crate) fn new(name: &'static str, kind: Step, inputs: usize, hidden: usize) -> Self {
        Self {
            name,
            kind,
            inputs,
            hidden,
            layers: 1,
            both_ways: false,
            batch_first: false,
            bias: true,
            projection: None,
            dropout: 0.0,
        }
    }

    pub(crate) fn directions(&self) -> usize {
        if self.both_ways { 2 } else { 1 }
    }

    /// The size of h.
    pub(crate) fn outputs(&self) -> usize {
        self.projection.unwrap_or(self.hidden)
    }

    /// Weights for each layer, and in it for each direction.
    #[track_caller]
    pub(crate) fn weights<T: Float>(&self, rng: &mut Rng) -> Vec<RecurrentWeights<T>> {
        let Self { name, kind, hidden, projection, bias, .. } = *self;
        let mut all = Vec::new();
        for layer in 0..self.layers {
            let inputs = if layer == 0 {
                self.inputs
            } else {
                self.directions().saturating_mul(self.outputs())
            };
            for _ in 0..self.directions() {
                all.push(RecurrentWeights::new(name, kind, inputs, hidden, projection, bias, rng));
            }
        }
        all
    }

    /// The text in a print of the model.
    pub(crate) fn describe(&self) -> String {
        let mut text = format!("{}({} -> {}", self.name, self.inputs, self.hidden);
        if let Some(outputs) = self.projection {
            text.push_str(&format!(" -> {outputs}"));
        }
        if self.layers != 1 {
            text.push_str(&format!(", {} layers", self.layers));
        }
        for (is, option) in [
            (self.kind == Step::Relu, "relu"),
            (self.both_ways, "both ways"),
            (!self.bias, "no bias"),
            (self.batch_first, "batch first"),
        ] {
            if is {
                text.push_str(&format!(", {option}"));
            }
        }
        if self.dropout != 0.0 {
            text.push_str(&format!(", dropout {}", self.dropout));
        }
        text + ")"
    }

    /// The rule that the settings break.
    pub(super) fn wrong(&self) -> Option<String> {
        let (p, hidden) = (self.dropout, self.hidden);
        if self.layers == 0 {
            return Some("there must be a layer, and `layers` is 0".into());
        }
        if !(0.0..=1.0).contains(&p) {
            return Some(format!("{p} is not a probability: it must be from 0 to 1"));
        }
        let size = self.projection.filter(|&size| size == 0 || size >= hidden)?;
        let most = hidden.saturating_sub(1);
        Some(format!(
            "h of size {hidden} must be projected to a size from 1 to {most}, and it is {size}"
        ))
    }
}
