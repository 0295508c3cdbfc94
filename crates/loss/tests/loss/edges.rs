//! Every loss at infinite, huge and undefined predictions: the table in docs/conventions.md, line by line.

use wengert_autograd::{Result, Tape, Var};
use wengert_loss::dist::Likelihood;
use wengert_loss::*;
use wengert_tensor::{Float, Tensor};

/// A number as the table writes it.
fn shown(x: f64) -> String {
    match x {
        x if x.is_nan() => "NaN".into(),
        x if x.is_infinite() => if x > 0.0 { "∞" } else { "-∞" }.into(),
        x if x.abs() > 20.0 => if x > 0.0 { "large" } else { "-large" }.into(),
        x => {
            let text = format!("{x:.2}");
            let text = text.trim_end_matches('0').trim_end_matches('.');
            if text == "-0" { "0".into() } else { text.into() }
        }
    }
}

/// The loss of a prediction and its slope, or that it is an error.
fn cell<T: Float>(x: f64, loss: &dyn for<'t> Fn(Var<'t, T>) -> Result<Var<'t, T>>) -> String {
    let tape = Tape::new();
    let x = tape.var(Tensor::from(vec![T::from_f64(x)]));
    match loss(x) {
        Err(_) => "error".into(),
        Ok(loss) => {
            let slope = loss.gradients().unwrap().wrt(x).value().unwrap();
            let [loss, slope] = [loss.item().unwrap(), slope.item().unwrap()].map(T::to_f64);
            format!("{} ({})", shown(loss), shown(slope))
        }
    }
}

/// The row of scores [x, 0].
fn beside_0<T: Float>(x: Var<'_, T>) -> Result<Var<'_, T>> {
    Var::cat(&[x, x.tape().constant(Tensor::from(vec![T::ZERO]))], 0)?.unsqueeze(0)
}

fn table<T: Float>(huge: f64) -> String
where
    for<'t, 'a> &'a Tensor<T>: ClassTarget<'t, T>,
{
    let columns = [f64::NEG_INFINITY, -huge, huge, f64::INFINITY, f64::NAN];
    let mut text = String::new();
    let mut row = |name: &str, loss: &dyn for<'t> Fn(Var<'t, T>) -> Result<Var<'t, T>>| {
        let cells: Vec<String> = columns.iter().map(|&x| cell(x, loss)).collect();
        text.push_str(&format!("| {name} | {} |\n", cells.join(" | ")));
    };
    let t = |x: f64| Tensor::from(vec![T::from_f64(x)]);
    row("`mse`", &|x| mse(x, &t(0.0)));
    row("`mae`", &|x| mae(x, &t(0.0)));
    row("`huber`, `smooth_l1`", &|x| {
        assert_eq!(cell(1e9, &|x: Var<'_, T>| huber(x, &t(0.0), 1.0)), "large (1)");
        smooth_l1(x, &t(0.0), 1.0)
    });
    row("`log_cosh`", &|x| log_cosh(x, &t(0.0)));
    row("`quantile` of ½", &|x| quantile(x, &t(0.0), 0.5));
    row("`charbonnier`", &|x| charbonnier(x, &t(0.0), 1e-3));
    row("`cauchy`", &|x| cauchy(x, &t(0.0), 1.0));
    row("`tukey` of 3", &|x| tukey(x, &t(0.0), 3.0));
    row("`general_robust` of 1", &|x| general_robust(x, &t(0.0), 1.0, 1.0));
    row("`general_robust` of -2", &|x| general_robust(x, &t(0.0), -2.0, 1.0));
    row("`general_robust` of -∞", &|x| general_robust(x, &t(0.0), f64::NEG_INFINITY, 1.0));
    row("`robust_nll` of shape and scale 1, `AdaptiveRobustLoss`", &|x| {
        let adaptive = AdaptiveRobustLoss::new().forward(x, &t(0.0))?.item()?.to_f64();
        let loss = robust_nll(x, &t(0.0), &t(1.0), &t(1.0))?;
        assert_eq!(shown(adaptive), shown(loss.item()?.to_f64()));
        Ok(loss)
    });
    for y in [0.0, 1.0] {
        let y = &t(y);
        let name = format!(
            "`bce_with_logits`, `multilabel_cross_entropy`, target {}",
            y.get(&[0]).unwrap()
        );
        row(&name, &|x| {
            multilabel_cross_entropy(x, y)?;
            bce_with_logits(x, y)
        });
        let name = format!("the same with `pos_weight` 2, target {}", y.get(&[0]).unwrap());
        row(&name, &|x| BceWithLogitsLoss::new().pos_weight(t(2.0)).forward(x, y));
        let name = format!("`binary_focal` of gamma 2, target {}", y.get(&[0]).unwrap());
        row(&name, &|x| binary_focal(x, y, 2.0));
        let name = format!("`dice`, target {}", y.get(&[0]).unwrap());
        row(&name, &|x| dice(x, y));
        let name = format!("`tversky` of 0.3 and 0.7, target {}", y.get(&[0]).unwrap());
        row(&name, &|x| tversky(x, y, 0.3, 0.7));
        let name = format!("the same of gamma 4/3, target {}", y.get(&[0]).unwrap());
        row(&name, &|x| TverskyLoss::new(0.3, 0.7).gamma(4.0 / 3.0).forward(x, y));
        let name = format!("`bce` of a sigmoid, target {}", y.get(&[0]).unwrap());
        row(&name, &|x| bce(x.sigmoid(), y));
    }
    for side in [1.0, -1.0] {
        row(&format!("`hinge`, side {side}"), &|x| hinge(x, &t(side)));
        row(&format!("`squared_hinge`, side {side}"), &|x| squared_hinge(x, &t(side)));
        row(&format!("`soft_margin`, side {side}"), &|x| soft_margin(x, &t(side)));
        row(&format!("`hinge_embedding`, side {side}"), &|x| hinge_embedding(x, &t(side)));
        row(&format!("`margin_ranking` with 0, side {side}"), &|x| {
            margin_ranking(x, &t(0.0), &t(side))
        });
    }
    for class in [0, 1] {
        let label = &Tensor::from(vec![class]);
        let q = &label.one_hot::<T>(2).unwrap();
        row(&format!("`cross_entropy` of [x, 0], class {class}"), &|x| {
            sequence_cross_entropy(beside_0(x)?, label, 9)?;
            cross_entropy(beside_0(x)?, label)
        });
        row(&format!("the same of probabilities 1 and 0, class {class}"), &|x| {
            cross_entropy(beside_0(x)?, q)
        });
        row(&format!("the same with smoothing 0.1, class {class}"), &|x| {
            CrossEntropyLoss::new().label_smoothing(0.1).forward(beside_0(x)?, label)
        });
        row(&format!("`focal` of gamma 2, class {class}"), &|x| focal(beside_0(x)?, label, 2.0));
        row(&format!("`generalized_cross_entropy` of 0.5, class {class}"), &|x| {
            generalized_cross_entropy(beside_0(x)?, label, 0.5)
        });
        row(&format!("`symmetric_cross_entropy`, class {class}"), &|x| {
            symmetric_cross_entropy(beside_0(x)?, label)
        });
        row(&format!("`multi_margin` of [x, 0], class {class}"), &|x| {
            multi_margin(beside_0(x)?, label)
        });
    }
    row("`multilabel_margin` of [x, 0], label 0", &|x| {
        multilabel_margin(beside_0(x)?, &Tensor::from(vec![0_i64, -1]).reshape([1, 2])?)
    });
    row("`nll` of x", &|x| nll(x, &Tensor::scalar(0_usize)));
    row("`kl_div` of x, target 1", &|x| kl_div(x, &t(1.0)));
    row("`kl_div` of x, target 0", &|x| kl_div(x, &t(0.0)));
    row("`poisson_nll` of the logarithm x, count 0", &|x| poisson_nll(x, &t(0.0)));
    row("`poisson_nll` of the logarithm x, count 1", &|x| poisson_nll(x, &t(1.0)));
    row("`poisson_nll` of the rate x, count 1", &|x| {
        PoissonNllLoss::new().of_rates().forward(x, &t(1.0))
    });
    row("`gaussian_nll` of the mean x", &|x| gaussian_nll(x, &t(0.0), &t(1.0)));
    row("`gaussian_nll` of the variance x", &|x| {
        gaussian_nll(x.tape().constant(t(0.0)), &t(1.0), x)
    });
    let one = &t(1.0);
    row("`dist::Normal` of the mean x, observed 0", &|x| dist::Normal::new(x, one)?.nll(&t(0.0)));
    row("`dist::Laplace` of the mean x, observed 0", &|x| dist::Laplace::new(x, one)?.nll(&t(0.0)));
    row("`dist::StudentT` of 3 and the mean x, observed 0", &|x| {
        dist::StudentT::new(3.0, x, one)?.nll(&t(0.0))
    });
    row("`dist::Mixture` of the means [x, 0], observed 0", &|x| {
        let means = beside_0(x)?;
        let logits = means.tape().constant(Tensor::try_full([1, 2], T::ZERO)?);
        dist::Mixture::new(logits, means, &Tensor::try_full([1, 2], T::ONE)?)?.nll(&t(0.0))
    });
    row("`cosine_embedding` of [x, 0] and [1, 1]", &|x| {
        let other = Tensor::try_full([1, 2], T::ONE)?;
        cosine_embedding(beside_0(x)?, &other, &t(1.0))
    });
    row("`triplet_margin` of the anchor x", &|x| triplet_margin(x, &t(0.0), &t(1.0)));
    text
}

#[test]
fn the_table_in_the_conventions() {
    let single = table::<f32>(1e38);
    let double = table::<f64>(1e300);
    let page = include_str!("../../../../docs/conventions.md");
    for (a, b) in single.lines().zip(double.lines()) {
        assert_eq!(a, b, "f32 and f64 differ");
    }
    for line in double.lines() {
        assert!(page.contains(line), "docs/conventions.md lacks this line; the table is\n{double}");
    }
    let start = page.find("| loss (target 0 where none is named) |").expect("the table");
    let rows = page[start..].lines().take_while(|line| line.starts_with('|')).count();
    assert_eq!(rows, double.lines().count() + 2, "a line of the table is not tested");
}
