//! The flow of gradients: layer by layer over time, as a table, a picture, and a page with curves.

use std::fmt;

use wengert_viz::{Chart, HeatRow, Page, Scale, heat_svg};

use super::Doctor;
use super::evidence::{BARS, number};
use super::weights::Role;

/// A parameter's gradient and update over time, and the units of its layer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FlowRow {
    /// The path of the parameter.
    pub path: String,
    /// Step, and root mean square of the gradient.
    pub gradients: Vec<(usize, f64)>,
    /// Step, and update : weight.
    pub ratios: Vec<(usize, f64)>,
    /// The fraction of units after it that are always 0, or of values that are saturated; `None` without such an activation.
    pub flat: Option<f64>,
}

/// The flow of gradients, layer by layer in the order of the tape. It prints as a table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Flow {
    /// The matrices and tables of the model.
    pub rows: Vec<FlowRow>,
}

impl Doctor {
    /// The flow of gradients so far.
    ///
    /// ```
    /// use wengert_data::{DataLoader, synth};
    /// use wengert_loss::CrossEntropyLoss;
    /// use wengert_nn::{Linear, Parts, Relu, Sequential};
    /// use wengert_optim::Adam;
    /// use wengert_tensor::Rng;
    /// use wengert_train::{Doctor, Trainer};
    ///
    /// let loader = DataLoader::new(synth::moons::<f32>(300, 0.1, 0), 30)?.shuffle(0);
    /// let rng = &mut Rng::new(0);
    /// let model = Sequential::new().with(Linear::new(2, 16, rng)).with(Relu).with(Linear::new(16, 2, rng));
    /// let (criterion, mut doctor) = (CrossEntropyLoss::new(), Doctor::new());
    /// let mut optimizer = Adam::new(model.parameters(), 0.01);
    /// Trainer::new(&model, &criterion, &mut optimizer).with(&mut doctor).fit(&loader, 5)?;
    ///
    /// let flow = doctor.flow();
    /// println!("{flow}");
    /// assert_eq!(flow.rows.iter().map(|row| &row.path[..]).collect::<Vec<_>>(), ["0.weight", "2.weight"]);
    /// assert!(flow.to_svg().contains("0.weight"));
    /// // std::fs::write("doctor.html", doctor.to_page())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn flow(&self) -> Flow {
        let mut weights: Vec<_> =
            self.weights.all.iter().filter(|w| w.role != Role::Bias && w.shape.len() > 1).collect();
        weights.sort_by_key(|w| w.order);
        let row = |k: usize, w: &&super::weights::Weight| {
            let next = weights.get(k + 1).map_or(usize::MAX, |next| next.order);
            let units = self.units.iter().find(|u| u.line > w.order && u.line < next && u.hidden);
            let flat = units.map(|u| match u.dead() {
                Some(dead) => dead as f64 / u.alive.len() as f64,
                None if u.flat == super::units::Flat::BelowZero => 0.0,
                None => u.saturated,
            });
            let (gradients, ratios) = (w.gradients.points.clone(), w.ratios.points.clone());
            FlowRow { path: w.path.clone(), gradients, ratios, flat }
        };
        Flow { rows: weights.iter().enumerate().map(|(k, w)| row(k, w)).collect() }
    }

    /// The losses so far, thinned to 256 points at most: step, and loss.
    pub fn losses(&self) -> &[(usize, f64)] {
        &self.losses.curve.points
    }

    /// The report, the curves and the flow of gradients as one HTML file that needs no other.
    pub fn to_page(&self) -> String {
        let flow = self.flow();
        let points = |points: &[(usize, f64)]| -> Vec<(f64, f64)> {
            points.iter().filter(|p| p.1.is_finite()).map(|&(step, x)| (step as f64, x)).collect()
        };
        let losses = points(self.losses());
        let positive = losses.iter().all(|p| p.1 > 0.0) && !losses.is_empty();
        let scale = if positive { Scale::Log } else { Scale::Linear };
        let loss = Chart::new("loss").x_label("step").scale(scale).points("loss", losses);
        let mut ratios = Chart::new("update : weight").x_label("step").scale(Scale::Log);
        for row in &flow.rows {
            ratios =
                ratios.points(&row.path, points(&row.ratios).into_iter().filter(|p| p.1 > 0.0));
        }
        let mut page =
            Page::new("What the doctor saw").prose(&self.report().to_string()).heading("Loss");
        page = page.svg(loss.to_svg()).heading("Gradients, layer by layer").svg(flow.to_svg());
        page = page.text(&flow.to_string()).heading("Update : weight").svg(ratios.to_svg());
        page.to_html()
    }
}

impl Flow {
    /// The gradients as a picture: a row for each layer, time to the right, deep where the gradient is large.
    pub fn to_svg(&self) -> String {
        let rows: Vec<HeatRow<'_>> =
            self.rows.iter().map(|row| (&row.path[..], &row.gradients[..])).collect();
        heat_svg("root mean square of the gradient", &rows)
    }
}

/// Points as bars by their logarithm, between these bounds.
fn bars(points: &[(usize, f64)], low: f64, high: f64) -> String {
    let chunk = points.len().div_ceil(24).max(1);
    let bar = |part: &[(usize, f64)]| {
        let x = part[0].1.max(1e-300).log10();
        let height = if high > low { (x - low) / (high - low) * 7.0 } else { 3.0 };
        BARS[(height.round().max(0.0) as usize).min(7)]
    };
    points.chunks(chunk).map(bar).collect()
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wide = self.rows.iter().map(|row| row.path.chars().count()).max().unwrap_or(0).max(9);
        let logs = self.rows.iter().flat_map(|row| &row.gradients).map(|p| p.1.max(1e-300).log10());
        let (low, high) =
            logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
        writeln!(
            f,
            "{:<wide$}   gradient  {:<24}  update : weight  flat units",
            "parameter", "over time"
        )?;
        for row in &self.rows {
            let last = |points: &[(usize, f64)]| points.last().map_or("-".into(), |p| number(p.1));
            let flat = row.flat.map_or("-".into(), |flat| format!("{:.0} %", 100.0 * flat));
            writeln!(
                f,
                "{:<wide$}  {:>9}  {:<24}  {:>15}  {flat:>10}",
                row.path,
                last(&row.gradients),
                bars(&row.gradients, low, high),
                last(&row.ratios)
            )?;
        }
        Ok(())
    }
}
