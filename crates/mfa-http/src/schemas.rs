//! OpenAPI schemas of values that several endpoints use. Those without arguments fit `#[schema(schema_with = …)]`.

use serde_json::json;
use utoipa::openapi::schema::{ArrayBuilder, SchemaType};
use utoipa::openapi::{Array, Object, ObjectBuilder, Type};

/// Returns the schema of a string with this number of characters and without NUL.
pub(crate) fn text(least: usize, most: usize) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(least))
        .max_length(Some(most))
        .pattern(Some("^[^\\u0000]*$"))
}

/// Returns the schema of an integer with this minimum.
pub(crate) fn whole(least: usize) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(least))
}

/// Returns the schema of an id or a page cursor.
pub(crate) fn id(least: usize) -> Object {
    whole(least).maximum(usize::try_from(i64::MAX).ok()).build()
}

/// Returns the schema of a string with these possible values.
pub(crate) fn string_enum(values: &[&str]) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values.iter().copied()))
}

/// Returns the schema with null as a further value.
pub(crate) fn or_null(schema: Object) -> Object {
    let mut schema = schema;
    if let SchemaType::Type(one) = schema.schema_type.clone() {
        schema.schema_type = SchemaType::Array(vec![one, Type::Null]);
    }
    if let Some(values) = schema.enum_values.as_mut() {
        values.push(json!(null));
    }
    schema
}

/// Returns the schema of a code of six ASCII digits.
pub(crate) fn six_digits(description: &str) -> Object {
    text(6, 6).pattern(Some("^[0-9]{6}$")).description(Some(description)).examples([json!("492039")]).build()
}

/// Returns the schema of a code of an authenticator app.
pub(crate) fn totp_code(description: &str) -> Object {
    text(6, 8)
        .pattern(Some("^[0-9]{6,8}$"))
        .description(Some(description))
        .examples([json!("492039")])
        .build()
}

/// Schema of a recovery code in its displayed format.
pub(crate) fn recovery_code() -> Object {
    let group = "[0-9abcdefghjkmnpqrstvwxyz]{4}";
    let pattern = format!("^{group}-{group}-{group}-{group}$");
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(pattern))
        .examples([json!(RECOVERY_CODE)])
        .build()
}

/// Schema of a set of ten recovery codes.
pub(crate) fn recovery_codes() -> Array {
    ArrayBuilder::new()
        .items(recovery_code())
        .min_items(Some(10))
        .max_items(Some(10))
        .description(Some(
            "Ten recovery codes. They are shown only in this response: the server stores hashes.",
        ))
        .build()
}

/// Schema of a signed token.
pub(crate) fn token() -> Object {
    let part = "[A-Za-z0-9_-]+";
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(format!("^{part}\\.{part}\\.{part}$")))
        .description(Some("Signed JWT."))
        .examples([json!(TOKEN)])
        .build()
}

/// Schema of a token type.
pub(crate) fn bearer() -> Object {
    string_enum(&["bearer"])
        .description(Some("Token type: send the token as `Authorization: Bearer` (RFC 6750)."))
        .build()
}

/// Schema of a duration in seconds.
pub(crate) fn seconds() -> Object {
    whole(1).description(Some("Duration in seconds.")).build()
}

/// Schema of a warning to the user.
pub(crate) fn warning() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("Warning to show to the user, in the language of the request."))
        .build()
}

/// Schema of a masked phone number.
pub(crate) fn masked_phone() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^\\+[0-9]{1,3}•+[0-9]{2}$"))
        .description(Some("Phone number, masked except for the country code and the last two digits."))
        .examples([json!(MASKED_PHONE)])
        .build()
}

/// Schema of a masked phone number, or null.
pub(crate) fn masked_phone_or_null() -> Object {
    or_null(masked_phone())
}

/// Schema of a second factor.
pub(crate) fn factor() -> Object {
    string_enum(&["totp", "sms", "recovery", "passkey"])
        .description(Some("Second factor: `totp`, `sms`, `recovery` or `passkey`."))
        .build()
}

/// Schema of an object.
pub(crate) fn object(description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Object).description(Some(description))
}

/// Schema of the hash algorithm of an authenticator app.
pub(crate) fn totp_algorithm() -> Object {
    string_enum(&["SHA1", "SHA256", "SHA512"]).description(Some("Hash algorithm of the codes.")).build()
}

/// Schema of a second factor, or null.
pub(crate) fn factor_or_null() -> Object {
    or_null(factor())
}

/// Schema of a backup method.
pub(crate) fn backup_method() -> Object {
    string_enum(&["sms", "none"])
        .description(Some("Backup method when the authenticator app is not available: `sms` or `none`."))
        .build()
}

/// Example of a recovery code.
pub(crate) const RECOVERY_CODE: &str = "7k2m-9xqd-4htw-c8fz";
/// Example of a time.
pub(crate) const TIMESTAMP: &str = "2026-11-22T23:47:01.732Z";
/// Example of a masked phone number.
pub(crate) const MASKED_PHONE: &str = "+33•••••••12";
/// Example of a token.
pub(crate) const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl";
