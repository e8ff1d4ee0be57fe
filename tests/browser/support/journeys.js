// What people do, press by press. Names are those of the pages, in both languages.

import { Authenticator } from './authenticator.js';

export const WORDS = {
  fr: {
    user: 'Nom d’utilisateur ou adresse e-mail', password: 'Mot de passe', enter: 'Se connecter', leave: 'Se déconnecter',
    addApp: 'Ajouter une application', code: 'Code à six chiffres', confirm: 'Confirmer',
    keptPhone: 'Je les ai gardés, continuer', kept: 'Je les ai gardés', number: 'Numéro de mobile', send: 'Recevoir un code',
    use: 'Utiliser ce code', confirmNumber: 'Confirmer ce numéro', save: 'Enregistrer', full: 'Votre compte est bien protégé',
    open: 'Votre compte n’a que son mot de passe', bySms: 'Code par SMS', byRecovery: 'Code de secours', recovery: 'Code de secours',
    verify: 'Confirmez que c’est vous', wrong: 'Ce code ne convient pas', locked: 'Compte verrouillé', admin: 'Gestion',
    activity: 'Activité', away: 'Le service reprend son souffle', other: 'English', welcome: 'Bonjour',
    wrongPassword: 'Identifiants incorrects', behind: 'retarde d’environ 90 secondes', ahead: 'avance d’environ 90 secondes',
    few: 'Il vous reste très peu de codes', stepUp: 'Encore une fois, est-ce bien vous', keep: 'Gardez ces codes de secours',
  },
  en: {
    user: 'User name or e-mail address', password: 'Password', enter: 'Log in', leave: 'Log out',
    addApp: 'Add an app', code: 'Six-digit code', confirm: 'Confirm',
    keptPhone: 'I have kept them, go on', kept: 'I have kept them', number: 'Mobile number', send: 'Send me a code',
    use: 'Use this code', confirmNumber: 'Confirm this number', save: 'Save', full: 'Your account is well protected',
    open: 'Your account has only its password', bySms: 'Code by SMS', byRecovery: 'Recovery code', recovery: 'Recovery code',
    verify: 'Confirm that it is you', wrong: 'This code does not fit', locked: 'Account locked', admin: 'Admin',
    activity: 'Activity', away: 'The service is catching its breath', other: 'Français', welcome: 'Welcome',
    wrongPassword: 'Wrong credentials', behind: 'behind by about 90 seconds', ahead: 'ahead by about 90 seconds',
    few: 'You have very few recovery codes', stepUp: 'Once more: is it you', keep: 'Keep these recovery codes',
  },
};

export const NUMBER = '06 12 34 56 12';

/** Somebody at a window, who reads its language. */
export class Person {
  constructor(window, language, account) {
    this.window = window;
    this.page = window.page;
    this.words = WORDS[language];
    this.account = account;
  }

  /** Name and password: three actions. */
  async logIn(password = this.account.password) {
    await this.window.fill(this.words.user, this.account.name);
    await this.window.fill(this.words.password, password);
    await this.window.press(this.words.enter);
  }

  async logOut() {
    await this.window.press(this.words.leave);
    await this.window.says(this.words.welcome);
  }

  /** Types a code and sends it: two actions, as on a page whose scripts do not run. */
  async typeCode(code, label = this.words.code, button = this.words.confirm) {
    this.window.actions += 1;
    const field = this.page.getByLabel(label, { exact: true });
    await field.clear();
    await field.pressSequentially(code);
    await this.window.press(button);
  }

  /** Scans the picture: reads the secret that stands beside it. One action for the press that shows it. */
  async addApp() {
    await this.window.press(this.words.addApp);
    this.app = new Authenticator(await this.page.locator('#secret').textContent());
  }

  /** The codes that the page shows, this once. */
  async readCodes() {
    await this.window.says(this.words.keep);
    this.codes = await this.page.locator('#codes code').allTextContents();
    return this.codes;
  }

  /** From the first page to an account that is well protected. */
  async protect(seen = async () => {}) {
    const { window, words } = this;
    await seen('door');
    await this.logIn();
    await window.says(words.open);
    await seen('account-open');
    await this.addApp();
    await seen('app');
    await this.typeCode(await this.app.fresh());
    await this.readCodes();
    await seen('codes');
    await window.press(words.keptPhone, 'link');
    await seen('phone');
    await window.fill(words.number, NUMBER);
    await window.press(words.send);
    await seen('phone-code');
    await window.take(words.use);
    await window.press(words.confirmNumber);
    await seen('backup');
    await window.press(words.save);
    await window.says(words.full);
    await seen('account-full');
  }
}
