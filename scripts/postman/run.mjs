// Compares the collection in docs/ with the OpenAPI document of a running server, and runs it with newman.
//
//   node run.mjs BASE_URL OUTBOX_FILE COLLECTION_FILE (check|write) NAME=VALUE...

import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";

import newman from "newman";

import { chain } from "./chain.mjs";
import { collection } from "./collection.mjs";

const [baseUrl, outbox, file, mode, ...variables] = process.argv.slice(2);

const english = { headers: { "Accept-Language": "en" } };
const document = await (await fetch(`${baseUrl}/openapi.json`, english)).json();
const generated = `${JSON.stringify(collection(document), null, 2)}\n`;
if (mode === "write") writeFileSync(file, generated);
if (readFileSync(file, "utf8") !== generated) {
  console.error(`${file} differs from the collection of the current OpenAPI document: run scripts/check-postman --write`);
  process.exit(1);
}

// Serves the newest code of the SMS outbox to the requests that need one.
const outboxServer = createServer((_, response) => {
  const newest = JSON.parse(readFileSync(outbox, "utf8").trim().split("\n").at(-1));
  response.end(newest.text.match(/\d{6}/)[0]);
}).listen(0, "127.0.0.1");
await new Promise((resolve) => outboxServer.once("listening", resolve));

const steps = chain.reduce((sum, { steps }) => sum + steps.length, 0);
const pair = (text) => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)];
const given = Object.fromEntries(variables.map(pair));

/** Runs the collection with these variables and prints the failures. */
function run(label, values) {
  const options = {
    collection: JSON.parse(generated),
    envVar: Object.entries(values).map(([key, value]) => ({ key, value })),
    reporters: [],
    timeoutRequest: 20_000,
  };
  return new Promise((resolve, reject) =>
    newman.run(options, (error, summary) => {
      if (error) return reject(error);
      const { executions, failures } = summary.run;
      for (const failure of failures) {
        const { parent, source, error } = failure;
        console.error(`${label}: ${parent?.name} / ${source?.name}: ${error.message}`);
      }
      // Requests that a script sends are executions of the same item.
      const answered = new Set(executions.filter((it) => it.response).map((it) => it.item.id)).size;
      console.log(`${label}: ${answered} of ${steps} requests, ${failures.length} failures`);
      resolve({ answered, failures: failures.length });
    }),
  );
}

const all = await run("all requests", { baseUrl, outboxUrl: `http://127.0.0.1:${outboxServer.address().port}/`, ...given });
// The first run has removed the factors, so a second run can start with the password only.
const person = await run("with the password only", { baseUrl, password: given.password });
outboxServer.close();
const good = all.failures + person.failures === 0 && all.answered === steps && person.answered > 20;
process.exit(good ? 0 : 1);
