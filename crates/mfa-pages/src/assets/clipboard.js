// Copies, downloads and prints recovery codes, and asks for confirmation before some forms.

const said = document.getElementById('keep-said');

/** Confirms an action for 2.5 s, on the button and to screen readers. */
const confirmDone = (button) => {
  if (!button.dataset.done) return;
  const words = button.querySelector('span') ?? button;
  const before = words.textContent;
  words.textContent = button.dataset.done;
  if (said) said.textContent = button.dataset.done;
  setTimeout(() => {
    words.textContent = before;
    if (said) said.textContent = '';
  }, 2500);
};

const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
};

/** Fallback if the clipboard is not available: selects the text. */
const select = (element) => getSelection().selectAllChildren(element);

const list = document.getElementById('codes');
if (list) {
  const codes = () => [...list.querySelectorAll('code')].map((code) => code.textContent);
  const actions = {
    copy: async () => (await copy(codes().join('\n'))) || select(list),
    download: () => {
      const text = `${list.dataset.head}\n\n${codes().join('\n')}\n`;
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
      link.download = list.dataset.file;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    },
    print: () => print(),
  };
  document.querySelector('.keep').hidden = false;

  // Codes that were neither copied, downloaded nor printed are lost with the page: leaving it asks.
  let isSaved = false;
  const mark = () => (isSaved = true);
  for (const link of document.querySelectorAll('[data-kept], .languages a')) link.addEventListener('click', mark);
  addEventListener('beforeunload', (event) => isSaved || event.preventDefault());
  for (const button of document.querySelectorAll('[data-keep]')) {
    button.addEventListener('click', async () => {
      await actions[button.dataset.keep]();
      mark();
      confirmDone(button);
    });
  }
}

for (const button of document.querySelectorAll('[data-copy]')) {
  const source = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener('click', async () => {
    if (await copy(source.textContent.replaceAll(' ', ''))) confirmDone(button);
    else select(source);
  });
}

for (const form of document.querySelectorAll('form[data-ask]')) {
  form.addEventListener('submit', (event) => {
    if (!confirm(form.dataset.ask)) event.preventDefault();
  });
}
