// Ways that not everybody takes: a second factor that is a must, a phone as the first one, the question before a change,
// and a page that is loaded again.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, PHONE, Window, openBrowser } from './support/browser.js';
import { NUMBER, Person } from './support/journeys.js';
import { Server } from './support/server.js';

let browser;
before(async () => {
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
});

/** A server of one test's own, which ends with it however that ends. */
const started = async (t, settings) => {
  const server = await Server.start(settings);
  t.after(() => server.stop());
  return server;
};

test('whoever must have a second factor may begin with a phone, and asks for a second SMS', async (t) => {
  const server = await started(t);
  const account = server.addUser('grace', { enforce: true });
  const window = await Window.open(browser, server, { language: 'fr', size: DESKTOP });
  const person = new Person(window, 'fr', account);
  await window.go();
  await person.logIn();
  await window.says('Protégez votre compte');
  await window.isWellMade('start');
  await window.press('Utiliser les SMS', 'link');
  await window.fill(person.words.number, NUMBER);
  await window.press(person.words.send);
  await window.says('Saisissez le code reçu');
  await window.press('Changer de numéro', 'link');
  // The number stands there as it was typed.
  await window.press(person.words.send);
  await window.says('Saisissez le code reçu');
  await window.page.locator('.pocket-messages li').nth(1).waitFor();
  await window.isWellMade('two-messages');
  assert.equal((await server.outbox()).length, 2);
  await window.take(person.words.use);
  await window.press(person.words.confirmNumber);
  await person.readCodes();
  window.isClean();
  await window.close();
});

test('before a change that comes late the second factor is asked for again, and leads on to it', async (t) => {
  const server = await started(t, { MFA_STEP_UP_MAX_AGE: '1' });
  const account = server.addUser('ada');
  const window = await Window.open(browser, server, { language: 'fr', size: PHONE });
  const person = new Person(window, 'fr', account);
  await window.go();
  await person.logIn();
  await person.addApp();
  await person.typeCode(await person.app.fresh());
  const codes = await person.readCodes();
  await window.press(person.words.keptPhone, 'link');
  await window.go('/codes');
  await window.page.waitForTimeout(1_500);
  await window.press('Générer de nouveaux codes');
  await window.says(person.words.stepUp);
  await window.isWellMade('step-up');
  await person.typeCode(await person.app.fresh());
  await window.press('Générer de nouveaux codes');
  const fresh = await person.readCodes();
  assert.ok(fresh.every((code) => !codes.includes(code)));
  window.isClean();
  await window.close();
});

test('a reload, the way back and the other language lose no code that is new', async (t) => {
  const server = await started(t);
  const window = await Window.open(browser, server, { language: 'fr', size: PHONE });
  const person = new Person(window, 'fr', { name: 'demo', password: server.password });
  await window.go();
  await person.logIn();
  await person.addApp();
  const secret = await window.page.locator('#secret').textContent();
  await window.page.reload();
  await window.press(person.words.other, 'link');
  assert.equal(await window.page.locator('#secret').textContent(), secret);
  await window.page.goBack();
  // The language stays that which was chosen.
  await person.typeCode(await person.app.fresh(), '6-digit code', 'Verify');
  await window.says('Save your recovery codes');
  const codes = await window.page.locator('#codes code').allTextContents();
  assert.equal(codes.length, 10);
  const shown = () => window.page.locator('#codes code').allTextContents();
  await window.page.reload();
  assert.deepEqual(await shown(), codes);
  await window.press('Français', 'link');
  await window.says(person.words.keep);
  assert.deepEqual(await shown(), codes);
  await window.press(person.words.keptPhone, 'link');
  await window.says('Ajouter un téléphone');
  await window.page.goBack();
  await window.says('Chaque code permet de se connecter une fois');
  assert.deepEqual(await shown(), [], 'what was kept is not shown again');
  window.isClean();
  await window.close();
});
