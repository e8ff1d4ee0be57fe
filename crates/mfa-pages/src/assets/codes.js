// Code fields: keeps digits only, accepts pasted text around a code, and submits codes filled in by the browser.

/** Submits a form once, as its submit button does. */
const send = (form) => {
  if (!form.dataset.sent && form.reportValidity()) form.requestSubmit();
};

for (const form of document.forms) {
  form.addEventListener('submit', (event) => {
    // A double click must not count as a second attempt.
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = 'yes';
    form.querySelector('button[type=submit]')?.setAttribute('aria-busy', 'true');
  });
}

// A page restored from the back/forward cache can be submitted again.
addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) {
    delete form.dataset.sent;
    form.querySelector('button[aria-busy]')?.removeAttribute('aria-busy');
  }
});

// Validation messages in the language of the page instead of the browser's.
for (const input of document.querySelectorAll('[data-missing]')) {
  const validate = () => {
    const { valueMissing, patternMismatch } = input.validity;
    input.setCustomValidity(valueMissing || patternMismatch ? input.dataset.missing : '');
  };
  input.addEventListener('invalid', validate);
  input.addEventListener('input', () => input.setCustomValidity(''));
}

for (const input of document.querySelectorAll('[data-digits]')) {
  const most = Number(input.dataset.digits);
  const digitsOf = (text) => text.replace(/\D/g, '').slice(0, most);
  let before = input.value.length;

  const take = (text) => {
    input.value = digitsOf(text);
    input.setCustomValidity('');
    before = input.value.length;
    if (input.value.length === most) send(input.form);
  };

  input.addEventListener('paste', (event) => {
    const text = event.clipboardData?.getData('text') ?? '';
    if (!/\d/.test(text)) return;
    event.preventDefault();
    take(text);
  });

  input.addEventListener('input', () => {
    const digits = digitsOf(input.value);
    if (digits !== input.value) input.value = digits;
    // A code that appears all at once was filled in by the browser: submit it. A typed code waits for the button.
    const filled = digits.length === most && before === 0;
    before = digits.length;
    if (filled) send(input.form);
  });

  input.form.addEventListener('take-code', (event) => take(event.detail));
}

const form = document.querySelector('form[data-otp]');
if (form && 'OTPCredential' in window) {
  const ended = new AbortController();
  form.addEventListener('submit', () => ended.abort());
  navigator.credentials
    .get({ otp: { transport: ['sms'] }, signal: ended.signal })
    .then((message) => {
      if (message?.code) form.dispatchEvent(new CustomEvent('take-code', { detail: message.code }));
    })
    .catch(() => {
      // No code arrived, or the user typed it.
    });
}
