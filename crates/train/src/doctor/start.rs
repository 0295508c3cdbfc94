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
        let widths = r.widths(&line, &matrix);
        let (Some(x), Some(y), Some(size)) =
            (operand.value(), line.value(), weight_of(matrix.id()))
        else {
            continue;
        };
        // The numbers of a place of a sequence stand next to each other, those of a picture's channel do not.
        let conv = line.op().is::<wengert_autograd::ops::Conv>();
        let row = if conv { y.len() / line.shape()[0].max(1) } else { widths.outputs };
        let values: Vec<f64> = y.iter().take(64 * row).map(|y| y.to_f64()).collect();
        let columns = row.min(32);
        let differs = (0..columns)
            .map(|k| spread(values.iter().skip(k).step_by(row.max(1)).copied()).1)
            .sum::<f64>()
            / columns.max(1) as f64;
        let input = x.iter().take(4096).map(|x| x.to_f64()).map(|x| x * x).sum::<f64>();
        found.push(LayerStart {
            layer: line.layer(),
            op: line.op().name(),
            at: line.at(),
            inputs: widths.fan,
            outputs: widths.outputs,
            gain: size * (widths.fan as f64).sqrt(),
            differs,
            input: (input / x.len().clamp(1, 4096) as f64).sqrt(),
        });
    }
    found
}
