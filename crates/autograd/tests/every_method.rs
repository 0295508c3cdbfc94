//! Every public method of `Tape`, `Var` and `Gradients`, called on a spent tape and with vars of another tape. A method that
//! is missing here fails the test that reads the sources.

// Helpers of tests are tests to nobody but us.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use wengert_autograd::cross_entropy::Targets;
use wengert_autograd::{Error, Gradient, Param, Pointwise, Tape, Var, einsum};
use wengert_tensor::pointwise::Real;
use wengert_tensor::recurrent::{Direction, Step};
use wengert_tensor::{Border, Conv, Order, Part, Tensor, Window, s, tensor};

type Result<T, E = Error> = std::result::Result<T, E>;

/// A method by its name, and what it gave.
type Call = (&'static str, Result<()>);

#[derive(Clone, Copy)]
struct Double;
impl Pointwise for Double {
    const NAME: &'static str = "double";
    fn value<R: Real>(self, [x]: [R; 1]) -> R {
        x + x
    }
}

fn done<T>(result: Result<T>) -> Result<()> {
    result.map(|_| ())
}

macro_rules! table {
    (
        unary { $($(#[$udoc:meta])* $uname:ident $Unary:ident $([$($up:ident = $us:literal),*])?
            ($ux:ident -> $uy:ident) = $uvalue:expr; slope $uslope:expr;)* }
        binary { $($(#[$bdoc:meta])* $bname:ident $Binary:ident $([$($bp:ident = $bs:literal),*])?
            ($a:ident, $b:ident -> $by:ident) = $bvalue:expr; slopes $sa:expr, $sb:expr;)* }
    ) => {
        /// The functions of the table of one operand, which return a var.
        fn unary<'t>(x: Var<'t, f64>) -> Vec<(&'static str, Var<'t, f64>)> {
            vec![$((stringify!($uname), x.$uname($($($us),*)?)),)*]
        }
        /// The functions of the table of two operands.
        fn binary<'t>(x: Var<'t, f64>, y: Var<'t, f64>) -> Vec<Call> {
            vec![$((stringify!($bname), done(x.$bname(y $($(, $bs)*)?))),)*]
        }
    };
}
wengert_tensor::pointwise_table!(table);

/// The methods that return a var, not a `Result`.
fn infallible<'t>(x: Var<'t, f64>) -> Vec<(&'static str, Var<'t, f64>)> {
    let mut all = unary(x);
    all.extend([
        ("sum", x.sum()),
        ("mean", x.mean()),
        ("prod", x.prod()),
        ("powf", x.powf(3.0)),
        ("flatten", x.flatten()),
        ("t", x.t()),
        ("detach", x.detach()),
        ("double", x.pointwise(Double)),
    ]);
    all
}

/// The methods that record and take a second var `y`; both are matrices, `u` and `v` vectors.
fn of_two<'t>(x: Var<'t, f64>, y: Var<'t, f64>, u: Var<'t, f64>, v: Var<'t, f64>) -> Vec<Call> {
    let (places, mask) = (tensor![0_usize, 1], tensor![true, false]);
    let cube = |x: Var<'t, f64>| x.reshape([1, 2, 2]);
    let both = |f: &dyn Fn(Var<'t, f64>, Var<'t, f64>) -> Result<Var<'t, f64>>| {
        // On a spent tape the batches are not made, and that is what it says.
        f(cube(x)?, cube(y)?)
    };
    let net = |x: Var<'t, f64>, y| x.recurrent(Step::Relu, Direction::Forward, y, y, None, None);
    let by = |size| Conv::new([Window::new(size)]);
    let kernel = |y: Var<'t, f64>| y.reshape([2, 2, 1]);
    let mut all = binary(x, y);
    all.extend([
        ("conv", done(both(&|x, y| x.conv(y, None, by(2))))),
        ("conv_input", done(both(&|x, y| x.conv_input(kernel(y)?, [2], by(1))))),
        ("conv_weight", done(both(&|x, y| x.conv_weight(y, by(1))))),
        ("cosine_similarity", done(x.cosine_similarity(y, 0, 1e-8))),
        ("pairwise_distance", done(x.pairwise_distance(y, 2.0, 1e-6, false))),
        ("lerp", done(x.lerp(y, 0.5))),
        ("lerp", done(x.lerp(x, y))),
        ("matmul", done(x.matmul(y))),
        ("matmul", done(x.matmul(v))),
        ("affine_normalize", done(x.affine_normalize(0, v, None, 1e-5))),
        ("affine_normalize", done(x.affine_normalize(0, v, Some(v), 1e-5))),
        ("layer_norm", done(x.layer_norm(v, None, 1e-5))),
        ("layer_norm", done(x.layer_norm(v, Some(v), 1e-5))),
        ("rms_norm", done(x.rms_norm(v, 1e-5))),
        ("linear", done(x.linear(y, None))),
        ("linear", done(x.linear(x, Some(v)))),
        ("linear", done(x.linear(v, None))),
        ("where_", done(x.where_(&mask, y))),
        ("cat", done(Var::cat(&[x, y], 0))),
        ("stack", done(Var::stack(&[x, y], 0))),
        ("scatter_add", done(u.scatter_add(0, &places, v))),
        ("index_add", done(u.index_add(0, &places, v))),
        ("mm", done(x.mm(y))),
        ("mv", done(x.mv(v))),
        ("bmm", done(both(&|x, y| x.bmm(y)))),
        ("recurrent", done(cube(x).and_then(|x| net(x, y)))),
        ("dot", done(u.dot(v))),
        ("outer", done(u.outer(v))),
        ("addmm", done(x.addmm(x, y, 1.0, 1.0))),
        ("addmm", done(x.addmm(y, y, 1.0, 1.0))),
        ("einsum", done(einsum("ij,jk->ik", &[x, y]))),
        ("grad", done(x.sum().grad(&[y]))),
        ("grad_or_zero", done(x.sum().grad_or_zero(&[y]))),
        ("pull_tensors", done(x.pull_tensors(&[y], &Tensor::ones([2, 2])))),
        ("pull_tensors", done(x.tape().pull_tensors(&[(y, &Tensor::ones([2, 2]))], &[x]))),
        ("pull_tensors", done(x.tape().pull_tensors(&[(x, &Tensor::ones([2, 2]))], &[y]))),
        ("push_forward", done(x.tape().push_forward(&[(y, Tensor::ones([2, 2]))], x))),
        ("push_forward", done(x.tape().push_forward(&[(x, Tensor::ones([2, 2]))], y))),
        (
            "custom",
            done(x.tape().custom("custom", &[x, y], |x| Ok(x[0].clone()), |_, _, _| Ok(vec![]))),
        ),
        ("recompute", done(x.tape().recompute(&[x, y], |x| Ok(x[0])))),
    ]);
    all
}

/// The other methods that record.
fn of_one(x: Var<'_, f64>, v: Var<'_, f64>) -> Vec<Call> {
    let triple = |x| Var::cat(&[x, x, x], 2)?.self_attention(2, true, None);
    let (place, mask) = (tensor![[0_usize, 0]], tensor![true, false]);
    let targets = Targets::classes(tensor![0_usize, 1]);
    vec![
        ("self_attention", done(x.reshape([1, 1, 4]).and_then(triple))),
        ("rows", done(x.rows(tensor![0_usize]))),
        ("sum_bags", done(x.sum_bags(tensor![0_usize], tensor![0_usize]))),
        ("unit_norm", done(x.unit_norm(0, 2.0, 1e-12))),
        ("sum_over", done(x.sum_over(0))),
        ("mean_over", done(x.mean_over(0))),
        ("prod_over", done(x.prod_over(0))),
        ("max_over", done(x.max_over(0))),
        ("min_over", done(x.min_over(0))),
        ("logsumexp_over", done(x.logsumexp_over(0))),
        ("max", done(x.max())),
        ("min", done(x.min())),
        ("var_over", done(x.var_over(0, 1.0))),
        ("std_over", done(x.std_over(0, 1.0))),
        ("norm_over", done(x.norm_over(0, 2.0))),
        ("softmax", done(x.softmax(0))),
        ("log_softmax", done(x.log_softmax(0))),
        ("cumsum", done(x.cumsum(0))),
        ("cumprod", done(x.cumprod(0))),
        ("logcumsumexp", done(x.logcumsumexp(0))),
        ("normalize", done(x.normalize(0, 1e-5))),
        ("rms_normalize", done(x.rms_normalize(0, 1e-5))),
        ("cross_entropy", done(x.cross_entropy(targets))),
        ("masked_fill", done(x.masked_fill(&mask, 0.0))),
        ("reshape", done(x.reshape([4]))),
        ("transpose", done(x.transpose(0, 1))),
        ("permute", done(x.permute([1, 0]))),
        ("squeeze", done(x.squeeze(..))),
        ("unsqueeze", done(x.unsqueeze(0))),
        ("expand", done(x.expand([3, 2, 2]))),
        ("slice", done(x.slice(s![0]))),
        ("narrow", done(x.narrow(0, 0, 1))),
        ("select", done(x.select(0, 0))),
        ("flip", done(x.flip(0))),
        ("diagonal", done(x.diagonal(0, 0, 1))),
        ("windows", done(x.windows([Window::new(2)]))),
        ("max_pool", done(x.max_pool(&[vec![Part { start: 0, len: 2, step: 1 }]]))),
        ("unwindows", done(x.unwindows([3], [Window::new(2)]))),
        ("gather", done(x.gather(0, &place))),
        ("index_select", done(x.index_select(0, tensor![0_usize]))),
        ("argmax", done(x.argmax(0))),
        ("argmin", done(x.argmin(0))),
        ("flatten_axes", done(x.flatten_axes(0, 1))),
        ("broadcast_to", done(x.broadcast_to([3, 2, 2]))),
        ("move_axis", done(x.move_axis(0, 1))),
        ("move_axes", done(x.move_axes([0], [1]))),
        ("split_sizes", done(x.split_sizes(0, &[1, 1]))),
        ("split", done(x.split(0, 1))),
        ("chunk", done(x.chunk(0, 2))),
        ("unbind", done(x.unbind(0))),
        ("roll", done(x.roll(1, 0))),
        ("repeat", done(x.repeat([2, 1]))),
        ("pad", done(x.pad([(1, 0), (0, 0)], 0.0))),
        ("pad_with", done(x.pad_with([(1, 0), (0, 0)], Border::Reflect))),
        ("tril", done(x.tril(0))),
        ("triu", done(x.triu(0))),
        ("diag", done(x.diag(0))),
        ("diag_embed", done(v.diag_embed(0))),
        ("masked_select", done(x.masked_select(&mask))),
        ("max_at", done(x.max_at(0))),
        ("min_at", done(x.min_at(0))),
        ("median_at", done(x.median_at(0))),
        ("sort", done(x.sort(0, Order::Ascending))),
        ("topk", done(x.topk(1, 0, Order::Descending))),
        ("backward", done(x.sum().backward())),
        ("backward_keep", done(x.sum().backward_keep())),
        ("gradients", done(x.sum().gradients())),
        ("first_non_finite_gradient", done(x.sum().first_non_finite_gradient())),
    ]
}

/// What a spent tape still answers, since it holds it: what `questions` asks.
const ANSWERED: &[&str] = &[
    // Of a var.
    "tape",
    "index",
    "value",
    "shape",
    "rank",
    "len",
    "is_empty",
    "item",
    "wants_grad",
    "op",
    "recorded_at",
    "scope",
    "is",
    "watch",
    "behind_views",
    "unpack",
    "each_line",
    "of",
    "pack",
    // Of a tape.
    "lines",
    "unspent",
    "scopes",
    "input",
    "enter",
    "first_non_finite",
    "precision",
    "stats",
    "is_training",
    "is_recording",
    "with_rng",
    "constant",
    "var",
    "scalar",
    "param",
    "params",
    "line",
    "reset",
    // How a tape is made, and what gradients that were found before it was spent answer.
    "new",
    "no_grad",
    "evaluating",
    "training",
    "seeded",
    "keeping_adjoints",
    "finite",
    "timed",
    "wrt",
];

fn spent_by(error: &Error) -> &str {
    match error {
        Error::Spent { verb, spent, at } => {
            assert!(spent.file().ends_with("every_method.rs"), "{error}");
            assert!(at.file().ends_with("every_method.rs"), "{error}");
            verb
        }
        other => panic!("not the error of a spent tape: {other}"),
    }
}

/// A spent tape of a parameter, its matrix and two vectors.
fn spent(tape: &Tape<f64>, w: &Param<f64>) -> [usize; 3] {
    let x = tape.param(w).tanh();
    let (u, v) = (x.select(0, 0).unwrap(), x.select(0, 1).unwrap());
    (x.sum() + u.dot(v).unwrap()).backward().unwrap();
    [x, u, v].map(Var::index)
}

#[test]
fn on_a_spent_tape_every_method_gives_the_error_or_what_is_still_there() {
    let w = Param::new(tensor![[0.1, 0.2], [0.3, 0.4]]);
    let tape = Tape::new();
    let [x, u, v] = spent(&tape, &w).map(|i| tape.line(i).unwrap());
    for (name, y) in infallible(x) {
        let error = y.value().unwrap_err();
        assert_eq!(spent_by(&error), name);
        // The next method that returns `Result` gives that error, through any number of methods that do not.
        let next = y.exp().sum().log_softmax(0).unwrap_err();
        assert_eq!(next.to_string(), error.to_string());
        assert_eq!(y.softmax(0).unwrap_err().to_string(), error.to_string());
        assert_eq!(y.item().unwrap_err().to_string(), error.to_string());
        assert_eq!(y.backward().unwrap_err().to_string(), error.to_string());
        assert_eq!((y.op(), y.wants_grad(), y.scope()), (name, false, String::new()));
        assert!(format!("{y}").contains("spent") && format!("{y:?}").contains("spent"));
        // And so through every method there is.
        y.watch(|_| None);
        assert!(y.behind_views().is(y) && y.recorded_at().file().ends_with("every_method.rs"));
        assert_eq!((y.len(), y.rank(), y.is_empty()), (4, y.shape().len(), false));
        for (name, found) in of_two(y, y, y, y).into_iter().chain(of_one(y, y)) {
            assert_eq!(found.expect_err(name).to_string(), error.to_string(), "{name}");
        }
    }
    for (name, found) in of_two(x, x, u, v).into_iter().chain(of_one(x, v)) {
        let error = found.expect_err(name);
        // A loss is summed first, and that is the first method without a value.
        let summed = ["grad", "grad_or_zero", "backward", "backward_keep", "gradients"];
        let wanted = match name {
            "first_non_finite_gradient" => "sum",
            // Made of matrices that are reshaped first.
            "bmm" | "conv" | "conv_input" | "conv_weight" | "recurrent" | "self_attention" => {
                "reshape"
            }
            name if summed.contains(&name) => "sum",
            name => name.trim_start_matches("try_").trim_end_matches('_'),
        };
        assert_eq!(spent_by(&error), wanted, "{error}");
    }
}

#[test]
fn a_spent_tape_answers_what_it_holds_and_never_the_weights_of_a_later_step() {
    let w = Param::new(tensor![[0.1, 0.2], [0.3, 0.4]]);
    let mut tape = Tape::new();
    let [x, ..] = spent(&tape, &w).map(|i| tape.line(i).unwrap());
    let p = tape.param(&w);
    assert_eq!(p.value().unwrap(), w.value());
    assert_eq!(x.value().unwrap(), w.value().tanh());
    assert!(tape.first_non_finite().is_none());
    w.set(tensor![7.0]);
    let error = p.value().unwrap_err().to_string();
    assert!(error.starts_with("value: parameter `"), "{error}");
    assert!(error.contains("was changed after this tape read it at "), "{error}");
    assert_eq!(error.matches("every_method.rs:").count(), 3, "{error}");
    assert_eq!(p.item().unwrap_err().to_string().matches("changed").count(), 1);
    assert!(format!("{p}").contains("was changed") && tape.to_string().contains("changed since"));
    assert_eq!(&*p.shape(), [2, 2]);
    assert_eq!(x.value().unwrap(), tensor![[0.1, 0.2], [0.3, 0.4]].tanh());
    // The questions that have an answer.
    assert!(tape.first_non_finite().is_none() && tape.precision().lines.is_empty());
    assert_eq!((tape.lines().len(), tape.stats().total.nodes), (tape.len(), tape.len()));
    assert!(tape.to_string().contains("tanh") && tape.scopes().is_empty());
    assert!(Var::<f64>::pack(x.unpack()).unwrap().is(x));
    assert_eq!(tape.input(tensor![3_usize]).value().unwrap(), tensor![3]);
    assert!(tape.params()[0].1.is(p) && x.behind_views().is(x));
    assert_eq!((x.rank(), x.len(), x.is_empty(), x.op()), (2, 4, false, "tanh"));
    assert!(x.recorded_at().file().ends_with("every_method.rs"));
    x.watch(|_| None);
    assert_eq!(tape.constant(tensor![1.0]).value().unwrap(), tensor![1.0]);
    let other = Param::new(tensor![1.0]);
    assert_eq!(spent_by(&tape.param(&other).value().unwrap_err()), "param");
    tape.reset();
    assert_eq!(tape.param(&other).value().unwrap(), tensor![1.0]);
}

#[test]
fn a_var_of_another_tape_is_rejected_by_every_method_that_takes_vars() {
    let (tape, other) = (Tape::new(), Tape::new());
    let matrix = tensor![[0.1, 0.2], [0.3, 0.4]];
    let on = |tape: &Tape<f64>| {
        let x = tape.var(matrix.clone());
        (x.index(), x.select(0, 0).unwrap().index(), x.select(0, 1).unwrap().index())
    };
    // As many lines on one as on the other, and then more, so that no index tells them apart.
    let (here, there) = (on(&tape), on(&other));
    let far = other.var(matrix.clone()).tanh().tanh().tanh();
    let (x, u) = (tape.line(here.0).unwrap(), tape.line(here.1).unwrap());
    let v = other.line(there.2).unwrap();
    for y in [other.line(there.0).unwrap(), far] {
        for (name, found) in of_two(x, y, u, v) {
            match found.expect_err(name) {
                Error::OtherTape { op, at } => {
                    let wanted = name.trim_start_matches("try_").trim_end_matches('_');
                    assert_eq!(op, wanted);
                    assert!(at.file().ends_with("every_method.rs"), "{name}: {at}");
                }
                error => panic!("{name}: {error}"),
            }
        }
        let gradients = x.sum().gradients().unwrap();
        assert!(matches!(gradients.wrt(y), Gradient::OtherTape));
        assert!(gradients.wrt(y).value().unwrap_err().to_string().contains("another tape"));
    }
}

/// The public methods of `Var`, `Tape` and `Gradients`, as the sources write them.
fn methods() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mut ours = false;
            for line in std::fs::read_to_string(path).unwrap().lines() {
                if line.trim_start().starts_with("impl") {
                    let of = line.split(" for ").last().unwrap();
                    ours = ["Var<", "Tape<", "Gradients<"].iter().any(|t| of.contains(t));
                }
                // Indented: functions are not methods.
                let method = line.split_once("  pub fn ").map(|(_, rest)| rest);
                if let (true, Some(rest)) = (ours, method) {
                    found.insert(rest.split(['(', '<']).next().unwrap().to_string());
                }
            }
        }
    }
    found
}

#[test]
fn no_public_method_is_missing_here() {
    let tape = Tape::new();
    let x = tape.var(tensor![[0.1, 0.2], [0.3, 0.4]]);
    let (u, v) = (x.select(0, 0).unwrap(), x.select(0, 1).unwrap());
    let called: BTreeSet<String> = infallible(x)
        .iter()
        .map(|(name, _)| *name)
        .chain(of_two(x, x, u, v).iter().chain(&of_one(x, v)).map(|(name, _)| *name))
        .chain(ANSWERED.iter().copied())
        .chain(["pointwise"])
        .map(str::to_string)
        .collect();
    let missing: Vec<String> = methods().into_iter().filter(|m| !called.contains(m)).collect();
    // The names that macros write.
    let missing: Vec<_> = missing.iter().filter(|m| !m.starts_with('$')).collect();
    assert!(missing.is_empty(), "not called here: {missing:?}");
}
