// Generates the Postman collection (v2.1) from the server's OpenAPI document.

import { readFileSync } from "node:fs";

import { chain } from "./chain.mjs";

const METHODS = ["get", "post", "put", "patch", "delete"];
const library = readFileSync(new URL("library.js", import.meta.url), "utf8");

/** Returns the operations of the document as a map from "METHOD /path". */
function operations(document) {
  const found = new Map();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS.filter((it) => item[it])) {
      found.set(`${method.toUpperCase()} ${path}`, item[method]);
    }
  }
  return found;
}

/** Resolves a `$ref`. */
function resolve(document, value) {
  const path = value?.$ref?.replace("#/", "").split("/");
  return path ? path.reduce((within, name) => within[name], document) : value;
}

/** Returns the required members of the response with status 200. */
function requiredMembers(document, operation) {
  const media = resolve(document, operation.responses["200"])?.content?.["application/json"];
  return resolve(document, media?.schema)?.required ?? [];
}

function example(document, operation) {
  const media = resolve(document, operation.requestBody)?.content?.["application/json"];
  const value = media?.example ?? resolve(document, media?.schema)?.example ?? resolve(document, media?.schema)?.examples?.[0];
  return value === undefined ? undefined : JSON.stringify(value, null, 2);
}

/** The variable of the collection for each path parameter. */
const PATH_VARIABLES = { id: "userId", secret: "hookSecret" };

function url(path, operation) {
  const raw = path.replaceAll(/\{(\w+)\}/g, (_, name) => `{{${PATH_VARIABLES[name] ?? name}}}`);
  const parameters = (operation.parameters ?? []).filter((it) => it.in === "query");
  return {
    raw: `{{baseUrl}}${raw}`,
    host: ["{{baseUrl}}"],
    path: raw.split("/").slice(1),
    query: parameters.map((it) => ({
      key: it.name,
      value: "",
      description: it.description ?? "",
      disabled: true,
    })),
  };
}

function request(document, step) {
  const [method, path] = step.op.split(" ");
  const operation = operations(document).get(step.op);
  const body = step.form ? undefined : (step.body ?? example(document, operation));
  const form = Object.entries(step.form ?? {}).map(([key, value]) => ({ key, value, type: "text" }));
  const wantsToken = (operation.security ?? document.security ?? []).some((it) => Object.keys(it).length > 0);
  return {
    method,
    description: operation.description ?? "",
    header: body ? [{ key: "Content-Type", value: "application/json" }] : [],
    auth: wantsToken
      ? { type: "bearer", bearer: [{ key: "token", value: `{{${step.token ?? "token"}}}`, type: "string" }] }
      : { type: "noauth" },
    url: url(path, operation),
    ...(step.form ? { body: { mode: "urlencoded", urlencoded: form } } : {}),
    ...(body ? { body: { mode: "raw", raw: body, options: { raw: { language: "json" } } } } : {}),
  };
}

function before(step) {
  return [
    ...(step.sms ? ["if (skipsSms()) return;"] : []),
    ...(step.wants ? [`if (skipsWithout(${JSON.stringify(step.wants)})) return;`] : []),
    ...(step.other ? ["if (skipsOneself()) return;"] : []),
    ...(step.before ?? []),
  ];
}

function after(document, step) {
  const expected = step.status ?? [200];
  const members = expected.includes(200) ? requiredMembers(document, operations(document).get(step.op)) : [];
  return [`answers(${JSON.stringify(expected)}, ${JSON.stringify(members)}, (body) => {`, ...(step.after ?? []), "});"];
}

const script = (listen, lines) => ({ listen, script: { type: "text/javascript", exec: lines } });
const run = (lines) => ["(async () => {", ...lines, "})();"];

function item(document, step) {
  const operation = operations(document).get(step.op);
  const events = [script("test", ["eval(pm.collectionVariables.get('library'));", ...after(document, step)])];
  const lines = before(step);
  if (lines.length > 0) {
    events.unshift(script("prerequest", ["eval(pm.collectionVariables.get('library'));", ...run(lines)]));
  }
  return { name: step.name ?? `${step.op}: ${operation.summary}`, event: events, request: request(document, step) };
}

/**
 * Returns the collection.
 *
 * Throws an error with the operations that only the document or only the chain has.
 */
export function collection(document) {
  const there = new Set(operations(document).keys());
  const used = new Set(chain.flatMap(({ steps }) => steps.map((it) => it.op)));
  const missing = [...there].filter((it) => !used.has(it));
  const stray = [...used].filter((it) => !there.has(it));
  if (missing.length + stray.length > 0) {
    throw new Error(
      `chain.mjs: missing operations: ${missing.join(", ") || "none"}; unknown operations: ${stray.join(", ") || "none"}`,
    );
  }
  const variable = (key, value) => ({ key, value, type: "string" });
  return {
    info: {
      name: "NOVA MFA",
      description:
        "Generated from the OpenAPI document by scripts/check-postman. Set the variable `password` of the collection " +
        "(data/demo-password) and press Run: the scripts compute the TOTP codes. Requests that need a code by SMS are " +
        "skipped unless the variable `sms` holds the newest code. The last folder removes the factors.",
      schema: "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
    },
    variable: [
      variable("baseUrl", "http://127.0.0.1:8200"),
      variable("username", "demo"),
      variable("password", ""),
      variable("phone", "06 12 34 56 12"),
      variable("sms", ""),
      variable("userId", "1"),
      variable("introspectionKey", ""),
      variable("hookSecret", "not-the-secret"),
      variable("brand", "itspirit"),
      variable("secret", ""),
      variable("token", ""),
      variable("pending", ""),
      variable("code", ""),
      variable("recoveryCode", ""),
      variable("library", library),
    ],
    item: chain.map(({ folder, steps }) => ({ name: folder, item: steps.map((step) => item(document, step)) })),
  };
}
