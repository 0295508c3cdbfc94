//! Distributions: numbers of SciPy 1.17.1, the losses that their likelihoods are, gradients, and draws by their moments.

use std::f64::consts::{LN_2, PI};

use wengert_autograd::{GradCheck, Result, Tape, Var, Verdict};
use wengert_loss::dist::*;
use wengert_loss::*;
use wengert_tensor::{Order, Rng, Tensor, tensor};

use crate::item;

type Vector = [f64; 3];

/// Observed, centre and scale of the numbers below: x, m and s.
const X: Vector = [0.3, -2.0, 4.5];
const M: Vector = [0.5, -1.0, 0.0];
const S: Vector = [0.7, 2.0, 1.5];

#[track_caller]
fn alike(got: Result<Var<'_, f64>>, expected: &[f64]) {
    let got = got.unwrap().value().unwrap().to_vec();
    assert_eq!(got.len(), expected.len());
    for (a, b) in got.iter().zip(expected) {
        assert!((a - b).abs() <= 1e-13 * b.abs().max(1.0), "{got:?} {expected:?}");
    }
}

fn vector(x: &[f64]) -> Tensor<f64> {
    Tensor::from(x.to_vec())
}

#[test]
fn densities_and_entropies_are_those_of_scipy() {
    let tape = Tape::<f64>::new();
    let (x, m, s) = (vector(&X), tape.var(vector(&M)), tape.var(vector(&S)));
    // stats.norm.logpdf(x, m, s), stats.norm.entropy(m, s)
    let normal = Normal::new(m, s).unwrap();
    let log_p = [-0.6030799157965525, -1.737085713764618, -5.824403641312837];
    alike(normal.log_prob(&x), &log_p);
    alike(Ok(normal.entropy()), &[1.0622635892659402, 2.112085713764618, 1.824403641312837]);
    assert!((item(normal.nll(&x)) + log_p.iter().sum::<f64>() / 3.0).abs() < 1e-14);
    // stats.laplace.logpdf(x, m, s), stats.laplace.entropy(m, s)
    let laplace = Laplace::new(m, s).unwrap();
    alike(laplace.log_prob(&x), &[-0.6221865223354986, -1.8862943611198908, -4.09861228866811]);
    alike(Ok(laplace.entropy()), &[1.336472236621213, 2.386294361119891, 2.09861228866811]);
    // stats.t.logpdf(x, nu, m, s), stats.t.entropy(nu, m, s)
    let of_freedom: [(f64, Vector, Vector); 3] = [
        (
            1.0,
            [-0.8665265573521628, -2.061020617723555, -3.8527800869516104],
            [2.1743493030305583, 3.224171427529236, 2.9364893550774553],
        ),
        (
            4.5,
            [-0.6668252791639369, -1.8158927283435, -4.4007095912357626],
            [1.2948607808187327, 2.3446829053174105, 2.0570008328656293],
        ),
        (
            30.0,
            [-0.6127149725758644, -1.7490489495665673, -5.399381532733124],
            [1.0958683858484746, 2.145690510347152, 1.8580084378953714],
        ),
    ];
    for (freedom, log_p, entropy) in of_freedom {
        let student = StudentT::new(freedom, m, s).unwrap();
        alike(student.log_prob(&x), &log_p);
        alike(Ok(student.entropy()), &entropy);
        assert_eq!(student.mean().is_ok(), freedom > 1.0);
    }
    // w = softmax([0.5, -1]): special.logsumexp(log(w) + stats.norm.logpdf(x, [-1, 2], [0.5, 1.5]))
    let row = |x: [f64; 2]| tape.var(vector(&x)).expand([3, 2]).unwrap();
    let mixture = Mixture::new(row([0.5, -1.0]), row([-1.0, 2.0]), row([0.5, 1.5])).unwrap();
    let far = vector(&[0.3, -2.0, 40.0]);
    let log_p = [-3.0420557773761954, -2.4116277332985563, -323.9147058081844];
    alike(mixture.log_prob(&far), &log_p);
}

#[test]
fn probabilities_and_entropies_are_those_of_scipy() {
    let tape = Tape::<f64>::new();
    let x = tape.var(vector(&[0.3, -2.0, 4.5]));
    // p = special.expit(x): stats.bernoulli.logpmf([1, 0, 1], p), stats.bernoulli.entropy(p)
    let bernoulli = Bernoulli::new(x).unwrap();
    let log_p = [-0.554355244468527, -0.1269280110429725, -0.011047744848593825];
    alike(bernoulli.log_prob(&vector(&[1.0, 0.0, 1.0])), &log_p);
    alike(bernoulli.entropy(), &[0.6820224894250294, 0.36533385508720767, 0.060488986686263166]);
    // stats.poisson.logpmf([3, 0, 80], exp(x)), stats.poisson.entropy(exp(x))
    let poisson = Poisson::new(x);
    let log_p = [-2.241618276804058, -0.1353352832366127, -3.6902555862155566];
    alike(poisson.log_prob(&vector(&[3.0, 0.0, 80.0])), &log_p);
    alike(poisson.entropy(), &[1.4782500134948222, 0.4122370490577276, 3.668007567287818]);
    // P = special.softmax(x, axis=1): log(P[i, y[i]]), stats.entropy(P[i])
    let x = tape.var(tensor![[0.5, -1.0, 2.0], [0.0, 3.0, -2.0]]);
    let categorical = Categorical::new(x).unwrap();
    let log_p = [-0.24131129665715703, -3.0549852353771474];
    alike(categorical.log_prob(&tensor![2_usize, 0]), &log_p);
    alike(categorical.entropy(), &[0.6215846046792745, 0.2282427895633514]);
    assert_eq!(
        categorical.mean().unwrap().value().unwrap(),
        x.value().unwrap().softmax(1).unwrap()
    );
}

#[test]
fn divergences_are_those_of_quadrature() {
    let tape = Tape::<f64>::new();
    let at = |x: f64| tape.var(tensor![x]);
    // integrate.quad(lambda t: p.pdf(t)*(p.logpdf(t) - q.logpdf(t)), …), p of (0.5, 0.7) and q of (-1, 2)
    let (p, q) = (Normal::new(at(0.5), at(0.7)).unwrap(), Normal::new(at(-1.0), at(2.0)).unwrap());
    alike(p.kl(&q), &[0.8923221244986778]);
    alike(p.kl(&p), &[0.0]);
    let (p, q) =
        (Laplace::new(at(0.5), at(0.7)).unwrap(), Laplace::new(at(-1.0), at(2.0)).unwrap());
    alike(p.kl(&q), &[0.8408838326316656]);
    alike(p.kl(&p), &[0.0]);
    // k = arange(200): sum(a.pmf(k)*(a.logpmf(k) - b.logpmf(k))), a and b of rates exp(0.3) and exp(1.2)
    alike(Poisson::new(at(0.3)).kl(&Poisson::new(at(1.2))), &[0.7553851883421413]);
    // stats.entropy([p, 1 - p], [q, 1 - q]), of expit(0.3) and expit(-2)
    let bernoulli = |x| Bernoulli::new(at(x)).unwrap();
    alike(bernoulli(0.3).kl(&bernoulli(-2.0)), &[0.5937905552412612]);
    // stats.entropy(softmax(a), softmax(b))
    let of = |x: Tensor<f64>| Categorical::new(tape.var(x)).unwrap();
    let (a, b) = (of(tensor![[0.5, -1.0, 2.0]]), of(tensor![[0.0, 3.0, -2.0]]));
    alike(a.kl(&b), &[3.8872569800643624]);
    // What cannot happen costs nothing, even where it is compared with something that can.
    let sure = of(tensor![[0.0, f64::NEG_INFINITY]]);
    alike(sure.entropy(), &[0.0]);
    alike(sure.kl(&of(tensor![[0.0, 0.0]])), &[LN_2]);
    alike(bernoulli(f64::NEG_INFINITY).entropy(), &[0.0]);
    alike(bernoulli(f64::INFINITY).kl(&bernoulli(0.0)), &[LN_2]);
}

/// Two losses of one prediction, which differ by a constant: value and gradient to 1e-12.
#[track_caller]
fn same(
    x: Tensor<f64>,
    constant: f64,
    a: impl for<'t> Fn(Var<'t, f64>) -> Result<Var<'t, f64>>,
    b: impl for<'t> Fn(Var<'t, f64>) -> Result<Var<'t, f64>>,
) {
    let of = |f: &dyn for<'t> Fn(Var<'t, f64>) -> Result<Var<'t, f64>>| {
        let tape = Tape::new();
        let x = tape.var(x.clone());
        let loss = f(x).unwrap();
        (loss.item().unwrap(), loss.gradients().unwrap().wrt(x).value().unwrap())
    };
    let ((a, a_slope), (b, b_slope)) = (of(&a), of(&b));
    assert!((a - b - constant).abs() < 1e-12, "{a} {b}");
    assert!(a_slope.allclose(&b_slope, 1e-12, 1e-15, false).unwrap(), "{a_slope} {b_slope}");
}

#[test]
fn losses_are_negative_log_likelihoods() {
    let rng = &mut Rng::new(0);
    let (x, y) = (Tensor::<f64>::randn([5, 3], rng), Tensor::randn([5, 3], rng));
    let half_ln_2_pi = 0.5 * (2.0 * PI).ln();
    same(x.clone(), half_ln_2_pi, |x| Normal::new(x, 1.0)?.nll(&y), |x| Ok(mse(x, &y)? * 0.5));
    same(x.clone(), LN_2, |x| Laplace::new(x, 1.0)?.nll(&y), |x| mae(x, &y));
    // A deviation of its own for each sample: the Gaussian loss.
    let v = Tensor::uniform([5, 1], 0.5, 2.0, rng).unwrap();
    let std = v.sqrt();
    same(x.clone(), half_ln_2_pi, |x| Normal::new(x, &std)?.nll(&y), |x| gaussian_nll(x, &y, &v));
    let yes = y.map(|y: f64| if y > 0.0 { 1.0 } else { 0.0 });
    same(x.clone(), 0.0, |x| Bernoulli::new(x)?.nll(&yes), |x| bce_with_logits(x, &yes));
    let classes = tensor![2_usize, 0, 1, 1, 2];
    same(x.clone(), 0.0, |x| Categorical::new(x)?.nll(&classes), |x| cross_entropy(x, &classes));
    let counts = Tensor::from_fn([5, 3], |place| ((place[0] + place[1]) % 3) as f64);
    // 0! and 1! are 1, and have no logarithm; 2! is 2.
    let constant = LN_2 / 3.0;
    same(x.clone(), constant, |x| Poisson::new(x).nll(&counts), |x| poisson_nll(x, &counts));
    // Of one degree of freedom it is Cauchy's, whose loss is ln(1 + ½z²) at scale √½.
    let cauchy_scale = 0.5_f64.sqrt();
    same(x, PI.ln(), |x| StudentT::new(1.0, x, 1.0)?.nll(&y), |x| cauchy(x, &y, cauchy_scale));
}

#[test]
fn gradients() {
    #[track_caller]
    fn right(
        name: &str,
        inputs: &[Tensor<f64>],
        f: impl for<'t> Fn(&[Var<'t, f64>]) -> Result<Var<'t, f64>>,
    ) {
        let report = GradCheck::new().check(f, inputs);
        assert!(report.is_right() && report.worst() == Verdict::Right, "{name}: {report}");
    }
    let rng = &mut Rng::new(1);
    let mut normal = || Tensor::<f64>::randn([2, 3], rng);
    let (x, m, n) = (normal(), normal(), normal());
    let (s, r) = (normal().square().add_scalar(0.5), normal().square().add_scalar(0.5));
    let three = [x.clone(), m.clone(), s.clone()];
    let four = [m.clone(), s.clone(), n.clone(), r.clone()];
    right("normal", &three, |v| Normal::new(v[1], v[2])?.log_prob(v[0]));
    right("normal kl", &four, |v| Normal::new(v[0], v[1])?.kl(&Normal::new(v[2], v[3])?));
    right("normal entropy", &four[..2], |v| Ok(Normal::new(v[0], v[1])?.entropy()));
    right("laplace", &three, |v| Laplace::new(v[1], v[2])?.log_prob(v[0]));
    right("laplace kl", &four, |v| Laplace::new(v[0], v[1])?.kl(&Laplace::new(v[2], v[3])?));
    right("laplace entropy", &four[..2], |v| Ok(Laplace::new(v[0], v[1])?.entropy()));
    right("student", &three, |v| StudentT::new(2.5, v[1], v[2])?.log_prob(v[0]));
    right("student entropy", &four[..2], |v| Ok(StudentT::new(2.5, v[0], v[1])?.entropy()));
    let observed = tensor![0.3, -0.8];
    right("mixture", &[observed, x.clone(), m.clone(), s], |v| {
        Mixture::new(v[1], v[2], v[3])?.log_prob(v[0])
    });
    right("mixture mean", &[x.clone(), m.clone()], |v| Mixture::new(v[0], v[1], 1.0)?.mean());
    let yes = tensor![[1.0, 0.0, 0.3], [0.0, 1.0, 1.0]];
    right("bernoulli", &[x.clone()], |v| Bernoulli::new(v[0])?.log_prob(&yes));
    let two = [x.clone(), m];
    right("bernoulli kl", &two, |v| Bernoulli::new(v[0])?.kl(&Bernoulli::new(v[1])?));
    right("bernoulli entropy", &two[..1], |v| Bernoulli::new(v[0])?.entropy());
    right("categorical", &two[..1], |v| Categorical::new(v[0])?.log_prob(&tensor![2_usize, 0]));
    right("categorical kl", &two, |v| Categorical::new(v[0])?.kl(&Categorical::new(v[1])?));
    right("categorical entropy", &two[..1], |v| Categorical::new(v[0])?.entropy());
    let counts = tensor![[0.0, 1.0, 4.0], [2.0, 0.0, 7.0]];
    right("poisson", &two[..1], |v| Poisson::new(v[0]).log_prob(&counts));
    right("poisson kl", &two, |v| Poisson::new(v[0]).kl(&Poisson::new(v[1])));
    right("poisson entropy", &two[..1], |v| Poisson::new(v[0]).entropy());
}

const DRAWS: usize = 40_000;

/// The mean and the variance of many draws, against those of the distribution; within five of the mean's own deviations.
#[track_caller]
fn moments(name: &str, draws: Tensor<f64>, mean: f64, variance: f64) {
    assert_eq!(draws.len(), DRAWS);
    let got = draws.mean().item().unwrap();
    let spread = draws.add_scalar(-got).square().mean().item().unwrap();
    let far = 5.0 * (variance / DRAWS as f64).sqrt();
    assert!((got - mean).abs() < far, "{name}: mean {got}, not {mean}");
    assert!((spread / variance - 1.0).abs() < 0.1, "{name}: variance {spread}, not {variance}");
}

#[test]
fn draws_have_the_moments_of_the_distribution() {
    let tape = Tape::<f64>::new();
    let rng = &mut Rng::new(2);
    let all = |x: f64| tape.var(Tensor::full([DRAWS], x));
    moments("normal", Normal::new(all(2.0), 0.5).unwrap().sample(rng).unwrap(), 2.0, 0.25);
    // 2b²
    moments("laplace", Laplace::new(all(2.0), 0.5).unwrap().sample(rng).unwrap(), 2.0, 0.5);
    // s²·ν/(ν - 2)
    let student = StudentT::new(8.0, all(2.0), 0.5).unwrap();
    moments("student", student.sample(rng).unwrap(), 2.0, 0.25 * 8.0 / 6.0);
    let p = 1.0 / (1.0 + (-0.7_f64).exp());
    let bernoulli = Bernoulli::new(all(0.7)).unwrap();
    moments("bernoulli", bernoulli.sample(rng).unwrap(), p, p * (1.0 - p));
    for rate in [0.2_f64, 3.0, 40.0] {
        moments("poisson", Poisson::new(all(rate.ln())).sample(rng).unwrap(), rate, rate);
    }
    let none = Poisson::new(all(f64::NEG_INFINITY)).sample(rng).unwrap();
    assert!(none.iter().all(|count| count == 0.0));
    // Classes of 1/7, 2/7 and 4/7.
    let logits = tensor![0.0, LN_2, 2.0 * LN_2];
    let rows = tape.var(logits.broadcast_to([DRAWS, 3]).unwrap());
    let classes = Categorical::new(rows).unwrap().sample(rng).unwrap();
    for (class, p) in [1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0].into_iter().enumerate() {
        let is = classes.map(|c| if c == class { 1.0 } else { 0.0 });
        moments("categorical", is, p, p * (1.0 - p));
    }
    // Of these weights and means 0, 1, -1: the mean is -2/7, the variance 0.01 + 6/7 - (2/7)².
    let means = tape.var(tensor![0.0, 1.0, -1.0].broadcast_to([DRAWS, 3]).unwrap());
    let mixture = Mixture::new(rows, means, 0.1).unwrap();
    let mean = -2.0 / 7.0;
    moments("mixture", mixture.sample(rng).unwrap(), mean, 0.01 + 6.0 / 7.0 - mean * mean);
    assert!((mixture.mean().unwrap().value().unwrap().to_vec()[0] - mean).abs() < 1e-15);
    // The same seed, the same draws.
    let draw = |seed| mixture.sample(&mut Rng::new(seed)).unwrap();
    assert!(draw(1) == draw(1) && draw(1) != draw(2));
}

#[test]
fn draws_fall_where_the_density_says() {
    // Quantiles of the draws, against those of stats.laplace and stats.t(3): ppf(0.9) and ppf(0.99).
    let tape = Tape::<f64>::new();
    let rng = &mut Rng::new(3);
    let zeros = tape.var(Tensor::zeros([DRAWS]));
    let quantile = |draws: Tensor<f64>, share: f64| {
        let (sorted, _) = draws.sort(0, Order::Ascending).unwrap();
        sorted.to_vec()[(share * DRAWS as f64) as usize]
    };
    let laplace = Laplace::new(zeros, 1.0).unwrap().sample(rng).unwrap();
    let student = StudentT::new(3.0, zeros, 1.0).unwrap().sample(rng).unwrap();
    for (draws, expected) in [(laplace, [1.6094, 3.9120]), (student, [1.6377, 4.5407])] {
        for (share, expected) in [0.9, 0.99].into_iter().zip(expected) {
            let (high, low) =
                (quantile(draws.clone(), share), quantile(draws.clone(), 1.0 - share));
            assert!((high / expected - 1.0).abs() < 0.06, "{high} {expected}");
            assert!((low / -expected - 1.0).abs() < 0.06, "{low} {expected}");
        }
    }
}

#[test]
fn observations_and_parameters_that_cannot_be() {
    #[track_caller]
    fn refused<T: std::fmt::Debug>(result: Result<T>, expected: &str) {
        let text = result.expect_err("not refused").to_string();
        assert!(text.starts_with(expected) && text.contains("dist.rs"), "{text}");
    }
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![0.5, 2.0]);
    refused(
        Normal::new(x, &tensor![1.0, 0.0]),
        "normal: [2]: the deviation[1] is 0, and it must be positive and finite\n  help: let the net predict its logarithm, and pass `x.exp()`",
    );
    refused(Laplace::new(x, -1.0), "laplace: []: the scale[] is -1, and it must be");
    refused(Normal::new(x, &tensor![1.0, 1.0, 1.0]), "normal: [2] and [3]: the deviation is [3]");
    refused(StudentT::new(0.0, x, 1.0), "student_t: the degrees of freedom are 0, and must");
    refused(StudentT::new(1.0, x, 1.0).unwrap().mean(), "student_t: with 1 degrees of freedom");
    refused(Normal::new(x, 1.0).unwrap().nll(&tensor![1.0]), "normal: [2] and [1]: mean is [2]");
    refused(
        Bernoulli::new(x.sigmoid()),
        "bernoulli: [2]: the prediction is the result of `sigmoid`",
    );
    refused(
        Bernoulli::new(x).unwrap().log_prob(&tensor![0.0, 2.0]),
        "bernoulli: [2]: target[1] is 2",
    );
    refused(
        Categorical::new(x.softmax(0).unwrap()),
        "categorical: [2]: the prediction is the result",
    );
    let odd = tensor![1.5, 2.0];
    refused(
        Poisson::new(x).log_prob(&odd),
        "poisson: [2]: observed[0] is 1.5, and a count is a whole",
    );
    refused(Poisson::new(x * 100.0).sample(&mut Rng::new(0)), "poisson: [2]: rate[0] is ");
    refused(
        Mixture::new(x, x.unsqueeze(0).unwrap(), 1.0),
        "mixture: [2] and [1, 2]: logits is [2]",
    );
    let empty = tape.var(Tensor::zeros([0]));
    let error = Normal::new(empty, 1.0).unwrap().nll(&Tensor::zeros([0])).unwrap_err();
    assert!(error.to_string().contains("the mean of no losses"), "{error}");
}
