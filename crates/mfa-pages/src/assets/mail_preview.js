// Mail preview, in development only: polls for new mails.

const preview = document.querySelector('.mail-preview');
const list = preview.querySelector('.mail-preview-list');
const POLL_INTERVAL = 1500;
let shown;

const line = (name, text) => {
  const paragraph = document.createElement('p');
  paragraph.className = `mail-preview-${name}`;
  paragraph.textContent = text;
  return paragraph;
};

const article = (mail) => {
  const entry = document.createElement('article');
  entry.append(line('subject', mail.subject), line('to', mail.to), line('text', mail.text));
  return entry;
};

const poll = async () => {
  if (!document.hidden) {
    try {
      const answer = await fetch(preview.dataset.from, { headers: { Accept: 'application/json' } });
      if (answer.ok) {
        const mails = await answer.json();
        const newest = mails.map((mail) => mail.message_id).join();
        if (newest !== shown && mails.length > 0) list.replaceChildren(...mails.map(article));
        shown = newest;
      }
    } catch {
      // The server is not reachable: try again later.
    }
  }
  setTimeout(poll, POLL_INTERVAL);
};
poll();
