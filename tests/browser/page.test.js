// Page weight, autocomplete attributes, handover from an external login, and cookie protection.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { PHONE, Window, openBrowser } from './support/browser.js';
import { Person } from './support/journeys.js';
import { Server } from './support/server.js';

let browser;
before(async () => (browser = await openBrowser()));
after(() => browser?.close());

test('the login page transfers less than 100 kB', async () => {
  const server = await Server.start();
  const window = await Window.open(browser, server, { size: PHONE, language: 'fr' });
  const session = await window.context.newCDPSession(window.page);
  await session.send('Network.enable');
  let bytes = 0;
  let files = 0;
  session.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
    files += 1;
  });
  await window.page.goto(server.homeUrl, { waitUntil: 'networkidle' });
  assert.ok(files >= 4, `${files} files`);
  assert.ok(bytes < 100_000, `${bytes} bytes`);
  console.log(`login page: ${bytes} bytes in ${files} files`);
  await window.expectAccessible('login page');
  window.expectNoErrors();
  await window.close();
  await server.stop();
});

test('fields have the autocomplete attributes that password managers and phones need', async () => {
  const server = await Server.start();
  const window = await Window.open(browser, server, { language: 'en' });
  const hint = (field) => window.page.locator(field).getAttribute('autocomplete');
  await window.go();
  assert.equal(await hint('#username'), 'username');
  assert.equal(await hint('#password'), 'current-password');
  const person = new Person(window, 'en', { name: 'demo', password: server.password });
  await person.logIn();
  await person.addApp();
  assert.equal(await hint('#code'), 'one-time-code');
  assert.equal(await window.page.locator('#code').getAttribute('inputmode'), 'numeric');
  // A code that is pasted with a space, or filled in by the browser, is submitted at once.
  const code = await person.app.fresh();
  await window.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await window.page.evaluate((text) => navigator.clipboard.writeText(text), `${code.slice(0, 3)} ${code.slice(3)}\n`);
  await window.page.locator('#code').focus();
  await window.page.keyboard.press('Control+V');
  await person.readCodes();
  await window.click(person.words.keptPhone, 'link');
  assert.equal(await hint('#phone'), 'tel-national');
  await person.logOut();
  await person.logIn();
  await window.page.locator('#code').fill(await person.app.fresh());
  await window.expectText('Your account is well protected');
  window.expectNoErrors();
  await window.close();
  await server.stop();
});

test('an external login hands its user over with a form, other origins are rejected', async () => {
  // `localhost` and `127.0.0.1` are different sites.
  const elsewhere = createServer((_, answer) => answer.setHeader('Content-Type', 'text/html').end('<p>login</p>'));
  await new Promise((go) => elsewhere.listen(0, '::', go));
  const { port } = elsewhere.address();
  const login = `http://127.0.0.1:${port}/login`;
  const server = await Server.start({ LOGIN_ENABLED: 'false', MFA_LOGIN_URL: login });
  const ada = server.addUser('ada', { enforce: true });
  const token = () => server.admin(['token', 'pending', '--user-id', String(ada.id)]).token;
  const window = await Window.open(browser, server, { language: 'en' });
  const { page } = window;

  await window.go();
  assert.equal(await page.getByRole('link', { name: 'Go to the login page' }).getAttribute('href'), login);
  assert.equal(await page.locator('#password').count(), 0);

  const handOver = async (from) => {
    await page.goto(from);
    await page.evaluate(
      ([action, value]) => {
        const form = Object.assign(document.createElement('form'), { method: 'post', action });
        form.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'token', value }));
        document.body.append(form);
        form.submit();
      },
      [`${server.homeUrl}/handover`, token()],
    );
    await page.waitForURL(/interface/);
  };
  await handOver(login);
  await window.expectText('Protect your account');
  assert.ok(!page.url().includes('token'));
  assert.equal(await page.evaluate(() => document.cookie + Object.keys(localStorage) + Object.keys(sessionStorage)), '');

  await window.context.clearCookies();
  await handOver(`http://localhost:${port}/login`);
  await window.expectText('This form is no longer valid');
  await window.go();
  await window.expectText('Log in on your organisation’s login page.');

  await window.close();
  await server.stop();
  elsewhere.close();
});

test('scripts cannot read the session token', async () => {
  const server = await Server.start();
  const window = await Window.open(browser, server, { language: 'en' });
  const person = new Person(window, 'en', { name: 'demo', password: server.password });
  await window.go();
  await person.logIn();
  await window.expectText(person.words.open);
  const cookies = await window.context.cookies();
  const session = cookies.find(({ name }) => name === 'nova-mfa-session');
  assert.deepEqual(
    [session.httpOnly, session.sameSite, session.path],
    [true, 'Strict', '/interface/itspirit'],
  );
  assert.equal(await window.page.evaluate(() => document.cookie), '');
  const html = await window.page.content();
  assert.ok(!html.includes(session.value) && !html.includes(session.value.split('.')[2]));
  // The cookie is not sent to paths outside the web interface.
  const [request] = await Promise.all([
    window.page.waitForRequest(/api\/mfa\/status/),
    window.page.evaluate(() => fetch('/api/mfa/status').then((answer) => answer.status)),
  ]);
  assert.equal((await request.allHeaders()).cookie, undefined);
  window.errors.length = 0;
  await window.close();
  await server.stop();
});
