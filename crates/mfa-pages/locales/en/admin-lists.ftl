# Lists of accounts and events, and the dashboard, for administrators.

list-total = { $count ->
    [one] 1 account
   *[other] { $count } accounts
}
list-csv = Download as CSV
list-pages = Pages
list-previous = Previous page
list-next = Next page
list-newest = Newest events
list-zone = Times are in UTC.
list-states = Filter by state
list-state-all = All
list-state-locked = Locked
list-state-no_factor = No second factor
list-state-sms_only = SMS only
list-state-no_passkey = No passkey
list-state-enforced = Second factor required
list-state-few_codes = Few recovery codes
list-state-disabled = Disabled
list-sort = Sort
list-sort-name = By name
list-sort-recent = Last used first
list-sort-unused = Longest unused first
list-used = Second factor last used:
list-unused = Second factor never used
list-chip-passkey = passkey
list-chip-sms = SMS
list-chip-none = no second factor
list-figure-no_factor = Without a second factor
list-figure-sms_only = SMS only
list-figure-passkey = With a passkey
list-figure-no_passkey = Without a passkey
list-figure-disabled = Disabled
list-share = { $share }%
list-share-less = under 1%
list-adoption = Accounts with a second factor, by week (%)
list-adoption-hint = Share of today's accounts that had their second factor by the end of each week.
list-adoption-passkey = with a passkey
list-adoption-other = with another second factor
list-event-user = Account (name, email address or ID)
list-event-kind = Event
list-event-outcome = Outcome
list-event-any = Any
list-event-from = From (UTC)
list-event-to = To (UTC)
list-event-ip = IP address
list-event-filter = Filter

bulk-action = Change everybody listed, or those ticked
bulk-go = Continue
bulk-hint = The next page shows who will be changed, and asks for a reason. Nothing is changed before that.
bulk-select = Select { $name }
bulk-enforce = Require a second factor
bulk-require_phishing_resistant = Require a passkey
bulk-unlock = Unlock
bulk-reset = Remove all second factors
    .hint = This cannot be undone. Administrators and your own account are left out.
bulk-title = { $action }: { $count ->
    [one] 1 account
   *[other] { $count } accounts
}
bulk-limit = One change covers at most { $count } people. Others who match are not on this list: change them with mfa-admin or a narrower search.
bulk-more = And { $count } more.
bulk-others = The list has changed since you opened this page. Check it again.
bulk-done = Result
bulk-outcome-done = Changed: { $count }
bulk-outcome-unchanged = Already so: { $count }
bulk-outcome-refused = Not changed: { $count }
bulk-outcome-not_found = Not found: { $count }
