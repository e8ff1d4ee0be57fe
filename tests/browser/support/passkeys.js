// Virtual authenticators of Chromium (WebAuthn domain of the DevTools protocol), and steps of users with a passkey.

import assert from 'node:assert/strict';

/** Authenticator that is built into the device, with a fingerprint that is always recognised. */
const PLATFORM = {
  protocol: 'ctap2',
  transport: 'internal',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
};

/** Virtual authenticators of one window. */
export class Authenticators {
  static async of(window) {
    const session = await window.context.newCDPSession(window.page);
    await session.send('WebAuthn.enable');
    return new Authenticators(session);
  }

  constructor(session) {
    this.session = session;
  }

  /** Adds an authenticator and returns its ID. */
  async add(options = {}) {
    const added = await this.session.send('WebAuthn.addVirtualAuthenticator', { options: { ...PLATFORM, ...options } });
    return added.authenticatorId;
  }

  async remove(authenticatorId) {
    await this.session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
  }

  /** Sets whether the user touches the authenticator at once. If not, a call waits. */
  async setPresent(authenticatorId, enabled) {
    await this.session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
  }

  /** Changes the backup flags of the first passkey. */
  async setProperties(authenticatorId, { backupEligibility, backupState }) {
    await this.session.send('WebAuthn.setCredentialProperties', {
      authenticatorId,
      credentialId: (await this.credentials(authenticatorId))[0].credentialId,
      backupEligibility,
      backupState,
    });
  }

  async credentials(authenticatorId) {
    return (await this.session.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
  }
}

/** Shortens the time that the browser waits for the user, in all later WebAuthn calls of the page. */
export const limitWaiting = async (window, milliseconds) => {
  await window.page.route(/\/passkey\/options$/, async (route) => {
    const answer = await route.fetch();
    const { options } = await answer.json();
    assert.ok(options.challenge);
    await route.fulfill({ response: answer, json: { options: { ...options, timeout: milliseconds } } });
  });
};
