//! Parameters on the tape that the optimiser does not have. Another optimiser may train them, as it does the other half of an
//! adversarial pair, so they are a fault only if their values stay what they are.

use wengert_autograd::{Line, Param, Tape};
use wengert_tensor::Float;

use super::reading::Reading;
use super::structure::grouped;
use super::weights::each;
use super::{Fault, Finding};

/// The number of later looks at which a value has to be what it was.
const LOOKS: usize = 2;

/// A parameter that gets a gradient and that the optimiser does not have.
#[derive(Clone, Debug)]
struct Stranger {
    id: u64,
    path: String,
    at: Line,
    /// The sum of some of its bits when it was met, and the looks since at which it was the same.
    value: u64,
    still: usize,
    trained: bool,
}

/// All such parameters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Strangers {
    all: Vec<Stranger>,
}

impl Strangers {
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Notes those of a tape that are new.
    pub(crate) fn meet<T: Float>(&mut self, r: &Reading<'_, '_, T>, optimizer: &[Param<T>]) {
        for line in r.lines.iter().filter(|line| r.reached[line.index()] && line.wants_gradient()) {
            let Some(read) = line.op().parameter() else { continue };
            let (id, known) = (read.param.id(), &self.all);
            if optimizer.iter().any(|p| p.is(&read.param)) || known.iter().any(|s| s.id == id) {
                continue;
            }
            let (path, value) = (read.param.path(), value_of(&read.param));
            let at = line.at();
            self.all.push(Stranger { id, path, at, value, still: 0, trained: false });
        }
    }

    /// Looks at them a step later or more. Returns the finding of those that nobody trains, once it is sure.
    pub(crate) fn settle<T: Float>(&mut self, tape: &Tape<T>) -> Option<Finding> {
        let open = |s: &Stranger| !s.trained && s.still < LOOKS;
        if !self.all.iter().any(open) {
            return None;
        }
        let params = tape.params();
        for stranger in self.all.iter_mut().filter(|s| open(s)) {
            if let Some((param, _)) = params.iter().find(|(p, _)| p.id() == stranger.id) {
                stranger.trained = value_of(param) != stranger.value;
                stranger.still += usize::from(!stranger.trained);
            }
        }
        self.idle(LOOKS)
    }

    /// The finding of those that nobody has trained so far, for a report.
    pub(crate) fn so_far(&self) -> Option<Finding> {
        self.idle(0)
    }

    /// The finding of those that were the same at so many looks.
    fn idle(&self, looks: usize) -> Option<Finding> {
        let idle = self.all.iter().filter(|s| s.still >= looks && !s.trained);
        let finding = |s: &Stranger| {
            Finding::certain(Fault::NotInOptimizer).layer(&s.path).line(Some(s.at)).staying()
        };
        grouped(idle.map(finding).collect())
    }
}

/// A sum of the bits of some elements, which another value hardly has.
fn value_of<T: Float>(param: &Param<T>) -> u64 {
    param.inspect(|value, _, _| {
        let mut sum = 0u64;
        each(value, value.len() / 256 + 1, |x| sum = sum.rotate_left(7) ^ x.to_bits());
        sum
    })
}
