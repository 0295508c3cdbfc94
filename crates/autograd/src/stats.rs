//! The size and cost of a tape: nodes, bytes and time, by op and by line.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use wengert_tensor::Float;

use crate::Tape;

/// Sums over some nodes of a tape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// The number of nodes.
    pub nodes: usize,
    /// Bytes of the values that they made. Views count nothing; parameters are the model's.
    pub bytes: usize,
    /// Time that their forward passes took, if the tape is [timed](Tape::timed).
    pub time: Duration,
}

/// The size and cost of a tape. It prints as a table.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// All nodes.
    pub total: Cost,
    /// By op, by name.
    pub by_op: BTreeMap<&'static str, Cost>,
    /// By line of the user's program.
    pub by_line: BTreeMap<String, Cost>,
}

impl<T: Float> Tape<T> {
    /// With the time of each forward pass measured, for [`stats`](Self::stats).
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::Tensor;
    ///
    /// let tape = Tape::<f32>::new().timed();
    /// let x = tape.var(Tensor::ones([100, 100]));
    /// let y = x.matmul(x)?.sum();
    /// # let _ = y;
    /// let stats = tape.stats();
    /// assert!(stats.by_op["matmul"].time > std::time::Duration::ZERO);
    /// assert!(stats.by_op["matmul"].time <= stats.total.time);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    #[must_use]
    pub fn timed(self) -> Self {
        self.timing.set(true);
        self
    }

    /// The nodes, bytes and time of this tape, by op and by line.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// let tape = Tape::<f32>::new();
    /// let x = tape.scalar(2.0);
    /// let y = (x * x).tanh() + x;
    /// # let _ = y;
    /// let stats = tape.stats();
    /// assert_eq!(stats.total.nodes, 4);
    /// assert_eq!(stats.by_op["tanh"].bytes, 4);
    /// ```
    pub fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        for line in self.lines().iter() {
            let time = line.time().unwrap_or_default();
            let at = format!("{}:{}", line.at().file(), line.at().line());
            for sum in [
                &mut stats.total,
                stats.by_op.entry(line.op().name()).or_default(),
                stats.by_line.entry(at).or_default(),
            ] {
                sum.nodes += 1;
                sum.bytes += line.bytes();
                sum.time += time;
            }
        }
        stats
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |f: &mut fmt::Formatter<'_>, name: &str, c: &Cost| {
            writeln!(
                f,
                "{name:<40} {:>7} nodes {:>12} bytes {:>10.1} µs",
                c.nodes,
                c.bytes,
                c.time.as_secs_f64() * 1e6
            )
        };
        row(f, "all", &self.total)?;
        let mut ops: Vec<_> = self.by_op.iter().collect();
        ops.sort_by_key(|(_, c)| std::cmp::Reverse((c.time, c.bytes)));
        for (name, cost) in ops {
            row(f, name, cost)?;
        }
        let mut lines: Vec<_> = self.by_line.iter().collect();
        lines.sort_by_key(|(_, c)| std::cmp::Reverse((c.time, c.bytes)));
        for (line, cost) in lines {
            row(f, line, cost)?;
        }
        Ok(())
    }
}
