// A bad day: refused forms, locks, ended sessions, blocked cookies, lost codes, small windows and other colours.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, PHONE, Window, openBrowser } from './support/browser.js';
import { NUMBER, Person, WORDS } from './support/journeys.js';
import { Server } from './support/server.js';

const SMALL = { width: 320, height: 640 };
const HELP = { MFA_HELP_URL: 'tel:+33123456789', MFA_HELP_TEXT: 'Helpdesk 01 23 45 67 89', MFA_PRIVACY_URL: 'https://www.example.com/privacy' };

let browser;
let server;
before(async () => {
  browser = await openBrowser();
  server = await Server.start(HELP);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Opens a window that closes when the test ends. */
const opened = async (t, options, from = server) => {
  const window = await Window.open(browser, from, options);
  t.after(() => window.close());
  return window;
};

/** A user who is logged in, with a password only. */
const loggedIn = async (t, name, options = {}, from = server) => {
  const language = options.language ?? 'en';
  const window = await opened(t, { language, ...options }, from);
  const person = new Person(window, language, from.addUser(name));
  await window.go();
  await person.logIn();
  return person;
};

/** A user with an app and recovery codes. */
const enrolled = async (t, name, options, from) => {
  const person = await loggedIn(t, name, options, from);
  await person.addApp();
  await person.typeCode(await person.app.fresh());
  await person.readCodes();
  await person.window.click(person.words.kept, 'link').catch(() => person.window.click(person.words.keptPhone, 'link'));
  await person.window.go();
  return person;
};

/** Contrast of a colour of the page with another, as WCAG defines it. */
const contrast = (page, one, other) =>
  page.evaluate(
    ([a, b]) => {
      const style = getComputedStyle(document.documentElement);
      const luminance = (name) => {
        const hex = style.getPropertyValue(name).trim();
        const parts = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
        const [red, green, blue] = parts.map((it) => (it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4));
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
      };
      const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
      return (light + 0.05) / (dark + 0.05);
    },
    [one, other],
  );

test('help is in the foot of every page, and beside what went wrong', async (t) => {
  const person = await enrolled(t, 'help', { size: PHONE });
  const { window, page } = person;
  for (const path of ['', '/codes', '/nowhere']) {
    await window.go(path);
    assert.equal(await page.locator('.foot-help a', { hasText: 'Help' }).getAttribute('href'), HELP.MFA_HELP_URL, path);
    assert.equal(await page.locator('.foot-help a', { hasText: 'Privacy' }).getAttribute('href'), HELP.MFA_PRIVACY_URL);
    assert.match(await page.locator('.foot-help').textContent(), /Helpdesk 01 23 45 67 89/);
  }
  assert.match(await page.locator('.need-help').textContent(), /Need help\?.*Helpdesk/);
  await window.go();
  await person.logOut();
  await person.logIn();
  assert.equal(await page.locator('.need-help a').getAttribute('href'), HELP.MFA_HELP_URL);
  await window.expectAccessible('verify with help');
  window.expectNoErrors();
});

test('enrolment opens at its title on a phone, and the app on this phone comes first', async (t) => {
  const person = await loggedIn(t, 'phone', { size: PHONE });
  const { window, page } = person;
  await window.click(person.words.addApp);
  assert.equal(await page.evaluate(() => scrollY), 0);
  assert.notEqual(await page.evaluate(() => document.activeElement.id), 'code', 'no field has the focus');
  const open = await page.getByRole('link', { name: 'Open in my app' }).boundingBox();
  const picture = await page.locator('.qr').boundingBox();
  assert.ok(open.y + open.height <= picture.y, 'the link is above the QR code');
  await page.setViewportSize(DESKTOP);
  assert.equal(await page.getByRole('link', { name: 'Open in my app' }).isVisible(), false);
  window.expectNoErrors();
});

test('a refused enrolment is red, names the entry of the app, and keeps the QR code', async (t) => {
  const person = await loggedIn(t, 'entry', { size: PHONE });
  const { window, page } = person;
  await person.addApp();
  await person.typeCode(person.app.wrong());
  await window.expectText('NOVA (entry@example.com)');
  const [complaint, bad] = await page.evaluate(() => {
    const style = document.createElement('i').style;
    style.color = getComputedStyle(document.documentElement).getPropertyValue('--bad');
    return [getComputedStyle(document.querySelector('.complaint')).color, style.color];
  });
  assert.equal(complaint, bad);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'code');
  await window.expectAccessible('enrolment refused');
  window.expectNoErrors();
});

test('a refused form is a page of its own: back and reload send nothing twice', async (t) => {
  const person = await enrolled(t, 'again');
  const { window, page, words } = person;
  await person.logOut();
  const posts = [];
  page.on('request', (request) => request.method() === 'POST' && posts.push(request.url()));
  await person.logIn('not the password');
  await window.expectText(words.wrongPassword);
  assert.equal(await page.getByLabel(words.user).inputValue(), 'again', 'the name is kept');
  assert.equal(await page.getByLabel(words.password, { exact: true }).inputValue(), '');
  await page.reload();
  assert.equal(posts.length, 1);
  await person.logIn();
  await person.typeCode(person.app.wrong());
  await window.expectText(words.wrong);
  const before = posts.length;
  await page.reload();
  const back = await page.goBack();
  assert.ok(!back || back.ok(), 'back shows a page');
  assert.equal(posts.length, before);
  window.expectNoErrors();
});

test('the lock is announced three attempts before, says until when, and ends with a way on', async (t) => {
  const own = await Server.start({ ...HELP, MFA_MAX_FAILURES: '4' });
  t.after(() => own.stop());
  const person = await enrolled(t, 'lock', { size: PHONE }, own);
  const { window, page, words } = person;
  const session = await opened(t, { language: 'en' }, own);
  await session.context.addCookies(await window.context.cookies());
  await person.logOut();
  const other = new Person(session, 'en', person.account);
  await session.go();
  await other.logIn();
  await other.typeCode(await person.app.fresh());
  await person.logIn();
  await person.typeCode(person.app.wrong());
  await window.expectText('3 more incorrect codes will lock this account.');
  await window.expectAccessible('verify, three attempts left');
  await person.typeCode(person.app.wrong());
  await person.typeCode(person.app.wrong());
  await window.expectText('One more incorrect code will lock this account.');
  await person.typeCode(person.app.wrong());
  await window.expectText('It unlocks on');
  assert.match(await page.locator('.complaint time').textContent(), /\d{2}:\d{2} (UTC|GMT|CES?T)/);
  assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), 'Account locked');
  assert.match(await page.title(), /^Account locked/);
  assert.equal(await page.getByRole('link', { name: 'Log in again' }).isVisible(), false);
  await window.expectAccessible('locked');
  // The countdown ends: the way on appears.
  await page.clock.install();
  await page.reload();
  await page.clock.runFor(16 * 60 * 1000);
  await window.expectText('The lock has ended.');
  assert.equal(await page.locator('.complaint').isVisible(), false, 'nothing says that it is locked');
  assert.equal(await page.locator('.session-end').count(), 0, 'the end of the login is no news');
  // The lock has ended the login: the way on leads to another one. Here an administrator ends it.
  own.admin(['user', 'unlock', '--user-id', String(person.account.id)]);
  await window.click('Log in again', 'link');
  await window.expectText('The lock has ended. Log in again.');
  assert.equal(await page.getByText('session has ended').count(), 0);
  await person.logIn();
  for (let tries = 0; tries < 4; tries += 1) await person.typeCode(person.app.wrong());
  // While it goes on, the way on leads back here.
  await window.go('/verify/again?then=home');
  await window.expectText('It unlocks on');
  // A session that goes on tells of it too.
  await session.go();
  await session.expectText('This account is locked');
  assert.equal(await session.page.locator('.hero').count(), 0, 'nothing says that no action is needed');
  await session.expectAccessible('account, locked');
  window.expectNoErrors();
});

test('an app and recovery codes are a full protection, and SMS is optional', async (t) => {
  const person = await enrolled(t, 'score');
  const { window, page, words } = person;
  await window.expectText(words.full);
  await window.expectText('2 of 2 set up');
  assert.equal(await page.locator('.hero .button').count(), 0, 'nothing is left to do');
  assert.equal(await page.locator('.card', { hasText: 'Phone number' }).locator('.state').textContent(), 'Optional');
  await window.expectAccessible('account, full without SMS');
  window.expectNoErrors();
});

test('a session that ends warns two minutes before, says that it ended, and the login returns to the page', async (t) => {
  const person = await enrolled(t, 'session', { size: PHONE });
  const { window, page, words } = person;
  await window.go('/activity');
  const left = Number(await page.locator('[data-session-ends]').getAttribute('data-session-ends'));
  await page.clock.install();
  await page.reload();
  assert.equal(await page.getByText('Your session ends in less than two minutes.').isVisible(), false);
  await page.clock.fastForward((left - 110) * 1000);
  await page.clock.runFor(1_100);
  await window.expectText('Your session ends in less than two minutes.');
  await window.expectAccessible('session about to end');
  await page.clock.fastForward(115_000);
  await page.clock.runFor(1_100);
  await window.expectText('Your session has ended.');
  // The browser drops the cookie, or the server finds the token expired.
  const cookies = await window.context.cookies();
  await window.context.clearCookies({ name: 'nova-mfa-session' });
  assert.ok(cookies.some(({ name }) => name === 'nova-mfa-session'));
  await window.click('Log in again', 'link');
  await person.logIn();
  await person.typeCode(await person.app.fresh());
  await page.waitForURL(/\/activity$/);
  window.expectNoErrors();
});

test('times name their zone', async (t) => {
  const person = await enrolled(t, 'zone');
  const { window, page } = person;
  await window.go('/activity');
  for (const time of await page.locator('time.moment').allTextContents()) assert.match(time, /(CES?T|GMT\+[12])$/);
  const without = await opened(t, { language: 'en', scripts: false });
  await without.context.addCookies(await window.context.cookies());
  await without.go('/activity');
  for (const time of await without.page.locator('time.moment').allTextContents()) assert.match(time, / UTC$/);
});

test('blocked cookies are named', async (t) => {
  const window = await opened(t, { language: 'en', size: PHONE });
  const { page } = window;
  await page.route('**/*', async (route) => {
    const response = await route.fetch({ maxRedirects: 0, headers: { ...route.request().headers(), cookie: '' } });
    const headers = { ...response.headers() };
    delete headers['set-cookie'];
    await route.fulfill({ response, headers });
  });
  await window.go();
  await window.fill(WORDS.en.user, 'demo');
  await window.fill(WORDS.en.password, server.password);
  await window.click(WORDS.en.enter);
  await window.expectText('Cookies are blocked');
  await window.expectAccessible('cookies blocked');
  // The page asks for mails in the background, also while it is closed.
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('the page for a code shows the whole number, and a refusal says what a number looks like', async (t) => {
  const person = await enrolled(t, 'number', { size: PHONE });
  const { window, page, words } = person;
  await window.go('/phone');
  for (const [typed, text] of [
    ['06 12', '06\u00a012\u00a034\u00a056\u00a078'], ['01 23 45 67 89', 'This is a landline number'],
    ['08 99 12 34 56', 'service or premium-rate number'], ['+44 7400 123456', 'numbers of this country'],
  ]) {
    await window.fill(words.number, typed);
    await window.click(words.send);
    await window.expectText(text);
    assert.equal(await page.getByLabel(words.number).inputValue(), typed);
  }
  await window.expectAccessible('number refused');
  await window.fill(words.number, NUMBER);
  await window.click(words.send);
  await window.expectText('+33\u00a06\u00a012\u00a034\u00a056\u00a012');
  assert.ok(!page.url().includes('612'));
  window.expectNoErrors();
});

test('a person who must have a second factor and chose SMS sees true steps', async (t) => {
  const window = await opened(t, { language: 'en', size: PHONE });
  const person = new Person(window, 'en', server.addUser('steps', { enforce: true }));
  const steps = () => window.page.locator('.steps li').allTextContents();
  await window.go();
  await person.logIn();
  await window.click('Get codes by SMS', 'link');
  const both = ['Second factor', 'Recovery codes'];
  assert.equal(await window.page.locator('.steps [aria-current]').textContent(), 'Second factor');
  assert.deepEqual(await steps(), both);
  await window.expectText('A code will be sent to this number each time you log in.');
  assert.equal(await window.page.getByRole('link', { name: 'Choose another second factor' }).count(), 1);
  await window.fill(person.words.number, NUMBER);
  await window.click(person.words.send);
  await window.expectText('Enter the code you received');
  assert.deepEqual(await steps(), both);
  await window.useSmsCode(person.words.use);
  await window.click(person.words.confirmNumber);
  await person.readCodes();
  assert.deepEqual(await steps(), both);
  assert.equal(await window.page.locator('.steps [aria-current]').textContent(), 'Recovery codes');
  await window.click(person.words.kept, 'link');
  await window.expectText('Your recovery codes are ready.');
  window.expectNoErrors();
});

test('a slip in a recovery code costs no attempt and keeps what was typed', async (t) => {
  const person = await enrolled(t, 'slip', { size: PHONE });
  const { window, page, words } = person;
  await person.logOut();
  await person.logIn();
  await window.click(words.byRecovery, 'link');
  const slip = person.codes[0].slice(0, -1);
  await person.typeCode(slip, words.recovery);
  await window.expectText('This one has 15');
  assert.equal(await page.getByLabel(words.recovery, { exact: true }).inputValue(), slip);
  await window.expectAccessible('recovery code, a slip');
  await person.useRecoveryCode(person.codes[0]);
  await window.expectText(words.full);
  window.expectNoErrors();
});

test('new codes are asked for once, and leaving them unsaved asks', async (t) => {
  const person = await enrolled(t, 'unsaved');
  const { window, page, words } = person;
  await window.go('/codes');
  await window.click('Generate new codes', 'link');
  await window.expectText('Generate new recovery codes?');
  await window.click('Generate ten new codes');
  await person.readCodes();
  const asked = new Promise((go) => page.once('dialog', (dialog) => dialog.accept().then(() => go(dialog.type()))));
  await page.locator('#main').click();
  await page.getByRole('link', { name: 'My account', exact: true }).click();
  assert.equal(await asked, 'beforeunload');
  await window.expectText('You have not confirmed that you saved your new recovery codes.');
  await window.expectAccessible('account, unsaved codes');
  await window.click('Show them again', 'link');
  await window.click(words.kept, 'link');
  await window.expectText(words.full);
  assert.equal(await page.getByText('You have not confirmed').count(), 0);
  window.expectNoErrors();
});

test('a printed sheet of codes carries name, account and date', async (t) => {
  const person = await loggedIn(t, 'sheet');
  const { page } = person;
  await person.addApp();
  await person.typeCode(await person.app.fresh());
  await person.readCodes();
  assert.equal(await page.locator('.print-only').isVisible(), false);
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.locator('.print-only').isVisible(), true);
  assert.match(await page.locator('.print-only').textContent(), /^NOVA recovery codes for sheet@example\.com, generated on \d+ \w+ \d{4}$/);
});

test('the focus ring and the bars have a contrast of 3:1 in light mode and in dark mode', async (t) => {
  for (const colors of ['light', 'dark']) {
    const window = await opened(t, { language: 'en', colors });
    await window.go();
    for (const ground of ['--paper', '--sheet', '--wash']) {
      for (const mark of ['--star', '--pine', '--edge', '--bad']) {
        const ratio = await contrast(window.page, mark, ground);
        // The edge of a field is on a sheet.
        if (mark === '--edge' && ground === '--wash') continue;
        assert.ok(ratio >= 3, `${mark} on ${ground} in ${colors}: ${ratio.toFixed(2)}`);
      }
    }
  }
});

test('forced colours keep the current tab and the legend', async (t) => {
  const admin = server.addUser('forced', { superuser: true });
  const window = await opened(t, { language: 'en' });
  const person = new Person(window, 'en', admin);
  await window.go();
  await person.logIn();
  await person.addApp();
  await person.typeCode(await person.app.fresh());
  await person.readCodes();
  await window.go('/admin');
  await window.page.emulateMedia({ forcedColors: 'active' });
  const borders = await window.page.locator('.tabs a').evaluateAll((tabs) => tabs.map((it) => getComputedStyle(it).borderBottomColor));
  assert.equal(new Set(borders).size, 2, borders.join());
  const keys = await window.page.locator('.plot').first().locator('.legend i').evaluateAll((keys) => keys.map((it) => getComputedStyle(it).backgroundColor));
  assert.equal(new Set(keys).size, 2, keys.join());
});

/** Elements whose text is cut, by their HTML. */
const cutTexts = (page) =>
  page.evaluate(() => {
    const texts = [...document.querySelectorAll('main *, .mast *, .foot *')].filter((it) => !it.closest('svg, .visually-hidden, [hidden], .table, .scroll, .plot-frame'));
    const isCut = (it) => it.scrollWidth > it.clientWidth + 1 && it.clientWidth > 0 && !it.matches('input, select');
    const isOutside = (it) => it.getBoundingClientRect().right > innerWidth + 1;
    return texts.filter((it) => isCut(it) || isOutside(it)).map((it) => it.outerHTML.slice(0, 120));
  });

for (const role of ['administrator', 'helpdesk']) {
  test(`at 320 px and 390 px no word is cut for the ${role}`, async (t) => {
    for (const language of ['fr', 'en']) {
      const name = `${role}-${language}`;
      const account = server.addUser(name, { superuser: role === 'administrator' });
      if (role === 'helpdesk') server.admin(['user', 'role', 'helpdesk', '--user-id', String(account.id)]);
      const window = await opened(t, { language, size: SMALL, touch: true });
      const person = new Person(window, language, account);
      const { page } = window;
      await window.go();
      await person.logIn();
      await person.addApp();
      await person.typeCode(await person.app.fresh());
      await person.readCodes();
      await window.click(person.words.keptPhone, 'link');
      const of = server.addUser(`of-${name}`).id;
      for (const size of [SMALL, { width: 390, height: 844 }]) {
        await page.setViewportSize(size);
        const only = role === 'administrator' ? ['/admin/events', '/admin/users/bulk?action=enforce&who=all', `/admin/users/${of}/sessions`] : [];
        for (const path of ['', '/sessions', '/admin', '/admin/users', `/admin/users/${of}`, `/admin/users/${of}/access-pass`, ...only]) {
          await window.go(path);
          assert.equal(await page.locator('.tabs a').count(), 3, path);
          assert.deepEqual(await cutTexts(page), [], `${path} (${language}, ${size.width})`);
        }
      }
      window.expectNoErrors();
    }
  });
}

test('French dates have one form, with and without scripts', async (t) => {
  const person = await enrolled(t, 'dates', { language: 'fr' });
  const { window, page } = person;
  await window.go('/activity');
  const without = await opened(t, { language: 'fr', scripts: false });
  await without.context.addCookies(await window.context.cookies());
  await without.go('/activity');
  for (const shown of [page, without.page]) {
    for (const time of await shown.locator('time.moment').allTextContents()) assert.match(time, /^\d+ \S+ \d{4} à \d{2}:\d{2} /);
  }
});

test('at 320 px no word is cut, and the address of the account is in sight', async (t) => {
  for (const language of ['fr', 'en']) {
    const person = await enrolled(t, `narrow-${language}`, { size: SMALL, language, touch: true });
    const { window, page } = person;
    for (const path of ['', '/app', '/codes', '/codes/renew', '/phone', '/activity', '/passkey']) {
      await window.go(path);
      const cut = await page.evaluate(() => {
        const texts = [...document.querySelectorAll('main *, .mast *, .foot *')].filter((it) => !it.closest('svg, .visually-hidden, [hidden]'));
        return texts.filter((it) => it.scrollWidth > it.clientWidth + 1 && getComputedStyle(it).overflowX !== 'auto' && it.clientWidth > 0).map((it) => it.outerHTML.slice(0, 120));
      });
      assert.deepEqual(cut, [], `${path} (${language})`);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320, path);
      assert.equal(await page.locator('.me-mail').isVisible(), true);
    }
    window.expectNoErrors();
  }
});

test('codes with a space work without scripts', async (t) => {
  const person = await enrolled(t, 'space', { scripts: false, size: PHONE });
  const { window, words } = person;
  await person.logOut();
  await person.logIn();
  const code = await person.app.fresh();
  await person.typeCode(`${code.slice(0, 3)} ${code.slice(3)}`);
  await window.expectText(words.full);
});

test('a second tab of a login that is complete goes home', async (t) => {
  const person = await enrolled(t, 'tabs');
  const { window, page, words } = person;
  await person.logOut();
  const second = await window.context.newPage();
  await second.goto(server.homeUrl);
  await person.logIn();
  await person.typeCode(await person.app.fresh());
  await window.expectText(words.full);
  await second.getByLabel(words.user).fill('tabs');
  await second.getByLabel(words.password, { exact: true }).fill('whatever');
  await second.getByRole('button', { name: words.enter }).click();
  await second.getByText('You have already logged in in another tab or window.').waitFor();
  await page.reload();
  await window.expectText(words.full);
});
