//! Histories and reports in a Rust notebook: see [`Notebook`].

use wengert_viz::{Chart, Notebook, notebook_text};

use crate::doctor::{Cures, Flow, Report, Worst};
use crate::{Curvature, History, SweepTable};

impl Notebook for History {
    /// The curves of the losses, and a line for each epoch.
    fn notebook_html(&self) -> String {
        let text = notebook_text(self);
        if self.epochs.is_empty() {
            return text;
        }
        let chart = Chart::new("loss").x_label("epoch").line("train", self.train_losses());
        let chart = match self.validation_losses().next() {
            Some(_) => chart.line("validation", self.validation_losses()),
            None => chart,
        };
        chart.to_svg() + &text
    }
}

impl Notebook for Flow {
    /// The norms of the gradients, layer by layer, as a picture and as text.
    fn notebook_html(&self) -> String {
        self.to_svg() + &notebook_text(self)
    }
}

macro_rules! texts {
    ($($Told:ident)*) => {$(
        impl Notebook for $Told {
            fn notebook_html(&self) -> String {
                notebook_text(self)
            }
        }
    )*};
}
texts! { Cures Curvature Report SweepTable Worst }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Doctor;

    #[test]
    fn reports_are_text_and_what_has_curves_is_pictures() {
        let epoch = |number: usize, loss: f64| crate::Epoch {
            number,
            train_loss: loss,
            objective: loss,
            train_metric: None,
            validation_loss: None,
            validation_metric: None,
            learning_rate: 0.1,
            seconds: 0.0,
        };
        let mut history =
            History { epochs: vec![], stopped: None, metrics: vec![], penalties: vec![] };
        assert!(history.notebook_html().starts_with("<pre>"));
        history.epochs = vec![epoch(1, 1.0), epoch(2, 0.5)];
        assert!(history.notebook_html().starts_with("<svg"));
        let doctor = Doctor::new();
        assert!(doctor.report().notebook_html().starts_with("<pre>"));
        assert!(doctor.flow().notebook_html().starts_with("<svg"));
    }
}
