//! candle 0.11: variables, `backward`, and candle-nn's layers and optimisers. It has no momentum, which is written out here.

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{AdamW, Linear, Module, Optimizer, ParamsAdamW, SGD, loss, ops};
use wengert_peers::{
    Activation, Failure, Step, Targets, Training, Workload, asked, mean_abs, report, set_up_rayon,
};

struct Net {
    layers: Vec<Linear>,
    activation: Activation,
}

impl Net {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let mut h = x.clone();
        for (i, layer) in self.layers.iter().enumerate() {
            h = layer.forward(&h)?;
            h = match self.activation {
                _ if i + 1 == self.layers.len() => h,
                Activation::None => h,
                Activation::Tanh => h.tanh()?,
                Activation::Relu => h.relu()?,
            };
        }
        Ok(h)
    }
}

/// SGD with momentum, over variables and what they remember.
struct Momentum(f64, f64, Vec<(Var, Option<Tensor>)>);

enum Method {
    Sgd(SGD),
    Adam(AdamW),
    Momentum(Momentum),
}

impl Method {
    fn of(training: Training, variables: Vec<Var>) -> candle_core::Result<Self> {
        Ok(match training {
            Training::Adam(lr) => Self::Adam(AdamW::new(
                variables,
                ParamsAdamW { lr, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 },
            )?),
            Training::Sgd(rate, momentum) if momentum > 0.0 => {
                let all = variables.into_iter().map(|variable| (variable, None)).collect();
                Self::Momentum(Momentum(rate, momentum, all))
            }
            Training::Sgd(rate, _) => Self::Sgd(SGD::new(variables, rate)?),
            Training::None => Self::Sgd(SGD::new(variables, 0.0)?),
        })
    }

    fn step(&mut self, loss: &Tensor) -> candle_core::Result<()> {
        let gradients = loss.backward()?;
        match self {
            Self::Sgd(sgd) => sgd.step(&gradients),
            Self::Adam(adam) => adam.step(&gradients),
            Self::Momentum(Momentum(rate, momentum, all)) => {
                for (variable, remembered) in all {
                    let Some(gradient) = gradients.get(variable) else { continue };
                    let moved = match remembered.take() {
                        None => gradient.clone(),
                        Some(before) => ((before * *momentum)? + gradient)?,
                    };
                    variable.set(&(variable.as_tensor() - (&moved * *rate)?)?)?;
                    *remembered = Some(moved);
                }
                Ok(())
            }
        }
    }
}

fn run(w: &Workload) -> Result<(), Failure> {
    let cpu = &Device::Cpu;
    let x = Tensor::from_slice(&w.inputs, (w.batch, w.inputs_of_net()), cpu)?;
    let targets = match &w.targets {
        Targets::Numbers(y) => Some(Tensor::from_slice(y, (w.batch, w.outputs_of_net()), cpu)?),
        Targets::Classes(y) => {
            let classes: Vec<u32> = y.iter().map(|&class| class as u32).collect();
            Some(Tensor::from_vec(classes, w.batch, cpu)?.to_dtype(DType::U32)?)
        }
        Targets::None => None,
    };
    report("candle", w, || -> Result<Step<'_>, Failure> {
        let (mut layers, mut variables) = (Vec::new(), Vec::new());
        for layer in &w.layers {
            let weight = Var::from_slice(&layer.weight, (layer.outputs, layer.inputs), cpu)?;
            let bias = Var::from_slice(&layer.bias, layer.outputs, cpu)?;
            // Without training nothing is recorded.
            let part = |of: &Var| match w.training {
                Training::None => of.as_tensor().detach(),
                _ => of.as_tensor().clone(),
            };
            layers.push(Linear::new(part(&weight), Some(part(&bias))));
            variables.extend([weight, bias]);
        }
        let net = Net { layers, activation: w.activation };
        let mut method = Method::of(w.training, variables)?;
        let (x, targets) = (&x, &targets);
        Ok(Box::new(move || {
            let output = net.forward(x)?;
            let loss = match (&w.targets, targets) {
                (Targets::Numbers(_), Some(y)) => loss::mse(&output, y)?,
                (_, Some(y)) => loss::nll(&ops::log_softmax(&output, 1)?, y)?,
                (_, None) => return Ok(mean_abs(&output.flatten_all()?.to_vec1::<f32>()?)),
            };
            method.step(&loss)?;
            Ok(loss.to_scalar::<f32>()?)
        }))
    })
}

fn main() -> Result<(), Failure> {
    set_up_rayon();
    asked().iter().try_for_each(|name| run(&Workload::load(name)?))
}
