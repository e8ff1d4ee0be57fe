// Error cases: incorrect codes, lockout, clock drift, lost phones, forged forms, unavailable service.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHONE, Window, openBrowser } from './support/browser.js';
import { Person, WORDS } from './support/journeys.js';
import { Server } from './support/server.js';

let browser;
let server;
before(async () => {
  browser = await openBrowser();
  server = await Server.start();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A user with an own account, an authenticator app and recovery codes. */
const enrolled = async (name, options = {}) => {
  const account = server.addUser(name);
  const language = options.language ?? 'fr';
  const window = await Window.open(browser, server, { language, ...options });
  const person = new Person(window, language, account);
  await window.go();
  await person.logIn();
  await person.addApp();
  await person.typeCode(await person.app.fresh());
  await person.readCodes();
  await window.click(person.words.keptPhone, 'link');
  return person;
};

test('an incorrect password or code is shown on the form and in the page title', async () => {
  const person = await enrolled('wrong');
  const { window, words, page } = person;
  await person.logOut();
  await person.logIn('not the password');
  await window.expectText(words.wrongPassword);
  assert.match(await page.title(), /^Erreur/);
  await window.expectAccessible('login-wrong');
  await person.logIn();
  await person.typeCode(person.app.wrong());
  await window.expectText(words.wrong);
  assert.equal(await page.locator('#code').getAttribute('aria-invalid'), 'true');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'code');
  await window.expectAccessible('verify-wrong');
  window.expectNoErrors();
  await window.close();
});

test('the tenth incorrect code locks the account, shows the remaining time, and an administrator can unlock it', async () => {
  const person = await enrolled('locked', { size: PHONE });
  const { window, words } = person;
  await person.logOut();
  await person.logIn();
  for (let tries = 0; tries < 10; tries += 1) await person.typeCode(person.app.wrong());
  await window.expectText('Ce compte est verrouillé');
  await window.expectAccessible('verify-locked');
  assert.match(await window.page.locator('.countdown').textContent(), /^1[45].min/);
  const id = server.admin(['user', 'show', '--email', 'locked@example.com']).user_id;
  server.admin(['user', 'unlock', '--user-id', String(id)]);
  await window.go();
  if (!(await window.page.getByText(words.welcome).isVisible())) await window.click('Annuler et revenir à la connexion');
  await person.logIn();
  await person.typeCode(await person.app.fresh());
  await window.expectText('Votre compte est bien protégé');
  window.expectNoErrors();
  await window.close();
});

test('clock drift is reported: at once if the phone is slow, after a second code if it is fast', async () => {
  const person = await enrolled('clock', { language: 'en' });
  const { window, words, page } = person;
  await person.logOut();
  await person.logIn();
  await person.typeCode(await person.app.offBy(-90));
  await window.expectText(words.behind);
  await person.typeCode(await person.app.offBy(90));
  await window.expectText(words.wrong);
  await page.getByText(words.ahead).waitFor({ state: 'detached' });
  await person.typeCode(await person.app.offBy(120));
  await window.expectText('fast by about 120 seconds');
  await window.expectAccessible('verify-clock');
  window.expectNoErrors();
  await window.close();
});

test('clock drift is reported during setup, and the QR code stays the same', async () => {
  const account = server.addUser('early');
  const window = await Window.open(browser, server, { language: 'en' });
  const person = new Person(window, 'en', account);
  await window.go();
  await person.logIn();
  await person.addApp();
  const picture = await window.page.locator('.qr path').getAttribute('d');
  await person.typeCode(await person.app.offBy(90));
  await window.expectText(person.words.ahead);
  assert.equal(await window.page.locator('.qr path').getAttribute('d'), picture);
  await person.typeCode(await person.app.fresh());
  await person.readCodes();
  window.expectNoErrors();
  await window.close();
});

test('recovery codes replace a lost phone, are accepted once, and a warning appears when few are left', async () => {
  const person = await enrolled('lost');
  const { window, words } = person;
  for (const code of person.codes.slice(0, 7)) {
    await person.logOut();
    await person.logIn();
    await window.click(words.byRecovery, 'link');
    await person.typeCode(code, words.recovery);
  }
  await window.expectText(words.few);
  await window.expectAccessible('recovered-few-codes');
  await window.click(words.later, 'link');
  await window.expectText('3 codes restants');
  await window.expectAccessible('account-few-codes');
  await person.logOut();
  await person.logIn();
  await window.click(words.byRecovery, 'link');
  await person.typeCode(person.codes[0], words.recovery);
  await window.expectText(words.wrong);
  window.expectNoErrors();
  await window.close();
});

test('a form without a valid CSRF key is rejected and changes nothing', async () => {
  const person = await enrolled('form');
  const { window, page } = person;
  await page.evaluate(() => (document.querySelector('input[name=key]').value = 'x'));
  await window.click(person.words.leave);
  await window.expectText('Ce formulaire n’est plus valide');
  await window.expectAccessible('not-our-form');
  await window.go();
  await window.expectText('Votre compte est bien protégé');
  window.expectNoErrors();
  await window.close();
});

test('an unavailable service is reported with 503 and Retry-After', async () => {
  const window = await Window.open(browser, server, { language: 'fr', size: PHONE });
  await window.go();
  const unblock = await server.blockDatabaseWrites();
  try {
    const { user, password, enter, away } = WORDS.fr;
    await window.fill(user, 'demo');
    await window.fill(password, server.password);
    const [answer] = await Promise.all([
      window.page.waitForResponse((it) => it.request().method() === 'POST'),
      window.click(enter),
    ]);
    assert.equal(answer.status(), 503);
    assert.ok(Number(answer.headers()['retry-after']) > 0);
    await window.expectText(away);
    await window.expectAccessible('login-external');
  } finally {
    await unblock();
  }
  window.expectNoErrors();
  await window.close();
});

test('an unknown address shows a page', async () => {
  const window = await Window.open(browser, server, { language: 'fr' });
  await window.go('/nowhere');
  await window.expectText('Page introuvable');
  await window.expectAccessible('nowhere');
  window.expectNoErrors();
  await window.close();
});
