//! The op that made a loss or a gradient that is not finite.

use wengert_autograd::Var;
use wengert_optim::Optimizer;
use wengert_tensor::Float;

use super::{Action, Doctor, Fault, Finding, Remedy};

impl Doctor {
    /// Names the op that made a loss or a gradient that is not finite.
    #[cold]
    pub(super) fn name_not_finite<T: Float>(
        &mut self,
        loss: Var<'_, T>,
        optimizer: &(impl Optimizer<T> + ?Sized),
    ) {
        if self.looks == 0 {
            self.weights.before(optimizer, self.step);
            self.lay_out(loss.tape(), loss, optimizer);
            let lines = loss.tape().lines();
            self.see_start(&super::reading::Reading::new(&lines, loss.index()));
        }
        let forward = loss.tape().first_non_finite();
        let backward =
            || loss.tape().unspent(|| loss.first_non_finite_gradient().ok().flatten()).flatten();
        let Some(made) = forward.or_else(backward) else { return };
        let data = matches!(made.op, "constant" | "input");
        let fault = if data { Fault::DataNotFinite } else { Fault::NotFinite };
        let mut finding = Finding::certain(fault)
            .layer(made.layer.clone())
            .op(made.op, made.at)
            .noting(if made.in_reverse { "a gradient" } else { "a value" }, made.value);
        for operand in &made.operands {
            finding = finding.noting("of an operand", *operand);
        }
        if data && let [row, ..] = made.place[..] {
            finding = finding.row(row);
            finding.place.column = made.place.get(1).copied();
        }
        if let Some(hint) = made.hint {
            finding.remedies.insert(0, Remedy { text: hint.to_string(), action: Action::Code("") });
        }
        let thrown = self.first_ratio.max(self.peak_ratio) > 0.3;
        let grown = thrown || self.losses.risen() > 3.0 || made.op == "param";
        if grown && !data {
            self.diverged.get_or_insert(self.step);
            // The number is what a step that was too long left behind.
            finding = finding.rank(4);
        }
        self.found(finding.over(self.step, self.step));
        self.examine();
    }
}
