//! The parts that the peers' programs share: the nets of `steps` with their data, the clock, and the line that is printed.

use std::time::Instant;

use safetensors::{Dtype, SafeTensors};

/// An error: of a file, or of the framework.
pub type Failure = Box<dyn std::error::Error>;

/// The function between layers.
#[derive(Clone, Copy, PartialEq)]
pub enum Activation {
    None,
    Tanh,
    Relu,
}

/// The optimiser.
#[derive(Clone, Copy)]
pub enum Training {
    /// A rate and momentum.
    Sgd(f64, f64),
    /// A rate.
    Adam(f64),
    /// The forward pass only.
    None,
}

pub enum Targets {
    Numbers(Vec<f32>),
    Classes(Vec<usize>),
    None,
}

/// A linear layer: weight `[outputs, inputs]` and bias.
#[derive(Clone)]
pub struct Layer {
    pub inputs: usize,
    pub outputs: usize,
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

impl Layer {
    /// The weight as `[inputs, outputs]`.
    pub fn transposed(&self) -> Vec<f32> {
        let at = |i, o| self.weight[o * self.inputs + i];
        (0..self.inputs).flat_map(|i| (0..self.outputs).map(move |o| at(i, o))).collect()
    }
}

/// A net with its data and first weights.
pub struct Workload {
    pub name: &'static str,
    pub activation: Activation,
    pub batch: usize,
    pub training: Training,
    pub layers: Vec<Layer>,
    pub inputs: Vec<f32>,
    pub targets: Targets,
}

const MNIST: &[usize] = &[784, 256, 128, 10];

type Row = (&'static str, &'static [usize], Activation, usize, Training);

const ALL: [Row; 9] = [
    ("linreg", &[1, 1], Activation::None, 10, Training::Sgd(0.01, 0.0)),
    ("seedmlp", &[10, 5, 1], Activation::Tanh, 32, Training::Sgd(0.01, 0.0)),
    ("tiny", &[2, 16, 16, 1], Activation::Tanh, 32, Training::Sgd(0.05, 0.0)),
    ("deep", &DEEP, Activation::Tanh, 32, Training::Sgd(0.01, 0.0)),
    ("digits", &[64, 128, 10], Activation::Relu, 64, Training::Adam(1e-3)),
    ("mnist", MNIST, Activation::Relu, 128, Training::Adam(1e-3)),
    ("wide", &[1024, 2048, 2048, 1000], Activation::Relu, 256, Training::Sgd(0.01, 0.9)),
    ("infer1", MNIST, Activation::Relu, 1, Training::None),
    ("infer256", MNIST, Activation::Relu, 256, Training::None),
];

const DEEP: [usize; 52] = {
    let mut sizes = [64; 52];
    sizes[51] = 10;
    sizes
};

impl Workload {
    /// The net of this name, from the directory `PEERS_DATA`.
    pub fn load(name: &str) -> Result<Self, Failure> {
        let row = ALL.into_iter().find(|row| row.0 == name);
        let (name, sizes, activation, batch, training) =
            row.ok_or_else(|| format!("no workload `{name}`"))?;
        let directory = std::env::var("PEERS_DATA").map_err(|_| "PEERS_DATA is not set")?;
        let bytes = std::fs::read(format!("{directory}/{name}.safetensors"))?;
        let file = SafeTensors::deserialize(&bytes)?;
        let floats = |name: &str| -> Result<Vec<f32>, Failure> {
            let of = file.tensor(name)?.data().chunks_exact(4);
            Ok(of.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
        };
        let targets = match file.tensor("y") {
            Err(_) => Targets::None,
            // Little-endian, and below 1000.
            Ok(y) if y.dtype() == Dtype::I64 => Targets::Classes(
                y.data()
                    .chunks_exact(8)
                    .map(|b| usize::from(b[0]) + 256 * usize::from(b[1]))
                    .collect(),
            ),
            Ok(_) => Targets::Numbers(floats("y")?),
        };
        let mut layers = Vec::new();
        for (i, sizes) in sizes.windows(2).enumerate() {
            layers.push(Layer {
                inputs: sizes[0],
                outputs: sizes[1],
                weight: floats(&format!("l{i}.weight"))?,
                bias: floats(&format!("l{i}.bias"))?,
            });
        }
        Ok(Self { name, activation, batch, training, layers, inputs: floats("x")?, targets })
    }

    pub fn inputs_of_net(&self) -> usize {
        self.layers[0].inputs
    }

    pub fn outputs_of_net(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs
    }
}

/// The workloads that the program is asked for: its arguments, or all.
pub fn asked() -> Vec<String> {
    let named: Vec<String> = std::env::args().skip(1).collect();
    if named.is_empty() { ALL.iter().map(|row| row.0.to_string()).collect() } else { named }
}

/// The number of threads: `THREADS`, 2 if it is unset.
pub fn threads() -> usize {
    setting("THREADS", 2.0) as usize
}

/// Tells `rayon`, which reads it when its pool is made.
pub fn set_up_rayon() {
    // SAFETY: called first in `main`, before any thread is there.
    unsafe { std::env::set_var("RAYON_NUM_THREADS", threads().to_string()) };
}

fn setting(name: &str, default: f64) -> f64 {
    std::env::var(name).ok().and_then(|s| s.parse().ok()).unwrap_or(default)
}

/// The mean of |output|, the loss of a forward pass.
pub fn mean_abs(output: &[f32]) -> f32 {
    let sum: f64 = output.iter().map(|y| f64::from(y.abs())).sum();
    (sum / output.len() as f64) as f32
}

/// A step of training, or a forward pass, which returns the loss before it.
pub type Step<'a> = Box<dyn FnMut() -> Result<f32, Failure> + 'a>;

/// Weights go back to their first values after so many steps, as in `steps`.
const RESET: usize = 200;

/// Times the steps that `make` makes from the first weights, in `WINDOWS` windows of `WINDOW_S` seconds, and prints the line.
pub fn report<'a>(
    peer: &str,
    workload: &Workload,
    make: impl Fn() -> Result<Step<'a>, Failure>,
) -> Result<(), Failure> {
    let mut step = make()?;
    let losses = (0..21).map(|_| step()).collect::<Result<Vec<f32>, _>>()?;
    let run = |seconds: f64, burst: usize| -> Result<(f64, f64, usize), Failure> {
        let (mut total, mut cpu, mut steps) = (0.0, 0.0, 0);
        while total < seconds {
            let mut step = make()?;
            // The first step of a new optimiser makes its state.
            step()?;
            let mut taken = 0;
            while taken < RESET && total < seconds {
                let (start, before) = (Instant::now(), cpu_s());
                let burst = burst.min(RESET - taken);
                for _ in 0..burst {
                    step()?;
                }
                total += start.elapsed().as_secs_f64();
                cpu += cpu_s() - before;
                taken += burst;
            }
            steps += taken;
        }
        Ok((total, cpu, steps))
    };
    let (seconds, _, steps) = run(0.2, 1)?;
    // Bursts of some milliseconds, so that reading the clocks costs nothing.
    let burst = ((5e-3 * steps as f64 / seconds) as usize).clamp(1, RESET);
    let (mut wall, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..setting("WINDOWS", 7.0) as usize {
        let (seconds, busy, steps) = run(setting("WINDOW_S", 0.5), burst)?;
        wall.push(1e6 * seconds / steps as f64);
        cpu.push(1e6 * busy / steps as f64);
    }
    wall.sort_by(f64::total_cmp);
    cpu.sort_by(f64::total_cmp);
    println!(
        "{{\"peer\":\"{peer}\",\"workload\":\"{}\",\"threads\":{},\"us_per_step\":{:.3},\"us_best\":{:.3},\"cpu_us\":{:.3},\
         \"loss20\":{:.7},\"loss_first\":{:.7},\"peak_rss_mb\":{:.1}}}",
        workload.name,
        threads(),
        wall[wall.len() / 2],
        wall[0],
        cpu[0],
        losses[20],
        losses[0],
        peak_rss_mb(),
    );
    Ok(())
}

/// Seconds of processor time that the threads of this process have used.
fn cpu_s() -> f64 {
    let of = |task: std::fs::DirEntry| -> Option<f64> {
        let stat = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        stat.split_whitespace().next()?.parse().ok()
    };
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    tasks.filter_map(of).sum::<f64>() * 1e-9
}

/// The most memory that this process has held, in MB.
fn peak_rss_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kb = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kb.unwrap_or(0.0) / 1024.0
}
