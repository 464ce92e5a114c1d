//! A witness of the transparency log as a port (C2SP tlog-witness): it looks whether each checkpoint extends the last one it
//! saw, and signs that.

use async_trait::async_trait;

use crate::domain::tlog::note::VerifierKey;

/// What a witness answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WitnessAnswer {
    /// Signature lines, unchecked.
    Cosigned(String),
    /// It last saw a checkpoint of this many leaves, not of as many as the request said.
    SawLast(u64),
}

/// No usable answer. The text is for operators.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct WitnessError(pub String);

/// One witness.
#[async_trait]
pub trait Witness: Send + Sync {
    /// Its name and key.
    fn key(&self) -> &VerifierKey;

    /// Makes one `add-checkpoint` request.
    ///
    /// # Errors
    /// [`WitnessError`]: not reached, refused, or an answer out of form.
    async fn add_checkpoint(&self, body: String) -> Result<WitnessAnswer, WitnessError>;
}
