//! dfdx 0.13: sizes in the types, and a forward pass that carries the tape.

use dfdx::optim::{Adam, AdamConfig, Momentum, Sgd, SgdConfig};
use dfdx::prelude::*;
use wengert_peers::{
    Failure, Layer, Step, Targets, Training, Workload, asked, mean_abs, report, set_up_rayon,
};

/// The workload's first weights, given to the linear layers of a net in turn.
trait Weights {
    fn take(&mut self, from: &mut std::slice::Iter<'_, Layer>);
}

impl<const I: usize, const O: usize> Weights for modules::Linear<I, O, f32, Cpu> {
    fn take(&mut self, from: &mut std::slice::Iter<'_, Layer>) {
        let layer = from.next().expect("a layer for each of the net");
        self.weight.copy_from(&layer.weight);
        self.bias.copy_from(&layer.bias);
    }
}
impl Weights for Tanh {
    fn take(&mut self, _: &mut std::slice::Iter<'_, Layer>) {}
}
impl Weights for ReLU {
    fn take(&mut self, _: &mut std::slice::Iter<'_, Layer>) {}
}
impl<A: Weights, B: Weights> Weights for (A, B) {
    fn take(&mut self, from: &mut std::slice::Iter<'_, Layer>) {
        self.0.take(from);
        self.1.take(from);
    }
}
impl<A: Weights, B: Weights, C: Weights> Weights for (A, B, C) {
    fn take(&mut self, from: &mut std::slice::Iter<'_, Layer>) {
        self.0.take(from);
        self.1.take(from);
        self.2.take(from);
    }
}
impl<M: Weights, const N: usize> Weights for modules::Repeated<M, N> {
    fn take(&mut self, from: &mut std::slice::Iter<'_, Layer>) {
        self.modules.iter_mut().for_each(|module| module.take(from));
    }
}

/// The targets as dfdx takes them: a class is a row with a single 1.
fn dense(w: &Workload) -> Vec<f32> {
    let outputs = w.outputs_of_net();
    let mut rows = vec![0.0; w.batch * outputs];
    match &w.targets {
        Targets::Numbers(y) => rows.copy_from_slice(y),
        Targets::Classes(y) => {
            y.iter().enumerate().for_each(|(i, &class)| rows[i * outputs + class] = 1.0);
        }
        Targets::None => {}
    }
    rows
}

fn sgd<M>(net: &M, w: &Workload) -> Sgd<M, f32, Cpu> {
    let Training::Sgd(lr, momentum) = w.training else { unreachable!("trained by SGD") };
    let momentum = (momentum > 0.0).then_some(Momentum::Classic(momentum));
    Sgd::new(net, SgdConfig { lr, momentum, weight_decay: None })
}

fn adam<M>(net: &M, w: &Workload) -> Adam<M, f32, Cpu> {
    let Training::Adam(lr) = w.training else { unreachable!("trained by Adam") };
    Adam::new(net, AdamConfig { lr, betas: [0.9, 0.999], eps: 1e-8, weight_decay: None })
}

/// Runs a net of this type and these sizes.
macro_rules! run {
    ($w:expr, $Net:ty, $batch:literal, $inputs:literal, $outputs:literal, $($how:tt)+) => {{
        let (w, cpu) = ($w, Cpu::default());
        let x = cpu.tensor_from_vec(w.inputs.clone(), (Const::<$batch>, Const::<$inputs>));
        let y: Tensor<Rank2<$batch, $outputs>, f32, Cpu> =
            cpu.tensor_from_vec(dense(w), (Const::<$batch>, Const::<$outputs>));
        report("dfdx", w, || -> Result<Step<'_>, Failure> {
            let mut net = cpu.build_module::<$Net, f32>();
            net.take(&mut w.layers.iter());
            Ok(step!(w, net, &x, &y, $($how)+))
        })
    }};
}
macro_rules! step {
    ($w:expr, $net:ident, $x:expr, $y:expr, forward) => {{
        let (x, _) = ($x, $y);
        Box::new(move || Ok(mean_abs(&$net.forward(x.clone()).as_vec())))
    }};
    ($w:expr, $net:ident, $x:expr, $y:expr, $loss:ident, $optimizer:ident) => {{
        let (x, y) = ($x, $y);
        let mut gradients = Some($net.alloc_grads());
        let mut optimizer = $optimizer(&$net, $w);
        Box::new(move || {
            let kept = gradients.take().ok_or("an earlier step failed")?;
            let output = $net.forward_mut(x.clone().traced(kept));
            let loss = $loss(output, y.clone());
            let value = loss.array();
            let mut found = loss.backward();
            optimizer.update(&mut $net, &found).map_err(|e| format!("{e:?}"))?;
            $net.zero_grads(&mut found);
            gradients = Some(found);
            Ok(value)
        })
    }};
}

type Mnist = ((Linear<784, 256>, ReLU), (Linear<256, 128>, ReLU), Linear<128, 10>);

fn by_name(w: &Workload) -> Result<(), Failure> {
    use cross_entropy_with_logits_loss as cross_entropy;
    match w.name {
        "linreg" => run!(w, Linear<1, 1>, 10, 1, 1, mse_loss, sgd),
        "seedmlp" => {
            run!(w, ((Linear<10, 5>, Tanh), Linear<5, 1>), 32, 10, 1, mse_loss, sgd)
        }
        "tiny" => run!(
            w,
            ((Linear<2, 16>, Tanh), (Linear<16, 16>, Tanh), Linear<16, 1>),
            32,
            2,
            1,
            mse_loss,
            sgd
        ),
        "deep" => run!(
            w,
            (Repeated<(Linear<64, 64>, Tanh), 50>, Linear<64, 10>),
            32,
            64,
            10,
            cross_entropy,
            sgd
        ),
        "digits" => {
            run!(w, ((Linear<64, 128>, ReLU), Linear<128, 10>), 64, 64, 10, cross_entropy, adam)
        }
        "mnist" => run!(w, Mnist, 128, 784, 10, cross_entropy, adam),
        "wide" => run!(
            w,
            ((Linear<1024, 2048>, ReLU), (Linear<2048, 2048>, ReLU), Linear<2048, 1000>),
            256,
            1024,
            1000,
            cross_entropy,
            sgd
        ),
        "infer1" => run!(w, Mnist, 1, 784, 10, forward),
        "infer256" => run!(w, Mnist, 256, 784, 10, forward),
        name => Err(format!("no net `{name}`").into()),
    }
}

fn main() -> Result<(), Failure> {
    set_up_rayon();
    asked().iter().try_for_each(|name| by_name(&Workload::load(name)?))
}
