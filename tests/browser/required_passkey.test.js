// The policy that accepts only passkeys: its introduction for a user with an app, for a new user and for an administrator.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHONE, Window, openBrowser } from './support/browser.js';
import { Person } from './support/journeys.js';
import { Authenticators } from './support/passkeys.js';
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

const WORDS = {
  fr: {
    use: 'Utiliser une clé d’accès', required: 'Votre organisation exige une clé d’accès pour se connecter.',
    only: 'Votre organisation n’accepte qu’une clé d’accès pour ce compte', added: 'Clé d’accès ajoutée.', ways: 'Essayer autrement',
    unsupported: 'Utilisez une version récente de votre navigateur ou un autre appareil.',
    title: 'Votre organisation exige une clé d’accès', next: 'elle sera nécessaire à votre prochaine connexion',
    refused: 'ces codes ne suffisent pas pour vous connecter', full: 'Votre compte est bien protégé',
    manage: 'Gérer Clé d’accès 1', remove: 'Retirer', last: 'Votre organisation exige une clé d’accès : vous ne pouvez pas retirer la dernière.',
  },
  en: {
    use: 'Use a passkey', required: 'Your organisation requires a passkey to log in.',
    only: 'Your organisation accepts only a passkey for this account', added: 'Passkey added.', ways: 'Try another way',
    unsupported: 'Use a recent version of your browser, or another device.',
    title: 'Your organisation requires a passkey', next: 'you will need it at your next login',
    refused: 'these codes aren’t enough to log in', full: 'Your account is well protected',
    manage: 'Manage Passkey 1', remove: 'Remove', last: 'Your organisation requires a passkey: you can’t remove the last one.',
  },
};

const requirePasskey = (account) =>
  server.admin(['user', 'enforce', 'off', '--phishing-resistant', 'on', '--username', account.name]);

const open = async (account, language, size) => {
  const window = await Window.open(browser, server, { language, size });
  const devices = await Authenticators.of(window);
  const device = await devices.add();
  const person = new Person(window, language, account);
  return { window, page: window.page, devices, device, person, words: { ...person.words, ...WORDS[language] } };
};

for (const language of ['fr', 'en']) {
  test(`a user with an app registers the required passkey at login, and then logs in with it only (${language})`, async () => {
    const account = server.addUser(`ada-${language}`);
    const { window, page, person, words } = await open(account, language, PHONE);
    await window.go();
    await person.logIn();
    await person.addApp();
    await person.typeCode(await person.app.fresh());
    const [code] = await person.readCodes();
    requirePasskey(account);
    // The session goes on: the passkey comes first, and nothing that will be refused is offered.
    await window.go();
    await window.expectText(words.title);
    await window.expectText(words.next);
    assert.equal((await page.locator('.hero button').first().textContent()).trim(), words.use);
    assert.equal(await page.locator('a[href$="/app/add"], a[href$="/phone"], a[href$="/backup"]').count(), 0);
    await window.expectAccessible('account-passkey-missing');
    for (const path of ['/app', '/app/add', '/phone', '/backup']) {
      const response = await page.goto(server.homeUrl + path);
      assert.equal(response.status(), 200, path);
      await window.expectText(words.only);
      assert.equal(await page.locator('form[action$="/app/start"], form[action$="/app/add"], #phone').count(), 0, path);
      await window.expectAccessible(`passkey-only${path}`);
    }
    await window.go('/codes');
    await window.expectText(words.refused);
    await window.go();
    await person.logOut();

    await person.logIn();
    await window.expectText(words.verify);
    await person.typeCode(await person.app.fresh());
    await page.waitForURL(/\/passkey$/);
    await window.expectText(words.required);
    await window.expectAccessible('passkey-required');
    // The login is not complete: every other page leads back here.
    for (const path of ['', '/app', '/codes', '/activity', '/start', '/verify']) {
      await window.go(path);
      await page.waitForURL(/\/passkey$/);
      assert.equal(await page.getByText(words.leave, { exact: true }).count(), 0, path);
    }
    await window.go('/passkey');
    await window.click(words.use);
    await window.expectText(words.added);
    await window.expectText(words.activity);
    await window.expectText(words.full);
    await window.expectText(words.refused);
    await window.expectAccessible('account-passkey-required');
    await window.click(words.manage, 'link');
    await window.click(`${words.remove}…`, 'link');
    await window.click(words.remove);
    await window.expectText(words.last);
    await window.expectAccessible('passkey-required-last');
    await window.go();

    await person.logOut();
    // Nothing but the passkey is offered, and it starts at once.
    await person.logIn();
    await window.expectText(words.activity);
    await person.logOut();
    await window.context.addInitScript(() => delete window.PublicKeyCredential);
    await person.logIn();
    await window.expectText(words.only);
    await window.expectText(words.unsupported);
    assert.equal(await page.getByText(words.ways).count(), 0);
    await window.expectAccessible('verify-passkey-only');
    for (const method of ['totp', 'recovery', 'sms']) {
      await window.go(`/verify?with=${method}`);
      assert.equal(await page.locator('#code').count(), 0, method);
    }
    assert.ok(code);
    window.expectNoErrors();
    await window.close();
  });

  test(`a new user is offered only the required passkey (${language})`, async () => {
    const account = server.addUser(`bob-${language}`);
    requirePasskey(account);
    const { window, page, person, words } = await open(account, language);
    await window.go();
    await person.logIn();
    await page.waitForURL(/\/start$/);
    await window.expectText(words.required);
    assert.equal(await page.getByRole('button').filter({ hasText: /app/i }).count(), 0);
    await window.expectAccessible('start-passkey-required');
    await window.click(words.use);
    await person.readCodes();
    await window.expectText(words.refused);
    await window.expectAccessible('codes-passkey-required');
    await window.click(words.kept, 'link');
    await window.expectText(words.activity);
    window.expectNoErrors();
    await window.close();
  });
}

test('an administrator requires a passkey of a user, and stops requiring it', async () => {
  const account = server.addUser('cleo');
  const chief = server.addUser('chief', { superuser: true });
  const { window, page, person, words } = await open(chief, 'en');
  await window.go();
  await person.logIn();
  await window.click(words.use);
  await person.readCodes();
  await window.go(`/admin/users/${account.id}`);
  await window.click('Require a passkey…', 'link');
  await window.expectText('They will have to add a passkey at the next login.');
  await window.fill('Reason', 'finance, ticket 9');
  await window.click('Require a passkey');
  await window.expectText('A passkey is now required for this account.');
  await window.expectAccessible('admin-user-passkey-required');
  await window.click('Stop requiring a passkey…', 'link');
  await window.fill('Reason', 'finance, ticket 10');
  await window.click('Stop requiring a passkey');
  await window.expectText('A passkey is no longer required for this account.');
  await window.go('/admin/events');
  await window.expectText('Passkey now required');
  await window.expectText('Passkey no longer required');
  await window.expectText('finance, ticket 9');
  assert.equal(await page.getByText('phishing_resistant').count(), 0);
  window.expectNoErrors();
  await window.close();
});

test('without JavaScript, the page says what the required passkey needs', async () => {
  const account = server.addUser('max');
  requirePasskey(account);
  const window = await Window.open(browser, server, { language: 'fr', size: PHONE, scripts: false });
  const person = new Person(window, 'fr', account);
  await window.go();
  await person.logIn();
  assert.match(await window.page.locator('noscript').textContent(), /Activez-le ou utilisez un autre navigateur/);
  assert.equal(await window.page.getByRole('button', { name: WORDS.fr.use }).isVisible(), false);
  window.expectNoErrors();
  await window.close();
});
