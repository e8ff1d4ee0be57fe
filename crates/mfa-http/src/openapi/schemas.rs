//! The forms of values that occur in many places. Those without arguments fit `#[schema(schema_with = …)]`.

use serde_json::json;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, SchemaType};
use utoipa::openapi::{Array, Object, ObjectBuilder, Type};

/// The fields of a request: each with its form, and whether it must be there. No other field may be there.
pub(crate) fn request(fields: impl IntoIterator<Item = (&'static str, Object, bool)>) -> Object {
    let mut object = request_of_others(fields);
    object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
    object
}

/// The fields that we read of a request whose form others lay down.
pub(crate) fn request_of_others(fields: impl IntoIterator<Item = (&'static str, Object, bool)>) -> Object {
    let object = ObjectBuilder::new().schema_type(Type::Object);
    let object = fields.into_iter().fold(object, |object, (name, form, required)| {
        let object = object.property(name, form);
        if required { object.required(name) } else { object }
    });
    object.build()
}

/// A text of that many characters, none of which is NUL.
pub(crate) fn text(least: usize, most: usize) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(least))
        .max_length(Some(most))
        .pattern(Some("^[^\\u0000]*$"))
}

/// A text of any length.
pub(crate) fn any_text() -> Object {
    ObjectBuilder::new().schema_type(Type::String).build()
}

/// Yes or no.
pub(crate) fn flag() -> Object {
    ObjectBuilder::new().schema_type(Type::Boolean).build()
}

/// A whole number, no less than this.
pub(crate) fn whole(least: usize) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(least))
}

/// The id of a row, or what pages begin at.
pub(crate) fn id(least: usize) -> Object {
    whole(least).maximum(usize::try_from(i64::MAX).ok()).build()
}

/// One of these words.
pub(crate) fn word(words: &[&str]) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.iter().copied()))
}

/// A value of this form, or null.
pub(crate) fn or_null(form: Object) -> Object {
    let mut form = form;
    if let SchemaType::Type(one) = form.schema_type.clone() {
        form.schema_type = SchemaType::Array(vec![one, Type::Null]);
    }
    if let Some(words) = form.enum_values.as_mut() {
        words.push(json!(null));
    }
    form
}

/// Six ASCII digits, of an authenticator app or an SMS.
pub(crate) fn six_digits() -> Object {
    text(6, 6).pattern(Some("^[0-9]{6}$")).examples([json!("492039")]).build()
}

/// A recovery code, as it is shown.
pub(crate) fn recovery_code() -> Object {
    let group = "[0-9abcdefghjkmnpqrstvwxyz]{4}";
    let pattern = format!("^{group}-{group}-{group}-{group}$");
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(pattern))
        .examples([json!(RECOVERY_CODE)])
        .build()
}

/// The ten codes of a set.
pub(crate) fn recovery_codes() -> Array {
    ArrayBuilder::new().items(recovery_code()).min_items(Some(10)).max_items(Some(10)).build()
}

/// A signed token.
pub(crate) fn token() -> Object {
    let part = "[A-Za-z0-9_-]+";
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(format!("^{part}\\.{part}\\.{part}$")))
        .description(Some("A signed token (JWT)."))
        .examples([json!(TOKEN)])
        .build()
}

/// How a token is presented.
pub(crate) fn bearer() -> Object {
    word(&["bearer"]).description(Some("How a token is presented (RFC 6750).")).build()
}

/// Seconds that something lasts.
pub(crate) fn seconds() -> Object {
    whole(1).description(Some("Seconds.")).build()
}

/// What the user should know.
pub(crate) fn warning() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("What the user should know, in the caller's language; where there is something."))
        .build()
}

/// A phone number of which all but the last two digits are hidden.
pub(crate) fn masked_phone() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^\\+[0-9]{1,3}•+[0-9]{2}$"))
        .description(Some("A phone number, masked but for its last two digits."))
        .examples([json!(MASKED_PHONE)])
        .build()
}

/// A masked number, or null where there is none.
pub(crate) fn masked_phone_or_null() -> Object {
    or_null(masked_phone())
}

/// A second factor.
pub(crate) fn factor() -> Object {
    word(&["totp", "sms", "recovery"]).description(Some("A second factor.")).build()
}

/// A second factor, or null.
pub(crate) fn factor_or_null() -> Object {
    or_null(factor())
}

/// What stands in for the authenticator app.
pub(crate) fn backup_method() -> Object {
    word(&["sms", "none"]).description(Some("What stands in for the authenticator app.")).build()
}

/// `true`.
pub(crate) fn always_true() -> Object {
    ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([json!(true)])).build()
}

/// `false`.
pub(crate) fn always_false() -> Object {
    ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([json!(false)])).build()
}

/// `null`.
pub(crate) fn always_null() -> Object {
    ObjectBuilder::new().schema_type(Type::Null).build()
}

/// Examples.
pub(crate) const RECOVERY_CODE: &str = "7k2m-9xqd-4htw-c8fz";
pub(crate) const MOMENT: &str = "2026-11-22T23:47:01.732Z";
pub(crate) const MASKED_PHONE: &str = "+33•••••••12";
pub(crate) const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl";
