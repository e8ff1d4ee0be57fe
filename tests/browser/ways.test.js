// Less common paths: required second factor, phone as the first factor, step-up, and page reloads.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, PHONE, Window, openBrowser } from './support/browser.js';
import { Authenticator } from './support/authenticator.js';
import { NUMBER, Person } from './support/journeys.js';
import { Server } from './support/server.js';

let browser;
before(async () => {
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
});

/** Starts a server that stops when the test ends. */
const started = async (t, settings) => {
  const server = await Server.start(settings);
  t.after(() => server.stop());
  return server;
};

test('a required second factor can be a phone, and a second SMS can be requested', async (t) => {
  const server = await started(t);
  const account = server.addUser('grace', { enforce: true });
  const window = await Window.open(browser, server, { language: 'fr', size: DESKTOP });
  const person = new Person(window, 'fr', account);
  await window.go();
  await person.logIn();
  await window.expectText('Protégez votre compte');
  await window.expectAccessible('start');
  await window.click('Recevoir des codes par SMS', 'link');
  await window.fill(person.words.number, NUMBER);
  await window.click(person.words.send);
  await window.expectText('Saisissez le code reçu');
  await window.click('Changer de numéro', 'link');
  // The number is filled in as it was entered.
  await window.click(person.words.send);
  await window.expectText('Saisissez le code reçu');
  await window.page.locator('.sms-preview-messages li').nth(1).waitFor();
  await window.expectAccessible('two-messages');
  assert.equal((await server.outbox()).length, 2);
  await window.useSmsCode(person.words.use);
  await window.click(person.words.confirmNumber);
  await person.readCodes();
  window.expectNoErrors();
  await window.close();

  // The administrator sees what the person has, and no act that would change nothing.
  const desk = await Window.open(browser, server, { language: 'fr', size: DESKTOP });
  const chief = new Person(desk, 'fr', server.addUser('chief', { superuser: true }));
  await desk.go();
  await chief.logIn();
  await chief.addApp();
  await chief.typeCode(await chief.app.fresh());
  await chief.readCodes();
  await desk.click(chief.words.keptPhone, 'link');
  await desk.go(`/admin/users/${account.id}`);
  assert.deepEqual(await desk.page.locator('.chips .chip').allTextContents(), ['SMS', 'second facteur exigé']);
  assert.equal(await desk.page.getByRole('link', { name: 'Déverrouiller…' }).count(), 0, 'nothing is locked');
  desk.expectNoErrors();
  await desk.close();
});

test('a late change asks for the second factor again, then continues', async (t) => {
  const server = await started(t, { MFA_STEP_UP_MAX_AGE: '4' });
  const account = server.addUser('ada');
  const window = await Window.open(browser, server, { language: 'fr', size: PHONE });
  const person = new Person(window, 'fr', account);
  await window.go();
  await person.logIn();
  await person.addApp();
  await person.typeCode(await person.app.fresh());
  const codes = await person.readCodes();
  await window.click(person.words.keptPhone, 'link');
  await window.go('/codes');
  await window.page.waitForTimeout(5_000);
  await window.click('Générer de nouveaux codes', 'link');
  await window.expectText(person.words.stepUp);
  await window.expectAccessible('step-up');
  await person.typeCode(await person.app.fresh());
  await window.click('Générer dix nouveaux codes');
  const fresh = await person.readCodes();
  assert.ok(fresh.every((code) => !codes.includes(code)));
  window.expectNoErrors();
  await window.close();
});

test('a reload, the back button and a language switch do not lose new codes', async (t) => {
  const server = await started(t);
  const window = await Window.open(browser, server, { language: 'fr', size: PHONE });
  const person = new Person(window, 'fr', { name: 'demo', password: server.password });
  await window.go();
  await person.logIn();
  await person.addApp();
  const secret = await window.page.locator('#secret').textContent();
  await window.page.reload();
  await window.click(person.words.other, 'link');
  assert.equal(await window.page.locator('#secret').textContent(), secret);
  await window.page.goBack();
  // The chosen language is kept.
  await person.typeCode(await person.app.fresh(), '6-digit code', 'Verify');
  await window.expectText('Save your recovery codes');
  const codes = await window.page.locator('#codes code').allTextContents();
  assert.equal(codes.length, 10);
  const shown = () => window.page.locator('#codes code').allTextContents();
  await window.page.reload();
  assert.deepEqual(await shown(), codes);
  await window.click('Français', 'link');
  await window.expectText(person.words.keep);
  assert.deepEqual(await shown(), codes);
  await window.click(person.words.keptPhone, 'link');
  await window.expectText('Ajouter un téléphone');
  await window.page.goBack();
  await window.expectText('Chaque code permet de se connecter une fois');
  assert.deepEqual(await shown(), [], 'saved codes are not shown again');
  window.expectNoErrors();
  await window.close();
});

test('a second app is added on a tablet, logs in, and is removed in the list', async (t) => {
  const server = await started(t);
  const account = server.addUser('tablette');
  const window = await Window.open(browser, server, { language: 'fr', size: PHONE });
  t.after(() => window.close());
  const { page } = window;
  const person = new Person(window, 'fr', account);
  await window.go();
  await person.logIn();
  await person.addApp();
  await person.typeCode(await person.app.fresh());
  await person.readCodes();
  await window.click(person.words.keptPhone, 'link');
  await window.go();

  await window.click('Ajouter une autre application', 'link');
  await window.expectAccessible('app-add');
  assert.equal(await page.getByLabel('Nom', { exact: true }).inputValue(), 'Application d’authentification 2');
  await window.fill('Nom', 'Ma tablette');
  await window.click('Continuer');
  const tablet = new Authenticator(await page.locator('#secret').textContent());
  await window.expectAccessible('app-add-code');
  await person.typeCode(await tablet.fresh());
  await window.expectText('Application d’authentification ajoutée.');
  await window.expectText('Ma tablette');
  const names = await page.locator('.authenticator-name').allTextContents();
  assert.deepEqual(names, ['Application d’authentification 1', 'Ma tablette']);
  await window.expectAccessible('account-two-apps');

  await person.logOut();
  await person.logIn();
  await person.typeCode(await tablet.fresh());
  await window.expectText('Ma tablette');
  await person.logOut();
  await person.logIn();
  await person.typeCode(await person.app.fresh());

  await window.click('Gérer l’application d’authentification', 'link');
  await window.expectAccessible('app-several');
  await window.expectText('Choisissez celle à retirer');
  await window.expectText('Vos applications actuelles continuent de fonctionner');
  await window.click('Aller à mon compte', 'link');
  await window.click('Gérer Ma tablette', 'link');
  await window.click('Retirer…', 'link');
  await window.click('Retirer');
  await window.expectText('Second facteur retiré');
  assert.equal(await page.locator('.authenticator').count(), 1);
  window.expectNoErrors();
});
