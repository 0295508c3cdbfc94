//! Class numbers, checked against a prediction of `[N, C, …]` or `[C]`, with the weight that each sample counts for.

use wengert_autograd::{Result, Var};
use wengert_tensor::{Error as TensorError, Fault, Float, Tensor};

/// Checked labels.
pub(crate) struct Picks<T> {
    /// The axis of the classes.
    pub(crate) axis: isize,
    /// The class of each sample, with the axis of the classes as 1; 0 where it is ignored.
    pub(crate) index: Tensor<usize>,
    /// What each sample counts for, in the labels' shape; 0 where it is ignored.
    pub(crate) weight: Tensor<T>,
    /// The sum of the weights.
    pub(crate) total: f64,
}

impl<T: Float> Picks<T> {
    #[track_caller]
    pub(crate) fn new(
        op: &'static str,
        shape: &[usize],
        labels: &Tensor<usize>,
        weight: Option<&Tensor<T>>,
        ignored: Option<usize>,
    ) -> Result<Self> {
        let axis = usize::from(shape.len() > 1);
        let Some(&classes) = shape.get(axis) else {
            let rule = "the prediction is a scalar, and must be [samples, classes]";
            return Err(TensorError::Shape(Fault::new(op, &[shape], rule)).into());
        };
        let mut samples = shape.to_vec();
        samples.remove(axis);
        if labels.shape() != samples {
            let rule = format!("class labels must be {samples:?}, one for each sample");
            let fault = Fault::new(op, &[shape, labels.shape()], rule);
            let fault = if labels.rank() == samples.len() + 1 && labels.shape().ends_with(&[1]) {
                fault.help("did you mean `labels.squeeze(-1)`?")
            } else {
                fault
            };
            return Err(TensorError::Shape(fault).into());
        }
        if let Some(w) = weight.filter(|w| w.shape() != [classes]) {
            let rule = format!("class weights must be [{classes}], one for each class");
            return Err(TensorError::Shape(Fault::new(op, &[shape, w.shape()], rule)).into());
        }
        let by_class = weight.map(Tensor::to_vec);
        let (mut index, mut weights) = (labels.to_vec(), Vec::with_capacity(labels.len()));
        for (place, class) in index.iter_mut().enumerate() {
            if ignored == Some(*class) {
                // Whatever its number, which may not exist.
                *class = 0;
                weights.push(T::ZERO);
            } else if *class >= classes {
                let rule = match classes {
                    0 => "there are no classes".to_string(),
                    _ => format!(
                        "sample {place} has class {class}, and the classes are 0 to {}",
                        classes - 1
                    ),
                };
                let fault = Fault::new(op, &[shape, labels.shape()], rule)
                    .help(wengert_autograd::cross_entropy::class_help(*class, classes));
                return Err(TensorError::Index(fault).into());
            } else {
                weights.push(by_class.as_ref().map_or(T::ONE, |w| w[*class]));
            }
        }
        let total = weights.iter().map(|w| w.to_f64()).sum();
        let mut kept = shape.to_vec();
        kept[axis] = 1;
        Ok(Self {
            axis: axis as isize,
            index: Tensor::from_vec(index, kept)?,
            weight: Tensor::from_vec(weights, samples)?,
            total,
        })
    }

    /// What a prediction holds at the labels, in the labels' shape.
    #[track_caller]
    pub(crate) fn of<'t>(&self, x: Var<'t, T>) -> Result<Var<'t, T>> {
        x.gather(self.axis, &self.index)?.reshape(self.weight.shape())
    }

    /// Each loss times the weight of its sample; 0, whatever it is, where that does not count.
    #[track_caller]
    pub(crate) fn weigh<'t>(&self, losses: Var<'t, T>) -> Result<Var<'t, T>> {
        losses.tape().constant(self.weight.clone()).gate(losses)
    }
}
