// Takes the screenshots of the documentation: node screenshots.js FOLDER
//
// Not part of the tests, because codes, keys and times change with every run. Run `scripts/check-interface --screenshots`.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Authenticator } from './support/authenticator.js';
import { DESKTOP, PHONE, Window, openBrowser } from './support/browser.js';
import { Person } from './support/journeys.js';
import { Authenticators } from './support/passkeys.js';
import { Server } from './support/server.js';

const folder = process.argv[2] ?? 'docs/images/interface';
await mkdir(folder, { recursive: true });
const browser = await openBrowser();

/** Takes one screenshot, with the SMS preview only if `smsPreview` is set. */
const camera = (window, prefix) => async (name, { smsPreview = false } = {}) => {
  await window.page.mouse.move(0, 0);
  await window.page.evaluate((show) => {
    document.activeElement?.blur();
    scrollTo(0, 0);
    const element = document.querySelector('.sms-preview');
    if (element) element.hidden = !show;
    document.body.classList.toggle('dev', show);
  }, smsPreview);
  await window.page.screenshot({ path: join(folder, `${prefix}-${name}.png`), fullPage: true });
};

/** Screenshots of the full setup and of each login method. */
const tour = async (prefix, options) => {
  const server = await Server.start();
  const window = await Window.open(browser, server, options);
  const take = camera(window, prefix);
  const person = new Person(window, options.language, { name: 'demo', password: server.password });
  await window.go();
  await person.protect((name) => take(name, { smsPreview: name === 'phone-code' }));
  await window.go('/codes');
  await take('codes-list');
  await window.go('/activity');
  await take('activity');
  await window.go('/sessions');
  await take('sessions');
  await person.logOut();
  await person.logIn();
  await take('verify-app');
  await person.typeCode(await person.app.offBy(-90));
  await window.expectText(person.words.behind);
  await take('verify-clock');
  await window.click(person.words.bySms, 'link');
  await take('verify-sms');
  await window.go('/verify?with=recovery');
  await take('verify-recovery');
  await window.go('/lost');
  await take('lost');
  await window.close();
  await server.stop();
};

/** Screenshots of a required second factor, a step-up, a locked account and an unavailable service. */
const elsewhere = async (prefix, options) => {
  const server = await Server.start({ MFA_STEP_UP_MAX_AGE: '1' });
  const window = await Window.open(browser, server, options);
  const take = camera(window, prefix);
  const person = new Person(window, options.language, server.addUser('grace', { enforce: true }));
  await window.go();
  await person.logIn();
  await take('start');
  await window.click({ fr: 'Utiliser une application', en: 'Use an authenticator app' }[options.language]);
  person.app = new Authenticator(await window.page.locator('#secret').textContent());
  await person.typeCode(await person.app.fresh());
  await person.readCodes();
  await window.go('/codes');
  await window.page.waitForTimeout(1_500);
  await window.click({ fr: 'Générer de nouveaux codes', en: 'Generate new codes' }[options.language], 'link');
  await window.expectText(person.words.stepUp);
  await take('step-up');
  await window.go();
  await person.logOut();
  await person.logIn();
  for (let tries = 0; tries < 10; tries += 1) await person.typeCode(person.app.wrong());
  await window.go('/verify');
  await take('locked');
  await window.go('/lost');
  await take('lost-locked');
  const unblock = await server.blockDatabaseWrites();
  await window.page.context().clearCookies();
  await window.go();
  await person.logIn();
  await window.expectText(person.words.away);
  await take('login-external');
  await unblock();
  await window.close();
  await server.stop();
};

/** Screenshots of a passkey: registration, login, the list of authenticators, and one of them. */
const passkeys = async (prefix, options) => {
  const server = await Server.start();
  const window = await Window.open(browser, server, options);
  const devices = await Authenticators.of(window);
  const take = camera(window, prefix);
  const person = new Person(window, options.language, server.addUser('ada', { enforce: true }));
  const words = {
    fr: { use: 'Utiliser une clé d’accès', phone: 'Téléphone d’Ada', key: 'Clé du bureau', name: 'Nom', manage: 'Gérer', added: 'Application d’authentification ajoutée.' },
    en: { use: 'Use a passkey', phone: 'Ada’s phone', key: 'Office key', name: 'Name', manage: 'Manage', added: 'Authenticator app added.' },
  }[options.language];
  const phone = await devices.add({ defaultBackupEligibility: true, defaultBackupState: true });
  await window.go();
  await person.logIn();
  await window.click(words.use);
  await person.readCodes();
  await window.click(person.words.keptPhone, 'link');
  await window.go('/app');
  await person.addApp();
  await person.typeCode(await person.app.fresh());
  await window.expectText(words.added);
  await devices.setPresent(phone, false);
  const key = await devices.add({ transport: 'usb' });
  await window.go('/passkey');
  await window.fill(words.name, words.key);
  await take('passkey');
  await window.click(words.use);
  await window.expectText(words.key);
  await devices.remove(key);
  await window.page.getByRole('link', { name: new RegExp(`^${words.manage}.* 1$`) }).click();
  await window.fill(words.name, words.phone);
  await window.page.locator('form[action$="/rename"] button').click();
  await window.go();
  await window.expectText(words.phone);
  await take('account-passkeys');
  await window.click(`${words.manage} ${words.phone}`, 'link');
  await take('authenticator');
  await window.go();
  await person.logOut();
  await person.logIn();
  await window.expectText(words.use);
  await take('verify-passkey');
  await window.close();
  await server.stop();
};

/** Screenshots of the administration pages, with sample data. */
const administration = async (prefix, options) => {
  const server = await Server.start();
  const people = [['ada', 'Ada Martin'], ['grace', 'Grâce Petit'], ['linus', 'Linus Durand'], ['margaret', 'Margaret Petit']].map(([name, fullName]) => {
    const password = `${name} has a long password`;
    const words = ['user', 'create', '--email', `${name}@example.com`, '--username', name, '--password-stdin', '--full-name', fullName];
    return { ...server.admin(words, password), name, password };
  });
  for (const [place, account] of people.entries()) {
    const window = await Window.open(browser, server, { language: options.language });
    const person = new Person(window, options.language, account);
    await window.go();
    await person.logIn();
    await person.addApp();
    await person.typeCode(await person.app.fresh());
    await person.readCodes();
    await window.click(person.words.keptPhone, 'link');
    await person.logOut();
    await person.logIn();
    for (let tries = 0; tries < [10, 2, 0, 1][place]; tries += 1) await person.typeCode(person.app.wrong());
    if (place > 0) await person.typeCode(await person.app.fresh());
    await window.close();
  }
  const window = await Window.open(browser, server, options);
  const take = camera(window, prefix);
  const person = new Person(window, options.language, { name: 'demo', password: server.password });
  await window.go();
  await person.protect();
  await window.go('/admin');
  await take('dashboard');
  await window.go('/admin/users');
  await take('users');
  await window.go('/admin/users?query=petit&state=no_passkey');
  await take('users-filtered');
  await window.go('/admin/users/bulk?action=enforce&who=all');
  await take('bulk');
  await window.go(`/admin/users/${people[0].id}/access-pass`);
  await window.fill({ fr: 'Motif', en: 'Reason' }[options.language], 'Ticket 4711');
  await window.click({ fr: 'Émettre le code d’accès', en: 'Issue an access pass' }[options.language]);
  await take('access-pass');
  await window.go('/admin/users/2');
  await take('user');
  await window.go('/admin/events');
  await take('events');
  await window.close();
  await server.stop();
};

await tour('phone-fr', { size: PHONE, language: 'fr' });
await tour('desktop-en', { size: DESKTOP, language: 'en', colors: 'dark' });
await passkeys('phone-fr', { size: PHONE, language: 'fr' });
await passkeys('desktop-en', { size: DESKTOP, language: 'en', colors: 'dark' });
await elsewhere('phone-fr', { size: PHONE, language: 'fr' });
await elsewhere('desktop-en', { size: DESKTOP, language: 'en', colors: 'dark' });
await administration('admin-en', { size: DESKTOP, language: 'en' });
await administration('admin-phone-fr', { size: PHONE, language: 'fr' });
await browser.close();
