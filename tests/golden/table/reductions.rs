//! PyTorch's reductions, scans and sorting, and what each is here.
//!
//! `over(dim, keepdim)` stands for the axes as you would write them: `..` for all, `1`, `[0, -1]`, or `keep(…)` of these.

use wengert::tensor::{Axes, Order, keep};

use super::super::call::{Answer, IntoAnswer};
use crate::table;

table! {
    fn call -> Answer<'t, T>, IntoAnswer::into_answer;

    sum(x: Var, dim: MaybeList, keepdim: bool) => x.sum_over(over(dim, keepdim));
    mean(x: Var, dim: MaybeList, keepdim: bool) => x.mean_over(over(dim, keepdim));
    prod(x: Var, dim: MaybeInt, keepdim: bool) => x.prod_over(one(dim, keepdim)), as "x.prod_over(over(dim, keepdim))";
    amax(x: Var, dim: MaybeList, keepdim: bool) => x.max_over(over(dim, keepdim));
    amin(x: Var, dim: MaybeList, keepdim: bool) => x.min_over(over(dim, keepdim));
    max(x: Var, dim: isize, keepdim: bool) => x.max_at(over(vec![dim], keepdim)), as "x.max_at(dim)";
    max(x: Var, dim: MaybeInt, keepdim: bool) => x.max();
    min(x: Var, dim: isize, keepdim: bool) => x.min_at(over(vec![dim], keepdim)), as "x.min_at(dim)";
    min(x: Var, dim: MaybeInt, keepdim: bool) => x.min();
    median(x: Var, dim: isize, keepdim: bool) => x.median_at(over(vec![dim], keepdim)), as "x.median_at(dim)";
    median(x: Var, dim: MaybeInt, keepdim: bool) => x.median_at(..).map(|(value, _)| value), as "x.median_at(..)";
    var(x: Var, dim: MaybeList, correction: MaybeNumber, keepdim: bool) =>
        x.var_over(over(dim, keepdim), correction.unwrap_or(1.0));
    std(x: Var, dim: MaybeList, correction: MaybeNumber, keepdim: bool) =>
        x.std_over(over(dim, keepdim), correction.unwrap_or(1.0));
    norm(x: Var, p: f64, dim: MaybeList, keepdim: bool) => x.norm_over(over(dim, keepdim), p);
    logsumexp(x: Var, dim: MaybeList, keepdim: bool) => x.logsumexp_over(over(dim, keepdim));
    count_nonzero(x: Var, dim: MaybeList) => x.value()?.count_nonzero_over(over(dim, false));
    argmax(x: Var, dim: MaybeInt, keepdim: bool) => x.value()?.argmax_over(kept(dim, keepdim)), as "x.value()?.argmax_over(over(dim, keepdim))";
    argmin(x: Var, dim: MaybeInt, keepdim: bool) => x.value()?.argmin_over(kept(dim, keepdim)), as "x.value()?.argmin_over(over(dim, keepdim))";

    softmax(x: Var, dim: isize) => x.softmax(dim);
    log_softmax(x: Var, dim: isize) => x.log_softmax(dim);
    softmin(x: Var, dim: isize) => (-x).softmax(dim);
    cumsum(x: Var, dim: isize) => x.cumsum(dim);
    cumprod(x: Var, dim: isize) => x.cumprod(dim);
    logcumsumexp(x: Var, dim: isize) => x.logcumsumexp(dim);
    sort(x: Var, dim: isize, descending: bool, stable: MaybeBool) => x.sort(dim, by(descending)), as "x.sort(dim, Order::Descending)";
    topk(x: Var, k: usize, dim: isize, largest: bool, sorted: MaybeBool) => x.topk(k, dim, by(largest)), as "x.topk(k, dim, Order::Descending)";

    normalize(x: Var, p: f64, dim: isize, eps: f64) => x.unit_norm(dim, p, eps);
    cosine_similarity(x: Var, x2: Var, dim: isize, eps: f64) => x.cosine_similarity(x2, dim, eps);
    pairwise_distance(x: Var, x2: Var, p: f64, eps: f64, keepdim: bool) =>
        x.pairwise_distance(x2, p, eps, keepdim);
}

/// PyTorch's flag as an order.
fn by(descending: bool) -> Order {
    if descending { Order::Descending } else { Order::Ascending }
}

/// The axes of a list, or all of them: PyTorch takes an empty list for all.
fn over(dim: impl Into<Option<Vec<isize>>>, keepdim: bool) -> Axes {
    let axes = dim.into().filter(|dim| !dim.is_empty()).map_or(Axes::ALL, Axes::from);
    if keepdim { keep(axes) } else { axes }
}

/// One axis or all of them; the sizes of all are kept too.
fn kept(dim: Option<isize>, keepdim: bool) -> Axes {
    over(dim.map(|d| vec![d]), keepdim)
}

/// One axis or all of them, where all leave a scalar whatever `keepdim` says.
fn one(dim: Option<isize>, keepdim: bool) -> Axes {
    over(dim.map(|d| vec![d]), keepdim && dim.is_some())
}
