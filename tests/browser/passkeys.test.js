// Passkeys with Chromium's virtual authenticators: setup, login, step-up, removal, and what can go wrong.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, PHONE, Window, openBrowser } from './support/browser.js';
import { Person } from './support/journeys.js';
import { Authenticators, limitWaiting } from './support/passkeys.js';
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
    use: 'Utiliser une clé d’accès', add: 'Ajouter une clé d’accès', title: 'Confirmez votre identité', list: 'Seconds facteurs',
    first: 'Clé d’accès 1', cancelled: 'La demande a été annulée ou a pris trop de temps', half: 'Votre compte est bien protégé',
    unsupported: 'Ce navigateur ne prend pas en charge les clés d’accès',
  },
  en: {
    use: 'Use a passkey', add: 'Add a passkey', title: 'Confirm it’s you', list: 'Second factors', first: 'Passkey 1',
    cancelled: 'The request was cancelled or took too long', half: 'Your account is well protected',
    unsupported: 'This browser doesn’t support passkeys',
  },
};

/** Runs a test in a window with one authenticator, as a new user. */
const withUser = async (name, { language = 'fr', size = DESKTOP, enforce = false, on = server, authenticator = {} } = {}, run) => {
  const account = on.addUser(name, { enforce });
  const window = await Window.open(browser, on, { language, size });
  const devices = await Authenticators.of(window);
  const device = authenticator && (await devices.add(authenticator));
  const person = new Person(window, language, account);
  try {
    await run({ window, page: window.page, person, devices, device, words: { ...person.words, ...WORDS[language] } });
    window.expectNoErrors();
  } finally {
    await window.close();
  }
};

/** Protects the account with a passkey, from the login page to the account page. */
const protect = async ({ window, person, words }, seen = async () => {}) => {
  await window.go();
  await person.logIn();
  await window.expectText(words.use);
  await seen('before');
  await window.click(words.use);
  await person.readCodes();
  await seen('passkey-codes');
  await window.click(words.keptPhone, 'link');
};

/** Accepts that the page moved to make room for a message. */
const allowShift = (window) => window.page.evaluate(() => (window.shifted = 0));

test('on a phone, in French: a required passkey takes at most eight actions, and a login three', () =>
  withUser('ada', { size: PHONE, enforce: true }, async ({ window, page, person, words, ...rest }) => {
    await protect({ window, person, words, ...rest }, (name) => window.expectAccessible(name));
    await window.go();
    await window.expectText(words.half);
    assert.ok(window.actions <= 8, `${window.actions} actions`);
    await window.expectText(words.first);
    await window.expectAccessible('account-passkey');

    await person.logOut();
    window.actions = 0;
    await person.logIn();
    await window.expectText(words.half);
    assert.ok(window.actions <= 3, `${window.actions} actions`);
    assert.match(await page.locator('.authenticator-facts').first().textContent(), /Dernière utilisation le/);
  }));

test('a user who is free to choose finds the passkey first', () =>
  withUser('grace', { language: 'en' }, async ({ window, page, person, words, ...rest }) => {
    await protect({ window, person, words, ...rest }, async (name) => {
      if (name === 'before') assert.equal((await page.locator('.hero button').first().textContent()).trim(), words.use);
      await window.expectAccessible(name);
    });
    await window.click('My account', 'link');
    await window.expectText('2 of 2 set up');
  }));

test('a further passkey and its removal ask for the second factor again', async (t) => {
  const own = await Server.start({ MFA_STEP_UP_MAX_AGE: '4' });
  t.after(() => own.stop());
  await withUser('lea', { size: PHONE, on: own }, async (user) => {
    const { window, page, devices, words } = user;
    await protect(user);
    await window.go();
    await page.waitForTimeout(4_500);
    await window.click(words.add, 'link');
    await window.expectAccessible('passkey-add');
    await window.click(words.use);
    // The session is too old for this change.
    await window.expectText(words.stepUp);
    await window.expectAccessible('passkey-step-up');
    await window.click(words.use);
    await page.waitForURL(/\/passkey$/);
    await window.click(words.use);
    await window.expectText('a déjà une clé d’accès pour ce compte');
    await window.expectAccessible('passkey-registered');
    const key = await devices.add({ transport: 'usb' });
    await page.getByLabel('Nom', { exact: true }).fill('Clé du bureau');
    await window.click(words.use);
    await window.expectText('Clé d’accès ajoutée.');
    assert.equal((await devices.credentials(key)).length, 1);
    await window.expectText('Aucune utilisation');
    assert.equal(await page.locator('.authenticator').count(), 2);

    await page.waitForTimeout(4_500);
    await window.click('Gérer Clé d’accès 1', 'link');
    await window.expectAccessible('authenticator');
    await window.click('Retirer…', 'link');
    await window.expectText('Retirer « Clé d’accès 1 » ?');
    await window.expectAccessible('authenticator-remove');
    await window.click('Retirer');
    await window.expectText(words.stepUp);
    await window.click(words.use);
    await window.expectText('Retirer « Clé d’accès 1 » ?');
    await window.click('Retirer');
    await window.expectText('Second facteur retiré.');
    assert.deepEqual(await page.locator('.authenticator-name').allTextContents(), ['Clé du bureau']);
  });
});

test('a passkey can be renamed, and each name is used once', () =>
  withUser('noe', { language: 'en' }, async (user) => {
    const { window, page, devices, words } = user;
    await protect(user);
    await devices.add({ transport: 'usb' });
    await window.go('/passkey');
    await window.click(words.use);
    await window.expectText('Passkey added.');
    assert.deepEqual(await page.locator('.authenticator-name').allTextContents(), ['Passkey 1', 'Passkey 2']);
    await window.click('Manage Passkey 2', 'link');
    await window.fill('Name', 'Passkey 1');
    await window.click('Save the name');
    await window.expectText('Another of your second factors already has this name.');
    await window.expectAccessible('authenticator-name-taken');
    await window.fill('Name', ' Key in the <safe> ');
    await window.click('Save the name');
    await window.expectText('Name changed.');
    assert.deepEqual(await page.locator('.authenticator-name').allTextContents(), ['Passkey 1', 'Key in the <safe>']);
  }));

test('a security key without user verification and a changed backup flag are accepted', () =>
  withUser('zoe', { authenticator: { transport: 'usb', hasResidentKey: false, hasUserVerification: false, isUserVerified: false } }, async (user) => {
    const { window, person, devices, device, words } = user;
    await protect(user);
    await person.logOut();
    await devices.setProperties(device, { backupEligibility: true, backupState: true });
    await person.logIn();
    await window.expectText(words.half);
    await window.expectText('Clé d’accès synchronisée entre vos appareils');
    await window.click(words.activity, 'link');
    await window.expectText('Synchronisation d’une clé d’accès activée ou désactivée');
  }));

test('a cancelled call and a device without the passkey are explained, and recovery codes still work', () =>
  withUser('ugo', { size: PHONE }, async (user) => {
    const { window, person, devices, device, words } = user;
    await protect(user);
    await person.logOut();
    await limitWaiting(window, 700);
    await devices.setPresent(device, false);
    await person.logIn();
    await window.expectText(words.cancelled);
    await allowShift(window);
    await window.expectAccessible('passkey-cancelled');
    await devices.remove(device);
    await devices.add();
    await window.click(words.use);
    await window.expectText('cet appareil n’a pas de clé d’accès pour ce compte');
    await window.click(words.byRecovery, 'link');
    await person.useRecoveryCode(person.codes[0]);
    await window.expectText(words.half);
  }));

test('a cancelled registration can be repeated', () =>
  withUser('tom', { language: 'en' }, async (user) => {
    const { window, page, person, devices, device, words } = user;
    await limitWaiting(window, 700);
    await devices.setPresent(device, false);
    await window.go();
    await person.logIn();
    await window.click(words.use);
    await window.expectText('The request was cancelled or took too long. Try again.');
    await allowShift(window);
    await window.expectAccessible('passkey-not-registered');
    await page.unroute(/\/passkey\/options$/);
    await devices.setPresent(device, true);
    await window.click(words.use);
    await person.readCodes();
  }));

test('an older browser, which does not know the JSON form of WebAuthn, registers and logs in', () =>
  withUser('old', { language: 'en' }, async (user) => {
    const { window, person, words } = user;
    await window.context.addInitScript(() => {
      delete PublicKeyCredential.parseCreationOptionsFromJSON;
      delete PublicKeyCredential.parseRequestOptionsFromJSON;
      delete PublicKeyCredential.prototype.toJSON;
    });
    await protect(user);
    await person.logOut();
    await person.logIn();
    await window.expectText(words.half);
  }));

test('a browser without passkeys is told so, and offers the other methods', () =>
  withUser('eve', { size: PHONE }, async (user) => {
    const { window, page, person, words } = user;
    await protect(user);
    await person.logOut();
    await window.context.addInitScript(() => delete window.PublicKeyCredential);
    await person.logIn();
    await window.expectText(words.unsupported);
    assert.equal(await page.getByRole('button', { name: words.use }).count(), 0);
    await window.expectAccessible('verify-unsupported');
    await window.click(words.byRecovery, 'link');
    await person.useRecoveryCode(person.codes[0]);
    await window.expectText(words.half);
  }));

test('without JavaScript, the page refers to the other methods', async () => {
  const account = server.addUser('max', { enforce: true });
  const window = await Window.open(browser, server, { language: 'fr', size: PHONE, scripts: false });
  const person = new Person(window, 'fr', account);
  await window.go();
  await person.logIn();
  // Chromium parses the page as if scripts ran, so the text of `noscript` is there and not visible.
  assert.match(await window.page.locator('noscript').textContent(), /Les clés d’accès nécessitent JavaScript/);
  assert.equal(await window.page.getByRole('button', { name: WORDS.fr.use }).isVisible(), false);
  await window.click('Utiliser une application');
  await person.page.locator('.qr').waitFor();
  window.expectNoErrors();
  await window.close();
});

test('a page at an IP address refers to localhost', () =>
  withUser('ivo', { language: 'en' }, async ({ window, page, person }) => {
    await page.goto(server.homeUrl.replace('localhost', '127.0.0.1'));
    await person.logIn();
    await window.expectText('Browsers don’t allow passkeys at an IP address.');
    await window.expectAccessible('passkey-address');
    await window.click('Open this page at localhost', 'link');
    assert.equal(page.url(), server.homeUrl);
    window.errors.length = 0;
  }));

test('someone who knows the password cannot lock out the owner of a passkey', () =>
  withUser('ann', { language: 'en' }, async (user) => {
    const { window, person, words } = user;
    await protect(user);
    await window.go('/app');
    await person.addApp();
    await person.typeCode(await person.app.fresh());
    await window.expectText('Authenticator app added.');
    await person.logOut();
    const stranger = await Window.open(browser, server, { language: 'en' });
    await Authenticators.of(stranger).then((other) => other.add());
    const guesser = new Person(stranger, 'en', person.account);
    await stranger.go();
    await guesser.logIn();
    await stranger.click('Authenticator app', 'link');
    for (let tries = 0; tries < 10; tries += 1) await guesser.typeCode(person.app.wrong());
    await stranger.expectText('This account is locked');
    await stranger.expectAccessible('verify-locked-passkey');
    await stranger.close();
    await person.logIn();
    await window.expectText('This account is locked');
    await window.click(words.use);
    await window.expectText(words.activity);
    // The account page tells of the lock, and not that no action is needed.
    await window.page.locator('.lock-notice').waitFor();
    assert.equal(await window.page.locator('.hero').count(), 0);
  }));

test('a first app beside a passkey keeps the recovery codes, and the last factor is removed after a warning', () =>
  withUser('kim', { language: 'en' }, async (user) => {
    const { window, page, person, devices, device, words } = user;
    const warning = 'It is your only second factor: your account will have a password only';
    await protect(user);
    await window.go('/app');
    await person.addApp();
    await person.typeCode(await person.app.fresh());
    await window.expectText('Authenticator app added.');
    await window.expectText('10 codes left.');
    await person.logOut();
    await devices.setPresent(device, false);
    await person.logIn();
    await page.waitForURL(/\/verify/);
    await window.go('/verify?with=recovery');
    await person.useRecoveryCode(person.codes[0]);
    await window.expectText('9 codes left.');

    await window.click('Manage Passkey 1', 'link');
    await window.click('Remove…', 'link');
    await window.expectText('your other sessions will end');
    assert.equal(await page.getByText(warning).count(), 0);
    await window.click('Remove');
    await window.expectText('Second factor removed.');
    await window.go('/app/remove');
    await window.expectText(warning);
    await window.go();
    await window.click('Manage Authenticator app', 'link');
    await window.click('Remove…', 'link');
    await window.expectText(warning);
    await window.expectAccessible('authenticator-remove-last');
    await window.click('Remove');
    await window.expectText(words.open);
  }));

test('an administrator removes a lost passkey of a user', () =>
  withUser('joe', { language: 'en' }, async (user) => {
    await protect(user);
    const { id } = user.person.account;
    const chief = server.addUser('chief', { superuser: true });
    const window = await Window.open(browser, server, { language: 'en' });
    const devices = await Authenticators.of(window);
    await devices.add();
    const admin = new Person(window, 'en', chief);
    await protect({ window, person: admin, words: user.words });
    await window.go(`/admin/users/${id}`);
    await window.expectAccessible('admin-user-passkey');
    await window.click(/^Remove “/, 'link');
    await window.expectAccessible('admin-act-passkey');
    await window.fill('Reason', 'lost phone, ticket 12');
    await window.click('Remove');
    await window.expectText('Second factor removed.');
    await window.expectText('None yet.');
    await window.go('/admin/events');
    await window.expectText('ticket 12');
    await window.close();
    await user.window.go();
    await user.window.expectText(user.words.welcome);
  }));
