//! Every public method of tensors, on shapes of rank 0, of sizes 0, and of sizes near 2⁶⁴ beside an axis without elements, with
//! arguments from the ends of their range: each gives a tensor that can be read, or an error. No method is missing: see the last
//! test.

use wengert_tensor::pointwise::{BinaryOp, UnaryOp};
use wengert_tensor::{
    Axes, Border, Conv, Divisor, Error, Order, Part, REST, Rng, Slice, Tensor, Window, keep,
};

use crate::common::{Cases, cases};

/// Looks at all of a result.
trait Seen {
    fn seen(&self);
}
impl<T: wengert_tensor::Element> Seen for Tensor<T> {
    fn seen(&self) {
        assert_eq!(self.shape().len(), self.strides().len());
        assert_eq!(self.is_empty(), self.shape().contains(&0));
        if self.len() < 10_000 {
            assert_eq!(self.iter().count(), self.len());
            assert_eq!(self.contiguous().as_slice().unwrap().len(), self.len());
        }
        assert!(format!("{self:?}").len() < 50_000);
    }
}
impl<T: Seen> Seen for Result<T, Error> {
    fn seen(&self) {
        match self {
            Ok(x) => x.seen(),
            Err(error) => assert!(error.to_string().contains("\n  at "), "{error}"),
        }
    }
}
impl<T: Seen> Seen for Option<T> {
    fn seen(&self) {
        self.iter().for_each(Seen::seen);
    }
}
impl<T: Seen> Seen for Vec<T> {
    fn seen(&self) {
        self.iter().take(10).for_each(Seen::seen);
    }
}
impl<T: Seen> Seen for &[T] {
    fn seen(&self) {
        self.iter().take(10).for_each(Seen::seen);
    }
}
impl<T: Seen> Seen for &mut [T] {
    fn seen(&self) {
        self.iter().take(10).for_each(Seen::seen);
    }
}
impl<A: Seen, B: Seen> Seen for (A, B) {
    fn seen(&self) {
        self.0.seen();
        self.1.seen();
    }
}
macro_rules! plain {
    ($($t:ty)*) => {$(impl Seen for $t { fn seen(&self) {} })*};
}
plain!(f32 f64 i64 usize isize u8 bool);
impl Seen for () {
    fn seen(&self) {}
}

const MAX: usize = usize::MAX;

/// Arguments.
struct Args<'a>(&'a mut Cases);

impl Args<'_> {
    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.0.below(of.len())]
    }
    fn axis(&mut self) -> isize {
        self.one(&[0, 1, -1, 0, 1, -1, 2, isize::MIN, isize::MAX])
    }
    fn axes(&mut self) -> Axes {
        let axes: Vec<isize> = (0..self.one(&[0, 1, 1, 2])).map(|_| self.axis()).collect();
        match self.one(&[0, 1, 2]) {
            0 => Axes::from(axes),
            1 => keep(axes),
            _ => Axes::ALL,
        }
    }
    fn place(&mut self) -> isize {
        self.one(&[0, 1, -1, 2, -2, isize::MIN, isize::MAX])
    }
    fn conv(&mut self) -> Conv {
        let windows = self.windows();
        let padding: Vec<_> = windows.iter().map(|_| (self.size(), self.size())).collect();
        Conv::new(windows).padding(padding).groups(self.size())
    }
    fn windows(&mut self) -> Vec<Window> {
        (0..self.one(&[0, 1, 2]))
            .map(|_| Window::new(self.size()).stride(self.size()).dilation(self.size()))
            .collect()
    }
    fn size(&mut self) -> usize {
        self.one(&[0, 1, 2, 3, crate::QUARTER, MAX - 1, MAX])
    }
    /// Few elements, or more than memory can address.
    fn shape(&mut self) -> Vec<usize> {
        let ready: &[&[usize]] = &[
            &[],
            &[0],
            &[1],
            &[2, 3],
            &[3, 2],
            &[6],
            &[REST],
            &[2, REST],
            &[REST, 0],
            &[0, 3],
            &[1, 2, 3],
            &[crate::WIDE, crate::WIDE, 0],
            &[0, crate::QUARTER, crate::QUARTER],
            &[crate::QUARTER, crate::QUARTER],
            &[MAX, 0],
            &[MAX - 1],
        ];
        self.one(ready).to_vec()
    }
    /// One that a method that returns no `Result` can make.
    fn small(&mut self) -> Vec<usize> {
        let ready: &[&[usize]] =
            &[&[], &[0], &[1], &[2, 3], &[0, 3], &[crate::WIDE, crate::WIDE, 0], &[MAX, 0]];
        self.one(ready).to_vec()
    }
    fn tensor(&mut self) -> Tensor<f32> {
        let shapes: &[&[usize]] = &[
            &[],
            &[0],
            &[1],
            &[3],
            &[2, 3],
            &[3, 2],
            &[0, 3],
            &[3, 0],
            &[1, 1, 1],
            &[2, 1, 3],
            &[0; 5],
            &[crate::WIDE, crate::WIDE, 0],
            &[0, crate::QUARTER, crate::QUARTER],
            &[crate::QUARTER, 0, crate::QUARTER],
            &[MAX, 0],
            &[0, MAX, MAX],
        ];
        let shape = self.one(shapes);
        let x = Tensor::from_fn(shape, |i| i.iter().sum::<usize>() as f32 - 1.5);
        match self.one(&[0, 1, 2, 3]) {
            0 => x.t(),
            1 => x.flip(..).unwrap(),
            _ => x,
        }
    }
    fn index(&mut self) -> Tensor<usize> {
        let shape = self.small();
        Tensor::from_fn(shape, |i| i.iter().sum::<usize>()).map(|i| i % 3)
    }
    fn slices(&mut self) -> Vec<Slice> {
        (0..self.one(&[0, 1, 2, 3]))
            .map(|_| match self.one(&[0, 1, 2, 3]) {
                0 => Slice::At(self.place()),
                1 => Slice::New,
                _ => {
                    let end = self.one(&[true, false]).then(|| self.place());
                    Slice::Range {
                        start: self.one(&[0, 0, 1, -1, isize::MIN]),
                        end,
                        step: self.place(),
                    }
                }
            })
            .collect()
    }
}
macro_rules! methods {
    ($x:ident, $g:ident: $($name:ident => $call:expr;)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        fn call(which: usize, $x: &Tensor<f32>, $g: &mut Args) {
            let names = NAMES;
            $(if names[which] == stringify!($name) {
                return $call.seen();
            })*
            unreachable!("{which}");
        }
    };
}

fn mask(x: &Tensor<f32>) -> Tensor<bool> {
    x.greater_scalar(0.0)
}

fn whole(x: &Tensor<f32>) -> Tensor<usize> {
    x.cast()
}

methods! { x, g:
    argmax => x.argmax();
    argmax_over => x.argmax_over(g.axes());
    argmin => x.argmin();
    max_at => x.max_at(g.axes());
    min_at => x.min_at(g.axes());
    powf => x.powf(g.one(&[2.0, 0.5, -1.0, 3.0, f64::NAN]));
    argmin_over => x.argmin_over(g.axes());
    equal => x.equal(&g.tensor());
    equal_scalar => x.equal_scalar(1.0);
    not_equal => x.not_equal(&g.tensor());
    not_equal_scalar => x.not_equal_scalar(1.0);
    less => x.less(&g.tensor());
    less_scalar => x.less_scalar(1.0);
    less_equal => x.less_equal(&g.tensor());
    less_equal_scalar => x.less_equal_scalar(1.0);
    greater => x.greater(&g.tensor());
    greater_scalar => x.greater_scalar(1.0);
    greater_equal => x.greater_equal(&g.tensor());
    greater_equal_scalar => x.greater_equal_scalar(1.0);
    is_nan => x.is_nan();
    all_finite => x.all_finite();
    is_infinite => x.is_infinite();
    is_finite => x.is_finite();
    is_close => x.is_close(&g.tensor(), g.one(&[0.0, -1.0, f64::NAN]), f64::INFINITY, true);
    allclose => x.allclose(&g.tensor(), 0.0, 0.0, false);
    from_vec => Tensor::from_vec(x.to_vec(), g.shape());
    from_slice => Tensor::from_slice(&x.to_vec(), g.shape());
    scalar => Tensor::scalar(1_u8);
    full => Tensor::full(g.small(), 1_i64);
    try_full => Tensor::try_full(g.shape(), true);
    full_like => x.full_like(2.0);
    from_fn => Tensor::from_fn(g.small(), <[usize]>::len);
    try_from_fn => Tensor::try_from_fn(g.shape(), <[usize]>::len);
    zeros => Tensor::<f32>::zeros(g.small());
    ones => Tensor::<u8>::ones(g.small());
    zeros_like => x.zeros_like();
    ones_like => x.ones_like();
    eye => Tensor::<f32>::eye(g.one(&[0, 1, 4]));
    try_eye => Tensor::<f32>::try_eye(g.size());
    arange => (
        Tensor::arange(g.one(&[0, i64::MIN]), g.one(&[3, i64::MAX, i64::MIN]), g.one(&[0, 1, -1, i64::MIN, i64::MAX])),
        (
            Tensor::arange(g.one(&[0, MAX]), g.one(&[3, MAX]), g.one(&[0, 1, MAX])),
            Tensor::arange(g.one(&[0.0, f64::MIN]), g.one(&[3.0, f64::MAX, f64::NAN]), g.one(&[0.0, 1.0, -1e-300])),
        ),
    );
    linspace => Tensor::linspace(g.one(&[0.0, f64::MIN, f64::NAN]), f64::MAX, g.one(&[0, 1, 2, 7]));
    try_linspace => Tensor::try_linspace(0.0_f32, 1.0, g.size());
    one_hot => whole(x).one_hot::<f32>(g.one(&[0, 1, 3]));
    from_nested => Tensor::from_nested([[1.0_f32], [2.0]]);
    gather => x.gather(g.axis(), &g.index());
    index_select => x.index_select(g.axis(), &g.index());
    take_rows => x.take_rows(&g.index());
    cat => Tensor::cat(&[x, &g.tensor(), x][..g.one(&[0, 1, 2, 3])], g.axis());
    stack => Tensor::stack(&[x, x, &g.tensor()][..g.one(&[0, 1, 2, 3])], g.axis());
    repeat => x.repeat((0..g.one(&[0, 1, 2, 3])).map(|_| g.size()).collect::<Vec<_>>());
    roll => x.roll(g.place(), g.axis());
    logical_and => mask(x).logical_and(&mask(&g.tensor()));
    logical_or => mask(x).logical_or(&mask(&g.tensor()));
    logical_xor => mask(x).logical_xor(&mask(&g.tensor()));
    logical_not => mask(x).logical_not();
    any => mask(x).any();
    all => mask(x).all();
    count => mask(x).count();
    any_over => mask(x).any_over(g.axes());
    all_over => mask(x).all_over(g.axes());
    count_over => mask(x).count_over(g.axes());
    pick => mask(x).pick(&g.tensor(), &g.tensor());
    nonzero => mask(x).nonzero();
    where_ => x.where_(&mask(&g.tensor()), &g.tensor());
    masked_fill => x.masked_fill(&mask(&g.tensor()), 1.0);
    masked_select => x.masked_select(&mask(&g.tensor()));
    matmul => x.matmul(&g.tensor());
    t_matmul => x.t_matmul(&g.tensor());
    linear => x.linear(&g.tensor(), g.one(&[true, false]).then(|| g.tensor()).as_ref());
    dot => x.dot(&g.tensor());
    lstsq => x.lstsq(&g.tensor()).map(|found| (found.solution, found.residual));
    ridge => x.ridge(&g.tensor(), 1.0);
    outer => x.outer(&g.tensor());
    pad => x.pad((0..g.one(&[0, 1, 2, 3])).map(|_| (g.place(), g.place())).collect::<Vec<_>>(), 1.0);
    pad_with => x.pad_with(
        (0..g.one(&[0, 1, 2, 3])).map(|_| (g.place(), g.place())).collect::<Vec<_>>(),
        g.one(&[Border::Reflect, Border::Replicate, Border::Circular]),
    );
    padded_shape => {
        let widths: Vec<_> = (0..g.one(&[0, 1, 2, 3])).map(|_| (g.place(), g.place())).collect();
        x.padded_shape("pad", &widths).map(|shape| Tensor::from(shape.to_vec()))
    };
    padded_with_shape => x.padded_with_shape(
        &(0..g.one(&[0, 1, 2, 3])).map(|_| (g.place(), g.place())).collect::<Vec<_>>(),
        g.one(&[Border::Reflect, Border::Replicate, Border::Circular]),
    ).map(|shape| Tensor::from(shape.to_vec()));
    rand => Tensor::<f32>::rand(g.small(), &mut Rng::new(0));
    rand_like => x.rand_like(&mut Rng::new(0));
    uniform => Tensor::<f32>::uniform(g.shape(), -1.0, g.one(&[0.0, f64::MAX, f64::NAN]), &mut Rng::new(0));
    randn => Tensor::<f64>::randn(g.small(), &mut Rng::new(0));
    randn_like => x.randn_like(&mut Rng::new(0));
    normal => Tensor::<f32>::normal(g.shape(), 0.0, g.one(&[0.0, 1.0, -1.0, f64::MAX]), &mut Rng::new(0));
    truncated_normal => Tensor::<f32>::truncated_normal(
        g.shape(), 0.0, g.one(&[0.0, 1.0]), g.one(&[-1.0, 50.0, f64::NEG_INFINITY]), g.one(&[1.0, 60.0]), &mut Rng::new(0),
    );
    bernoulli => Tensor::<bool>::bernoulli(g.shape(), g.one(&[0.0, 1.0, 2.0]), &mut Rng::new(0));
    randint => (
        Tensor::<i64>::randint(g.shape(), g.one(&[0, i64::MIN]), i64::MAX, &mut Rng::new(0)),
        Tensor::<usize>::randint(g.shape(), 0, g.one(&[0, 1, MAX]), &mut Rng::new(0)),
    );
    permutation => Tensor::permutation(g.one(&[0, 1, 9]), &mut Rng::new(0));
    try_permutation => Tensor::try_permutation(g.size(), &mut Rng::new(0));
    sum => x.sum();
    sum_over => x.sum_over(g.axes());
    sum_rows => x.sum_rows();
    prod => x.prod();
    prod_over => x.prod_over(g.axes());
    max => x.max();
    max_over => x.max_over(g.axes());
    min => x.min();
    min_over => x.min_over(g.axes());
    sum_to => x.sum_to(g.shape());
    mean => x.mean();
    mean_over => x.mean_over(g.axes());
    cumsum => x.cumsum(g.axis());
    cumprod => x.cumprod(g.axis());
    logcumsumexp => x.logcumsumexp(g.axis());
    scatter => x.scatter(g.axis(), &g.index(), &g.tensor());
    assign_through => x.assign_through(|x| x.slice(g.slices()), &Tensor::scalar(1.0));
    slice_assign => x.slice_assign(g.slices(), &g.tensor());
    scatter_add => x.scatter_add(g.axis(), &g.index(), &g.tensor());
    index_add => x.index_add(g.axis(), &g.index(), &g.tensor());
    add_rows => x.add_rows(&g.index(), &g.tensor());
    slice => x.slice(g.slices());
    sort => x.sort(g.axis(), Order::Descending);
    argsort => x.argsort(g.axis(), Order::Ascending);
    topk => x.topk(g.size(), g.axis(), Order::Descending);
    median => x.median();
    median_over => x.median_over(g.axes());
    quantile => x.quantile(g.one(&[0.0, 0.3, 1.0, -1.0, 50.0, f64::NAN]));
    quantile_over => x.quantile_over(g.axes(), g.one(&[0.0, 0.3, 1.0, f64::INFINITY]));
    unique => x.unique().map(|u| (u.values, (u.counts, u.inverse)));
    bincount => whole(x).bincount(g.size());
    nan_to_num => x.nan_to_num(g.one(&[0.0, f64::NAN, f64::INFINITY]));
    repeat_interleave => x.repeat_interleave(g.index(), g.axis());
    meshgrid => Tensor::meshgrid([x, &g.tensor()]).map(Vec::from);
    count_nonzero => x.count_nonzero();
    count_nonzero_over => x.count_nonzero_over(g.axes());
    var => x.var();
    var_over => x.var_over(g.axes(), g.one(&[0.0, 1.0, 5.0]));
    std => x.std();
    std_over => x.std_over(g.axes(), 1.0);
    norm => x.norm(g.one(&[0.0, 1.0, 2.0, 3.0, -1.0, f64::INFINITY, f64::NAN]));
    norm_over => x.norm_over(g.axes(), g.one(&[0.0, 1.0, 2.0, -1.0, f64::NEG_INFINITY]));
    logsumexp => x.logsumexp();
    logsumexp_over => x.logsumexp_over(g.axes());
    softmax => x.softmax(g.axis());
    log_softmax => x.log_softmax(g.axis());
    normalize => x.normalize(g.axis(), 1e-5);
    rms_normalize => x.rms_normalize(g.axis(), 1e-5);
    layer_norm => x.layer_norm(&g.tensor(), g.one(&[true, false]).then(|| g.tensor()).as_ref(), 1e-5);
    affine_normalize => x.affine_normalize(g.axes(), &g.tensor(), g.one(&[true, false]).then(|| g.tensor()).as_ref(), 1e-5);
    moments => x.moments(&g.axes()).map(|[mean, _]| mean);
    sum_bags => x.sum_bags(&g.index(), &g.index());
    add_bags => x.add_bags(&g.index(), &g.index(), &g.tensor());
    rms_norm => x.rms_norm(&g.tensor(), 1e-5);
    pull_normalize => x.pull_normalize(&g.tensor(), g.one(&[true, false]).then(|| g.tensor()).as_ref(), &g.axes(), 1e-5, g.one(&[Divisor::Deviation, Divisor::RootMeanSquare]));
    pull_normalize_weight => x.pull_normalize_weight(&g.tensor(), &g.shape(), &g.axes(), 1e-5, g.one(&[Divisor::Deviation, Divisor::RootMeanSquare]));
    self_attention => x.self_attention(g.one(&[1, 2]), g.one(&[true, false]), 0.5);
    self_attention_back => x.self_attention_back(x, x, g.one(&[1, 2]), g.one(&[true, false]), 0.5);
    pull_softmax => x.pull_softmax(x, g.axis(), g.one(&[true, false]));
    shape => x.shape();
    rank => x.rank();
    len => x.len();
    is_empty => x.is_empty();
    strides => x.strides();
    is_contiguous => x.is_contiguous();
    as_slice => x.as_slice();
    as_mut_slice => x.clone().as_mut_slice();
    contiguous => x.contiguous();
    to_vec => x.to_vec();
    iter => x.iter().count();
    item => x.item();
    get => x.get(&(0..g.one(&[0, 1, 2, 3])).map(|_| g.size()).collect::<Vec<_>>());
    set => x.clone().set(&(0..g.one(&[0, 1, 2, 3])).map(|_| g.size()).collect::<Vec<_>>(), 1.0);
    cast => x.cast::<u8>();
    map => x.map(|x| x > 0.0);
    shares_storage => x.shares_storage(&g.tensor());
    handles => x.handles();
    bytes => x.bytes();
    hollow => x.hollow();
    tril => x.tril(g.place());
    triu => x.triu(g.place());
    diag => x.diag(g.place());
    diag_embed => x.diag_embed(g.place());
    reshape => x.reshape(g.shape());
    view => x.view(g.shape());
    flatten => x.flatten();
    flatten_axes => x.flatten_axes(g.axis(), g.axis());
    t => x.t();
    transpose => x.transpose(g.axis(), g.axis());
    permute => x.permute((0..g.one(&[0, 1, 2, 3])).map(|_| g.axis()).collect::<Vec<_>>());
    move_axis => x.move_axis(g.axis(), g.axis());
    move_axes => x.move_axes([g.axis(), g.axis()], [g.axis(), g.axis()]);
    unit_norm => x.unit_norm(g.axis(), g.one(&[1.0, 2.0, f64::INFINITY]), 1e-8);
    cosine_similarity => x.cosine_similarity(&g.tensor(), g.axis(), 1e-8);
    pairwise_distance => x.pairwise_distance(&g.tensor(), 2.0, 1e-8, true);
    lerp => x.lerp(&g.tensor(), g.tensor());
    squeeze => x.squeeze(g.axes());
    unsqueeze => x.unsqueeze(g.axis());
    expand => x.expand(g.shape());
    broadcast_to => x.broadcast_to(g.shape());
    narrow => x.narrow(g.axis(), g.size(), g.size());
    select => x.select(g.axis(), g.size());
    flip => x.flip(g.axes());
    split_sizes => x.split_sizes(g.axis(), &(0..g.one(&[0, 1, 2])).map(|_| g.size()).collect::<Vec<_>>());
    split => x.split(g.axis(), g.size());
    chunk => x.chunk(g.axis(), g.size());
    unbind => x.unbind(g.axis());
    diagonal => x.diagonal(g.place(), g.axis(), g.axis());
    clamp_between => x.clamp_between(&g.tensor(), &g.tensor());
    windows => x.windows(g.windows());
    unwindows => x.unwindows(g.shape(), g.windows());
    max_pool_back => x.max_pool_back(&g.index(), &g.shape());
    max_pool => x.max_pool(&(0..g.one(&[0, 1, 2])).map(|_| vec![Part { start: g.size(), len: g.size(), step: g.size() }]).collect::<Vec<_>>());
    conv => x.conv(&g.tensor(), Some(&g.tensor()), &g.conv());
    conv_input => x.conv_input(&g.tensor(), g.shape(), &g.conv());
    conv_weight => x.conv_weight(&g.tensor(), &g.conv());
    accumulate => x.clone().accumulate(&g.tensor());
}

#[test]
fn no_shape_and_no_argument_panics() {
    cases(if cfg!(miri) { 1 } else { 400 }, |g| {
        let g = &mut Args(g);
        for (which, name) in NAMES.iter().enumerate() {
            let x = g.tensor();
            let told = Told(name, &x);
            call(which, &x, g);
            std::mem::forget(told);
        }
        let (a, b) = (g.tensor(), g.tensor());
        for &op in UnaryOp::ALL {
            op.apply(&a).seen();
        }
        for &op in BinaryOp::ALL {
            op.apply(&a, &b).seen();
        }
        let (i, j) = (a.cast::<i64>(), b.cast::<i64>());
        (i.try_add(&j), (i.try_sub(&j), i.try_mul(&j))).seen();
    });
}

/// Says which method it was.
struct Told<'a>(&'static str, &'a Tensor<f32>);
impl Drop for Told<'_> {
    fn drop(&mut self) {
        eprintln!("in {} of {:?}", self.0, self.1.shape());
    }
}

/// The public methods in the sources, against the list above.
#[test]
#[cfg_attr(miri, ignore = "reads files")]
fn every_method_is_called() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tensor/src");
    let mut found = 0;
    let mut files: Vec<_> =
        std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.push(root.join("pointwise/run.rs"));
    files.push(root.join("pointwise/accumulate.rs"));
    for file in files.iter().filter(|file| file.is_file()) {
        let mut ours = false;
        for line in std::fs::read_to_string(file).unwrap().lines() {
            let code = line.trim_start();
            if code.starts_with("impl") {
                ours = code.contains("Tensor<") && !code.contains(" for ");
            } else if let Some(rest) = code.strip_prefix("pub fn ").filter(|_| ours) {
                let name = rest.split(['(', '<']).next().unwrap();
                // Those of a macro are in the table, or were listed by hand.
                if !name.starts_with('$') {
                    assert!(
                        NAMES.contains(&name),
                        "{name} in {} is not called here",
                        file.display()
                    );
                    found += 1;
                }
            }
        }
    }
    assert!(found > 140, "{found}");
}
