//! PyTorch's functions of each element and of pairs of elements, activations included, and what each is here.

use wengert::autograd::Var;
use wengert::nn::functional;
use wengert::tensor::Float;

use super::super::call::{Answer, IntoAnswer, Refusal};
use crate::table;

table! {
    fn call -> Answer<'t, T>, IntoAnswer::into_answer;

    exp(x: Var) => x.exp();
    log(x: Var) => x.ln();
    log1p(x: Var) => x.log1p();
    log2(x: Var) => x.log2();
    log10(x: Var) => x.log10();
    expm1(x: Var) => x.expm1();
    exp2(x: Var) => x.exp2();
    sqrt(x: Var) => x.sqrt();
    rsqrt(x: Var) => x.rsqrt();
    reciprocal(x: Var) => x.recip();
    square(x: Var) => x.square();
    sin(x: Var) => x.sin();
    cos(x: Var) => x.cos();
    tan(x: Var) => x.tan();
    asin(x: Var) => x.asin();
    acos(x: Var) => x.acos();
    atan(x: Var) => x.atan();
    sinh(x: Var) => x.sinh();
    cosh(x: Var) => x.cosh();
    tanh(x: Var) => x.tanh();
    erf(x: Var) => x.erf();
    abs(x: Var) => x.abs();
    sign(x: Var) => x.sign();
    neg(x: Var) => -x;
    ceil(x: Var) => x.ceil();
    floor(x: Var) => x.floor();
    round(x: Var) => x.round();
    trunc(x: Var) => x.trunc();
    sigmoid(x: Var) => x.sigmoid();
    isnan(x: Var) => x.value()?.is_nan();
    isinf(x: Var) => x.value()?.is_infinite();
    isfinite(x: Var) => x.value()?.is_finite();
    detach(x: Var) => x.detach();

    relu(x: Var) => x.relu();
    relu6(x: Var) => x.relu6();
    leaky_relu(x: Var, negative_slope: f64) => x.leaky_relu(negative_slope);
    prelu(x: Var, weight: Var) => functional::prelu(x, weight);
    elu(x: Var, alpha: f64) => x.elu(alpha);
    celu(x: Var, alpha: f64) => x.celu(alpha);
    selu(x: Var) => x.selu();
    gelu(x: Var, approximate: Text) => match &*approximate {
        "none" => x.gelu(),
        "tanh" => x.gelu_tanh(),
        other => return Err(Refusal::inexpressible(other)),
    }, as "x.gelu()`, `x.gelu_tanh()";
    silu(x: Var) => x.silu();
    mish(x: Var) => x.mish();
    softplus(x: Var, beta: f64, threshold: f64) => x.softplus(beta, threshold);
    softsign(x: Var) => x.softsign();
    logsigmoid(x: Var) => x.log_sigmoid();
    hardtanh(x: Var, min_val: f64, max_val: f64) => x.hardtanh(min_val, max_val);
    hardsigmoid(x: Var) => x.hardsigmoid();
    hardswish(x: Var) => x.hardswish();
    softshrink(x: Var, lambd: f64) => x.softshrink(lambd);
    hardshrink(x: Var, lambd: f64) => x.hardshrink(lambd);
    tanhshrink(x: Var) => x.tanhshrink();
    threshold(x: Var, threshold: f64, value: f64) => x.threshold(threshold, value);
    glu(x: Var, dim: isize) => functional::glu(x, dim);

    add(x: Var, other: f64, alpha: f64) => x.add_scalar(alpha * other);
    add(x: Term, other: Term, alpha: f64) => x.try_add(scaled(other, alpha)), as "x + other * alpha";
    sub(x: Var, other: f64, alpha: f64) => x.add_scalar(-alpha * other);
    sub(x: Term, other: Term, alpha: f64) => x.try_sub(scaled(other, alpha)), as "x - other * alpha";
    rsub(x: Var, other: f64) => x.rsub_scalar(other);
    rsub(x: Var, other: f64, alpha: f64) => scaled(x, alpha).rsub_scalar(other), as "(x * alpha).rsub_scalar(other)";
    rsub(x: Term, other: Term) => other.try_sub(x);
    rsub(x: Term, other: Term, alpha: f64) => other.try_sub(scaled(x, alpha)), as "other - x * alpha";
    mul(x: Var, other: f64) => x.mul_scalar(other);
    mul(x: Term, other: Term) => x.try_mul(other);
    div(x: Var, other: f64) => x.div_scalar(other);
    div(x: Term, other: Term) => x.try_div(other);
    rdiv(x: Var, other: f64) => x.rdiv_scalar(other);
    rdiv(x: Term, other: Term) => other.try_div(x);
    div_trunc(x: Term, other: Term) => x.div_trunc(other);
    div_floor(x: Term, other: Term) => x.div_floor(other);
    fmod(x: Term, other: Term) => x.fmod(other);
    remainder(x: Term, other: Term) => x.remainder(other);
    pow(x: Var, exponent: f64) => x.powf(exponent);
    pow(x: f64, exponent: Var) => exponent.rpow_scalar(x);
    pow(x: Var, exponent: Var) => x.pow(exponent);
    maximum(x: Term, other: Term) => x.maximum(other);
    minimum(x: Term, other: Term) => x.minimum(other);
    clamp(x: Var, min: MaybeNumber, max: MaybeNumber) =>
        x.clamp(bounded(min, max, f64::NEG_INFINITY)?, bounded(max, min, f64::INFINITY)?), as "x.clamp(min, max)";
    clamp(x: Var, min: MaybeTerm, max: MaybeTerm) => clamped(x, min, max), as "x.clamp_min(min)?.clamp_max(max)";
    atan2(x: Term, other: Term) => x.atan2(other);
    hypot(x: Term, other: Term) => x.hypot(other);
    logaddexp(x: Term, other: Term) => x.logaddexp(other);
    xlogy(x: Term, other: Term) => x.xlogy(other);
    lerp(x: Var, end: Term, weight: Term) => x.lerp(end, weight);
    where(cond: Mask, x: Term, other: Term) => x.where_(&cond, other);
    masked_fill(x: Var, mask: Mask, value: f64) => x.masked_fill(&mask, T::from_f64(value)), as "x.masked_fill(&mask, value)";
    masked_fill(x: Var, mask: Mask, value: Var) => value.where_(&mask, x);

    eq(x: Term, other: Term) => x.value()?.equal(&other.value()?);
    ne(x: Term, other: Term) => x.value()?.not_equal(&other.value()?);
    lt(x: Term, other: Term) => x.value()?.less(&other.value()?);
    le(x: Term, other: Term) => x.value()?.less_equal(&other.value()?);
    gt(x: Term, other: Term) => x.value()?.greater(&other.value()?);
    ge(x: Term, other: Term) => x.value()?.greater_equal(&other.value()?);
}

/// x · c
fn scaled<'t, T: Float>(x: Var<'t, T>, c: f64) -> Var<'t, T> {
    if c == 1.0 { x } else { x.mul_scalar(c) }
}

/// A bound of `clamp`, `open` if there is the other one alone; one of them must be there.
fn bounded(bound: Option<f64>, other: Option<f64>, open: f64) -> Result<f64, Refusal> {
    match (bound, other) {
        (None, None) => Err(Refusal::inexpressible("a clamp without bounds")),
        (bound, _) => Ok(bound.unwrap_or(open)),
    }
}

/// `clamp` whose bounds are tensors, or one a number and one a tensor.
fn clamped<'t, T: Float>(
    x: Var<'t, T>,
    min: Option<Var<'t, T>>,
    max: Option<Var<'t, T>>,
) -> wengert::autograd::Result<Var<'t, T>> {
    let x = min.map_or(Ok(x), |min| x.clamp_min(min))?;
    max.map_or(Ok(x), |max| x.clamp_max(max))
}
