// Warns two minutes before the session ends, and says when it has ended.

const box = document.querySelector('[data-session-ends]');
const ends = Date.now() + Number(box.dataset.sessionEnds) * 1000;
const banner = box.querySelector('.banner');
const said = box.querySelector('[data-said]');

/** The clock of the machine is asked, because timers stand still while it sleeps. */
const check = () => {
  const left = (ends - Date.now()) / 1000;
  if (left <= Number(box.dataset.warn)) banner.hidden = false;
  if (left > 0) return;
  clearInterval(timer);
  said.textContent = said.dataset.over;
  box.querySelector('[data-stay]')?.remove();
  box.querySelector('[data-again]').hidden = false;
};

const timer = setInterval(check, 1000);
document.addEventListener('visibilitychange', check);
check();
