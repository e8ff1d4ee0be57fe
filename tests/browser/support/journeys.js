// The steps of a user, with the texts of the pages in both languages.

import { Authenticator } from './authenticator.js';

export const WORDS = {
  fr: {
    user: 'Nom d’utilisateur ou adresse e-mail', password: 'Mot de passe', enter: 'Se connecter', leave: 'Se déconnecter',
    addApp: 'Ajouter une application', code: 'Code à 6 chiffres', confirm: 'Vérifier',
    keptPhone: 'Codes enregistrés, continuer', kept: 'J’ai enregistré mes codes', number: 'Numéro de mobile', send: 'Recevoir un code',
    use: 'Utiliser ce code', confirmNumber: 'Vérifier ce numéro', save: 'Enregistrer', full: 'Votre compte est bien protégé',
    open: 'Seul un mot de passe protège votre compte', bySms: 'Code par SMS', byRecovery: 'Code de récupération',
    recovery: 'Code de récupération',
    verify: 'Confirmez votre identité', wrong: 'Code incorrect ou expiré', locked: 'Compte verrouillé', admin: 'Administration',
    activity: 'Activité', away: 'Service momentanément indisponible', other: 'English', welcome: 'Bienvenue',
    wrongPassword: 'Nom d’utilisateur ou mot de passe incorrect.', behind: 'retarde d’environ 90 secondes', ahead: 'avance d’environ 90 secondes',
    few: 'Il vous reste peu de codes', stepUp: 'Confirmez votre identité pour continuer', later: 'Continuer vers mon compte',
    keep: 'Enregistrez vos codes de récupération',
  },
  en: {
    user: 'Username or email address', password: 'Password', enter: 'Log in', leave: 'Log out',
    addApp: 'Add an app', code: '6-digit code', confirm: 'Verify',
    keptPhone: 'Codes saved, continue', kept: 'I have saved my codes', number: 'Mobile number', send: 'Send code',
    use: 'Use this code', confirmNumber: 'Verify this number', save: 'Save', full: 'Your account is well protected',
    open: 'Only a password protects your account', bySms: 'Code by SMS', byRecovery: 'Recovery code', recovery: 'Recovery code',
    verify: 'Confirm it’s you', wrong: 'That code didn’t work', locked: 'Account locked', admin: 'Admin',
    activity: 'Activity', away: 'Service temporarily unavailable', other: 'Français', welcome: 'Welcome',
    wrongPassword: 'Incorrect username or password.', behind: 'slow by about 90 seconds', ahead: 'fast by about 90 seconds',
    few: 'You are running low on recovery codes', stepUp: 'Confirm it’s you to continue', later: 'Continue to my account',
    keep: 'Save your recovery codes',
  },
};

export const NUMBER = '06 12 34 56 12';

/** A user at a browser window. */
export class Person {
  constructor(window, language, account) {
    this.window = window;
    this.page = window.page;
    this.words = WORDS[language];
    this.account = account;
  }

  /** Logs in with username and password. Three actions. */
  async logIn(password = this.account.password) {
    await this.window.fill(this.words.user, this.account.name);
    await this.window.fill(this.words.password, password);
    await this.window.click(this.words.enter);
  }

  /** Logs in with a recovery code, on the page that asks for it, and goes on to the account. Three actions. */
  async useRecoveryCode(code) {
    await this.typeCode(code, this.words.recovery);
    await this.window.click(this.words.later, 'link');
  }

  async logOut() {
    await this.window.click(this.words.leave);
    await this.window.expectText(this.words.welcome);
  }

  /** Types a code and clicks the button. Two actions, as without JavaScript. */
  async typeCode(code, label = this.words.code, button = this.words.confirm) {
    this.window.actions += 1;
    const field = this.page.getByLabel(label, { exact: true });
    await field.clear();
    await field.pressSequentially(code);
    await this.window.click(button);
  }

  /** Starts the setup of the app and reads the secret, instead of scanning the QR code. One action. */
  async addApp() {
    await this.window.click(this.words.addApp);
    this.app = new Authenticator(await this.page.locator('#secret').textContent());
  }

  /** Returns the recovery codes that the page shows. */
  async readCodes() {
    await this.window.expectText(this.words.keep);
    this.codes = await this.page.locator('#codes code').allTextContents();
    return this.codes;
  }

  /** Sets up everything, from the login page to a well protected account. */
  async protect(seen = async () => {}) {
    const { window, words } = this;
    await seen('login');
    await this.logIn();
    await window.expectText(words.open);
    await seen('account-unprotected');
    await this.addApp();
    await seen('app');
    await this.typeCode(await this.app.fresh());
    await this.readCodes();
    await seen('codes');
    await window.click(words.keptPhone, 'link');
    await seen('phone');
    await window.fill(words.number, NUMBER);
    await window.click(words.send);
    await seen('phone-code');
    await window.useSmsCode(words.use);
    await window.click(words.confirmNumber);
    await seen('backup');
    await window.click(words.save);
    await window.expectText(words.full);
    await seen('account-full');
  }
}
