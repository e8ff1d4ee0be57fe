// SMS preview, in development only: polls for new messages and fills in their codes.

const preview = document.querySelector('.sms-preview');
const list = preview.querySelector('.sms-preview-messages');
const POLL_INTERVAL = 1500;
let shown = list.querySelector('.sms-preview-text')?.textContent;

const use = (code) => {
  const input = document.querySelector('[data-digits]');
  if (!input) return;
  input.value = code;
  input.setCustomValidity('');
  input.focus();
};

const buttonFor = (code) => {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'sms-preview-use';
  button.textContent = preview.dataset.use;
  button.addEventListener('click', () => use(code));
  return button;
};

const item = ({ text, code }) => {
  const entry = document.createElement('li');
  const words = document.createElement('p');
  words.className = 'sms-preview-text';
  words.textContent = text;
  entry.append(words);
  if (code) entry.append(buttonFor(code));
  return entry;
};

for (const button of list.querySelectorAll('[data-code]')) {
  button.addEventListener('click', () => use(button.dataset.code));
}

const poll = async () => {
  if (!document.hidden) {
    try {
      const answer = await fetch(preview.dataset.from, { headers: { Accept: 'application/json' } });
      if (answer.ok) {
        const messages = await answer.json();
        const newest = messages[0]?.text;
        if (newest !== shown) list.replaceChildren(...messages.map(item));
        shown = newest;
      }
    } catch {
      // The server is not reachable: try again later.
    }
  }
  setTimeout(poll, POLL_INTERVAL);
};
poll();
