//! Windows: convolution and pooling.

use wengert_autograd::TapeLine;
use wengert_autograd::ops::{self, Convolution, Windowing};
use wengert_tensor::{Axes, Tensor, Window};

use super::graph::Builder;
use crate::Result;
use crate::proto::Attribute;

type Line<'t> = TapeLine<'t, f32>;

fn each(numbers: impl Iterator<Item = usize>) -> Attribute {
    Attribute::Ints(numbers.map(|n| n as i64).collect())
}

fn described(windows: &[Window]) -> Vec<(&'static str, Attribute)> {
    vec![
        ("kernel_shape", each(windows.iter().map(|w| w.size))),
        ("strides", each(windows.iter().map(|w| w.stride))),
        ("dilations", each(windows.iter().map(|w| w.dilation))),
    ]
}

fn pads(padding: &[(usize, usize)]) -> (&'static str, Attribute) {
    ("pads", each(padding.iter().map(|p| p.0).chain(padding.iter().map(|p| p.1))))
}

impl<'t> Builder<'t> {
    pub(super) fn convolution(&mut self, line: Line<'t>, op: &Convolution) -> Result<String> {
        let all = (0..line.arity()).map(|k| self.operand(line, k)).collect::<Result<Vec<_>>>()?;
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        match op {
            Convolution::Conv(ops::Conv(conv)) => {
                let mut attributes = described(&conv.windows);
                attributes.push(pads(&conv.padding));
                attributes.push(("group", Attribute::Int(conv.groups as i64)));
                Ok(self.add("Conv", &all, attributes))
            }
            Convolution::ConvInput(ops::ConvInput(conv, sizes)) => {
                let from = self.line(line.operands()[0]).shape();
                let mut more = Vec::new();
                for (i, window) in conv.windows.iter().enumerate() {
                    let reach = (from[2 + i].max(1) - 1) * window.stride + window.span();
                    let inside = reach.checked_sub(conv.padding[i].0 + conv.padding[i].1);
                    match inside.and_then(|inside| sizes[i].checked_sub(inside)) {
                        Some(n) => more.push(n),
                        None => return Err(self.no_image()),
                    }
                }
                let mut attributes = described(&conv.windows);
                attributes.push(pads(&conv.padding));
                attributes.push(("output_padding", each(more.into_iter())));
                attributes.push(("group", Attribute::Int(conv.groups as i64)));
                Ok(self.add("ConvTranspose", &all, attributes))
            }
            _ => Err(self.no_image()),
        }
    }

    /// Windows that something else than a mean reads: the places of each, along one axis after another.
    pub(super) fn windowing(&mut self, line: Line<'t>, op: &Windowing) -> Result<String> {
        let windows = match op {
            Windowing::Windows(ops::Windows(windows)) => windows,
            Windowing::MaxPool(_) => return self.max_pool(line),
            _ => return Err(self.no_image()),
        };
        let mut x = self.operand(line, 0)?;
        let from = self.line(line.operands()[0]).shape();
        let lead = from.len() - windows.len();
        // Each axis becomes that of the windows, and behind it that of their places.
        for (i, window) in windows.iter().enumerate().rev() {
            let count = window.count(from[lead + i]);
            let places: Vec<i64> = (0..count)
                .flat_map(|n| {
                    (0..window.size).map(move |k| (n * window.stride + k * window.dilation) as i64)
                })
                .collect();
            let places = Tensor::from(places).reshape([count, window.size])?;
            let places = self.constant("places", places);
            let axis = Attribute::Int((lead + i) as i64);
            x = self.add("Gather", &[&x, &places], vec![("axis", axis)]);
        }
        let d = windows.len();
        let order = (0..lead)
            .chain((0..d).map(|i| lead + 2 * i))
            .chain((0..d).map(|i| lead + 2 * i + 1))
            .map(|axis| axis as i64);
        let perm = Attribute::Ints(order.collect());
        Ok(self.add("Transpose", &[&x], vec![("perm", perm)]))
    }

    /// The sum over the places of windows, as a mean times their number.
    pub(super) fn mean_pool(&mut self, line: Line<'t>, axes: &Axes) -> Result<Option<String>> {
        let windows = self.line(line.operands()[0]);
        let Some(ops::Windows(all)) = windows.op().get::<ops::Windows>() else { return Ok(None) };
        let from = self.line(windows.operands()[0]).shape();
        let flags = axes.flags("sum", &windows.shape())?;
        let only_places = flags.iter().enumerate().all(|(i, &f)| f == (i >= from.len()));
        if !only_places
            || axes.keeps()
            || from.len() != 2 + all.len()
            || all.iter().any(|w| w.dilation != 1)
        {
            return Ok(None);
        }
        let x = self.operand(windows, 0)?;
        let mut attributes = described(all);
        attributes.truncate(2);
        let mean = self.add("AveragePool", &[&x], attributes);
        let count = self.scalar(all.iter().map(|w| w.size).product::<usize>() as f64);
        Ok(Some(self.add("Mul", &[&mean, &count], vec![])))
    }

    /// The largest elements of windows: the layer says which windows they are of.
    fn max_pool(&mut self, line: Line<'t>) -> Result<String> {
        let unknown = "largest elements of windows are exported from the layers `MaxPool` and `AdaptiveMaxPool` of the model's own";
        let Some(layer) = self.layer(line).map(str::to_string) else {
            return Err(self.refused(unknown));
        };
        let from = self.line(line.operands()[0]);
        let shape = from.shape();
        let d = shape.len().saturating_sub(2);
        let mut attributes = if let Some(text) = layer.strip_prefix("MaxPool") {
            let of = |name: &str| numbers_after(text, name, d);
            let Some(kernel) = of("kernel ") else { return Err(self.refused(unknown)) };
            let stride = of("stride ").unwrap_or_else(|| kernel.clone());
            let padding = of("padding ").unwrap_or_else(|| vec![0; d]);
            let dilation = of("dilation ").unwrap_or_else(|| vec![1; d]);
            let ceil = text.contains(", ceil");
            let padding: Vec<_> = padding.into_iter().map(|p| (p, p)).collect();
            vec![
                ("kernel_shape", each(kernel.into_iter())),
                ("strides", each(stride.into_iter())),
                ("dilations", each(dilation.into_iter())),
                pads(&padding),
                ("ceil_mode", Attribute::Int(i64::from(ceil))),
            ]
        } else if layer.starts_with("AdaptiveMaxPool") {
            let to = line.shape();
            let (from, to) = (&shape[2..], &to[to.len().saturating_sub(d)..]);
            if to.len() != d || from.iter().zip(to).any(|(from, to)| *to == 0 || from % to != 0) {
                return Err(self.refused("the parts are not of equal size"));
            }
            let sizes = || from.iter().zip(to).map(|(from, to)| from / to);
            vec![("kernel_shape", each(sizes())), ("strides", each(sizes()))]
        } else {
            return Err(self.refused(unknown));
        };
        if d == 0 || shape[0] != super::SAMPLES[0] {
            return Err(self.refused("pooling has an image for batches of channels"));
        }
        attributes.retain(|(name, _)| !name.is_empty());
        let x = self.operand(line, 0)?;
        Ok(self.add("MaxPool", &[&x], attributes))
    }
}

/// The number, or the list of numbers, that follows a word: one stands for all axes.
fn numbers_after(text: &str, word: &str, axes: usize) -> Option<Vec<usize>> {
    let (_, rest) = text.split_once(word)?;
    let end = match rest.strip_prefix('[') {
        Some(_) => rest.find(']')?,
        None => rest.find([',', ')']).unwrap_or(rest.len()),
    };
    let numbers: Vec<usize> = rest[..end]
        .trim_start_matches('[')
        .split(", ")
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    match numbers[..] {
        [one] => Some(vec![one; axes]),
        _ => (numbers.len() == axes).then_some(numbers),
    }
}
