//! The benchmark of the doctor: programs, faults that are planted in them, healthy settings, and the table of what was found.

pub mod cure;
pub mod faults;
pub mod healthy;
pub mod plant;
pub mod programs;
pub mod run;
pub mod score;
