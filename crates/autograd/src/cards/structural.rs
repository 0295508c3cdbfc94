//! The cards of all other ops. Their words stand here; rules and reads come from the op, and the example is run.

use wengert_tensor::recurrent::{Direction, Step};
use wengert_tensor::{Conv, Part, Tensor, Window, s, tensor};

use super::{Card, example};
use crate::cross_entropy::Targets;
use crate::{Param, Result, Tape, Var};

/// The words of a card, and the code of its example as text and as code.
struct Words {
    name: &'static str,
    about: &'static str,
    formula: &'static str,
    shapes: &'static str,
    domain: &'static str,
    kinks: &'static str,
    safe: &'static str,
    cost: &'static str,
    code: [&'static str; 2],
    run: for<'t> fn(&'t Tape<f64>) -> Result<[Var<'t, f64>; 2]>,
}

/// The names of the ops that are here.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|words| words.name)
}

/// The card of an op; `None` for another name.
pub(super) fn card(name: &str) -> Option<Result<Card>> {
    let words = WORDS.iter().find(|words| words.name == name)?;
    let code = words.code.map(one_line);
    let run = example(words.name, [&code[0], &code[1]], &words.run);
    Some(run.map(|(told, example)| Card {
        name: words.name,
        about: words.about,
        formula: words.formula.to_string(),
        derivative: told.derivative,
        domain: words.domain.to_string(),
        kinks: words.kinks.to_string(),
        safe_range: words.safe.to_string(),
        keeps: told.keeps,
        shapes: words.shapes,
        cost: words.cost,
        example,
    }))
}

macro_rules! structural {
    ($($name:literal: $about:literal;
        formula $formula:literal; shapes $shapes:literal; domain $domain:literal; kinks $kinks:literal; safe $safe:literal; cost $cost:literal;
        |$tape:ident, $x:ident| $input:expr => $output:expr;)*) => {
        static WORDS: &[Words] = &[$(Words {
            name: $name,
            about: $about,
            formula: $formula,
            shapes: $shapes,
            domain: $domain,
            kinks: $kinks,
            safe: $safe,
            cost: $cost,
            code: [stringify!($input), stringify!($output)],
            run: |$tape| {
                let $x = $input;
                Ok([$x, $output])
            },
        }),*];
    };
}

/// Code in one line.
fn one_line(code: &str) -> String {
    code.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("tensor! [", "tensor![")
        .replace("s! [", "s![")
}

structural! {
    "constant": "Data, which wants no gradient.";
        formula "y = data"; shapes "any"; domain "all numbers"; kinks "none"; safe "every number"; cost "none: the tensor is shared";
        |tape, x| tape.scalar(0.5) => x.try_mul(tape.constant(tensor![3.0, 4.0]))?;
    "input": "A var of the user's own that wants a gradient.";
        formula "y = data"; shapes "any"; domain "all numbers"; kinks "none"; safe "every number"; cost "none: the tensor is shared";
        |tape, x| tape.var(tensor![3.0, 4.0]) => x;
    "param": "A parameter that was read.";
        formula "y = the parameter's value"; shapes "any"; domain "all numbers"; kinks "none"; safe "every number"; cost "none: the tensor is shared until `backward` lets go of it";
        |tape, x| tape.param(&Param::new(tensor![3.0, 4.0])) => x.square();
    "data": "Data that are no floats of the tape: indices, masks, labels.";
        formula "y = indices, a mask or labels"; shapes "any"; domain "what the op that reads them allows"; kinks "none: they have no gradient"; safe "every value"; cost "none: the tensor is shared";
        |tape, x| tape.var(tensor![3.0, 4.0]) => x.index_select(0, tape.input(tensor![1_usize]))?;
    "detach": "The value without its history.";
        formula "y = x"; shapes "any"; domain "all numbers"; kinks "the gradient is cut everywhere"; safe "every number"; cost "none: the tensor is shared";
        |tape, x| tape.scalar(0.5) => x * x.detach();
    "where": "The first operand where the mask is true, else the second.";
        formula "y = mask ? a : b"; shapes "three that broadcast to one"; domain "all numbers"; kinks "an element that is not chosen gets exactly 0, also if its slope is infinite"; safe "every number"; cost "one pass forward, one back for each operand";
        |tape, x| tape.var(tensor![1.0, 2.0]) => x.where_(tensor![true, false], 0.0)?;
    "matmul": "The matrix product of two operands with two axes or more.";
        formula "y[i, j] = Σₖ a[i, k]·b[k, j]"; shapes "[…, n, k] and […, k, m] give […, n, m]; the axes in front broadcast"; domain "all numbers"; kinks "none: it is linear in each operand"; safe "sums of k products that stay below 3.4e38 in f32"; cost "n·k·m multiplications forward, and as many back for each operand";
        |tape, x| tape.var(tensor![[1.0, 2.0]]) => x.matmul(tensor![[3.0], [4.0]])?;
    "linear": "x · Wᵀ, or x · Wᵀ + b.";
        formula "y[i, j] = Σₖ x[i, k]·W[j, k] + b[j]"; shapes "[…, in], [out, in] and [out] give […, out]"; domain "all numbers"; kinks "none: it is linear in each operand"; safe "sums that stay below 3.4e38 in f32"; cost "one matrix product forward, which starts from the bias; two back, and a sum";
        |tape, x| tape.var(tensor![[1.0, 2.0]]) => x.linear(tape.var(tensor![[3.0, 4.0]]), None)?;
    "sum": "The sum over axes.";
        formula "y = Σ x"; shapes "the axes are dropped, or kept with size 1 by `keep`"; domain "all numbers; the sum of none is 0"; kinks "none"; safe "sums below 3.4e38 in f32; the error grows with the logarithm of the count"; cost "one pass forward; back, a view";
        |tape, x| tape.var(tensor![1.0, 2.0, 3.0]) => x.square().sum();
    "mean": "The mean over axes.";
        formula "y = Σ x / n"; shapes "the axes are dropped, or kept with size 1 by `keep`"; domain "all numbers; the mean of none is NaN"; kinks "none"; safe "sums below 3.4e38 in f32"; cost "one pass forward; back, a number and a view";
        |tape, x| tape.var(tensor![1.0, 2.0, 3.0]) => x.square().mean();
    "prod": "The product over axes.";
        formula "y = Π x"; shapes "the axes are dropped, or kept with size 1 by `keep`"; domain "all numbers; the product of none is 1"; kinks "none: the rule multiplies the others, and does not divide by x, so a 0 is no trouble"; safe "products below 3.4e38 in f32, which many factors leave soon: add logarithms instead"; cost "one pass forward, some passes back";
        |tape, x| tape.var(tensor![2.0, 3.0, 4.0]) => x.prod();
    "max": "The largest over axes; tied elements get equal parts of the gradient.";
        formula "y = max x"; shapes "the axes are dropped, or kept with size 1 by `keep`"; domain "at least one element; NaN if one is"; kinks "of n tied elements each gets 1/n of the gradient"; safe "every number"; cost "one pass forward, two back";
        |tape, x| tape.var(tensor![1.0, 3.0, 3.0]) => x.max()?;
    "min": "The smallest over axes; tied elements get equal parts of the gradient.";
        formula "y = min x"; shapes "the axes are dropped, or kept with size 1 by `keep`"; domain "at least one element; NaN if one is"; kinks "of n tied elements each gets 1/n of the gradient"; safe "every number"; cost "one pass forward, two back";
        |tape, x| tape.var(tensor![1.0, 1.0, 3.0]) => x.min()?;
    "var": "The variance over axes, with the number that is subtracted from the count.";
        formula "y = Σ (x - mean)² / (n - correction)"; shapes "the axes are dropped, or kept with size 1 by `keep`"; domain "more elements than the correction"; kinks "none"; safe "distances from the mean below 1.8e19 in f32"; cost "two passes forward, one back";
        |tape, x| tape.var(tensor![1.0, 2.0, 6.0]) => x.var_over(.., 1.0)?;
    "std": "The standard deviation over axes, with the number that is subtracted from the count.";
        formula "y = √(Σ (x - mean)² / (n - correction))"; shapes "the axes are dropped, or kept with size 1 by `keep`"; domain "more elements than the correction"; kinks "where all elements are equal the slope of the root has no value: add a small number to `var` and take `sqrt` instead"; safe "distances from the mean below 1.8e19 in f32"; cost "two passes forward, one back";
        |tape, x| tape.var(tensor![1.0, 2.0, 6.0]) => x.std_over(.., 1.0)?;
    "logsumexp": "ln Σ eˣ over axes.";
        formula "y = m + ln Σ e^(x - m), m = max x"; shapes "the axes are dropped, or kept with size 1 by `keep`"; domain "all numbers"; kinks "none: its gradient is softmax(x)"; safe "every number: the largest is subtracted first"; cost "two passes forward, one back";
        |tape, x| tape.var(tensor![1000.0, 1000.0]) => x.logsumexp_over(0)?;
    "cumsum": "Sums of the first 1, 2, 3, … elements along an axis.";
        formula "y[i] = x[0] + … + x[i]"; shapes "that of x"; domain "all numbers"; kinks "none"; safe "sums below 3.4e38 in f32"; cost "one pass forward, one back from the end";
        |tape, x| tape.var(tensor![1.0, 2.0, 3.0]) => x.cumsum(0)?;
    "cumprod": "Products of the first 1, 2, 3, … elements along an axis.";
        formula "y[i] = x[0]·…·x[i]"; shapes "that of x"; domain "all numbers"; kinks "none: the rule does not divide by x"; safe "products below 3.4e38 in f32"; cost "one pass forward, one back from the end";
        |tape, x| tape.var(tensor![1.0, 2.0, 3.0]) => x.cumprod(0)?;
    "logcumsumexp": "Logarithms of the sums of the first 1, 2, 3, … exponentials along an axis.";
        formula "y[i] = ln(e^x[0] + … + e^x[i])"; shapes "that of x"; domain "all numbers"; kinks "none"; safe "every number: the largest is subtracted first"; cost "one pass forward, some back";
        |tape, x| tape.var(tensor![0.0, 0.0, 0.0]) => x.logcumsumexp(0)?;
    "softmax": "eˣ / Σ eˣ along an axis.";
        formula "y = e^(x - m) / Σ e^(x - m), m = max x"; shapes "that of x"; domain "all numbers; along an axis of size 1 it is always 1"; kinks "none"; safe "every number: the largest is subtracted first; under a logarithm use `log_softmax`"; cost "three passes forward, one back";
        |tape, x| tape.var(tensor![1.0, 2.0]) => x.softmax(0)?;
    "log_softmax": "x - ln Σ eˣ along an axis.";
        formula "y = x - m - ln Σ e^(x - m), m = max x"; shapes "that of x"; domain "all numbers"; kinks "none"; safe "every number: the largest is subtracted first"; cost "three passes forward, one back";
        |tape, x| tape.var(tensor![1.0, 2.0]) => x.log_softmax(0)?;
    "cross_entropy": "Softmax and negative log-likelihood together.";
        formula "y = -Σ q·log_softmax(x), over the sum of weights"; shapes "[samples, classes, …] and classes, or a distribution q of the same shape"; domain "all logits; classes below their number"; kinks "none"; safe "every logit: the largest is subtracted first"; cost "three passes forward, one back";
        |tape, x| tape.var(tensor![[1.0, 2.0]]) => x.cross_entropy(Targets::classes(tensor![0_usize]))?;
    "norm": "The norm of this order over axes.";
        formula "y = (Σ |x|ᵖ)^(1/p); the largest |x| for p = ∞"; shapes "the axes are dropped, or kept with size 1 by `keep`"; domain "all numbers"; kinks "where all elements are 0 the slope is 0"; safe "sizes below 1.8e19 in f32 for p = 2"; cost "one pass forward, one back";
        |tape, x| tape.var(tensor![3.0, 4.0]) => x.norm_over(0, 2.0)?;
    "normalize": "(x - mean) / √(variance + epsilon) over axes.";
        formula "y = (x - mean) / √(variance + epsilon)"; shapes "that of x"; domain "all numbers, if epsilon is positive"; kinks "none"; safe "distances from the mean below 1.8e19 in f32"; cost "three passes forward, two back";
        |tape, x| tape.var(tensor![1.0, 2.0, 6.0]) => x.normalize(0, 1e-5)?.square();
    "rms_normalize": "x / √(mean of x² + epsilon) over axes.";
        formula "y = x / √(mean of x² + epsilon)"; shapes "that of x"; domain "all numbers, if epsilon is positive"; kinks "none"; safe "sizes below 1.8e19 in f32"; cost "two passes forward, two back";
        |tape, x| tape.var(tensor![3.0, 4.0]) => x.rms_normalize(0, 1e-5)?;
    "layer_norm": "(x - mean) / √(variance + epsilon) · weight + bias over the last axes.";
        formula "y = (x - mean) / √(variance + epsilon)·w + b"; shapes "that of x; weight and bias have its last axes"; domain "all numbers, if epsilon is positive"; kinks "none"; safe "distances from the mean below 1.8e19 in f32"; cost "three passes over a row forward; back, each operand reads x once";
        |tape, x| tape.var(tensor![1.0, 2.0, 6.0]) => x.layer_norm(tape.var(tensor![1.0, 2.0, 3.0]), None, 1e-5)?;
    "affine_normalize": "(x - mean) / √(variance + epsilon) · weight + bias over axes.";
        formula "y = (x - mean) / √(variance + epsilon)·w + b"; shapes "that of x; weight and bias broadcast to it"; domain "all numbers, if epsilon is positive"; kinks "none"; safe "distances from the mean below 1.8e19 in f32"; cost "three passes over what has one mean forward; back, each operand reads x once";
        |tape, x| tape.var(tensor![[1.0, 2.0], [4.0, 6.0]]) => x.affine_normalize(0, tape.var(tensor![1.0, 2.0]), None, 1e-5)?;
    "rms_norm": "x / √(mean of x² + epsilon) · weight over the last axes.";
        formula "y = x / √(mean of x² + epsilon)·w"; shapes "that of x; the weight has its last axes"; domain "all numbers, if epsilon is positive"; kinks "none"; safe "sizes below 1.8e19 in f32"; cost "two passes over a row forward; back, each operand reads x once";
        |tape, x| tape.var(tensor![3.0, 4.0]) => x.rms_norm(tape.var(tensor![1.0, 2.0]), 1e-5)?;
    "reshape": "Another shape.";
        formula "y = x"; shapes "any with as many elements; REST stands for one size"; domain "all numbers"; kinks "none"; safe "every number"; cost "none if x is contiguous: a view; else one copy";
        |tape, x| tape.var(tensor![1.0, 2.0]) => x.reshape([2, 1])?;
    "permute": "The axes in another order.";
        formula "y[j, i] = x[i, j]"; shapes "the sizes in the new order; `t` and `transpose` are this op"; domain "all numbers"; kinks "none"; safe "every number"; cost "none: a view";
        |tape, x| tape.var(tensor![[1.0, 2.0]]) => x.t();
    "expand": "Axes of size 1 repeated, and axes added in front.";
        formula "y = x, repeated"; shapes "one that x broadcasts to"; domain "all numbers"; kinks "none"; safe "every number"; cost "none forward: a view; one sum back";
        |tape, x| tape.var(tensor![1.0, 2.0]) => x.expand([3, 2])?;
    "sum_to": "The sum to a shape that broadcasts to the operand's.";
        formula "y = Σ x over the axes that the shape lacks"; shapes "one that broadcasts to that of x"; domain "all numbers"; kinks "none"; safe "sums below 3.4e38 in f32"; cost "one pass forward; back, a view";
        |tape, x| tape.var(tensor![[1.0], [2.0]]) => x.square().expand([2, 3])?.square().sum().grad(&[x])?[0];
    "slice": "A part.";
        formula "y = x[from..to;step, …]"; shapes "the sizes of the part; `narrow`, `select` and `flip` are this op"; domain "bounds inside the axes"; kinks "elements outside of the part get 0"; safe "every number"; cost "none forward: a view; one pass back";
        |tape, x| tape.var(tensor![1.0, 2.0, 3.0]) => x.slice(s![1..])?;
    "unslice": "Zeros of a shape, with the operand in the place of a part.";
        formula "y = 0, and y[part] = x"; shapes "a given one; the adjoint of `slice`"; domain "all numbers"; kinks "none"; safe "every number"; cost "one pass forward; back, a view";
        |tape, x| tape.var(tensor![1.0, 2.0, 3.0]) => x.slice(s![1..])?.square().sum().grad(&[x])?[0];
    "diagonal": "The diagonal of two axes: offset, and the axes.";
        formula "y[i] = x[i, i + offset]"; shapes "the two axes become one, at the end"; domain "all numbers"; kinks "elements off the diagonal get 0"; safe "every number"; cost "none forward: a view; one pass back";
        |tape, x| tape.var(tensor![[1.0, 2.0], [3.0, 4.0]]) => x.diagonal(0, 0, 1)?;
    "undiagonal": "Zeros of a shape, with the operand on the diagonal of two axes.";
        formula "y = 0, and y[i, i + offset] = x[i]"; shapes "a given one; the adjoint of `diagonal`"; domain "all numbers"; kinks "none"; safe "every number"; cost "one pass forward; back, a view";
        |tape, x| tape.var(tensor![[1.0, 2.0], [3.0, 4.0]]) => x.diagonal(0, 0, 1)?.square().sum().grad(&[x])?[0];
    "cat": "Operands joined along an axis.";
        formula "y = a, then b, then …"; shapes "the same but for the size of the axis, which is the sum"; domain "all numbers"; kinks "none"; safe "every number"; cost "one copy forward; back, views";
        |tape, x| tape.var(tensor![1.0, 2.0]) => crate::Var::cat(&[x, x.square()], 0)?;
    "gather": "Elements taken along an axis by an index for each element.";
        formula "y[i, j] = x[i, index[i, j]]"; shapes "that of the index"; domain "indices below the size of the axis"; kinks "an element taken twice gets both gradients"; safe "every number"; cost "one pass forward, one back";
        |tape, x| tape.var(tensor![[1.0, 2.0, 3.0]]) => x.gather(1, tensor![[2_usize, 2]])?;
    "scatter_add": "Zeros of a shape, with the operand's elements added along an axis by an index for each.";
        formula "y = 0, and y[i, index[i, j]] += x[i, j]"; shapes "a given one; the adjoint of `gather`"; domain "indices below the size of the axis"; kinks "none"; safe "sums below 3.4e38 in f32"; cost "one pass forward, one back";
        |tape, x| tape.var(tensor![[1.0, 2.0, 3.0]]) => x.gather(1, tensor![[2_usize, 2]])?.square().sum().grad(&[x])?[0];
    "index_select": "Places of an axis by index.";
        formula "y[i] = x[index[i]]"; shapes "that of x, with as many places as indices; `rows` and `Embedding` are this op"; domain "indices below the size of the axis"; kinks "a place taken twice gets both gradients"; safe "every number"; cost "one copy forward, one pass back";
        |tape, x| tape.var(tensor![1.0, 2.0, 3.0]) => x.index_select(0, tensor![2_usize, 0, 2])?;
    "index_add": "Zeros of a shape, with the operand's places of an axis added by index.";
        formula "y = 0, and y[index[i]] += x[i]"; shapes "a given one; the adjoint of `index_select`"; domain "indices below the size of the axis"; kinks "none"; safe "sums below 3.4e38 in f32"; cost "one pass forward, one copy back";
        |tape, x| tape.var(tensor![1.0, 2.0, 3.0]) => x.index_select(0, tensor![2_usize, 0])?.square().sum().grad(&[x])?[0];
    "sum_bags": "Sums of rows of a matrix, bag by bag.";
        formula "y[b] = Σ x[index[i]] over the places i of bag b"; shapes "[rows, columns] gives [bags, columns]"; domain "indices below the number of rows"; kinks "a row that is in a bag twice counts twice"; safe "sums below 3.4e38 in f32"; cost "one pass over the rows of the bags, each way";
        |tape, x| tape.var(tensor![[1.0], [2.0], [3.0]]) => x.sum_bags(tensor![2_usize, 0, 1], tensor![0_usize, 2])?;
    "add_bags": "Zeros of a shape, with a row of the operand added to each row that its bag holds.";
        formula "y = 0, and y[index[i]] += x[b] for the places i of bag b"; shapes "a given one; the adjoint of `sum_bags`"; domain "indices below the number of rows"; kinks "none"; safe "sums below 3.4e38 in f32"; cost "one pass over the rows of the bags, each way";
        |tape, x| tape.var(tensor![[1.0], [2.0], [3.0]]) => x.sum_bags(tensor![2_usize, 0, 1], tensor![0_usize, 2])?.square().sum().grad(&[x])?[0];
    "windows": "The windows over the last axes: those that see places of their own are in axes at the end.";
        formula "y[i, j] = x[i·stride + j·dilation]"; shapes "[…, size] gives […, windows, window]"; domain "windows that fit into the axes"; kinks "none"; safe "every number"; cost "none forward: a view; one pass back";
        |tape, x| tape.var(tensor![1.0, 2.0, 3.0]) => x.windows([Window::new(2)])?;
    "unwindows": "Zeros whose last axes have these sizes, with the operand's windows added in their places.";
        formula "y = 0, and y[i·stride + j·dilation] += x[i, j]"; shapes "[…, windows, window] gives […, size]; the adjoint of `windows`"; domain "windows that fit into the axes"; kinks "none"; safe "sums below 3.4e38 in f32"; cost "one pass forward; back, a view";
        |tape, x| tape.var(tensor![1.0, 2.0, 3.0]) => x.windows([Window::new(2)])?.square().sum().grad(&[x])?[0];
    "max_pool": "The largest element of each part of the last axes.";
        formula "y[j] = max x[i] of the i in part j"; shapes "[…, size] gives […, parts]"; domain "parts that have places"; kinks "ties: the first of equal elements gets the gradient"; safe "every number; NaN is larger than all others"; cost "one pass forward; one back";
        |tape, x| tape.var(tensor![1.0, 5.0, 2.0, 3.0]) => x.max_pool(&[vec![Part { start: 0, len: 2, step: 1 }, Part { start: 2, len: 2, step: 1 }]])?;
    "conv": "The convolution of an input with a weight, and a bias if there is one.";
        formula "y[n, o, i] = Σ x[n, c, i·stride + j·dilation]·w[o, c, j] + b[o]"; shapes "[batch, channels, size…] and [out, channels / groups, window…] give [batch, out, places…]"; domain "windows that fit into the axes"; kinks "none: it is linear in each operand"; safe "sums below 3.4e38 in f32"; cost "batch · places · window · channels · out / groups multiplications forward, and as many back for each operand";
        |tape, x| tape.var(tensor![[[1.0, 2.0, 3.0]]]) => x.conv(tape.var(tensor![[[1.0, -1.0]]]), None, Conv::new([Window::new(2)]))?;
    "conv_input": "Of an output and a weight, the input, whose last axes have these sizes: the adjoint along the input.";
        formula "y[n, c, i·stride + j·dilation] += x[n, o, i]·w[o, c, j]"; shapes "[batch, out, places…] and [out, channels / groups, window…] give [batch, channels, size…]"; domain "sizes that the windows fit into"; kinks "none: it is linear in each operand"; safe "sums below 3.4e38 in f32"; cost "that of `conv`";
        |tape, x| tape.var(tensor![[[1.0, 2.0]]]) => x.conv_input(tape.var(tensor![[[1.0, -1.0]]]), [3], Conv::new([Window::new(2)]))?;
    "conv_weight": "Of an input and an output, the weight: the adjoint along the weight.";
        formula "y[o, c, j] = Σ x[n, c, i·stride + j·dilation]·g[n, o, i]"; shapes "[batch, channels, size…] and [batch, out, places…] give [out, channels / groups, window…]"; domain "windows that fit into the axes"; kinks "none: it is linear in each operand"; safe "sums below 3.4e38 in f32"; cost "that of `conv`";
        |tape, x| tape.var(tensor![[[1.0, 2.0, 3.0]]]) => x.conv_weight(tape.var(tensor![[[1.0, -1.0]]]), Conv::new([Window::new(2)]))?;
    "self_attention": "softmax(q·kᵀ·scale)·v for each head, of queries, keys and values that lie next to each other: `[batch, time, 3 · width]`.";
        formula "y = softmax(q·kᵀ·scale)·v, head by head"; shapes "[batch, time, 3 · width] gives [batch, time, width]"; domain "heads that divide the width"; kinks "none; if causal, later places get 0"; safe "every score: the largest is subtracted first"; cost "2 · batch · time² · width multiplications forward, five such back; the scores are not kept";
        |tape, x| tape.var(tensor![[[0.0, 0.0, 1.0], [0.0, 0.0, 3.0]]]) => x.self_attention(1, true, None)?;
    "rnn": "A recurrent net over a whole sequence.";
        formula "h ← tanh(x[t] + h·Uᵀ + d), or relu"; shapes "[time, batch, hidden], [batch, hidden] and [hidden, hidden] give [time + 1, batch, hidden]"; domain "all numbers"; kinks "with relu, slope 0 at 0"; safe "every number with tanh"; cost "a product of [batch, hidden] and U for each step, and as many back";
        |tape, x| tape.var(tensor![[[0.5]], [[0.5]]]) => x.recurrent(Step::Tanh, Direction::Forward, tape.var(tensor![[0.0]]), tape.var(tensor![[1.0]]), None, None)?;
    "gru": "A recurrent net over a whole sequence.";
        formula "h ← z·h + (1 - z)·n, with the gates r, z = sigmoid(…), n = tanh(x + r·(h·Uᵀ + d))"; shapes "[time, batch, 3 · hidden], [batch, hidden] and [3 · hidden, hidden] give the states"; domain "all numbers"; kinks "none"; safe "every number"; cost "a product of [batch, hidden] and U for each step, and as many back";
        |tape, x| tape.var(tensor![[[0.5, 0.5, 0.5]]]) => x.recurrent(Step::Gru, Direction::Forward, tape.var(tensor![[1.0]]), tape.var(Tensor::ones([3, 1])), None, None)?;
    "lstm": "A recurrent net over a whole sequence.";
        formula "c ← f·c + i·g, h ← o·tanh(c), with the gates i, f, o = sigmoid(…), g = tanh(…)"; shapes "[time, batch, 4 · hidden], [batch, hidden], [4 · hidden, hidden] and the first memory give the states and the memory"; domain "all numbers"; kinks "none"; safe "every number"; cost "a product of [batch, hidden] and U for each step, and as many back";
        |tape, x| tape.var(tensor![[[0.5, 0.5, 0.5, 0.5]]]) => x.recurrent(Step::Lstm, Direction::Forward, tape.var(tensor![[1.0]]), tape.var(Tensor::ones([4, 1])), Some(tape.var(tensor![[0.0]])), None)?;
}
