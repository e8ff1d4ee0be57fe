// What people do, press by press. Names are those of the pages, in both languages.

import { Authenticator } from './authenticator.js';

export const WORDS = {
  fr: {
    user: 'Nom d’utilisateur ou adresse e-mail', password: 'Mot de passe', enter: 'Se connecter', leave: 'Se déconnecter',
    addApp: 'Ajouter une application', code: 'Code à 6 chiffres', confirm: 'Vérifier',
    keptPhone: 'J’ai enregistré mes codes, continuer', kept: 'J’ai enregistré mes codes', number: 'Numéro de mobile', send: 'Recevoir un code',
    use: 'Utiliser ce code', confirmNumber: 'Vérifier ce numéro', save: 'Enregistrer', full: 'Votre compte est bien protégé',
    open: 'Seul un mot de passe protège votre compte', bySms: 'Code par SMS', byRecovery: 'Code de récupération',
    recovery: 'Code de récupération',
    verify: 'Confirmez votre identité', wrong: 'Code incorrect ou expiré', locked: 'Compte verrouillé', admin: 'Administration',
    activity: 'Activité', away: 'Service momentanément indisponible', other: 'English', welcome: 'Bienvenue',
    wrongPassword: 'Nom d’utilisateur ou mot de passe incorrect.', behind: 'retarde d’environ 90 secondes', ahead: 'avance d’environ 90 secondes',
    few: 'Il vous reste peu de codes', stepUp: 'Confirmez votre identité pour continuer', keep: 'Enregistrez vos codes de récupération',
  },
  en: {
    user: 'Username or email address', password: 'Password', enter: 'Log in', leave: 'Log out',
    addApp: 'Add an app', code: '6-digit code', confirm: 'Verify',
    keptPhone: 'I have saved my codes, continue', kept: 'I have saved my codes', number: 'Mobile number', send: 'Send code',
    use: 'Use this code', confirmNumber: 'Verify this number', save: 'Save', full: 'Your account is well protected',
    open: 'Only a password protects your account', bySms: 'Code by SMS', byRecovery: 'Recovery code', recovery: 'Recovery code',
    verify: 'Confirm it’s you', wrong: 'That code didn’t work', locked: 'Account locked', admin: 'Admin',
    activity: 'Activity', away: 'Service temporarily unavailable', other: 'Français', welcome: 'Welcome',
    wrongPassword: 'Incorrect username or password.', behind: 'slow by about 90 seconds', ahead: 'fast by about 90 seconds',
    few: 'You are running low on recovery codes', stepUp: 'Confirm it’s you to continue', keep: 'Save your recovery codes',
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
