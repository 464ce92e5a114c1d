//! A one-time text in the community itself, where only its administrators can write.

use std::sync::Arc;

use super::look::{Question, community};
use crate::domain::control_problem::ControlProblem;
use crate::domain::control_text;
use crate::service::App;

/// Whether the text stands in the community's description, status or site.
pub(super) async fn find(app: &Arc<App>, q: &Question) -> Result<(), ControlProblem> {
    let seen = community(app, &q.row.platform_id, &q.row.community_number).await?;
    let token = q.proof.token.as_deref().unwrap_or_default();
    let found = seen.texts().iter().any(|(_, text)| control_text::stands_in(text, token));
    if found { Ok(()) } else { Err(ControlProblem::TextNotFound) }
}
