//! Result of one check.

/// Result of one check of the installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoctorFinding {
    /// Checked part, such as `database`.
    pub part: &'static str,
    /// Status of the part.
    pub status: CheckStatus,
    /// Description of the finding. Contains no secret.
    pub detail: String,
    /// Recommended action, if one is needed.
    pub remedy: Option<String>,
}

/// Status of a checked part, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CheckStatus {
    /// Correct.
    Ok,
    /// Works, but should be changed.
    Warning,
    /// Broken or unsafe: must be fixed.
    Problem,
}

impl CheckStatus {
    /// Returns the name in the output of `mfa-admin doctor`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

impl DoctorFinding {
    /// Creates a finding for a part that is correct.
    pub fn ok(part: &'static str, detail: impl Into<String>) -> Self {
        Self { part, status: CheckStatus::Ok, detail: detail.into(), remedy: None }
    }

    /// Creates a finding for a part that works but should be changed.
    pub fn warning(part: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { part, status: CheckStatus::Warning, detail: detail.into(), remedy: Some(remedy.into()) }
    }

    /// Creates a finding for a part that must be fixed.
    pub fn problem(part: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { part, status: CheckStatus::Problem, detail: detail.into(), remedy: Some(remedy.into()) }
    }
}
