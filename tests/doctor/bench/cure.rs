//! Cures: the remedies of the first finding, tried on the run as the fault left it; beside them random remedies and a tenth of the
//! learning rate.

use wengert::autograd::{Result, Tape, Var};
use wengert::nn::{Parts, Visitor};
use wengert::optim::Optimizer;
use wengert::tensor::{Rng, keep};
use wengert::train::Doctor;
use wengert::train::doctor::{Action, Case, Columns, Finding};

use super::plant::{Data, LossFault, Plant, Planted};
use super::programs::{Inputs, Net, Program, Samples};
use super::run;

/// The parts of a net.
struct Of(Box<dyn Net>);

impl Parts<f32> for Of {
    fn visit(&self, v: &mut Visitor<'_, f32>) {
        for p in self.0.layers().iter().flatten() {
            v.param(&p.path(), p);
        }
    }
}

/// A run of the benchmark as a case.
struct Run<'a> {
    net: Of,
    train: Samples,
    plant: &'a Plant,
    batch: usize,
    seed: u64,
}

impl Case<f32> for Run<'_> {
    fn parts(&self) -> &dyn Parts<f32> {
        &self.net
    }

    fn loss<'t>(&self, tape: &'t Tape<f32>, step: usize, columns: Columns) -> Result<Var<'t, f32>> {
        let mut picked = run::batch_of(&self.train, self.batch, self.seed, step);
        if let (Columns::Standardised, Inputs::Floats(x)) = (columns, &mut picked.x) {
            let off = &*x - x.mean_over(keep(0)).unwrap();
            let deviation = off.square().mean_over(keep(0)).unwrap().sqrt() + 1e-8;
            *x = off / deviation;
        }
        let out = self.net.0.pass(tape, &picked.x)?;
        run::loss_of(self.plant, out, &picked.y, &self.net.0.layers())
    }
}

/// The remedies that anything could try.
const ANY: [Action; 8] = [
    Action::ScaleRate(0.1),
    Action::ScaleRate(10.0),
    Action::ClipNorm(1.0),
    Action::Restart,
    Action::RestartAndScaleRate(0.1),
    Action::StandardiseInput,
    Action::AdamOnAll(1e-3),
    Action::ScaleLoss(-1.0),
];

/// The cure of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cured {
    pub first: bool,
    pub of_three: bool,
    pub random: bool,
    pub random_of_three: bool,
    pub tenth: bool,
}

/// A finding whose remedies are these.
fn with(finding: &Finding, actions: &[Action]) -> Finding {
    let mut other = finding.clone();
    let like = finding.remedies[0].clone();
    other.remedies = actions
        .iter()
        .map(|action| {
            let mut remedy = like.clone();
            remedy.action = *action;
            remedy
        })
        .collect();
    other
}

/// Tries cures of the first finding of a run with a fault; `None` if only the user can change what is wrong. A run is cured if at least
/// four fifths of the way from where a healthy run starts to where it ends are gone.
pub fn cure(program: &dyn Program, fault: &Planted, seed: u64) -> Option<Cured> {
    let healthy = trained(program, &Plant::NONE, seed);
    let (case, mut optimizer, doctor) = {
        let mut doctor = Doctor::new();
        let (case, optimizer) = run_of(program, &fault.plant, seed, &mut doctor);
        (case, optimizer, doctor)
    };
    let report = doctor.report();
    let finding = report.findings().first()?;
    let steps = program.steps();
    let actions: Vec<Action> =
        finding.remedies.iter().map(|r| r.action).filter(|a| a.can_be_tried()).take(3).collect();
    if actions.is_empty() {
        return None;
    }
    let mut rng = Rng::new(seed + 77);
    let mut random = ANY.to_vec();
    rng.shuffle(&mut random);
    let all: Vec<Action> =
        actions.iter().chain(&random[..3]).copied().chain([Action::ScaleRate(0.1)]).collect();
    let cures = with(finding, &all).try_cures_on(&case, &mut *optimizer, steps).unwrap();
    // A sum, and larger targets, are measured in other units.
    let units = match (fault.plant.loss, fault.plant.data) {
        (LossFault::Sum, _) => fault.plant.batch.unwrap_or(program.batch()) as f64,
        (_, Data::TargetTimes(c)) => c * c,
        _ => 1.0,
    };
    let (start, end) = (units * healthy.0, units * healthy.1);
    let cured = |k: usize| cures.tried[k].course.end <= end + 0.2 * (start - end);
    let n = actions.len();
    Some(Cured {
        first: cured(0),
        of_three: (0..n).any(cured),
        random: cured(n),
        random_of_three: (n..n + 3).any(cured),
        tenth: cured(n + 3),
    })
}

fn run_of<'a>(
    program: &dyn Program,
    plant: &'a Plant,
    seed: u64,
    doctor: &mut Doctor,
) -> (Run<'a>, Box<dyn Optimizer<f32>>) {
    let (net, train, optimizer) = run::prepared(program, plant, seed, doctor);
    let batch = plant.batch.unwrap_or(program.batch());
    (Run { net: Of(net), train, plant, batch, seed }, optimizer)
}

/// The first loss and the last of a healthy run.
fn trained(program: &dyn Program, plant: &Plant, seed: u64) -> (f64, f64) {
    let mut doctor = Doctor::new();
    run_of(program, plant, seed, &mut doctor);
    let losses: Vec<f64> = doctor.losses().iter().map(|p| p.1).collect();
    let last = &losses[losses.len() - (losses.len() / 10).max(1)..];
    (losses[0], last.iter().sum::<f64>() / last.len() as f64)
}
