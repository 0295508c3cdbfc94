//! Single ops: forward alone on tensors, and forward and backward of the sum on a tape.

use std::hint::black_box;

use wengert::autograd::{Param, Result, Tape, Var};
use wengert::loss::{CrossEntropyLoss, Loss};
use wengert::tensor::{Rng, Tensor};

use crate::workload::Failure;

/// Forward alone, and with the way back where there is one.
pub struct Bench {
    /// The name.
    pub name: String,
    /// On tensors.
    pub forward: Run,
    /// On a tape, to gradients of all operands.
    pub both: Option<Run>,
}

/// One run of an op.
pub type Run = Box<dyn Fn() -> std::result::Result<f32, Failure>>;

impl std::fmt::Debug for Bench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

const ROWS: usize = 4096;
const COLS: usize = 1000;

fn normal(shape: &[usize], seed: u64) -> Tensor<f32> {
    Tensor::randn(shape, &mut Rng::new(seed))
}

fn bench<F, B>(name: &str, operands: Vec<Tensor<f32>>, forward: F, both: B) -> Bench
where
    F: Fn(&[Tensor<f32>]) -> wengert::tensor::Result<Tensor<f32>> + 'static,
    B: for<'t> Fn(&[Var<'t, f32>]) -> Result<Var<'t, f32>> + 'static,
{
    let params: Vec<Param<f32>> = operands.iter().map(|x| Param::new(x.clone())).collect();
    let both: Run = Box::new(move || {
        let tape = Tape::new();
        params.iter().for_each(Param::zero_grad);
        let vars: Vec<_> = params.iter().map(|p| tape.param(p)).collect();
        let y = both(&vars)?.sum();
        y.backward()?;
        Ok(y.item()?)
    });
    let forward: Run = Box::new(move || {
        black_box(forward(&operands)?);
        Ok(0.0)
    });
    Bench { name: name.into(), forward, both: Some(both) }
}

fn product(name: &str, a: Tensor<f32>, b: Tensor<f32>) -> Bench {
    bench(name, vec![a, b], |x| x[0].matmul(&x[1]), |x| x[0].matmul(x[1]))
}

/// All of them.
///
/// # Errors
/// If a shape does not fit.
pub fn all() -> std::result::Result<Vec<Bench>, Failure> {
    let big = || vec![normal(&[ROWS, COLS], 1)];
    let labels = Tensor::<f64>::uniform([ROWS], 0.0, COLS as f64, &mut Rng::new(2))?;
    let labels = labels.map(|c| (c as usize).min(COLS - 1));
    let again = labels.clone();
    let mut benches = vec![
        bench("tanh", big(), |x| Ok(x[0].tanh()), |x| Ok(x[0].tanh())),
        bench("gelu", big(), |x| Ok(x[0].gelu()), |x| Ok(x[0].gelu())),
        bench("exp", big(), |x| Ok(x[0].exp()), |x| Ok(x[0].exp())),
        bench(
            "add_bcast",
            vec![normal(&[ROWS, COLS], 1), normal(&[COLS], 3)],
            |x| x[0].try_add(&x[1]),
            |x| x[0].try_add(x[1]),
        ),
        bench("softmax", big(), |x| x[0].softmax(1), |x| x[0].softmax(1)),
        bench(
            "logsoftmax_nll",
            big(),
            move |x| {
                // A tape without gradients is how the loss is had alone.
                let tape = Tape::no_grad();
                let y = tape.constant(x[0].clone());
                match CrossEntropyLoss::new().forward(y, &again).and_then(|loss| loss.value()) {
                    Ok(loss) => Ok(loss),
                    Err(_) => unreachable!("the labels fit"),
                }
            },
            move |x| CrossEntropyLoss::new().forward(x[0], &labels),
        ),
        bench(
            "batch_norm",
            vec![normal(&[64, 32, 24, 24], 1), normal(&[32, 1, 1], 3), normal(&[32, 1, 1], 4)],
            |x| x[0].affine_normalize([0, 2, 3], &x[1], Some(&x[2]), 1e-5),
            |x| x[0].affine_normalize([0, 2, 3], x[1], Some(x[2]), 1e-5),
        ),
        bench("sum0", big(), |x| x[0].sum_over(0), |x| x[0].sum_over(0)),
        bench("sum1", big(), |x| x[0].sum_over(1), |x| x[0].sum_over(1)),
        // On a tape a transpose is a view, and there is nothing to time.
        Bench {
            both: None,
            ..bench(
                "transpose_copy",
                vec![normal(&[2048, 2048], 4)],
                |x| Ok(x[0].t().contiguous()),
                |x| Ok(x[0]),
            )
        },
    ];
    for n in [32, 64, 128, 256, 512, 1024] {
        let name = format!("matmul_{n}");
        benches.push(product(&name, normal(&[n, n], 5), normal(&[n, n], 6)));
    }
    let (x, w, g) = (normal(&[128, 784], 7), normal(&[784, 256], 8), normal(&[128, 256], 9));
    benches.push(product("mlp_fwd", x.clone(), w.clone()));
    let mut backward = |name: &str, a: Tensor<f32>, b: Tensor<f32>| {
        benches.push(Bench { both: None, ..product(name, a, b) });
    };
    backward("mlp_dx", g.clone(), w.t());
    backward("mlp_dw", x.t(), g);
    Ok(benches)
}
