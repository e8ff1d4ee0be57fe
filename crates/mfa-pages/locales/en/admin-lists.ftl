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
list-event-nobody = No account matches “{ $text }”.
list-event-several = { $count } accounts match “{ $text }”. Choose one:
list-event-all = See all accounts that match
list-event-kind = Event
list-event-outcome = Outcome
list-event-any = Any
list-event-from = From (UTC)
    .invalid = This is not a date. Write it as year-month-day, such as 2026-11-30.
list-event-to = To (UTC)
    .invalid = This is not a date. Write it as year-month-day, such as 2026-11-30.
list-event-ip = IP address
    .invalid = This is not a complete IP address, such as 192.0.2.7 or 2001:db8::7.
list-event-filter = Filter

bulk-action = Change several accounts
bulk-ticked = Change the ticked accounts
bulk-all = { $count ->
    [one] Change the only account found
   *[other] Change all { $count } accounts found
}
bulk-hint = The next page shows which accounts will be changed, and asks for a reason. Nothing is changed before that. Ticks count on this page of the list only.
bulk-back = Back to the list of accounts
bulk-selection = { $count ->
    [one] The account
   *[other] The { $count } accounts
}
flash-nobody-ticked = No account is ticked, so nothing was changed. Tick at least one, or change all accounts found.
bulk-select = Select { $name }
bulk-enforce = Require a second factor
bulk-require_phishing_resistant = Require a passkey
bulk-unlock = Unlock
bulk-reset = Remove all second factors
    .hint = This cannot be undone. Accounts of administrators and your own are not changed.
    .self = Your own account is among those selected.
    .others = The result names each account that was not changed.
bulk-title = { $action }: { $count ->
    [one] 1 account
   *[other] { $count } accounts
}
bulk-limit = One change covers at most { $count } accounts. More accounts match, and are not on this list: change them with mfa-admin or a narrower search.
bulk-more = And { $count } more.
bulk-others = The list has changed since you opened this page. Check it again.
bulk-done = Result
bulk-outcome-done = Changed: { $count }
bulk-outcome-unchanged = Already so: { $count }
bulk-outcome-refused = Not changed: { $count }
bulk-refused =
    .reset = The second factors of administrators, and your own, are not removed by a change of several accounts. Open each account instead.
    .other = The data of these accounts did not allow the change. Check each with mfa-admin.
bulk-outcome-not_found = Not found: { $count }
