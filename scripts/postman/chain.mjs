// The requests of the collection in the order in which they run, and the variables that each one sets for the next.
//
// A step names an operation of the OpenAPI document. Its fields:
//   name    name of the request; default: method, path and summary
//   token   variable that holds the bearer token; default: "token"
//   body    JSON body; default: the example of the document
//   form    fields of an URL-encoded body
//   before  lines of the pre-request script
//   after   lines of the test script; `body` is the response
//   sms     true: skipped without a code by SMS
//   wants   variables without which the request is skipped
//   other   true: skipped for the user who runs the collection
//   status  expected statuses; default: 200

const CODE = '{"code": "{{code}}"}';
const KEEP_ACCESS = 'keep("token", body.access_token);';
const KEEP_LOGIN = 'keep("pending", body.mfa_token); keep("token", body.access_token);';

const logIn = (name) => ({
  op: "POST /api/auth/login",
  name,
  body: '{"username": "{{username}}", "password": "{{password}}"}',
  after: [KEEP_LOGIN],
});

export const chain = [
  {
    folder: "Auth",
    steps: [logIn("Log in with the password alone")],
  },
  {
    folder: "MFA/2FA",
    steps: [
      { op: "POST /api/mfa/totp/enroll/start", after: ['keep("secret", body.secret);'] },
      {
        op: "POST /api/mfa/totp/enroll/verify",
        before: ["await nextCode();"],
        body: CODE,
        after: [KEEP_ACCESS, 'keep("recoveryCode", body.recovery_codes[0]);'],
      },
      { op: "GET /api/mfa/status" },
      logIn("Log in again: MFA is required"),
      { op: "GET /api/mfa/methods", token: "pending" },
      {
        op: "POST /api/mfa/verify/totp",
        token: "pending",
        before: ["await nextCode();"],
        body: CODE,
        after: [KEEP_ACCESS],
      },
      { op: "POST /api/mfa/phone/set", body: '{"phone": "{{phone}}"}' },
      { op: "POST /api/mfa/phone/verify", sms: true, before: ["await smsCode();"], body: CODE },
      { op: "POST /api/mfa/backup/set", sms: true, body: '{"method": "sms"}' },
      logIn("Log in to verify by SMS"),
      { op: "POST /api/mfa/sms/send", token: "pending", sms: true },
      {
        op: "POST /api/mfa/verify/sms",
        token: "pending",
        sms: true,
        before: ["await smsCode();"],
        body: CODE,
        after: [KEEP_ACCESS],
      },
      logIn("Log in to verify by recovery code"),
      {
        op: "POST /api/mfa/verify/recovery",
        token: "pending",
        body: '{"code": "{{recoveryCode}}"}',
        after: [KEEP_ACCESS],
      },
      { op: "GET /api/mfa/recovery/list" },
      { op: "POST /api/mfa/recovery/regenerate", after: ['keep("recoveryCode", body.recovery_codes[0]);'] },
      { op: "GET /api/mfa/events" },
    ],
  },
  {
    // A browser signs the challenge. Without one, the examples of the document are answered with 409.
    folder: "Authenticators",
    steps: [
      { op: "GET /api/mfa/authenticators" },
      { op: "POST /api/mfa/passkeys/register/start" },
      { op: "POST /api/mfa/passkeys/register/finish", status: [409] },
      { op: "POST /api/mfa/verify/passkey/start", status: [409] },
      { op: "POST /api/mfa/verify/passkey", status: [409] },
      { op: "POST /api/mfa/verify/access-pass", status: [403] },
      { op: "PATCH /api/mfa/authenticators/{id}", status: [404] },
      { op: "DELETE /api/mfa/authenticators/{id}", status: [404] },
    ],
  },
  {
    folder: "Sessions",
    steps: [
      { op: "GET /api/mfa/sessions" },
      { op: "POST /api/mfa/sessions/{id}/revoke", status: [404] },
      { op: "POST /api/mfa/sessions/revoke-others" },
    ],
  },
  {
    folder: "MFA Admin",
    steps: [
      { op: "GET /api/mfa/admin/users" },
      { op: "POST /api/mfa/admin/users/bulk", body: '{"action": "enforce", "state": "no_factor", "dry_run": true}' },
      { op: "GET /api/mfa/admin/users/{id}" },
      { op: "POST /api/mfa/admin/users/{id}/unlock", body: '{"reason": "from Postman"}' },
      { op: "POST /api/mfa/admin/users/{id}/enforce", body: '{"enforced": false, "reason": "from Postman"}' },
      // Recovery codes need a user with a factor. A reset of the calling user would revoke the token in use.
      { op: "POST /api/mfa/admin/users/{id}/recovery/regenerate", body: '{"reason": "from Postman"}', other: true },
      { op: "POST /api/mfa/admin/users/{id}/reset", body: '{"reason": "from Postman"}', other: true },
      {
        op: "POST /api/mfa/admin/users/{id}/authenticators/{authenticator_id}/remove",
        body: '{"reason": "from Postman"}',
        status: [404],
      },
      { op: "POST /api/mfa/admin/users/{id}/access-pass", body: '{"reason": "from Postman"}' },
      { op: "POST /api/mfa/admin/users/{id}/role", body: '{"role": "none", "reason": "from Postman"}' },
      {
        op: "POST /api/mfa/admin/users/{id}/sessions/revoke",
        body: '{"reason": "from Postman"}',
        other: true,
      },
      { op: "GET /api/mfa/admin/events" },
      { op: "GET /api/mfa/admin/stats" },
    ],
  },
  {
    folder: "System",
    steps: [
      { op: "GET /health" },
      { op: "GET /health/live" },
      { op: "GET /health/ready" },
      { op: "GET /metrics" },
      { op: "GET /.well-known/jwks.json" },
      { op: "GET /.well-known/webauthn", status: [404] },
      {
        op: "POST /api/mfa/token/introspect",
        token: "introspectionKey",
        wants: ["introspectionKey"],
        body: '{"token": "{{token}}"}',
      },
      { op: "GET /openapi.json" },
      { op: "GET /docs" },
      { op: "GET /interface/{brand}" },
      // Delivery reports without a valid signature or secret.
      { op: "POST /hooks/twilio", form: { MessageSid: "SM0", MessageStatus: "delivered" }, status: [403, 404] },
      { op: "GET /hooks/ovh/{secret}", status: [403, 404] },
    ],
  },
  {
    folder: "MFA/2FA: remove all factors",
    steps: [
      { op: "DELETE /api/mfa/phone", sms: true },
      { op: "POST /api/mfa/totp/disable", body: '{"code": "{{recoveryCode}}"}' },
      { op: "POST /api/mfa/token/revoke" },
    ],
  },
];
