//! docs/conventions.md, row by row: each check below names the row that it shows, and a test asks that no row is without one.

use wengert::autograd::{Param, Result, Tape, Var};
use wengert::loss::{
    CosineEmbeddingLoss, CrossEntropyLoss, GaussianNllLoss, HingeEmbeddingLoss, Labels, Loss,
    MarginRankingLoss, Reduction, TripletMarginLoss, bce, bce_with_logits, hinge, huber, mae,
    multi_margin, multilabel_soft_margin, smooth_l1, soft_margin,
};
use wengert::nn::{BatchNorm1d, Hardtanh, LayerNorm, Module, Parts, functional};
use wengert::optim::clip_grad_norm;
use wengert::tensor::{Order, Tensor, tensor};

const PAGE: &str = include_str!("../../docs/conventions.md");

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// The gradient of the sum of `f` at x.
fn slope(f: impl Fn(Var<f64>) -> Result<Var<f64>>, x: &[f64]) -> Vec<f64> {
    let tape = Tape::new();
    let x = tape.var(Tensor::from(x.to_vec()));
    let y = f(x).unwrap().sum();
    y.pull_tensors(&[x], &Tensor::scalar(1.0)).unwrap()[0].to_vec()
}

/// The gradients of the sum of `f` along both operands.
fn slopes<'t>(
    tape: &'t Tape<f64>,
    f: impl Fn(Var<'t, f64>, Var<'t, f64>) -> Result<Var<'t, f64>>,
    a: f64,
    b: f64,
) -> [f64; 2] {
    let (a, b) = (tape.scalar(a), tape.scalar(b));
    let y = f(a, b).unwrap();
    let g = y.pull_tensors(&[a, b], &Tensor::scalar(1.0)).unwrap();
    [g[0].item().unwrap(), g[1].item().unwrap()]
}

/// Equal, NaN being equal to NaN.
#[track_caller]
fn same(got: &[f64], expected: &[f64]) {
    let equal = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
    let all = got.len() == expected.len() && got.iter().zip(expected).all(equal);
    assert!(all, "got {got:?}, expected {expected:?}");
}

/// The checks that follow show the row of the page that begins with this cell.
#[track_caller]
fn row(first_cell: &str) {
    assert!(PAGE.contains(&format!("\n| {first_cell} |")), "the page has no row `{first_cell}`");
}

#[test]
fn every_row_of_the_page_is_shown() {
    let source = include_str!("conventions.rs");
    let heads = ["function, at", "function", "where"];
    // The tables of what losses give at infinity and reject are shown line by line in the tests of the loss crate.
    let (before, rest) = PAGE.split_once("## Losses at infinite and huge predictions").unwrap();
    let after = rest.split_once("## Where the shape is the edge").unwrap().1;
    let lines = before.lines().chain(after.lines());
    let rows = lines.filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let rows: Vec<&str> = rows.filter(|cell| !heads.contains(cell)).collect();
    let missing: Vec<_> =
        rows.iter().filter(|cell| !source.contains(&format!("row(\"{cell}\")"))).collect();
    assert!(missing.is_empty(), "rows without a check: {missing:#?}");
    assert!(rows.len() > 45, "{}", rows.len());
}

#[test]
fn corners() {
    row("`relu` at 0");
    same(&slope(|x| Ok(x.relu()), &[0.0]), &[0.0]);
    row("`abs`, `l1_loss` at 0");
    same(&slope(|x| Ok(x.abs()), &[0.0]), &[0.0]);
    same(&slope(|x| mae(x, tensor![2.0]), &[2.0]), &[0.0]);
    row("`leaky_relu`, `prelu` at 0");
    same(&slope(|x| Ok(x.leaky_relu(0.1)), &[0.0]), &[0.1]);
    let tape = Tape::new();
    let (x, weight) = (tape.var(tensor![[0.0]]), tape.var(tensor![0.25]));
    let prelu = functional::prelu(x, weight).unwrap().sum();
    same(&prelu.pull_tensors(&[x], &Tensor::scalar(1.0)).unwrap()[0].to_vec(), &[0.25]);
    row("`elu`, `celu`, `selu` at 0");
    same(&slope(|x| Ok(x.elu(1.5)), &[0.0]), &[1.5]);
    same(&slope(|x| Ok(x.celu(1.5)), &[0.0]), &[1.0]);
    let selu = slope(|x| Ok(x.selu()), &[0.0])[0];
    assert!((selu - 1.758_099_340_847_376_6).abs() < 1e-14, "{selu}");
    row("`relu6`, `hardtanh`, `hardsigmoid` at a bound");
    same(&slope(|x| Ok(x.relu6()), &[0.0, 6.0]), &[0.0, 0.0]);
    same(&slope(|x| Ok(x.hardtanh(-1.0, 1.0)), &[-1.0, 1.0]), &[0.0, 0.0]);
    same(&slope(|x| Ok(x.hardsigmoid()), &[-3.0, 3.0]), &[0.0, 0.0]);
    row("`hardswish` at -3, 3");
    same(&slope(|x| Ok(x.hardswish()), &[-3.0, 3.0]), &[0.0, 1.0]);
    row("`clamp` at a bound");
    same(&slope(|x| Ok(x.clamp(-1.0, 1.0)), &[-1.0, 1.0, 2.0]), &[1.0, 1.0, 0.0]);
    row("`clamp_min`, `clamp_max` (tensor bounds) at a tie");
    same(&slope(|x| x.clamp_min(tensor![1.0, 1.0]), &[1.0, 0.0]), &[1.0, 0.0]);
    same(&slope(|x| x.clamp_max(tensor![1.0, 1.0]), &[1.0, 2.0]), &[1.0, 0.0]);
    row("`softshrink`, `hardshrink` at ±lambda, `threshold` at the threshold");
    same(&slope(|x| Ok(x.softshrink(0.5)), &[-0.5, 0.5]), &[0.0, 0.0]);
    same(&slope(|x| Ok(x.hardshrink(0.5)), &[-0.5, 0.5]), &[0.0, 0.0]);
    same(&slope(|x| Ok(x.threshold(0.5, 9.0)), &[0.5]), &[0.0]);
    row("`floor`, `ceil`, `round`, `trunc`, `sign`, rounded division");
    same(&slope(|x| Ok(x.floor() + x.ceil() + x.round() + x.trunc() + x.sign()), &[1.5]), &[0.0]);
    same(&slopes(&tape, |a, b| a.div_trunc(b), 7.0, 2.0), &[0.0, 0.0]);
    same(&slopes(&tape, |a, b| a.div_floor(b), 7.0, 2.0), &[0.0, 0.0]);
    row("`huber`, `smooth_l1` at the bend");
    let (at, below) = ([1.0], [1.0 - 1e-9]);
    for bend in [at, below] {
        let near = |slope: Vec<f64>| assert!((slope[0] - 1.0).abs() < 1e-8, "{slope:?}");
        near(slope(|x| huber(x, tensor![0.0], 1.0), &bend));
        near(slope(|x| smooth_l1(x, tensor![0.0], 1.0), &bend));
    }
    row("hinges (`hinge_embedding`, `margin_ranking`, `triplet_margin`, …) at the corner");
    let embedding = HingeEmbeddingLoss::new();
    same(&slope(|x| embedding.forward(x, &tensor![-1.0]), &[1.0]), &[-1.0]);
    let ranking = MarginRankingLoss::new();
    same(&slope(|x| ranking.forward(x, (tensor![2.0], tensor![1.0])), &[2.0]), &[-1.0]);
    // The distances, 1 and 2, differ by the margin exactly.
    let (anchor, positive) = (tape.var(tensor![[0.0]]), tape.var(tensor![[1.0]]));
    let triplet = TripletMarginLoss::new().margin(1.0).epsilon(0.0);
    let triplet = triplet.forward(anchor, (positive, tensor![[2.0]])).unwrap();
    assert_eq!(triplet.item().unwrap(), 0.0);
    let along = triplet.pull_tensors(&[positive], &Tensor::scalar(1.0)).unwrap();
    assert_eq!(along[0].to_vec(), [1.0]);
    same(&slope(|x| hinge(x, tensor![1.0]), &[1.0]), &[0.0]);
    // The other class is behind by the margin exactly.
    let (scores, first) = (tape.var(tensor![[1.0, 0.0]]), tensor![0_usize]);
    let margin = multi_margin(scores, &first).unwrap();
    let along = margin.pull_tensors(&[scores], &Tensor::scalar(1.0)).unwrap();
    assert_eq!(along[0].to_vec(), [0.0, 0.0]);
}

#[test]
fn ties() {
    let tape = Tape::new();
    row("`maximum`, `minimum` of two equal numbers");
    same(&slopes(&tape, |a, b| a.maximum(b), 1.0, 1.0), &[0.5, 0.5]);
    same(&slopes(&tape, |a, b| a.minimum(b), 1.0, 1.0), &[0.5, 0.5]);
    row("the same where one is NaN");
    same(&slopes(&tape, |a, b| a.maximum(b), NAN, 1.0), &[0.0, 0.0]);
    row("`max`, `min`, `max_over`, `min_over` (`amax`)");
    same(&slope(|x| x.max(), &[3.0, 3.0, 1.0]), &[0.5, 0.5, 0.0]);
    same(&slope(|x| x.min(), &[3.0, 1.0, 1.0]), &[0.0, 0.5, 0.5]);
    same(&slope(|x| x.max_over(0), &[3.0, 3.0, 1.0]), &[0.5, 0.5, 0.0]);
    row("`max_at`, `min_at` (`max(dim)`)");
    same(&slope(|x| Ok(x.max_at(0)?.0), &[3.0, 3.0, 1.0]), &[1.0, 0.0, 0.0]);
    same(&slope(|x| Ok(x.min_at(0)?.0), &[3.0, 1.0, 1.0]), &[0.0, 1.0, 0.0]);
    row("`median_at`, `sort`, `topk`");
    same(&slope(|x| Ok(x.median_at(0)?.0), &[1.0, 4.0, 2.0]), &[0.0, 0.0, 1.0]);
    same(&slope(|x| x.sort(0, Order::Ascending)?.0.select(0, 0), &[3.0, 1.0]), &[0.0, 1.0]);
    same(&slope(|x| Ok(x.topk(1, 0, Order::Descending)?.0), &[3.0, 3.0]), &[1.0, 0.0]);
    row("`argmax`, `argmin` of several");
    assert_eq!(tensor![3.0, 3.0].argmax().unwrap(), 0);
    assert_eq!(tensor![3.0, 1.0, 1.0].argmin().unwrap(), 1);
    row("`median` of an even number");
    same(&slope(|x| Ok(x.median_at(0)?.0), &[1.0, 4.0, 2.0, 3.0]), &[0.0, 0.0, 1.0, 0.0]);
}

#[test]
fn nothing_and_infinity() {
    let tape = Tape::<f64>::new();
    row("`norm_over` of order 0");
    let value =
        |x: &[f64], p: f64| Tensor::from(x.to_vec()).norm_over(0, p).unwrap().item().unwrap();
    assert_eq!(value(&[0.0, 2.0, 3.0], 0.0), 2.0);
    same(&slope(|x| x.norm_over(0, 0.0), &[0.0, 2.0, 3.0]), &[0.0; 3]);
    row("`norm_over` of a negative order where an element is 0");
    for p in [-1.0, -2.0, -INF] {
        assert_eq!(value(&[0.0, 2.0, 3.0], p), 0.0);
        same(&slope(|x| x.norm_over(0, p), &[0.0, 2.0, 3.0]), &[0.0; 3]);
    }
    row("`var_over`, `std_over` of one element, with a correction of 1");
    same(&slope(|x| x.var_over(0, 1.0), &[3.0]), &[NAN]);
    same(&slope(|x| x.std_over(0, 1.0), &[3.0]), &[NAN]);
    for spread in [tensor![3.0].var_over(0, 1.0), tensor![3.0].std_over(0, 1.0)] {
        let spread: Tensor<f64> = spread.unwrap();
        assert!(spread.item().unwrap().is_nan());
    }
    row("`var_over` with a correction beyond the number of elements");
    assert_eq!(tensor![3.0_f64, 4.0].var_over(0, 3.0).unwrap().item().unwrap(), INF);
    row("`LayerNorm` of one column");
    let columns = Tape::new();
    let x = columns.var(tensor![[3.0], [5.0]]);
    let y = LayerNorm::new([1]).call(x).unwrap();
    assert_eq!(y.value().unwrap(), tensor![[0.0], [0.0]]);
    assert_eq!(y.sum().gradients().unwrap().wrt(x).value().unwrap(), tensor![[0.0], [0.0]]);
    row("running statistics of `BatchNorm` after a batch with NaN or ∞");
    let norm = BatchNorm1d::<f64>::new(1);
    let before = norm.state();
    norm.call(Tape::new().var(tensor![[1.0], [NAN]])).unwrap();
    assert_eq!(norm.state(), before);
    row("`powf`, `pow` whose value overflows and whose slope does not, as (10²⁰)² in f32");
    let single = Tape::<f32>::new();
    let x = single.var(tensor![1e20]);
    for y in [x.powf(2.0), x.pow(single.constant(tensor![2.0])).unwrap()] {
        assert_eq!(y.item().unwrap(), f32::INFINITY);
        assert_eq!(y.gradients().unwrap().wrt(x).value().unwrap(), tensor![2e20]);
    }

    row("`sqrt` at 0");
    same(&slope(|x| Ok(x.sqrt()), &[0.0]), &[INF]);
    row("`norm_over` where the norm is 0, any order");
    for p in [0.5, 1.0, 2.0, 3.0, INF] {
        same(&slope(|x| x.norm_over(0, p), &[0.0, 0.0]), &[0.0, 0.0]);
    }
    row("`std_over` where it is 0");
    same(&slope(|x| x.std_over(0, 1.0), &[2.0, 2.0]), &[0.0, 0.0]);
    row("`hypot` at (0, 0)");
    same(&slopes(&tape, |a, b| a.hypot(b), 0.0, 0.0), &[0.0, 0.0]);
    row("`atan2` at (0, 0)");
    same(&slopes(&tape, |a, b| a.atan2(b), 0.0, 0.0), &[0.0, 0.0]);
    row("`norm_over`, `hypot` of huge or tiny numbers");
    for scale in [1e200, 1e-200] {
        let (three, four) = (Tensor::scalar(3.0 * scale), Tensor::scalar(4.0 * scale));
        let (norm, hypot) = (tensor![3.0 * scale, 4.0 * scale].norm(2.0), three.hypot(&four));
        let five = Tensor::scalar(5.0 * scale);
        assert!(norm.unwrap().allclose(&five, 1e-15, 0.0, false).unwrap());
        assert!(hypot.unwrap().allclose(&five, 1e-15, 0.0, false).unwrap());
    }
    row("`pow(0, 0)`");
    assert_eq!(tape.scalar(0.0).pow(tape.scalar(0.0)).unwrap().item().unwrap(), 1.0);
    same(&slopes(&tape, |a, b| a.pow(b), 0.0, 0.0), &[0.0, 0.0]);
    row("`pow(0, b)`, along b > 0");
    same(&slopes(&tape, |a, b| a.pow(b), 0.0, 2.0), &[0.0, 0.0]);
    same(&slope(|x| Ok(x.rpow_scalar(0.0)), &[0.0, 2.0]), &[0.0, 0.0]);
    row("`pow` of a negative base, along the exponent");
    same(&slopes(&tape, |a, b| a.pow(b), -2.0, 3.0), &[12.0, NAN]);
    row("`ln` at 0");
    assert_eq!(tape.scalar(0.0).ln().item().unwrap(), -INF);
    same(&slope(|x| Ok(x.ln()), &[0.0]), &[INF]);
    row("`xlogy(0, b)`");
    for b in [0.0, 0.5, -1.0] {
        assert_eq!(tape.scalar(0.0).xlogy(tape.scalar(b)).unwrap().item().unwrap(), 0.0);
    }
    same(&slopes(&tape, |a, b| a.xlogy(b), 0.0, 0.5)[1..], &[0.0]);
    row("`logaddexp` of equal infinities");
    same(&slopes(&tape, |a, b| a.logaddexp(b), INF, INF), &[0.5, 0.5]);
    same(&slopes(&tape, |a, b| a.logaddexp(b), -INF, -INF), &[0.5, 0.5]);
    row("`logsumexp_over` with +∞");
    same(&slope(|x| x.logsumexp_over(0), &[INF, 0.0]), &[NAN, 0.0]);
    row("`logsumexp_over` of nothing but -∞");
    same(&slope(|x| x.logsumexp_over(0), &[-INF, -INF]), &[0.0, 0.0]);
    row("`softmax` of nothing but -∞");
    assert!(tensor![-INF, -INF].softmax(0).unwrap().iter().all(f64::is_nan));
    row("`prod_over`, `cumprod` with zeros");
    same(&slope(|x| x.prod_over(0), &[0.0, 3.0, 2.0]), &[6.0, 0.0, 0.0]);
    same(&slope(|x| x.cumprod(0), &[0.0, 3.0]), &[4.0, 0.0]);
    row("`prod_over`, `cumprod` of numbers whose product is 0, ∞ or not a normal number");
    {
        let (tiny, huge) = (1e-200, 1e200);
        same(&slope(|x| x.prod_over(0), &[tiny, tiny]), &[tiny, tiny]);
        same(&slope(|x| x.prod_over(0), &[huge, huge]), &[huge, huge]);
    }
    row("`softsign` at ±∞, `mish` at -∞");
    assert!(tensor![INF, -INF].softsign().iter().all(f64::is_nan));
    assert!(tensor![-INF].mish().item().unwrap().is_nan());
    row("`where_` with NaN in the branch not taken");
    // The slope of √x at 0 is ∞, and NaN below: what is not chosen passes an exact 0 on to it.
    let chosen = tensor![true, false];
    same(&slope(|x| x.sqrt().masked_fill(&chosen, 0.0), &[0.0, 4.0]), &[0.0, 0.25]);
    same(&slope(|x| x.sqrt().masked_fill(&chosen, 0.0), &[-1.0, 4.0]), &[0.0, 0.25]);
    row("a gradient of 0 times an infinite slope");
    same(&slope(|x| Ok(x.sqrt() * 0.0), &[0.0]), &[0.0]);
    row("`remainder`, `div_floor` by an infinity of the other sign");
    same(&slopes(&tape, |a, b| a.remainder(b), 1.0, -INF), &[1.0, 1.0]);
    let quotient = tape.scalar(1.0).div_floor(tape.scalar(-INF)).unwrap();
    assert_eq!(quotient.item().unwrap(), -1.0);
}

#[test]
fn losses_at_their_edges() {
    let tape = Tape::new();
    row("`bce` at p = 0 or 1");
    same(&slope(|p| bce(p, tensor![1.0, 0.0]), &[1.0, 0.0]), &[0.0, 0.0]);
    assert_eq!(bce(tape.var(tensor![0.0]), tensor![1.0]).unwrap().item().unwrap(), 100.0);
    same(&slope(|p| bce(p, tensor![1.0]), &[0.0]), &[-1e12]);
    row("`bce_with_logits`, `soft_margin`, `multilabel_soft_margin` of ±1000");
    let x = tape.var(tensor![-1000.0]);
    assert_eq!(bce_with_logits(x, tensor![1.0]).unwrap().item().unwrap(), 1000.0);
    assert_eq!(soft_margin(x, tensor![1.0]).unwrap().item().unwrap(), 1000.0);
    let labels = tape.var(tensor![[-1000.0, 1000.0]]);
    let loss = multilabel_soft_margin(labels, tensor![[1.0, 1.0]]).unwrap();
    assert_eq!(loss.item().unwrap(), 500.0);
    row("`cross_entropy` with a target probability of 0 on a logit of -∞");
    let criterion = CrossEntropyLoss::new().reduction(Reduction::Sum);
    let labels = Labels::Probabilities(tensor![0.0, 1.0]);
    let loss = criterion.forward(tape.var(tensor![-INF, 0.0]), labels).unwrap();
    assert_eq!(loss.item().unwrap(), 0.0);
    row("`cosine_embedding` of vectors whose squares overflow");
    let (long, other) = (tape.var(tensor![[3e200, 4e200]]), tensor![[3e200, 4e200]]);
    let loss = CosineEmbeddingLoss::new().forward(long, (other, tensor![1.0])).unwrap();
    assert!(loss.item().unwrap().abs() < 1e-12);
    row("`cosine_embedding` of a zero vector");
    let (zero, other) = (tape.var(tensor![[0.0, 0.0]]), tensor![[1.0, 2.0]]);
    let loss = CosineEmbeddingLoss::new().forward(zero, (other, tensor![1.0])).unwrap();
    assert_eq!(loss.item().unwrap(), 1.0);
    let along = loss.pull_tensors(&[zero], &Tensor::scalar(1.0)).unwrap();
    assert!(along[0].iter().all(f64::is_finite), "{}", along[0]);
    row("`gaussian_nll` with a variance below epsilon");
    let of = |variance: f64| {
        let (x, variance) = (tape.var(tensor![1.0]), tape.var(tensor![variance]));
        let loss = GaussianNllLoss::new().epsilon(0.01).forward(x, (tensor![0.0], variance));
        let loss = loss.unwrap();
        let along = loss.pull_tensors(&[variance], &Tensor::scalar(1.0)).unwrap();
        (loss.item().unwrap(), along[0].to_vec()[0])
    };
    let ((below, along_below), (at, along_at)) = (of(0.001), of(0.01));
    assert!((below - at).abs() < 1e-12 * at && (along_below - along_at).abs() < 1e-12 * -along_at);
    row("the mean over no samples");
    let empty = tape.var(Tensor::zeros([0, 3]));
    let none = Tensor::<usize>::zeros([0]);
    assert!(CrossEntropyLoss::new().forward(empty, &none).is_err());
    let nan = CrossEntropyLoss::new().reduction(Reduction::MeanOrNan);
    assert!(nan.forward(empty, &none).unwrap().item().unwrap().is_nan());
    row("`clip_grad_norm` of huge gradients");
    let w = Param::new(tensor![0.0, 0.0]);
    w.set_grad(Some(tensor![3e200, 4e200]));
    let norm = clip_grad_norm(std::slice::from_ref(&w), 1.0).unwrap();
    assert!((norm / 5e200 - 1.0).abs() < 1e-14, "{norm}");
    assert!(w.grad().unwrap().allclose(&tensor![0.6, 0.8], 1e-12, 0.0, false).unwrap());
}

#[test]
fn where_the_shape_is_the_edge() {
    row("axis 0 or -1 of a scalar");
    let scalar = Tensor::scalar(3.0);
    assert_eq!(scalar.sum_over(0).unwrap(), scalar);
    assert_eq!(scalar.cumsum(-1).unwrap(), scalar);
    assert_eq!(scalar.softmax(0).unwrap(), Tensor::scalar(1.0));
    assert!(scalar.sum_over(1).is_err());
    row("`max_over`, `argmax_over` of nothing");
    let empty = Tensor::<f64>::zeros([0]);
    assert!(empty.max_over(0).is_err() && empty.argmax_over(0).is_err());
    row("`mean`, `var` of nothing");
    assert!(empty.mean().item().unwrap().is_nan());
    assert!(empty.var_over(0, 1.0).unwrap().item().unwrap().is_nan());
    row("`squeeze` of an axis that is not 1");
    assert!(Tensor::<f64>::zeros([2, 3]).squeeze(0).is_err());
    row("a slice beyond its axis");
    assert!(Tensor::<f64>::zeros([2, 3]).slice(wengert::tensor::s![..5]).is_err());
    row("`t` of more than two axes");
    assert_eq!(Tensor::<f64>::zeros([2, 3, 4]).t().shape(), [2, 4, 3]);
    row("`hardtanh` with its bounds the wrong way round");
    assert_eq!(tensor![0.0].hardtanh(0.5, -0.5), tensor![-0.5]);
    let tape = Tape::<f64>::new();
    let x = tape.var(Tensor::zeros([2, 1]));
    assert!(Hardtanh::new(0.5, -0.5).forward(x).is_err());
    row("`gather`, `scatter` with an empty index of another rank");
    let (matrix, none) = (tensor![[1.0, 2.0]], Tensor::<usize>::zeros([0]));
    assert!(matrix.gather(0, &none).is_err() && matrix.scatter(0, &none, &matrix).is_err());
    row("`clamp_between` with its bounds the wrong way round");
    let (low, high) = (tensor![0.5], tensor![-0.5]);
    assert_eq!(tensor![0.0].clamp_between(&low, &high).unwrap(), tensor![-0.5]);
    assert_eq!(tensor![0.0].clamp(0.5, -0.5), tensor![-0.5]);
    row("`permute` of a scalar with an axis");
    assert!(scalar.permute([0]).is_err());
    row("losses of two shapes");
    assert!(wengert::loss::mse(x, Tensor::zeros([2])).is_err());
}
