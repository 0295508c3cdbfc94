//! Windows: convolution and pooling.

use wengert_autograd::TapeLine;
use wengert_autograd::ops::{self, Convolution, Windowing};
use wengert_tensor::{Axes, Part, Tensor, Window};

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
            Windowing::MaxPool(op) => return self.max_pool(line, op),
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

    /// The largest elements of windows, if the parts are those of windows with a border before and after each axis.
    fn max_pool(&mut self, line: Line<'t>, op: &ops::MaxPool) -> Result<String> {
        let shape = self.line(line.operands()[0]).shape();
        if shape.len() != op.parts.len() + 2 || shape[0] != super::SAMPLES[0] {
            return Err(self.refused("pooling has an image for batches of channels"));
        }
        if !self.all_others::<ops::MaxPool>(line, |other| other.parts == op.parts) {
            return Err(self.refused("its parts depend on the input or on the batch"));
        }
        let mut windows = Vec::new();
        let mut padding = Vec::new();
        for (parts, &places) in op.parts.iter().zip(&shape[2..]) {
            let Some((window, borders)) = window_of(parts, places) else {
                return Err(self.refused("its parts are not of equal size and distance"));
            };
            windows.push(window);
            padding.push(borders);
        }
        let mut attributes = described(&windows);
        attributes.push(pads(&padding));
        let x = self.operand(line, 0)?;
        Ok(self.add("MaxPool", &[&x], attributes))
    }
}

/// The window that sees these parts of an axis, and the borders before and after it.
fn window_of(parts: &[Part], places: usize) -> Option<(Window, (usize, usize))> {
    let (first, last) = (parts.first()?, parts.last()?);
    let dilation = first.step;
    let end = |part: &Part| part.start + part.len.saturating_sub(1) * dilation;
    // A window that a border cuts short moves by less than its step, on that side.
    let moved = |of: &dyn Fn(&Part) -> usize| {
        parts.windows(2).map(|pair| of(&pair[1]).saturating_sub(of(&pair[0]))).max()
    };
    let least = moved(&|part| part.start).max(moved(&end)).unwrap_or(places).max(1);
    (least..=places.max(least)).find_map(|stride| {
        let reach = (parts.len() - 1) * stride;
        // A window leaves out the places before the axis in whole steps.
        let out = last.start.saturating_sub(reach).next_multiple_of(dilation);
        let before = reach + out - last.start;
        let window = Window { size: (end(first) + before) / dilation + 1, stride, dilation };
        let seen = reach + window.span();
        // As much after the axis as before it, if that gives as many windows.
        [before, seen.saturating_sub(places + before)].into_iter().find_map(|after| {
            let count = window.count(places + before + after);
            let same = (0..count).map(|n| window.part(n, before, places)).eq(parts.iter().copied());
            same.then_some((window, (before, after)))
        })
    })
}
