//! The parts that benches share: the workloads, a step of each, the clock, the ops.

pub mod clock;
pub mod machine;
pub mod nets;
pub mod ops;
pub mod train;
pub mod workload;
