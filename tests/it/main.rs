//! Black-box tests, one file per feature.

mod platform_standin;
