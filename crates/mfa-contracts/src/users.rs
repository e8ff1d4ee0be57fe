//! Contract of [`Users`].

use std::sync::Arc;

use mfa_core::{
    NewUser, NewUserError, PageStart, PasswordDigest, PasswordKinds, SortOrder, Timestamp, UserFilter,
    UserId, UserPage, UserQuery, UserRecord, UserSort, Users,
};

use crate::Subject;
use crate::guard::Guard;
use crate::new_user::{NOON, add_user, new_user};

/// Time at which the users are listed.
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Empty store of users.
#[derive(Debug)]
pub struct UsersFixture {
    users: Arc<dyn Users>,
    guard: Guard,
}

impl UsersFixture {
    /// Creates a fixture.
    pub fn new(users: Arc<dyn Users>) -> Self {
        Self { users, guard: Guard::default() }
    }
}

suite! { $ Users, users, UsersFixture, users_tests:
    a_user_is_found_by_user_name_or_email_and_the_user_name_has_precedence,
    user_names_and_email_addresses_are_unique,
    a_password_hash_is_replaced_only_if_it_is_unchanged_since_it_was_read,
    user_names_are_returned_for_existing_users,
    a_full_name_is_returned_if_there_is_one,
    a_role_is_granted_to_existing_users_and_revoked,
    a_list_continues_after_a_given_user_and_wildcards_match_literally,
    each_word_of_a_search_is_found_without_case_and_accents,
    pages_lead_forth_and_back_in_every_order,
    the_kinds_of_password_hash_are_those_of_the_users,
}

/// A login is a user name or, in any case, an e-mail address. It is never read as SQL.
pub fn a_user_is_found_by_user_name_or_email_and_the_user_name_has_precedence(it: &Subject<UsersFixture>) {
    let users = it.users();
    let ada = it.add("ada");
    let found = |login| it.run(users.find_credentials(login)).unwrap().map(|it| it.user);
    assert_eq!(found("ada"), Some(ada));
    assert_eq!(found("ada@example.com"), Some(ada));
    assert_eq!(found("Ada@Example.com"), Some(ada));
    assert_eq!(found("nobody"), None);
    assert_eq!(found(""), None);
    assert_eq!(found("' OR 1=1 --"), None);
    let impostor = NewUser {
        email: "other@example.com".into(),
        full_name: None,
        mfa_enforced: true,
        ..new_user("ada@example.com", "test:x")
    };
    let by_name = it.run(users.insert(impostor)).unwrap();
    assert_eq!(found("ada@example.com"), Some(by_name));
}

/// A new user with the name or the address of another one is [`NewUserError::Taken`].
pub fn user_names_and_email_addresses_are_unique(it: &Subject<UsersFixture>) {
    let users = it.users();
    it.add("ada");
    let again = NewUser { username: "lovelace".into(), full_name: None, ..new_user("ada", "test:x") };
    let other_address = NewUser { email: "b@example.com".into(), username: "ada".into(), ..again.clone() };
    assert!(matches!(it.run(users.insert(again)), Err(NewUserError::Taken)));
    assert!(matches!(it.run(users.insert(other_address)), Err(NewUserError::Taken)));
}

/// Of two replacements of one hash only the first is done.
pub fn a_password_hash_is_replaced_only_if_it_is_unchanged_since_it_was_read(it: &Subject<UsersFixture>) {
    let users = it.users();
    let ada = it.add("ada");
    let digest = |text: &str| PasswordDigest::from_column(text.to_owned());
    let old = || digest("test:password");
    assert!(it.run(users.replace_password(ada, old(), digest("test:new"))).unwrap());
    assert!(!it.run(users.replace_password(ada, old(), digest("test:late"))).unwrap());
    let stored = it.run(users.find_credentials("ada")).unwrap().unwrap().digest;
    assert_eq!(stored, digest("test:new"));
}

/// A user who was asked for twice is returned once, and one who does not exist is left out.
pub fn user_names_are_returned_for_existing_users(it: &Subject<UsersFixture>) {
    let users = it.users();
    let ada = it.add("ada");
    it.add("bob");
    let grace = it.add("grace");
    let named = it.run(users.usernames(vec![grace, ada, grace, UserId::new(4711)])).unwrap();
    let expected = [(ada, "ada".to_owned()), (grace, "grace".to_owned())];
    assert!(named.into_iter().eq(expected));
    assert!(it.run(users.usernames(Vec::new())).unwrap().is_empty());
}

/// A user without a full name has none, and so has a user who does not exist.
pub fn a_full_name_is_returned_if_there_is_one(it: &Subject<UsersFixture>) {
    let users = it.users();
    let ada = it.add("ada");
    let nameless = NewUser { full_name: None, ..new_user("bob", "test:x") };
    let bob = it.run(users.insert(nameless)).unwrap();
    let full_name = |user| it.run(users.full_name(user)).unwrap();
    assert_eq!(full_name(ada).as_deref(), Some("ada Example"));
    assert_eq!(full_name(bob), None);
    assert_eq!(full_name(UserId::new(4711)), None);
}

/// A role is granted once, however often it is set, and only to a user who exists.
pub fn a_role_is_granted_to_existing_users_and_revoked(it: &Subject<UsersFixture>) {
    let users = it.users();
    let (ada, bob, nobody) = (it.add("ada"), it.add("bob"), UserId::new(4711));
    let is_helpdesk = |user| it.run(users.is_helpdesk(user)).unwrap();
    let set = |user, is_helpdesk| it.run(users.set_helpdesk(user, is_helpdesk, NOON)).unwrap();
    assert!(!is_helpdesk(ada));
    assert!(set(ada, true) && set(ada, true));
    assert!(is_helpdesk(ada) && !is_helpdesk(bob));
    assert!(!set(nobody, true) && !is_helpdesk(nobody));
    assert!(set(ada, false) && set(ada, false) && set(bob, false));
    assert!(!is_helpdesk(ada) && !set(nobody, false));
}

/// Users are listed in the order of their insertion. A search ignores case, and `%` and `_` stand for themselves.
pub fn a_list_continues_after_a_given_user_and_wildcards_match_literally(it: &Subject<UsersFixture>) {
    for user in ["ada", "bob", "a_a", "grace"] {
        it.add(user);
    }
    let list = |text: Option<&str>, after, limit| -> Vec<UserRecord> {
        let filter = UserFilter::new(text.map(str::to_owned), None);
        let query = UserQuery { filter, start: PageStart::after(after), limit, ..UserQuery::default() };
        it.run(it.users().list(query, NOW)).unwrap().unwrap().users
    };
    let all = list(None, None, 10);
    let names: Vec<_> = all.iter().map(|it| it.username.as_str()).collect();
    assert_eq!(names, ["ada", "bob", "a_a", "grace"]);
    assert_eq!(all[0].full_name.as_deref(), Some("ada Example"));
    let rest = list(None, Some(all[1].user), 1);
    assert_eq!(rest, all[2..3]);
    let found = list(Some("A_"), None, 10);
    assert_eq!(found.len(), 1, "an underscore stands for itself");
    assert!(list(Some("%"), None, 10).is_empty());
}

/// Every word occurs in the full name, the user name, the address or the id, in any order.
pub fn each_word_of_a_search_is_found_without_case_and_accents(it: &Subject<UsersFixture>) {
    let add = |name: &str, full_name: Option<&str>| {
        let full_name = full_name.map(str::to_owned);
        it.run(it.users().insert(NewUser { full_name, ..new_user(name, "test:x") })).unwrap()
    };
    let celine = add("cpetit", Some("Céline Petit"));
    let decomposed = add("other", Some("Ce\u{301}line Œrsted"));
    let muller = add("hans", Some("Hans MÜLLER"));
    let nameless = add("noname", None);
    let found = |text: &str| {
        let filter = UserFilter::new(Some(text.to_owned()), None);
        let query = UserQuery { filter: filter.clone(), limit: 10, ..UserQuery::default() };
        let users = it.run(it.users().list(query, NOW)).unwrap().unwrap().users;
        let count = it.run(it.users().count(filter, NOW)).unwrap();
        assert_eq!(u64::try_from(users.len()), Ok(count), "{text}");
        users.into_iter().map(|it| it.user).collect::<Vec<_>>()
    };
    for text in ["Céline Petit", "petit celine", "PETIT  céline", "cpetit@EXAMPLE.com", "Ce\u{301}line petit"]
    {
        assert_eq!(found(text), [celine], "{text}");
    }
    assert_eq!(found("celine"), [celine, decomposed]);
    assert_eq!(found("oersted céline"), [decomposed]);
    for text in ["Müller", "muller", "mull hans"] {
        assert_eq!(found(text), [muller], "{text}");
    }
    assert_eq!(found("noname"), [nameless]);
    assert_eq!(found(&format!("{nameless} noname")), [nameless], "the id is a word");
    assert!(found("celine muller").is_empty(), "of one user");
    assert!(found("cpetit cpetit@").len() == 1 && found("petitc").is_empty());
    assert_eq!(found("  ").len(), 4, "no word fits every user");
}

/// Pages of two are read to the end and back, with equal values and users who never verified a factor.
pub fn pages_lead_forth_and_back_in_every_order(it: &Subject<UsersFixture>) {
    for (name, full_name) in
        [("eve", "Zoë"), ("bob", "zoe"), ("ada", "Émile"), ("dan", ""), ("carl", "Zoe"), ("fay", "adam")]
    {
        let full_name = Some(full_name.to_owned()).filter(|it| !it.is_empty());
        it.run(it.users().insert(NewUser { full_name, ..new_user(name, "test:x") })).unwrap();
    }
    let page = |sort, order, start| -> Option<UserPage> {
        let query = UserQuery { sort, order, start, limit: 2, ..UserQuery::default() };
        it.run(it.users().list(query, NOW)).unwrap()
    };
    let names = |page: &UserPage| page.users.iter().map(|it| it.username.clone()).collect::<Vec<_>>();
    for (sort, ascending) in [
        (UserSort::Id, ["eve", "bob", "ada", "dan", "carl", "fay"]),
        (UserSort::Name, ["fay", "dan", "ada", "eve", "bob", "carl"]),
        (UserSort::Email, ["ada", "bob", "carl", "dan", "eve", "fay"]),
        (UserSort::LastSuccess, ["eve", "bob", "ada", "dan", "carl", "fay"]),
    ] {
        for order in SortOrder::ALL {
            let mut expected = ascending;
            if order == SortOrder::Descending {
                expected.reverse();
            }
            let expected = expected.map(str::to_owned);
            let first = page(sort, order, PageStart::First).unwrap();
            assert_eq!((names(&first), first.previous), (expected[..2].to_vec(), None), "{sort:?} {order:?}");
            let second = page(sort, order, PageStart::After(first.next.unwrap())).unwrap();
            assert_eq!(names(&second), expected[2..4], "{sort:?} {order:?}");
            let third = page(sort, order, PageStart::After(second.next.unwrap())).unwrap();
            assert_eq!((names(&third), third.next), (expected[4..].to_vec(), None), "{sort:?} {order:?}");
            let back = page(sort, order, PageStart::Before(third.previous.unwrap())).unwrap();
            assert_eq!(
                (names(&back), back.next),
                (expected[2..4].to_vec(), second.next),
                "{sort:?} {order:?}"
            );
            let begin = page(sort, order, PageStart::Before(back.previous.unwrap())).unwrap();
            assert_eq!((names(&begin), begin.previous), (expected[..2].to_vec(), None), "{sort:?} {order:?}");
            assert_eq!(begin.next, first.next);
        }
        let gone = page(sort, SortOrder::Ascending, PageStart::After(UserId::new(4711)));
        assert_eq!(gone.is_some(), sort == UserSort::Id, "only ids have an order without their users");
    }
}

/// The greatest cost of bcrypt is found, and whether there are hashes of Argon2id. A hash of too great a cost is
/// ignored.
pub fn the_kinds_of_password_hash_are_those_of_the_users(it: &Subject<UsersFixture>) {
    let users = it.users();
    let kinds = || it.run(users.password_kinds()).unwrap();
    let bcrypt = |cost, argon2id| PasswordKinds { argon2id, bcrypt_cost: Some(cost) };
    assert_eq!(kinds(), PasswordKinds::ARGON2ID, "nobody");
    for (n, (digest, expected)) in [
        ("", PasswordKinds::ARGON2ID),
        ("$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", bcrypt(10, false)),
        ("$2y$12$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", bcrypt(12, false)),
        ("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR", bcrypt(12, true)),
        ("$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", bcrypt(12, true)),
    ]
    .into_iter()
    .enumerate()
    {
        it.run(users.insert(NewUser { full_name: None, ..new_user(&format!("user{n}"), digest) })).unwrap();
        assert_eq!(kinds(), expected, "{digest}");
    }
}

impl Subject<UsersFixture> {
    fn users(&self) -> &dyn Users {
        self.fixture().users.as_ref()
    }

    fn add(&self, name: &str) -> UserId {
        self.run(add_user(self.users(), name))
    }
}
