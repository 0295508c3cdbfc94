//! Several heads at once: products with weights, one attention each, one product more.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Error, Fault, Float, Tensor};

use super::mask::Sizes;
use super::{InProjection, Mask, MultiheadAttention, Settings};
use crate::Module;
use crate::functional::{Attention, attend, scaled_dot_product_attention, self_attention};

impl<T: Float> MultiheadAttention<T> {
    /// Queries, keys and values, with the weights on the tape.
    #[track_caller]
    fn project<'t>(&self, [q, k, v]: [Var<'t, T>; 3]) -> Result<[Var<'t, T>; 3]> {
        let (tape, width) = (q.tape(), self.settings.width);
        let bias = self.in_proj_bias.as_ref().map(|bias| tape.param(bias));
        let part = |all: Var<'t, T>, i: usize| all.narrow(0, i * width, width);
        let one = |x: Var<'t, T>, weight: Var<'t, T>, i: usize| {
            x.linear(weight, bias.map(|bias| part(bias, i)).transpose()?)
        };
        match &self.weights {
            InProjection::Stacked(stacked) if q.is(k) && k.is(v) => {
                let all = q.linear(tape.param(stacked), bias)?;
                let part = |i: usize| all.narrow(-1, i * width, width);
                Ok([part(0)?, part(1)?, part(2)?])
            }
            InProjection::Stacked(stacked) => {
                let all = tape.param(stacked);
                let weight = |i| part(all, i);
                Ok([one(q, weight(0)?, 0)?, one(k, weight(1)?, 1)?, one(v, weight(2)?, 2)?])
            }
            InProjection::Apart([a, b, c]) => Ok([
                one(q, tape.param(a), 0)?,
                one(k, tape.param(b), 1)?,
                one(v, tape.param(c), 2)?,
            ]),
        }
    }

    /// The result; and the weights, if they are wanted.
    #[track_caller]
    pub(super) fn attend<'t>(
        &self,
        inputs: [Var<'t, T>; 3],
        mask: Mask<'t, T>,
        weighed: bool,
    ) -> Result<(Var<'t, T>, Option<Var<'t, T>>)> {
        let Settings { width, heads, dropout, zero_key, batch_first, causal } = self.settings;
        self.check(inputs)?;
        let (tape, one) = (inputs[0].tape(), inputs[0].rank() == 2);
        if let (InProjection::Stacked(stacked), false) = (&self.weights, weighed)
            && self.bias_kv.is_none()
            && !zero_key
            && matches!(mask, Mask::None)
            && inputs[0].is(inputs[1])
            && inputs[1].is(inputs[2])
        {
            return Ok((self.of_itself(inputs[0], tape.param(stacked))?, None));
        }
        let [q, k, v] = self.project(inputs)?;
        // [batch, time, width]
        let form = |x: Var<'t, T>| match (one, batch_first) {
            (true, _) => x.unsqueeze(0),
            (false, true) => Ok(x),
            (false, false) => x.transpose(0, 1),
        };
        let (q, mut k, mut v) = (form(q)?, form(k)?, form(v)?);
        let (batch, queries) = (q.shape()[0], q.shape()[1]);
        let mut more = 0;
        let mut append = |x: Var<'t, T>, y: Var<'t, T>| -> Result<()> {
            let whole = [batch, 1, width];
            k = Var::cat(&[k, x.expand(whole)?], 1)?;
            v = Var::cat(&[v, y.expand(whole)?], 1)?;
            more += 1;
            Ok(())
        };
        if let Some((key, value)) = &self.bias_kv {
            append(tape.param(key), tape.param(value))?;
        }
        if zero_key {
            let zero = tape.constant(Tensor::zeros([1, 1, width]));
            append(zero, zero)?;
        }
        let split = |x: Var<'t, T>| {
            let time = x.shape()[1];
            x.reshape([batch, time, heads, width / heads])?.transpose(1, 2)
        };
        let sizes = Sizes { batch, queries, keys: k.shape()[1] - more, more };
        let options = mask.options(sizes, causal)?;
        let options = options.dropout(dropout);
        let (q, k, v) = (split(q)?, split(k)?, split(v)?);
        let (y, weights) = match weighed {
            true => {
                let (y, weights) = attend(q, k, v, options)?;
                let mean = weights.mean_over(1)?;
                (y, Some(if one { mean.squeeze(0)? } else { mean }))
            }
            false => (scaled_dot_product_attention(q, k, v, options)?, None),
        };
        let y = y.transpose(1, 2)?.reshape([batch, queries, width])?;
        let y = match (one, batch_first) {
            (true, _) => y.squeeze(0)?,
            (false, true) => y,
            (false, false) => y.transpose(0, 1)?,
        };
        Ok((self.out_proj.forward(y)?, weights))
    }

    /// Attention of a sequence to itself without a mask: one product for queries, keys and values, and one op for all heads.
    #[track_caller]
    fn of_itself<'t>(&self, x: Var<'t, T>, weight: Var<'t, T>) -> Result<Var<'t, T>> {
        let Settings { heads, dropout, batch_first, causal, .. } = self.settings;
        let bias = self.in_proj_bias.as_ref().map(|bias| x.tape().param(bias));
        let qkv = x.linear(weight, bias)?;
        let options = Attention::new().dropout(dropout);
        let options = if causal { options.causal() } else { options };
        let y = match (x.rank(), batch_first) {
            (2, _) => self_attention(qkv.unsqueeze(0)?, heads, options)?.squeeze(0)?,
            (_, true) => self_attention(qkv, heads, options)?,
            (_, false) => self_attention(qkv.transpose(0, 1)?, heads, options)?.transpose(0, 1)?,
        };
        self.out_proj.forward(y)
    }

    /// Rejects widths and sequences that do not fit.
    #[track_caller]
    fn check(&self, inputs: [Var<'_, T>; 3]) -> Result<()> {
        const OP: &str = "MultiheadAttention";
        let Settings { width, heads, batch_first, .. } = self.settings;
        let shapes = inputs.map(|x| x.shape());
        let [q, k, v] = &shapes;
        let wrong = |rule: String| {
            let shapes: [&[usize]; 3] = [q, k, v];
            Err(Error::Shape(Fault::new(OP, &shapes, rule)).into())
        };
        if heads == 0 || !width.is_multiple_of(heads) {
            return wrong(format!("{heads} heads do not divide a width of {width}"));
        }
        let (keys, values) = match &self.weights {
            InProjection::Stacked(_) => (width, width),
            InProjection::Apart([_, k, v]) => (k.shape()[1], v.shape()[1]),
        };
        let wide = |x: &[usize], size| x.last() == Some(&size);
        if !wide(q, width) || !wide(k, keys) || !wide(v, values) {
            return wrong(format!("the widths must be {width}, {keys} and {values}"));
        }
        let batch = if batch_first { 0 } else { 1 };
        let fits = match q.len() {
            2 => k.len() == 2 && v.len() == 2 && k[0] == v[0],
            3 => k.len() == 3 && v.len() == 3 && k[..2] == v[..2] && q[batch] == k[batch],
            _ => false,
        };
        match (fits, batch_first) {
            (true, _) => Ok(()),
            (_, true) => wrong("sequences must be [batch, time, width], or [time, width]".into()),
            (_, false) => wrong("sequences must be [time, batch, width], or [time, width]".into()),
        }
    }
}
