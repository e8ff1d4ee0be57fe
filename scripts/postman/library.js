/* Functions for the scripts of all requests. */
var keep = (name, value) => { if (value) pm.collectionVariables.set(name, value); };

/* Sets `code` to the next TOTP code (RFC 6238). Codes are single-use, so each time step is used once. */
var nextCode = async () => {
  const now = () => Math.floor(Date.now() / 1000);
  const last = Number(pm.collectionVariables.get("lastStep") || 0);
  const step = Math.max(last + 1, Math.floor(now() / 30) - (now() % 30 < 24 ? 1 : 0));
  const wait = (step - 1) * 30 - now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait * 1000));
  pm.collectionVariables.set("lastStep", step);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...pm.collectionVariables.get("secret")].map((c) => alphabet.indexOf(c).toString(2).padStart(5, "0")).join("");
  const hex = bits.match(/.{4}/g).map((it) => parseInt(it, 2).toString(16)).join("");
  const counter = CryptoJS.enc.Hex.parse(step.toString(16).padStart(16, "0"));
  const mac = CryptoJS.HmacSHA1(counter, CryptoJS.enc.Hex.parse(hex)).toString();
  const at = parseInt(mac.slice(-1), 16) * 2;
  keep("code", String((parseInt(mac.slice(at, at + 8), 16) & 0x7fffffff) % 1000000).padStart(6, "0"));
};

/* Sets `code` to the newest code by SMS: the variable `sms`, or in a test the code from `outboxUrl`. */
var smsCode = async () => {
  const outbox = pm.variables.get("outboxUrl");
  if (!outbox) return keep("code", pm.variables.get("sms"));
  const answer = await new Promise((resolve, reject) =>
    pm.sendRequest(outbox, (error, response) => (error ? reject(error) : resolve(response))));
  keep("code", answer.text());
};
var skips = (it) => {
  if (it) pm.execution.skipRequest();
  return it;
};
var skipsSms = () => skips(!pm.variables.get("outboxUrl") && !pm.variables.get("sms"));
var skipsOneself = () => skips(pm.variables.get("userId") === "1");
var skipsWithout = (names) => skips(names.some((name) => !pm.variables.get(name)));

/* Checks the status and the required members of the response, then calls `then` with its body. */
var answers = (statuses, members, then) => {
  pm.test(`status is ${statuses.join(" or ")}`, () => pm.expect(statuses).to.include(pm.response.code));
  const isJson = (pm.response.headers.get("Content-Type") || "").includes("json");
  const body = isJson ? pm.response.json() : {};
  if (members.length > 0) pm.test("has the required members", () => pm.expect(body).to.include.all.keys(...members));
  then(body);
};
