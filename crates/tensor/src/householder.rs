//! QR by Householder's reflections, in double precision: what least squares are solved by.

/// A matrix as its columns.
pub(crate) type Columns = Vec<Vec<f64>>;

/// A P = Q R. Column k holds R down to its diagonal, and the reflection k below it.
pub(crate) struct Qr {
    columns: Columns,
    /// The factor of each reflection I - τ·vvᵀ, whose v starts with 1 at its own row.
    tau: Vec<f64>,
    /// Which column of A each column is.
    pub(crate) order: Vec<usize>,
}

impl Qr {
    /// Of a matrix with `rows` rows. Columns are taken in the order of what is left of them, the largest first, so that the diagonal of R
    /// falls, and shows the rank.
    pub(crate) fn pivoted(columns: Columns, rows: usize) -> Self {
        Self::new(columns, rows, true)
    }

    /// Of a matrix of full rank, with the columns in their order.
    pub(crate) fn plain(columns: Columns, rows: usize) -> Self {
        Self::new(columns, rows, false)
    }

    fn new(mut columns: Columns, rows: usize, pivot: bool) -> Self {
        let mut order: Vec<usize> = (0..columns.len()).collect();
        let mut tau = Vec::new();
        for k in 0..columns.len().min(rows) {
            if pivot {
                let left = |j: &usize| norm(&columns[*j][k..]);
                // The first of equals, so that the order does not depend on chance.
                let largest = (k..columns.len()).rev().max_by(|a, b| left(a).total_cmp(&left(b)));
                let largest = largest.unwrap_or(k);
                columns.swap(k, largest);
                order.swap(k, largest);
            }
            let (done, rest) = columns.split_at_mut(k + 1);
            let column = &mut done[k][k..];
            let (first, size) = (column[0], norm(column));
            if size == 0.0 {
                tau.push(0.0);
                continue;
            }
            // The sign that does not cancel.
            let diagonal = if first > 0.0 { -size } else { size };
            tau.push((diagonal - first) / diagonal);
            column[1..].iter_mut().for_each(|x| *x /= first - diagonal);
            column[0] = diagonal;
            rest.iter_mut().for_each(|other| reflect(&column[1..], tau[k], &mut other[k..]));
        }
        Self { columns, tau, order }
    }

    /// Element (i, j) of R.
    pub(crate) fn r(&self, i: usize, j: usize) -> f64 {
        self.columns[j][i]
    }

    /// x ← Qᵀx
    pub(crate) fn turn_back(&self, x: &mut [f64]) {
        for (k, &tau) in self.tau.iter().enumerate() {
            reflect(&self.columns[k][k + 1..], tau, &mut x[k..]);
        }
    }

    /// x ← Qx
    pub(crate) fn turn(&self, x: &mut [f64]) {
        for (k, &tau) in self.tau.iter().enumerate().rev() {
            reflect(&self.columns[k][k + 1..], tau, &mut x[k..]);
        }
    }

    /// The upper left square of R of this size, solved by x: x ← R⁻¹x.
    pub(crate) fn solve(&self, x: &mut [f64]) {
        for i in (0..x.len()).rev() {
            let known: f64 = (i + 1..x.len()).map(|j| self.r(i, j) * x[j]).sum();
            x[i] = (x[i] - known) / self.r(i, i);
        }
    }

    /// Its transpose, solved by x: x ← R⁻ᵀx.
    pub(crate) fn solve_transposed(&self, x: &mut [f64]) {
        for i in 0..x.len() {
            let known: f64 = (0..i).map(|j| self.r(j, i) * x[j]).sum();
            x[i] = (x[i] - known) / self.r(i, i);
        }
    }
}

/// x ← x - τ·v·(vᵀx), where v is 1 and then `rest`.
fn reflect(rest: &[f64], tau: f64, x: &mut [f64]) {
    let along = x[0] + rest.iter().zip(&x[1..]).map(|(v, x)| v * x).sum::<f64>();
    x[0] -= tau * along;
    for (v, x) in rest.iter().zip(&mut x[1..]) {
        *x -= tau * along * v;
    }
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}
