//! The start of a run: how large each layer's weights are for its number of inputs, and how the signal fares on its way.

use wengert_autograd::Line;
use wengert_tensor::Float;

use super::reading::Reading;
use super::rows::spread;

/// A layer's product, at the first look.
#[derive(Clone, Debug)]
pub(crate) struct LayerStart {
    pub(crate) layer: String,
    pub(crate) op: &'static str,
    pub(crate) at: Line,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// The deviation of the weights times the root of the number of inputs: about 0.6 to 1.4 by the usual rules.
    pub(crate) gain: f64,
    /// The deviation of the results from row to row.
    pub(crate) differs: f64,
    /// The size of the operand.
    pub(crate) input: f64,
}

/// The layers' products in the order of the tape, 64 at most, each parameter once.
pub(crate) fn layers<T: Float>(
    r: &Reading<'_, '_, T>,
    weight_of: impl Fn(u64) -> Option<f64>,
) -> Vec<LayerStart> {
    let mut found: Vec<LayerStart> = Vec::new();
    let mut met = Vec::new();
    for line in r.lines.iter() {
        let Some(matrix) = r.matrix(&line) else { continue };
        if met.contains(&matrix.id()) || found.len() == 64 {
            continue;
        }
        met.push(matrix.id());
        let operand = r.operand(&line, 0);
        let inputs = operand.shape().last().copied().unwrap_or(1);
        let (Some(x), Some(y), Some(size)) =
            (operand.value(), line.value(), weight_of(matrix.id()))
        else {
            continue;
        };
        let outputs = line.shape().last().copied().unwrap_or(1);
        let values: Vec<f64> = y.iter().take(64 * outputs).map(|y| y.to_f64()).collect();
        let columns = outputs.min(32);
        let differs = (0..columns)
            .map(|k| spread(values.iter().skip(k).step_by(outputs.max(1)).copied()).1)
            .sum::<f64>()
            / columns.max(1) as f64;
        let input = x.iter().take(4096).map(|x| x.to_f64()).map(|x| x * x).sum::<f64>();
        found.push(LayerStart {
            layer: line.layer(),
            op: line.op().name(),
            at: line.at(),
            inputs,
            outputs,
            gain: size * (inputs as f64).sqrt(),
            differs,
            input: (input / x.len().clamp(1, 4096) as f64).sqrt(),
        });
    }
    found
}
