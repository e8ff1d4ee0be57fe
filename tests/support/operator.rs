//! SQL of an operator, run with a separate client.

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query};
use mfa_infra::database::DatabaseLocation;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Runs SQL statements.
pub(crate) fn run(location: &DatabaseLocation, statements: &str) {
    match location {
        DatabaseLocation::Sqlite(_) => sqlite(location).batch_execute(statements),
        DatabaseLocation::Postgres(_) => postgres(location).batch_execute(statements),
    }
    .expect("the operator's SQL runs");
}

/// Returns the result of a query for one integer.
pub(crate) fn number(location: &DatabaseLocation, query: &str) -> i64 {
    let query = sql_query(format!("SELECT CAST(({query}) AS BIGINT) AS number"));
    let row: Result<Number, _> = match location {
        DatabaseLocation::Sqlite(_) => query.get_result(&mut sqlite(location)),
        DatabaseLocation::Postgres(_) => query.get_result(&mut postgres(location)),
    };
    row.expect("a number").number
}

/// Returns every row of every table in PostgreSQL, each as one line of JSON.
pub(crate) fn dump(location: &DatabaseLocation) -> Vec<String> {
    let mut connection = postgres(location);
    let tables = "SELECT table_name AS line FROM information_schema.tables \
                  WHERE table_schema = 'public' AND table_type = 'BASE TABLE'";
    let tables: Vec<Line> = sql_query(tables).load(&mut connection).expect("the names of tables");
    let rows = |table: &Line| {
        let query = format!("SELECT row_to_json(t)::text AS line FROM {} t", table.line);
        sql_query(query).load::<Line>(&mut connection).expect("the rows of a table")
    };
    tables.iter().flat_map(rows).map(|it| it.line).collect()
}

fn sqlite(location: &DatabaseLocation) -> SqliteConnection {
    let DatabaseLocation::Sqlite(path) = location else { panic!("{location} is not SQLite") };
    let path = path.to_str().expect("a UTF-8 path");
    let mut connection = SqliteConnection::establish(path).expect("the file of an open database");
    connection.batch_execute("PRAGMA busy_timeout = 5000").expect("a pragma");
    connection
}

fn postgres(location: &DatabaseLocation) -> PgConnection {
    let DatabaseLocation::Postgres(url) = location else { panic!("{location} is not PostgreSQL") };
    PgConnection::establish(url.expose()).expect("the owner can connect to the database")
}
