//! The preflight: what one batch tells before the first step.

mod trial;

use wengert_autograd::{Tape, Tensors};
use wengert_loss::Loss;
use wengert_nn::Module;
use wengert_optim::Adam;
use wengert_tensor::Float;

use super::goal::Kind;
use super::{Doctor, Fault, Finding, Report};
use crate::Result;
use crate::epoch::value_of;
use crate::held::Held;
use trial::Trial;

impl Doctor {
    /// Looks at a model, a loss and one batch before training, and puts everything back as it was. The larger the batch, the more it
    /// tells: some hundred samples are good.
    ///
    /// It sees whether every parameter is reached, whether the prediction of a sample depends on other samples (and which op
    /// mixes them), whether the loss starts where chance would, whether targets have to do with inputs, whether 16 samples can be
    /// learnt by heart and whether the inputs are needed for that, and what is wrong with columns, classes and ranges.
    ///
    /// ```
    /// use wengert_data::{DataLoader, digits};
    /// use wengert_loss::CrossEntropyLoss;
    /// use wengert_nn::{Linear, Relu, Sequential};
    /// use wengert_tensor::Rng;
    /// use wengert_train::{Doctor, Fault};
    ///
    /// let batch = DataLoader::new(digits::<f32>(), 256)?.shuffle(0).epoch(0).next().unwrap();
    /// let rng = &mut Rng::new(0);
    /// let net = |rng: &mut Rng| Sequential::<f32>::new().with(Linear::new(64, 32, rng)).with(Relu).with(Linear::new(32, 10, rng));
    /// let report = Doctor::new().preflight(&net(rng), &CrossEntropyLoss::new(), &batch)?;
    /// assert!(report.is_healthy(), "{report}");
    ///
    /// // The labels of other samples.
    /// let (x, y) = batch;
    /// let report = Doctor::new().preflight(&net(rng), &CrossEntropyLoss::new(), &(x, y.roll(1, 0)?))?;
    /// assert_eq!(report.findings()[0].fault, Fault::LabelsUnrelated);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As the forward pass and the loss.
    #[track_caller]
    pub fn preflight<T: Float, X: Tensors, Y: Tensors, P: Tensors>(
        &self,
        model: &(impl Module<T, X, P> + ?Sized),
        criterion: &impl for<'t, 'a> Loss<'t, T, &'a Y, P>,
        batch: &(X, Y),
    ) -> Result<Report> {
        let mut held = Held::of(model);
        let trial = Trial { model, criterion, of: std::marker::PhantomData };
        let (x, y) = batch;
        let mut doctor = Doctor::new();
        let named = model.parameters();
        {
            let tape = Tape::new().seeded(0);
            let loss = trial.loss(&tape, x, y)?;
            doctor.losses.push(value_of("preflight", loss)?);
            let optimizer = Adam::new(named.clone(), 0.0);
            if loss.item()?.is_finite() {
                doctor.look(loss, &optimizer);
            } else {
                doctor.name_not_finite(loss, &optimizer);
            }
            doctor.looking = false;
            // All rows that there are.
            doctor.data = (doctor.rows.len() > 0).then(|| super::rules::Data::of(&doctor.rows));
            let used = tape.params();
            let unnamed = used.iter().find(|(p, _)| !named.iter().any(|n| n.is(p)));
            if let Some((p, var)) = unnamed {
                let shape = format!("a parameter of shape {:?} that no `parts!` names", p.shape());
                doctor.found(
                    Finding::certain(Fault::NotInOptimizer)
                        .layer(shape)
                        .line(Some(var.recorded_at())),
                );
            }
            let unused =
                named.iter().find(|p| !p.is_frozen() && !used.iter().any(|(u, _)| u.is(p)));
            if let Some(p) = unused {
                doctor.found(
                    Finding::certain(Fault::NoGradient)
                        .layer(p.path())
                        .noting("reads by the forward pass", 0.0),
                );
            }
        }
        held.put_back();
        let mut found = doctor.before_training();
        if x.samples() >= 2
            && !doctor.report().findings().iter().any(|f| f.fault == Fault::RowsMixed)
        {
            found.extend(trial.mixes(x)?);
        }
        let ill = |doctor: &Doctor, found: &[Finding]| {
            doctor.report().findings().iter().chain(found).any(|f| f.rank <= 1)
        };
        let mut tried = false;
        if !ill(&doctor, &found) {
            let learnt = trial.by_heart(x, y, &mut held)?;
            tried = learnt.is_some();
            found.extend(learnt.unwrap_or_default());
            let unrelated = found.iter().position(|f| f.fault == Fault::LabelsUnrelated);
            if let Some(k) = unrelated
                && trial.tells(x, y, &mut held)?
            {
                // Neighbours tell nothing, and the model finds something all the same.
                found.remove(k);
            }
        }
        drop(held);
        found.into_iter().for_each(|finding| doctor.found(finding.staying()));
        let mut report = doctor.report_of_found();
        report.looked_at_more("the batch by rows, columns and classes");
        if tried {
            report.looked_at_more("a trial on 16 samples");
        }
        Ok(report)
    }

    /// The rules that hold before the first step.
    fn before_training(&mut self) -> Vec<Finding> {
        let mut found = self.data.as_ref().map_or(Vec::new(), super::rules::Data::before_training);
        found.extend(super::rules::before_training(self));
        if let Some(goal) = &self.goal
            && goal.kind == Kind::Classes
        {
            let chance = (goal.classes.len() as f64).ln();
            if goal.first_error > 2.0 * chance + 0.5 {
                found.push(
                    Finding::likely(Fault::StartOff)
                        .line(Some(goal.at))
                        .because("loss at the start", goal.first_error, 2.0 * chance + 0.5)
                        .noting("ln of the number of classes", chance),
                );
            }
        }
        found
    }
}
