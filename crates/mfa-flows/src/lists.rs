//! Lists of users and events for administrators.

use std::collections::{BTreeMap, BTreeSet};

use mfa_core::{
    AuditPage, AuditQuery, EventKind, Outcome, PageStart, StoredEvent, UserFilter, UserId, UserPage,
    UserQuery, UserRecord,
};

use crate::call::AdminCall;
use crate::error::FlowError;
use crate::flows::Flows;

/// Number of users or events that an export reads at once.
const EXPORT_PAGE: u32 = 500;

/// Page of users with the number of all that fit the filter.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UserList {
    /// The page.
    pub page: UserPage,
    /// Number of users that fit the filter.
    pub total: u64,
}

impl UserList {
    /// Creates a page with its total.
    pub const fn new(page: UserPage, total: u64) -> Self {
        Self { page, total }
    }
}

impl Flows {
    /// Returns a page of users with the number of all that fit, and logs the access. `None` if the page starts at a user who
    /// does not exist.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`].
    pub async fn list_users(
        &self,
        call: &AdminCall,
        query: UserQuery,
    ) -> Result<Option<UserList>, FlowError> {
        self.record_admin_event(call, None, EventKind::AdminList, Outcome::Success);
        let total = self.ports.users.count(query.filter.clone(), self.now()).await?;
        if total == 0 && query.start == PageStart::First {
            return Ok(Some(UserList::new(UserPage::default(), total)));
        }
        let page = self.ports.users.list(query, self.now()).await?;
        Ok(page.map(|page| UserList::new(page, total)))
    }

    /// Returns a page of users without logging it, for commands that record what they do to each user.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`].
    pub async fn find_users(&self, query: UserQuery) -> Result<UserPage, FlowError> {
        Ok(self.ports.users.list(query, self.now()).await?.unwrap_or_default())
    }

    /// Returns the ids of all users that fit a filter, in their order, at most `most`. Logs nothing.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`].
    pub async fn find_user_ids(&self, filter: UserFilter, most: usize) -> Result<Vec<UserId>, FlowError> {
        let mut query = UserQuery { filter, limit: EXPORT_PAGE, ..UserQuery::default() };
        let mut ids = Vec::new();
        loop {
            let page = self.find_users(query.clone()).await?;
            ids.extend(page.users.iter().map(|it| it.user));
            match page.next {
                Some(next) if ids.len() < most => query.start = PageStart::After(next),
                _ => break,
            }
        }
        ids.truncate(most);
        Ok(ids)
    }

    /// Starts an export of all users that fit a query, page by page. Logs the access. Limit and start of the query are those
    /// of the export.
    pub fn export_users(&self, call: &AdminCall, query: UserQuery) -> UserExport {
        self.record_admin_event(call, None, EventKind::AdminList, Outcome::Success);
        UserExport { query: Some(UserQuery { limit: EXPORT_PAGE, start: PageStart::First, ..query }) }
    }

    /// Returns the next users of an export; `None` after the last.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`]; [`FlowError::NoSuchUser`] if the last user of the page before was deleted meanwhile, so that the
    /// export cannot continue.
    pub async fn next_users(&self, export: &mut UserExport) -> Result<Option<Vec<UserRecord>>, FlowError> {
        let Some(query) = export.query.take() else { return Ok(None) };
        let page = self.ports.users.list(query.clone(), self.now()).await?.ok_or(FlowError::NoSuchUser)?;
        export.query = page.next.map(|next| UserQuery { start: PageStart::After(next), ..query });
        Ok(Some(page.users))
    }

    /// Returns a page of the events of all users.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`].
    pub async fn list_events(&self, call: &AdminCall, query: AuditQuery) -> Result<AuditPage, FlowError> {
        self.record_admin_event(call, query.user, EventKind::AdminEvents, Outcome::Success);
        Ok(self.ports.audit_log.list_all(query).await?)
    }

    /// Starts an export of all events that fit a query, page by page. Logs the access. The limit of the query is that of the
    /// export.
    pub fn export_events(&self, call: &AdminCall, query: AuditQuery) -> EventExport {
        self.record_admin_event(call, query.user, EventKind::AdminEvents, Outcome::Success);
        EventExport { query: Some(AuditQuery { limit: EXPORT_PAGE, ..query }) }
    }

    /// Returns the next events of an export; `None` after the last.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`].
    pub async fn next_events(&self, export: &mut EventExport) -> Result<Option<Vec<StoredEvent>>, FlowError> {
        let Some(query) = export.query.take() else { return Ok(None) };
        let page = self.ports.audit_log.list_all(query).await?;
        export.query = page.next.map(|next| AuditQuery { before: Some(next), ..query });
        Ok(Some(page.events))
    }

    /// Returns the user names of those users that exist.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`].
    pub async fn usernames(
        &self,
        _: &AdminCall,
        users: BTreeSet<UserId>,
    ) -> Result<BTreeMap<UserId, String>, FlowError> {
        Ok(self.ports.users.usernames(users.into_iter().collect()).await?)
    }
}

/// Export of users: what is left to read.
#[derive(Clone, Debug)]
pub struct UserExport {
    query: Option<UserQuery>,
}

/// Export of events: what is left to read.
#[derive(Clone, Debug)]
pub struct EventExport {
    query: Option<AuditQuery>,
}
