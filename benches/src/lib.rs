//! What the benches share: the workloads, how a step is taken, the clock, the ops.

pub mod clock;
pub mod nets;
pub mod ops;
pub mod train;
pub mod workload;
