// Passkeys: runs the WebAuthn call of a form and submits the result as JSON (WebAuthn Level 3).

/** A browser that ends the call of an opened page this fast requires a click first. */
const NEEDS_CLICK_WITHIN = 500;

const decode = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));

const encode = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

const withDecodedIds = (list = []) => list.map((it) => ({ ...it, id: decode(it.id) }));

const creationOptions = (json) =>
  PublicKeyCredential.parseCreationOptionsFromJSON?.(json) ?? {
    ...json,
    challenge: decode(json.challenge),
    user: { ...json.user, id: decode(json.user.id) },
    excludeCredentials: withDecodedIds(json.excludeCredentials),
  };

const requestOptions = (json) =>
  PublicKeyCredential.parseRequestOptionsFromJSON?.(json) ?? {
    ...json,
    challenge: decode(json.challenge),
    allowCredentials: withDecodedIds(json.allowCredentials),
  };

/** Converts a credential by hand: older browsers have no `toJSON`, and extensions that replace the API may break it. */
const convert = (credential) => {
  const { id, type, rawId, response, authenticatorAttachment } = credential;
  const clientExtensionResults = credential.getClientExtensionResults?.() ?? {};
  const json = { clientDataJSON: encode(response.clientDataJSON) };
  if (response.attestationObject) {
    json.attestationObject = encode(response.attestationObject);
    json.transports = response.getTransports?.() ?? [];
  } else {
    json.authenticatorData = encode(response.authenticatorData);
    json.signature = encode(response.signature);
    if (response.userHandle) json.userHandle = encode(response.userHandle);
  }
  return { id, type, rawId: encode(rawId), response: json, authenticatorAttachment, clientExtensionResults };
};

const credentialJson = (credential) => {
  try {
    return JSON.stringify(credential.toJSON());
  } catch {
    return JSON.stringify(convert(credential));
  }
};

/** Name of the message for an error of the WebAuthn call. */
const reasonFor = (error) => {
  switch (error.name) {
    case 'NotAllowedError':
    case 'AbortError':
      return 'cancelled';
    case 'InvalidStateError':
      return 'registered';
    case 'SecurityError':
      return 'security';
    case 'NotSupportedError':
    case 'ConstraintError':
      return 'unsuitable';
    default:
      return 'failed';
  }
};

const isIpAddress = (host) => /^[\d.]+$/.test(host) || host.startsWith('[');

class PasskeyForm {
  #busy = false;

  constructor(box) {
    this.box = box;
    this.form = box.querySelector('form');
    this.button = this.form.querySelector('button[type=submit]');
    this.complaint = box.querySelector('.complaint');
  }

  start() {
    const local = this.box.querySelector('[data-when=address]');
    if (local && isIpAddress(location.hostname)) {
      const port = location.port ? `:${location.port}` : '';
      local.querySelector('a').href = `${location.protocol}//localhost${port}${location.pathname}`;
      local.hidden = false;
      return;
    }
    if (!window.PublicKeyCredential || !navigator.credentials) {
      this.box.querySelector('[data-when=unsupported]').hidden = false;
      return;
    }
    this.form.hidden = false;
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.run();
    });
    // A page restored from the back/forward cache can be used again.
    addEventListener('pageshow', (event) => event.persisted && this.#setBusy(false));
    if ('auto' in this.box.dataset && document.visibilityState === 'visible') this.run({ isAutomatic: true });
  }

  async run({ isAutomatic = false } = {}) {
    if (this.#busy) return;
    this.#setBusy(true);
    this.#complain('');
    const options = await this.#fetchOptions();
    if (!options) return;
    const began = performance.now();
    try {
      const credential =
        this.box.dataset.passkey === 'create'
          ? await navigator.credentials.create({ publicKey: creationOptions(options) })
          : await navigator.credentials.get({ publicKey: requestOptions(options) });
      this.#submit(credentialJson(credential));
    } catch (error) {
      this.#setBusy(false);
      const needsClick = isAutomatic && error.name === 'NotAllowedError' && performance.now() - began < NEEDS_CLICK_WITHIN;
      if (!needsClick) this.#complain(this.box.dataset[reasonFor(error)]);
    }
  }

  /** Returns the options, or undefined if the page shows an error or is being left. */
  async #fetchOptions() {
    let answer;
    try {
      const { key, name } = this.form.elements;
      const body = new URLSearchParams({ key: key.value });
      if (name?.value) body.set('name', name.value);
      answer = await fetch(this.box.dataset.options, { method: 'POST', body });
    } catch {
      this.#setBusy(false);
      this.#complain(this.box.dataset.offline);
      return undefined;
    }
    const isJson = answer.headers.get('content-type')?.startsWith('application/json');
    const { options, message, location: next } = isJson ? await answer.json() : {};
    if (options) return options;
    if (next) {
      location.assign(next);
    } else if (message) {
      this.#setBusy(false);
      this.#complain(message);
    } else {
      // The session has ended, or the service is not available: the response to the form shows it.
      this.#submit('');
    }
    return undefined;
  }

  #submit(credential) {
    this.form.elements.credential.value = credential;
    this.form.submit();
  }

  #setBusy(isBusy) {
    this.#busy = isBusy;
    if (isBusy) this.button.setAttribute('aria-busy', 'true');
    else this.button.removeAttribute('aria-busy');
  }

  #complain(text) {
    this.complaint.querySelector('span').textContent = text;
    this.complaint.hidden = !text;
  }
}

for (const box of document.querySelectorAll('[data-passkey]')) new PasskeyForm(box).start();
