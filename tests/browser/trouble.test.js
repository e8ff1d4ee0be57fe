// What goes wrong, and how it is told: wrong codes, locks, clocks, lost phones, a service that is away.

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

/** A person with an account of their own, whose app and codes are in place. */
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
  await window.press(person.words.keptPhone, 'link');
  return person;
};

test('a wrong password and a wrong code are told on the form, and the page says so first', async () => {
  const person = await enrolled('wrong');
  const { window, words, page } = person;
  await person.logOut();
  await person.logIn('not the password');
  await window.says(words.wrongPassword);
  assert.match(await page.title(), /^Erreur/);
  await window.isWellMade('door-wrong');
  await person.logIn();
  await person.typeCode(person.app.wrong());
  await window.says(words.wrong);
  assert.equal(await page.locator('#code').getAttribute('aria-invalid'), 'true');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'code');
  await window.isWellMade('verify-wrong');
  window.isClean();
  await window.close();
});

test('the tenth wrong code locks, the time left is told, and an administrator unlocks', async () => {
  const person = await enrolled('locked', { size: PHONE });
  const { window, words } = person;
  await person.logOut();
  await person.logIn();
  for (let tries = 0; tries < 10; tries += 1) await person.typeCode(person.app.wrong());
  await window.says('Ce compte est verrouillé');
  await window.isWellMade('verify-locked');
  assert.match(await window.page.locator('.countdown').textContent(), /^1[45].min/);
  const id = server.admin(['user', 'show', '--email', 'locked@example.com']).user_id;
  server.admin(['user', 'unlock', '--user-id', String(id)]);
  await window.go();
  if (!(await window.page.getByText(words.welcome).isVisible())) await window.press('Annuler et revenir à la connexion');
  await person.logIn();
  await person.typeCode(await person.app.fresh());
  await window.says('Votre compte est protégé');
  window.isClean();
  await window.close();
});

test('a phone whose clock is off is told so: behind at once, ahead once a second code agrees', async () => {
  const person = await enrolled('clock', { language: 'en' });
  const { window, words, page } = person;
  await person.logOut();
  await person.logIn();
  await person.typeCode(await person.app.offBy(-90));
  await window.says(words.behind);
  await person.typeCode(await person.app.offBy(90));
  await window.says(words.wrong);
  await page.getByText(words.ahead).waitFor({ state: 'detached' });
  await person.typeCode(await person.app.offBy(120));
  await window.says('fast by about 120 seconds');
  await window.isWellMade('verify-clock');
  window.isClean();
  await window.close();
});

test('whoever enrols an app on a phone ahead of time is told at once, and the picture is still there', async () => {
  const account = server.addUser('early');
  const window = await Window.open(browser, server, { language: 'en' });
  const person = new Person(window, 'en', account);
  await window.go();
  await person.logIn();
  await person.addApp();
  const picture = await window.page.locator('.qr path').getAttribute('d');
  await person.typeCode(await person.app.offBy(90));
  await window.says(person.words.ahead);
  assert.equal(await window.page.locator('.qr path').getAttribute('d'), picture);
  await person.typeCode(await person.app.fresh());
  await person.readCodes();
  window.isClean();
  await window.close();
});

test('a lost phone is no lost account: a recovery code lets in, and few codes left are told', async () => {
  const person = await enrolled('lost');
  const { window, words } = person;
  for (const code of person.codes.slice(0, 7)) {
    await person.logOut();
    await person.logIn();
    await window.press(words.byRecovery, 'link');
    await person.typeCode(code, words.recovery);
  }
  await window.says(words.few);
  await window.isWellMade('account-few-codes');
  await person.logOut();
  await person.logIn();
  await window.press(words.byRecovery, 'link');
  await person.typeCode(person.codes[0], words.recovery);
  await window.says(words.wrong);
  window.isClean();
  await window.close();
});

test('a form from before a login, from another page or without its key changes nothing', async () => {
  const person = await enrolled('form');
  const { window, page } = person;
  await page.evaluate(() => (document.querySelector('input[name=key]').value = 'x'));
  await window.press(person.words.leave);
  await window.says('Ce formulaire n’est plus valide');
  await window.isWellMade('not-our-form');
  await window.go();
  await window.says('Votre compte est protégé');
  window.isClean();
  await window.close();
});

test('a service that is away is told calmly, and nothing breaks', async () => {
  const window = await Window.open(browser, server, { language: 'fr', size: PHONE });
  await window.go();
  const giveBack = await server.withoutDatabase();
  try {
    const { user, password, enter, away } = WORDS.fr;
    await window.fill(user, 'demo');
    await window.fill(password, server.password);
    const [answer] = await Promise.all([
      window.page.waitForResponse((it) => it.request().method() === 'POST'),
      window.press(enter),
    ]);
    assert.equal(answer.status(), 503);
    assert.ok(Number(answer.headers()['retry-after']) > 0);
    await window.says(away);
    await window.isWellMade('away');
  } finally {
    await giveBack();
  }
  window.isClean();
  await window.close();
});

test('an address that leads nowhere is a page too', async () => {
  const window = await Window.open(browser, server, { language: 'fr' });
  await window.go('/nowhere');
  await window.says('Page introuvable');
  await window.isWellMade('nowhere');
  window.isClean();
  await window.close();
});
